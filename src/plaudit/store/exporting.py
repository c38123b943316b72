"""An export's reads: plans that give the votes as they stood at one moment, a part at a time, in no long transaction.

What was ever said of a vote stays in the history, so that votes can go on, and guests become users, while an export is
read. An entry stood at the moment when it had been committed then and none that follows it had. Where it is its key's
newest still, that is seen at once; else the message's entries are gone through from the newest back to the first that
had been committed.

Had been committed: on SQLite numbers are committed in their order. On PostgreSQL a process may use a number that it
took long ago, so that each entry's transaction is held against the moment's snapshot. Transactions are numbered by 32
bits there, and a row of a very old one looks like a row of a new one: entries that were as old as `SETTLED` by their
own clock are believed to have been there. Nothing may write the history after a savepoint, whose number no snapshot
lists. In a cluster numbers alone have to do, see docs/exports.md.
"""

from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any, NamedTuple

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
# The newest transaction with the row's 32 bits that can be: none is newer than `newest`.
TRANSACTION = "(:newest::bigint - ((:newest::bigint - h.xmin::text::bigint) & 4294967295))::text::xid8"
STANDS = "h.vote IS NOT NULL"
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
    [[snapshot, one_node]] = yield Ask("read_snapshot", {"cluster": CLUSTER})
    return Moment(now, last_seq or 0, newest[0][0] if newest else 0, snapshot if one_node else None)


def entries_after(project_id: str, at: Moment, after: Position) -> Steps[int]:
    """How many there are to go through, for a progress bar: those of the position's own instant are not counted."""
    [[count]] = yield Ask("count_entries", {"project_id": project_id, "at": after.at, "until": at.until})
    return int(count)


def position_after(project_id: str, at: Moment, after: Position, entries: int) -> Steps[Position | None]:
    """Of so many entries further on; None when there are not so many."""
    found = yield from _entries(project_id, at, after, entries, only_last=True)
    return found[0] if found else None


def votes(project_id: str, wanted: Selection, at: Moment, after: Position, *, entries: int,
          until: Position | None, taken_back: bool = False) -> Steps[ExportPage]:
    """Those that stood at a moment among the next entries, up to one of them; or that had been taken back, too."""
    looked_at = yield from _entries(project_id, at, after, entries)
    following = looked_at[-1] if len(looked_at) == entries else None
    if until and looked_at and looked_at[-1] >= until:
        looked_at, following = [position for position in looked_at if position <= until], until
    if not looked_at:
        return ExportPage((), following)
    seen = yield from _seen(at)
    named = {"project_id": project_id, **seen.bindings}
    conditions, values = _conditions(wanted, taken_back=taken_back)
    found = yield Ask("read_entries_as_of", {**named, **values, "seqs": [seq for _, seq in looked_at]},
                      {"seen": seen.condition, "conditions": conditions})
    stood = yield from _stood(named, seen.condition, found)
    places = {seq: place for place, (_, seq) in enumerate(looked_at)}
    given = [ExportedVote(*row[2:]) for row in sorted(found, key=lambda row: places[row[0]])
             if row[1] or row[0] in stood]
    asked = yield from _with_questions(project_id, given, one_node=seen.one_node)
    return ExportPage(tuple(asked), following)


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


class _Seen(NamedTuple):
    """What tells whether an entry had been committed at the moment. `one_node`: the database is no cluster."""

    condition: str
    bindings: dict[str, Any]
    one_node: bool


def _seen(at: Moment) -> Steps[_Seen]:
    """The moment may be of another kind of database, which was copied since."""
    [[snapshot, one_node]] = yield Ask("read_snapshot", {"cluster": CLUSTER})
    bindings = {"last_seq": at.last_seq, "settled": NEVER}
    if at.snapshot is None or snapshot is None or not one_node:
        return _Seen(NUMBERED, bindings, one_node)
    bindings["settled"] = at.at - SETTLED_MILLISECONDS
    return _Seen(SEEN, {**bindings, "snapshot": at.snapshot, "newest": int(snapshot.split(":")[1])}, one_node)


def _conditions(wanted: Selection, *, taken_back: bool) -> tuple[str, dict[str, Any]]:
    values = {name: getattr(wanted, name) for name in CONDITIONS}
    arms, named = arm_conditions(wanted.arms)
    given = [CONDITIONS[name] for name, value in values.items() if value is not None]
    conditions = [EVERYTHING if taken_back else STANDS, *given, *arms]
    return " AND ".join(conditions), {**values, **named, "shown_before": wanted.until}


def _stood(named: Mapping[str, Any], seen: str, found: Sequence[Row]) -> Steps[set[int]]:
    """The numbers of those that were followed since the moment, not before it."""
    stood: set[int] = set()
    for message_id in dict.fromkeys(row[2] for row in found if not row[1]):
        rows = yield Ask("read_standing_at", {**named, "message_id": message_id}, {"seen": seen})
        stood.update(map(itemgetter(0), rows))
    return stood


def _with_questions(project_id: str, given: Sequence[ExportedVote], *, one_node: bool) -> Steps[list[ExportedVote]]:
    named = sorted({vote.in_reply_to for vote in given if vote.in_reply_to is not None})
    found: Sequence[Row] = ()
    if named:
        found = yield Ask("read_contents", {"project_id": project_id, "ids": named, "characters": WHOLE})
    contents = {row[0]: row[1] for row in found}
    asked = [vote for vote in given if vote.in_reply_to not in contents]
    before = yield from (_before if one_node else _before_in_cluster)(project_id, asked)
    return [ExportedVote(*vote[:-2], *before[vote.message_id]) if vote.message_id in before else
            ExportedVote(*vote[:-2], vote.in_reply_to, contents[vote.in_reply_to]) if vote.in_reply_to in contents else
            vote for vote in given]


def _before(project_id: str, asked: Sequence[ExportedVote]) -> Steps[dict[str, Row]]:
    """By the ids of the answers: the questions' ids and contents."""
    if not asked:
        return {}
    places = [[vote.conversation_id, vote.shown_at, vote.message_id] for vote in asked]
    conversation_ids, shown_ats, message_ids = map(list, zip(*places, strict=True))
    rows = yield Ask("read_questions_before", {
        "project_id": project_id, "looked_back": LOOKED_BACK, "role": Role.USER.value, "asked": places,
        "keys": list(range(len(asked))), "conversation_ids": conversation_ids, "shown_ats": shown_ats,
        "message_ids": message_ids})
    return {asked[key].message_id: question for key, *question in rows}


def _before_in_cluster(project_id: str, asked: Sequence[ExportedVote]) -> Steps[dict[str, Row]]:
    found: dict[str, Row] = {}
    for vote in asked:
        rows = yield Ask("read_question_before", {
            "project_id": project_id, "looked_back": LOOKED_BACK, "role": Role.USER.value,
            "conversation_id": vote.conversation_id, "shown_at": vote.shown_at, "message_id": vote.message_id})
        if rows:
            found[vote.message_id] = rows[0]
    return found
