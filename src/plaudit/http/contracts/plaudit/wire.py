"""Plaudit's own contract: its JSON and our nouns, each made of the other. Pure; holds no rule."""

from collections.abc import Sequence
from typing import Any

from plaudit.errors import Invalid
from plaudit.instants import to_text
from plaudit.model import Feedback, RatedMessage, Reason, Vote

COMMENT_LENGTH_MAX = 1000
REASONS_MAX = 20
VOTES = {"like": Vote.LIKE, "dislike": Vote.DISLIKE, None: None}
WORDS = {vote: word for word, vote in VOTES.items()}

Json = dict[str, Any]

# ---------------------------------------------------------------- what clients send


def decode_vote(body: Json) -> tuple[Vote | None, str | None, list[str]]:
    """The vote, None to take it back, its comment and its reasons. Raises `Invalid`."""
    try:
        vote = VOTES[body["vote"]]
    except (KeyError, TypeError):  # a list or an object is no key at all
        raise Invalid("vote", "must be 'like', 'dislike' or null") from None
    comment = _comment(body.get("comment"))
    if vote is None and comment is not None:
        raise Invalid("comment", "goes with a vote, and this one is taken back")
    return vote, comment, _reasons(body.get("reasons"))


def _reasons(given: Any) -> list[str]:
    """Whether the project has them is asked later."""
    if given is None:
        return []
    if not isinstance(given, list) or len(given) > REASONS_MAX or not all(isinstance(each, str) for each in given):
        raise Invalid("reasons", f"must be a list of at most {REASONS_MAX} ids")
    return given


def _comment(given: Any) -> str | None:
    if given is None:
        return None
    if not isinstance(given, str) or len(given) > COMMENT_LENGTH_MAX or "\0" in given:
        raise Invalid("comment", f"must be a string of at most {COMMENT_LENGTH_MAX} characters, none of them NUL")
    return given or None


# ---------------------------------------------------------------- what we answer


def encode_vote(message_id: str, feedback: Feedback | None) -> Json:
    """None: there was nothing to take back."""
    return {
        "message_id": message_id,
        "vote": WORDS[feedback.vote] if feedback else None,
        "comment": feedback.comment if feedback else None,
        "reasons": list(feedback.reasons) if feedback else [],
        "revision": feedback.revision if feedback else None,
        "updated_at": to_text(feedback.updated_at) if feedback else None,
    }


def encode_reasons(reasons: Sequence[Reason], language: str) -> Json:
    return {"data": [{"id": each.id, "vote": WORDS[each.vote], "text": each.text(language)} for each in reasons]}


def encode_votes(rated: Sequence[RatedMessage]) -> Json:
    """Those that stand."""
    return {"data": [encode_vote(each.message.id, each.feedback) for each in rated
                     if each.feedback and each.feedback.vote]}
