"""The one connection that writes, used by the writer's thread alone. A batch is one transaction that reads, decides and
writes."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import apsw
import structlog

from plaudit.errors import PlauditError, Unavailable
from plaudit.model import Feedback, Role, Subject, Submission, Vote
from plaudit.rules import MessageHead, Standing
from plaudit.store.queries import queries
from plaudit.store.rows import feedback_row, from_json, to_json
from plaudit.store.sqlite_file import DAMAGE, HOW_TO_RESTORE, OUTAGES, damage, open_writer, unavailable

Decide = Callable[[MessageHead | None, Standing | Feedback | None, Submission], Feedback | None]
Write = Callable[[apsw.Connection], Any]
Job = Submission | Write
Key = tuple[str, str, str]  # project, message, subject
Known = tuple[MessageHead | None, Standing | Feedback | None]

log = structlog.get_logger("plaudit.store")


class Writer:
    def __init__(self, path: Path, connection: apsw.Connection, decide: Decide) -> None:
        self._path = path
        self._connection: apsw.Connection | None = connection
        self._decide = decide
        self.damage: str | None = None  # once set, nothing is written any more

    def commit(self, jobs: Sequence[Job]) -> list[Any]:
        """One outcome a job, in order; an exception is that job's refusal. Never raises."""
        try:
            with self._usable() as connection:
                outcomes = self._apply(connection, jobs)
        except (*OUTAGES, Unavailable) as error:
            self._note(error)
            return [unavailable(error) for _ in jobs]
        except Exception as bug:  # noqa: BLE001  it is the outcome of the job that caused it
            if len(jobs) == 1:
                return [bug]
            return [outcome for job in jobs for outcome in self.commit([job])]  # its neighbours must not suffer
        return outcomes

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()

    def _apply(self, connection: apsw.Connection, jobs: Sequence[Job]) -> list[Any]:
        """Other writes in their order first, then the votes: whoever registers waits for that before voting."""
        alone = [None if isinstance(job, Submission) else _alone(connection, job) for job in jobs]
        submissions = [job for job in jobs if isinstance(job, Submission)]
        votes = iter(self._vote(connection, submissions) if submissions else ())
        return [next(votes) if isinstance(job, Submission) else it for job, it in zip(jobs, alone, strict=True)]

    def _vote(self, connection: apsw.Connection, submissions: Sequence[Submission]) -> list[Any]:
        """Decide each on what its predecessors left, then write: states once a key, history every time."""
        keys = [_key(submission) for submission in submissions]
        known = _read(connection, keys)
        outcomes: list[Feedback | PlauditError | None] = []
        states: dict[Key, Feedback] = {}
        history: list[Feedback] = []
        for key, submission in zip(keys, submissions, strict=True):
            head, existing = known[key]
            try:
                changed = self._decide(head, existing, submission)
            except PlauditError as refusal:
                outcomes.append(refusal)
                continue
            outcomes.append(changed)
            if changed is not None:
                known[key] = head, changed
                states[key] = changed
                history.append(changed)
        if history:
            statements = queries()
            ordered = [feedback_row(states[key]) for key in sorted(states)]
            connection.execute(statements["write_feedback"], {"batch": to_json(ordered)})
            connection.execute(statements["append_history"], {"batch": to_json([feedback_row(it) for it in history])})
        return outcomes

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
        self.damage = damage(connection)
        if self.damage:
            connection.close()
            log.error("database damaged", damage=self.damage, advice=HOW_TO_RESTORE)
            raise Unavailable
        connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
        log.warning("database reopened after a failed write")
        return connection

    def _note(self, error: Exception) -> None:
        if isinstance(error, Unavailable):
            return
        log.error("write failed", error=type(error).__name__, detail=str(error))
        if isinstance(error, DAMAGE):
            self.damage = str(error)
        if isinstance(error, apsw.IOError) and self._connection is not None:
            self._connection.close(True)  # noqa: FBT003  apsw's `force` has no name
            self._connection = None


def _alone(connection: apsw.Connection, write: Write) -> Any:
    """One write that is not a vote, in a savepoint of its own."""
    try:
        with connection:
            return write(connection)
    except PlauditError as refusal:
        return refusal


def _read(connection: apsw.Connection, keys: Sequence[Key]) -> dict[Key, Known]:
    """What each key's message and standing feedback are, before the batch."""
    rows = from_json(connection.execute(queries()["read_for_decision"], {"batch": to_json(keys)}).get)
    return {key: _known(row) for key, row in zip(keys, rows, strict=True)}


def _known(row: Sequence[Any]) -> Known:
    role, owner, vote, revision, created_at, updated_at = row
    head = MessageHead(Role(role), Subject(owner)) if role else None
    existing = Standing(Vote(vote) if vote else None, revision, created_at, updated_at) if revision else None
    return head, existing


def _key(submission: Submission) -> Key:
    return submission.project_id, submission.message_id, submission.subject.key
