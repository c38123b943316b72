"""All that is a person's is erased: plans. The one exception to a history that is only ever appended to.

Without the votes, the numbers shrink. Else each answer stays, and the vote on it, as nobody's: under ids of its own, in
the person's bucket and the same hour, with what it is counted by and nothing that was ever written in it. So the totals
need not change, and a recount says the same. Where there was a comment, an empty one stands in its place, for votes are
counted by that too. Nothing tells any more which of these were one person's.

GUARANTEE. A message is erased with all that belongs to it in one transaction, and so many messages at a time that votes
get their turn in between. Whoever is interrupted goes on by erasing again. Votes, links, reviews and registrations that
come at the same moment are seen or come after it, see `linking`: this writes the rows that a link writes, in its order.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import count
from typing import Any, NamedTuple
from uuid import UUID

from plaudit.deeds import Deed
from plaudit.errors import Conflict
from plaudit.model import (
    AuthLevel,
    Contract,
    Conversation,
    Feedback,
    Instant,
    Message,
    Role,
    Subject,
    SubjectKind,
    Vote,
)
from plaudit.people import Erased, Person, Traces
from plaudit.store import auditing, linking, rows
from plaudit.store.derived import rank_of
from plaudit.store.linking import Owned
from plaudit.store.plans import Ask, Put, Steps
from plaudit.store.reads import EVERYTHING, ORDERS
from plaudit.store.tally import UTC, Answer, Tally, bucket_of
from plaudit.store.zones import hour_of

CONVERSATIONS_MAX = 50  # a transaction
MESSAGES_MAX = 100  # some 25 ms of work
ID_BITS = 128
COMMENT = ""  # in place of one that was erased

bucket_without_keeping = bucket_of.__wrapped__  # names that nobody asks for again


class Erasure(NamedTuple):
    """`removes_votes`: they are counted no more."""

    project_id: str
    person: Person
    deed: Deed  # its details are added
    removes_votes: bool

    @property
    def owner(self) -> Subject:
        return self.person.subject


def erase(it: Erasure, traces: Traces, zones: Mapping[str, str]) -> Steps[Erased]:
    """Some of it, and a line in the audit log that says how much. Raises `Conflict` for somebody who has become a user:
    it is the user's now."""
    if (yield from linking.read_links(it.project_id, [it.owner])):
        raise Conflict(it.owner.kind.value, "user")
    yield from linking.hold_owners(it.project_id, [it.owner])
    conversations = yield from _conversations(it)
    names = {"project_id": it.project_id, "owner": it.owner.key, "ids": conversations[:CONVERSATIONS_MAX]}
    ids = sorted(message_id for message_id, in (yield Ask("read_messages_of_owner", names)))
    erased = yield from erase_messages(it.project_id, it.owner, ids[:MESSAGES_MAX], zones,
                                       removes_votes=it.removes_votes)
    if len(ids) <= MESSAGES_MAX:
        yield Ask("forget_conversations", names)
        erased = replace(erased, conversations=len(names["ids"]))
    if len(ids) > MESSAGES_MAX or len(conversations) > CONVERSATIONS_MAX:
        erased = replace(erased, more=True)
    else:
        erased = replace(erased, identities=(yield from _forget_identities(it, traces)))
    yield from auditing.append(it.project_id, replace(it.deed, details={**it.deed.details, **_counts(erased)}))
    return erased


def _conversations(it: Erasure) -> Steps[list[str]]:
    """Ids, one more than are erased at once. Whoever is about to add to one of them has done so, or opens it anew."""
    wanted = {"project_id": it.project_id, "owner": it.owner.key, "limit": CONVERSATIONS_MAX + 1, "offset": 0}
    found = yield Ask("read_conversations_of_owner", wanted, {"search": EVERYTHING, "order": ORDERS["created_at"]})
    conversations: list[Conversation] = sorted(map(rows.conversation, found), key=lambda each: each.id)
    yield Put("give_conversation", [rows.conversation_row(each) for each in conversations])
    return [each.id for each in conversations]


def _forget_identities(it: Erasure, traces: Traces) -> Steps[int]:
    project, gone = {"project_id": it.project_id}, 0
    if traces.guests:
        subjects = [guest.key for guest in traces.guests]
        gone += len((yield Ask("forget_links", {**project, "subjects": subjects, "user": it.owner.key})))
    if traces.visitor_devices:
        gone += len((yield Ask("forget_visitor", {
            **project, "devices": list(traces.visitor_devices), "visitor_id": it.owner.name})))
    if it.person.device:
        user_hash, device_hash = it.person.device
        gone += len((yield Ask("forget_guest_device", {
            **project, "user_hash": user_hash, "device_hash": device_hash})))
    return gone


def _counts(erased: Erased) -> dict[str, int]:
    names = ("conversations", "messages", "votes", "entries", "reviews", "deliveries", "identities")
    return {name: getattr(erased, name) for name in names}


# ---------------------------------------------------------------- messages, with all that belongs to them


def erase_messages(project_id: str, owner: Subject, ids: Sequence[str], zones: Mapping[str, str], *,
                   removes_votes: bool) -> Steps[Erased]:
    """`ids` sorted. Those that are not the owner's any more are left out."""
    names = {"project_id": project_id, "owner": owner.key, "user": owner.key, "ids": list(ids)}
    found = yield Ask("read_messages_to_give", names)
    owned = sorted(map(linking.owned_of, found), key=lambda each: each.id)
    if not owned:
        return Erased()
    names = {**names, "ids": [each.id for each in owned]}
    yield from linking.claim_votes(project_id, owner, owned)
    change_id, *numbers = yield from linking.take_numbers(len(owned) + 1)  # above those of what goes
    seqs = yield from _entry_numbers(project_id, owned)
    yield from _leave_queue(project_id, owned)
    yield Ask("forget_feedback", names)
    yield Ask("forget_messages", names)
    deliveries = 0
    for statement in ("forget_outbox", "forget_dead_letters"):
        deliveries += len((yield Ask(statement, names)))
    reviews = len((yield Ask("forget_reviews", names)))
    yield Ask("forget_entries", {**names, "seqs": seqs})
    if removes_votes:
        yield from _count_no_more(owner, owned, change_id, zones)
    else:
        yield from _stay_as_nobodys(owner, owned, numbers, zones.get(project_id, UTC))
    return Erased(messages=len(owned), votes=sum(each.known.before is not None for each in owned), entries=len(seqs),
                  reviews=reviews, deliveries=deliveries)


def _entry_numbers(project_id: str, owned: Sequence[Owned]) -> Steps[list[int]]:
    """One message after the other, so that a cluster asks one node each time."""
    numbers: set[int] = set()
    for each in owned:
        if each.vote:
            found = yield Ask("read_entry_numbers", {"project_id": project_id, "message_id": each.id})
            numbers.update(number for number, in found)
    return sorted(numbers)


def _leave_queue(project_id: str, owned: Sequence[Owned]) -> Steps[None]:
    ranks = [rank for each in owned if (rank := rank_of(each.known.seq, each.known.before)) is not None]
    if ranks:
        yield Ask("leave_queue", {"project_id": project_id, "ranks": ranks})
        yield Ask("forget_words", {"project_id": project_id, "ranks": ranks})


def _count_no_more(owner: Subject, owned: Sequence[Owned], change_id: int, zones: Mapping[str, str]) -> Steps[None]:
    tally = Tally(zones)
    for each in owned:
        if answer := each.known.answer:
            tally.shown(answer, owner.key, -1)
            tally.voted(answer, owner.key, each.known.before, None)
    if changes := tally.text():
        yield Ask("add_changes", {"id": change_id, "changes": changes})


# ---------------------------------------------------------------- what stays


def _stay_as_nobodys(owner: Subject, owned: Sequence[Owned], numbers: Sequence[int], zone: str) -> Steps[None]:
    """Only what models said is counted; nothing else has to stay."""
    messages: list[tuple[Any, ...]] = []
    votes: list[tuple[Any, ...]] = []
    for each, number in zip(owned, numbers, strict=True):
        if answer := each.known.answer:
            message = _nobodys(answer, bucket_of(owner.key), zone)
            messages.append((*rows.message_row(message), 0, None))
            if each.vote and each.vote.vote:
                votes.append((*rows.feedback_row(_nobodys_vote(message, each.vote, each.vote.vote, zone)), number))
    yield Put("insert_message", sorted(messages))
    yield Put("write_feedback", sorted(votes))
    yield Put("append_history", [(*vote, None) for vote in votes])


def _nobodys(answer: Answer, bucket: int, zone: str) -> Message:
    project_id, created_at, model, prompt_version, arms, locale, platform = answer
    return Message(project_id, _new_id(), _new_id(), Role.ASSISTANT, _nobody(bucket), hour_of(created_at, zone),
                   model=model, prompt_version=prompt_version, arms=rows.from_json(arms), locale=locale,
                   platform=platform)


def _nobody(bucket: int) -> Subject:
    """Another one each time, in that bucket: one of 64 is."""
    for number in count(random.SystemRandom().getrandbits(ID_BITS)):
        subject = Subject.of(SubjectKind.ERASED, f"{number:032x}")
        if bucket_without_keeping(subject.key) == bucket:
            return subject
    raise AssertionError  # there is no end to numbers


def _nobodys_vote(message: Message, vote: Feedback, said: Vote, zone: str) -> Feedback:
    at: Instant = hour_of(vote.updated_at, zone)
    return Feedback(message.project_id, message.id, message.owner, AuthLevel(vote.auth_level),
                    Contract(vote.contract), said, None if vote.comment is None else COMMENT, 1, at, at,
                    reasons=vote.reasons)


def _new_id() -> str:
    return str(UUID(int=random.SystemRandom().getrandbits(ID_BITS), version=4))
