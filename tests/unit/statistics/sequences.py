"""Many worlds in which two arms are compared after every vote."""

from typing import NamedTuple

import arrays
import numpy as np
from scipy import stats

from plaudit.counts import BUCKETS
from plaudit.statistics.ratios import ERROR

Z = stats.norm.isf(ERROR / 2)


class Votes(NamedTuple):
    """In the order in which they came; a world a row."""

    bucket: np.ndarray
    arm: np.ndarray
    like: np.ndarray


class Looks(NamedTuple):
    """For each world: at which vote each test first said that the arms differ; -1: never."""

    plain: np.ndarray  # the z-test that everybody runs
    clustered: np.ndarray  # a t-test with people as the unit, made for one look
    always: np.ndarray


def votes(chance, worlds, length, *, satisfaction=(0.7, 0.7), tail=1.3, by_person=True, concentration=4.0):
    """People come as they are, and vote as often as they do, in any order among each other. `by_person`: each person
    sees one arm; otherwise each answer is dealt out by itself."""
    person = np.stack([_people(chance, length, tail) for _ in range(worlds)])
    shape = (worlds, length)  # more people than that there are not
    arm = np.take_along_axis(chance.integers(0, 2, shape), person, 1) if by_person else chance.integers(0, 2, shape)
    rank = np.take_along_axis(chance.random(shape), person, 1)
    first, second = (stats.beta.ppf(rank, concentration * rate, concentration * (1 - rate)) for rate in satisfaction) \
        if satisfaction[0] != satisfaction[1] else (_leanings(rank, satisfaction[0], concentration),) * 2
    like = chance.random(shape) < np.where(arm == 1, second, first)
    return Votes(np.take_along_axis(arrays.buckets(chance, *shape), person, 1), arm, like.astype(int))


def looked_at(seen, *, every=1, first=1):
    """Every test after each vote, or after each `every`-th."""
    worlds, length = seen.arm.shape
    tallies, rows = np.zeros((2, 2, worlds, BUCKETS)), np.arange(worlds)  # (likes, votes) of (arm) in (world, bucket)
    looks = Looks(*(np.full(worlds, -1) for _ in Looks._fields))
    for place in range(length):
        tallies[0, seen.arm[:, place], rows, seen.bucket[:, place]] += seen.like[:, place]
        tallies[1, seen.arm[:, place], rows, seen.bucket[:, place]] += 1
        if place >= first and place % every == 0:
            for found, says in zip(looks, differs(tallies), strict=True):
                found[(found < 0) & says] = place
    return looks


class Power(NamedTuple):
    """How many voters half of the worlds need until a difference is seen."""

    fixed: int  # looking once, with so many
    always: int  # looking all the time


def power(chance, worlds, satisfaction, *, most, step, tail=1.3):
    """People come one after the other, each with all of their votes; looked at after each `step` of them."""
    tallies, seen = np.zeros((2, 2, worlds, BUCKETS)), np.zeros(worlds, dtype=bool)
    fixed = always = None
    for people in range(step, most + 1, step):
        tallies += _tallies(chance, worlds, step, satisfaction, tail)
        _, now, ever = differs(tallies)
        seen |= ever
        fixed = fixed or (people if now.mean() >= 0.5 else None)
        always = always or (people if seen.mean() >= 0.5 else None)
        if always and fixed:
            break
    return Power(fixed, always)


def differs(tallies):
    """What each of the tests says now, for each world."""
    baseline, arm = arrays.ratio(tallies[0, 0], tallies[1, 0]), arrays.ratio(tallies[0, 1], tallies[1, 1])
    with np.errstate(all="ignore"):
        told = arrays.contrast(baseline, arm)
        score = np.abs(told.value) / told.error
        plain = np.abs(told.value) / np.sqrt(told.scale * (1 / baseline.denominator + 1 / arm.denominator))
    enough = baseline.told & arm.told
    return (plain > Z, _beyond(score, enough & (score > Z), told, arrays.fixed_width),
            _beyond(score, enough & (score > 2), told, arrays.always_width))


def _tallies(chance, worlds, people, satisfaction, tail):
    """(likes, votes) of (arm) in (world, bucket) of some more people."""
    where, arm = arrays.buckets(chance, worlds, people), chance.integers(0, 2, (worlds, people))
    votes = arrays.votes_each(chance, where.shape, tail)
    mean = np.choose(arm, satisfaction)
    likes = chance.binomial(votes, chance.beta(4 * mean, 4 * (1 - mean)))
    return np.array([[arrays.by_bucket(where, each * (arm == side)) for side in (0, 1)] for each in (likes, votes)])


def _beyond(score, possible, told, width):
    """Student's quantiles are slow: only where the normal's would be passed."""
    found = np.zeros(len(score), dtype=bool)
    some = np.flatnonzero(possible)
    if len(some):
        found[some] = score[some] > width(arrays.Contrasts(*(each[some] for each in told)))
    return found


def _people(chance, length, tail):
    """Whose each vote is: people with as many votes as they have, shuffled."""
    each = arrays.votes_each(chance, length, tail)
    return chance.permutation(np.repeat(np.arange(length), each)[:length])


def _leanings(rank, satisfaction, concentration):
    grid = np.linspace(0, 1, 4097)
    return np.interp(rank, grid, stats.beta.ppf(grid, concentration * satisfaction, concentration * (1 - satisfaction)))
