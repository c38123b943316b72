"""Answers, read: the nouns that they hold, or the refusal that they are."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import TypeVar

import msgspec
from msgspec import convert

from plaudit.client.errors import KINDS, KINDS_OF_LINES, NO_DETAILS, PlauditError, UnreadableAnswer
from plaudit.client.nouns import (
    Feedback,
    Json,
    Linked,
    OwnVote,
    Reason,
    Registered,
    RegisteredMessage,
    Revision,
    Submitted,
)

OK, CREATED, REFUSED = 200, 201, 400
RETRY_AFTER_SECONDS_MAX = 24 * 60 * 60.0  # whoever says more has not meant it
STORED = frozenset(("created", "unchanged"))

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Answer:
    """`headers` by lower-case name."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    @property
    def request_id(self) -> str | None:
        return self.headers.get("x-request-id")

    @property
    def retry_after_seconds(self) -> float | None:
        """Plaudit says seconds; what stands before it may say a date."""
        said = self.headers.get("retry-after", "").strip()
        if said.isascii() and said.isdecimal():
            return min(float(said), RETRY_AFTER_SECONDS_MAX)
        try:
            pause = parsedate_to_datetime(said) - parsedate_to_datetime(self.headers["date"])
        except (ValueError, TypeError, OverflowError, KeyError):
            return None
        return min(max(0.0, pause.total_seconds()), RETRY_AFTER_SECONDS_MAX)


@dataclass(frozen=True, slots=True)
class LineResult:
    """What became of one line of a batch; `error` is None where it is registered."""

    line: int
    error: PlauditError | None


@dataclass(frozen=True, slots=True)
class Page:
    items: list[Feedback]
    cursor: str | None  # None: this was the last


def refusal(answer: Answer) -> PlauditError:
    """The error that an answer is. A proxy's own page has no code: its status stands for one."""
    if answer.status < REFUSED:
        return _unreadable(answer)
    kind = KINDS.get(answer.status, PlauditError)
    code, message, details = _reason(answer) or (None, f"HTTP status {answer.status}, without a word of Plaudit's", {})
    return kind(message, code=code, details=details, request_id=answer.request_id, status=answer.status,
                retry_after_seconds=answer.retry_after_seconds)


def is_strangers_refusal(answer: Answer) -> bool:
    """Said by something that stands before Plaudit."""
    return answer.status >= REFUSED and _reason(answer) is None


def _reason(answer: Answer) -> tuple[str, str, Json] | None:
    """Code, message and details, where Plaudit said them."""
    try:
        said = msgspec.json.decode(answer.body)["error"]
        return str(said["code"]), str(said["message"]), dict(said.get("details") or NO_DETAILS)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, LookupError, TypeError, ValueError,
            AttributeError):
        return None


# ---------------------------------------------------------------- by operation; each raises `PlauditError`


def line_results(answer: Answer) -> list[LineResult]:
    return _read(answer, lambda body: [_line_result(result, answer) for result in body["results"]])


def registered(answer: Answer) -> Registered:
    return Registered(answer.status == CREATED, message(answer))


def message(answer: Answer) -> RegisteredMessage:
    return _read(answer, lambda body: convert(body, RegisteredMessage))


def submitted(answer: Answer) -> Submitted:
    token = answer.headers.get("x-device-token")
    return _read(answer, lambda body: convert({**body, "device_token": token}, Submitted))


def linked(answer: Answer) -> Linked:
    return _read(answer, lambda body: convert(body, Linked))


def own_votes(answer: Answer) -> list[OwnVote]:
    return _read(answer, lambda body: convert(body["data"], list[OwnVote]))


def reasons(answer: Answer) -> list[Reason]:
    return _read(answer, lambda body: convert(body["data"], list[Reason]))


def feedback_page(answer: Answer) -> Page:
    return _read(answer, lambda body: convert(body, Page))


def history(answer: Answer) -> list[Revision]:
    return _read(answer, lambda body: convert(body["items"], list[Revision]))


# ---------------------------------------------------------------- JSON -> nouns; what nobody knows here is passed over


def _read(answer: Answer, read: Callable[[Json], T]) -> T:
    if answer.status not in {OK, CREATED}:
        raise refusal(answer)
    try:
        return read(msgspec.json.decode(answer.body))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, LookupError, TypeError, AttributeError) as error:
        raise _unreadable(answer) from error


def _unreadable(answer: Answer) -> UnreadableAnswer:
    return UnreadableAnswer(request_id=answer.request_id, status=answer.status)


def _line_result(said: Json, answer: Answer) -> LineResult:
    if said["status"] in STORED:
        return LineResult(said["line"], None)
    error = said["error"]
    kind = KINDS_OF_LINES.get(error["code"], PlauditError)
    return LineResult(said["line"], kind(error["message"], code=error["code"], details=error.get("details") or {},
                                         request_id=answer.request_id, status=answer.status))
