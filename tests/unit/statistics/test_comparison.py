"""Two arms and more: their difference, how sure we are, and what is said of it."""

import math
from typing import NamedTuple

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st

from plaudit.counts import BUCKETS, Counts
from plaudit.statistics import comparison, ratios
from plaudit.statistics.results import Measure, Verdict

chance = np.random.default_rng(5)
NOBODY = (0,) * BUCKETS


def arm(likes, dislikes, silent=10):
    """So many in each bucket; where there are some of each, two buckets have one more and one less."""
    by = 1 if likes and dislikes else 0
    return Counts((likes + dislikes + silent,) * BUCKETS, (likes + by, likes - by) + (likes,) * (BUCKETS - 2),
                  (dislikes - by, dislikes + by) + (dislikes,) * (BUCKETS - 2))


def turned(counts):
    """The same the other way round, or both sides of a difference would move alike."""
    return Counts(counts.shown[::-1], counts.likes[::-1], counts.dislikes[::-1])


def varied(satisfaction, size=40, response=0.4):
    shown = chance.integers(size // 2, size, BUCKETS)
    votes = chance.binomial(shown, response)
    likes = chance.binomial(votes, satisfaction)
    return Counts(*(tuple(each.tolist()) for each in (shown, likes, votes - likes)))


def told(*arms, margin=0.02):
    return {(each.arm, each.measure): each
            for each in comparison.differences([(str(place), counts) for place, counts in enumerate(arms)], margin)}


def satisfaction_of(*arms, margin=0.02):
    return told(*arms, margin=margin)["1", Measure.SATISFACTION]


def test_a_difference_is_the_arm_less_the_baseline():
    found = told(arm(6, 4), turned(arm(8, 2)))
    assert found["1", Measure.SATISFACTION].fixed.value == pytest.approx(0.2)
    assert found["1", Measure.SATISFACTION].ratio.value == pytest.approx(8 / 6)
    assert found["1", Measure.DISLIKES_PER_ANSWER].fixed.value == pytest.approx(-0.1)


@pytest.mark.parametrize(("baseline", "other", "verdict"), [
    (0.5, 0.8, Verdict.BETTER), (0.8, 0.5, Verdict.WORSE), (0.7, 0.71, Verdict.OPEN)])
def test_verdicts(baseline, other, verdict):
    assert satisfaction_of(varied(baseline), varied(other)).verdict is verdict


def test_fewer_dislikes_are_better():
    found = told(varied(0.5), varied(0.9))
    assert found["1", Measure.DISLIKES_PER_ANSWER].fixed.value < 0
    assert found["1", Measure.DISLIKES_PER_ANSWER].verdict is Verdict.BETTER


def test_no_difference_larger_than_asked_about_is_a_verdict_too():
    one, other = varied(0.7, size=4000), varied(0.7, size=4000)
    assert satisfaction_of(one, other, margin=0.05).verdict is Verdict.SAME
    assert satisfaction_of(one, other, margin=0.0005).verdict is not Verdict.SAME


def test_of_answers_a_margin_is_the_same_share_of_those_voted_on():
    """With one answer in ten voted on, two points of satisfaction are 0.2 points of answers."""
    found = told(*(varied(0.7, size=40_000, response=0.1) for _ in range(2)), margin=0.02)
    around = found["1", Measure.DISLIKES_PER_ANSWER].always
    assert -0.0019 < around.low < around.high < 0.0019
    assert found["1", Measure.DISLIKES_PER_ANSWER].verdict is Verdict.SAME


@pytest.mark.parametrize("people", [4, 6, 8, 10, 12, 16])
@pytest.mark.parametrize("satisfaction", [0.9, 0.973, 1.0])
def test_a_small_arm_against_a_large_one_is_a_difference_like_any_other(people, satisfaction):
    """However far out its boundary is."""
    disliked = Counts((2,) * people + NOBODY[people:], (0,) + (1,) * (people - 1) + NOBODY[people:],
                      (1, *NOBODY[1:]))
    found = satisfaction_of(varied(satisfaction, size=2000), disliked)
    assert found.always.low <= found.fixed.low <= found.fixed.value <= found.fixed.high <= found.always.high


@settings(max_examples=300, deadline=None)
@given(st.lists(st.integers(0, 6), min_size=2, max_size=2), st.integers(4, BUCKETS), st.integers(1, 500), st.data())
def test_whatever_two_arms_are_they_are_compared(least, people, often, data):
    """No number is refused by what computes it: an interval, or none."""
    likes, dislikes = (tuple(data.draw(st.lists(st.integers(0, most * often), min_size=people, max_size=people)))
                       + NOBODY[people:] for most in least)
    small = Counts(tuple(map(sum, zip(likes, dislikes, strict=True))), likes, dislikes)
    for difference in told(varied(0.8, size=4000), small, arm(0, 5), arm(3, 1)).values():
        around = difference.always
        assert around is None or -1 <= around.low <= around.value <= around.high <= 1


def test_of_people_who_say_the_same_of_both_nothing_is_certain():
    """Nor of people each of whom is of two minds: no bucket differs from another, so nothing tells how they would."""
    four = (1,) * 4 + NOBODY[4:]
    alike = Counts(four, (1, 1, *NOBODY[2:]), (0, 0, 1, 1, *NOBODY[4:]))
    assert satisfaction_of(alike, alike).verdict is Verdict.WITHHELD
    halves = Counts((2,) * 4 + NOBODY[4:], four, four)
    assert satisfaction_of(halves, varied(0.7)).verdict is Verdict.WITHHELD


def test_the_same_buckets_on_both_sides_are_no_more_than_they_are():
    """Satterthwaite's degrees are of two variances that have nothing to do with each other."""
    sides = [ratios.ratio_of(varied(0.7, size=4000), Measure.SATISFACTION) for _ in range(2)]
    assert comparison.contrast(*sides).degrees <= BUCKETS - 1


def test_too_few_people_are_no_judgement():
    one = Counts((9, *NOBODY[1:]), (5, *NOBODY[1:]), (4, *NOBODY[1:]))
    found = satisfaction_of(varied(0.7), one)
    assert (found.verdict, found.fixed, found.always, found.ratio, found.p_value) == (
        Verdict.WITHHELD, None, None, None, None)


def test_without_what_was_shown_only_satisfaction_is_compared():
    assert list(told(Counts(None, NOBODY, NOBODY), varied(0.7))) == [("1", Measure.SATISFACTION)]


def test_the_same_people_on_both_sides_make_a_difference_more_certain():
    """A bucket's leaning moves both arms: what is common to them is no difference."""
    leaning = chance.beta(2, 1, BUCKETS)
    votes = np.full(BUCKETS, 40)
    likes = [chance.binomial(votes, leaning) for _ in range(2)]
    sides = [ratios.ratio(each.tolist(), votes.tolist()) for each in likes]
    assert comparison.contrast(*sides).error < 0.6 * math.sqrt(sides[0].variance + sides[1].variance)


def test_equal_buckets_agree_with_a_regression_with_clustered_errors():
    """Both arms in each bucket, as often: the sandwich, times what a jackknife has more."""
    likes = (chance.random((2, BUCKETS, 20)) < chance.beta(2.8, 1.2, BUCKETS)[:, None]).astype(int)
    which = np.repeat([0, 1], BUCKETS * 20)
    fitted = sm.OLS(likes.ravel(), sm.add_constant(which)).fit(
        cov_type="cluster",
        cov_kwds={"groups": np.tile(np.repeat(np.arange(BUCKETS), 20), 2), "use_correction": False})
    told = comparison.contrast(*(ratios.ratio(side.sum(axis=1).tolist(), [20] * BUCKETS) for side in likes))
    assert told.value == pytest.approx(fitted.params[1])
    assert told.error == pytest.approx(fitted.bse[1] * (64 / 63) ** 1.5, rel=1e-9)


@pytest.mark.parametrize("arms", [2, 3, 12])
def test_each_interval_is_corrected_for_how_many_are_compared(arms):
    """And a p-value is below 0.05 exactly where the interval corrected as much does not hold nought."""
    found = told(*[varied(0.7) for _ in range(arms)], varied(0.76, size=70))
    for difference in found.values():
        around = difference.fixed
        assert (difference.p_value < 0.05) == (around.low > 0 or around.high < 0)
    alone = told(varied(0.7), varied(0.7))["1", Measure.SATISFACTION].fixed
    together = found["1", Measure.SATISFACTION].fixed
    assert together.high - together.low > alone.high - alone.low - 0.05


def test_where_nobody_disliked_there_is_doubt_still():
    found = satisfaction_of(arm(5, 0), arm(5, 0))
    assert found.always.low < found.fixed.low < 0 < found.fixed.high < found.always.high
    assert found.verdict is Verdict.OPEN


def test_a_rate_of_nought_has_no_ratio():
    assert satisfaction_of(arm(0, 5), varied(0.7)).ratio is None


class Theirs(NamedTuple):
    """What gbstats 0.8.0 says of a ratio metric, 32 users an arm, the difference absolute."""

    baseline: tuple  # (size, step, base, spread, more), see `gbstats_side`
    arm: tuple
    value: float
    error: float
    degrees: float
    p_value: float
    half: float  # of the sequential interval's width, with a tuning parameter of 100


GBSTATS = [
    Theirs((20, 3, 11, 0, 0), (20, 2, 13, 0, 1),
           0.1015625, 0.01788803311799945, 61.966122770281316, 3.879119521155161e-07, 0.05464288522352673),
    Theirs((10, 3, 5, 0, 0), (20, 2, 11, 0, 1),
           -0.046875, 0.028481167731021505, 44.995142567504416, 0.10676850862818354, 0.0870019166),
    Theirs((20, 3, 11, 3, 0), (22, 2, 12, 5, 2),
           -8.535409144805328e-06, 0.019004879982650737, 61.7930338841837, 0.9996431035048323, 0.0580545357),
    Theirs((40, 2, 30, 3, 0), (40, 3, 30, 5, 1),
           0.0032676951599019954, 0.012346660937593519, 61.838789667297306, 0.7921498120708521, 0.0377155591),
]


def gbstats_side(size, step, base, spread, more):
    """Likes and votes of 32 users, as they were given to gbstats."""
    below = [size + spread * place % 7 for place in range(32)]
    return [min(most, base + (step * place + more) % 5) for place, most in enumerate(below)], below


@pytest.mark.parametrize("theirs", GBSTATS)
def test_agrees_with_gbstats(theirs):
    """A user a bucket. It linearises where we leave out: g ÷ (g - 1) times as much for equal buckets, or near that."""
    empty = [0] * 32
    told = comparison.contrast(ratios.ratio(*(each + empty for each in gbstats_side(*theirs.baseline))),
                               ratios.ratio(*(empty + each for each in gbstats_side(*theirs.arm))))
    equal = theirs.baseline[3] == 0
    assert told.value == pytest.approx(theirs.value)
    assert told.error == pytest.approx(theirs.error * 32 / 31, rel=1e-9 if equal else 0.01)
    assert told.degrees == pytest.approx(theirs.degrees, rel=1e-9 if equal else 0.03)
    assert comparison.p_value(comparison.Contrast(theirs.value, theirs.error, theirs.degrees, 0.2)) == pytest.approx(
        theirs.p_value)


@pytest.mark.parametrize("theirs", GBSTATS)
def test_the_always_valid_boundary_agrees_with_gbstats(theirs):
    """64 users of the 100 that theirs is tuned to are as much information as we have at this scale."""
    scale = 0.8 * comparison.TUNED_WIDTH * theirs.error / comparison.TUNED_LOG_ODDS
    boundary = comparison.boundary(comparison.Contrast(theirs.value, theirs.error, theirs.degrees, scale))
    assert boundary * theirs.error == pytest.approx(theirs.half, rel=1e-4)
