"""Votes on PostgreSQL: a batch is decided and written in one transaction, while other processes do the same.

Between reading a row and writing it nobody holds a lock. A row that another process has changed meanwhile is told by
its revision, left as it is, and decided anew in another transaction.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from functools import partial

import asyncpg

from plaudit.errors import Conflict, PlauditError
from plaudit.events import NOBODY, Endpoints
from plaudit.model import Feedback, Submission
from plaudit.store import outbox
from plaudit.store.deciding import Decide, Key, Known, Outcome, key_of, to_register
from plaudit.store.derived import Changed, keep
from plaudit.store.plans import Ask, Row
from plaudit.store.postgres_connections import WRITING, Connections, ask, columns, run
from plaudit.store.rows import feedback_row
from plaudit.store.writes import register_by_receipts

STOCK = 1000  # numbers taken from the database at a time
UNKNOWN = (None,) * 16  # what is known of a message that is not there


class Votes:
    def __init__(self, connections: Connections, decide: Decide, zones: Mapping[str, str],
                 endpoints: Endpoints = NOBODY) -> None:
        """`zones`: the time zone of each project where it is not UTC. `endpoints`: who is to be told of votes."""
        self._connections = connections
        self._zones = zones
        self._endpoints = endpoints
        self._decide = decide
        self._numbers = Numbers()

    async def commit(self, submissions: Sequence[Submission]) -> list[Outcome]:
        """One transaction after the other, until no submission is left that somebody else came before.

        Raises what the first raises. What a later one raises is the outcome of those in it: the others are committed.
        """
        outcomes = await self._connections.attempt(WRITING, partial(self._decide_and_write, submissions))
        while left := [submission for submission in submissions if key_of(submission) not in outcomes]:
            try:
                outcomes |= await self._connections.attempt(WRITING, partial(self._decide_and_write, left))
            except Exception as failure:  # noqa: BLE001  whatever it is, it must not have the others tried again
                outcomes |= dict.fromkeys(map(key_of, left), failure)
        return [outcomes[key_of(submission)] for submission in submissions]

    async def _decide_and_write(self, submissions: Sequence[Submission], connection: asyncpg.Connection
                                ) -> dict[Key, Outcome]:
        """The outcomes that hold once this is committed; those that another process came before have none."""
        known = await _read(connection, [key_of(submission) for submission in submissions])
        conflicts = await self._register(submissions, known, connection)
        by_key = {key_of(submission): submission for submission in submissions}
        outcomes: dict[Key, Outcome] = {
            key: conflicts.get(key[:2]) or self._decided(known[key], submission) for key, submission in by_key.items()}
        changed = [outcome for outcome in outcomes.values() if isinstance(outcome, Feedback)]
        overtaken = await self._write(changed, known, connection) if changed else ()
        if not changed and None in outcomes.values():
            await ask(connection, Ask("wait_for_standby", {"prefix": "plaudit"}))
        return {key: outcome for key, outcome in outcomes.items() if key not in overtaken}

    async def _write(self, changed: Sequence[Feedback], known: Mapping[Key, Known], connection: asyncpg.Connection
                     ) -> set[Key]:
        """States and history; the keys that were not written, because another process came before."""
        rows = list(map(feedback_row, changed))
        newest = max(known[row[:3]].seq or 0 for row in rows)
        numbers = await self._numbers.take(connection, len(rows), above=newest)
        states = sorted((*row, number) for row, number in zip(rows, numbers, strict=True))
        written = {number for number, in await connection.fetch(*columns("write_feedback", states))}
        if history := [(*state, known[state[:3]].seq) for state in states if state[-1] in written]:
            # Raises where a message is not theirs any more: all is decided anew.
            await run(connection, partial(outbox.append, history, self._endpoints))
            changes = dict(zip((row[:3] for row in rows), changed, strict=True))
            kept = [Changed(changes[row[:3]], row[-2], known[row[:3]]) for row in history]
            await run(connection, partial(keep, kept, self._zones))
        return {state[:3] for state in states if state[-1] not in written}

    async def _register(self, submissions: Sequence[Submission], known: dict[Key, Known],
                        connection: asyncpg.Connection) -> Mapping[tuple[str, str], Conflict]:
        """Messages that are known by their votes' receipts only; those that cannot be registered."""
        receipts, keys = to_register(submissions, known)
        if not receipts:
            return {}
        conflicts = await run(connection, partial(register_by_receipts, receipts, self._zones))
        known |= await _read(connection, keys)
        return conflicts

    def _decided(self, known: Known, submission: Submission) -> Outcome:
        try:
            return self._decide(known.head, known.feedback, submission)
        except PlauditError as refusal:
            return refusal


class Numbers:
    """Numbers for entries of history, each given once; the database is asked for many at a time."""

    def __init__(self) -> None:
        self._stock: deque[int] = deque()

    async def take(self, connection: asyncpg.Connection, count: int, *, above: int) -> list[int]:
        """Rising, and greater than `above`, which a number taken by another process may be."""
        while len(self._stock) < count or self._stock[0] <= above:
            if self._stock and self._stock[0] <= above:
                self._stock.popleft()
            else:
                fresh = await ask(connection, Ask("take_numbers", {"count": STOCK}))
                self._stock = deque(sorted([*self._stock, *(number for number, in fresh)]))
        return [self._stock.popleft() for _ in range(count)]


async def _read(connection: asyncpg.Connection, keys: Sequence[Key]) -> dict[Key, Known]:
    projects, messages, subjects = zip(*keys, strict=True)
    found: Sequence[Row] = await ask(connection, Ask("read_for_decision", {
        "n": range(len(keys)), "project_id": projects, "message_id": messages, "subject": subjects}))
    rows = {number: row for number, *row in found}
    return {key: Known(key[0], rows.get(number, UNKNOWN)) for number, key in enumerate(keys)}
