"""Who moved for certain; and whether arms differ only by what else they were shown with."""

import numpy as np
import pytest

from plaudit.counts import BUCKETS, Counts, Dimension
from plaudit.statistics import mix, movers, ratios

MODEL, LOCALE = Dimension("model"), Dimension("locale")


@pytest.fixture
def chance():
    return np.random.default_rng(9)


def votes(chance, satisfaction, each=20):
    number = chance.poisson(each, BUCKETS)
    likes = chance.binomial(number, satisfaction)
    return Counts(*(tuple(part.tolist()) for part in (3 * number, likes, number - likes)))


def moved(chance, *rates):
    return movers.movers([movers.Change(MODEL, str(place), votes(chance, before), votes(chance, after))
                          for place, (before, after) in enumerate(rates)])


def test_the_worst_mover_is_first_and_whoever_stayed_is_none(chance):
    found = moved(chance, (0.7, 0.7), (0.6, 0.8), (0.8, 0.4), (0.7, 0.5))
    assert [each.value for each in found] == ["2", "3", "1"]
    assert found[0].change.high < 0 < found[-1].change.low
    assert found[0].after.satisfaction.value < found[0].before.satisfaction.value


def test_a_group_too_small_to_tell_is_none(chance):
    few = Counts((5,) + (0,) * 63, (5,) + (0,) * 63, (0,) * 64)
    assert movers.movers([movers.Change(MODEL, "few", votes(chance, 0.5), few)]) == []


def test_of_twenty_that_stayed_one_moves_in_less_than_five_per_cent(chance):
    false = [bool(moved(chance, *[(0.7, 0.7)] * 20)) for _ in range(200)]
    assert np.mean(false) <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / 200)


def arms(chance, *strata):
    """For each stratum, satisfaction and votes a bucket of either arm."""
    sides = [{str(place): votes(chance, *stratum[side]) for place, stratum in enumerate(strata)} for side in (0, 1)]
    return [("a", sides[0]), ("b", sides[1])], [ratios.together(side.values()) for side in sides]


def test_a_mix_that_explains_a_difference_is_told(chance):
    """Germans dislike more, and arm b met more of them; within a language the arms are alike."""
    [found] = mix.mixes(LOCALE, *arms(chance, ((0.9, 40), (0.9, 10)), ((0.4, 10), (0.4, 40))))
    assert (found.dimension, found.arm, found.strata) == (LOCALE, "b", 2)
    assert found.difference < -0.2
    assert abs(found.within) < 0.05


def test_a_difference_in_every_stratum_is_no_mix(chance):
    assert mix.mixes(LOCALE, *arms(chance, ((0.9, 25), (0.7, 25)), ((0.6, 25), (0.4, 25)))) == []


def test_without_a_certain_difference_there_is_nothing_to_explain(chance):
    assert mix.mixes(LOCALE, *arms(chance, ((0.7, 40), (0.7, 10)), ((0.7, 10), (0.7, 40)))) == []


def test_strata_that_only_one_arm_has_explain_nothing(chance):
    assert mix.mixes(LOCALE, *arms(chance, ((0.9, 40), (0.9, 0)), ((0.4, 0), (0.4, 40)), ((0.6, 2), (0.6, 2)))) == []


def test_within_strata_is_direct_standardisation(chance):
    [(_, first), (_, second)], _ = arms(chance, ((0.9, 40), (0.8, 10)), ((0.4, 10), (0.5, 40)))
    def rate(counts):
        return sum(counts.likes) / size(counts)
    def size(counts):
        return sum(counts.likes) + sum(counts.dislikes)
    weights = {name: size(first[name]) + size(second[name]) for name in first}
    expected = sum(weights[name] * (rate(second[name]) - rate(first[name])) for name in first) / sum(weights.values())
    found = mix.standardised(first, second, mix.Measure.SATISFACTION)
    assert found.within == pytest.approx(expected)
    assert found.covered == 1


def test_groups_are_taken_apart_by_arm():
    one, other = ratios.nothing(), ratios.nothing(shown=False)
    assert mix.by_arm([(("a", None), one), (("b", "de"), other), (("a", "de"), other)]) == {
        "a": {None: one, "de": other}, "b": {"de": other}}
