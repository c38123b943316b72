"""HandAuncle v1: its JSON and our nouns, each made of the other. Pure; holds no rule.

In this contract `rating` is the vote and `feedback` the comment; nothing can be taken back.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from plaudit.errors import Invalid
from plaudit.http.query import choice, integer
from plaudit.instants import to_text
from plaudit.model import Conversation, Feedback, Instant, RatedMessage, Role, Vote

OBJECT_ID = re.compile(r"[0-9a-f]{24}", re.ASCII)
ANY_ID = re.compile(r"[^\x00-\x1f\x7f-\x9f\u2028\u2029]{1,128}")
COMMENT_LENGTH_MAX = 1000
SEARCH_LENGTH_MAX = 200
LIMIT_MAX = 100
CONVERSATIONS_DEFAULT = 20
MESSAGES_DEFAULT = 50
OFFSET_MAX = 1_000_000

VOTES: dict[Any, Vote] = {1: Vote.LIKE, -1: Vote.DISLIKE}
NO_NUMBER = (bool, list, dict)  # true would be found as 1; the others cannot be looked up
ROLES = {role.value: role for role in Role}
ACTIVE_OR_NOT = {"active": True, "archived": False}
SORTS = {"createdAt": "created_at", "updatedAt": "updated_at"}
ORDERS = {"asc": False, "desc": True}

MISSING = "Missing authentication. Provide either Authorization header or x-device-id header."

Json = dict[str, Any]

# ---------------------------------------------------------------- what clients send


def decode_message_id(text: str) -> str:
    """Raises `Invalid` for anything but 24 lower-case hexadecimal digits."""
    if not OBJECT_ID.fullmatch(text):
        raise Invalid("messageId", "messageId must be 24 lower-case hexadecimal digits")
    return text


def decode_conversation_id(text: str, field: str = "conversationId") -> str:
    """The contract does not say how these look, so whatever can be registered can be asked for."""
    if not ANY_ID.fullmatch(text):
        raise Invalid(field, f"{field} must be 1 to 128 characters, none of them a control character")
    return text


def decode_vote(body: Json) -> tuple[Vote, str | None]:
    """The vote and its comment. Raises `Invalid`."""
    rating = body.get("rating")
    vote = None if isinstance(rating, NO_NUMBER) else VOTES.get(rating)
    if vote is None:
        raise Invalid("rating", "Rating must be 1 (like) or -1 (dislike)")
    return vote, _comment(body.get("feedback"))


def _comment(given: Any) -> str | None:
    if given is None:
        return None
    if not isinstance(given, str):
        raise Invalid("feedback", "Feedback must be a string")
    if len(given) > COMMENT_LENGTH_MAX:
        raise Invalid("feedback", f"Feedback must be at most {COMMENT_LENGTH_MAX} characters")
    if "\0" in given:
        raise Invalid("feedback", "Feedback must not contain the character NUL")
    return given or None


@dataclass(frozen=True, slots=True)
class ConversationsQuery:
    limit: int
    offset: int
    is_active: bool  # every conversation is, for now
    order_by: str
    descending: bool
    search: str | None


def decode_conversations_query(query: Mapping[str, str]) -> ConversationsQuery:
    search = query.get("q")
    if search is not None and (len(search) > SEARCH_LENGTH_MAX or "\0" in search):
        raise Invalid("q", f"q must be at most {SEARCH_LENGTH_MAX} characters, none of them NUL")
    return ConversationsQuery(
        limit=integer(query, "limit", low=1, high=LIMIT_MAX, default=CONVERSATIONS_DEFAULT),
        offset=integer(query, "offset", low=0, high=OFFSET_MAX, default=0),
        is_active=choice(query, "status", ACTIVE_OR_NOT, default=True),
        order_by=choice(query, "sortBy", SORTS, "updated_at"),
        descending=choice(query, "sortOrder", ORDERS, default=True),
        search=search or None,
    )


@dataclass(frozen=True, slots=True)
class MessagesQuery:
    limit: int
    before: str | None
    role: Role | None


def decode_messages_query(query: Mapping[str, str]) -> MessagesQuery:
    before = query.get("before")
    return MessagesQuery(
        limit=integer(query, "limit", low=1, high=LIMIT_MAX, default=MESSAGES_DEFAULT),
        before=None if before is None else decode_conversation_id(before, "before"),
        role=choice(query, "role", ROLES, None),
    )


# ---------------------------------------------------------------- what we answer


def meta(now: Instant, request_id: str) -> Json:
    return {"timestamp": to_text(now), "requestId": request_id}


def success(data: Json, now: Instant, request_id: str) -> Json:
    return {"success": True, "data": data, "meta": meta(now, request_id)}


def encode_vote(stored: Feedback) -> Json:
    return {
        "messageId": stored.message_id,
        "rating": stored.vote,
        "feedback": stored.comment,
        "updatedAt": to_text(stored.updated_at),
    }


def encode_conversations(total: int, found: Sequence[Conversation], asked: ConversationsQuery) -> Json:
    pagination = {
        "total": total,
        "limit": asked.limit,
        "offset": asked.offset,
        "hasMore": asked.offset + len(found) < total,
    }
    return {"conversations": [encode_conversation(each) for each in found], "pagination": pagination}


def encode_conversation(conversation: Conversation) -> Json:
    return {
        "id": conversation.id,
        "title": conversation.title,
        "status": "active",
        "createdAt": to_text(conversation.created_at),
        "updatedAt": to_text(conversation.updated_at),
    }


def encode_messages(newest_first: Sequence[RatedMessage], limit: int) -> Json:
    """One page, oldest message first, out of one more message than the page may hold."""
    page = newest_first[:limit][::-1]
    more = len(newest_first) > limit
    pagination = {"hasMore": more, "before": page[0].message.id if more else None}
    return {"messages": [encode_message(each) for each in page], "pagination": pagination}


def encode_message(rated: RatedMessage) -> Json:
    message, feedback = rated.message, rated.feedback
    return {
        "id": message.id,
        "conversationId": message.conversation_id,
        "role": message.role.value,
        "content": message.content,
        "createdAt": to_text(message.created_at),
        "tokenCount": None,
        "model": message.model,
        "toolCalls": None,
        "rating": feedback.vote if feedback else None,
        "feedback": feedback.comment if feedback else None,
    }
