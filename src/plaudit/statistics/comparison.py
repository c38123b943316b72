"""Two or more arms, the first being the baseline. Both sides of a difference are moved by leaving out the same bucket,
so that it does not matter whether the same people saw both arms or others."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from plaudit.counts import Counts
from plaudit.statistics import ratios
from plaudit.statistics.distributions import t_quantile, t_tails
from plaudit.statistics.ratios import ERROR, STILL, Ratio, ratio_of, squared
from plaudit.statistics.results import Difference, Interval, Measure, Verdict

SMALLEST = 1e-150  # the least probability that is worked with: its interval holds everything, and its t is a number

Arm = tuple[str | None, Counts]

TUNED_LOG_ODDS = 0.2  # the always-valid interval is tightest where it just tells this difference, 5 points of 50 %
TUNED_WIDTH = 3.035  # standard errors that it is wide on either side there, at an error of 0.05
TUNED_INFORMATION = 7.94  # -2 ln a + ln(1 - 2 ln a) for a = 0.05: what the mixture is tightest at


@dataclass(frozen=True, slots=True)
class Contrast:
    """A difference of two rates, with its standard error and as many degrees of freedom as that is known with."""

    value: float
    error: float
    degrees: float
    scale: float  # p·(1-p) of both together: a log-odds' worth of difference


def differences(arms: Sequence[Arm], margin: float) -> list[Difference]:
    """Of each measure that can be told, for each arm but the first. Corrected for the number of arms (Bonferroni)."""
    comparisons = max(1, len(arms) - 1)
    return [difference(arms[0], arm, measure, margin=margin, comparisons=comparisons)
            for arm in arms[1:] for measure in Measure
            if measure is Measure.SATISFACTION or not any(counts.shown is None for _, counts in arms)]


def difference(baseline: Arm, arm: Arm, measure: Measure, *, margin: float, comparisons: int) -> Difference:
    first, second = ratio_of(baseline[1], measure), ratio_of(arm[1], measure)
    told = contrast(first, second)
    if told is None or first is None or second is None:
        return Difference(baseline[0], arm[0], measure, None, None, None, None, Verdict.WITHHELD)
    error = ERROR / comparisons
    always = always_valid(told, error)
    return Difference(
        baseline[0], arm[0], measure,
        fixed=fixed(told, error),
        always=always,
        ratio=_quotient(first, second, told, error),
        p_value=p_value(told, comparisons),
        verdict=_verdict(measure, always, margin * _margin_scale(measure, baseline[1])),
    )


def contrast(baseline: Ratio | None, arm: Ratio | None) -> Contrast | None:
    """None where either is withheld, or both move alike with every bucket: from that nothing can be told."""
    if baseline is None or arm is None or not baseline.shifts or not arm.shifts:
        return None
    parts = [squared(side.shifts) + _edge(side) for side in (baseline, arm)]
    moved = list(map(float.__sub__, arm.shifts, baseline.shifts))
    variance = squared(moved) + _edge(baseline) + _edge(arm)
    if variance < STILL**2:
        return None
    degrees = min(_degrees(parts, (baseline, arm)), _occupied(baseline, arm) - 1)
    return Contrast(arm.value - baseline.value, math.sqrt(variance), degrees, _scale(baseline, arm))


def fixed(told: Contrast, error: float = ERROR) -> Interval:
    """For whoever looks once."""
    return _around(told, t_quantile(error, told.degrees))


def always_valid(told: Contrast, error: float = ERROR) -> Interval:
    """For whoever looks as often as they like: an asymptotic confidence sequence (Waudby-Smith, Arbour, Sinha, Kennedy
    and Ramdas 2024, theorem 2.2), in which time is information, 1 ÷ variance, and the variance is that of subjects."""
    return _around(told, _widened(boundary(told, error), told.degrees))


def boundary(told: Contrast, error: float = ERROR) -> float:
    """In standard errors, were they known; what a normal difference stays within for ever, but for an `error`."""
    information = TUNED_INFORMATION * (TUNED_LOG_ODDS * told.scale / TUNED_WIDTH / told.error) ** 2
    return math.sqrt(2 * (1 + 1 / information) * math.log(math.sqrt(1 + information) / error))


def p_value(told: Contrast, comparisons: int = 1) -> float:
    """Two-sided, corrected. Below 0.05 exactly where the interval corrected for as many does not hold nought."""
    return min(1.0, comparisons * t_tails(told.value / told.error, told.degrees))


def _around(told: Contrast, width: float) -> Interval:
    half = width * told.error
    return Interval(told.value, max(-1.0, told.value - half), min(1.0, told.value + half))


def _widened(width: float, degrees: float) -> float:
    """The t with the same tails as that normal: the standard error is known by so many buckets only. `erfc`, because
    far out a normal's distribution function is rounded to nought."""
    return t_quantile(max(math.erfc(width / math.sqrt(2)), SMALLEST), degrees)


def _degrees(variances: Sequence[float], sides: Sequence[Ratio]) -> float:
    """Satterthwaite's (1946), of two standard errors known with different certainty. He has them independent; where the
    same buckets make both, there are no more than those buckets have."""
    below = sum(variance**2 / side.degrees for variance, side in zip(variances, sides, strict=True))
    return sum(variances) ** 2 / below if below else min(side.degrees for side in sides)


def _occupied(baseline: Ratio, arm: Ratio) -> int:
    return sum(map(bool, map(max, baseline.below, arm.below)))


def _edge(side: Ratio) -> float:
    """Where all of a side are of one kind nothing varies; then as much as its one-sided interval is long."""
    return 0.0 if 0 < side.value < 1 else (_length(side) / t_quantile(ERROR, side.degrees)) ** 2


def _scale(baseline: Ratio, arm: Ratio) -> float:
    """Where all of both sides are of one kind, that of the furthest rate that is still possible: with nought, two arms
    that everybody likes would be told to be the same for certain."""
    pooled = (baseline.numerator + arm.numerator) / (baseline.denominator + arm.denominator)
    if not 0 < pooled < 1:
        pooled = max(_length(baseline), _length(arm))
    return pooled * (1 - pooled)


def _length(side: Ratio) -> float:
    bounds = ratios.interval(side)
    assert bounds is not None  # noqa: S101 - it has shifts
    return bounds.high - bounds.low


def _quotient(baseline: Ratio, arm: Ratio, told: Contrast, error: float) -> Interval | None:
    """Symmetric in logarithms. None where a rate is nought: it has none."""
    if baseline.value == 0 or arm.value == 0:
        return None
    moved = squared([b / arm.value - a / baseline.value for a, b in zip(baseline.shifts, arm.shifts, strict=True)])
    variance = moved + _edge(baseline) / baseline.value**2 + _edge(arm) / arm.value**2
    factor = math.exp(min(700.0, t_quantile(error, told.degrees) * math.sqrt(variance)))
    value = arm.value / baseline.value
    return Interval(value, value / factor, value * factor)


def _margin_scale(measure: Measure, baseline: Counts) -> float:
    """Of answers, a margin is the same share of those voted on as it is of votes."""
    response = ratio_of(baseline, Measure.RESPONSE_RATE) if measure is not Measure.SATISFACTION else None
    return response.value if response else 1.0


def _verdict(measure: Measure, told: Interval, margin: float) -> Verdict:
    up, down = ((Verdict.WORSE, Verdict.BETTER) if measure is Measure.DISLIKES_PER_ANSWER
                else (Verdict.BETTER, Verdict.WORSE))
    if -margin < told.low and told.high < margin:
        return Verdict.SAME
    if told.low > 0:
        return up
    return down if told.high < 0 else Verdict.OPEN
