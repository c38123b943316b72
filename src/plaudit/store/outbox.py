"""What has yet to be told to endpoints: plans. `append` is part of a vote's transaction, the others are the senders'.

On SQLite one process sends, and knows what it is sending. On PostgreSQL several do: `claim` moves what one of them
takes into the future for `CLAIM_MILLISECONDS`, and what another has taken meanwhile does not come back from it. So
nothing is sent twice while all goes well, and what a process had taken that died is sent by another one after that.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from itertools import groupby
from operator import attrgetter
from typing import Any

from plaudit.events import (
    NOBODY,
    Backlog,
    DeadLetter,
    Delivery,
    Due,
    Endpoint,
    Endpoints,
    Event,
    Kind,
    Settled,
    kind_of,
)
from plaudit.model import Instant, Subject, Vote
from plaudit.store import rows
from plaudit.store.plans import Ask, Put, Row, Steps

NEVER_TRIED = 0  # is due at once, and before whatever has failed
CLAIM_MILLISECONDS = 60_000  # more than an attempt takes, and than clocks differ by
CONTENT_CHARACTERS_MAX = 16_000
FEEDBACK = slice(1, 12)
MESSAGE = slice(14, None)


def append(history: Sequence[Row], endpoints: Endpoints = NOBODY, *, linked: bool = False) -> Steps[None]:
    """New entries of the history, and whom to tell of them. `linked`: nobody voted, a guest became a user."""
    yield Put("append_history", history)
    if endpoints and (told := sorted(row for entry in history for row in _told(entry, endpoints, linked=linked))):
        yield Put("write_outbox", told)


def _told(entry: Row, endpoints: Endpoints, *, linked: bool) -> list[tuple[Any, ...]]:
    project_id, message_id, _, vote, comment, _, _, contract, _, _, updated_at, seq, _ = entry
    kind = Kind.LINKED if linked else kind_of(vote)
    return [(endpoint.id, NEVER_TRIED, seq, project_id, message_id, kind.value, 0, updated_at)
            for endpoint in endpoints.get(project_id, ())
            if endpoint.wants(kind, contract, commented=comment is not None)]


# ---------------------------------------------------------------- sending


def due(endpoint: Endpoint, busy: Collection[int], limit: int, now: Instant) -> Steps[list[Delivery]]:
    """What an endpoint may be sent now, except what is `busy` being sent, by its numbers."""
    found = yield Ask("read_due", {"endpoint": endpoint.id, "now": now, "limit": limit + len(busy)})
    wanted = [it for it in map(_due, found) if it.seq not in busy][:limit]
    if not wanted:
        return []
    events = yield Ask("read_events", {
        "project_id": endpoint.project_id, "seqs": [it.seq for it in wanted],
        "message_ids": sorted({it.message_id for it in wanted}),
        "characters": CONTENT_CHARACTERS_MAX if endpoint.contents else 0})
    known = {row[0]: row for row in events}
    return [Delivery(it, _event(known[it.seq], it.kind) if it.seq in known else None) for it in wanted]


def claim(deliveries: Sequence[Delivery], until: Instant) -> Steps[list[Delivery]]:
    """Those that nobody else has taken since they were read."""
    taken = yield Ask("claim_deliveries", {**_named([it.due for it in deliveries]), "until": until})
    due_at: dict[int, Instant] = dict(map(tuple, taken))
    return [Delivery(replace(it.due, due_at=due_at[it.due.seq]), it.event) for it in deliveries if it.due.seq in due_at]


def settle(settled: Sequence[Settled]) -> Steps[None]:
    """What another process has taken up since, because this one was too slow, is that one's to settle."""
    for _, group in groupby(sorted(settled, key=_endpoint_and_seq), key=attrgetter("due.endpoint_id")):
        own = list(group)
        taken = {seq for seq, in (yield Ask("take_deliveries", _named([it.due for it in own])))}
        failed = [it for it in own if it.failure is not None and it.due.seq in taken]
        yield Put("write_outbox", sorted(_row(it.due, it.retry_at, it.due.attempts + 1)
                                         for it in failed if it.retry_at is not None))
        yield Put("write_dead_letters", [_dead_row(it) for it in failed if it.retry_at is None])


def _endpoint_and_seq(settled: Settled) -> tuple[str, int]:
    return settled.due.endpoint_id, settled.due.seq


def _named(wanted: Sequence[Due]) -> dict[str, object]:
    """Of one endpoint."""
    return {"endpoint": wanted[0].endpoint_id, "due_ats": sorted({it.due_at for it in wanted}),
            "seqs": [it.seq for it in wanted]}


def _due(row: Row) -> Due:
    endpoint, due_at, seq, project_id, message_id, kind, attempts, voted_at = row
    return Due(endpoint, due_at, seq, project_id, message_id, Kind(kind), attempts, voted_at)


def _row(it: Due, due_at: Instant, attempts: int) -> tuple[Any, ...]:
    return (it.endpoint_id, due_at, it.seq, it.project_id, it.message_id, it.kind.value, attempts, it.at)


def _dead_row(settled: Settled) -> Row:
    it = settled.due
    return (it.endpoint_id, it.seq, it.project_id, it.message_id, it.kind.value, it.attempts + 1, it.at, settled.at,
            settled.failure)


def _event(row: Row, kind: Kind) -> Event:
    feedback, (who, vote) = rows.feedback(row[FEEDBACK]), row[FEEDBACK.stop:MESSAGE.start]
    message = rows.message(row[MESSAGE])
    return Event(seq=row[0], kind=kind, feedback=feedback, message=replace(message, content=message.content or None),
                 before=Vote(vote) if vote else None,
                 owner_before=Subject(who) if who not in {None, feedback.subject.key} else None)


# ---------------------------------------------------------------- for operators


def backlogs() -> Steps[list[Backlog]]:
    """Of each endpoint that something waits for, or that has dead letters, by its id."""
    waiting = {endpoint: (count, oldest) for endpoint, count, oldest in (yield Ask("read_waiting", {}))}
    dead: dict[str, int] = dict(map(tuple, (yield Ask("read_dead_counts", {}))))
    return [Backlog(endpoint, *waiting.get(endpoint, (0, None)), dead.get(endpoint, 0))
            for endpoint in sorted({*waiting, *dead})]


def dead_letters(endpoint_id: str, after: int, limit: int) -> Steps[list[DeadLetter]]:
    """By their numbers."""
    found = yield Ask("read_dead_letters", {"endpoint": endpoint_id, "after": after, "limit": limit})
    return [_letter(row) for row in found]


def replay(endpoint_id: str, seqs: Sequence[int]) -> Steps[int]:
    """Dead letters are to be sent again, from the first attempt on; how many there were."""
    taken = yield Ask("take_dead_letters", {"endpoint": endpoint_id, "seqs": list(seqs)})
    again = [_row(_letter(row).due, NEVER_TRIED, 0) for row in taken]
    yield Put("write_outbox", sorted(again))
    return len(again)


def _letter(row: Row) -> DeadLetter:
    endpoint, seq, project_id, message_id, kind, attempts, voted_at, died_at, failure = row
    it = Due(endpoint, NEVER_TRIED, seq, project_id, message_id, Kind(kind), attempts, voted_at)
    return DeadLetter(it, died_at, failure)
