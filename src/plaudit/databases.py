"""Which database the settings mean: opened to serve, opened to be read, or migrated without a server."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from plaudit import rules
from plaudit.events import Endpoint
from plaudit.model import Instant, Project
from plaudit.settings import Settings
from plaudit.store import postgres_migrate, sqlite_migrate
from plaudit.store.group_commit import WhenCommitted
from plaudit.store.migration import Migration
from plaudit.store.postgres import PostgresStore
from plaudit.store.postgres_server import without_password
from plaudit.store.sqlite import SqliteStore
from plaudit.store.sqlite_reading import SqliteReading

AnyStore = SqliteStore | PostgresStore
AnyReading = SqliteReading | PostgresStore
UTC = "UTC"
WRITING_SECONDS_MAX = 60.0


async def open_store(settings: Settings, projects: Sequence[Project], *, now: Callable[[], Instant],
                     when_committed: WhenCommitted, endpoints: Sequence[Endpoint] = (),
                     wait_seconds_max: float = 5.0) -> AnyStore:
    """`endpoints` are told of votes. Nobody waits for the database longer than `wait_seconds_max`. Raises
    `DatabaseInUse`, `WrongDatabase`, `CannotOpen`."""
    shared: Any = {"now": now, "waiting_max": settings.queue_max, "when_committed": when_committed,
                   "zones": _zones(projects), "endpoints": _by_project(endpoints),
                   "wait_seconds_max": wait_seconds_max}
    if settings.database_url and settings.on_postgres:
        return await PostgresStore.open(settings.database_url, rules.decide, **shared,
                                        connections_max=settings.database_connections,
                                        partitions=settings.database_partitions)
    return await SqliteStore.open(settings.database_path, rules.decide, **shared)


@asynccontextmanager
async def reading(settings: Settings, projects: Sequence[Project], *, now: Callable[[], Instant]
                  ) -> AsyncIterator[AnyReading]:
    """A store to be asked only, also while servers write. Raises `CannotOpen`, `WrongDatabase`."""
    if settings.database_url and settings.on_postgres:
        store: AnyReading = await PostgresStore.open_reading(
            settings.database_url, rules.decide, now=now, zones=_zones(projects))
    else:
        store = SqliteReading.open(settings.database_path, now=now, zones=_zones(projects))
    try:
        yield store
    finally:
        await store.close()


@asynccontextmanager
async def writing(settings: Settings, projects: Sequence[Project], *, now: Callable[[], Instant]
                  ) -> AsyncIterator[AnyStore]:
    """A store for a command that writes, and has time; it tells nobody of votes. On SQLite no server may run; on
    PostgreSQL servers may, and the tables stay as they are. Raises `DatabaseInUse`, `CannotOpen`, `WrongDatabase`."""
    if settings.database_url and settings.on_postgres:
        store: AnyStore = await PostgresStore.open_reading(
            settings.database_url, rules.decide, now=now, zones=_zones(projects))
    else:
        store = await SqliteStore.open(settings.database_path, rules.decide, now=now, zones=_zones(projects),
                                       wait_seconds_max=WRITING_SECONDS_MAX)
    try:
        yield store
    finally:
        await store.close()


def _by_project(endpoints: Sequence[Endpoint]) -> dict[str, list[Endpoint]]:
    by_project: dict[str, list[Endpoint]] = {}
    for endpoint in endpoints:
        by_project.setdefault(endpoint.project_id, []).append(endpoint)
    return by_project


def _zones(projects: Sequence[Project]) -> dict[str, str]:
    return {project.id: project.time_zone for project in projects if project.time_zone != UTC}


# ---------------------------------------------------------------- without a server


async def migrate(settings: Settings, *, contract: bool) -> list[Migration]:
    """What was done. Raises `CannotOpen`, `WrongDatabase`, and on SQLite `DatabaseInUse`."""
    if settings.on_postgres:
        return await postgres_migrate.migrate_at(
            settings.database_url or "", partitions=settings.database_partitions, contract=contract)
    return sqlite_migrate.migrate_file(settings.database_path)


async def migrations_due(settings: Settings, *, contract: bool) -> list[Migration]:
    """What `migrate` would do. Changes nothing. Raises `CannotOpen`, `WrongDatabase`."""
    if settings.on_postgres:
        return await postgres_migrate.due_at(settings.database_url or "", contract=contract)
    return sqlite_migrate.due_in_file(settings.database_path)


async def may_migrate(settings: Settings) -> bool:
    """Has the role of `database_url` the rights that `migrate` needs? Raises `CannotOpen`."""
    return not settings.on_postgres or await postgres_migrate.may_migrate_at(settings.database_url or "")


def database_name(settings: Settings) -> str:
    """As it may be shown: without a password."""
    return without_password(settings.database_url or "") if settings.on_postgres else f"sqlite:{settings.database_path}"
