"""The pages of numbers: overview, trends, comparison, ranking. What a number is, `analytics` says; here it is laid
out."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from plaudit.analytics import Analytics
from plaudit.charts.drawing import Drawing
from plaudit.charts.specs import FULL
from plaudit.counts import Attribute, Dimension
from plaudit.errors import Invalid
from plaudit.http.dashboard.figures import (
    breakdown_sketch,
    differences_sketch,
    drawn,
    ranking_sketch,
    spark_sketch,
    trend_sketch,
)
from plaudit.http.dashboard.filters import FilterForm, Named, filter_form
from plaudit.http.dashboard.rendering import PATH
from plaudit.http.dashboard.view import NONE, View, dimension
from plaudit.http.dashboard.visit import Visit
from plaudit.http.dashboard.words import estimate_of
from plaudit.http.metrics import Metrics
from plaudit.statistics.results import Alert, Comparison, Measure, Mover, Overview, Series

ALERTS_MAX = 6
MOVERS_MAX = 6
MARGIN_POINTS = "2"
FIRST_CHOICES = (Attribute.PROMPT_VERSION, Attribute.MODEL, Attribute.ARM)  # what people compare most
Values = Mapping[Dimension, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Told:
    """A finding, and where to look at what it is about."""

    text: str
    link: str
    what: str = ""


class NumberPages:
    def __init__(self, analytics: Analytics, drawing: Drawing, metrics: Metrics) -> None:
        self._analytics = analytics
        self._drawing = drawing
        self._metrics = metrics

    async def overview(self, visit: Visit) -> Response:
        project, view = visit.project, visit.view
        values, found = await asyncio.gather(
            self._analytics.dimensions(project.id), self._analytics.overview(project, view.selection, view.per))
        measure = measure_of(visit.view)
        sketches = [trend_sketch(visit.words, found.series, measure),
                    *[spark_sketch(visit.words, found.series, each) for each in Measure]]
        figure, *sparks = await drawn(self._drawing, sketches)
        return visit.page(
            "overview.html", **self._around(visit, values), found=found, measure=measure, measures=list(Measure),
            figure=figure, sparks=dict(zip(Measure, sparks, strict=True)), estimate=estimate_of,
            alerts=_alerts(visit, found), movers=[_mover(visit, one) for one in found.movers[:MOVERS_MAX]],
            unsure=measure in _unsure(found.series),
            unknown=self._metrics.unknown_messages(visit.project.id), empty=is_empty(found, values),
        )

    async def trends(self, visit: Visit) -> Response:
        values = await self._analytics.dimensions(visit.project.id)
        by = chosen_dimension(visit.view, values, Attribute.MODEL)
        series, breakdown = await asyncio.gather(
            self._analytics.series(visit.project, visit.view.selection, visit.view.per),
            self._analytics.breakdown(visit.project, visit.view.selection, by))
        measure = measure_of(visit.view)
        sketches = [*[trend_sketch(visit.words, series, each, FULL) for each in Measure],
                    breakdown_sketch(visit.words, breakdown, measure, FULL)]
        *trends, figure = await drawn(self._drawing, sketches)
        return visit.page(
            "trends.html", **self._around(visit, values), series=series, breakdown=breakdown, measure=measure,
            measures=list(Measure), trends=dict(zip(Measure, trends, strict=True)), figure=figure, by=by,
            dimensions=dimensions_named(visit, values, by), estimate=estimate_of,
            unsure=_unsure(series), empty=not any(point.rates.shown or point.rates.votes for point in series.points),
        )

    async def ranking(self, visit: Visit) -> Response:
        values = await self._analytics.dimensions(visit.project.id)
        by = chosen_dimension(visit.view, values, Attribute.MODEL)
        ranking, rates = await asyncio.gather(
            self._analytics.ranking(visit.project, visit.view.selection, by),
            self._analytics.summary(visit.project, visit.view.selection))
        [figure] = await drawn(self._drawing, [ranking_sketch(visit.words, ranking, rates.satisfaction)])
        return visit.page(
            "ranking.html", **self._around(visit, values), ranking=ranking, rates=rates, figure=figure, by=by,
            dimensions=dimensions_named(visit, values, by), measures=list(Measure),
        )

    async def compare(self, visit: Visit) -> Response:
        values = await self._analytics.dimensions(visit.project.id)
        by = chosen_dimension(visit.view, values, *FIRST_CHOICES)
        measure, margin = measure_of(visit.view), _margin(visit.view)
        comparison = await self._compared(visit, by, margin)
        figure = None
        if comparison:
            [figure] = await drawn(self._drawing, [differences_sketch(visit.words, comparison, measure)])
        return visit.page(
            "compare.html", **self._around(visit, values), comparison=comparison, measure=measure,
            measures=list(Measure), figure=figure, by=by, dimensions=dimensions_named(visit, values, by),
            arms=_arms(visit, values.get(by, ()), comparison), margin=f"{100 * margin:g}",
        )

    async def _compared(self, visit: Visit, by: Dimension, margin: float) -> Comparison | None:
        """None where there are not two arms to compare."""
        arms = [None if arm == NONE else arm for arm in arms_asked(visit.view)]
        try:
            return await self._analytics.compare(visit.project, visit.view.selection, by, arms, margin=margin)
        except Invalid as error:
            if error.field == "arms":
                return None
            raise

    def _around(self, visit: Visit, values: Values) -> dict[str, Any]:
        form: FilterForm = filter_form(visit, values)
        return {"filters": form, "draws": self._drawing.draws, "base_url": str(visit.request.base_url).rstrip("/")}


# ---------------------------------------------------------------- what the address asks for


def measure_of(view: View) -> Measure:
    """Raises `Invalid`."""
    try:
        return Measure(view.get("measure", Measure.SATISFACTION))
    except ValueError:
        raise Invalid("measure", f"must be one of {', '.join(Measure)}") from None


def chosen_dimension(view: View, values: Values, *first: Attribute) -> Dimension:
    """The one asked for, else the first of these that has at least two values, else the first of these."""
    if asked := view.get("by"):
        return dimension(asked)
    many = [by for by, found in values.items() if len(found) > 1]
    for attribute in first:
        for by in many:
            if by.attribute is attribute:
                return by
    return Dimension(first[0])


def arms_asked(view: View) -> list[str]:
    """The baseline first; empty when it was left open."""
    arms, baseline = list(dict.fromkeys(view.all("arms"))), view.get("baseline")
    if not baseline:
        return arms
    return [baseline, *[arm for arm in arms if arm != baseline]] if arms else []


def _margin(view: View) -> float:
    """Points of percent, as a fraction. Raises `Invalid`."""
    try:
        points = float(view.get("margin", MARGIN_POINTS))
    except ValueError:
        points = -1.0
    if not 0 < points <= 50:  # noqa: PLR2004 -- half of everything
        raise Invalid("margin", "must be a number of points, more than 0 and at most 50")
    return points / 100


# ---------------------------------------------------------------- what a page says


def is_empty(found: Overview, values: Values) -> bool:
    """Was nothing ever registered?"""
    return not found.rates.shown and not found.rates.votes and not any(values.values())


def dimensions_named(visit: Visit, values: Values, by: Dimension) -> list[Named]:
    """Those that there are, and those that every project has."""
    always = [Dimension(attribute) for attribute in Attribute
              if attribute is not Attribute.ARM and (attribute is not Attribute.REASON or visit.project.reasons)]
    known = sorted({*always, *values, by}, key=str)
    return [Named(str(one), visit.words.dimension(one), chosen=one == by) for one in known]


def _arms(visit: Visit, values: Sequence[str], comparison: Comparison | None) -> list[Named]:
    """Every value of the dimension; chosen are those that are compared, the baseline first among them."""
    compared = [group.value for group in comparison.arms] if comparison else []
    asked = arms_asked(visit.view)
    names = dict.fromkeys([*(NONE if value is None else value for value in compared), *asked, *values])
    chosen = set(asked) or {NONE if value is None else value for value in compared}
    return [Named(name, visit.words.name(None if name == NONE else name), chosen=name in chosen) for name in names]


def _alerts(visit: Visit, found: Overview) -> list[Told]:
    newest = sorted(found.series.alerts, key=lambda alert: (-alert.start, alert.dimension is not None))
    return [_alert(visit, found, alert) for alert in newest[:ALERTS_MAX]]


def _alert(visit: Visit, found: Overview, alert: Alert) -> Told:
    text = visit.words.alerted(alert, found.series.per)
    by, value = alert.dimension, alert.group
    if by is None:
        return Told(text, visit.view.url(f"{PATH}/trends"))
    return Told(text, visit.view.url(f"{PATH}/trends", **{str(by): NONE if value is None else value}),
                f"{visit.words.dimension(by)}: {visit.words.name(value)}")


def _unsure(series: Series) -> set[Measure]:
    """The measures that have a value without an interval in some period."""
    estimates = ((measure, estimate_of(point.rates, measure)) for point in series.points for measure in Measure)
    return {measure for measure, found in estimates if found and found.value is not None and found.low is None}


@dataclass(frozen=True, slots=True)
class Moved:
    mover: Mover
    name: str
    dimension: str
    link: str


def _mover(visit: Visit, mover: Mover) -> Moved:
    value = NONE if mover.value is None else mover.value
    link = visit.view.url(f"{PATH}/review", **{str(mover.dimension): value})
    return Moved(mover, visit.words.name(mover.value), visit.words.dimension(mover.dimension), link)


