"""A copy's two ends on SQLite. Whoever holds a file's lock knows that no server uses it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path
from typing import TypeVar

import apsw

from plaudit.store.copy import CopyFailed, GaveWay
from plaudit.store.copy_tables import TABLES, UNFINISHED, Row, Table, select
from plaudit.store.sqlite_file import CHECKPOINT_PAGES, lock, open_reader, open_writer
from plaudit.store.sqlite_migrate import due, migrate
from plaudit.store.sqlite_writer import transaction

CACHE_KIB = 64 * 1024  # nobody waits for a commit here, and whole indexes are written

T = TypeVar("T")


class SqliteEnd:
    """`copy.Source`, and `copy.Target` when its connection may write."""

    def __init__(self, path: Path, connection: apsw.Connection) -> None:
        self.name = f"sqlite:{path}"
        self._connection = connection

    async def count(self, table: Table) -> int:
        return await self._run(lambda: self._count(table))

    async def rows(self, table: Table, limit: int, *, after: Row | None = None, descending: bool = False) -> list[Row]:
        statement = select(table, "?", after=after is not None, descending=descending)
        return await self._run(lambda: self._connection.execute(statement, (*(after or ()), limit)).fetchall())

    async def unfinished(self) -> str | None:
        return await self._run(lambda: unfinished(self._connection))

    async def begin(self, source: str) -> None:
        await self._run(lambda: self._mark(source))

    async def append(self, table: Table, rows: list[Row]) -> None:
        await self._run(lambda: self._insert(table, rows))

    async def clear(self) -> None:
        await self._run(self._empty)

    async def finish(self) -> None:
        await self._run(self._unmark)

    async def _run(self, what: Callable[[], T]) -> T:
        """In a thread, so that the other side can work meanwhile. Who is cancelled waits for the thread, which would
        find the connection closed."""
        work = asyncio.ensure_future(asyncio.to_thread(what))
        try:
            return await asyncio.shield(work)
        except asyncio.CancelledError:
            self._connection.interrupt()
            await asyncio.gather(work, return_exceptions=True)
            raise

    def _count(self, table: Table) -> int:
        count: int = self._connection.execute(f"SELECT count(*) FROM {table.name}").get  # noqa: S608  a name of ours
        return count

    def _mark(self, source: str) -> None:
        with transaction(self._connection):
            self._connection.execute(f"CREATE TABLE {UNFINISHED} (source TEXT NOT NULL) STRICT")
            self._connection.execute(f"INSERT INTO {UNFINISHED} VALUES (?)", (source,))  # noqa: S608  a name of ours

    def _insert(self, table: Table, rows: list[Row]) -> None:
        statement = (f"INSERT INTO {table.name} ({', '.join(table.columns)}) "  # noqa: S608  names of ours
                     f"VALUES ({', '.join('?' * len(table.columns))})")
        with transaction(self._connection):
            self._connection.executemany(statement, rows)

    def _empty(self) -> None:
        with transaction(self._connection):
            for name in (*(table.name for table in TABLES), UNFINISHED):
                self._connection.execute(f"DELETE FROM {name}")  # noqa: S608  a name of ours
            self._connection.execute(f"DROP TABLE {UNFINISHED}")

    def _unmark(self) -> None:
        with transaction(self._connection):
            self._connection.execute(f"DROP TABLE {UNFINISHED}")
        self._connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)


@asynccontextmanager
async def open_source(path: Path) -> AsyncIterator[SqliteEnd]:
    """Raises `CopyFailed`, `WrongDatabase`, and `DatabaseInUse` while a server holds the file."""
    _require(path)
    with closing(lock(path)), _failing(path), closing(open_reader(path)) as connection:
        if due(connection):
            raise CopyFailed(f"{path} is an older Plaudit's; bring it up to date with `plaudit migrate`")
        if unfinished(connection) is not None:
            raise CopyFailed(f"{path} is itself a copy that was not finished; finish that one first")
        connection.pragma("cache_size", -CACHE_KIB)
        with connection:  # one snapshot
            yield SqliteEnd(path, connection)


@asynccontextmanager
async def open_target(path: Path) -> AsyncIterator[SqliteEnd]:
    """Made if it is not there. Raises `CopyFailed`, `WrongDatabase`, and `DatabaseInUse` while a server holds it."""
    with closing(lock(path)), _failing(path), closing(open_writer(path)) as connection:
        if unfinished(connection) is None:
            migrate(connection)
        elif due(connection):
            raise CopyFailed(f"{path} is an older Plaudit's unfinished copy; copy into another, empty database")
        connection.pragma("cache_size", -CACHE_KIB)
        connection.pragma("wal_autocheckpoint", CHECKPOINT_PAGES)
        yield SqliteEnd(path, connection)


def unfinished(connection: apsw.Connection) -> str | None:
    """The mark of a copy that has begun in this database and not ended."""
    if not connection.execute("SELECT 1 FROM sqlite_schema WHERE name = ?", (UNFINISHED,)).get:
        return None
    source: str = connection.execute(f"SELECT source FROM {UNFINISHED}").get  # noqa: S608  a name of ours
    return source


def _require(path: Path) -> None:
    if not path.is_file():
        raise CopyFailed(f"there is no database at {path}; check the name")


@contextmanager
def _failing(path: Path) -> Iterator[None]:
    try:
        yield
    except apsw.Error as error:
        raise GaveWay(f"{path}: {error}") from error
