"""One SQLite file: how it is opened, locked and looked over. What its drivers raise becomes ours here."""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import apsw

from plaudit.errors import Unavailable
from plaudit.store.failures import CannotOpen, DatabaseInUse

# Small on purpose: after a split of any page SQLite's commit walks through all of the cache, and the operating system
# holds the file anyway. At 32 MiB that walk was a fifth of what storing a vote takes; at 4 MiB reads cost no more.
WRITER_CACHE_KIB = 4 * 1024
READER_CACHE_KIB = 4 * 1024
PAGE_BYTES = 2048  # a vote changes one row of a page chosen at random, so half the page is half the writing
CHECKPOINT_PAGES = 16_000  # 32 MiB of log before it is moved into the database
INSTRUCTIONS_BETWEEN_LOOKS = 10_000
STATEMENTS_KEPT = 300  # the writer has one for each number of rows in a batch
BUSY_MILLISECONDS = 5000

# What happens to a database rather than in our code. Everything else that apsw raises is a bug and stays one.
OUTAGES = (
    apsw.BusyError, apsw.CantOpenError, apsw.CorruptError, apsw.FullError, apsw.InterruptError, apsw.IOError,
    apsw.LockedError, apsw.NoMemError, apsw.NotADBError, apsw.PermissionsError, apsw.ProtocolError, apsw.ReadOnlyError,
)
DAMAGE = (apsw.CorruptError, apsw.NotADBError)
HOW_TO_RESTORE = "Stop the server and restore the newest backup: plaudit restore BACKUP --verify"


def lock(path: Path) -> IO[str]:
    """Hold the database for this process until the file given back is closed. Raises `DatabaseInUse`, `CannotOpen`."""
    real = Path(os.path.realpath(path))  # the lock lies beside the file itself, whatever links lead to it
    try:
        real.parent.mkdir(parents=True, exist_ok=True)
        held = open(  # noqa: SIM115  a path cannot be opened by a function of ours; open as long as we run
            f"{real}.lock", "a+", encoding="ascii", opener=_without_following)
    except OSError as error:
        raise CannotOpen(f"Cannot write beside the database {path}: {error.strerror}. "
                         "Plaudit needs a folder that it can write.") from error
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        held.seek(0)
        owner = held.read().strip() or "unknown"
        held.close()
        raise DatabaseInUse(f"Another server (process {owner}) has {path} open: stop that one") from None
    held.truncate(0)
    held.write(f"{os.getpid()}\n")
    held.flush()
    return held


def _without_following(path: str, flags: int) -> int:
    """A link in the lock's place would have another file emptied."""
    return os.open(path, flags | os.O_NOFOLLOW, 0o600)


def identity(path: Path) -> tuple[int, int] | None:
    """Which file has that name now; None when there is none. Raises `OSError` when that cannot be said."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def open_writer(path: Path) -> apsw.Connection:
    """The one writing connection. `synchronous=FULL`: a commit that returned survives a power cut."""
    connection = apsw.Connection(str(path), statementcachesize=STATEMENTS_KEPT)
    connection.transaction_mode = "IMMEDIATE"
    connection.set_busy_timeout(BUSY_MILLISECONDS)
    connection.pragma("page_size", PAGE_BYTES)  # for a new file; an old one keeps its own
    connection.pragma("journal_mode", "wal")
    connection.pragma("synchronous", "full")
    connection.pragma("cache_size", -WRITER_CACHE_KIB)
    connection.pragma("secure_delete", 1)  # what is deleted is written over: see `sqlite_purge`
    connection.pragma("wal_autocheckpoint", 0)  # see `checkpoints`
    return connection


def open_reader(path: Path) -> apsw.Connection:
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    connection.set_busy_timeout(BUSY_MILLISECONDS)
    connection.pragma("query_only", 1)
    connection.pragma("cache_size", -READER_CACHE_KIB)
    return connection


def damage(connection: apsw.Connection, stop: Callable[[], bool] = lambda: False) -> str | None:
    """The first thing that SQLite's own check finds wrong; None for a sound database, or when told to stop."""
    try:
        with interrupted(connection, stop):
            found = connection.execute("PRAGMA quick_check(1)").get
    except apsw.InterruptError:
        return None
    except DAMAGE as error:
        return str(error)
    return None if found == "ok" else str(found)


@contextmanager
def interrupted(connection: apsw.Connection, stop: Callable[[], bool]) -> Iterator[None]:
    """Cut short what runs when `stop` says so: apsw then raises InterruptError."""
    connection.set_progress_handler(stop, INSTRUCTIONS_BETWEEN_LOOKS)
    try:
        yield
    finally:
        connection.set_progress_handler(None)


def after(seconds: float) -> Callable[[], bool]:
    """True from so many seconds on."""
    ends_at = time.monotonic() + seconds
    return lambda: time.monotonic() > ends_at


def unavailable(error: Exception) -> Unavailable:
    """What a caller is told of an outage."""
    if isinstance(error, Unavailable):
        return Unavailable(error.message, retry_after_seconds=error.retry_after_seconds)
    return Unavailable(f"The database cannot be used now ({type(error).__name__})")
