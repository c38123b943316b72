"""A database with something of everything, what is in one, and `plaudit copy` between two."""

import asyncio
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apsw
import asyncpg
import pytest
import uvloop
from command_line import Said, plaudit
from examples import ANNA, BORIS, DISLIKE, GUEST, LIKE, NOW, VISITOR, a_message, a_vote

from plaudit.deeds import Review
from plaudit.events import Endpoint, Settled
from plaudit.rules import decide
from plaudit.store import copy_postgres, copy_sqlite
from plaudit.store.copy import copy
from plaudit.store.copy_tables import TABLES
from plaudit.store.postgres_server import without_password
from plaudit.store.sqlite import SqliteStore

ODD_IDS = ["é", "e\u0301", "\uffff", "\U00010000", "'; --", "%", "A", "a", "~"]  # two of them stand otherwise in UTF-16
MANY = 600  # messages, of which a batch has 250
ENDPOINT = Endpoint("chat", "acme", "https://receiver.example/")

Contents = dict[str, list[tuple[Any, ...]]]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a database is, or will be."""

    url: str

    @property
    def on_postgres(self) -> bool:
        return self.url.startswith("postgresql:")

    @property
    def name(self) -> str:
        """As it is shown: without a password."""
        return without_password(self.url) if self.on_postgres else self.url

    @property
    def path(self) -> Path:
        return Path(self.url.removeprefix("sqlite:"))

    def execute(self, *statements: str) -> list[tuple[Any, ...]]:
        """What the last of them gives."""
        if self.on_postgres:
            return asyncio.run(_on_postgres(self.url, statements))
        return _on_sqlite(self.path, statements)

    def contents(self) -> Contents:
        """Every row that a copy must bring over."""
        return {table.name: self.execute(f"SELECT {', '.join(table.columns)} FROM {table.name} "
                                         f"ORDER BY {', '.join(table.key)}") for table in TABLES}


def _on_sqlite(path: Path, statements: tuple[str, ...]) -> list[tuple[Any, ...]]:
    with closing(apsw.Connection(str(path))) as connection:
        return [connection.execute(statement).fetchall() for statement in statements][-1]


async def _on_postgres(url: str, statements: tuple[str, ...]) -> list[tuple[Any, ...]]:
    connection = await asyncpg.connect(url, server_settings={"search_path": "plaudit"})
    try:
        return [list(map(tuple, await connection.fetch(statement))) for statement in statements][-1]
    finally:
        await connection.close()


def copied(capsys, source: Place, target: Place, *options: str) -> Said:
    """The command, in this process."""
    return plaudit(capsys, "copy", "--from", source.url, "--to", target.url, *options)


def with_everything(path: Path, comments: list[str]) -> Place:
    """A new SQLite database: odd ids, changed and removed votes, visitors, guests with several devices."""
    asyncio.run(_fill(path, comments))
    return Place(f"sqlite:{path}")


async def _fill(path: Path, comments: list[str]) -> None:
    store = await SqliteStore.open(path, decide, now=lambda: NOW, endpoints={"acme": [ENDPOINT]})
    try:
        await _register_and_vote(store, comments)
        await _tell(store)
        for number, device in enumerate(("late", "early", "third")):
            await store.bind_device("acme", "guest", device, NOW - number % 2, only_first=False)
        await store.bind_device("acme", "other guest", "late", NOW, only_first=True)
        await store.device_token_seen("acme", "guest", "early", NOW + 1)
        for device in ("a", "b"):
            await store.visitor("acme", device, f"visitor of {device}", NOW)
    finally:
        await store.close()


async def _tell(store: SqliteStore) -> None:
    """One event is told, one is to be told again, one is dead, and the others wait."""
    told, again, dead = [delivery.due for delivery in await store.claim(ENDPOINT, (), 3)]
    await store.settle([Settled(told), Settled(again, "status 500", NOW + 5000),
                        Settled(dead, "status 410", None, NOW)])


async def _register_and_vote(store: SqliteStore, comments: list[str]) -> None:
    ids = [*ODD_IDS, *(f"m-{number}" for number in range(MANY))]
    await store.register([a_message(it, content="…", arms={"e": it}, metadata={"a": [None, 1.5]}) for it in ids])
    await store.register([a_message("m-1", project_id="beta", conversation_id="c-2", owner=BORIS)])
    await store.register([a_message("v-1", conversation_id="c-3", owner=VISITOR),
                          a_message("g-1", conversation_id="c-4", owner=GUEST, model="model-a", locale="de")])
    for number, comment in enumerate(comments):
        await store.submit(a_vote(ids[number % 5], comment=comment, vote=(LIKE, DISLIKE)[number % 2], at=NOW + number))
    await store.submit(a_vote("m-1", project_id="beta", subject=BORIS))
    await store.submit(a_vote("v-1", subject=VISITOR))
    await store.submit(a_vote("v-1", subject=VISITOR, vote=None, at=NOW + 5))
    await asyncio.gather(*(store.submit(a_vote(it)) for it in ids))
    for number, message_id in enumerate((ids[-1], ids[-2])):
        await store.submit(a_vote(message_id, vote=DISLIKE, at=NOW + number))
    await store.review("acme", ids[-1], ANNA, 2, Review("wrong", None, "boris@support", NOW))


# ---------------------------------------------------------------- interrupted


class PowerGone(Exception):
    pass


def power_gone() -> None:
    raise PowerGone


class After:
    """A copy's progress to which something happens at a batch."""

    def __init__(self, batches: int, happens: Callable[[], None]) -> None:
        self.batches = batches
        self.happens = happens

    def start(self, *_: object) -> None:
        pass

    def advance(self, _rows: int) -> None:
        self.batches -= 1
        if not self.batches:
            self.happens()


def interrupted(source: Place, target: Place, batches: int) -> None:
    """A copy that ends after so many batches."""
    with pytest.raises(PowerGone):
        copied_until(source, target, batches, power_gone)


def copied_until(source: Place, target: Place, batches: int, happens: Callable[[], None]) -> None:
    """A copy to which something happens after so many batches."""

    async def begin() -> None:
        reads = copy_postgres.open_source(source.url) if source.on_postgres else copy_sqlite.open_source(source.path)
        writes = (copy_postgres.open_target(target.url, partitions=0) if target.on_postgres else
                  copy_sqlite.open_target(target.path))
        async with reads as ours, writes as theirs:
            await copy(ours, theirs, After(batches, happens))

    uvloop.run(begin())
