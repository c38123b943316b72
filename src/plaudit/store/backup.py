"""Copies of the database: taken while the server runs, checked before they replace anything.

A copy is one read transaction (`VACUUM INTO`), so it is a moment's whole truth and holds up no writer. Names change
only when what they name is complete and on stable storage.
"""

import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import apsw

from plaudit.errors import PlauditError
from plaudit.store.counted import counted
from plaudit.store.sqlite_file import BUSY_MILLISECONDS, damage, lock, open_reader
from plaudit.store.sqlite_migrate import APPLICATION_ID, newest_version, version

SIDE_FILES = ("-wal", "-shm")
PART_BYTES = 4 * 1024 * 1024
PART_STEPS = 100  # of SQLite's virtual machine: some twenty rows


class BackupFailed(PlauditError):
    """The copy could not be made"""

    code = "backup_failed"


@dataclass(frozen=True, slots=True)
class Inventory:
    """What a database holds, to compare a copy with."""

    schema: int
    messages: int
    feedback: int
    history: int

    def __str__(self) -> str:
        return (f"{counted(self.messages, 'message')}, {counted(self.feedback, 'vote')}, "
                f"{counted(self.history, 'history entry', 'history entries')} (schema {self.schema})")


def backup(path: Path, destination: Path) -> Inventory:
    """Copy the database at `path` into a new file. The server may run. Raises `BackupFailed`."""
    if destination.exists():
        raise BackupFailed(f"{destination} exists already and is not overwritten; choose another name")
    draft = destination.with_name(f".{destination.name}.{secrets.token_hex(8)}")
    with _failing(f"{path} could not be copied to {destination}"):
        try:
            _vacuum_into(path, draft)
            inventory = inspect(draft, destination)
            os.link(draft, destination)  # unlike a rename it never overwrites
        finally:
            draft.unlink(missing_ok=True)
        _sync(destination.parent)
    return inventory


def restore(source: Path, path: Path) -> tuple[Inventory, Path | None]:
    """Put a checked copy of `source` in the place of the database; say where the old one is now, if there was one.

    Raises `BackupFailed`, and `DatabaseInUse` while a server holds the database.
    """
    path = Path(os.path.realpath(path))  # a link to the database goes on leading to it
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    with _failing(f"{source} could not be restored to {path}"), closing(lock(path)):
        try:
            _copy(source, draft)
            inventory = inspect(draft, source)
            aside = _set_aside(path)
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
        _sync(path.parent)
    return inventory, aside


def inspect(path: Path, name: Path | None = None) -> Inventory:
    """Read all of a copy, called `name` in messages.

    Raises `BackupFailed` when it is damaged, no database of Plaudit's, or from the future.
    """
    name = name or path
    if not path.is_file():
        raise BackupFailed(f"{name} is not there; check the name")
    with _failing(f"{name} could not be read"):
        if found := _integrity(path):
            raise BackupFailed(f"{name} is damaged ({found}); take another backup")
        return _identified(path, name)


def quick_check(path: Path) -> str | None:
    """The first thing wrong with a database, the server running or not; None for a sound one. Raises `BackupFailed`."""
    with _failing(f"{path} could not be read"):
        try:
            with closing(open_reader(path)) as connection:
                return damage(connection)
        except apsw.CorruptError as error:  # too damaged to be opened
            return str(error)


def newest_change(path: Path) -> int | None:
    """The instant of the newest vote, in milliseconds since 1970. Raises `BackupFailed`."""
    with _failing(f"{path} could not be read"), closing(open_reader(path)) as connection:
        newest: int | None = connection.execute("SELECT max(updated_at) FROM history").get
        return newest


# ---------------------------------------------------------------- steps


def _vacuum_into(path: Path, draft: Path) -> None:
    if not path.is_file():
        raise BackupFailed(f"there is no database at {path}; check data_dir and database_url")
    _create_private(draft)
    with (closing(apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)) as connection,  # as INTO wants it
          draft.open("rb") as copy):
        connection.set_busy_timeout(BUSY_MILLISECONDS)
        connection.set_progress_handler(_in_small_parts(copy.fileno()), PART_STEPS)
        connection.execute("VACUUM INTO ?", (str(draft),))
    _sync(draft)


def _in_small_parts(descriptor: int) -> Callable[[], bool]:
    """Called again and again, it puts a growing file on the disk. Left to the end, all of it would hold up the votes: a
    file system that synchronises one file that grew first writes what others grew by."""
    synced = 0

    def go_on() -> bool:
        nonlocal synced
        size = os.fstat(descriptor).st_size
        if size - synced >= PART_BYTES:
            os.fsync(descriptor)
            synced = size
        return False

    return go_on


def _integrity(path: Path) -> str | None:
    """What the slow, thorough check finds first; None for a sound database."""
    try:
        with closing(open_reader(path)) as connection:
            found = " ".join(str(connection.execute("PRAGMA integrity_check(1)").get).split())  # it breaks lines
    except apsw.CorruptError as error:
        return str(error)
    return None if found == "ok" else found


def _identified(path: Path, name: Path) -> Inventory:
    """What a sound database holds. Raises `BackupFailed` when it is not one that this Plaudit can use."""
    with closing(open_reader(path)) as connection:
        if connection.pragma("application_id") != APPLICATION_ID:
            raise BackupFailed(f"{name} is not a database of Plaudit's")
        newest = newest_version()
        if version(connection) > newest:
            raise BackupFailed(f"{name} was written by a newer Plaudit (schema {version(connection)}; this one knows "
                               f"{newest}); upgrade Plaudit first")
        return _inventory(connection)


def _inventory(connection: apsw.Connection) -> Inventory:
    return Inventory(
        schema=version(connection),
        messages=connection.execute("SELECT count(*) FROM messages").get,
        feedback=connection.execute("SELECT count(*) FROM feedback WHERE vote IS NOT NULL").get,
        history=connection.execute("SELECT count(*) FROM history").get,
    )


def _copy(source: Path, draft: Path) -> None:
    if not source.is_file():
        raise BackupFailed(f"{source} is not there; check the name")
    if any(Path(f"{source}{suffix}").exists() for suffix in SIDE_FILES):
        raise BackupFailed(f"{source} is a database in use, not a backup; make one with `plaudit backup`")
    _create_private(draft)
    shutil.copyfile(source, draft)
    _sync(draft)


def _set_aside(path: Path) -> Path | None:
    """The old database keeps its log beside it: without it, it would lack its last votes. A log alone goes aside as
    well: SQLite would play it into the copy."""
    there = [suffix for suffix in (*SIDE_FILES, "") if Path(f"{path}{suffix}").exists()]
    if not there:
        return None
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%fZ")
    aside = path.with_name(f"{path.name}.before-{stamp}")
    for suffix in there:
        Path(f"{path}{suffix}").rename(f"{aside}{suffix}")
    return aside


def _create_private(path: Path) -> None:
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _failing(what: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise BackupFailed(f"{what}: {error.strerror or error}") from error  # without a draft's name
    except apsw.Error as error:
        raise BackupFailed(f"{what}: {error}") from error
