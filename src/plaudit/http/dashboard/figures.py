"""From results to pictures: what a chart is given, and where the picture of it stands in a page.

Each is drawn twice, for a desk and for a phone; the browser takes the one that fits. A page has the same numbers as a
table beside it, so that nobody needs to see a picture.
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass

from plaudit.charts.drawing import Drawing
from plaudit.charts.specs import FULL, NARROW, WIDE, Frame, Moment, Row, Scale, Spec, forest, spark, trend
from plaudit.http.dashboard.words import Words, estimate_of, scaled
from plaudit.statistics.results import (
    Breakdown,
    Comparison,
    Difference,
    Estimate,
    Interval,
    Measure,
    Ranking,
    Series,
    Verdict,
)

ROWS_MAX = 100  # of one chart; a table has them all

SCALES = {
    Measure.SATISFACTION: Scale(),
    Measure.RESPONSE_RATE: Scale(from_nought=True),
    Measure.DISLIKES_PER_ANSWER: Scale(suffix="", most=1000.0, from_nought=True),
}
COLOURS = {Verdict.BETTER: "good", Verdict.WORSE: "bad"}


@dataclass(frozen=True, slots=True)
class Sketch:
    """A chart before it is drawn. `alt` says what it shows to whoever does not see it."""

    wide: Spec
    narrow: Spec | None
    alt: str


@dataclass(frozen=True, slots=True)
class Figure:
    """A chart as a page shows it: addresses of pictures that are in them, and their sizes."""

    wide: str
    narrow: str | None
    alt: str
    size: tuple[int, int]
    narrow_size: tuple[int, int] | None


async def drawn(drawing: Drawing, sketches: Sequence[Sketch]) -> list[Figure | None]:
    """A figure each, in order; None where there is none to be had."""
    specs = [spec for sketch in sketches for spec in (sketch.wide, sketch.narrow) if spec is not None]
    pictures = iter(await drawing.svgs(specs))
    return [_figure(sketch, next(pictures), next(pictures) if sketch.narrow else None) for sketch in sketches]


def trend_sketch(words: Words, series: Series, measure: Measure, frame: Frame = WIDE) -> Sketch:
    """`frame`: `FULL` where a chart has the page's whole width."""
    moments, scale = _moments(words, series, measure), SCALES[measure]
    return Sketch(trend(moments, scale, frame), trend(moments, scale, NARROW), _trend_alt(words, series, measure))


def spark_sketch(words: Words, series: Series, measure: Measure) -> Sketch:
    return Sketch(spark(_moments(words, series, measure), SCALES[measure]), None, _trend_alt(words, series, measure))


def ranking_sketch(words: Words, ranking: Ranking, reference: Estimate | None) -> Sketch:
    rows = [_row(words, one.value, one.rates.satisfaction.value, one.simultaneous, Measure.SATISFACTION)
            for one in ranking.ranked[:ROWS_MAX]]
    middle = None if reference is None or reference.value is None else 100 * reference.value
    alt = words.t("figure.ranking", dimension=words.dimension(ranking.by), count=len(rows))
    scale = SCALES[Measure.SATISFACTION]
    return Sketch(forest(rows, scale, FULL, reference=middle), forest(rows, scale, NARROW, reference=middle), alt)


def breakdown_sketch(words: Words, breakdown: Breakdown, measure: Measure, frame: Frame = WIDE) -> Sketch:
    rows = []
    for group in breakdown.groups[:ROWS_MAX]:
        estimate = estimate_of(group.rates, measure)
        rows.append(_row(words, group.value, estimate.value if estimate else None, estimate, measure))
    alt = words.t("figure.breakdown", measure=words.measure(measure), dimension=words.dimension(breakdown.by))
    return Sketch(forest(rows, SCALES[measure], frame), forest(rows, SCALES[measure], NARROW), alt)


def differences_sketch(words: Words, comparison: Comparison, measure: Measure) -> Sketch:
    rows = [_difference_row(words, one) for one in comparison.differences if one.measure is measure][:ROWS_MAX]
    margin = 100 * comparison.margin if measure is Measure.SATISFACTION else None
    alt = words.t("figure.differences", measure=words.measure(measure), baseline=words.name(comparison.arms[0].value))
    scale = SCALES[measure]
    return Sketch(forest(rows, scale, FULL, about_nought=True, margin=margin),
                  forest(rows, scale, NARROW, about_nought=True, margin=margin), alt)


# ---------------------------------------------------------------- rows and moments


def _moments(words: Words, series: Series, measure: Measure) -> list[Moment]:
    alerts = {alert.start for alert in series.alerts if alert.measure is measure and not alert.dimension}
    return [_moment(measure, point.start, words.tick(point.start, series.per), estimate_of(point.rates, measure),
                    alert=point.start in alerts) for point in series.points]


def _moment(measure: Measure, start: int, label: str, estimate: Estimate | None, *, alert: bool) -> Moment:
    if estimate is None or estimate.value is None:
        return Moment(start, label, None, None, None)
    low, high = (None if end is None else _rounded(measure, end) for end in (estimate.low, estimate.high))
    return Moment(start, label, _rounded(measure, estimate.value), low, high, alert)


def _row(words: Words, name: str | None, value: float | None, interval: Estimate | Interval | None, measure: Measure
         ) -> Row:
    low, high = (interval.low, interval.high) if interval else (None, None)
    return Row(words.name(name), None if value is None else _rounded(measure, value),
               None if low is None else _rounded(measure, low), None if high is None else _rounded(measure, high),
               words.value(measure, value))


def _difference_row(words: Words, one: Difference) -> Row:
    if one.always is None:
        return Row(words.name(one.arm), None, None, None, words.value(one.measure, None))
    value, low, high = (scaled(one.measure, end) for end in (one.always.value, one.always.low, one.always.high))
    inner = (scaled(one.measure, one.fixed.low), scaled(one.measure, one.fixed.high)) if one.fixed else None
    return Row(words.name(one.arm), value, low, high, words.points(one.always.value, one.measure), inner,
               COLOURS.get(one.verdict, "open"))


def _rounded(measure: Measure, value: float) -> float:
    return round(scaled(measure, value), 2)


# ---------------------------------------------------------------- pictures


def _figure(sketch: Sketch, wide: str | None, narrow: str | None) -> Figure | None:
    if wide is None:
        return None
    return Figure(_address(wide), _address(narrow) if narrow else None, sketch.alt, _size(sketch.wide),
                  _size(sketch.narrow) if sketch.narrow else None)


def _address(svg: str) -> str:
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()


def _size(spec: Spec) -> tuple[int, int]:
    room = spec["padding"]
    return spec["width"] + room["left"] + room["right"], spec["height"] + room["top"] + room["bottom"]


def _trend_alt(words: Words, series: Series, measure: Measure) -> str:
    estimates = ((point.start, estimate_of(point.rates, measure)) for point in series.points)
    shown = [(start, found.value) for start, found in estimates if found and found.value is not None]
    if not shown:
        return words.t("figure.nothing", measure=words.measure(measure))
    (since, first), (until, last) = shown[0], shown[-1]
    return words.t("figure.trend", measure=words.measure(measure), first=words.value(measure, first),
                   last=words.value(measure, last), since=words.period(since, series.per),
                   until=words.period(until, series.per))
