"""What the log holds is moved into the database beside the traffic.

A commit only appends to the log, and something must move it on, or it grows for ever. SQLite does that within a commit:
under full load every vote then waited 30 ms, once a second. Here a thread of its own copies while votes go on; the
writer is left with what came meanwhile, a matter of a millisecond, and the log begins anew with its next commit.

A checkpoint that fails changes nothing: the log still has everything, and the next one tries again.
"""

import threading
from contextlib import suppress
from pathlib import Path

import apsw

from plaudit.store.sqlite_file import OUTAGES


class Checkpoints:
    """For one writer. `note` and `finish` are its own to call, from its thread; `close` after its last commit."""

    def __init__(self, path: Path, every_pages: int) -> None:
        self._connection = _open(path)
        self._every_pages = every_pages
        self._due_at_pages = every_pages
        self._log_pages = 0
        self._copied = False  # a pass is over, and the writer has not finished it yet
        self._wanted = threading.Event()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="plaudit-checkpoints", daemon=True)
        self._thread.start()

    def note(self, _connection: apsw.Connection, _database: str, log_pages: int) -> int:
        """SQLite's hook after each commit: how long is the log now?"""
        if log_pages < self._log_pages:  # it began anew
            self._due_at_pages = self._every_pages
        self._log_pages = log_pages
        if log_pages >= self._due_at_pages:
            self._due_at_pages = log_pages + self._every_pages  # a reader may keep it from beginning anew for a while
            self._wanted.set()
        return apsw.SQLITE_OK

    def finish(self, connection: apsw.Connection) -> None:
        """Between two commits: move what came during a pass, so that the log can begin anew."""
        if self._copied:
            self._copied = False
            checkpoint(connection)

    def close(self) -> None:
        self._closed = True
        self._wanted.set()
        self._thread.join()
        self._connection.close()

    def _run(self) -> None:
        while self._wanted.wait():
            self._wanted.clear()
            if self._closed:
                return
            checkpoint(self._connection)
            self._copied = True


def _open(path: Path) -> apsw.Connection:
    """Of the file and the log that the writer has open now, whatever becomes of their names."""
    connection = apsw.Connection(str(path))
    connection.pragma("synchronous", "full")
    connection.execute("SELECT count(*) FROM sqlite_schema").fetchall()  # only now the log is open too
    return connection


def checkpoint(connection: apsw.Connection) -> None:
    """As far as readers allow, waiting for nobody. As a statement: apsw's own method holds the interpreter."""
    with suppress(*OUTAGES):
        connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
