"""The reads, each a function of a reading connection that runs inside one snapshot. Filters become
conditions from a fixed table; their values are always bound."""

import re
from collections.abc import Callable
from typing import Any, TypeVar

import apsw

from plaudit.errors import Invalid
from plaudit.model import Conversation, Feedback, FeedbackFilter, Message, Page, RatedMessage, Role, Subject
from plaudit.store import rows
from plaudit.store.queries import queries

T = TypeVar("T")
Read = Callable[[apsw.Connection], T]

EVERYTHING = "1"
ORDERS = {"created_at": "c.created_at", "updated_at": "c.updated_at"}
SEARCH = """(instr(lower(c.title), lower(:search)) OR EXISTS (
    SELECT 1 FROM messages AS m WHERE m.project_id = c.project_id AND m.conversation_id = c.conversation_id
    AND instr(lower(m.content), lower(:search))))"""
BEFORE = """(m.created_at, m.message_id) < (
    SELECT b.created_at, b.message_id FROM messages AS b
    WHERE b.project_id = :project_id AND b.conversation_id = :conversation_id AND b.message_id = :before)"""
FEEDBACK_CONDITIONS = {
    "since": "h.updated_at >= :since",
    "until": "h.updated_at < :until",
    "message_id": "m.message_id = :message_id",
    "conversation_id": "m.conversation_id = :conversation_id",
    "vote": "f.vote = :vote",
    "has_comment": "(f.comment IS NOT NULL) = :has_comment",
    "model": "m.model = :model",
    "prompt_version": "m.prompt_version = :prompt_version",
    "contract": "f.contract = :contract",
    "auth_level": "f.auth_level = :auth_level",
}
CURSOR = re.compile(r"(0|[1-9][0-9]{0,14})\.(0|[1-9][0-9]{0,17})", re.ASCII)
AFTER_CURSOR = "(h.updated_at, h.seq) < (:cursor_at, :cursor_seq)"


def message(project_id: str, message_id: str) -> Read[Message | None]:
    def read(connection: apsw.Connection) -> Message | None:
        row = connection.execute(
            queries()["read_message"], {"project_id": project_id, "message_id": message_id}).fetchone()
        return rows.message(row) if row else None

    return read


def conversation(project_id: str, conversation_id: str) -> Read[Conversation | None]:
    def read(connection: apsw.Connection) -> Conversation | None:
        row = connection.execute(
            queries()["read_conversation"],
            {"project_id": project_id, "conversation_id": conversation_id}).fetchone()
        return rows.conversation(row) if row else None

    return read


def conversations(project_id: str, owner: Subject, *, order_by: str, descending: bool, limit: int, offset: int,
                  search: str | None) -> Read[tuple[int, list[Conversation]]]:
    condition = SEARCH if search else EVERYTHING
    order = f"{ORDERS[order_by]} {_direction(descending=descending)}"
    bindings = {"project_id": project_id, "owner": owner.key, "search": search, "limit": limit, "offset": offset}

    def read(connection: apsw.Connection) -> tuple[int, list[Conversation]]:
        total = connection.execute(
            queries()["count_conversations_of_owner"].format(search=condition), bindings).get
        found = connection.execute(
            queries()["read_conversations_of_owner"].format(search=condition, order=order), bindings)
        return total, [rows.conversation(row) for row in found]

    return read


def conversation_messages(project_id: str, conversation_id: str, *, role: Role | None, limit: int, offset: int,
                          before: str | None, descending: bool) -> Read[tuple[int, list[RatedMessage]]]:
    conditions = [EVERYTHING]
    conditions += ["m.role = :role"] if role else []
    conditions += [BEFORE] if before is not None else []
    bindings = {"project_id": project_id, "conversation_id": conversation_id, "role": role and role.value,
                "before": before, "limit": limit, "offset": offset}

    def read(connection: apsw.Connection) -> tuple[int, list[RatedMessage]]:
        where = " AND ".join(conditions)
        total = connection.execute(
            queries()["count_messages_of_conversation"].format(conditions=where), bindings).get
        found = connection.execute(
            queries()["read_messages_of_conversation"].format(
                conditions=where, direction=_direction(descending=descending)), bindings)
        return total, [rows.rated_message(row) for row in found]

    return read


def feedback(project_id: str, wanted: FeedbackFilter, *, limit: int, cursor: str | None) -> Read[Page[RatedMessage]]:
    values: dict[str, Any] = {name: getattr(wanted, name) for name in FEEDBACK_CONDITIONS}
    conditions = [EVERYTHING, *(FEEDBACK_CONDITIONS[name] for name, value in values.items() if value is not None)]
    few_messages = wanted.message_id is not None or wanted.conversation_id is not None
    statement = queries()["read_feedback_of_messages" if few_messages else "read_feedback"]
    cursor_at, cursor_seq = None, None
    if cursor is not None:
        cursor_at, cursor_seq = decode_cursor(cursor)
        conditions.append(AFTER_CURSOR)
    bindings = {**values, "project_id": project_id, "cursor_at": cursor_at, "cursor_seq": cursor_seq,
                "limit": limit + 1}  # one more tells whether there is a next page

    def read(connection: apsw.Connection) -> Page[RatedMessage]:
        found: list[Any] = connection.execute(
            statement.format(conditions=" AND ".join(conditions)), bindings).fetchall()
        page = found[:limit]
        more = encode_cursor(page[-1][0], page[-1][1]) if len(found) > limit else None
        return Page(tuple(rows.rated_message(row[2:]) for row in page), more)

    return read


def history(project_id: str, message_id: str) -> Read[list[Feedback]]:
    def read(connection: apsw.Connection) -> list[Feedback]:
        found = connection.execute(queries()["read_history"], {"project_id": project_id, "message_id": message_id})
        return [rows.feedback(row) for row in found]

    return read


def encode_cursor(at: int, seq: int) -> str:
    return f"{at}.{seq}"


def decode_cursor(cursor: str) -> tuple[int, int]:
    """Raises `Invalid`. Whatever looks like a cursor is one: the API's document can say which those are."""
    if not CURSOR.fullmatch(cursor):
        raise Invalid("cursor", "is not one that this server gave")
    at, seq = cursor.split(".")
    return int(at), int(seq)


def _direction(*, descending: bool) -> str:
    return "DESC" if descending else "ASC"
