"""A measure over consecutive periods, and when it left what the periods before let one expect."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from plaudit.model import Counts, Instant, Period
from plaudit.statistics import ratios
from plaudit.statistics.comparison import contrast, p_value
from plaudit.statistics.ratios import ratio_of
from plaudit.statistics.results import Alert, Direction, Measure, Point

MEASURES = (Measure.SATISFACTION, Measure.DISLIKES_PER_ANSWER)
BASELINE = {Period.HOUR: 7 * 24, Period.DAY: 28, Period.WEEK: 12}  # periods to expect by
BASELINE_MIN = 8  # of them with anything in them
FALSE_ALARM = 0.0005  # of a period without anything happening, for each measure
SIGMAS = 3.0
MOVING_RANGE = 1.128  # the mean distance of two neighbours, in standard deviations

Timed = tuple[Instant, Counts]




@dataclass(frozen=True, slots=True)
class _Total:
    above: int
    below: int


def points(timed: Sequence[Timed]) -> tuple[Point, ...]:
    return tuple(Point(start, ratios.rates(counts)) for start, counts in timed)


def alerts(timed: Sequence[Timed], per: Period, *, earlier: int = 0, series: int = 1,
           values: tuple[str | None, ...] = ()) -> list[Alert]:
    """In consecutive periods, of which the first `earlier` are there only to expect by. `series` says among how many
    such series one is looked for. Of a run of alerts in one direction only the first is told."""
    found: list[Alert] = []
    for measure in MEASURES:
        last: tuple[int, Direction] | None = None
        for place in _suspects(timed, per, measure, earlier):
            before = [counts for _, counts in timed[max(0, place - BASELINE[per]):place]]
            alert = _alert(timed[place], before, measure, FALSE_ALARM / series)
            if alert is None:
                continue
            if last != (place - 1, alert.direction):
                found.append(replace(alert, values=values))
            last = (place, alert.direction)
    return sorted(found, key=lambda alert: alert.start)


def _suspects(timed: Sequence[Timed], per: Period, measure: Measure, earlier: int) -> list[int]:
    """Periods outside the limits of a p' chart (Laney 2002): binomial ones, widened by how much more than binomially
    the periods before differ from each other. By totals alone, so that few need a closer look."""
    totals = [_total(counts, measure) for _, counts in timed]
    return [place for place, total in enumerate(totals) if place >= earlier and total.below
            and _is_outside(total, [each for each in totals[max(0, place - BASELINE[per]):place] if each.below])]


def _is_outside(total: _Total, before: Sequence[_Total]) -> bool:
    above, below = sum(t.above for t in before), sum(t.below for t in before)
    if len(before) < BASELINE_MIN or not 0 < above < below:
        return False
    expected = above / below
    spread = math.sqrt(expected * (1 - expected))
    scores = [(t.above / t.below - expected) * math.sqrt(t.below) / spread for t in before]
    steps = [abs(b - a) for a, b in pairwise(scores)]
    sigma = sum(steps) / len(steps) / MOVING_RANGE
    return abs(total.above / total.below - expected) * math.sqrt(total.below) / spread > SIGMAS * sigma


def _alert(period: Timed, before: Sequence[Counts], measure: Measure, error: float) -> Alert | None:
    """And the closer look: people, not votes, are the unit."""
    start, counts = period
    expected, now = ratio_of(ratios.together(before), measure), ratio_of(counts, measure)
    told = contrast(expected, now)
    if told is None or expected is None or now is None or p_value(told) >= error:
        return None
    return Alert(start, measure, Direction.UP if told.value > 0 else Direction.DOWN, now.value, expected.value)


def _total(counts: Counts, measure: Measure) -> _Total:
    pieces = ratios.pieces_of(counts, measure)
    return _Total(sum(pieces[0]), sum(pieces[1])) if pieces else _Total(0, 0)
