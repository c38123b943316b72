"""A report as one HTML file that needs nothing else, and its charts as pictures."""

import base64
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from plaudit.charts import render
from plaudit.charts.specs import Spec
from plaudit.cli import Misused
from plaudit.cli import report_words as said
from plaudit.cli.report import Report
from plaudit.http.dashboard import figures
from plaudit.http.dashboard.words import Words, estimate_of
from plaudit.statistics.results import Breakdown, Group, Measure, Rates

PNG = ".png"


def page(report: Report) -> str:
    """Light or dark, as the reader prefers. Without the extra that draws, the tables say it all."""
    environment = Environment(loader=PackageLoader("plaudit.cli"), autoescape=True, undefined=StrictUndefined,
                              trim_blocks=True, lstrip_blocks=True)
    words = said.words_of(report.project)
    return environment.get_template("report.html").render(
        project=report.project, title=said.title(report.project, report.selection, words),
        filters=said.filters(report.selection), at=words.moment(report.at), measures=said.MEASURES, names=said.NAMES,
        summary=[_cell(words, measure, report.overview.rates) for measure in said.MEASURES],
        trends=[(measure, _trend(words, report, measure)) for measure in said.MEASURES],
        periods=[(said.period(words, point.start, report.overview.series.per), _row(words, point.rates))
                 for point in report.overview.series.points],
        breakdowns=[_breakdown(words, each) for each in report.breakdowns],
        alerts=[said.alerted(words, report, alert) for alert in report.overview.series.alerts],
        notes=said.notes(report.overview.rates, *(group.rates for each in report.breakdowns for group in each.groups)),
    )


def picture(report: Report, measure: Measure, suffix: str, *, grouped: bool) -> bytes:
    """The trend, or the first breakdown's groups. Raises `Misused` where nothing draws."""
    if not render.can_draw():
        raise Misused("charts want the extra that draws them: pip install 'plaudit[dashboard]'")
    words = said.words_of(report.project)
    sketch = (figures.breakdown_sketch(words, report.breakdowns[0], measure) if grouped
              else figures.trend_sketch(words, report.overview.series, measure))
    return render.png(sketch.wide) if suffix == PNG else render.svg(sketch.wide).encode()


def _trend(words: Words, report: Report, measure: Measure) -> dict[str, str] | None:
    sketch = figures.trend_sketch(words, report.overview.series, measure)
    return _drawn(sketch.wide, sketch.alt)


def _breakdown(words: Words, breakdown: Breakdown) -> dict[str, Any]:
    sketch = figures.breakdown_sketch(words, breakdown, Measure.SATISFACTION)
    return {"name": words.dimension(breakdown.by), "chart": _drawn(sketch.wide, sketch.alt),
            "groups": [_group(words, group) for group in breakdown.groups]}


def _drawn(spec: Spec, alt: str) -> dict[str, str] | None:
    if not render.can_draw():
        return None
    return {"address": "data:image/svg+xml;base64," + base64.b64encode(render.svg(spec).encode()).decode(), "alt": alt}


def _group(words: Words, group: Group) -> tuple[str, list[Any]]:
    return words.name(group.value), _row(words, group.rates)


def _row(words: Words, rates: Rates) -> list[Any]:
    return [words.number(rates.shown), words.number(rates.votes),
            *(_cell(words, measure, rates) for measure in said.MEASURES)]


def _cell(words: Words, measure: Measure, rates: Rates) -> dict[str, str]:
    """A number, its interval, and one sentence that explains it."""
    estimate = estimate_of(rates, measure)
    return {"value": said.value(words, measure, estimate), "interval": said.interval(words, measure, estimate),
            "made_of": said.made_of(words, measure, estimate), "explained": words.explained(measure, estimate)}
