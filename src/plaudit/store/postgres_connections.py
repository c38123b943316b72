"""Connections to PostgreSQL and what a transaction on one of them promises.

Every wait has an end: a connection that has not answered by then is thrown away, never asked whether it has heard the
last statement. A commit counts only when the server says so without reservation.
"""

import asyncio
import math
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from types import MappingProxyType
from typing import Any, Self, TypeVar

import asyncpg
import structlog
from asyncpg.pool import PoolConnectionProxy

from plaudit.errors import PlauditError, Unavailable
from plaudit.store.outage import Outage
from plaudit.store.plans import Ask, Plan, Put, Row
from plaudit.store.postgres_server import OUTAGES, Servers, unavailable, without_data
from plaudit.store.queries import numbered, postgres_queries

WRITING = "BEGIN"
READING = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
IDLE_SECONDS_MAX = 300.0
WAITING_MAX = 256  # callers for one connection of a pool
ATTEMPTS_MAX = 4  # of a transaction that the server gave up for another's sake: one and three more
EMPTY: Mapping[str, str] = MappingProxyType({})
FULL_SECONDS = 5.0  # for so long after it was found full, a disk counts as full
PAUSE_SECONDS = 0.05  # before another attempt, at the most, times the number of attempts

T = TypeVar("T")
log = structlog.get_logger("plaudit.store")


class Overtaken(Exception):
    """Another writer was first with one of the rows; from the start, this one will see what was written."""


AGAIN = (asyncpg.DeadlockDetectedError, asyncpg.SerializationError, Overtaken)


class Connections:
    """Up to `most` connections, each used for one transaction at a time. Make it with `open`."""

    def __init__(self, servers: Servers, pool: asyncpg.Pool, seconds_max: float) -> None:
        self._outage = Outage("database failed")
        self._servers = servers
        self._pool = pool
        self._seconds_max = seconds_max
        self._waiting = 0
        self._full_at_seconds = -math.inf

    @classmethod
    async def open(cls, servers: Servers, most: int, *, seconds_max: float, session: Mapping[str, str] = EMPTY
                   ) -> Self:
        """`seconds_max` is for a whole transaction with all its attempts; `session` goes to `Servers.connect`.

        Connects when there is something to do.
        """
        async def connect(*_: Any, **options: Any) -> asyncpg.Connection:
            return await servers.connect(session, **options)

        pool = await asyncpg.create_pool(
            min_size=0, max_size=most, connect=connect, max_inactive_connection_lifetime=IDLE_SECONDS_MAX,
            reset=_leave_as_it_is)
        return cls(servers, pool, seconds_max)

    async def close(self) -> None:
        try:
            async with asyncio.timeout(self._seconds_max):
                await self._pool.close()
        except OUTAGES:
            self._pool.terminate()

    async def run(self, plan: Plan[T], begin: str) -> T:
        """A plan in one transaction. Raises `Unavailable`, and what the plan refuses."""
        return await self.attempt(begin, lambda connection: run(connection, plan))

    async def attempt(self, begin: str, work: Callable[[asyncpg.Connection], Awaitable[T]]) -> T:
        """`work` in one transaction, committed; begun again when another transaction was in its way.

        Raises `Unavailable` when that is not done in time, and what `work` refuses.
        """
        if self._waiting >= WAITING_MAX:
            raise Unavailable("Too many requests are waiting for the database")
        self._waiting += 1
        try:
            async with asyncio.timeout(self._seconds_max):
                outcome = await self._attempts(begin, work)
        except OUTAGES as error:
            if isinstance(error, TimeoutError):
                await self._doubt()
            elif isinstance(error, asyncpg.DiskFullError):
                self._full_at_seconds = time.monotonic()
            self._outage.failed(error=type(error).__name__, sqlstate=getattr(error, "sqlstate", None))
            raise unavailable(error) from error
        except asyncpg.PostgresError as bug:
            raise without_data(bug).with_traceback(bug.__traceback__) from None
        finally:
            self._waiting -= 1
        self._outage.over()
        return outcome

    def require_room(self) -> None:
        """Raises `Unavailable` when the disk was full just now: a row that is rewritten in place does not tell."""
        if time.monotonic() - self._full_at_seconds < FULL_SECONDS:
            raise Unavailable("The database's disk is full")

    async def _doubt(self) -> None:
        """Connections that were made before are not used again: they lead to the same host."""
        self._servers.doubt()
        await self._pool.expire_connections()

    async def _attempts(self, begin: str, work: Callable[[asyncpg.Connection], Awaitable[T]]) -> T:
        attempt = 1
        while True:
            try:
                async with self._transaction(begin) as connection:
                    return await work(connection)
            except AGAIN as error:
                if attempt >= ATTEMPTS_MAX and not isinstance(error, Overtaken):
                    raise
            await asyncio.sleep(random.uniform(0, PAUSE_SECONDS * attempt))  # noqa: S311  spreads, hides nothing
            attempt += 1

    @asynccontextmanager
    async def _transaction(self, begin: str) -> AsyncIterator[asyncpg.Connection]:
        """Committed when the block ends well. After a refusal the connection is kept, after anything else it is not."""
        connection: PoolConnectionProxy = await self._pool.acquire()
        try:
            await connection.execute(begin)
            try:
                yield connection
            except (PlauditError, *AGAIN):
                await connection.execute("ROLLBACK")
                raise
            await _commit(connection)
        except (PlauditError, *AGAIN):
            raise
        except BaseException:
            connection.terminate()
            raise
        finally:
            await self._pool.release(connection)


async def run(connection: asyncpg.Connection, plan: Plan[T]) -> T:
    """In the transaction that is open there. Raises `Overtaken`."""
    steps = plan()
    try:
        step = next(steps)
        while True:
            found = await ask(connection, step) if isinstance(step, Ask) else await put(connection, step)
            step = steps.send(found)
    except StopIteration as end:
        result: T = end.value
        return result


async def ask(connection: asyncpg.Connection, step: Ask) -> Sequence[Row]:
    sql, names = numbered(postgres_queries()[step.statement].format(**step.parts))
    found: Sequence[Row] = await connection.fetch(sql, *[step.bindings[name] for name in names])
    return found


async def put(connection: asyncpg.Connection, step: Put) -> Sequence[Row]:
    """Raises `Overtaken` when not all of the rows were written."""
    if step.rows:
        status: str = await connection.execute(*columns(step.statement, step.rows))
        if int(status.rpartition(" ")[2]) != len(step.rows):
            raise Overtaken
    return ()


def columns(statement: str, rows: Sequence[Row]) -> tuple[Any, ...]:
    """An inserting statement, and one array a column for it: however many rows there are, it is one statement."""
    sql, _ = numbered(postgres_queries()[statement])
    return sql, *zip(*rows, strict=True)


async def _commit(connection: asyncpg.Connection) -> None:
    """Raises `Unavailable` when the server has reservations.

    "Canceling wait for synchronous replication" comes as a warning with a COMMIT that succeeds on the primary alone:
    a failover could lose it. A transaction that had failed before says ROLLBACK.
    """
    warnings: list[Any] = []

    def note(_: asyncpg.Connection, message: asyncpg.PostgresLogMessage) -> None:
        warnings.append(message)

    connection.add_log_listener(note)
    status = await connection.execute("COMMIT")
    connection.remove_log_listener(note)
    if status != "COMMIT" or any(warning.sqlstate == "01000" for warning in warnings):
        log.error("commit not acknowledged", status=status, warnings=[str(warning) for warning in warnings])
        raise Unavailable("The database could not promise to keep it")


async def _leave_as_it_is(_: asyncpg.Connection) -> None:
    """Our transactions change nothing in a session, so there is nothing to be set back."""
