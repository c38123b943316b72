"""Of a hundred 95 % intervals about 95 hold the true rate, when a few people vote a hundred times."""

import arrays
import numpy as np
import pytest
from statsmodels.stats.proportion import proportion_confint

TRUE = 0.7
WORLDS = {30: 20_000, 100: 12_000, 300: 10_000, 1000: 6_000, 5000: 4_000}
AT_ONCE = 2_000_000  # people in memory


def likes_and_votes(chance, worlds, voters, tail):
    """By bucket. Leanings: Beta(2.8, 1.2), 0.7 in the mean."""
    where = arrays.buckets(chance, worlds, voters)
    votes = arrays.votes_each(chance, where.shape, tail)
    likes = chance.binomial(votes, chance.beta(4 * TRUE, 4 * (1 - TRUE), where.shape))
    return arrays.by_bucket(where, likes), arrays.by_bucket(where, votes)


def coverage(voters, tail):
    """Of ours, of Wilson's, and how often ours is not withheld."""
    chance = np.random.default_rng([voters, int(10 * tail)])
    ours, wilsons, told = [], [], []
    for _ in range(-(-WORLDS[voters] * voters // AT_ONCE)):
        likes, votes = likes_and_votes(chance, min(WORLDS[voters], AT_ONCE // voters), voters, tail)
        rate = arrays.ratio(likes, votes)
        low, high = arrays.interval(rate)
        ours.append(((low <= TRUE) & (high >= TRUE))[rate.told])
        told.append(rate.told)
        low, high = proportion_confint(likes.sum(axis=1), votes.sum(axis=1), method="wilson")
        wilsons.append((low <= TRUE) & (high >= TRUE))
    return [np.concatenate(each) for each in (ours, wilsons, told)]


@pytest.mark.parametrize("voters", WORLDS)
@pytest.mark.parametrize(("tail", "least"), [(1.3, 0.94), (1.0, 0.935)])
def test_intervals_cover(voters, tail, least):
    """Two standard errors of the simulation are allowed for. Wilson's interval is the control."""
    ours, wilsons, told = coverage(voters, tail)
    error = np.sqrt(0.95 * 0.05 / len(ours))
    assert error < 0.0036
    assert least - 2 * error <= ours.mean() <= 0.97 + 2 * error
    assert wilsons.mean() < 0.80
    assert told.mean() > (0.65 if voters == 30 else 0.92)
