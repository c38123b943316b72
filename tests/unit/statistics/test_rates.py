"""What a rate is, how sure we are, and what is said where we are not."""

from itertools import pairwise

import arrays
import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st

from plaudit.counts import BUCKETS, Counts
from plaudit.statistics import ratios
from plaudit.statistics.distributions import t_quantile
from plaudit.statistics.results import Estimate, Measure, Reliability

chance = np.random.default_rng(8)
numbers = st.lists(st.integers(0, 40), min_size=BUCKETS, max_size=BUCKETS).map(tuple)
some = st.builds(lambda likes, dislikes, silent: Counts(
    tuple(map(sum, zip(likes, dislikes, silent, strict=True))), likes, dislikes), numbers, numbers, numbers)


def counts(**buckets):
    """{name}={bucket: number}."""
    return Counts(*(tuple(buckets.get(name, {}).get(place, 0) for place in range(BUCKETS))
                    for name in ("shown", "likes", "dislikes")))


def even(shown, likes, dislikes, buckets=BUCKETS):
    """The same in each of so many buckets."""
    return counts(shown=dict.fromkeys(range(buckets), shown), likes=dict.fromkeys(range(buckets), likes),
                  dislikes=dict.fromkeys(range(buckets), dislikes))


def nearly_even(likes, dislikes, buckets):
    """All votes; where there are two buckets, one of them has one like more and the other one less."""
    liked = dict.fromkeys(range(buckets), likes) | ({0: likes + 1, 1: likes - 1} if buckets > 1 else {})
    return counts(shown=dict.fromkeys(range(buckets), likes + dislikes), likes=liked,
                  dislikes={place: likes + dislikes - number for place, number in liked.items()})


def test_each_rate_says_what_it_is_made_of():
    rates = ratios.rates(even(10, 3, 1))
    assert (rates.shown, rates.votes, rates.likes, rates.dislikes) == (640, 256, 192, 64)
    assert (rates.satisfaction.value, rates.satisfaction.numerator, rates.satisfaction.denominator) == (0.75, 192, 256)
    assert (rates.response_rate.value, rates.response_rate.numerator) == (0.4, 256)
    assert rates.response_rate.denominator == rates.dislikes_per_answer.denominator == 640
    assert (rates.dislikes_per_answer.value, rates.dislikes_per_answer.numerator) == (0.1, 64)


def test_nothing_has_no_rate():
    nothing = Estimate(None, None, None, 0, 0, Reliability.WITHHELD)
    rates = ratios.rates(ratios.nothing())
    assert [rates.satisfaction, rates.response_rate, rates.dislikes_per_answer] == [nothing] * 3


def test_without_what_was_shown_there_is_satisfaction_only():
    rates = ratios.rates(ratios.nothing(shown=False))
    assert (rates.shown, rates.response_rate, rates.dislikes_per_answer) == (None, None, None)


@pytest.mark.parametrize(("buckets", "reliability"), [
    (1, Reliability.WITHHELD), (3, Reliability.WITHHELD), (4, Reliability.FEW), (9, Reliability.FEW),
    (10, Reliability.GOOD), (64, Reliability.GOOD)])
def test_an_interval_is_withheld_when_it_would_say_nothing(buckets, reliability):
    satisfaction = ratios.rates(nearly_even(3, 1, buckets)).satisfaction
    assert satisfaction.reliability is reliability
    assert (satisfaction.low is None) == (reliability is Reliability.WITHHELD)
    assert satisfaction.value == 0.75


def test_where_all_buckets_say_exactly_the_same_nothing_is_known_of_how_they_differ():
    """Four people who each like one answer and dislike another are no proof that half of all answers are liked."""
    satisfaction = ratios.rates(even(2, 1, 1, 4)).satisfaction
    assert (satisfaction.value, satisfaction.low, satisfaction.reliability) == (0.5, None, Reliability.WITHHELD)


def test_one_heavy_voter_makes_few_of_many():
    likes = dict.fromkeys(range(BUCKETS), 1) | {7: 300}
    satisfaction = ratios.rates(counts(shown=likes, likes=likes)).satisfaction
    assert satisfaction.reliability is Reliability.WITHHELD


@pytest.mark.parametrize(("likes", "dislikes", "low", "high"), [
    (5, 0, 0.025 ** (1 / 64), 1.0),
    (0, 5, 0.0, 1 - 0.025 ** (1 / 64)),
])
def test_where_all_say_the_same_each_bucket_counts_as_one_person(likes, dislikes, low, high):
    satisfaction = ratios.rates(even(5, likes, dislikes)).satisfaction
    assert (satisfaction.low, satisfaction.high) == pytest.approx((low, high))


def test_leaving_out_a_bucket_moves_the_rate_as_it_says():
    above, below = chance.integers(0, 9, BUCKETS), chance.integers(9, 30, BUCKETS)
    told = ratios.ratio(above.tolist(), below.tolist())
    left_out = (above.sum() - above) / (below.sum() - below)
    np.testing.assert_allclose(np.array(told.shifts) / np.sqrt(64 / 63), left_out - above.sum() / below.sum())


def test_equal_buckets_agree_with_a_regression_with_clustered_errors():
    """Then all buckets have the same leverage, and the jackknife is the sandwich, times 64/63 for each that is
    estimated without a bucket, and once more for few buckets."""
    votes = (chance.random((BUCKETS, 20)) < chance.beta(2.8, 1.2, BUCKETS)[:, None]).astype(int)
    rows, clusters = votes.ravel(), np.repeat(np.arange(BUCKETS), 20)
    fitted = sm.OLS(rows, np.ones(len(rows))).fit(
        cov_type="cluster", cov_kwds={"groups": clusters, "use_correction": False})
    told = ratios.ratio(votes.sum(axis=1).tolist(), [20] * BUCKETS)
    assert told.value == pytest.approx(fitted.params[0])
    assert told.variance == pytest.approx(fitted.bse[0] ** 2 * (64 / 63) ** 2 * (64 / 63), rel=1e-9)


def test_equal_buckets_with_one_voter_each_agree_with_the_textbook():
    """Each bucket a person with one vote: the logit interval of the binomial, but for t and n - 1."""
    told = ratios.ratio([1] * 48 + [0] * 16, [1] * 64)
    around = ratios.interval(told)
    half = t_quantile(0.05, 63) * np.sqrt(1 / (64 * 0.75 * 0.25)) * (64 / 63) ** 1.5
    odds = np.exp(np.log(3) + np.array([-half, half]))
    assert (around.low, around.high) == pytest.approx(tuple(odds / (1 + odds)), rel=1e-9)


@settings(deadline=None, max_examples=60)
@given(some, some)
def test_counts_add_up(one, other):
    both = ratios.together([one, other])
    assert sum(both.likes) == sum(one.likes) + sum(other.likes)
    assert both == ratios.together([other, one])
    assert ratios.together([one, ratios.nothing()]) == one
    assert ratios.together([one, ratios.nothing(shown=False)]).shown is None


@settings(deadline=None, max_examples=60)
@given(some, st.permutations(range(BUCKETS)))
def test_which_bucket_is_which_does_not_matter(one, order):
    other = Counts(*(tuple(part[place] for place in order) for part in (one.shown, one.likes, one.dislikes)))
    for measure in Measure:
        first, second = ratios.estimate(one, measure), ratios.estimate(other, measure)
        assert (first.low, first.high) == pytest.approx((second.low, second.high))


@settings(deadline=None, max_examples=60)
@given(some, st.integers(2, 50))
def test_voting_more_often_is_no_more_certain(one, times):
    """Everybody's votes counted so many times over: the same people, the same interval."""
    many = ratios.together([one] * times)
    for measure in Measure:
        first, second = ratios.estimate(one, measure), ratios.estimate(many, measure)
        assert (first.low, first.high) == pytest.approx((second.low, second.high))


@settings(deadline=None, max_examples=60)
@given(some)
def test_likes_and_dislikes_mirror_each_other(one):
    here = ratios.estimate(one, Measure.SATISFACTION)
    there = ratios.estimate(Counts(one.shown, one.dislikes, one.likes), Measure.SATISFACTION)
    if here.low is not None:
        assert (here.low, here.high) == pytest.approx((1 - there.high, 1 - there.low))
        assert 0 <= here.low <= here.value <= here.high <= 1


def test_an_interval_that_may_err_less_is_wider():
    wide = [ratios.interval(ratios.ratio(list(range(64)), [64] * 64), error) for error in (0.2, 0.05, 0.01, 1e-5)]
    assert all(one.low > other.low and one.high < other.high for one, other in pairwise(wide))


def test_what_is_simulated_is_what_ships():
    likes = chance.binomial(6, chance.beta(3, 1, (80, BUCKETS)))
    votes = likes + chance.binomial(3, 0.4, (80, BUCKETS)) * (chance.random((80, 1)) < 0.9)
    rates = arrays.ratio(likes, votes)
    low, high = arrays.interval(rates)
    for place in range(len(likes)):
        told = ratios.ratio(likes[place].tolist(), votes[place].tolist())
        around = ratios.interval(told)
        assert (around.low, around.high) == pytest.approx((low[place], high[place]), rel=1e-9)
        assert told.shifts == pytest.approx(rates.shifts[place])
