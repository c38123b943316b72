"""LangSmith's feedback: its JSON and our nouns, each made of the other. Pure; holds no rule.

An answer is registered under its run's id. There is one vote a person and message, so the run's id is its feedback's
as well: of ids that clients make up Plaudit keeps nothing.
"""

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from plaudit.errors import Invalid, MalformedBody
from plaudit.http import scores
from plaudit.http.identifiers import read_id, read_instant
from plaudit.http.query import integer
from plaudit.instants import to_text
from plaudit.model import Feedback, Instant, Vote

KEY = "user_score"  # what a vote is called when it is read
KEYS = {"userliked": Vote.LIKE, "userdisliked": Vote.DISLIKE}  # say by themselves which vote they are
SCORES = {Vote.LIKE: 1, Vote.DISLIKE: 0}
MODEL = "model"
LINKS_MAX = RUNS_MAX = 100  # at once
OFFSET_MAX = 1_000_000
LINK_MILLISECONDS = 3 * 60 * 60 * 1000  # unless its asker says how long
UNITS = {"days": 86_400_000, "hours": 3_600_000, "minutes": 60_000}
COUNT_MAX = 1_000_000
WITH_OFFSET = re.compile(r"(?:[Zz]|[+-][0-9]{2}:[0-9]{2})\Z", re.ASCII)

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Given:
    message_id: str
    vote: Vote
    comment: str | None


@dataclass(frozen=True, slots=True)
class Change:
    """To a vote that stands. `vote`: None leaves it; `comment` counts only where `has_comment`."""

    vote: Vote | None
    comment: str | None
    has_comment: bool


@dataclass(frozen=True, slots=True)
class AskedLink:
    message_id: str
    key: str
    expires_at: Instant


# ---------------------------------------------------------------- what clients send


def decode_feedback(body: Json) -> Given:
    """Raises `Invalid`."""
    key = _key(body.get("key"), "key")
    source = body.get("feedback_source")
    if isinstance(source, dict) and source.get("type") == MODEL:
        raise Invalid("feedback_source", "is a model, and only people vote")
    field = "trace_id" if body.get("run_id") is None else "run_id"
    return Given(_id(body.get(field), field), decode_vote(key, body), scores.comment(body.get("comment")))


def decode_vote(key: str, body: Json) -> Vote:
    """By the score, else the value, else what the key says by itself. Raises `Invalid`."""
    given = _vote(body)
    said = KEYS.get(scores.plain(key))
    if said is None:
        if given is None:
            raise Invalid("score", "is missing")
        return given
    if given is Vote.DISLIKE:
        raise Invalid("score", "contradicts the key: to take a vote back, delete the feedback")
    return said


def decode_change(body: Json) -> Change:
    """Raises `Invalid`."""
    vote = _vote(body)
    if vote is None and ("score" in body or "value" in body):
        raise Invalid("score", "cannot be cleared: to take a vote back, delete the feedback")
    return Change(vote, scores.comment(body.get("comment")), "comment" in body)


def decode_links(given: Any, now: Instant) -> list[AskedLink]:
    """Of one link or of a list of them. Raises `Invalid`, `MalformedBody`."""
    asked = given if isinstance(given, list) else [given]
    if len(asked) > LINKS_MAX:
        raise Invalid("body", f"must be at most {LINKS_MAX} links at once")
    if not all(isinstance(each, dict) for each in asked):
        raise MalformedBody("The body must be a JSON object or a list of them")
    return [AskedLink(_id(each.get("run_id"), "run_id"), _key(each.get("feedback_key"), "feedback_key"),
                      _expiry(each, now)) for each in asked]


def decode_query(pairs: Sequence[tuple[str, str]]) -> tuple[list[str], int, int]:
    """Which runs' feedback, how many at most, and how many to leave out before. Other filters are not read.

    Raises `Invalid`.
    """
    runs = [read_id(value, "run") for name, value in pairs if name == "run"]
    if not 1 <= len(runs) <= RUNS_MAX:
        raise Invalid("run", f"must be given, once for each of at most {RUNS_MAX} runs")
    query = dict(pairs)
    return (list(dict.fromkeys(runs)), integer(query, "limit", low=1, high=RUNS_MAX, default=RUNS_MAX),
            integer(query, "offset", low=0, high=OFFSET_MAX, default=0))


def _key(given: Any, field: str) -> str:
    if not (isinstance(given, str) and scores.plain(given[:scores.NAME_LENGTH_MAX]) in KEYS):
        scores.check_name(given, field)
    return str(given)


def _id(given: Any, field: str) -> str:
    if not isinstance(given, str):
        raise Invalid(field, "must be the id of an answer's run")
    return read_id(given, field)


def _vote(body: Json) -> Vote | None:
    """None: neither score nor value say anything."""
    if body.get("score") is not None:
        return scores.of_number(body["score"], "score")
    value = body.get("value")
    if value is None:
        return None
    return scores.of_word(value, "value") if isinstance(value, str) else scores.of_number(value, "value")


def _expiry(asked: Json, now: Instant) -> Instant:
    """Without an offset an instant is of UTC, as Python's `datetime.utcnow` writes it."""
    at, lasts = asked.get("expires_at"), asked.get("expires_in")
    if at is not None:
        if not isinstance(at, str):
            raise Invalid("expires_at", "must be an RFC 3339 instant")
        return read_instant(at if WITH_OFFSET.search(at) else f"{at}Z", "expires_at")
    return now + (LINK_MILLISECONDS if lasts is None else _duration(lasts))


def _duration(given: Any) -> int:
    """Milliseconds."""
    if not isinstance(given, dict):
        raise Invalid("expires_in", f"must be an object with {', '.join(UNITS)}")
    counts = {unit: given.get(unit, 0) for unit in UNITS}
    if not all(type(count) is int and 0 <= count <= COUNT_MAX for count in counts.values()):
        raise Invalid("expires_in", f"must hold integers from 0 to {COUNT_MAX}")
    return sum(count * UNITS[unit] for unit, count in counts.items())


# ---------------------------------------------------------------- what we answer


def encode_feedback(stored: Feedback) -> Json:
    """A vote that stands."""
    return {
        "id": stored.message_id,
        "run_id": stored.message_id,
        "trace_id": None,
        "session_id": None,
        "key": KEY,
        "score": SCORES[stored.vote] if stored.vote else None,
        "value": None,
        "comment": stored.comment,
        "correction": None,
        "feedback_source": {"type": "api", "metadata": {}},
        "created_at": to_text(stored.created_at),
        "modified_at": to_text(stored.updated_at),
    }


def encode_link(asked: AskedLink, url: str) -> Json:
    """Clients want a UUID beside the URL, which says everything."""
    return {"id": str(uuid.uuid5(uuid.NAMESPACE_URL, url)), "url": url, "expires_at": to_text(asked.expires_at),
            "feedback_key": asked.key}


def encode_info() -> Json:
    """Clients that are told a version send feedback among traces, which are not taken here."""
    return {"version": "", "batch_ingest_config": {"use_multipart_endpoint": False}, "instance_flags": {}}
