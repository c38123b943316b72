"""The writes that are not votes, each a plan that runs inside a transaction that writes."""

import random
from collections.abc import Iterable, Mapping, Sequence
from operator import attrgetter

from plaudit.errors import Conflict
from plaudit.model import Conversation, Instant, Message, Role
from plaudit.ports import DeviceBinding, Registered
from plaudit.rules import registration_conflict
from plaudit.store import rows
from plaudit.store.plans import Ask, Put, Row, Steps
from plaudit.store.tally import Tally, answer_of, cell_bindings, cell_id, cell_of

CHANGE_BITS = 62


def register(project_id: str, messages: Sequence[Message], zones: Mapping[str, str]
             ) -> Steps[list[Registered | Conflict]]:
    """Messages of one project; each is judged on what those before it left."""
    found = yield from _by_id("read_messages_by_id", project_id, {message.id for message in messages})
    known = {message.id: message for message in map(rows.message, found)}
    found = yield from _by_id(
        "read_conversations_by_id", project_id, {message.conversation_id for message in messages})
    conversations = {conversation.id: conversation for conversation in map(rows.conversation, found)}
    outcomes: list[Registered | Conflict] = []
    new: dict[str, Message] = {}
    for message in messages:
        existing = known.get(message.id)
        conflict = registration_conflict(message, existing, conversations.get(message.conversation_id))
        outcomes.append(conflict or Registered(created=existing is None))
        if conflict is None and existing is None:
            new[message.id] = known[message.id] = message
            conversations.setdefault(message.conversation_id, _conversation_of([message]))
    yield Put("insert_message", [rows.message_row(new[message_id]) for message_id in sorted(new)])
    yield Put("touch_conversation", _touched(new.values()))
    yield from _count(project_id, [message for message in new.values() if message.role is Role.ASSISTANT], zones)
    return outcomes


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
