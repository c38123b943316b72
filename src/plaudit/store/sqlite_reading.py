"""An SQLite file that is only read, beside the server that writes it: for commands, which ask one thing at a time."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import ParamSpec, Self, TypeVar

import apsw

from plaudit.model import Feedback, Instant, Submission
from plaudit.store import outbox
from plaudit.store.failures import CannotOpen
from plaudit.store.planned import PlannedStore
from plaudit.store.plans import Steps
from plaudit.store.recount import UNCOUNTED, is_due
from plaudit.store.sqlite_file import OUTAGES, open_reader, open_writer, unavailable
from plaudit.store.sqlite_migrate import due
from plaudit.store.sqlite_plans import run
from plaudit.store.sqlite_writer import transaction

P = ParamSpec("P")
T = TypeVar("T")


class SqliteReading(PlannedStore):
    """`ports.Store` without whatever changes something, but for replaying dead letters: one short transaction."""

    def __init__(self, path: Path, connection: apsw.Connection, now: Callable[[], Instant], zones: Mapping[str, str]
                 ) -> None:
        super().__init__(now, zones)
        self._connection = connection
        self._path = path

    @classmethod
    def open(cls, path: Path, *, now: Callable[[], Instant], zones: Mapping[str, str]) -> Self:
        """Raises `CannotOpen`, `WrongDatabase`."""
        if not path.is_file():
            raise CannotOpen(f"There is no database at {path}: check data_dir and database_url, or start a server")
        try:
            connection = open_reader(path)
            if unfit := _unfit(connection, zones):
                connection.close()
                raise CannotOpen(f"{path} {unfit}")
        except OUTAGES as error:
            raise CannotOpen(f"Cannot open the database {path}: {error}") from error
        return cls(path, connection, now, zones)

    async def close(self) -> None:
        self._connection.close()

    async def purge(self, bytes_max: int | None = None) -> bool:
        raise NotImplementedError

    async def submit(self, submission: Submission) -> Feedback | None:
        raise NotImplementedError

    async def _write(self, steps: Callable[P, Steps[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        raise NotImplementedError

    async def replay(self, endpoint_id: str, seqs: Sequence[int]) -> int:
        return await asyncio.to_thread(self._write_here, partial(outbox.replay, endpoint_id, seqs))

    async def _search(self, steps: Callable[P, Steps[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._read(steps, *args, **kwargs)

    async def _read(self, steps: Callable[P, Steps[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        return await asyncio.to_thread(self._read_here, partial(steps, *args, **kwargs))

    def _write_here(self, plan: Callable[[], Steps[T]]) -> T:
        """On a connection of its own. A server that writes meanwhile waits for it, or it for the server."""
        try:
            with closing(open_writer(self._path)) as connection, transaction(connection):
                return run(connection, plan)
        except OUTAGES as error:
            raise unavailable(error) from error

    def _read_here(self, plan: Callable[[], Steps[T]]) -> T:
        try:
            with self._connection:
                found = run(self._connection, plan)
        except OUTAGES as error:
            raise unavailable(error) from error
        return found


def _unfit(connection: apsw.Connection, zones: Mapping[str, str]) -> str | None:
    """Why this database cannot be read; None when it can. Raises `WrongDatabase`."""
    if due(connection):
        return "is an older Plaudit's; bring it up to date with `plaudit migrate`"
    with connection:
        uncounted = run(connection, partial(is_due, zones))
    return UNCOUNTED if uncounted else None
