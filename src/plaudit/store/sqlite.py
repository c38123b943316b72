"""Votes in one SQLite file: the store that needs nothing installed.

One thread writes (see `group_commit`), a few read from snapshots of their own, and neither waits for the other.
"""

import asyncio
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from typing import IO, Any, ParamSpec, Self, TypeVar

from plaudit.errors import Unavailable
from plaudit.events import NOBODY, Endpoints
from plaudit.model import Feedback, Instant, Submission
from plaudit.store.deciding import Decide
from plaudit.store.failures import CannotOpen, DatabaseInUse
from plaudit.store.group_commit import GroupCommit, WhenCommitted
from plaudit.store.planned import UTC_EVERYWHERE, PlannedStore
from plaudit.store.plans import Plan, Steps
from plaudit.store.sqlite_file import (
    HOW_TO_RESTORE,
    OUTAGES,
    after,
    damage,
    identity,
    interrupted,
    lock,
    open_reader,
    open_writer,
    unavailable,
)
from plaudit.store.sqlite_migrate import migrate
from plaudit.store.sqlite_plans import run
from plaudit.store.sqlite_recount import keep_totals
from plaudit.store.sqlite_writer import Job, Purge, Writer

READERS = 2
READS_WAITING_MAX = 256
FIRST_LOOK_SECONDS = 0.5  # for the integrity check before the start; a large database is looked over while it serves
LOOK_SECONDS = 1.0  # between two looks at whether the file is still there

P = ParamSpec("P")
T = TypeVar("T")


class SqliteStore(PlannedStore):
    """`ports.Store` on one file. Make it with `open`, inside a running event loop, and `close` it."""

    def __init__(self, path: Path, writer: Writer, held_lock: Any, *, now: Callable[[], Instant], waiting_max: int,
                 wait_seconds_max: float, when_committed: WhenCommitted, zones: Mapping[str, str],
                 endpoints: Endpoints) -> None:
        super().__init__(now, zones, endpoints)
        self._path = path
        self._writer = writer
        self._lock = held_lock
        self._wait_seconds_max = wait_seconds_max
        self._commits: GroupCommit[Job] = GroupCommit(
            writer.commit, waiting_max=waiting_max, wait_seconds_max=wait_seconds_max, when_committed=when_committed)
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="plaudit-reader")
        self._searcher = ThreadPoolExecutor(1, thread_name_prefix="plaudit-search")
        self._reads_waiting = 0
        self._closed = False
        self._own = threading.local()  # a connection for each reading thread
        self._look = asyncio.get_running_loop().run_in_executor(None, self._look_over)
        self._identity = identity(path)
        self._watch = asyncio.get_running_loop().call_later(LOOK_SECONDS, self._watch_over)

    @classmethod
    async def open(cls, path: Path, decide: Decide, *, now: Callable[[], Instant], waiting_max: int = 4096,
                   wait_seconds_max: float = 5.0, when_committed: WhenCommitted = lambda *_: None,
                   zones: Mapping[str, str] = UTC_EVERYWHERE, endpoints: Endpoints = NOBODY) -> Self:
        """Lock, open, migrate and check the file, making it if need be. `zones`: a project's time zone, if not UTC.
        `endpoints`: who is to be told of votes.

        Raises `DatabaseInUse`, `WrongDatabase`, `CannotOpen`. A damaged database opens, but refuses every write.
        """
        held_lock = _lock(path)
        try:
            writer = await asyncio.to_thread(_open_checked, path, decide, zones, endpoints)
        except BaseException:
            held_lock.close()
            raise
        return cls(path, writer, held_lock, now=now, waiting_max=waiting_max, wait_seconds_max=wait_seconds_max,
                   when_committed=when_committed, zones=zones, endpoints=endpoints)

    @property
    def queue_depth(self) -> int:
        """Writes waiting for the next commit."""
        return self._commits.depth

    async def close(self) -> None:
        """Commit what was accepted, then let go of the file."""
        await self._commits.close()
        self._watch.cancel()
        self._closed = True
        await self._look
        for readers in (self._readers, self._searcher):
            await asyncio.to_thread(readers.shutdown)
        self._writer.close()
        self._lock.close()

    async def purge(self, bytes_max: int | None = None) -> bool:
        purged: bool = await self._commits.write(Purge(bytes_max))
        return purged

    async def submit(self, submission: Submission) -> Feedback | None:
        outcome: Feedback | None = await self._commits.write(submission)
        return outcome

    def _look_over(self) -> None:
        """The whole integrity check, beside the traffic; what it finds stops the writing. Closing cuts it short."""
        try:
            with closing(open_reader(self._path)) as connection:
                found = damage(connection, stop=lambda: self._closed)
        except OUTAGES as error:
            found = str(error)
        if found and not self._writer.damage:
            self._writer.stop_writing(found)

    def _watch_over(self) -> None:
        """What is written to a file without a name is gone when the server stops: better no vote than that."""
        with suppress(OSError):  # a disk that says nothing now is asked again
            if identity(self._path) != self._identity and not self._writer.damage:
                self._writer.stop_writing(f"{self._path} was moved, removed or replaced while the server runs")
        self._watch = asyncio.get_running_loop().call_later(LOOK_SECONDS, self._watch_over)

    async def _write(self, steps: Callable[P, Steps[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        outcome: T = await self._commits.write(partial(steps, *args, **kwargs))
        return outcome

    async def _read(self, steps: Callable[P, Steps[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._read_in(self._readers, partial(steps, *args, **kwargs))

    async def _search(self, steps: Callable[P, Steps[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._read_in(self._searcher, partial(steps, *args, **kwargs))

    async def _read_in(self, readers: ThreadPoolExecutor, plan: Plan[T]) -> T:
        """Run `plan` in a thread of `readers`, interrupted when it takes too long. Raises `Unavailable`."""
        if self._closed:
            raise Unavailable("The server is shutting down")
        if self._reads_waiting >= READS_WAITING_MAX:
            raise Unavailable("Too many reads are waiting")
        self._reads_waiting += 1
        try:
            async with asyncio.timeout(self._wait_seconds_max):
                return await asyncio.get_running_loop().run_in_executor(readers, self._read_here, plan)
        except TimeoutError:
            raise Unavailable("The database did not answer in time") from None
        finally:
            self._reads_waiting -= 1

    def _read_here(self, plan: Plan[T]) -> T:
        try:
            connection = getattr(self._own, "connection", None)
            if connection is None:
                connection = self._own.connection = open_reader(self._path)
            with interrupted(connection, after(self._wait_seconds_max)), connection:
                return run(connection, plan)
        except OUTAGES as error:
            raise unavailable(error) from error


def _lock(path: Path) -> IO[str]:
    """Raises `DatabaseInUse`, `CannotOpen`."""
    try:
        return lock(path)
    except DatabaseInUse as error:
        raise DatabaseInUse(f"{error.message}, or give this one another database_url. One SQLite file takes one server."
                            ) from error


def _open_checked(path: Path, decide: Decide, zones: Mapping[str, str], endpoints: Endpoints) -> Writer:
    """A writer on a migrated database; one that writes nothing when a first look finds damage."""
    try:
        connection = open_writer(path)
        found = damage(connection, stop=after(FIRST_LOOK_SECONDS))
        writer = Writer(path, connection, decide, zones, endpoints)
        if found:
            writer.stop_writing(found)
        else:
            migrate(connection)
            keep_totals(connection, zones)
            writer.start()
    except OUTAGES as error:
        raise CannotOpen(f"Cannot open the database {path}: {error}. {HOW_TO_RESTORE}") from error
    return writer
