"""A guest or a visitor becomes a user, for good: plans.

What was theirs has the user's name from then on: conversations, messages, votes, what was said of the votes, and the
numbers. For each vote the history gains an entry, the user's, that follows the last one of whom it was. Where the user
has voted on the message too, that vote stands, and the other one ends with an entry that takes it back.

GUARANTEE. All of it becomes the user's in one transaction, however many processes vote and register meanwhile: whatever
was decided before it is either seen by it, or refused or decided anew after it. On SQLite the one writer sees to that.
On PostgreSQL nobody's rows are locked by a look at them, so each of those who may meet writes one row that the other
writes too, and whoever comes second learns of the first:

- A registration that opens a conversation for somebody who is no user holds that one's place in `links`
  (`hold_owners`), which a link takes. One in a conversation that is there changes its row, as a link does.
- A vote writes the row of its key in `feedback`. A link claims the rows of all keys that such a vote can have, also
  those that are not there (`claim_votes`). Who voted first is seen; who votes later waits, and then finds in
  `append_history` that the message is not theirs any more.
- A review keeps the row of its vote as it is. A link looks for reviews once it has claimed that row.
- A registration that completes a receipt's message writes the rows of the votes on it as they are, and changes its row,
  as a link does before it reads the content.

All write in the same order: links, conversations, votes by their keys, messages.
"""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple, TypeVar

from plaudit import rules
from plaudit.events import NOBODY, Endpoints
from plaudit.model import Conversation, Feedback, Instant, Linked, Message, Role, Subject, SubjectKind
from plaudit.store import derived, outbox, rows
from plaudit.store.deciding import Known
from plaudit.store.derived import Changed, Move, rank_of
from plaudit.store.plans import Ask, Put, Row, Steps
from plaudit.store.reads import EVERYTHING, ORDERS
from plaudit.store.tally import Counted, Tally, counted

CHUNK = 500  # messages or conversations a statement
UNUSED = 2**31 - 1  # a revision that no vote has
KNOWN = slice(1, 18)  # of a row: what `Known` is made of
STATE = slice(22, None)  # and a vote

T = TypeVar("T")
Owning = TypeVar("Owning", Message, Conversation)


class Link(NamedTuple):
    """`owner`, who is no user, becomes `user`."""

    project_id: str
    owner: Subject
    user: Subject
    at: Instant


class Owned(NamedTuple):
    """A message, and its owner's vote on it. And what is counted of the user's own vote, should there be one."""

    id: str
    known: Known
    vote: Feedback | None
    user_has_voted: bool
    user_counted: Counted | None


class Entry(NamedTuple):
    """What a vote becomes: the history's next entry of it, and its number there. And whether the vote is reviewed."""

    owned: Owned
    state: Feedback
    seq: int
    reviewed: bool


def link(it: Link, zones: Mapping[str, str], endpoints: Endpoints = NOBODY) -> Steps[Linked]:
    """The same again finds nothing left to do. Raises `Conflict` when the owner has become another user, `Invalid` when
    there is too much."""
    linked = yield from read_links(it.project_id, [it.owner])
    if rules.is_new_link(it.owner, it.user, linked.get(it.owner)):
        yield Put("insert_link", [(it.project_id, it.owner.key, it.user.key, it.at)])
    conversation_ids = yield from _give_conversations(it)
    message_ids = yield from _message_ids(it, conversation_ids)
    votes = superseded = 0
    for ids in _chunks(message_ids):
        moved, ended = yield from _give_messages(it, ids, zones, endpoints)
        votes, superseded = votes + moved, superseded + ended
    return Linked(len(message_ids), votes, superseded)


def read_links(project_id: str, subjects: Iterable[Subject]) -> Steps[dict[Subject, Subject]]:
    """The users that these have become. Who is a user needs no look."""
    asked = _strangers(subjects)
    if not asked:
        return {}
    found = yield Ask("read_links", {"project_id": project_id, "subjects": asked})
    return {Subject(subject): Subject(user) for subject, user in found}


def settled(owned: Owning, linked: Mapping[Subject, Subject]) -> Owning:
    """With the owner that it has today."""
    return replace(owned, owner=linked[owned.owner]) if owned.owner in linked else owned


def hold_owners(project_id: str, owners: Iterable[Subject]) -> Steps[None]:
    """Before conversations of theirs are opened: until that is done, none of them becomes a user."""
    held = _strangers(owners)
    if held:
        yield Put("hold_owner", [(project_id, key, key, 0) for key in held])
        yield Ask("let_go_of_owners", {"project_id": project_id, "subjects": held})


def _strangers(subjects: Iterable[Subject]) -> list[str]:
    return sorted({subject.key for subject in subjects if subject.kind is not SubjectKind.USER})


# ---------------------------------------------------------------- conversations, and which messages there are


def _give_conversations(it: Link) -> Steps[list[str]]:
    """Their ids. Whoever is about to add to one of them has done so, or will find that it is the user's."""
    wanted = {"project_id": it.project_id, "owner": it.owner.key, "limit": rules.LINKED_MESSAGES_MAX + 1, "offset": 0}
    found = yield Ask("read_conversations_of_owner", wanted, {"search": EVERYTHING, "order": ORDERS["created_at"]})
    rules.require_few_messages(len(found))
    conversations = {each.id: replace(each, owner=it.user) for each in map(rows.conversation, found)}
    for ids in _chunks(sorted(conversations)):
        yield Put("give_conversation", [rows.conversation_row(conversations[each]) for each in ids])
    return list(conversations)


def _message_ids(it: Link, conversation_ids: Sequence[str]) -> Steps[list[str]]:
    """Sorted, as votes are written."""
    found: list[str] = []
    for ids in _chunks(conversation_ids):
        messages = yield Ask("read_messages_of_owner", {
            "project_id": it.project_id, "owner": it.owner.key, "ids": ids})
        found += [message_id for message_id, in messages]
        rules.require_few_messages(len(found))
    return sorted(found)


# ---------------------------------------------------------------- messages, with all that belongs to them


def _give_messages(it: Link, ids: list[str], zones: Mapping[str, str], endpoints: Endpoints
                   ) -> Steps[tuple[int, int]]:
    """How many votes stand as the user's, and how many stand no more because the user's own does."""
    names = {"project_id": it.project_id, "owner": it.owner.key, "user": it.user.key}
    found = yield Ask("read_messages_to_give", {**names, "ids": ids})
    owned = sorted(map(owned_of, found), key=lambda each: each.id)
    yield from claim_votes(it.project_id, it.owner, owned)
    reviewed = yield Ask("read_reviewed", {"project_id": it.project_id, "owner": it.owner.key, "ids": ids})
    change_id, *numbers = yield from take_numbers(len(owned) + 1)
    entries = _entries(it, owned, numbers, {message_id for message_id, in reviewed})
    moved = [entry for entry in entries if entry.state.subject == it.user]
    ended = [entry for entry in entries if entry.state.subject == it.owner]
    yield from _write(ended, endpoints)  # before the message is the user's: an entry is its owner's
    yield Ask("give_messages", {**names, "ids": ids})
    yield from _write(moved, endpoints)
    yield Ask("forget_votes", {**names, "ids": [each.id for each in owned if not (each.vote and each.user_has_voted)]})
    yield from _give_reviews(names, moved)
    yield from _count(it, owned, change_id, zones)
    yield from derived.queue(it.project_id, [_move(entry) for entry in entries])
    return sum(entry.state.vote is not None for entry in moved), len(ended)


def owned_of(row: Row) -> Owned:
    """Of `read_messages_to_give`."""
    vote, commented, auth_level, reasons = row[KNOWN.stop:STATE.start]
    state = row[STATE]
    project_id, _, subject, *_ = state
    return Owned(
        id=row[0], known=Known(project_id, row[KNOWN]), vote=rows.feedback(state) if subject else None,
        user_has_voted=auth_level is not None, user_counted=counted(vote, commented, auth_level, reasons))


def _can_have_votes(owned: Owned) -> bool:
    return owned.known.head is not None and owned.known.head.role is not Role.USER


def claim_votes(project_id: str, owner: Subject, owned: Iterable[Owned]) -> Steps[None]:
    """A key's row as it is, or one that nobody sees: it is gone before the transaction ends."""
    yield Put("claim_votes", [(project_id, each.id, owner.key, each.vote.revision if each.vote else UNUSED)
                              for each in owned if _can_have_votes(each)])


def take_numbers(count: int) -> Steps[list[int]]:
    """Rising, and above all that were given before."""
    return sorted(number for number, in (yield Ask("take_numbers", {"count": count})))


def _entries(it: Link, owned: Sequence[Owned], numbers: Sequence[int], reviewed: Container[str]) -> list[Entry]:
    states = [rules.become(each.vote, it.user, it.at, user_has_voted=each.user_has_voted) if each.vote else None
              for each in owned]
    return [Entry(each, state, number, each.id in reviewed)
            for each, state, number in zip(owned, states, numbers, strict=True) if state]


def _write(entries: Sequence[Entry], endpoints: Endpoints) -> Steps[None]:
    states = [(*rows.feedback_row(entry.state), entry.seq) for entry in entries]
    history = [(*state, entry.owned.known.seq) for state, entry in zip(states, entries, strict=True)]
    yield Put("write_feedback", states)
    yield from outbox.append(history, endpoints, linked=True)


def _give_reviews(names: Mapping[str, str], moved: Sequence[Entry]) -> Steps[None]:
    """What was said of a vote is said of its newest revision still, for nothing of the vote has changed."""
    if moved:
        yield Ask("give_reviews", {**names, "ids": [entry.owned.id for entry in moved]})
    for entry in moved:
        if entry.reviewed:
            yield Ask("renew_review", {**names, "message_id": entry.owned.id, "revision": entry.state.revision})


def _count(it: Link, owned: Sequence[Owned], change_id: int, zones: Mapping[str, str]) -> Steps[None]:
    """Answers and votes go from the bucket of the one to that of the other."""
    tally = Tally(zones)
    for each in owned:
        if answer := each.known.answer:
            before = each.known.before
            tally.shown(answer, it.owner.key, -1)
            tally.shown(answer, it.user.key)
            tally.voted(answer, it.owner.key, before, None)
            tally.voted(answer, it.user.key, None, each.user_counted if each.user_has_voted else before)
    if changes := tally.text():
        yield Ask("add_changes", {"id": change_id, "changes": changes})


def _move(entry: Entry) -> Move:
    """In the queue a vote that is the user's now stands anew, and one that ended stands no more."""
    owned, state, seq, reviewed = entry
    joins = rank_of(seq, derived.counted_now(state))
    return Move(Changed(state, seq, owned.known), rank_of(owned.known.seq, owned.known.before), joins, reviewed)


def _chunks(values: Sequence[T]) -> list[list[T]]:
    return [list(values[start:start + CHUNK]) for start in range(0, len(values), CHUNK)]
