"""Open WebUI's feedback as its administrators export it: a JSON list.

Its items are `FeedbackModel` of its backend/open_webui/models/feedbacks.py: `data` says how it was rated, `meta`
which message it is, `snapshot` holds the conversation as it was then, times are seconds. A reason, tags
and stars (`details.rating`) are kept with the answer; a reason that the project has too is the vote's.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from plaudit.errors import Invalid
from plaudit.http.identifiers import read_id
from plaudit.http.registration import Content
from plaudit.imports import instants
from plaudit.imports.piece import Comment, Context, Foreign, Model, Piece, decoded, foreign, read_name
from plaudit.model import Contract, Vote

LISTS: tuple[str, ...] = ()  # it is a list itself
VOTES = {"1": Vote.LIKE, "-1": Vote.DISLIKE}

Json = Mapping[str, Any]
NOTHING: Json = {}


class Data(Struct, frozen=True):
    rating: int | float | str | None = None
    model_id: Model | None = None
    reason: Comment | None = None
    comment: Comment | None = None
    tags: list[str] | None = None
    details: dict[str, Any] | None = None


class Meta(Struct, frozen=True):
    message_id: str
    chat_id: str
    model_id: Model | None = None


class Feedback(Struct, frozen=True):
    user_id: str
    type: str
    data: Data
    meta: Meta
    created_at: float
    updated_at: float
    snapshot: dict[str, Any] | None = None


class Shown(Struct, frozen=True):
    """A message of a snapshot's."""

    content: Content | None = None
    role: str | None = None
    parentId: str | None = None  # noqa: N815 -- theirs
    timestamp: float | None = None


_feedback = msgspec.json.Decoder(Feedback)


def understood(line: bytes, context: Context) -> Piece:
    """Raises `Invalid`, `MalformedBody`."""
    given: Feedback = decoded(_feedback, line)
    if given.type != "rating":
        raise Invalid("type", "is not rating")
    vote = VOTES.get(str(given.data.rating))
    if vote is None:
        raise Invalid("data.rating", "is no thumb: 1 or -1")
    messages = _messages(given.snapshot or NOTHING)
    answer = _message(messages, given.meta.message_id)
    question = _message(messages, answer.parentId)
    shown_at = given.created_at if answer.timestamp is None else answer.timestamp
    return foreign(Foreign(
        contract=Contract.PLAUDIT,
        message_id=read_id(given.meta.message_id, "meta.message_id"),
        conversation_id=read_id(given.meta.chat_id, "meta.chat_id"),
        owner=read_name(given.user_id, "user_id"),
        vote=vote,
        comment=given.data.comment,
        at=instants.of_seconds(given.updated_at, "updated_at"),
        shown_at=instants.of_seconds(shown_at, "timestamp"),
        model=given.data.model_id or given.meta.model_id,
        content=answer.content,
        question_id=read_id(answer.parentId, "parentId") if answer.parentId and question.role == "user" else None,
        question=question.content,
        reason=given.data.reason,
        metadata=_metadata(given.data),
    ), context)


def _messages(snapshot: Json) -> Json:
    """By their ids: snapshot.chat.chat.history.messages, or without one of the two chats."""
    chat = _object(snapshot, "chat")
    for place in (_object(chat, "chat"), chat):
        if found := _object(_object(place, "history"), "messages"):
            return found
    return NOTHING


def _object(given: Json, name: str) -> Json:
    found = given.get(name)
    return found if isinstance(found, dict) else NOTHING


def _message(messages: Json, message_id: str | None) -> Shown:
    """One that is not as expected is none: what it says is not needed for the vote."""
    try:
        return msgspec.convert(messages.get(message_id or "") or {}, Shown)
    except msgspec.ValidationError:
        return Shown()


def _metadata(data: Data) -> Json:
    kept = {"reason": data.reason, "tags": data.tags, "rating": (data.details or {}).get("rating")}
    kept = {name: value for name, value in kept.items() if value}
    return {"open_webui": kept} if kept else {}
