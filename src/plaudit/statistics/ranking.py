"""Many arms in a row: who is certainly better than whom, and who cannot be told apart."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from plaudit.counts import Counts, Dimension
from plaudit.statistics import ratios
from plaudit.statistics.comparison import contrast, fixed
from plaudit.statistics.distributions import NORMAL
from plaudit.statistics.ratios import ERROR, Ratio, ratio_of
from plaudit.statistics.results import Interval, Measure, Ranked, Ranking

Value = str | None


@dataclass(frozen=True, slots=True)
class _Entry:
    value: Value
    counts: Counts
    ratio: Ratio | None

    @property
    def told(self) -> bool:
        return self.ratio is not None and bool(self.ratio.shifts)


def ranking(by: Dimension, groups: Sequence[tuple[Value, Counts]]) -> Ranking:
    """By satisfaction. All of the intervals hold at once with a probability of 95 % (Bonferroni), and so do all of
    "certainly better" and the ranks that follow (Mogstad, Romano, Shaikh and Wilhelm 2024)."""
    entries = sorted((_Entry(value, counts, ratio_of(counts, Measure.SATISFACTION)) for value, counts in groups),
                     key=_place)
    told = [entry for entry in entries if entry.told]
    better = certainly_better([entry.ratio for entry in told if entry.ratio is not None])
    worse = Counter(other for beaten in better for other in beaten)
    return Ranking(by, (
        *[Ranked(entry.value, ratios.rates(entry.counts), _simultaneous(entry, len(told)), 1 + worse[place],
                 len(entries) - len(beaten), tuple(told[other].value for other in beaten))
          for place, (entry, beaten) in enumerate(zip(told, better, strict=True))],
        *[Ranked(entry.value, ratios.rates(entry.counts), None, 1, len(entries), ()) for entry in entries[len(told):]],
    ))


def certainly_better(rates: Sequence[Ratio]) -> list[list[int]]:
    """For each, whom it is certainly better than. `rates` must be sorted, the highest first."""
    pairs = max(1, len(rates) * (len(rates) - 1) // 2)
    error = ERROR / pairs
    least = -NORMAL.inv_cdf(error / 2)  # no t is narrower: most pairs are told by this
    return [[other for other in range(place + 1, len(rates)) if _is_better(rate, rates[other], error, least)]
            for place, rate in enumerate(rates)]


def _is_better(rate: Ratio, other: Ratio, error: float, least: float) -> bool:
    told = contrast(other, rate)
    if told is None or told.value <= least * told.error:
        return False
    return fixed(told, error).low > 0


def _simultaneous(entry: _Entry, ranked: int) -> Interval | None:
    return ratios.interval(entry.ratio, ERROR / ranked) if entry.told and entry.ratio else None


def _place(entry: _Entry) -> tuple[bool, float, int, str]:
    rate = entry.ratio.value if entry.ratio else -math.inf
    return not entry.told, -rate, -sum(entry.counts.likes), entry.value or ""
