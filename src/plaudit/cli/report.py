"""`plaudit report`"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from plaudit.cli import Misused
from plaudit.cli import selection as chosen
from plaudit.cli.options import Config
from plaudit.cli.selection import AsJson, Comment, Level, Locale, Model, Platform, PromptVersion, Since, Until
from plaudit.counts import Attribute, Dimension, Period, Selection
from plaudit.model import Instant, Project
from plaudit.statistics.results import Breakdown, Measure, Overview

if TYPE_CHECKING:
    from plaudit.analytics import Analytics
    from plaudit.cli.selection import Wanted

USUAL = (Dimension(Attribute.MODEL), Dimension(Attribute.PROMPT_VERSION))
PICTURES = (".png", ".svg")


class Drawn(StrEnum):
    """What a picture shows, as the API calls it."""

    SATISFACTION = "satisfaction"
    RESPONSE_RATE = "response_rate"
    DISLIKES_PER_THOUSAND = "dislikes_per_thousand"

    @property
    def measure(self) -> Measure:
        return Measure.DISLIKES_PER_ANSWER if self is Drawn.DISLIKES_PER_THOUSAND else Measure(self.value)


@dataclass(frozen=True, slots=True)
class Report:
    """All that is shown, however it is shown."""

    project: Project
    selection: Selection
    at: Instant
    overview: Overview
    breakdowns: tuple[Breakdown, ...]


def report(since: Since = chosen.SINCE_DEFAULT, until: Until = None, per: Annotated[Period, typer.Option(
               help="How long a period of the trend is.")] = Period.DAY,
           by: Annotated[list[str], typer.Option(help="Also apart for each model, prompt_version, locale, platform, "
                                                      "auth_level or arm:EXPERIMENT; repeat for several. Default: "
                                                      "model and prompt_version.", show_default=False)] = [],  # noqa: B006 -- typer copies it
           model: Model = None, prompt_version: PromptVersion = None, arm: chosen.Arm = [],  # noqa: B006 -- as above
           locale: Locale = None, platform: Platform = None, auth_level: Level = None, comment: Comment = None,
           html: Annotated[Path | None, typer.Option(help="Write one HTML file that needs nothing else.",
                                                     show_default=False)] = None,
           chart: Annotated[Path | None, typer.Option(help="Write a picture, .png or .svg: the trend, or with --by the "
                                                           "groups.", show_default=False)] = None,
           of: Annotated[Drawn, typer.Option("--of", help="What the picture shows.")] = Drawn.SATISFACTION,
           as_json: AsJson = False, project: chosen.Project_ = None, config: Config = None) -> None:
    """Say how people like the answers.

    Satisfaction, response rate and dislikes per thousand answers, each with its 95 % interval, in which people count
    and not votes; the trend, what moved, and the same for each model and prompt version. Only reads the database; the
    server may run.

    Examples:

      plaudit report

      plaudit report --since 90d --per week --by locale

      plaudit report --since all --html report.html

      plaudit report --by model --chart models.svg
    """
    import uvloop

    from plaudit.cli import logs

    if chart and chart.suffix.lower() not in PICTURES:
        raise Misused(f"--chart: {chart} must end in .png or .svg")
    logs.configure("text", events=False)
    wanted = chosen.Wanted(since, until, model, prompt_version, arm, locale, platform, auth_level, comment)
    dimensions = tuple(map(chosen.dimension, by))
    found = uvloop.run(_report(config, project, wanted, per, dimensions))
    if html or chart:
        _write(found, html, chart, of.measure, grouped=bool(by))
    elif as_json:
        print(json.dumps(as_wire(found), ensure_ascii=False))
    else:
        from plaudit.cli import report_text

        report_text.show(found)


async def _report(config: Path | None, project: str | None, wanted: Wanted, per: Period, by: tuple[Dimension, ...]
                  ) -> Report:
    from plaudit.bootstrap import now

    async with chosen.asked(config, project, wanted) as (analytics, owner, selection):
        overview = await analytics.overview(owner, selection, per)
        by = by or await _usual(analytics, owner)
        breakdowns = [await analytics.breakdown(owner, selection, each) for each in by]
        return Report(owner, selection, now(), overview, tuple(breakdowns))


async def _usual(analytics: Analytics, project: Project) -> tuple[Dimension, ...]:
    """What there is more than one of."""
    there = await analytics.dimensions(project.id)
    return tuple(each for each in USUAL if len(there.get(each, ())) > 1)


def _write(found: Report, html: Path | None, chart: Path | None, measure: Measure, *, grouped: bool) -> None:
    from plaudit.cli import report_page

    if html:
        html.write_text(report_page.page(found), encoding="utf-8")
        print(f"Written: {html}")
    if chart:
        chart.write_bytes(report_page.picture(found, measure, chart.suffix.lower(), grouped=grouped))
        print(f"Written: {chart}")


def as_wire(found: Report) -> dict[str, Any]:
    """The parts as the API has each."""
    from plaudit.http.api import analytics_wire as wire

    overview = found.overview
    whole = tuple(alert for alert in overview.series.alerts if not alert.dimension)
    return {
        "project": found.project.id,
        **wire.asked(found.project, found.selection),
        "summary": wire.rates(overview.rates),
        "before": overview.before and wire.rates(overview.before),
        "series": wire.series(replace(overview.series, alerts=whole)),
        "group_alerts": [{"by": str(alert.dimension), "group": alert.group,
                          **wire.alert(alert, overview.series.time_zone)}
                         for alert in overview.series.alerts if alert.dimension],
        "movers": [wire.mover(each) for each in overview.movers],
        "breakdowns": [wire.breakdown(each) for each in found.breakdowns],
    }
