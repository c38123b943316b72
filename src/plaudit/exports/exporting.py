"""The use case: all votes that stood at one moment, a part at a time, from the beginning or from a cursor on."""

import asyncio
import re
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field, replace
from typing import NamedTuple, Protocol

from plaudit.counts import Selection
from plaudit.errors import Invalid
from plaudit.exported import BEGINNING, ExportedVote, ExportPage, Moment, Position
from plaudit.exports.histories import with_history
from plaudit.exports.lines import Line, line, said_consent

ENTRIES = 500  # of the history, that are read at a time
CURSOR = re.compile(  # instants, numbers, and a snapshot: its bounds, then the transactions between them
    r"1\.([0-9]{1,14})\.([0-9]{1,18})\.([0-9]{1,15})\.([0-9]{1,15})\.([0-9]{1,18})"
    r"(?:\.([0-9]{1,18})\.([0-9]{1,18})((?:\.[0-9]{1,18})*))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where an export goes on, and the moment that it is of."""

    moment: Moment
    position: Position = BEGINNING

    def __str__(self) -> str:
        """Digits and dots only, so that it can stand anywhere."""
        numbers = (1, self.moment.at, self.moment.last_seq, self.moment.until, *self.position)
        snapshot = re.findall(r"[0-9]+", self.moment.snapshot or "")
        return ".".join([*map(str, numbers), *snapshot])


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which votes, and how. `consented`: only of answers whose metadata say `"consent": true`. `redacted`: without
    addresses, numbers and keys in what people and models wrote. `history`: each with all that was ever said of it, and
    those that were taken back."""

    selection: Selection = field(default_factory=Selection)
    consented: bool = False
    redacted: bool = False
    history: bool = False


class Part(NamedTuple):
    """Of at most `ENTRIES` of the history's entries. `cursor` goes on after it; None: that was all."""

    lines: list[Line]
    cursor: Cursor | None


class Source(Protocol):
    """What of `ports.Store` is asked."""

    async def export_moment(self, project_id: str) -> Moment: ...

    async def export_position(self, project_id: str, moment: Moment, after: Position, entries: int
                              ) -> Position | None: ...

    async def export(self, project_id: str, wanted: Selection, moment: Moment, after: Position, entries: int, *,
                     until: Position | None = None) -> ExportPage: ...


class Histories(Protocol):
    """The same of it, for who asks for histories."""

    async def export_histories(self, project_id: str, wanted: Selection, moment: Moment, after: Position, entries: int,
                               *, until: Position | None = None) -> ExportPage: ...


class Exports:
    def __init__(self, source: Source, histories: Histories | None = None) -> None:
        """`histories`: needed by who asks for them."""
        self._source = source
        self._histories = histories

    async def begin(self, project_id: str) -> Cursor:
        """Of this moment, from the beginning."""
        return Cursor(await self._source.export_moment(project_id))

    async def further(self, project_id: str, cursor: Cursor, entries: int) -> Cursor | None:
        """So many of the history's entries further on; None when that is behind the end."""
        position = await self._source.export_position(project_id, cursor.moment, cursor.position, entries)
        return position and replace(cursor, position=position)

    async def parts(self, project_id: str, wanted: Wanted, cursor: Cursor, *, until: Cursor | None = None
                    ) -> AsyncGenerator[Part]:
        """From there on, to the end or to another cursor of the same moment, which `further` gave."""
        end, position = until.position if until else None, cursor.position
        coming = self._read(project_id, wanted, cursor, end)
        try:
            while True:
                page = await asyncio.shield(coming)
                following = page.position and replace(cursor, position=page.position)
                position = page.position or position
                more = following and (end is None or position < end)
                if following and more:
                    coming = self._read(project_id, wanted, following, end)  # while this part is worked on
                yield Part(_lines(page, wanted), following)
                if not more:
                    return
        finally:
            await asyncio.gather(coming, return_exceptions=True)  # nothing may be asked of the store when this ends

    def _read(self, project_id: str, wanted: Wanted, at: Cursor, until: Position | None) -> "asyncio.Task[ExportPage]":
        read = self._histories.export_histories if wanted.history and self._histories else self._source.export
        return asyncio.ensure_future(read(
            project_id, wanted.selection, at.moment, at.position, ENTRIES, until=until))


def cursor_of(text: str) -> Cursor:
    """Raises `Invalid`. Whatever looks like a cursor is one."""
    found = CURSOR.fullmatch(text)
    if not found:
        raise Invalid("cursor", "is not one that this server gave")
    at, last_seq, until, after, seq = map(int, found.groups()[:5])
    low, high, between = found.groups()[5:]
    return Cursor(Moment(at, last_seq, until, low and _snapshot(low, high, between)), Position(after, seq))


def _snapshot(low: str, high: str, between: str) -> str:
    """As PostgreSQL reads it, whatever the numbers are."""
    first = max(int(low), 1)
    last = max(int(high), first)
    under_way = sorted({number for number in map(int, between.split(".")[1:]) if first <= number < last})
    return f"{first}:{last}:{','.join(map(str, under_way))}"


def _lines(page: ExportPage, wanted: Wanted) -> list[Line]:
    redacted = wanted.redacted
    if not wanted.history:
        return [line(vote, redacted=redacted) for vote in page.votes if _is_wanted(vote, wanted)]
    return [with_history(line(vote, redacted=redacted), past, redacted=redacted)
            for vote, past in zip(page.votes, page.pasts, strict=True) if _is_wanted(vote, wanted)]


def _is_wanted(vote: ExportedVote, wanted: Wanted) -> bool:
    return not wanted.consented or said_consent(vote.metadata)
