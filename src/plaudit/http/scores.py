"""What other tools call a score, as a vote. Pure.

Their scores say anything of an answer, by name and number. A vote is one whose name says that a person spoke and whose
value says which way; everything else is refused, so that no evaluator's number becomes somebody's word.
"""

from typing import Any

from plaudit.errors import Invalid
from plaudit.model import Vote

NAMES = frozenset(("userfeedback", "userscore", "feedback", "thumbsup", "vote"))  # none is the beginning of another
NUMBERS: dict[int | float, Vote] = {1: Vote.LIKE, 0: Vote.DISLIKE, -1: Vote.DISLIKE}
WORDS = {
    "like": Vote.LIKE, "up": Vote.LIKE, "thumbsup": Vote.LIKE, "positive": Vote.LIKE,
    "dislike": Vote.DISLIKE, "down": Vote.DISLIKE, "thumbsdown": Vote.DISLIKE, "negative": Vote.DISLIKE,
}
COMMENT_LENGTH_MAX = 1000
NAME_LENGTH_MAX = 64

_PLAIN = str.maketrans("", "", "-_ ")


def is_vote(name: Any) -> bool:
    """Case, hyphens, underscores and spaces aside."""
    return isinstance(name, str) and len(name) <= NAME_LENGTH_MAX and plain(name) in NAMES


def check_name(name: Any, field: str) -> None:
    """Raises `Invalid`."""
    if not is_vote(name):
        raise Invalid(field, "names no vote: user-feedback, user-score, feedback, thumbs-up or vote does")


def of_number(given: Any, field: str) -> Vote:
    """A JSON boolean is the number that it is elsewhere. Raises `Invalid`."""
    vote = NUMBERS.get(given) if isinstance(given, int | float) else None
    if vote is None:
        raise Invalid(field, "must be 1 for a like, 0 or -1 for a dislike")
    return vote


def of_word(given: Any, field: str) -> Vote:
    """Raises `Invalid`."""
    vote = WORDS.get(plain(given)) if isinstance(given, str) and len(given) <= NAME_LENGTH_MAX else None
    if vote is None:
        raise Invalid(field, "must be like or dislike, up or down, thumbs-up or thumbs-down, positive or negative")
    return vote


def comment(given: Any, field: str = "comment") -> str | None:
    """Raises `Invalid`."""
    if given is None:
        return None
    if not isinstance(given, str) or len(given) > COMMENT_LENGTH_MAX or "\0" in given:
        raise Invalid(field, f"must be a string of at most {COMMENT_LENGTH_MAX} characters, none of them NUL")
    return given or None


def plain(text: str) -> str:
    """A name or a word as it is compared."""
    return text.lower().translate(_PLAIN)
