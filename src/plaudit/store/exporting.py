"""An export's reads: plans that give the votes as they stood at one moment, a part at a time, in no long transaction.

What was ever said of a vote stays in the history, so that votes can go on, and guests become users, while an export is
read. An entry stood at the moment when it had been committed then and none that follows it had. Where it is its key's
newest still, that is seen at once; else the message's entries are gone through from the newest back to the first that
had been committed.

Had been committed: on SQLite numbers are committed in their order. On PostgreSQL a process may use a number that it
took long ago, so that each entry's transaction is held against the moment's snapshot. Transactions are numbered by 32
bits there, and a row of a very old one looks like a row of a new one: entries that were as old as `SETTLED` by their
own clock are believed to have been there. In a cluster numbers alone have to do, see docs/exports.md.
"""

from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any

from plaudit.counts import Selection
from plaudit.exported import LOOKED_BACK, ExportedVote, ExportPage, Moment, Position
from plaudit.model import Instant, Role
from plaudit.store.plans import Ask, Row, Steps
from plaudit.store.reads import EVERYTHING
from plaudit.store.reviewing import CONDITIONS as QUEUE_CONDITIONS
from plaudit.store.reviewing import arm_conditions

CLUSTER = "citus"
SETTLED_MILLISECONDS = 7 * 24 * 3_600_000  # sooner nobody begins 2³² transactions
NEVER = 2**62
WHOLE = 2**31 - 1  # characters of a content
SAME, LATER = "h.updated_at = :at AND h.seq > :seq", "h.updated_at > :at AND h.updated_at <= :until"
NUMBERED = "h.seq <= :last_seq"
# The newest transaction with the row's 32 bits that can be: none is newer than those that this statement sees.
TRANSACTION = ("((pg_snapshot_xmax(pg_current_snapshot())::text::bigint - "
               "((pg_snapshot_xmax(pg_current_snapshot())::text::bigint - h.xmin::text::bigint) & 4294967295))"
               "::text::xid8)")
SEEN = (f"({NUMBERED} AND (h.updated_at < :settled OR "
        f"pg_visible_in_snapshot({TRANSACTION}, :snapshot::text::pg_snapshot)))")
CONDITIONS = {
    **{name: QUEUE_CONDITIONS[name] for name in ("model", "prompt_version", "locale", "platform")},
    "since": "m.created_at >= :since",
    "until": "m.created_at < :shown_before",
    "has_comment": "(h.comment IS NOT NULL) = :has_comment",
    "auth_level": "h.auth_level = :auth_level",
}


def moment(project_id: str, now: Instant) -> Steps[Moment]:
    """This one. An empty project's is over before it begins."""
    [[last_seq]] = yield Ask("read_newest_seq", {})
    newest = yield Ask("read_newest_instant", {"project_id": project_id})
    [[snapshot]] = yield Ask("read_snapshot", {"cluster": CLUSTER})
    return Moment(now, last_seq or 0, newest[0][0] if newest else 0, snapshot)


def position_after(project_id: str, at: Moment, after: Position, entries: int) -> Steps[Position | None]:
    """Of so many entries further on; None when there are not so many."""
    found = yield from _entries(project_id, at, after, entries, only_last=True)
    return found[0] if found else None


def votes(project_id: str, wanted: Selection, at: Moment, after: Position, entries: int) -> Steps[ExportPage]:
    """Those that stood at a moment among the next entries."""
    looked_at = yield from _entries(project_id, at, after, entries)
    if not looked_at:
        return ExportPage((), None)
    named, seen = {"project_id": project_id, **_moment_bindings(at)}, SEEN if at.snapshot else NUMBERED
    conditions, values = _conditions(wanted)
    found = yield Ask("read_entries_as_of", {**named, **values, "seqs": [seq for _, seq in looked_at]},
                      {"seen": seen, "conditions": conditions})
    stood = yield from _stood(named, seen, found)
    given = [ExportedVote(*row[2:]) for row in found if row[1] or row[0] in stood]
    asked = yield from _with_questions(project_id, given)
    return ExportPage(tuple(asked), looked_at[-1] if len(looked_at) == entries else None)


def _entries(project_id: str, at: Moment, after: Position, limit: int, *, only_last: bool = False
             ) -> Steps[list[Position]]:
    """The next ones, committed at the moment or not; with `only_last` the one at the limit, if it is reached.

    In two steps, for SQLite finds entries of one instant by their numbers only where it is told the instant.
    """
    named = {"project_id": project_id, "at": after.at, "seq": after.seq, "until": at.until}
    found = yield Ask("read_entries", {**named, "limit": limit, "offset": 0}, {"after": SAME})
    left = limit - len(found)
    if left and only_last:
        found = yield Ask("read_entries", {**named, "limit": 1, "offset": left - 1}, {"after": LATER})
    elif left:
        found = [*found, *(yield Ask("read_entries", {**named, "limit": left, "offset": 0}, {"after": LATER}))]
    return [Position(*row) for row in (found[-1:] if only_last else found)]


def _moment_bindings(at: Moment) -> dict[str, Any]:
    settled = NEVER if at.snapshot is None else at.at - SETTLED_MILLISECONDS
    return {"last_seq": at.last_seq, "snapshot": at.snapshot, "settled": settled}


def _conditions(wanted: Selection) -> tuple[str, dict[str, Any]]:
    values = {name: getattr(wanted, name) for name in CONDITIONS}
    arms, named = arm_conditions(wanted.arms)
    conditions = [EVERYTHING, *(CONDITIONS[name] for name, value in values.items() if value is not None), *arms]
    return " AND ".join(conditions), {**values, **named, "shown_before": wanted.until}


def _stood(named: Mapping[str, Any], seen: str, found: Sequence[Row]) -> Steps[set[int]]:
    """The numbers of those that were followed since the moment, not before it."""
    stood: set[int] = set()
    for message_id in dict.fromkeys(row[2] for row in found if not row[1]):
        rows = yield Ask("read_standing_at", {**named, "message_id": message_id}, {"seen": seen})
        stood.update(map(itemgetter(0), rows))
    return stood


def _with_questions(project_id: str, given: Sequence[ExportedVote]) -> Steps[list[ExportedVote]]:
    named = sorted({vote.in_reply_to for vote in given if vote.in_reply_to is not None})
    contents: dict[str, str | None] = {}
    if named:
        rows = yield Ask("read_contents", {"project_id": project_id, "ids": named, "characters": WHOLE})
        contents = {row[0]: row[1] for row in rows}
    before: dict[str, Row] = {}
    for vote in given:
        if vote.in_reply_to not in contents and vote.message_id not in before:
            rows = yield Ask("read_question_before", {
                "project_id": project_id, "conversation_id": vote.conversation_id, "shown_at": vote.shown_at,
                "message_id": vote.message_id, "looked_back": LOOKED_BACK, "role": Role.USER.value})
            before[vote.message_id] = rows[0] if rows else (None, None)
    return [_asked(vote, (vote.in_reply_to, contents[vote.in_reply_to]) if vote.in_reply_to in contents
                   else before[vote.message_id]) for vote in given]


def _asked(vote: ExportedVote, question: Row) -> ExportedVote:
    return ExportedVote(*vote[:-2], *question)
