"""Were answers dealt out to arms as they should have been? If not, nothing else that is said of the arms holds."""

import math
from collections.abc import Sequence

from plaudit.counts import Counts
from plaudit.statistics.distributions import t_tails
from plaudit.statistics.results import SampleRatio

ALARM = 0.001  # a p-value below this is a mismatch: so rare by chance that it is worth stopping for
CORRECTION_MAX = 0.3  # of a difference, for skewness: Johnson's is for small ones, and takes all of a large one away
EXPECTED_MIN = 0.1  # of the smallest arm: below, a few people would make alarms that are none


def sample_ratio(arms: Sequence[Counts], expected: Sequence[float] | None = None) -> SampleRatio | None:
    """By people: an arm's share is the mean of its shares of each bucket, so that each bucket has one say, whoever asks
    a thousand times in it. None where it is not known what was shown. `expected`: equal shares."""
    shown = [counts.shown for counts in arms if counts.shown is not None]
    totals = [sum(bucket) for bucket in zip(*shown, strict=True)]
    if len(shown) < len(arms) or not any(totals):
        return None
    wanted = _shares(expected or [1.0] * len(arms))
    shares = [[part / total for part, total in zip(arm, totals, strict=True) if total] for arm in shown]
    p_value = _p_value(shares, wanted)
    observed = tuple(sum(each) / len(each) for each in shares)
    return SampleRatio(wanted, observed, p_value, p_value is not None and p_value < ALARM)


def _p_value(shares: Sequence[Sequence[float]], wanted: Sequence[float]) -> float | None:
    """The smallest of the arms', corrected for their number (Bonferroni); of two arms both have the same. None: too few
    people."""
    tested = len(shares) if len(shares) > 2 else 1  # noqa: PLR2004 - a pair has one share to tell
    if tested * _smallest_p_value(len(shares[0])) >= ALARM or min(wanted) < EXPECTED_MIN:
        return None
    return min(1.0, tested * min(map(_p_value_of_mean, shares, wanted)))


def _smallest_p_value(buckets: int) -> float:
    """That so many can give at all: their mean is never further from what was wanted than they are themselves."""
    return t_tails(math.sqrt(buckets), buckets - 1) if buckets > 1 else 1.0


def _p_value_of_mean(values: Sequence[float], wanted: float) -> float:
    """A t, two-sided, but with the spread about what was wanted, and corrected for skewness (Johnson 1978): shares that
    should be small are skewed."""
    count = len(values)
    mean = sum(values) / count
    spread = sum([(each - wanted) ** 2 for each in values]) / count
    variance = sum([(each - mean) ** 2 for each in values]) / (count - 1)
    if spread == 0:
        return 1.0
    if variance == 0:
        return 0.0
    third = sum([(each - mean) ** 3 for each in values]) / count
    away = mean - wanted
    correction = third * away / (3 * variance**2)
    away += third / (6 * variance * count) + away * max(-CORRECTION_MAX, min(correction, CORRECTION_MAX))
    return t_tails(away / math.sqrt(spread / count), count - 1)


def _shares(expected: Sequence[float]) -> tuple[float, ...]:
    return tuple(each / sum(expected) for each in expected)
