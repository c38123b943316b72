"""Migrations on PostgreSQL, where servers of two releases may be at work meanwhile.

Only one process migrates at a time: it holds an advisory lock. A migration that waited for a lock on a table would hold
up every vote behind it, so it waits half a second at most, gives way, and tries again. Whatever it was doing when it
was killed, the next run goes on from there: a migration's row in `migrations` is written together with its work, or
after work that can be done twice.
"""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

import asyncpg
import structlog

from plaudit.store import postgres_index
from plaudit.store.copy_tables import UNFINISHED, UNFINISHED_COPY
from plaudit.store.failures import CannotOpen, WrongDatabase
from plaudit.store.migration import Migration, Phase, Run, bare, known
from plaudit.store.postgres_advice import cannot_open
from plaudit.store.postgres_partitions import count_partitions, create_partitions, with_partitions
from plaudit.store.postgres_server import OUTAGES, SCHEMA, Servers

ADVISORY_LOCK = 0x506C6175  # "Plau"
TURN_SECONDS = 60.0  # for another process that migrates
TURN_POLL_SECONDS = 0.2
LOCK_MILLISECONDS = 500  # how long votes may queue up behind a migration that waits for its lock
LOCKED_SECONDS = 60.0  # then it is given up until somebody tries again
WORK_SECONDS = 600.0  # for one transaction, its wait for a standby included
CLOSE_SECONDS = 5.0
PAUSE_SECONDS = (0.1, 5.0)  # between two attempts, from the first to the longest

TABLE = f"""
CREATE TABLE {SCHEMA}.migrations (
    number     INTEGER PRIMARY KEY,
    name       TEXT NOT NULL,
    phase      TEXT NOT NULL,
    applied_at TIMESTAMPTZ NOT NULL
)"""

LOCKED = (f"A migration did not get its lock in {LOCKED_SECONDS:.0f} seconds, because some transaction stays open. "
          "pg_stat_activity shows it (state 'idle in transaction', or an old xact_start). End it and try again.")
STRANGE = f'This database has a schema "{SCHEMA}" that is not Plaudit\'s. Set database_url to another database.'
MAY_MIGRATE = """
SELECT CASE WHEN to_regnamespace($1) IS NULL THEN has_database_privilege(current_database(), 'CREATE')
       ELSE has_schema_privilege(to_regnamespace($1)::oid, 'CREATE') AND NOT EXISTS (
           SELECT FROM pg_class WHERE relnamespace = to_regnamespace($1) AND NOT pg_has_role(relowner, 'USAGE')) END"""
# Whoever writes votes must be able to delete what is only made of them, a review that is taken back, the rows that give
# way when a guest becomes a user (see `linking`), what endpoints have been told, and all that is a person's when it is
# erased (see `erasing`); the audit log never.
DELETABLE = ("cells, totals_changes, totals_hourly, totals_daily, totals_zones, review_queue, search, reviews, "
             "feedback, links, outbox, dead_letters, messages, conversations, history, visitors, guest_devices")
LET_DELETE = """
SELECT format('GRANT DELETE ON %s TO %I', $2::text, grantee) FROM information_schema.role_table_grants
WHERE table_schema = $1 AND table_name = 'totals_changes' AND privilege_type = 'INSERT'"""
BRIEF = f"SET LOCAL lock_timeout = {LOCK_MILLISECONDS}; SET LOCAL statement_timeout = 0"

T = TypeVar("T")
log = structlog.get_logger("plaudit.store")


async def migrate(connection: asyncpg.Connection, *, partitions: int, contract: bool = False) -> list[Migration]:
    """Bring the database to this release, making it if need be; what was done, in order.

    Without `contract`, what only older releases use stays, except in a new database, which has no older release.
    Raises `WrongDatabase` for one from the future, one that is not Plaudit's or an unfinished copy, `CannotOpen` when
    another process or a long transaction is in the way, and one of `OUTAGES`.
    """
    if await connection.fetchval("SELECT to_regclass($1 || '.' || $2)", SCHEMA, UNFINISHED):
        raise WrongDatabase(UNFINISHED_COPY)
    done = []
    if await due(connection, contract=contract):  # else there is nothing to wait for
        async with alone(connection):
            await _prepare(connection)
            for migration in await due(connection, contract=contract):
                log.info("migrating", number=migration.number, name=migration.name, phase=migration.phase.value)
                await _apply(connection, migration, partitions)
                done.append(migration)
            for statement, in await connection.fetch(LET_DELETE, SCHEMA, DELETABLE):
                await connection.execute(statement)
    await _compare_partitions(connection, partitions)
    return done


async def due(connection: asyncpg.Connection, *, contract: bool) -> list[Migration]:
    """What `migrate` would do. Changes nothing and takes no locks. Raises `WrongDatabase`."""
    applied = await _applied(connection)
    migrations = known("postgres")
    _refuse_the_future(applied, migrations)
    return [migration for migration in migrations if migration.number not in applied
            and (contract or not applied or migration.phase is Phase.EXPAND)]


async def _applied(connection: asyncpg.Connection) -> dict[int, tuple[str, Phase]]:
    """Number -> (name, phase); empty for a new database. Raises `WrongDatabase` for a stranger's."""
    ours, used = await connection.fetchrow(
        "SELECT to_regclass($1 || '.migrations') IS NOT NULL,"
        " EXISTS (SELECT FROM pg_class WHERE relnamespace = to_regnamespace($1))", SCHEMA)
    if not used:
        return {}
    try:
        rows = await connection.fetch(f"SELECT number, name, phase FROM {SCHEMA}.migrations") if ours else None  # noqa: S608 -- a constant
    except asyncpg.UndefinedColumnError:
        rows = None
    if rows is None:
        raise WrongDatabase(STRANGE)
    return {number: (name, Phase(phase)) for number, name, phase in rows}


def _refuse_the_future(applied: dict[int, tuple[str, Phase]], migrations: list[Migration]) -> None:
    """A newer release's additions are no hindrance, so that an upgrade can be taken back; what it dropped is."""
    names = {migration.number: migration.name for migration in migrations}
    for number, (name, phase) in sorted(applied.items()):
        if number in names and names[number] != name:
            raise WrongDatabase(f"This database was changed by another Plaudit: its migration {number} is {name}, here "
                                f"it is {names[number]}.")
        if number not in names and phase is Phase.CONTRACT:
            raise WrongDatabase(f"A newer Plaudit has dropped from this database what this one needs (migration "
                                f"{number}, {name}). Upgrade Plaudit, or restore a backup made before.")


@asynccontextmanager
async def alone(connection: asyncpg.Connection) -> AsyncIterator[None]:
    """Migrating, or what else is one process's at a time. Asked for again and again: whoever waits inside a statement
    is a transaction, and an index that is built concurrently waits for every one of those. Raises `CannotOpen`."""
    given_up_at = time.monotonic() + TURN_SECONDS
    while not await connection.fetchval("SELECT pg_try_advisory_lock($1)", ADVISORY_LOCK):
        if time.monotonic() > given_up_at:
            raise CannotOpen(f"Another process has been migrating the database for {TURN_SECONDS:.0f} seconds. Start "
                             "again when it has finished.")
        await asyncio.sleep(TURN_POLL_SECONDS)
    try:
        yield
    finally:
        if not connection.is_closed():
            await connection.execute("SELECT pg_advisory_unlock($1)", ADVISORY_LOCK)


async def _prepare(connection: asyncpg.Connection) -> None:
    """Looked for first: whoever may not make a schema may use one that is there."""
    async with connection.transaction():
        if not await connection.fetchval("SELECT to_regnamespace($1) IS NOT NULL", SCHEMA):
            await connection.execute(f"CREATE SCHEMA {SCHEMA}")
        if not await connection.fetchval("SELECT to_regclass($1 || '.migrations') IS NOT NULL", SCHEMA):
            await connection.execute(TABLE)


# ---------------------------------------------------------------- one migration


async def _apply(connection: asyncpg.Connection, migration: Migration, partitions: int) -> None:
    async def statements() -> None:
        await connection.execute(with_partitions(migration.sql, partitions))
        await create_partitions(connection, migration.sql, partitions)
        await record()

    async def record() -> None:
        await connection.execute(f"INSERT INTO {SCHEMA}.migrations VALUES ($1, $2, $3, now())",  # noqa: S608 -- a constant
                                 migration.number, migration.name, migration.phase)

    async def batch() -> bool:
        return not (await connection.execute(bare(migration.sql))).endswith(" 0")

    match migration.run:
        case Run.TRANSACTION:
            await _briefly(connection, statements)
            return
        case Run.BATCHES:
            await _in_batches(connection, batch)
        case Run.CONCURRENTLY:
            await postgres_index.build(connection, bare(migration.sql), _briefly)
    await _briefly(connection, record)


async def _in_batches(connection: asyncpg.Connection, batch: Callable[[], Awaitable[bool]]) -> None:
    """As long again for the votes as each batch takes."""
    began = time.monotonic()
    while await _briefly(connection, batch):
        await asyncio.sleep(time.monotonic() - began)
        began = time.monotonic()


async def _briefly(connection: asyncpg.Connection, work: Callable[[], Awaitable[T]]) -> T:
    """Run `work` in a transaction, again and again until it has its locks. Raises `CannotOpen`, `TimeoutError`."""
    given_up_at = time.monotonic() + LOCKED_SECONDS
    pause_seconds, longest_seconds = PAUSE_SECONDS
    while True:
        try:
            async with asyncio.timeout(WORK_SECONDS), connection.transaction():
                await connection.execute(BRIEF)
                return await work()
        except (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError) as error:
            if time.monotonic() > given_up_at:
                raise CannotOpen(LOCKED) from error
        await asyncio.sleep(random.uniform(pause_seconds / 2, pause_seconds))  # noqa: S311  no secret
        pause_seconds = min(2 * pause_seconds, longest_seconds)


async def _compare_partitions(connection: asyncpg.Connection, wanted: int) -> None:
    found = await count_partitions(connection)
    if found != wanted:
        log.warning("database_partitions is fixed when the tables are made; what they have stays", setting=wanted,
                    tables=found)


# ---------------------------------------------------------------- without a server of ours


async def migrate_at(url: str, *, partitions: int, contract: bool) -> list[Migration]:
    """Raises `CannotOpen`, `WrongDatabase`."""
    async with _connected(url) as connection:
        return await migrate(connection, partitions=partitions, contract=contract)


async def due_at(url: str, *, contract: bool) -> list[Migration]:
    """Raises `CannotOpen`, `WrongDatabase`."""
    async with _connected(url) as connection:
        return await due(connection, contract=contract)


async def may_migrate_at(url: str) -> bool:
    """Has this role the rights to do what is due? Raises `CannotOpen`."""
    async with _connected(url) as connection:
        allowed: bool = await connection.fetchval(MAY_MIGRATE, SCHEMA)
    return allowed


@asynccontextmanager
async def _connected(url: str) -> AsyncIterator[asyncpg.Connection]:
    try:
        connection = await Servers(url).connect()
        try:
            yield connection
        finally:
            await connection.close(timeout=CLOSE_SECONDS)
    except (*OUTAGES, asyncpg.PostgresError) as error:
        raise cannot_open(url, error) from error
