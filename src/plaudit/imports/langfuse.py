"""Langfuse's scores: as its API lists them, as its pages export them, and as it writes them to a bucket.

The API's names (`Score` in Langfuse's fern/apis/server/definition: v2 with `trace`, v3 with `subject`) and the bucket's
(https://langfuse.com/docs/api-and-data-platform/features/blob-storage-export-fields) are the same but for `traceId` and
`trace_id`. In CSV all of them are texts. As in the contract, a score is a vote if its name says that a person spoke and
its value says which way, and it is of the observation if it names one, else of the trace. What was shown is not there.
"""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from plaudit.errors import Invalid
from plaudit.http import scores
from plaudit.http.identifiers import read_id
from plaudit.imports import instants
from plaudit.imports.piece import COMMENT_LENGTH_MAX, Context, Foreign, Piece, decoded, foreign, read_name
from plaudit.model import Contract, Vote

LISTS = ("data",)
API = "API"
KINDS: Mapping[str, Callable[[Any, str], Vote]] = {
    "NUMERIC": scores.of_number, "BOOLEAN": scores.of_number, "CATEGORICAL": scores.of_word}
BOOLEANS = {"true": 1, "false": 0}

Json = Mapping[str, Any]

_object = msgspec.json.Decoder(dict[str, Any])


def understood(line: bytes, context: Context) -> Piece:
    """Raises `Invalid`, `MalformedBody`."""
    given: Json = decoded(_object, line)
    if not scores.is_vote(given.get("name")):
        raise Invalid("name", "names no vote: user-feedback, user-score, feedback, thumbs-up or vote does")
    if given.get("source") != API:
        raise Invalid("source", f"is not {API}: evaluators and annotators have no vote here")
    message_id, trace_id = _ids(given)
    at = instants.of_text(_text(given, "timestamp", 64) or "", "timestamp")
    trace = given.get("trace")
    places = (given, trace) if isinstance(trace, dict) else (given,)
    session_id, owner = (next(filter(None, (_text(place, name) for place in places)), None)
                         for name in ("sessionId", "userId"))
    return foreign(Foreign(
        contract=Contract.LANGFUSE,
        message_id=message_id,
        conversation_id=read_id(session_id or trace_id, "sessionId"),
        owner=owner and read_name(owner, "userId"),
        vote=_vote(given),
        comment=_text(given, "comment", COMMENT_LENGTH_MAX),
        at=at,
        shown_at=at,
        trace_id=trace_id,
    ), context, conversation_guessed=True)


def _ids(given: Json) -> tuple[str, str]:
    """The message's and the trace's."""
    subject = given.get("subject")
    if isinstance(subject, dict):
        if subject.get("kind") not in ("trace", "observation"):
            raise Invalid("subject.kind", "is neither trace nor observation")
        message_id = read_id(_text(subject, "id") or "", "subject.id")
        return message_id, read_id(_text(subject, "traceId") or message_id, "subject.traceId")
    trace_id = _text(given, "traceId")
    if not trace_id:
        raise Invalid("traceId", "is missing: a session's score is of no answer")
    return read_id(_text(given, "observationId") or trace_id, "observationId"), read_id(trace_id, "traceId")


def _vote(given: Json) -> Vote:
    kind = _named(given, "dataType")
    value = _named(given, "value")
    if not isinstance(kind, str) or kind not in KINDS:
        raise Invalid("dataType", f"must be {', '.join(KINDS)} for a vote")
    if kind == "CATEGORICAL":
        value = _named(given, "stringValue") or value
    elif isinstance(value, str):
        value = _number(value)
    return KINDS[kind](value, "value")


def _number(text: str) -> float | None:
    """As CSV has it."""
    try:
        return BOOLEANS.get(text.lower()) if text.lower() in BOOLEANS else float(text)
    except ValueError:
        return None


def _named(given: Json, name: str) -> Any:
    """By its name in the API, or in a bucket."""
    in_bucket = "".join(f"_{character.lower()}" if character.isupper() else character for character in name)
    return given[name] if name in given else given.get(in_bucket)


def _text(given: Json, name: str, length_max: int = 128) -> str | None:
    """None where it is not there, null or empty."""
    value = _named(given, name)
    if value is None or value == "":
        return None
    if not isinstance(value, str) or len(value) > length_max or "\0" in value:
        raise Invalid(name, f"must be a text of at most {length_max:,} characters, none of them NUL")
    return value
