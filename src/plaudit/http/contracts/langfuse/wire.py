"""Langfuse's scores: their JSON and our nouns, each made of the other. Pure; holds no rule.

An answer is registered under the id that its scores name: the observation's where they name one, else the trace's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from plaudit.errors import Invalid, NotFound, PlauditError
from plaudit.http import scores
from plaudit.http.contracts.langfuse.refusals import said
from plaudit.http.errors import usual_status
from plaudit.http.identifiers import read_id
from plaudit.model import Project, Vote

SCORES_MAX = 1000  # at once
NAME = "user-feedback"
SCORE_CREATE = "score-create"
ACCEPTED, SOME_REJECTED, CREATED = 202, 207, 201
KINDS = {"NUMERIC": scores.of_number, "BOOLEAN": scores.of_number, "CATEGORICAL": scores.of_word}

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Score:
    """A score that is a vote. The id that its client gave it is not read: there is one vote a person and message."""

    message_id: str
    vote: Vote
    comment: str | None


# ---------------------------------------------------------------- what clients send


def decode_score(given: Any) -> Score:
    """Raises `Invalid`."""
    if not isinstance(given, dict):
        raise Invalid("score", "must be an object")
    scores.check_name(given.get("name"), "name")
    return Score(
        message_id=_message_id(given),
        vote=_vote(given.get("dataType"), given.get("value")),
        comment=scores.comment(given.get("comment")),
    )


def decode_list(given: Sequence[Any]) -> list[Score | PlauditError]:
    """Each score, or what is wrong with it. Raises `Invalid` for too many."""
    _check_count(given, "scores")
    return [_score_or_error(each) for each in given]


def decode_batch(given: Any) -> list[tuple[str, Score | PlauditError]]:
    """Each event's id with its score, or what is wrong with it. Raises `Invalid` for what is no list of events."""
    if not isinstance(given, list) or not all(_is_event(each) for each in given):
        raise Invalid("batch", "must be a list of events, each with an id and a type")
    _check_count(given, "batch")
    return [(each["id"], _event_score(each)) for each in given]


def decode_score_id(score_id: str) -> str:
    """The message's id in a score's id, which begins with a vote's name as those do that `encode_score` makes. Raises
    `NotFound` for another: Plaudit keeps no scores, so of other ids it knows nothing."""
    for position, character in enumerate(score_id[:scores.NAME_LENGTH_MAX + 1]):
        if character == "-" and scores.is_vote(score_id[:position]):
            return read_id(score_id[position + 1:], "scoreId")
    raise NotFound("score", score_id)


def _is_event(given: Any) -> bool:
    return isinstance(given, dict) and all(isinstance(given.get(name), str) for name in ("id", "type"))


def _event_score(event: Json) -> Score | PlauditError:
    if event["type"] != SCORE_CREATE:
        return Invalid("type", f"Plaudit takes only {SCORE_CREATE}")
    return _score_or_error(event.get("body"))


def _score_or_error(given: Any) -> Score | PlauditError:
    try:
        return decode_score(given)
    except Invalid as error:
        return error


def _message_id(given: Json) -> str:
    field = "traceId" if given.get("observationId") is None else "observationId"
    message_id = given.get(field)
    if not isinstance(message_id, str):
        raise Invalid(field, "must be the id of an answer: of its trace, or of its observation")
    return read_id(message_id, field)


def _vote(data_type: Any, value: Any) -> Vote:
    """Without a data type the value's own says which."""
    if data_type is None:
        data_type = "CATEGORICAL" if isinstance(value, str) else "NUMERIC"
    if not isinstance(data_type, str) or data_type not in KINDS:
        raise Invalid("dataType", f"must be {', '.join(KINDS)} for a vote")
    return KINDS[data_type](value, "value")


def _check_count(given: Sequence[Any], field: str) -> None:
    if len(given) > SCORES_MAX:
        raise Invalid(field, f"must be at most {SCORES_MAX} at once")


# ---------------------------------------------------------------- what we answer


def encode_score(score: Score) -> Json:
    """The id by which it can be deleted."""
    return {"id": f"{NAME}-{score.message_id}"}


def encode_batch(event_ids: Sequence[str], outcomes: Sequence[PlauditError | None]) -> Json:
    """What became of each event."""
    pairs = list(zip(event_ids, outcomes, strict=True))
    return {
        "successes": [{"id": event_id, "status": CREATED} for event_id, error in pairs if error is None],
        "errors": [{"id": event_id, "status": usual_status(error), **said(error)}
                   for event_id, error in pairs if error is not None],
    }


def encode_list(outcomes: Sequence[PlauditError | None]) -> tuple[Json, int]:
    """The body and its status."""
    errors = [error for error in outcomes if error is not None]
    if not errors:
        return {"message": "Accepted"}, ACCEPTED
    messages = [{"message": said(error)["message"]} for error in errors]
    return {"accepted": len(outcomes) - len(errors), "rejected": len(errors), "errors": messages}, SOME_REJECTED


def encode_projects(project: Project) -> Json:
    """The only one that the keys open; it stands for its organization as well."""
    named = {"id": project.id, "name": project.name}
    return {"data": [{**named, "organization": named, "metadata": {}}]}
