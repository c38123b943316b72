"""Votes of another database, or of another tool, with their own times and histories: plans.

`judge` says what `write` would do; both look at the database in the same way. An answer's votes are written in one
transaction, so that an import which stops has written an answer wholly or not at all, and whoever begins it again finds
what is there. Totals, the queue for review and its words are kept in step by the same plans as for any vote; nobody is
told of imported votes, so there is nothing for the outbox.

Servers on PostgreSQL may vote, register and link meanwhile: whatever has changed since it was read is not written, and
the plan is begun again (see `linking`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from plaudit.errors import Conflict
from plaudit.imported import Chain, Told, Verdict
from plaudit.model import Conversation, Feedback, Message, Subject
from plaudit.rules import registration_conflict
from plaudit.store import linking, rows, writes
from plaudit.store.deciding import Known
from plaudit.store.derived import Changed, keep
from plaudit.store.plans import Ask, Put, Row, Steps
from plaudit.store.tally import answer_of

REFUSALS = {
    ("message", "conversation_id"): "the answer is known in another conversation",
    ("message", "owner"): "the answer is known as somebody else's",
    ("message", "role"): "the message is known with another role",
    ("message", "content"): "the answer's content is not the one that its receipt told of",
    ("conversation", "owner"): "the conversation is known as somebody else's",
}
ANOTHER_VOTE = "there is a vote already that says something else"


class Begun(NamedTuple):
    """A chain that the database has, and its last entry's number."""

    entries: Chain
    last_seq: int


class _Judged(NamedTuple):
    """`told` with the owners of today. `goes_on`: by places among its chains, those that the database has a beginning
    of; `whole`: those that it has all of."""

    told: Told
    refused: str | None = None
    whole: frozenset[int] = frozenset()
    goes_on: Mapping[int, Begun] = {}

    @property
    def verdict(self) -> Verdict:
        if self.refused:
            return Verdict(refused=self.refused)
        entries = sum(map(len, self.told.chains))
        there = sum(len(self.told.chains[place]) for place in self.whole)
        there += sum(len(past.entries) for past in self.goes_on.values())
        return Verdict(entries - there, there)


class _Gain(NamedTuple):
    """The entries that a chain gains, each with its number, and what was there before them."""

    entries: Sequence[tuple[Feedback, int]]
    past: Begun | None
    message: Message

    def rows(self) -> list[Row]:
        """Of the history."""
        before = self.past.last_seq if self.past else None
        made: list[Row] = []
        for state, seq in self.entries:
            made.append((*rows.feedback_row(state), seq, before))
            before = seq
        return made


def judge(project_id: str, given: Sequence[Told]) -> Steps[list[Verdict]]:
    """Of some answers, each once. Changes nothing."""
    return [judged.verdict for judged in (yield from _judged(project_id, given))]


def write(project_id: str, given: Sequence[Told], zones: Mapping[str, str]) -> Steps[list[Verdict]]:
    """In their order: who comes later has voted later. Those that cannot be taken over are left out."""
    judged = yield from _judged(project_id, given)
    judged = yield from _registered(project_id, judged, zones)
    accepted = [each for each in judged if each.verdict.new]
    if accepted:
        stored = yield from _stored(project_id, [each.told.message.id for each in accepted])
        numbers = yield Ask("take_numbers", {"count": sum(each.verdict.new for each in accepted)})
        gains = _gains(accepted, stored, sorted(number for number, in numbers))
        yield from _write(gains)
        yield from keep(_changes(project_id, gains), zones)
    return [each.verdict for each in judged]


# ---------------------------------------------------------------- judging


def _judged(project_id: str, given: Sequence[Told]) -> Steps[list[_Judged]]:
    ids = {told.message.id for told in given}
    found = yield Ask("read_messages_by_id", {"project_id": project_id, "ids": sorted(ids)})
    known = {row[1]: rows.message(row[:rows.MESSAGE_WIDTH]) for row in found}
    hashes = {row[1]: row[-1] for row in found if row[-2]}
    found = yield Ask("read_conversations_by_id", {
        "project_id": project_id, "ids": sorted({told.message.conversation_id for told in given})})
    conversations = {each.id: each for each in map(rows.conversation, found)}
    messages = [*(told.message for told in given), *known.values()]
    linked = yield from linking.read_links(project_id, writes.owners(messages, conversations.values()))
    judged = []
    for told in given:
        settled = _settled(told, linked)
        begun = (yield from past(project_id, told.message.id)) if told.message.id in known else []
        refused = _refusal(settled.message, known, conversations, linked, hashes)
        judged.append(_Judged(settled, refused) if refused else _compared(settled, begun))
    return judged


def _settled(told: Told, linked: Mapping[Subject, Subject]) -> Told:
    """A guest or a visitor may have become a user here."""
    owner = told.message.owner
    if owner not in linked:
        return told
    chains = tuple(tuple(_owned(entry, owner, linked[owner]) for entry in chain) for chain in told.chains)
    question = told.question and linking.settled(told.question, linked)
    return replace(told, message=linking.settled(told.message, linked), chains=chains, question=question)


def _owned(entry: Feedback, owner: Subject, user: Subject) -> Feedback:
    return replace(entry, subject=user) if entry.subject == owner else entry


def _refusal(message: Message, known: Mapping[str, Message], conversations: Mapping[str, Conversation],
             linked: Mapping[Subject, Subject], hashes: Mapping[str, str | None]) -> str | None:
    existing, conversation = known.get(message.id), conversations.get(message.conversation_id)
    conflict = registration_conflict(message, existing and linking.settled(existing, linked),
                                     conversation and linking.settled(conversation, linked))
    conflict = conflict or writes.other_content(message, hashes.get(message.id))
    return REFUSALS[conflict.resource, conflict.field] if conflict else None


def past(project_id: str, message_id: str) -> Steps[list[Begun]]:
    """The chains that the database has of a message."""
    by_last: dict[int | None, list[Feedback]] = {}
    for seq, previous_seq, *state in (yield Ask("read_chains", {"project_id": project_id, "message_id": message_id})):
        by_last[seq] = [*(by_last.pop(previous_seq, []) if previous_seq else []), rows.feedback(state)]
    return [Begun(tuple(chain), seq or 0) for seq, chain in by_last.items()]


def _compared(told: Told, past: Sequence[Begun]) -> _Judged:
    whole, goes_on = set(), {}
    for place, chain in enumerate(told.chains):
        begun = next((each for each in past if _same(each.entries[0], chain[0])), None)
        if begun is None:
            if any(each.entries[-1].subject == chain[-1].subject for each in past):
                return _Judged(told, ANOTHER_VOTE)
        elif not all(map(_same, begun.entries, chain)):
            return _Judged(told, ANOTHER_VOTE)
        elif len(begun.entries) >= len(chain):
            whole.add(place)
        elif {entry.subject for entry in chain[len(begun.entries) - 1:]} == {begun.entries[-1].subject}:
            goes_on[place] = begun
        else:
            return _Judged(told, ANOTHER_VOTE)
    return _Judged(told, None, frozenset(whole), goes_on)


def _same(known: Feedback, told: Feedback) -> bool:
    """But for whose it is: a guest's has become a user's perhaps."""
    return replace(known, subject=told.subject) == told


# ---------------------------------------------------------------- writing


def _registered(project_id: str, judged: Sequence[_Judged], zones: Mapping[str, str]) -> Steps[list[_Judged]]:
    """Questions first. What cannot be registered has become so since it was judged, and is refused."""
    fit = [each for each in judged if not each.refused]
    asked = [each.told.question for each in fit if each.told.question]
    there = yield from _stored(project_id, [question.id for question in asked])
    asked = list({question.id: question for question in reversed(asked) if question.id not in there}.values())
    outcomes = yield from writes.register(project_id, [*asked, *(each.told.message for each in fit)], zones)
    conflicts = {each.told.message.id: REFUSALS[outcome.resource, outcome.field]
                 for each, outcome in zip(fit, outcomes[len(asked):], strict=True) if isinstance(outcome, Conflict)}
    return [each._replace(refused=conflicts.get(each.told.message.id, each.refused)) for each in judged]


def _stored(project_id: str, ids: Sequence[str]) -> Steps[dict[str, Message]]:
    found = yield Ask("read_messages_by_id", {"project_id": project_id, "ids": sorted(set(ids))})
    return {row[1]: rows.message(row[:rows.MESSAGE_WIDTH]) for row in found}


def _gains(accepted: Sequence[_Judged], stored: Mapping[str, Message], numbers: Sequence[int]) -> list[_Gain]:
    coming = iter(numbers)
    gains = []
    for judged in accepted:
        for place, chain in enumerate(judged.told.chains):
            if place in judged.whole:
                continue
            past = judged.goes_on.get(place)
            new = chain[len(past.entries) if past else 0:]
            gains.append(_Gain([(state, next(coming)) for state in new], past, stored[judged.told.message.id]))
    return gains


def _write(gains: Sequence[_Gain]) -> Steps[None]:
    """A state that there was is moved on revision by revision, so that nobody else's is overwritten."""
    whole = [gain for gain in gains if gain.past is None]
    yield Put("insert_feedback", sorted((gain.rows()[-1][:-1] for gain in whole), key=_key))
    going_on = [gain for gain in gains if gain.past]
    for step in range(max((len(gain.entries) for gain in going_on), default=0)):
        yield Put("write_feedback", sorted(
            (gain.rows()[step][:-1] for gain in going_on if step < len(gain.entries)), key=_key))
    entries = [(gain.message.owner.key, row) for gain in gains for row in gain.rows()]
    yield Put("append_past", [row for owner, row in entries if row[2] != owner])
    yield Put("append_history", [row for owner, row in entries if row[2] == owner])


def _changes(project_id: str, gains: Sequence[_Gain]) -> list[Changed]:
    changes = []
    for gain in gains:
        state, seq = gain.entries[-1]
        changes.append(Changed(state, seq, _known(project_id, gain)))
    return sorted(changes, key=lambda change: (change.state.message_id, change.state.subject.key))


def _known(project_id: str, gain: _Gain) -> Known:
    """As `read_for_decision` says it."""
    before: Row = (None,) * 8
    if gain.past:
        state = rows.feedback_row(gain.past.entries[-1])
        _, _, _, vote, comment, reasons, revision, _, auth_level, created_at, updated_at = state
        before = (vote, revision, created_at, updated_at, gain.past.last_seq, auth_level, comment is not None, reasons)
    message = gain.message
    return Known(project_id, (message.role.value, message.owner.key, *before, *answer_of(message)[1:],
                              message.content is not None))


def _key(row: Row) -> tuple[str, str, str]:
    project_id, message_id, subject = row[:3]
    return project_id, message_id, subject
