"""64 numbers for each of three measures in one integer: what is added there is added everywhere at once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plaudit.counts import BUCKETS
from plaudit.store.lanes import DISLIKES, LIKES, MEASURES, SHOWN, lane, numbers, pack, pack_small, unpack

LARGEST = 2**32 - 1
sizes = st.sampled_from([0, 1, 255, 256, 65_535, 65_536, LARGEST])
places = st.tuples(st.sampled_from(MEASURES), st.integers(0, BUCKETS - 1))
entries = st.dictionaries(places, sizes)


def lanes(held):
    return sum(lane(measure, bucket, number) for (measure, bucket), number in held.items())


def read(packed_in_one):
    """Back to the numbers that are not nought."""
    return {(measure, bucket): number for measure, by_bucket in enumerate(numbers(packed_in_one))
            for bucket, number in enumerate(by_bucket) if number}


@given(entries)
def test_each_number_keeps_to_its_place(held):
    assert read(lanes(held)) == {place: number for place, number in held.items() if number}


@given(entries)
@pytest.mark.parametrize("how", [pack, pack_small])
def test_what_is_packed_is_unpacked(how, held):
    assert unpack(how(lanes(held))) == lanes(held)


@given(entries)
def test_a_small_package_is_as_wide_as_its_largest_number(held):
    for measure, part in enumerate(pack_small(lanes(held))):
        largest = max((number for (of, _), number in held.items() if of == measure), default=0)
        assert (part and len(part)) == (BUCKETS * (1 if largest < 256 else 2 if largest < 65_536 else 4) if largest
                                        else None)


@given(st.lists(st.tuples(places, st.integers(0, 1000)), max_size=20), st.randoms())
def test_the_order_of_changes_makes_no_difference(changes, chance):
    """Not even where something is taken away before it was added."""
    signed = [change for place, number in changes for change in ((place, number), (place, -number // 2))]
    chance.shuffle(signed)
    expected = {}
    for place, number in signed:
        expected[place] = expected.get(place, 0) + number
    assert read(sum(lane(*place, number) for place, number in signed)) == {
        place: number for place, number in expected.items() if number}


@pytest.mark.parametrize("measure", [SHOWN, LIKES, DISLIKES])
@pytest.mark.parametrize("how", [numbers, pack, pack_small])
def test_what_was_never_added_cannot_be_taken_away(how, measure):
    with pytest.raises(OverflowError):
        how(-lane(measure, 3, 1))
