"""What ships, once more with numpy, for thousands of invented worlds at once. Tests hold it against what ships."""

from typing import NamedTuple

import numpy as np
from scipy import stats

from plaudit.counts import BUCKETS
from plaudit.statistics import comparison, ratios


class Ratios(NamedTuple):
    """As `ratios.Ratio`, a world a row."""

    value: np.ndarray
    shifts: np.ndarray
    effective: np.ndarray
    numerator: np.ndarray
    denominator: np.ndarray
    below: np.ndarray

    @property
    def variance(self):
        return (self.shifts**2).sum(axis=-1)

    @property
    def told(self):
        return self.effective >= ratios.EFFECTIVE_MIN


class Contrasts(NamedTuple):
    value: np.ndarray
    error: np.ndarray
    degrees: np.ndarray
    scale: np.ndarray


def buckets(chance, worlds, count):
    """A bucket for each of so many people in each world."""
    return chance.integers(0, BUCKETS, (worlds, count))


def by_bucket(where, numbers):
    """Added up: (worlds, people) to (worlds, buckets)."""
    worlds = len(where)
    flat = (where + BUCKETS * np.arange(worlds)[:, None]).ravel()
    return np.bincount(flat, numbers.ravel(), worlds * BUCKETS).reshape(worlds, BUCKETS)


def votes_each(chance, shape, tail, most=300):
    """A Pareto law, cut: most people vote once, a few hundreds of times."""
    return np.minimum(most, np.floor(chance.random(shape) ** (-1 / tail))).astype(int)


def ratio(above, below):
    with np.errstate(all="ignore"):
        numerator, denominator = above.sum(axis=-1), below.sum(axis=-1)
        value = numerator / denominator
        effective = denominator**2 / (below**2).sum(axis=-1)
        occupied = (below > 0).sum(axis=-1)
        shifts = (np.sqrt(occupied / (occupied - 1))[..., None] * (value[..., None] * below - above)
                  / (denominator[..., None] - below))
    return Ratios(value, shifts, effective, numerator, denominator, below)


def interval(rate, error=ratios.ERROR):
    """Low and high; where the rate is 0 or 1, the one-sided one."""
    with np.errstate(all="ignore"):
        p = rate.value
        half = stats.t.ppf(1 - error / 2, rate.effective - 1) * np.sqrt(rate.variance) / (p * (1 - p))
        odds, factor = p / (1 - p), np.exp(half)
        far = (error / 2) ** (1 / rate.effective)
        low = np.select([p == 1, p == 0], [far, 0.0], odds / (odds + factor))
        high = np.select([p == 1, p == 0], [1.0, 1 - far], odds / (odds + 1 / factor))
    return low, high


def contrast(baseline, arm):
    with np.errstate(all="ignore"):
        edges = [edge(side) for side in (baseline, arm)]
        parts = [side.variance + extra for side, extra in zip((baseline, arm), edges, strict=True)]
        variance = ((arm.shifts - baseline.shifts) ** 2).sum(axis=-1) + sum(edges)
        below = sum(part**2 / (side.effective - 1) for part, side in zip(parts, (baseline, arm), strict=True))
        pooled = (baseline.numerator + arm.numerator) / (baseline.denominator + arm.denominator)
        occupied = ((baseline.below > 0) | (arm.below > 0)).sum(axis=-1)
        degrees = np.minimum(sum(parts) ** 2 / below, occupied - 1)
        return Contrasts(arm.value - baseline.value, np.sqrt(variance), degrees, pooled * (1 - pooled))


def edge(side):
    """What is added to a variance that is nought, because all of a side are of one kind."""
    far = 1 - (ratios.ERROR / 2) ** (1 / side.effective)
    extra = (far / stats.t.ppf(1 - ratios.ERROR / 2, side.effective - 1)) ** 2
    return np.where((side.value == 0) | (side.value == 1), extra, 0.0)


def fixed_width(told, error=ratios.ERROR):
    return stats.t.ppf(1 - error / 2, told.degrees)


def always_width(told, error=ratios.ERROR):
    with np.errstate(all="ignore"):
        tuned = comparison.TUNED_LOG_ODDS * told.scale / comparison.TUNED_WIDTH
        information = comparison.TUNED_INFORMATION * (tuned / told.error) ** 2
        width = np.sqrt(2 * (1 + 1 / information) * np.log(np.sqrt(1 + information) / error))
        return stats.t.isf(stats.norm.sf(width), told.degrees)
