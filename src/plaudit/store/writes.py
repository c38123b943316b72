"""The writes that are not votes, each a plan that runs inside a transaction that writes."""

import random
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from itertools import groupby
from operator import attrgetter

from plaudit.errors import Conflict
from plaudit.model import Conversation, Instant, Message, Missed, Receipt, Role, Subject
from plaudit.ports import DeviceBinding, Registered
from plaudit.rules import registration_conflict
from plaudit.store import linking, rows
from plaudit.store.derived import reword
from plaudit.store.plans import Ask, Put, Row, Steps
from plaudit.store.tally import Tally, answer_of, cell_bindings, cell_id, cell_of

CHANGE_BITS = 62


def register(project_id: str, messages: Sequence[Message], zones: Mapping[str, str],
             hashes: Mapping[str, str | None] | None = None) -> Steps[list[Registered | Conflict]]:
    """Messages of one project; each is judged on what those before it left. `hashes`, by id: it is receipts that say
    so, and these are their contents' hashes."""
    found = yield from _by_id("read_messages_by_id", project_id, {message.id for message in messages})
    known = {row[1]: rows.message(row[:rows.MESSAGE_WIDTH]) for row in found}
    incomplete = {row[1]: row[-1] for row in found if row[-2] and hashes is None}
    found = yield from _by_id(
        "read_conversations_by_id", project_id, {message.conversation_id for message in messages})
    conversations = {conversation.id: conversation for conversation in map(rows.conversation, found)}
    # Read last, for all of them: whoever becomes a user meanwhile has all or nothing of that here.
    linked = yield from linking.read_links(project_id, owners(messages, known.values(), conversations.values()))
    known = {each.id: linking.settled(each, linked) for each in known.values()}
    conversations = {each.id: linking.settled(each, linked) for each in conversations.values()}
    there = set(conversations)
    outcomes: list[Registered | Conflict] = []
    new: dict[str, Message] = {}
    completed: dict[str, Message] = {}
    for given in messages:
        message = linking.settled(given, linked)
        existing = known.get(message.id)
        conflict = registration_conflict(message, existing, conversations.get(message.conversation_id))
        if conflict is None and message.id in incomplete:
            conflict = other_content(message, incomplete[message.id])
            if conflict is None:
                completed.setdefault(message.id, message)
        outcomes.append(conflict or Registered(created=existing is None, owner=linked.get(given.owner)))
        if conflict is None and existing is None:
            new[message.id] = known[message.id] = message
            conversations.setdefault(message.conversation_id, _conversation_of([message]))
    yield from linking.hold_owners(
        project_id, {message.owner for message in new.values() if message.conversation_id not in there})
    yield Put("insert_message", [(*rows.message_row(new[message_id]), *_receipt(message_id, hashes))
                                 for message_id in sorted(new)])
    yield Put("touch_conversation", _touched(new.values()))
    for message_id in sorted(completed):  # after the conversations, as whoever links has it
        yield from _complete(completed[message_id])
    yield from _count(project_id, [message for message in new.values() if message.role is Role.ASSISTANT], zones)
    return outcomes


def register_by_receipts(receipts: Sequence[Receipt], zones: Mapping[str, str]
                         ) -> Steps[dict[tuple[str, str], Conflict]]:
    """By project and message: those that cannot be registered."""
    conflicts: dict[tuple[str, str], Conflict] = {}
    by_project = sorted(receipts, key=lambda receipt: receipt.message.project_id)
    for project_id, group in groupby(by_project, lambda receipt: receipt.message.project_id):
        own = list({receipt.message.id: receipt for receipt in group}.values())
        outcomes = yield from register(project_id, [receipt.message for receipt in own], zones,
                                       {receipt.message.id: receipt.content_sha256 for receipt in own})
        conflicts |= {(project_id, receipt.message.id): outcome
                      for receipt, outcome in zip(own, outcomes, strict=True) if isinstance(outcome, Conflict)}
    return conflicts


def owners(*owned: Iterable[Message | Conversation]) -> set[Subject]:
    return {each.owner for some in owned for each in some}


def _receipt(message_id: str, hashes: Mapping[str, str | None] | None) -> Row:
    return (0, None) if hashes is None else (1, hashes[message_id])


def other_content(message: Message, content_sha256: str | None) -> Conflict | None:
    """Than its receipt said."""
    if content_sha256 and message.content is not None and content_sha256 != _sha256(message.content):
        return Conflict("message", "content")
    return None


def _complete(message: Message) -> Steps[None]:
    """Of a message that only a receipt has told of so far; and the votes on it can be searched by its content."""
    key = {"project_id": message.project_id, "message_id": message.id}
    yield Ask("hold_votes_on", key)  # whoever votes meanwhile is waited for, or finds the content
    yield Ask("complete_message", {**key, "content": message.content, "metadata": rows.to_json(message.metadata),
                                   "in_reply_to": message.in_reply_to, "trace_id": message.trace_id,
                                   "span_id": message.span_id})
    if message.content:
        votes = yield Ask("read_votes_on", key)
        yield from reword(message.project_id, message.id, message.content, votes)


def _sha256(content: str) -> str:
    return sha256(content.encode()).hexdigest()


def _count(project_id: str, shown: Sequence[Message], zones: Mapping[str, str]) -> Steps[None]:
    """What was shown, for the totals. Changes that no vote is behind have numbers below nought."""
    if not shown:
        return
    answers = [answer_of(message) for message in shown]
    cells = {cell_id(cell): cell for cell in map(cell_of, answers)}
    found = yield Ask("read_cells_by_id", {"project_id": project_id, "cells": sorted(cells)})
    unknown = cells.keys() - {cell for cell, in found}
    for cell in sorted(unknown):
        yield Ask("make_cell_known", cell_bindings(project_id, cells[cell]))
    tally = Tally(zones)
    for message, answer in zip(shown, answers, strict=True):
        tally.shown(answer, message.owner.key)
    yield Ask("add_changes", {"id": -1 - random.getrandbits(CHANGE_BITS), "changes": tally.text()})


def create_conversation(conversation: Conversation) -> Steps[None]:
    linked = yield from linking.read_links(conversation.project_id, [conversation.owner])
    conversation = linking.settled(conversation, linked)
    yield from linking.hold_owners(conversation.project_id, [conversation.owner])
    created = yield Ask("insert_conversation", rows.conversation_bindings(conversation))
    if not created:
        raise Conflict("conversation", "id")


def visitor(project_id: str, device_hash: str, new_id: str, now: Instant) -> Steps[tuple[str, bool]]:
    key = {"project_id": project_id, "device_hash": device_hash}
    created = yield Ask("insert_visitor", {**key, "visitor_id": new_id, "created_at": now})
    [[visitor_id]] = yield Ask("read_visitor", key)
    return visitor_id, bool(created)


def bind_device(project_id: str, user_hash: str, device_hash: str, now: Instant, *, only_first: bool
                ) -> Steps[DeviceBinding]:
    device = {"project_id": project_id, "user_hash": user_hash, "device_hash": device_hash}
    yield Ask("bind_device", {**device, "bound_at": now, "only_first": only_first})
    found = yield Ask("read_device", device)
    bound_at, token_seen_at = found[0] if found else (None, None)
    return DeviceBinding(bound_at, token_seen_at)


def device_token_seen(project_id: str, user_hash: str, device_hash: str, now: Instant) -> Steps[None]:
    yield Ask("note_device_token", {
        "project_id": project_id, "user_hash": user_hash, "device_hash": device_hash, "seen_at": now})


def count_missed(missed: Mapping[Missed, int]) -> Steps[None]:
    yield Put("count_missed", sorted((it.project_id, it.day, it.reason.value, it.page, count)
                                     for it, count in missed.items()))


def readiness(now: Instant) -> Steps[None]:
    yield Ask("write_readiness", {"checked_at": now})


def _by_id(statement: str, project_id: str, ids: set[str]) -> Steps[Sequence[Row]]:
    return (yield Ask(statement, {"project_id": project_id, "ids": sorted(ids)}))


def _touched(messages: Iterable[Message]) -> list[Row]:
    """A row for each conversation that these messages belong to."""
    conversations: dict[str, list[Message]] = {}
    for message in messages:
        conversations.setdefault(message.conversation_id, []).append(message)
    return [rows.conversation_row(_conversation_of(conversations[key])) for key in sorted(conversations)]


def _conversation_of(messages: Sequence[Message]) -> Conversation:
    """The conversation that its first messages make."""
    first = messages[0]
    newest = max(messages, key=attrgetter("created_at"))
    return Conversation(first.project_id, first.conversation_id, first.owner, first.created_at, newest.created_at)
