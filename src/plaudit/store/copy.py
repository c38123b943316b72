"""A whole database into another, of either kind: table by table, in the order of their keys, history included.

DESIGN. The source stands still: nobody may write it, and it is read from one snapshot. Batches of rows go over, each in
one transaction, so that memory stays the same however much there is. An interrupted copy goes on after the last key of
each table in the target. A mark in the target says whose copy it is; while the mark is there, no server uses it.

GUARANTEE. The mark goes only after every row of both databases has been read again, side by side, and found equal.
"""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Protocol

import msgspec

from plaudit.errors import PlauditError
from plaudit.store.copy_tables import TABLES, Row, Table

ENDS_ROWS = 100  # of a table's beginning and end, by which a source is known again

_lines = msgspec.json.Encoder().encode_lines


class CopyFailed(PlauditError):
    """The copy could not be made"""

    code = "copy_failed"


class GaveWay(CopyFailed):
    """A database failed under the copy, or could not be used at all. Put that right, and run it again"""


@dataclass(frozen=True, slots=True)
class Compared:
    """A table that is the same on both sides."""

    table: str
    rows: int
    sha256: str  # of its rows in the order of their keys, as lines of JSON


class Progress(Protocol):
    def start(self, what: str, table: str, rows: int, done_rows: int) -> None: ...

    def advance(self, rows: int) -> None: ...


class Source(Protocol):
    """A database that stands still. Everything here raises `CopyFailed` when the database cannot say."""

    @property
    def name(self) -> str: ...  # as people may see it, without a password

    async def count(self, table: Table) -> int: ...

    async def rows(self, table: Table, limit: int, *, after: Row | None = None, descending: bool = False) -> list[Row]:
        """By key, from the first, from the last (`descending`), or those that follow a key."""


class Target(Source, Protocol):
    """A database that nobody else uses, with this version's tables in it."""

    async def unfinished(self) -> str | None:
        """Of which source a copy has begun here and not ended; None when there is none."""

    async def begin(self, source: str) -> None:
        """Set the mark."""

    async def append(self, table: Table, rows: list[Row]) -> None:
        """All of them, in one transaction. Raises `CopyFailed` naming a row that cannot be stored here."""

    async def clear(self) -> None:
        """Throw an unfinished copy away, and its mark."""

    async def finish(self) -> None:
        """Make a server able to go on from here, and take the mark away."""


async def copy(source: Source, target: Target, progress: Progress, *, restart: bool = False) -> list[Compared]:
    """Copy, or go on copying, then compare. `restart` throws away what an unfinished copy left in the target.

    Raises `CopyFailed`; what was copied so far stays.
    """
    totals = {table: await source.count(table) for table in TABLES}
    await _begin(source, target, totals, restart=restart)
    for table in TABLES:
        await _copy_table(source, target, table, totals[table], progress)
    compared = await compare(source, target, progress, totals)
    await target.finish()
    return compared


async def compare(source: Source, target: Source, progress: Progress, totals: Mapping[Table, int] | None = None
                  ) -> list[Compared]:
    """Read both, row by row. Raises `CopyFailed` naming the first row that differs."""
    totals = totals or {table: await source.count(table) for table in TABLES}
    return [await _compare_table(source, target, table, totals[table], progress) for table in TABLES]


# ---------------------------------------------------------------- steps


async def _begin(source: Source, target: Target, totals: Mapping[Table, int], *, restart: bool) -> None:
    """Raises `CopyFailed` unless the target is empty or holds the beginning of this very copy."""
    known_as = await _known_as(source, totals)
    begun = await target.unfinished()
    if begun is not None and restart:
        await target.clear()
        begun = None
    if begun is None:
        await _refuse_rows(target)
        await target.begin(known_as)
    elif begun != known_as:
        raise CopyFailed(f"{target.name} holds an unfinished copy of another database, or {source.name} has changed "
                         "since it began. Begin anew with --restart, which throws that copy away")


async def _known_as(source: Source, totals: Mapping[Table, int]) -> str:
    """By what it holds: names and places change with a failover, a backup or a move, and it is the same all the same.

    A change in the midst of a table that leaves all this as it was is found by the comparison.
    """
    digest = hashlib.sha256()
    for table in TABLES:
        ends = [await source.rows(table, ENDS_ROWS, descending=descending) for descending in (False, True)]
        digest.update(_lines([(table.name, totals[table]), *ends[0], *ends[1]]))
    return digest.hexdigest()


async def _refuse_rows(target: Target) -> None:
    for table in TABLES:
        if await target.rows(table, 1):
            raise CopyFailed(f"{target.name} has {table.name} already, and a copy goes into an empty database. Name "
                             "another one; or compare the two with --verify")


async def _copy_table(source: Source, target: Target, table: Table, total: int, progress: Progress) -> None:
    last = await target.rows(table, 1, descending=True)
    after = table.key_of(last[0]) if last else None
    progress.start("copied", table.name, total, await target.count(table) if last else 0)
    async with aclosing(_batches(source, table, after)) as batches:
        async for rows in batches:
            await target.append(table, rows)
            progress.advance(len(rows))


async def _compare_table(source: Source, target: Source, table: Table, total: int, progress: Progress) -> Compared:
    digest, count, nothing = hashlib.sha256(), 0, list[Row]()
    progress.start("verified", table.name, total, 0)
    async with aclosing(_batches(source, table)) as ours, aclosing(_batches(target, table)) as theirs:
        while True:
            these, those = await anext(ours, nothing), await anext(theirs, nothing)  # both are read ahead
            if these != those:
                raise _difference(source, target, table, these, those)
            if not these:
                return Compared(table.name, count, digest.hexdigest())
            digest.update(_lines(these))
            count += len(these)
            progress.advance(len(these))


async def _batches(side: Source, table: Table, after: Row | None = None) -> AsyncGenerator[list[Row]]:
    """A table's rows from there on. While a batch is worked on, the next one is read."""
    coming = asyncio.ensure_future(side.rows(table, table.batch_rows, after=after))
    try:
        while rows := await coming:
            after = table.key_of(rows[-1])
            coming = asyncio.ensure_future(side.rows(table, table.batch_rows, after=after))
            yield rows
    finally:
        await asyncio.gather(coming, return_exceptions=True)  # nothing may use the connection when this ends


def _difference(source: Source, target: Source, table: Table, these: list[Row], those: list[Row]) -> CopyFailed:
    number = next((n for n, (one, other) in enumerate(zip(these, those, strict=False)) if one != other),
                  min(len(these), len(those)))
    keys = [table.key_of(rows[number]) for rows in (these, those) if number < len(rows)]
    return CopyFailed(f"{target.name} is not what {source.name} is: they differ in {table.name} at {shown(min(keys))}. "
                      "Copy anew with --restart, or into another empty database")


def shown(key: Row) -> str:
    """A key for a line of text, whatever is in it."""
    return msgspec.json.encode(key).decode("ascii", "backslashreplace")
