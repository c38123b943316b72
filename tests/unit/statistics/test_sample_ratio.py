"""Were answers dealt out as they should have been? By people, since one person may ask a thousand times."""

import numpy as np
import pytest

from plaudit.counts import BUCKETS, Counts
from plaudit.statistics.sample_ratio import ALARM, sample_ratio

NOUGHTS = (0,) * BUCKETS


def dealt(chance, shares, people=1000):
    """Each person sees one arm, as often as they ask: Pareto 1.3, cut at 300."""
    where, arm = chance.integers(0, BUCKETS, people), chance.choice(len(shares), people, p=shares)
    asks = np.minimum(300, chance.random(people) ** (-1 / 1.3)).astype(int)
    return [Counts(tuple(np.bincount(where, asks * (arm == side), BUCKETS).astype(int).tolist()), NOUGHTS, NOUGHTS)
            for side in range(len(shares))]


@pytest.mark.parametrize("shares", [(0.5, 0.5), (0.8, 0.2), (0.4, 0.3, 0.3)])
def test_false_alarms_are_rare(shares):
    """One in a thousand is meant; three standard errors of the simulation are allowed for."""
    chance, worlds = np.random.default_rng(10), 3000
    alarms = sum(sample_ratio(dealt(chance, shares), shares).mismatch for _ in range(worlds))
    assert alarms / worlds <= ALARM + 3 * np.sqrt(ALARM / worlds)


@pytest.mark.parametrize(("people", "wanted", "seen", "found"), [
    (5000, (0.5, 0.5), (0.6, 0.4), 0.8),
    (300, (0.5, 0.5), (0.7, 0.3), 0.7),
    (300, (0.5, 0.5), (0.85, 0.15), 0.9),
    (300, (0.5, 0.5), (0.95, 0.05), 0.9),
    (5000, (0.8, 0.2), (0.95, 0.05), 0.9),
])
def test_an_assignment_that_lost_people_is_found(people, wanted, seen, found):
    """The more so, the more are missing."""
    chance = np.random.default_rng(11)
    alarms = [sample_ratio(dealt(chance, seen, people=people), wanted).mismatch for _ in range(50)]
    assert np.mean(alarms) >= found


def test_shares_are_by_people():
    """One person who saw the second arm ten thousand times moves one bucket of sixty-four."""
    shown = (10,) * BUCKETS
    found = sample_ratio([Counts(shown, NOUGHTS, NOUGHTS), Counts((10_000, *shown[1:]), NOUGHTS, NOUGHTS)])
    assert found.observed == pytest.approx((0.5, 0.5), abs=0.01)
    assert not found.mismatch


def test_expected_shares_are_made_to_add_up():
    shown = [Counts((number,) * BUCKETS, NOUGHTS, NOUGHTS) for number in (30, 10)]
    found = sample_ratio(shown, (3, 1))
    assert (found.expected, found.observed, found.p_value, found.mismatch) == ((0.75, 0.25), (0.75, 0.25), 1.0, False)
    assert sample_ratio(shown).mismatch


@pytest.mark.parametrize(("arms", "buckets"), [(2, 17), (3, 20)])
def test_too_few_people_have_no_p_value(arms, buckets):
    """Those of whom none, however they were dealt out, could raise the alarm."""
    for occupied, told in ((buckets - 1, False), (buckets, True)):
        shown = (5,) * occupied + NOUGHTS[occupied:]
        found = sample_ratio([Counts(shown, NOUGHTS, NOUGHTS)] * arms)
        assert ((found.p_value is not None), found.mismatch) == (told, False)


@pytest.mark.parametrize("shown", [None, NOUGHTS])
def test_nothing_shown_has_no_shares(shown):
    assert sample_ratio([Counts(shown, NOUGHTS, NOUGHTS)] * 2) is None
