"""The writes that are not votes, each a function of the writing connection that runs inside a transaction."""

from collections.abc import Sequence
from typing import Any

import apsw

from plaudit.errors import Conflict
from plaudit.model import Conversation, Instant, Message
from plaudit.ports import DeviceBinding, Registered
from plaudit.rules import registration_conflict
from plaudit.store import rows
from plaudit.store.queries import queries
from plaudit.store.sqlite_writer import Write


def register(project_id: str, messages: Sequence[Message]) -> Write:
    """Messages of one project; each is judged on what those before it left."""

    def write(connection: apsw.Connection) -> list[Registered | Conflict]:
        known, conversations = _registered(connection, project_id, messages)
        outcomes: list[Registered | Conflict] = []
        new: list[Message] = []
        for message in messages:
            existing = known.get(message.id)
            conflict = registration_conflict(message, existing, conversations.get(message.conversation_id))
            outcomes.append(conflict or Registered(created=existing is None))
            if conflict is None and existing is None:
                new.append(message)
                known[message.id] = message
                conversations.setdefault(message.conversation_id, _conversation_of(message))
        connection.executemany(queries()["insert_message"], map(rows.message_row, new))
        connection.executemany(
            queries()["touch_conversation"],
            (tuple(rows.conversation_row(_conversation_of(message)).values()) for message in new))
        return outcomes

    return write


def create_conversation(conversation: Conversation) -> Write:
    def write(connection: apsw.Connection) -> None:
        if not connection.execute(queries()["insert_conversation"], rows.conversation_row(conversation)).get:
            raise Conflict("conversation", "id")

    return write


def visitor(project_id: str, device_hash: str, new_id: str, now: Instant) -> Write:
    def write(connection: apsw.Connection) -> tuple[str, bool]:
        key = {"project_id": project_id, "device_hash": device_hash}
        created = connection.execute(
            queries()["insert_visitor"], {**key, "visitor_id": new_id, "created_at": now}).get
        return connection.execute(queries()["read_visitor"], key).get, bool(created)

    return write


def bind_device(project_id: str, user_hash: str, device_hash: str, now: Instant, *, only_first: bool) -> Write:
    def write(connection: apsw.Connection) -> DeviceBinding:
        device = {"project_id": project_id, "user_hash": user_hash, "device_hash": device_hash}
        connection.execute(queries()["bind_device"], {**device, "bound_at": now, "only_first": only_first})
        found: Any = connection.execute(queries()["read_device"], device).fetchone()
        return DeviceBinding(device_bound=found is not None, token_seen_at=found[0] if found else None)

    return write


def device_token_seen(project_id: str, user_hash: str, device_hash: str, now: Instant) -> Write:
    def write(connection: apsw.Connection) -> None:
        connection.execute(queries()["note_device_token"], {
            "project_id": project_id, "user_hash": user_hash, "device_hash": device_hash, "seen_at": now})

    return write


def readiness(now: Instant) -> Write:
    def write(connection: apsw.Connection) -> None:
        connection.execute(queries()["write_readiness"], {"checked_at": now})

    return write


def _registered(connection: apsw.Connection, project_id: str, messages: Sequence[Message]
                ) -> tuple[dict[str, Message], dict[str, Conversation]]:
    """What is there already under the ids that these messages name."""

    def read(name: str, ids: set[str]) -> list[Any]:
        bindings = {"project_id": project_id, "ids": rows.to_json(sorted(ids))}
        return connection.execute(queries()[name], bindings).fetchall()

    known = map(rows.message, read("read_messages_by_id", {message.id for message in messages}))
    conversations = map(
        rows.conversation, read("read_conversations_by_id", {message.conversation_id for message in messages}))
    return {message.id: message for message in known}, {it.id: it for it in conversations}


def _conversation_of(message: Message) -> Conversation:
    return Conversation(
        message.project_id, message.conversation_id, message.owner, message.created_at, message.created_at)
