"""`plaudit compare`"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from plaudit.cli import Misused
from plaudit.cli import selection as chosen
from plaudit.cli.options import Config
from plaudit.cli.selection import AsJson, Comment, Level, Locale, Model, Platform, PromptVersion, Since, Until
from plaudit.counts import Dimension, Selection
from plaudit.model import Project
from plaudit.statistics.results import Comparison

if TYPE_CHECKING:
    from plaudit.cli.selection import Wanted

MARGIN = 0.02
NUMBER = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Compared:
    """All that is shown, however it is shown."""

    project: Project
    selection: Selection
    comparison: Comparison


def compare(by: Annotated[str, typer.Option(help="What tells the arms apart: model, prompt_version, locale, platform, "
                                                 "auth_level or arm:EXPERIMENT.")],
            arms: Annotated[list[str] | None, typer.Argument(help="Which, the baseline first; default: all, most votes "
                                                                  "first.", show_default=False)] = None,
            margin: Annotated[float, typer.Option(min=0.001, max=0.5, help="What counts as no difference of "
                                                                           "satisfaction.")] = MARGIN,
            expected: Annotated[str | None, typer.Option(help="How answers were to be dealt out among the arms: 1,1 or "
                                                              "0.9,0.1.", show_default=False)] = None,
            since: Since = chosen.ALL, until: Until = None, model: Model = None, prompt_version: PromptVersion = None,
            arm: chosen.Arm = [],  # noqa: B006 -- typer copies it
            locale: Locale = None, platform: Platform = None, auth_level: Level = None, comment: Comment = None,
            as_json: AsJson = False, project: chosen.Project_ = None, config: Config = None) -> None:
    """Say whether people like one better than another.

    The verdict may be asked for every day: it holds however often one looks. It says what cannot be told yet, and warns
    when another dimension explains a difference. Only reads the database; the server may run.

    Examples:

      plaudit compare --by prompt_version v6 v7

      plaudit compare --by arm:greeting a b --expected 1,1 --locale de

      plaudit compare --by model --since 30d
    """
    import uvloop

    from plaudit.cli import logs

    logs.configure("text", events=False)
    wanted = chosen.Wanted(since, until, model, prompt_version, arm, locale, platform, auth_level, comment)
    found = uvloop.run(_compared(config, project, wanted, chosen.dimension(by), arms or [], margin,
                                 weights(expected)))
    if as_json:
        print(json.dumps(as_wire(found), ensure_ascii=False))
    else:
        from plaudit.cli import compare_text

        compare_text.show(found)


async def _compared(config: Path | None, project: str | None, wanted: Wanted, by: Dimension, arms: list[str],
                    margin: float, expected: tuple[float, ...] | None) -> Compared:
    async with chosen.asked(config, project, wanted) as (analytics, owner, selection):
        values = [arm or None for arm in arms]
        return Compared(owner, selection, await analytics.compare(
            owner, selection, by, values, margin=margin, expected=expected))


def weights(text: str | None) -> tuple[float, ...] | None:
    """As shares. Raises `Misused`."""
    if text is None:
        return None
    parts = text.split(",")
    if not all(NUMBER.fullmatch(part) and float(part) > 0 for part in parts):
        raise Misused(f'--expected: "{text}" is not a list of numbers above nought, such as 1,1 or 0.9,0.1')
    given = [float(part) for part in parts]
    return tuple(weight / sum(given) for weight in given)


def as_wire(found: Compared) -> dict[str, Any]:
    """As the API has it."""
    from plaudit.http.api import analytics_wire as wire

    return {"project": found.project.id, **wire.asked(found.project, found.selection),
            **wire.comparison(found.comparison)}
