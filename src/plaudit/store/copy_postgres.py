"""A copy's two ends on PostgreSQL. That no server uses the database is seen by the names of its sessions.

`guest_devices.came_first` exists only here: where devices are bound at the same moment, it lets one be first. What
comes from elsewhere gets it for each guest's earliest device, so that a guest who has one stays bound to it.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import asyncpg

from plaudit.store.copy import CopyFailed, GaveWay, shown
from plaudit.store.copy_tables import TABLES, UNFINISHED, Row, Table, select
from plaudit.store.counted import counted
from plaudit.store.postgres_advice import explained, lost
from plaudit.store.postgres_migrate import due, migrate
from plaudit.store.postgres_server import OUTAGES, Servers, without_password

ANSWER_SECONDS = 600.0  # for the slowest statement, a count of all rows
LOCK = 0x506C6F70  # "Plop", of the copy that writes this database
OURS = "plaudit copy"

# Whatever a server's sessions are bound by, a copy may hold its snapshot for hours.
PATIENCE = f"""
SET application_name = '{OURS}';
SET statement_timeout = '{ANSWER_SECONDS:.0f}s';
SET idle_in_transaction_session_timeout = 0"""

SERVERS = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'plaudit' AND pid <> pg_backend_pid()"""

# A server that is started meanwhile can store nothing, rather than something that the copy would lack.
STILL = f"""
SET LOCAL lock_timeout = '5s';
LOCK TABLE {', '.join(table.name for table in TABLES)} IN SHARE MODE"""

FIRST_DEVICES = """
UPDATE guest_devices AS d SET came_first = TRUE
FROM (SELECT DISTINCT ON (project_id, user_hash) project_id, user_hash, device_hash
      FROM guest_devices ORDER BY project_id, user_hash, bound_at, device_hash) AS f
WHERE d.project_id = f.project_id AND d.user_hash = f.user_hash AND d.device_hash = f.device_hash"""

NEXT_SEQ = "SELECT setval('history_seq', greatest(1, (SELECT max(seq) FROM history)), EXISTS (SELECT FROM history))"


class PostgresEnd:
    """`copy.Source`, and `copy.Target` when its connection may write."""

    def __init__(self, name: str, connection: asyncpg.Connection) -> None:
        self.name = name
        self._connection = connection
        self._turn = asyncio.Lock()  # a connection does one thing at a time

    async def count(self, table: Table) -> int:
        async with self._turn:
            with _failing(self.name):
                count: int = await self._connection.fetchval(f"SELECT count(*) FROM {table.name}")  # noqa: S608  ours
        return count

    async def rows(self, table: Table, limit: int, *, after: Row | None = None, descending: bool = False) -> list[Row]:
        statement = select(table, "$", after=after is not None, descending=descending)
        async with self._turn:
            with _failing(self.name):  # a copy may have two of these, and is told which
                found = await self._connection.fetch(statement, *(after or ()), limit)
        return list(map(tuple, found))

    async def unfinished(self) -> str | None:
        return await unfinished(self._connection)

    async def begin(self, source: str) -> None:
        async with self._connection.transaction():
            await self._connection.execute(f"CREATE TABLE {UNFINISHED} (source TEXT NOT NULL)")
            await self._connection.execute(f"INSERT INTO {UNFINISHED} VALUES ($1)", source)  # noqa: S608  a name of ours

    async def append(self, table: Table, rows: list[Row]) -> None:
        try:
            await self._connection.copy_records_to_table(table.name, records=rows, columns=table.columns)
        except asyncpg.CharacterNotInRepertoireError:
            raise _with_nul(table, rows) from None

    async def clear(self) -> None:
        async with self._connection.transaction():
            await self._connection.execute(f"TRUNCATE {', '.join(table.name for table in TABLES)}")
            await self._connection.execute(f"DROP TABLE {UNFINISHED}")

    async def finish(self) -> None:
        async with self._connection.transaction():
            await self._connection.execute(FIRST_DEVICES)
            await self._connection.execute(NEXT_SEQ)
            await self._connection.execute(f"DROP TABLE {UNFINISHED}")
        await self._connection.execute(f"ANALYZE {', '.join(table.name for table in TABLES)}")


@asynccontextmanager
async def open_source(url: str) -> AsyncIterator[PostgresEnd]:
    """Raises `CopyFailed`, and `WrongDatabase` for one that this Plaudit does not know."""
    async with _connected(url) as (name, connection):
        if await due(connection, contract=False):
            raise CopyFailed(f"{name} has no database of this Plaudit's version. Check the address; if it is an older "
                             "one, bring it up to date with `plaudit migrate`")
        if await unfinished(connection) is not None:
            raise CopyFailed(f"{name} is itself a copy that was not finished; finish that one first")
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            await connection.execute(STILL)  # first: what is read from now on is what this transaction sees
            yield PostgresEnd(name, connection)


@asynccontextmanager
async def open_target(url: str, *, partitions: int) -> AsyncIterator[PostgresEnd]:
    """The tables are made if they are not there. Raises `CopyFailed`, `WrongDatabase`."""
    async with _connected(url) as (name, connection):
        if not await connection.fetchval("SELECT pg_try_advisory_lock($1)", LOCK):
            raise CopyFailed(f"another copy writes {name} now; wait for it, or stop it")
        if await unfinished(connection) is None:
            await migrate(connection, partitions=partitions)
        elif await due(connection, contract=False):
            raise CopyFailed(f"{name} is an older Plaudit's unfinished copy; copy into another, empty database")
        yield PostgresEnd(name, connection)


async def unfinished(connection: asyncpg.Connection) -> str | None:
    """The mark of a copy that has begun in this database and not ended."""
    if not await connection.fetchval("SELECT to_regclass($1)", UNFINISHED):
        return None
    source: str = await connection.fetchval(f"SELECT source FROM {UNFINISHED}")  # noqa: S608  a name of ours
    return source


@asynccontextmanager
async def _connected(url: str) -> AsyncIterator[tuple[str, asyncpg.Connection]]:
    """A connection to a database that no server uses, and the database's name."""
    servers, name = _servers(url)
    try:
        connection = await servers.connect(command_timeout=ANSWER_SECONDS)
    except (*OUTAGES, asyncpg.PostgresError) as error:
        raise CopyFailed(explained(url, error)) from error
    with _failing(name):
        try:
            await connection.execute(PATIENCE)
            if sessions := await connection.fetchval(SERVERS):
                raise CopyFailed(f"{name} is in use by {counted(sessions, 'session')} of Plaudit servers. Stop the "
                                 "servers; what they wrote meanwhile would be missing in the copy")
            yield name, connection
        finally:
            connection.terminate()  # whatever it is doing: what counts was committed


def _servers(url: str) -> tuple[Servers, str]:
    try:
        return Servers(url), without_password(url)
    except ValueError:  # a port that is no number, for one
        raise CopyFailed("an address is postgresql://USER@HOST:PORT/DATABASE; one of these cannot be read") from None



def _with_nul(table: Table, rows: list[Row]) -> CopyFailed:
    row = next(row for row in rows if any(_has_nul(value) for value in row))
    columns = [column for column, value in zip(table.columns, row, strict=True) if _has_nul(value)]
    return CopyFailed(f"{table.name}: the row {shown(table.key_of(row))} has a NUL character in {', '.join(columns)}, "
                      "which PostgreSQL cannot store. Write another text there, then begin anew with --restart")


def _has_nul(value: object) -> bool:
    return isinstance(value, str) and "\0" in value


@contextmanager
def _failing(name: str) -> Iterator[None]:
    try:
        yield
    except asyncpg.InsufficientPrivilegeError as error:
        raise CopyFailed(f"{name}: {lost(name, error)}. The role that owns the tables copies; name it in the address"
                         ) from error
    except (*OUTAGES, asyncpg.PostgresError) as error:
        raise GaveWay(f"{name}: {lost(name, error)}") from error
