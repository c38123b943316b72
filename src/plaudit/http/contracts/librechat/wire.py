"""LibreChat: its JSON and our nouns, each made of the other. Pure; holds no rule."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from plaudit.errors import Invalid
from plaudit.model import Feedback, Reason, Vote

COMMENT_LENGTH_MAX = 1000
RATINGS = {"thumbsUp": Vote.LIKE, "thumbsDown": Vote.DISLIKE}
WORDS = {vote: word for word, vote in RATINGS.items()}
TAGS = frozenset((  # those that LibreChat offers
    "not_matched", "inaccurate", "bad_style", "missing_image", "unjustified_refusal", "not_helpful", "other",
    "accurate_reliable", "creative_solution", "clear_well_written", "attention_to_detail",
))

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Thumb:
    vote: Vote | None
    comment: str | None = None
    reasons: tuple[str, ...] = ()


TAKEN_BACK = Thumb(None)


def decode_thumb(body: Json, reasons: Sequence[Reason]) -> Thumb:
    """Feedback that is absent or null takes the vote back. `reasons`: what the project lists. Raises `Invalid`."""
    given = body.get("feedback")
    if given is None:
        return TAKEN_BACK
    if not isinstance(given, dict):
        raise Invalid("feedback", "must be an object or null")
    rating = given.get("rating")
    if not isinstance(rating, str) or rating not in RATINGS:
        raise Invalid("feedback.rating", "must be 'thumbsUp' or 'thumbsDown'")
    return Thumb(RATINGS[rating], _comment(given.get("text")), _reasons(given.get("tag"), reasons))


def _comment(given: Any) -> str | None:
    if given is None:
        return None
    if not isinstance(given, str) or len(given) > COMMENT_LENGTH_MAX or "\0" in given:
        raise Invalid("feedback.text", f"must be a string of at most {COMMENT_LENGTH_MAX} characters, none of them NUL")
    return given or None


def _reasons(given: Any, listed: Sequence[Reason]) -> tuple[str, ...]:
    """Its client sends a tag with each thumb, so one that the project does not list is left out, not refused."""
    if given is None:
        return ()
    if not isinstance(given, str):
        raise Invalid("feedback.tag", "must be a string")
    if any(reason.id == given for reason in listed):
        return (given,)
    if given not in TAGS:
        raise Invalid("feedback.tag", "is neither one of LibreChat's nor one of the project's reasons")
    return ()


def encode_thumb(conversation_id: str, message_id: str, feedback: Feedback | None) -> Json:
    """None: there was nothing to take back."""
    return {"messageId": message_id, "conversationId": conversation_id, "feedback": _feedback(feedback)}


def _feedback(feedback: Feedback | None) -> Json | None:
    """What is stored; without what there is none of."""
    if feedback is None or feedback.vote is None:
        return None
    said = {"rating": WORDS[feedback.vote], "tag": next(iter(feedback.reasons), None), "text": feedback.comment}
    return {name: value for name, value in said.items() if value is not None}
