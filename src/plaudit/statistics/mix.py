"""Do arms differ only because they were shown with different other things? The same comparison within those."""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from plaudit.counts import Counts, Dimension
from plaudit.statistics.comparison import Contrast, contrast, fixed
from plaudit.statistics.ratios import Ratio, ratio_of, squared
from plaudit.statistics.results import Measure, Mix

COVERED_MIN = 0.8  # of each arm's votes, in strata that both arms have: else strata explain nothing
REMAINS_MAX = 0.5  # of the difference, within strata: when more remains, they do not explain it

Strata = Mapping[str | None, Counts]  # one arm's, by the value of another dimension


@dataclass(frozen=True, slots=True)
class Standardised:
    """A difference within strata that both arms have, weighted by the votes of both in each."""

    within: float
    shifts: Sequence[float]
    strata: int
    covered: float


def mixes(dimension: Dimension, arms: Sequence[tuple[str | None, Strata]], overall: Sequence[Counts]) -> list[Mix]:
    """One for each arm whose certain difference from the first shrinks within strata to half or less, or turns."""
    measure = Measure.SATISFACTION
    first = ratio_of(overall[0], measure)
    found = []
    for (arm, strata), counts in zip(arms[1:], overall[1:], strict=True):
        second = ratio_of(counts, measure)
        crude, within = contrast(first, second), standardised(arms[0][1], strata, measure)
        if first and second and crude and within and _explained(crude, within, first, second):
            found.append(Mix(dimension, arm, measure, crude.value, within.within, within.strata))
    return found


def standardised(baseline: Strata, arm: Strata, measure: Measure) -> Standardised | None:
    """Direct standardisation; the weights are taken as given. None where fewer than two strata have both arms."""
    pairs = list(_pairs(baseline, arm, measure))
    weights = [first.denominator + second.denominator for first, second in pairs]
    if len(pairs) <= 1:
        return None
    total, within = sum(weights), 0.0
    shifts = [0.0] * max(len(first.shifts) for first, _ in pairs)
    for (first, second), weight in zip(pairs, weights, strict=True):
        share = weight / total
        within += share * (second.value - first.value)
        shifts = [sum_ + share * (b - a) for sum_, a, b in zip(shifts, first.shifts, second.shifts, strict=True)]
    return Standardised(within, shifts, len(pairs), _covered(pairs, baseline, arm, measure))


def by_arm(groups: Iterable[tuple[tuple[str | None, ...], Counts]]) -> dict[str | None, dict[str | None, Counts]]:
    """Groups by (arm, other dimension), taken apart."""
    found: defaultdict[str | None, dict[str | None, Counts]] = defaultdict(dict)
    for (arm, stratum), counts in groups:
        found[arm][stratum] = counts
    return found


def _explained(crude: Contrast, within: Standardised, first: Ratio, second: Ratio) -> bool:
    """And what the strata take away is no chance either."""
    bounds = fixed(crude)
    if bounds.low <= 0 <= bounds.high or within.covered < COVERED_MIN:
        return False
    if within.within / crude.value > REMAINS_MAX:
        return False
    moved = [b - a - c for a, b, c in zip(first.shifts, second.shifts, within.shifts, strict=True)]
    taken = Contrast(crude.value - within.within, math.sqrt(squared(moved)), crude.degrees, crude.scale)
    around = fixed(taken)
    return not around.low <= 0 <= around.high


def _pairs(baseline: Strata, arm: Strata, measure: Measure) -> Iterable[tuple[Ratio, Ratio]]:
    for stratum in baseline.keys() & arm.keys():
        first, second = ratio_of(baseline[stratum], measure), ratio_of(arm[stratum], measure)
        if first is not None and second is not None and first.shifts and second.shifts:
            yield first, second


def _covered(pairs: Sequence[tuple[Ratio, Ratio]], baseline: Strata, arm: Strata, measure: Measure) -> float:
    """The smaller share of the two arms' votes that lies in those strata."""
    shares = []
    for side, strata in enumerate((baseline, arm)):
        known = [ratio_of(counts, measure) for counts in strata.values()]
        total = sum(each.denominator for each in known if each)
        shares.append(sum(pair[side].denominator for pair in pairs) / total)
    return min(shares)
