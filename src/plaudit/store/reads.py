"""The reads, each a plan that runs inside one snapshot. Filters become conditions from a fixed table; their values are
always bound."""

import re
from string import ascii_lowercase, ascii_uppercase
from typing import Any

from plaudit.errors import Invalid
from plaudit.model import (
    Conversation,
    Feedback,
    FeedbackFilter,
    Message,
    Missed,
    MissedReason,
    Page,
    RatedMessage,
    Role,
    Subject,
)
from plaudit.store import rows
from plaudit.store.plans import Ask, Steps

EVERYTHING = "TRUE"
ORDERS = {"created_at": "c.created_at", "updated_at": "c.updated_at"}
# Conversations and messages may stand on different nodes, so neither subquery looks at a row outside of it.
SEARCH = r"""(lower(c.title) LIKE :pattern ESCAPE '\' OR c.conversation_id IN (
    SELECT m.conversation_id FROM messages AS m
    WHERE m.project_id = :project_id AND lower(m.content) LIKE :pattern ESCAPE '\' AND m.conversation_id IN (
        SELECT o.conversation_id FROM conversations AS o WHERE o.project_id = :project_id AND o.owner = :owner)))"""
LOWER = str.maketrans(ascii_uppercase, ascii_lowercase)  # as both databases' lower() does it
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


def message(project_id: str, message_id: str) -> Steps[Message | None]:
    found = yield Ask("read_message", {"project_id": project_id, "message_id": message_id})
    return rows.message(found[0]) if found else None


def conversation(project_id: str, conversation_id: str) -> Steps[Conversation | None]:
    found = yield Ask("read_conversation", {"project_id": project_id, "conversation_id": conversation_id})
    return rows.conversation(found[0]) if found else None


def conversations(project_id: str, owner: Subject, *, order_by: str, descending: bool, limit: int, offset: int,
                  search: str | None) -> Steps[tuple[int, list[Conversation]]]:
    bindings = {"project_id": project_id, "owner": owner.key, "pattern": search and _pattern(search),
                "limit": limit, "offset": offset}
    parts = {"search": SEARCH if search else EVERYTHING,
             "order": f"{ORDERS[order_by]} {_direction(descending=descending)}"}
    [[total]] = yield Ask("count_conversations_of_owner", bindings, parts)
    found = yield Ask("read_conversations_of_owner", bindings, parts)
    return total, [rows.conversation(row) for row in found]


def conversation_messages(project_id: str, conversation_id: str, *, role: Role | None, limit: int, offset: int,
                          before: str | None, descending: bool) -> Steps[tuple[int, list[RatedMessage]]]:
    conditions = [EVERYTHING]
    conditions += ["m.role = :role"] if role else []
    conditions += [BEFORE] if before is not None else []
    where = " AND ".join(conditions)
    bindings = {"project_id": project_id, "conversation_id": conversation_id, "role": role and role.value,
                "before": before, "limit": limit, "offset": offset}
    [[total]] = yield Ask("count_messages_of_conversation", bindings, {"conditions": where})
    found = yield Ask("read_messages_of_conversation", bindings,
                      {"conditions": where, "direction": _direction(descending=descending)})
    return total, [rows.rated_message(row) for row in found]


def feedback(project_id: str, wanted: FeedbackFilter, *, limit: int, cursor: str | None
             ) -> Steps[Page[RatedMessage]]:
    values: dict[str, Any] = {name: getattr(wanted, name) for name in FEEDBACK_CONDITIONS}
    conditions = [EVERYTHING, *(FEEDBACK_CONDITIONS[name] for name, value in values.items() if value is not None)]
    bindings = {**values, "project_id": project_id, "limit": limit + 1}  # one more tells whether there is a next page
    if cursor is not None:
        bindings["cursor_at"], bindings["cursor_seq"] = decode_cursor(cursor)
        conditions.append(AFTER_CURSOR)
    few_messages = wanted.message_id is not None or wanted.conversation_id is not None
    found = yield Ask("read_feedback_of_messages" if few_messages else "read_feedback", bindings,
                      {"conditions": " AND ".join(conditions)})
    page = found[:limit]
    more = encode_cursor(page[-1][0], page[-1][1]) if len(found) > limit else None
    return Page(tuple(rows.rated_message(row[2:]) for row in page), more)


def missed(project_id: str, since_day: int) -> Steps[dict[Missed, int]]:
    found = yield Ask("read_missed", {"project_id": project_id, "since": since_day})
    return {Missed(project_id, day, MissedReason(reason), page): count for day, reason, page, count in found}


def history(project_id: str, message_id: str) -> Steps[list[Feedback]]:
    found = yield Ask("read_history", {"project_id": project_id, "message_id": message_id})
    return [rows.feedback(row) for row in found]


def encode_cursor(at: int, seq: int) -> str:
    return f"{at}.{seq}"


def decode_cursor(cursor: str) -> tuple[int, int]:
    """Raises `Invalid`. Whatever looks like a cursor is one: the API's document can say which those are."""
    if not CURSOR.fullmatch(cursor):
        raise Invalid("cursor", "is not one that this server gave")
    at, seq = cursor.split(".")
    return int(at), int(seq)


def _pattern(search: str) -> str:
    """What LIKE takes for "contains this text, case aside"."""
    escaped = re.sub(r"([\\%_])", r"\\\1", search)
    return f"%{escaped.translate(LOWER)}%"


def _direction(*, descending: bool) -> str:
    return "DESC" if descending else "ASC"
