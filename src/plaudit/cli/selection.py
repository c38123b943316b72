"""Which answers a command counts: the options that `report` and `compare` share, and the store that is only read."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from plaudit.cli import Misused
from plaudit.counts import Dimension, Selection
from plaudit.errors import Invalid
from plaudit.model import AuthLevel, Instant, Project

if TYPE_CHECKING:
    from plaudit.analytics import Analytics

ALL = "all"
DAYS = re.compile(r"([1-9][0-9]{0,4})d", re.ASCII)
SINCE_DEFAULT = "30d"

Project_ = Annotated[str | None, typer.Option("--project", help="Whose answers; default: the default project.",
                                              show_default=False)]
Since = Annotated[str, typer.Option(help="Shown since when: 30d for the last thirty days, a day such as 2026-11-22, an "
                                         "RFC 3339 instant that begins an hour, or `all`.")]
Until = Annotated[str | None, typer.Option(help="Shown before when: a day or an instant; default: now.",
                                           show_default=False)]
Model = Annotated[str | None, typer.Option(help="Of this model only; an empty text: of none.", show_default=False)]
PromptVersion = Annotated[str | None, typer.Option(help="Of this prompt version only.", show_default=False)]
Arm = Annotated[list[str], typer.Option(metavar="EXPERIMENT=ARM", help="Of this arm of an experiment only; repeat for "
                                                                       "several experiments.", show_default=False)]
Locale = Annotated[str | None, typer.Option(help="In this locale only.", show_default=False)]
Platform = Annotated[str | None, typer.Option(help="On this platform only.", show_default=False)]
Level = Annotated[AuthLevel | None, typer.Option("--auth-level", help="By voters who were known in this way only.",
                                                 show_default=False)]
Comment = Annotated[bool | None, typer.Option("--comment/--no-comment", help="Votes with a comment only, or without.",
                                              show_default=False)]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, as the API has it.")]


@dataclass(frozen=True, slots=True)
class Wanted:
    """The options as they were given."""

    since: str
    until: str | None
    model: str | None
    prompt_version: str | None
    arms: list[str]
    locale: str | None
    platform: str | None
    auth_level: AuthLevel | None
    has_comment: bool | None

    def selection(self, project: Project, now: Instant) -> Selection:
        """Raises `Misused`."""
        return Selection(
            since=since(self.since, project.time_zone, now),
            until=None if self.until is None else _instant(self.until, "--until", project.time_zone),
            model=self.model,
            prompt_version=self.prompt_version,
            arms=dict(map(arm, self.arms)),
            locale=self.locale,
            platform=self.platform,
            auth_level=self.auth_level,
            has_comment=self.has_comment,
        )


def since(text: str, time_zone: str, now: Instant) -> Instant | None:
    """`30d` are today and the 29 days before it."""
    from plaudit.http import hours

    if text == ALL:
        return None
    if days := DAYS.fullmatch(text):
        return hours.days_before(now, int(days[1]) - 1, time_zone)
    return _instant(text, "--since", time_zone)


def _instant(text: str, option: str, time_zone: str) -> Instant:
    from plaudit.http import hours

    try:
        return hours.read(text, option, time_zone)
    except Invalid as error:
        raise Misused(f"{option}: {error.reason}") from error


def arm(text: str) -> tuple[str, str]:
    experiment, equals, name = text.partition("=")
    if not (experiment and equals and name):
        raise Misused(f'--arm: "{text}" is not EXPERIMENT=ARM, such as greeting=b')
    return experiment, name


def dimension(text: str) -> Dimension:
    from plaudit.http.api.analytics_query import dimension as read

    try:
        return read(text, "--by")
    except Invalid as error:
        raise Misused(f"--by: {error.reason}") from error


@asynccontextmanager
async def asked(config: Path | None, project: str | None, wanted: Wanted
                ) -> AsyncIterator[tuple["Analytics", Project, Selection]]:
    """What counts, whose answers, and which. The database is only read, also while a server writes.

    Raises `Misused` for what cannot be asked; `CannotOpen`, `WrongDatabase`, `SettingsError`.
    """
    from plaudit.bootstrap import now, reading
    from plaudit.cli.key import find_project
    from plaudit.cli.options import read

    configuration = read(config)
    owner = find_project(configuration, project)
    selection = wanted.selection(owner, now())
    async with reading(configuration) as analytics:
        try:
            yield analytics, owner, selection
        except Invalid as error:
            raise Misused(f"{error.field}: {error.reason}") from error
