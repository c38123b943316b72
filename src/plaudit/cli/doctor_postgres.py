"""What `plaudit doctor` finds on PostgreSQL: can it be reached, does it take writes, would it keep what it took?"""

import time
from collections.abc import AsyncIterator, Iterator

from plaudit.cli.finding import Finding
from plaudit.settings import Settings
from plaudit.store.counted import counted
from plaudit.store.postgres_facts import Host, Primary, Standbys, Unreachable, facts

VERSION_MIN = 15
SKEW_SECONDS_MAX = 30
MEBIBYTE = 1024 * 1024


async def examine_postgres(settings: Settings) -> AsyncIterator[Finding]:
    began_seconds = time.time()
    found = await facts(settings.database_url or "", began_seconds)
    took_seconds = time.time() - began_seconds
    for host in found:
        yield _unreachable(host) if isinstance(host, Unreachable) else _reached(host)
        if isinstance(host, Host):
            yield _clock(host, took_seconds)
    primaries = [host for host in found if isinstance(host, Host) and host.primary]
    if any(isinstance(host, Host) for host in found):  # of hosts that could not be asked, nothing is known
        for finding in _writable([host.name for host in primaries]):
            yield finding
    for primary in (host.primary for host in primaries if host.primary):
        for finding in (*_safety(primary), _connections(primary, settings), _standbys(primary.standbys)):
            yield finding
    if primaries and not any(host.primary.unsafe for host in primaries if host.primary):  # else it says the same again
        yield await _schema(settings)


# ---------------------------------------------------------------- each host


def _unreachable(host: Unreachable) -> Finding:
    return Finding(good=False, text=f"PostgreSQL {host.name}: cannot be used ({host.reason}). {host.advice}")


def _reached(host: Host) -> Finding:
    role = f"takes writes, {host.primary.bytes // MEBIBYTE} MiB" if host.primary else "is a standby"
    text = f"PostgreSQL {host.name}: version {host.version}, {role}"
    if host.major < VERSION_MIN:
        return Finding(good=False, text=f"{text}; Plaudit needs {VERSION_MIN} or later: upgrade it with pg_upgrade")
    return Finding(good=True, text=text)


def _clock(host: Host, took_seconds: float) -> Finding:
    """Asking takes its time, and the answer may be as old."""
    side = "behind" if host.ahead_seconds >= 0 else "ahead of"
    text = f"Clock: {abs(round(host.ahead_seconds))} s {side} {host.name}"
    if abs(host.ahead_seconds) > SKEW_SECONDS_MAX + took_seconds:
        return Finding(good=False, text=f"{text}; synchronise both machines' clocks")
    return Finding(good=True, text=text)


def _writable(names: list[str]) -> Iterator[Finding]:
    if not names:
        yield Finding(good=False, text="Primary: no host takes writes, so every vote gets 503; start the primary, or "
                                       "promote a standby")
    if len(names) > 1:
        yield Finding(good=False, text=f"Primary: {' and '.join(names)} both take writes, so votes part ways; stop the "
                                       "one that is not the primary, at once")


# ---------------------------------------------------------------- the one that takes writes


def _safety(primary: Primary) -> Iterator[Finding]:
    if primary.unsafe:
        encoding_only = all(setting.startswith("server_encoding") for setting in primary.unsafe)
        remedy = "make a new database with ENCODING 'UTF8'" if encoding_only else "change it"
        yield Finding(good=False, text=f"Safety: {', '.join(primary.unsafe)}; with that, answered votes could be lost "
                                       f"or garbled, and Plaudit does not start: {remedy}")
    if primary.archive_fails:
        yield Finding(good=False, text="Log archive: the last attempt failed, and the log stays on the server's disk "
                                       "until it is full; see archive_command and the server's log")
    for name, held_bytes in primary.idle_slots:
        yield Finding(good=False, text=f"Replication slot {name}: nobody reads it, and it holds back "
                                       f"{held_bytes // MEBIBYTE} MiB of log on the server's disk; start its standby, "
                                       f"or run: SELECT pg_drop_replication_slot('{name}')")


def _connections(primary: Primary, settings: Settings) -> Finding:
    """Each process opens one more while it starts, and while servers are restarted old and new ones overlap."""
    needed = 2 * settings.workers * (settings.database_connections + 1)
    text = (f"Connections: {needed} of {primary.connections_max} at the most, for "
            f"{counted(settings.workers, 'worker')} with {settings.database_connections} + 1 each, twice while they "
            "are restarted")
    if needed > primary.connections_max:
        return Finding(good=False, text=f"{text}; raise max_connections (or the limit of the role or the database), or "
                                        "lower workers or database_connections")
    return Finding(good=True, text=text)


def _standbys(standbys: Standbys) -> Finding:
    if not standbys.awaited:
        return Finding(good=True, text=f"Standbys: {standbys.all}, and commits wait for none: if this machine is lost, "
                                       "so are its last votes; see synchronous_standby_names")
    text = f"Standbys: {standbys.all}, and commits wait for: {standbys.awaited}"
    if standbys.all > standbys.seen:
        return Finding(good=True, text=f"{text}; how they are, this user may not see: GRANT pg_read_all_stats to it")
    if not standbys.synchronous:
        return Finding(good=False, text=f"{text}; none of those is there, so every vote gets 503: start it. Taking it "
                                        "out of synchronous_standby_names lets votes go on, but the next failover may "
                                        "then lose some")
    return Finding(good=True, text=f"{text}; {standbys.synchronous} there")


async def _schema(settings: Settings) -> Finding:
    from plaudit.databases import may_migrate, migrations_due
    from plaudit.errors import PlauditError

    try:
        due = await migrations_due(settings, contract=False)
        allowed = not due or await may_migrate(settings)
    except PlauditError as error:
        return Finding(good=False, text=f"Tables: {error.message}")
    if due:
        names = ", ".join(f"{migration.number} ({migration.name})" for migration in due)
        if not allowed:
            return Finding(good=False, text=f"Tables: {names} is to be done, which this role may not; run "
                                            "`plaudit migrate` as the role that owns them, or no server starts")
        return Finding(good=True, text=f"Tables: the next start, or `plaudit migrate`, will do {names}")
    return Finding(good=True, text="Tables: up to date")
