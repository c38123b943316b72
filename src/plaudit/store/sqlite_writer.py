"""The one connection that writes, used by the writer's thread alone. A batch is one transaction that reads, decides and
writes."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import apsw
import structlog

from plaudit.errors import Conflict, PlauditError, Unavailable
from plaudit.events import NOBODY, Endpoints
from plaudit.model import Feedback, Submission
from plaudit.store import outbox, sqlite_file
from plaudit.store.checkpoints import Checkpoints
from plaudit.store.deciding import Decide, Key, Known, key_of, to_register
from plaudit.store.derived import Changed, keep
from plaudit.store.outage import Outage
from plaudit.store.plans import Plan, Put
from plaudit.store.queries import queries
from plaudit.store.rows import feedback_row, from_json
from plaudit.store.sqlite_file import DAMAGE, HOW_TO_RESTORE, OUTAGES, damage, open_writer, unavailable
from plaudit.store.sqlite_plans import chunks, flat, for_rows, put, run
from plaudit.store.sqlite_purge import purge
from plaudit.store.writes import register_by_receipts


@dataclass(frozen=True, slots=True)
class Purge:
    """Remove from the files what was deleted, where they have not more than so many bytes."""

    bytes_max: int | None


Job = Submission | Plan[Any] | Purge
Row = tuple[Any, ...]

log = structlog.get_logger("plaudit.store")


class Writer:
    def __init__(self, path: Path, connection: apsw.Connection, decide: Decide, zones: Mapping[str, str],
                 endpoints: Endpoints = NOBODY) -> None:
        """`zones`: the time zone of each project where it is not UTC. `endpoints`: who is to be told of votes."""
        self._path = path
        self._zones = zones
        self._endpoints = endpoints
        self._connection: apsw.Connection | None = connection
        self._checkpoints: Checkpoints | None = None
        self._decide = decide
        self._last_seq = 0
        self._outage = Outage("write failed")
        self.damage: str | None = None  # once set, nothing is written any more

    def start(self) -> None:
        """Before the first commit, on a migrated and sound database."""
        connection = self._usable()
        self._last_seq = connection.execute(queries()["read_last_seq"]).get
        self._checkpoints = Checkpoints(self._path, sqlite_file.CHECKPOINT_PAGES)
        connection.set_wal_hook(self._checkpoints.note)

    def stop_writing(self, found: str) -> None:
        """The database is damaged: better no vote than one that cannot be found again."""
        self.damage = found
        log.error("database damaged", damage=found, advice=HOW_TO_RESTORE)

    def commit(self, jobs: Sequence[Job]) -> list[Any]:
        """One outcome a job, in order; an exception is that job's refusal. Never raises."""
        if any(isinstance(job, Purge) for job in jobs):
            return self._purge_after(jobs)
        try:
            connection = self._usable()
            if self._checkpoints:
                self._checkpoints.finish(connection)
            with transaction(connection):
                outcomes = self._apply(connection, jobs)
        except (*OUTAGES, Unavailable) as error:
            self._note(error)
            return [unavailable(error) for _ in jobs]
        except Exception as bug:  # noqa: BLE001  it is the outcome of the job that caused it
            if len(jobs) == 1:
                return [bug]
            return [outcome for job in jobs for outcome in self.commit([job])]  # its neighbours must not suffer
        self._outage.over()
        return outcomes

    def close(self) -> None:
        if self._checkpoints:
            self._checkpoints.close()
        if self._connection is not None:
            self._connection.close()

    def _apply(self, connection: apsw.Connection, jobs: Sequence[Job]) -> list[Any]:
        """Other writes in their order first, then the votes: whoever registers waits for that before voting."""
        alone = [None if isinstance(job, Submission | Purge) else _alone(connection, job) for job in jobs]
        submissions = [job for job in jobs if isinstance(job, Submission)]
        if len(submissions) < len(jobs):
            self._last_seq = max(self._last_seq, connection.execute(queries()["read_last_seq"]).get)
        votes = iter(self._vote(connection, submissions) if submissions else ())
        return [next(votes) if isinstance(job, Submission) else it for job, it in zip(jobs, alone, strict=True)]

    def _purge_after(self, jobs: Sequence[Job]) -> list[Any]:
        """First the others."""
        purges = [job for job in jobs if isinstance(job, Purge)]
        others = [job for job in jobs if not isinstance(job, Purge)]
        outcomes, purged = iter(self.commit(others) if others else ()), self._purge(purges[0].bytes_max)
        return [purged if isinstance(job, Purge) else next(outcomes) for job in jobs]

    def _purge(self, bytes_max: int | None) -> bool | Unavailable:
        """No transaction: a file is not written anew within one."""
        try:
            return purge(self._usable(), self._path, bytes_max)
        except (*OUTAGES, Unavailable) as error:
            self._note(error)
            return unavailable(error)

    def _vote(self, connection: apsw.Connection, submissions: Sequence[Submission]) -> list[Any]:
        """Decide each on what its predecessors left, then write: states once a key, history every time."""
        known = _read(connection, [key_of(submission) for submission in submissions])
        conflicts = self._register(connection, submissions, known)
        outcomes: list[Feedback | PlauditError | None] = []
        states: dict[Key, Row] = {}
        changes: dict[Key, Feedback] = {}
        history: list[Row] = []
        for submission in submissions:
            standing = known[key_of(submission)]
            if conflict := conflicts.get(key_of(submission)[:2]):
                outcomes.append(conflict)
                continue
            try:
                changed = self._decide(standing.head, standing.feedback, submission)
            except PlauditError as refusal:
                outcomes.append(refusal)
                continue
            outcomes.append(changed)
            if changed is not None:
                self._last_seq += 1
                row = (*feedback_row(changed), self._last_seq)
                history.append((*row, standing.seq))
                states[key_of(submission)], changes[key_of(submission)] = row, changed
                standing.feedback, standing.seq = changed, self._last_seq
        keys = sorted(states)
        put(connection, Put("write_feedback", [states[key] for key in keys]))
        run(connection, partial(outbox.append, history, self._endpoints))
        if keys:
            kept = [Changed(changes[key], states[key][-1], known[key]) for key in keys]
            run(connection, partial(keep, kept, self._zones))
        return outcomes

    def _register(self, connection: apsw.Connection, submissions: Sequence[Submission], known: dict[Key, Known]
                  ) -> Mapping[tuple[str, str], Conflict]:
        """Messages that are known by their votes' receipts only; those that cannot be registered."""
        receipts, keys = to_register(submissions, known)
        if not receipts:
            return {}
        conflicts: Mapping[tuple[str, str], Conflict] = run(
            connection, partial(register_by_receipts, receipts, self._zones))
        known |= _read(connection, keys)
        return conflicts

    def _usable(self) -> apsw.Connection:
        """The connection, opened anew after a failed write. Raises `Unavailable` once damage was found."""
        if self.damage:
            raise Unavailable("The database is damaged and takes no votes until it is restored")
        if self._connection is None:
            self._connection = self._reopen()
        return self._connection

    def _reopen(self) -> apsw.Connection:
        """After a failed write or fsync nobody knows what is on the disk. What the file says now is checked, and moved
        out of the log into the database, before anything is written after it."""
        connection = open_writer(self._path)
        if found := damage(connection):
            connection.close()
            self.stop_writing(found)
            raise Unavailable
        connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
        if self._checkpoints:
            connection.set_wal_hook(self._checkpoints.note)
        log.warning("database reopened after a failed write")
        return connection

    def _note(self, error: Exception) -> None:
        if isinstance(error, Unavailable):
            return
        self._outage.failed(error=type(error).__name__, detail=str(error))
        if isinstance(error, DAMAGE):
            self.stop_writing(str(error))
        if isinstance(error, apsw.IOError) and self._connection is not None:
            self._connection.close(True)  # noqa: FBT003  apsw's `force` has no name
            self._connection = None


@contextmanager
def transaction(connection: apsw.Connection) -> Iterator[apsw.Connection]:
    """One transaction, kept when the block ends well.

    apsw's own `with connection` would hold the interpreter, and with it the event loop, while it waits for a lock or
    for the disk; a statement lets go of it.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # some failures have ended it already
            connection.execute("ROLLBACK")
        raise


def _alone(connection: apsw.Connection, plan: Plan[Any]) -> Any:
    """One write that is not a vote, in a savepoint of its own."""
    try:
        with connection:
            return run(connection, plan)
    except PlauditError as refusal:
        return refusal


def _read(connection: apsw.Connection, keys: Sequence[Key]) -> dict[Key, Known]:
    """What each key's message and standing feedback are, before the batch."""
    known: dict[Key, Known] = {}
    for chunk in chunks(keys):
        wanted = [(number, *key) for number, key in enumerate(chunk)]
        found = from_json(connection.execute(for_rows("read_for_decision", len(wanted), 4), flat(wanted)).get)
        known |= {key: Known(key[0], row) for key, row in zip(chunk, found, strict=True)}
    return known
