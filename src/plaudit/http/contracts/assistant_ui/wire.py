"""assistant-ui's cloud: its JSON and our nouns, each made of the other. Pure; holds no rule."""

from typing import Any

from plaudit.errors import Invalid
from plaudit.http.identifiers import vote_id
from plaudit.model import Feedback, Vote

COMMENT_LENGTH_MAX = 1000
TYPES = {"positive": Vote.LIKE, "negative": Vote.DISLIKE}
WORDS: dict[Vote | None, str] = {vote: word for word, vote in TYPES.items()}

Json = dict[str, Any]


def decode_vote(body: Json) -> tuple[Vote, str | None]:
    """The vote and its comment. Raises `Invalid`."""
    given = body.get("type")
    if not isinstance(given, str) or given not in TYPES:
        raise Invalid("type", "must be 'positive' or 'negative'")
    return TYPES[given], _comment(body.get("comment"))


def _comment(given: Any) -> str | None:
    """As its client does, without what is blank around it."""
    if given is None:
        return None
    if not isinstance(given, str) or len(given) > COMMENT_LENGTH_MAX or "\0" in given:
        raise Invalid("comment", f"must be a string of at most {COMMENT_LENGTH_MAX} characters, none of them NUL")
    return given.strip() or None


def encode_vote(feedback: Feedback) -> Json:
    return {"feedback_id": vote_id(feedback), "type": WORDS[feedback.vote], "comment": feedback.comment}
