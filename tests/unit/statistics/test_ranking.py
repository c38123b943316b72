"""Many models in a row: who is certainly better than whom."""

import numpy as np
import pytest

from plaudit.counts import BUCKETS, Counts, Dimension
from plaudit.statistics import ranking, ratios
from plaudit.statistics.results import Measure

MODEL = Dimension("model")


def counts(chance, satisfaction, votes=30):
    """Of the same people in each group, some of whom are pleased by more than others are."""
    each = chance.poisson(votes * chance.beta(4 * satisfaction, 4 * (1 - satisfaction), BUCKETS) / satisfaction)
    likes = chance.binomial(each, satisfaction)
    return Counts(tuple((each * 3).tolist()), tuple(likes.tolist()), tuple((each - likes).tolist()))


def ranked(groups):
    return ranking.ranking(MODEL, groups).ranked


@pytest.fixture
def chance():
    return np.random.default_rng(6)


def test_the_highest_satisfaction_is_first_and_those_withheld_are_last(chance):
    few = Counts((3,) + (0,) * 63, (3,) + (0,) * 63, (0,) * 64)
    found = ranked([("bad", counts(chance, 0.3)), ("few", few), ("good", counts(chance, 0.9)),
                    (None, counts(chance, 0.6))])
    assert [each.value for each in found] == ["good", None, "bad", "few"]
    assert [(each.rank_low, each.rank_high) for each in found] == [(1, 2), (2, 3), (3, 4), (1, 4)]
    assert [each.better_than for each in found] == [(None, "bad"), ("bad",), (), ()]
    assert found[-1].simultaneous is None
    assert found[-1].rates.satisfaction.value == 1


def test_those_who_cannot_be_told_apart_may_have_any_rank(chance):
    found = ranked([(str(number), alike) for number, alike in enumerate([counts(chance, 0.7)] * 5)])
    assert {(each.rank_low, each.rank_high, each.better_than) for each in found} == {(1, 5, ())}


def test_nothing_is_ranked_where_nothing_is():
    assert ranked([]) == ()


def test_simultaneous_intervals_are_wider_than_one_by_itself(chance):
    for each in ranked([(str(number), counts(chance, 0.7)) for number in range(20)]):
        assert each.simultaneous.low < each.rates.satisfaction.low
        assert each.simultaneous.high > each.rates.satisfaction.high
        assert each.simultaneous.value == each.rates.satisfaction.value


def test_the_order_of_what_is_given_does_not_matter(chance):
    groups = [(str(number), counts(chance, 0.3 + number / 20)) for number in range(12)]
    assert ranked(groups) == ranked(groups[::-1])


def test_of_twelve_alike_one_is_certainly_better_than_another_in_less_than_five_per_cent(chance):
    """And all twelve intervals hold the truth at once in at least 95 %."""
    wrong, missed, worlds = 0, 0, 400
    for _ in range(worlds):
        rates = sorted((ratios.ratio_of(counts(chance, 0.7), Measure.SATISFACTION) for _ in range(12)),
                       key=lambda rate: -rate.value)
        wrong += any(ranking.certainly_better(rates))
        around = [ratios.interval(rate, ratios.ERROR / 12) for rate in rates]
        missed += not all(each.low <= 0.7 <= each.high for each in around)
    assert wrong / worlds <= 0.05
    assert missed / worlds <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / worlds)
