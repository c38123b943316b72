"""Rows to nouns and back. The order of columns is that of queries.sql."""

from collections.abc import Sequence
from typing import Any

import msgspec

from plaudit.model import AuthLevel, Contract, Conversation, Feedback, Message, RatedMessage, Role, Subject, Vote

MESSAGE_WIDTH = 16
CONVERSATION_COLUMNS = ("project_id", "conversation_id", "owner", "created_at", "updated_at", "title")

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


def to_json(value: Any) -> str:
    return _encode(value).decode()


def from_json(text: str) -> Any:
    return _decode(text)


def message_row(message: Message) -> tuple[Any, ...]:
    return (
        message.project_id, message.id, message.role.value, message.owner.key, message.conversation_id,
        message.created_at, message.in_reply_to, message.model, message.prompt_version, to_json(message.arms),
        message.locale, message.platform, message.trace_id, message.span_id, to_json(message.metadata),
        message.content,
    )


def message(row: Sequence[Any]) -> Message:
    (project_id, message_id, role, owner, conversation_id, created_at, in_reply_to, model, prompt_version, arms,
     locale, platform, trace_id, span_id, metadata, content) = row
    return Message(
        project_id=project_id, id=message_id, role=Role(role), owner=Subject(owner),
        conversation_id=conversation_id, created_at=created_at, in_reply_to=in_reply_to, model=model,
        prompt_version=prompt_version, arms=from_json(arms), locale=locale, platform=platform, trace_id=trace_id,
        span_id=span_id, metadata=from_json(metadata), content=content,
    )


def conversation_row(conversation: Conversation) -> tuple[Any, ...]:
    return (
        conversation.project_id, conversation.id, conversation.owner.key, conversation.created_at,
        conversation.updated_at, conversation.title,
    )


def conversation_bindings(conversation: Conversation) -> dict[str, Any]:
    return dict(zip(CONVERSATION_COLUMNS, conversation_row(conversation), strict=True))


def conversation(row: Sequence[Any]) -> Conversation:
    project_id, conversation_id, owner, created_at, updated_at, title = row
    return Conversation(project_id, conversation_id, Subject(owner), created_at, updated_at, title)


def feedback_row(feedback: Feedback) -> tuple[Any, ...]:
    return (
        feedback.project_id, feedback.message_id, feedback.subject.key, feedback.vote, feedback.comment,
        to_json(feedback.reasons) if feedback.reasons else None, feedback.revision, feedback.contract,
        feedback.auth_level, feedback.created_at, feedback.updated_at,
    )


def feedback(row: Sequence[Any]) -> Feedback:
    (project_id, message_id, subject, vote, comment, reasons, revision, contract, auth_level, created_at,
     updated_at) = row
    return Feedback(
        project_id=project_id, message_id=message_id, subject=Subject(subject),
        vote=Vote(vote) if vote else None, comment=comment, revision=revision, contract=Contract(contract),
        auth_level=AuthLevel(auth_level), created_at=created_at, updated_at=updated_at,
        reasons=tuple(from_json(reasons)) if reasons else (),
    )


def rated_message(row: Sequence[Any]) -> RatedMessage:
    """A message's columns, then vote, comment, reasons, revision, contract, auth_level, created_at, updated_at,
    subject."""
    known = message(row[:MESSAGE_WIDTH])
    *state, subject = row[MESSAGE_WIDTH:]
    if state[0] is None:
        return RatedMessage(known, None)
    return RatedMessage(known, feedback((known.project_id, known.id, subject, *state)))
