"""Votes in one SQLite file: the store that needs nothing installed.

One thread writes (see `group_commit`), a few read from snapshots of their own, and neither waits for the other.
"""

import asyncio
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from itertools import groupby
from pathlib import Path
from typing import Any, Self, TypeVar

import apsw
import structlog

from plaudit.errors import Conflict, Unavailable
from plaudit.model import (
    Conversation,
    Feedback,
    FeedbackFilter,
    Instant,
    Message,
    Page,
    RatedMessage,
    Role,
    Subject,
    Submission,
)
from plaudit.ports import DeviceBinding, Registered
from plaudit.store import sqlite_reads, sqlite_writes
from plaudit.store.group_commit import GroupCommit, WhenCommitted
from plaudit.store.migrate import migrate
from plaudit.store.sqlite_file import (
    HOW_TO_RESTORE,
    OUTAGES,
    CannotOpen,
    after,
    damage,
    identity,
    interrupted,
    lock,
    open_reader,
    open_writer,
    unavailable,
)
from plaudit.store.sqlite_writer import Decide, Job, Write, Writer

READERS = 2
READS_WAITING_MAX = 256
FIRST_LOOK_SECONDS = 0.5  # for the integrity check before the start; a large database is looked over while it serves
LOOK_SECONDS = 1.0  # between two looks at whether the file is still there
REGISTER_CHUNK = 500  # messages a write: votes get their turn between two chunks

T = TypeVar("T")
log = structlog.get_logger("plaudit.store")


class SqliteStore:
    """`ports.Store` on one file. Make it with `open`, inside a running event loop, and `close` it."""

    def __init__(self, path: Path, writer: Writer, held_lock: Any, *, now: Callable[[], Instant], waiting_max: int,
                 wait_seconds_max: float, when_committed: WhenCommitted) -> None:
        self._path = path
        self._writer = writer
        self._lock = held_lock
        self._now = now
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
                   wait_seconds_max: float = 5.0, when_committed: WhenCommitted = lambda *_: None) -> Self:
        """Lock, open, migrate and check the file, making it if need be.

        Raises `DatabaseInUse`, `WrongDatabase`, `CannotOpen`. A damaged database opens, but refuses every write.
        """
        held_lock = lock(path)
        try:
            writer = await asyncio.to_thread(_open_checked, path, decide)
        except BaseException:
            held_lock.close()
            raise
        return cls(path, writer, held_lock, now=now, waiting_max=waiting_max, wait_seconds_max=wait_seconds_max,
                   when_committed=when_committed)

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

    async def submit(self, submission: Submission) -> Feedback | None:
        outcome: Feedback | None = await self._commits.write(submission)
        return outcome

    async def register(self, messages: Sequence[Message]) -> list[Registered | Conflict]:
        outcomes: list[Registered | Conflict] = []
        for project_id, group in groupby(messages, lambda message: message.project_id):
            own = list(group)
            for start in range(0, len(own), REGISTER_CHUNK):
                chunk = own[start:start + REGISTER_CHUNK]
                outcomes += await self._write(sqlite_writes.register(project_id, chunk))
        return outcomes

    async def create_conversation(self, conversation: Conversation) -> None:
        await self._write(sqlite_writes.create_conversation(conversation))

    async def visitor(self, project_id: str, device_hash: str, new_id: str, now: Instant) -> tuple[str, bool]:
        found: tuple[str, bool] = await self._write(sqlite_writes.visitor(project_id, device_hash, new_id, now))
        return found

    async def bind_device(self, project_id: str, user_hash: str, device_hash: str, now: Instant, *, only_first: bool
                          ) -> DeviceBinding:
        binding: DeviceBinding = await self._write(
            sqlite_writes.bind_device(project_id, user_hash, device_hash, now, only_first=only_first))
        return binding

    async def device_token_seen(self, project_id: str, user_hash: str, device_hash: str, now: Instant) -> None:
        await self._write(sqlite_writes.device_token_seen(project_id, user_hash, device_hash, now))

    async def check(self) -> None:
        await self._write(sqlite_writes.readiness(self._now()))

    async def message(self, project_id: str, message_id: str) -> Message | None:
        return await self._read(sqlite_reads.message(project_id, message_id))

    async def conversation(self, project_id: str, conversation_id: str) -> Conversation | None:
        return await self._read(sqlite_reads.conversation(project_id, conversation_id))

    async def conversations(self, project_id: str, owner: Subject, *, order_by: str, descending: bool, limit: int,
                            offset: int, search: str | None = None) -> tuple[int, list[Conversation]]:
        """A search walks through all that the owner was ever shown, so searches queue apart from other reads."""
        return await self._read(sqlite_reads.conversations(
            project_id, owner, order_by=order_by, descending=descending, limit=limit, offset=offset, search=search,
        ), self._searcher if search else self._readers)

    async def conversation_messages(self, project_id: str, conversation_id: str, *, role: Role | None, limit: int,
                                    offset: int = 0, before: str | None = None, descending: bool = False
                                    ) -> tuple[int, list[RatedMessage]]:
        return await self._read(sqlite_reads.conversation_messages(
            project_id, conversation_id, role=role, limit=limit, offset=offset, before=before, descending=descending))

    async def feedback(self, project_id: str, wanted: FeedbackFilter, *, limit: int, cursor: str | None
                       ) -> Page[RatedMessage]:
        return await self._read(sqlite_reads.feedback(project_id, wanted, limit=limit, cursor=cursor))

    async def history(self, project_id: str, message_id: str) -> list[Feedback]:
        return await self._read(sqlite_reads.history(project_id, message_id))

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

    async def _write(self, write: Write) -> Any:
        return await self._commits.write(write)

    async def _read(self, read: Callable[[apsw.Connection], T], readers: ThreadPoolExecutor | None = None) -> T:
        """Run `read` in a thread of `readers`, interrupted when it takes too long. Raises `Unavailable`."""
        if self._closed:
            raise Unavailable("The server is shutting down")
        if self._reads_waiting >= READS_WAITING_MAX:
            raise Unavailable("Too many reads are waiting")
        self._reads_waiting += 1
        try:
            async with asyncio.timeout(self._wait_seconds_max):
                return await asyncio.get_running_loop().run_in_executor(readers or self._readers, self._read_here, read)
        except TimeoutError:
            raise Unavailable("The database did not answer in time") from None
        finally:
            self._reads_waiting -= 1

    def _read_here(self, read: Callable[[apsw.Connection], T]) -> T:
        try:
            connection = getattr(self._own, "connection", None)
            if connection is None:
                connection = self._own.connection = open_reader(self._path)
            with interrupted(connection, after(self._wait_seconds_max)), connection:
                return read(connection)
        except OUTAGES as error:
            raise unavailable(error) from error


def _open_checked(path: Path, decide: Decide) -> Writer:
    """A writer on a migrated database; one that writes nothing when a first look finds damage."""
    try:
        connection = open_writer(path)
        found = damage(connection, stop=after(FIRST_LOOK_SECONDS))
        writer = Writer(path, connection, decide)
        if found:
            writer.stop_writing(found)
        else:
            migrate(connection)
            writer.start()
    except OUTAGES as error:
        raise CannotOpen(f"Cannot open the database {path}: {error}. {HOW_TO_RESTORE}") from error
    return writer
