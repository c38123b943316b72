"""Query parameters: each known, given once and checked. A misspelt filter would silently read everything."""

import re
from collections.abc import Callable, Collection, Mapping
from enum import StrEnum
from typing import Any, TypeVar

from starlette.requests import Request

from plaudit.errors import Invalid
from plaudit.http.identifiers import read_id, read_instant
from plaudit.model import AuthLevel, Contract, FeedbackFilter, Vote

Reader = Callable[[str, str], Any]  # the text and the parameter's name -> the value
E = TypeVar("E", bound=StrEnum)

LIMIT_MAX = 1000
LIMIT_DEFAULT = 100
OFFSET_MAX = 1_000_000_000
TEXT_LENGTH_MAX = 256
CURSOR_LENGTH_MAX = 512
_NUMBER = re.compile(r"0|[1-9][0-9]{0,9}", re.ASCII)
_TEXT = re.compile(r"[^\x00-\x1f\x7f-\x9f\u2028\u2029]+")


def parameters(request: Request, readers: Mapping[str, Reader], repeated: Collection[str] = ()) -> dict[str, Any]:
    """The parameters that were given, as a list each where they may be `repeated`.

    Raises `Invalid` for one that is unknown, given twice or wrong.
    """
    found: dict[str, Any] = {}
    for name, text in request.query_params.multi_items():
        if name not in readers:
            raise Invalid(name[:TEXT_LENGTH_MAX], f"is no parameter here; there are: {', '.join(readers) or 'none'}")
        value = readers[name](text, name)
        if name in repeated:
            found.setdefault(name, []).append(value)
        elif name in found:
            raise Invalid(name, "is given more than once")
        else:
            found[name] = value
    return found


def number(low: int, high: int) -> Reader:
    def read(text: str, name: str) -> int:
        if not _NUMBER.fullmatch(text) or not low <= int(text) <= high:
            raise Invalid(name, f"must be a whole number from {low} to {high}")
        return int(text)

    return read


def one_of(values: Mapping[str, Any]) -> Reader:
    def read(text: str, name: str) -> Any:
        if text not in values:
            raise Invalid(name, f"must be one of: {', '.join(values)}")
        return values[text]

    return read


def text_up_to(length_max: int) -> Reader:
    def read(text: str, name: str) -> str:
        if len(text) > length_max or not _TEXT.fullmatch(text):
            raise Invalid(name, f"must be 1 to {length_max} characters, none of them a control character")
        return text

    return read


def members(kind: type[E]) -> Reader:
    return one_of({member.value: member for member in kind})


FILTERS: dict[str, Reader] = {
    "since": read_instant,
    "until": read_instant,
    "message_id": read_id,
    "conversation_id": read_id,
    "vote": one_of({"like": Vote.LIKE, "dislike": Vote.DISLIKE}),
    "has_comment": one_of({"true": True, "false": False}),
    "model": text_up_to(TEXT_LENGTH_MAX),
    "prompt_version": text_up_to(TEXT_LENGTH_MAX),
    "contract": members(Contract),
    "auth_level": members(AuthLevel),
}
LIMIT = number(1, LIMIT_MAX)
FEEDBACK = {**FILTERS, "limit": LIMIT, "cursor": text_up_to(CURSOR_LENGTH_MAX)}
CONVERSATION = {"limit": LIMIT, "offset": number(0, OFFSET_MAX)}
AUDIT = {"limit": LIMIT, "after": number(0, OFFSET_MAX)}


def feedback_query(request: Request) -> tuple[FeedbackFilter, int, str | None]:
    """Which votes, how many and from where. Raises `Invalid`."""
    found = parameters(request, FEEDBACK)
    limit, cursor = found.pop("limit", LIMIT_DEFAULT), found.pop("cursor", None)
    return FeedbackFilter(**found), limit, cursor
