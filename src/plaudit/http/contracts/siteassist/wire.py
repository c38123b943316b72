"""SiteAssist v2: its JSON and our nouns, each made of the other. Pure; holds no rule.

In this contract `feedback` is the vote itself, and `null` takes it back.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from plaudit.errors import Invalid
from plaudit.http.query import choice, integer
from plaudit.instants import to_text
from plaudit.model import Conversation, Message, Project, RatedMessage, Role, Subject, SubjectKind, Vote

UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)
DEVICE_LENGTH_MAX = 100
TITLE_LENGTH_MAX = 200
CONVERSATIONS_MAX = 100
CONVERSATIONS_DEFAULT = 20
MESSAGES_MAX = 1000
MESSAGES_DEFAULT = 100
OFFSET_MAX = 1_000_000

VOTES: Mapping[str | None, Vote | None] = {"like": Vote.LIKE, "dislike": Vote.DISLIKE, None: None}
WORDS = {vote: word for word, vote in VOTES.items()}
VOTE_ANSWERS = {Vote.LIKE: b'{"feedback":"like"}', Vote.DISLIKE: b'{"feedback":"dislike"}', None: b'{"feedback":null}'}

ROLES = {role.value: role for role in Role}
OPEN_OR_CLOSED = {"open": True, "closed": False}
COMPLETE_OR_NOT = {"complete": True, "streaming": False, "error": False}
ORDERS = {"createdAt": "created_at", "updatedAt": "updated_at"}
DIRECTIONS = {"asc": False, "desc": True}
WIDGET_SETTINGS = (
    "welcomeMessage", "inputPlaceholder", "assistantAvatar", "brandColor", "brandColorDark", "userMessageBubbleColor",
    "userMessageBubbleColorDark", "baseFontSize", "customCSSStyles",
)

Json = dict[str, Any]

# ---------------------------------------------------------------- what clients send


def decode_id(text: str, field: str) -> str:
    """A UUID in its plain 8-4-4-4-12 form, lower-case. Raises `Invalid`."""
    if not UUID.fullmatch(text):
        raise Invalid(field, f"{field} must be a UUID")
    return text.lower()


def decode_vote(body: Json) -> Vote | None:
    """None takes the vote back. Raises `Invalid` when `feedback` is missing or anything but the three values."""
    try:
        return VOTES[body["feedback"]]
    except (KeyError, TypeError):  # a list or an object is no key at all
        raise Invalid("feedback", "Feedback must be 'like', 'dislike' or null") from None


def decode_key(body: Json) -> str:
    key = body.get("apiKey")
    if not isinstance(key, str) or not key:
        raise Invalid("apiKey", "apiKey must be a publishable key")
    return key


def decode_device(body: Json) -> str:
    device = body.get("saVid")
    if not isinstance(device, str) or not 1 <= len(device) <= DEVICE_LENGTH_MAX:
        raise Invalid("saVid", f"saVid must be a string of 1 to {DEVICE_LENGTH_MAX} characters")
    return device


def decode_conversation(body: Json) -> tuple[str | None, str | None]:
    """The id and the title of a conversation to be opened; either may be absent or null."""
    given_id, title = body.get("id"), body.get("title")
    if given_id is not None:
        given_id = decode_id(given_id if isinstance(given_id, str) else "", "id")
    if title is not None and (not isinstance(title, str) or len(title) > TITLE_LENGTH_MAX or "\0" in title):
        raise Invalid("title", f"title must be a string of at most {TITLE_LENGTH_MAX} characters, none of them NUL")
    return given_id, title


@dataclass(frozen=True, slots=True)
class ConversationsQuery:
    limit: int
    offset: int
    is_open: bool  # every conversation is, for now
    order_by: str
    descending: bool


def decode_conversations_query(query: Mapping[str, str]) -> ConversationsQuery:
    return ConversationsQuery(
        limit=integer(query, "limit", low=1, high=CONVERSATIONS_MAX, default=CONVERSATIONS_DEFAULT),
        offset=integer(query, "offset", low=0, high=OFFSET_MAX, default=0),
        is_open=choice(query, "status", OPEN_OR_CLOSED, default=True),
        order_by=choice(query, "orderBy", ORDERS, "created_at"),
        descending=choice(query, "orderDir", DIRECTIONS, default=True),
    )


@dataclass(frozen=True, slots=True)
class MessagesQuery:
    limit: int
    offset: int
    role: Role | None
    is_complete: bool  # every registered message is


def decode_messages_query(query: Mapping[str, str]) -> MessagesQuery:
    return MessagesQuery(
        limit=integer(query, "limit", low=1, high=MESSAGES_MAX, default=MESSAGES_DEFAULT),
        offset=integer(query, "offset", low=0, high=OFFSET_MAX, default=0),
        role=choice(query, "role", ROLES, None),
        is_complete=choice(query, "status", COMPLETE_OR_NOT, default=True),
    )


# ---------------------------------------------------------------- what we answer


def encode_visitor(subject: Subject) -> Json:
    """A signed-in user has no visitor's id of its own, so one is derived from who it is, the same each time."""
    identified = subject.kind is SubjectKind.USER
    return {
        "object": "visitor",
        "id": str(uuid5(NAMESPACE_URL, subject.key)) if identified else subject.name,
        "type": "identified" if identified else "anonymous",
        "externalId": subject.name.partition("#")[2] if identified else None,
        "name": None,
        "avatarUrl": None,
    }


def encode_project(project: Project) -> Json:
    """What the widget asks for at its start; null where it is to use its own default."""
    return {
        "object": "project",
        "id": project.id,
        "name": project.name,
        "quickPrompts": [],
        "chatWidgetConfig": {"displayName": project.name, **dict.fromkeys(WIDGET_SETTINGS)},
    }


def encode_conversation(conversation: Conversation, messages: Sequence[RatedMessage] = ()) -> Json:
    updated_at = to_text(conversation.updated_at)
    return {
        "object": "conversation",
        "id": conversation.id,
        "title": conversation.title,
        "createdAt": to_text(conversation.created_at),
        "updatedAt": updated_at,
        "status": "open",
        "closedAt": None,
        "closeReason": None,
        "lastInterationAt": updated_at,  # the contract's own spelling
        "isHumanHandled": False,
        "humanAgent": None,
        "messages": [encode_message(message) for message in messages],
    }


def encode_message(rated: RatedMessage) -> Json:
    message, feedback = rated.message, rated.feedback
    vote = feedback.vote if feedback else None
    return {
        "object": "message",
        "id": message.id,
        "createdAt": to_text(message.created_at),
        "chatId": message.conversation_id,
        "role": message.role.value,
        "parts": _parts(message),
        "status": "complete",
        "error": None,
        "feedback": WORDS[vote],
        "feedbackAt": to_text(feedback.updated_at) if feedback and vote else None,
        "metadata": dict(message.metadata) or None,
        "humanAgent": None,
        "pageUrl": None,
        "pageTitle": None,
        "textSelection": None,
    }


def encode_list(total: int, limit: int, offset: int, data: list[Json]) -> Json:
    return {"object": "list", "total": total, "limit": limit, "offset": offset, "data": data}


def _parts(message: Message) -> list[Json]:
    return [] if message.content is None else [{"type": "text", "text": message.content}]
