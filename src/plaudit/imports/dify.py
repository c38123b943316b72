"""Dify's export of an application's feedback, as JSON or CSV: the same columns, all of them texts.

They are those of `FeedbackService.export_feedbacks` in Dify's api/services/feedback_service.py. Its answers are cut to
500 characters there, and its times have no offset. A question and its answer are one message of Dify's: the question
gets an id of its own.
"""

from typing import Literal

import msgspec
from msgspec import Struct

from plaudit.errors import Invalid
from plaudit.http.identifiers import ID_LENGTH_MAX, read_id
from plaudit.http.registration import Content
from plaudit.imports import instants
from plaudit.imports.piece import Comment, Context, Foreign, Piece, decoded, foreign, read_name
from plaudit.model import Contract, Vote

LISTS = ("feedback_data",)
CUT_LENGTH = 503  # what is longer than 500 characters ends there, in three dots
QUESTION = "-question"
VOTES = {"like": Vote.LIKE, "dislike": Vote.DISLIKE}


class Row(Struct, frozen=True):
    conversation_id: str
    message_id: str
    feedback_rating_raw: Literal["like", "dislike"]
    feedback_source: str
    feedback_date: str
    message_date: str
    user_query: Content = ""
    ai_response: Content = ""
    feedback_comment: Comment = ""
    from_end_user_id: str = ""


_row = msgspec.json.Decoder(Row)


def understood(line: bytes, context: Context) -> Piece:
    """Raises `Invalid`, `MalformedBody`."""
    row: Row = decoded(_row, line)
    if row.feedback_source != "user":
        raise Invalid("feedback_source", "is not user: whoever runs the application has no vote here")
    if not row.from_end_user_id:
        raise Invalid("from_end_user_id", "is empty, so that it is nobody's vote")
    message_id = read_id(row.message_id, "message_id")
    return foreign(Foreign(
        contract=Contract.DIFY,
        message_id=message_id,
        conversation_id=read_id(row.conversation_id, "conversation_id"),
        owner=read_name(row.from_end_user_id, "from_end_user_id"),
        vote=VOTES[row.feedback_rating_raw],
        comment=row.feedback_comment,
        at=instants.of_text(row.feedback_date, "feedback_date"),
        shown_at=instants.of_text(row.message_date, "message_date"),
        content=row.ai_response or None,
        question_id=f"{message_id}{QUESTION}" if row.user_query and _has_room(message_id) else None,
        question=row.user_query,
        metadata={"dify": {"content_cut": True}} if _is_cut(row.ai_response) else {},
    ), context)


def _has_room(message_id: str) -> bool:
    return len(message_id) + len(QUESTION) <= ID_LENGTH_MAX


def _is_cut(answer: str) -> bool:
    return len(answer) == CUT_LENGTH and answer.endswith("...")
