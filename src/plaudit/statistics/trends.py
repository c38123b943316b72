"""A measure over consecutive periods, and when it left what the periods before let one expect."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise

from plaudit.counts import Counts, Dimension, Period
from plaudit.model import Instant
from plaudit.statistics import ratios
from plaudit.statistics.comparison import contrast, p_value
from plaudit.statistics.ratios import ratio_of
from plaudit.statistics.results import Alert, Direction, Measure, Point

MEASURES = (Measure.SATISFACTION, Measure.DISLIKES_PER_ANSWER)
BASELINE = {Period.HOUR: 7 * 24, Period.DAY: 28, Period.WEEK: 12}  # periods to expect by
BASELINE_MIN = 8  # of them with anything in them
FALSE_ALARM = 0.0005  # the most of a period without anything happening, for each measure
SIGMAS = 4.0
MOVING_RANGE = 1.128  # the mean distance of two neighbours, in standard deviations

Timed = tuple[Instant, Counts]
Pieces = Sequence[tuple[int, int]]  # numerator and denominator


def points(timed: Sequence[Timed]) -> tuple[Point, ...]:
    return tuple(Point(start, ratios.rates(counts)) for start, counts in timed)


def alerts(timed: Sequence[Timed], per: Period, *, earlier: int = 0, series: int = 1,
           dimension: Dimension | None = None, group: str | None = None) -> list[Alert]:
    """In consecutive periods, of which the first `earlier` are there only to expect by. `series` says among how many
    such series one is looked for. Of a run of alerts in one direction only the first is told."""
    found: list[Alert] = []
    sums = [(sum(counts.shown or ()), sum(counts.likes), sum(counts.dislikes)) for _, counts in timed]
    for measure in MEASURES:
        last: tuple[int, Direction] | None = None
        for place in _Chart.of(_pieces(sums, measure), BASELINE[per]).suspects(earlier):
            before = [counts for _, counts in timed[max(0, place - BASELINE[per]):place]]
            alert = _alert(timed[place], before, measure, FALSE_ALARM / series)
            if alert is None:
                continue
            if last != (place - 1, alert.direction):
                found.append(replace(alert, dimension=dimension, group=group))
            last = (place, alert.direction)
    return sorted(found, key=lambda alert: alert.start)


def _alert(period: Timed, before: Sequence[Counts], measure: Measure, error: float) -> Alert | None:
    """The closer look: people, not votes, are the unit."""
    start, counts = period
    expected, now = ratio_of(ratios.together(before), measure), ratio_of(counts, measure)
    told = contrast(expected, now)
    if told is None or expected is None or now is None or p_value(told) >= error:
        return None
    return Alert(start, measure, Direction.UP if told.value > 0 else Direction.DOWN, now.value, expected.value)


# ---------------------------------------------------------------- by totals alone, so that few need a closer look


def _pieces(sums: Sequence[tuple[int, int, int]], measure: Measure) -> Pieces:
    if measure is Measure.SATISFACTION:
        return [(likes, likes + dislikes) for _, likes, dislikes in sums]
    return [(dislikes, shown) for shown, _, dislikes in sums]


@dataclass(frozen=True, slots=True)
class _Chart:
    """A p' chart (Laney 2002): binomial limits, widened by how much more than binomially the periods before differ
    from each other. The sums are of all periods before the n-th."""

    pieces: Pieces
    above: Sequence[int]
    below: Sequence[int]
    reach: int

    @classmethod
    def of(cls, pieces: Pieces, reach: int) -> "_Chart":
        above = list(accumulate([piece[0] for piece in pieces], initial=0))
        below = list(accumulate([piece[1] for piece in pieces], initial=0))
        return cls(pieces, above, below, reach)

    def suspects(self, first: int) -> list[int]:
        return [place for place in range(first, len(self.pieces)) if self.pieces[place][1] and self._is_outside(place)]

    def _is_outside(self, place: int) -> bool:
        start = max(0, place - self.reach)
        events, trials = self.above[place] - self.above[start], self.below[place] - self.below[start]
        if not trials:
            return False
        if events in {0, trials}:  # nothing varies there, so whatever is of another kind is worth the closer look
            above, below = self.pieces[place]
            occupied = sum(trial > 0 for _, trial in self.pieces[start:place])
            return occupied >= BASELINE_MIN and above * trials != events * below
        expected = events / trials
        score = abs(_score(*self.pieces[place], expected))
        return score > SIGMAS and score > SIGMAS * self._sigma(start, place, expected)

    def _sigma(self, start: int, end: int, expected: float) -> float:
        """Of the scores of the periods before; endless where there are too few."""
        scores = [_score(above, below, expected) for above, below in self.pieces[start:end] if below]
        if len(scores) < BASELINE_MIN:
            return math.inf
        return sum([abs(b - a) for a, b in pairwise(scores)]) / (len(scores) - 1) / MOVING_RANGE


def _score(above: int, below: int, expected: float) -> float:
    """How many binomial standard deviations from what is expected."""
    return (above - expected * below) / math.sqrt(expected * (1 - expected) * below)
