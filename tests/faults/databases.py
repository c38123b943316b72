"""Either database as the tests look into it, past the server: SQLite by its path, PostgreSQL by its URL."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypeVar

import apsw
import asyncpg
import pytest

from plaudit.store import postgres_connections, sqlite_plans
from plaudit.store.recount import differences

T = TypeVar("T")
Database = Path | str
Row = tuple[Any, ...]

EITHER = pytest.mark.parametrize("database", ["sqlite", "postgres"], indirect=True)  # for a test that runs on both

SCHEMA = "plaudit"
SOUND = [("ok",)]
TABLES = f"SELECT oid FROM pg_class WHERE relnamespace = '{SCHEMA}'::regnamespace AND relkind = 'r'"
INDEXES = (f"SELECT c.oid FROM pg_class AS c JOIN pg_am AS a ON a.oid = c.relam "
           f"WHERE c.relnamespace = '{SCHEMA}'::regnamespace AND c.relkind = 'i' AND a.amname = 'btree'")
DAMAGED_TABLES = f"SELECT t.oid::regclass::text, v.msg FROM ({TABLES}) AS t, LATERAL verify_heapam(t.oid) AS v"
CHECK_INDEXES = f"SELECT bt_index_check(i.oid, true, true) FROM ({INDEXES}) AS i"  # raises; every row is looked for


class Unreadable(Exception):
    """The database is so damaged that its rows cannot be read."""


class Reading(Protocol):
    def rows(self, query: str) -> list[Row]:
        """Raises `Unreadable`."""

    def damage(self) -> list[str]:
        """What the database's own check complains of. Raises `Unreadable`."""

    def wrong_totals(self) -> list[str]:
        """Those that are not what a count of the votes gives. Raises `Unreadable`."""


class SqliteReading:
    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection

    def rows(self, query: str) -> list[Row]:
        try:
            return self._connection.execute(query).fetchall()
        except apsw.CorruptError as error:
            raise Unreadable(error) from error

    def damage(self) -> list[str]:
        found = self.rows("PRAGMA integrity_check")
        return [] if found == SOUND else [found[0][0]]

    def wrong_totals(self) -> list[str]:
        try:
            with self._connection:
                return sqlite_plans.run(self._connection, partial(differences, {}))
        except apsw.CorruptError as error:
            raise Unreadable(error) from error


class PostgresReading:
    """Each query on a connection of its own, in a thread of its own: the tests' event loop is not asked."""

    def __init__(self, url: str) -> None:
        self._url = url

    def rows(self, query: str) -> list[Row]:
        return [tuple(row) for row in self._awaited(fetch(self._url, query))]

    def damage(self) -> list[str]:
        self.rows("CREATE EXTENSION IF NOT EXISTS amcheck SCHEMA public")
        self.rows(CHECK_INDEXES)
        return [f"{table}: {message}" for table, message in self.rows(DAMAGED_TABLES)]

    def wrong_totals(self) -> list[str]:
        return self._awaited(_wrong_totals(self._url))

    @staticmethod
    def _awaited(work: Coroutine[Any, Any, T]) -> T:
        with ThreadPoolExecutor(1) as thread:
            try:
                return thread.submit(asyncio.run, work).result()
            except (asyncpg.DataCorruptedError, asyncpg.IndexCorruptedError) as error:
                raise Unreadable(error) from error


async def fetch(url: str, query: str) -> Sequence[asyncpg.Record]:
    """What one statement gives, on a connection of its own."""
    async with _connected(url) as connection:
        return await connection.fetch(query)


async def _wrong_totals(url: str) -> list[str]:
    async with _connected(url) as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        return await postgres_connections.run(connection, partial(differences, {}))


@asynccontextmanager
async def _connected(url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(url, server_settings={"search_path": f"{SCHEMA}, public"})
    try:
        yield connection
    finally:
        await connection.close()


@contextmanager
def opened(database: Database) -> Iterator[Reading]:
    if isinstance(database, str):
        yield PostgresReading(database)
    else:
        with closing(apsw.Connection(str(database))) as connection:
            yield SqliteReading(connection)
