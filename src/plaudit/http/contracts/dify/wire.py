"""Dify: its JSON and our nouns, each made of the other. Pure; holds no rule."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from plaudit.errors import Invalid
from plaudit.http.identifiers import vote_id
from plaudit.http.query import integer
from plaudit.instants import to_text
from plaudit.model import Feedback, RatedMessage, Vote

COMMENT_LENGTH_MAX = 1000
PAGE_MAX = 100
LIMIT_MAX = 101  # Dify's own
LIMIT_DEFAULT = 20

VOTES = {"like": Vote.LIKE, "dislike": Vote.DISLIKE, None: None}
WORDS = {vote: word for word, vote in VOTES.items()}
DONE = {"result": "success"}

Json = dict[str, Any]

# ---------------------------------------------------------------- what clients send


def decode_vote(body: Json) -> tuple[Vote | None, str | None]:
    """The vote and its comment. A rating that is absent or null takes the vote back, and then no comment is looked at.
    Raises `Invalid`."""
    try:
        vote = VOTES[body.get("rating")]
    except (KeyError, TypeError):  # a list or an object is no key at all
        raise Invalid("rating", "rating must be 'like', 'dislike' or null") from None
    return vote, _comment(body.get("content")) if vote else None


def _comment(given: Any) -> str | None:
    if given is None:
        return None
    if not isinstance(given, str) or len(given) > COMMENT_LENGTH_MAX or "\0" in given:
        raise Invalid("content", f"content must be at most {COMMENT_LENGTH_MAX} characters, none of them NUL")
    return given or None


@dataclass(frozen=True, slots=True)
class FeedbacksQuery:
    offset: int
    limit: int


def decode_feedbacks_query(query: Mapping[str, str]) -> FeedbacksQuery:
    page = integer(query, "page", low=1, high=PAGE_MAX, default=1)
    limit = integer(query, "limit", low=1, high=LIMIT_MAX, default=LIMIT_DEFAULT)
    return FeedbacksQuery((page - 1) * limit, limit)


# ---------------------------------------------------------------- what we answer


def encode_feedbacks(rated: Sequence[RatedMessage]) -> Json:
    return {"data": [_feedback(each.message.conversation_id, each.feedback) for each in rated if each.feedback]}


def _feedback(conversation_id: str, feedback: Feedback) -> Json:
    """Plaudit's voters are all end users: nobody of the application's own votes."""
    return {
        "id": vote_id(feedback),
        "app_id": feedback.project_id,
        "conversation_id": conversation_id,
        "message_id": feedback.message_id,
        "rating": WORDS[feedback.vote],
        "content": feedback.comment,
        "from_source": "user",
        "from_end_user_id": feedback.subject.name,
        "from_account_id": None,
        "created_at": to_text(feedback.created_at),
        "updated_at": to_text(feedback.updated_at),
    }
