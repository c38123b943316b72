"""What an operator wants to know of the PostgreSQL servers. Only asks; every host by itself, whatever it is."""

import asyncio
from dataclasses import dataclass
from typing import Any

import asyncpg

from plaudit.store.postgres_advice import advice, reason
from plaudit.store.postgres_server import OUTAGES, REFUSED_SETTINGS, SESSION, hosts

CONNECT_SECONDS = 5.0
HOLDS_BACK_BYTES = 1024 * 1024 * 1024  # of log, kept for a standby that does not fetch it

STATE = """
SELECT current_setting('server_version') AS version,
       current_setting('server_version_num')::int / 10000 AS major,
       pg_is_in_recovery() AS follows,
       extract(epoch FROM clock_timestamp())::float8 AS clock_seconds"""

ROOM = """
SELECT least(
           current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
               - coalesce(current_setting('reserved_connections', true)::int, 0),
           (SELECT nullif(datconnlimit, -1) FROM pg_database WHERE datname = current_database()),
           (SELECT nullif(rolconnlimit, -1) FROM pg_roles WHERE rolname = current_user)) AS connections,
       pg_database_size(current_database()) AS bytes,
       current_setting('synchronous_standby_names') AS awaited"""

# Without pg_read_all_stats only the number of standbys is told, not how they are.
STANDBYS = """
SELECT count(*) AS all, count(sync_state) AS seen,
       count(*) FILTER (WHERE state = 'streaming' AND sync_state IN ('sync', 'quorum')) AS synchronous
FROM pg_stat_replication"""

ARCHIVE_FAILS = """
SELECT last_failed_time > coalesce(last_archived_time, '-infinity')
FROM pg_stat_archiver WHERE last_failed_time IS NOT NULL"""

SLOTS = """
SELECT slot_name, pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)::int8 AS bytes
FROM pg_replication_slots
WHERE NOT active AND pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn) > $1"""


@dataclass(frozen=True, slots=True)
class Standbys:
    awaited: str  # synchronous_standby_names
    all: int
    seen: int  # of all, those that this user may know more of
    synchronous: int


@dataclass(frozen=True, slots=True)
class Primary:
    connections_max: int  # for this user, to this database
    bytes: int
    unsafe: tuple[str, ...]  # settings with which an answered vote could be lost
    standbys: Standbys
    archive_fails: bool
    idle_slots: tuple[tuple[str, int], ...]  # with the bytes of log that each holds back


@dataclass(frozen=True, slots=True)
class Host:
    name: str
    version: str
    major: int
    ahead_seconds: float  # its clock before ours
    primary: Primary | None  # None: a standby


@dataclass(frozen=True, slots=True)
class Unreachable:
    name: str
    reason: str
    advice: str


async def facts(url: str, now_seconds: float) -> list[Host | Unreachable]:
    """Of each host in the address."""
    return list(await asyncio.gather(*(_host(url, host, port, now_seconds) for host, port in hosts(url))))


async def _host(url: str, host: str | None, port: int | None, now_seconds: float) -> Host | Unreachable:
    name = ":".join(str(part) for part in (host, port) if part) or "the default host"
    try:
        async with asyncio.timeout(2 * CONNECT_SECONDS):
            connection = await asyncpg.connect(url, host=host, port=port, target_session_attrs="any",
                                               timeout=CONNECT_SECONDS, server_settings=SESSION)
            try:
                return await _examined(connection, name, now_seconds)
            finally:
                connection.terminate()
    except (*OUTAGES, asyncpg.PostgresError, ValueError) as error:
        return Unreachable(name, reason(url, error), advice(url, error))


async def _examined(connection: asyncpg.Connection, name: str, now_seconds: float) -> Host:
    state = await connection.fetchrow(STATE)
    primary = None if state["follows"] else await _primary(connection)
    return Host(name, state["version"].split()[0], state["major"], state["clock_seconds"] - now_seconds, primary)


async def _primary(connection: asyncpg.Connection) -> Primary:
    room, standbys = await connection.fetchrow(ROOM), await connection.fetchrow(STANDBYS)
    unsafe = await connection.fetch(REFUSED_SETTINGS)
    slots: list[Any] = await connection.fetch(SLOTS, HOLDS_BACK_BYTES)
    return Primary(
        connections_max=room["connections"],
        bytes=room["bytes"],
        unsafe=tuple(row[0] for row in unsafe),
        standbys=Standbys(room["awaited"], standbys["all"], standbys["seen"], standbys["synchronous"]),
        archive_fails=bool(await connection.fetchval(ARCHIVE_FAILS)),
        idle_slots=tuple((slot["slot_name"], slot["bytes"]) for slot in slots),
    )
