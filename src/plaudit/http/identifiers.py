"""Ids of messages and conversations, and instants, as an application's back end may write them."""

import re
from uuid import NAMESPACE_URL, uuid5

import msgspec

from plaudit import instants
from plaudit.errors import Invalid
from plaudit.model import Feedback, Instant
from plaudit.rules import canonical_id

# Neither control characters nor line separators; and not "." or "..", which a URL's path cannot hold.
ID = r"\A(?!\.{1,2}\Z)[^\x00-\x1f\x7f-\x9f\u2028\u2029]+\Z"
ID_LENGTH_MAX = 128

_ID = re.compile(ID)
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})",
    re.ASCII | re.IGNORECASE,
)


def read_id(text: str, field: str) -> str:
    """Raises `Invalid` naming `field` for what can be no id."""
    if len(text) > ID_LENGTH_MAX or not _ID.match(text):
        raise Invalid(field, f"must be 1 to {ID_LENGTH_MAX} characters, none of them a control character")
    return canonical_id(text)


def read_instant(text: str, field: str) -> Instant:
    """Raises `Invalid` naming `field` unless `text` is RFC 3339, in the years 1 to 9999 of UTC."""
    if not _INSTANT.fullmatch(text):
        raise Invalid(field, "must be an RFC 3339 instant with its offset, such as 2026-11-22T08:00:00Z")
    try:
        instant = instants.from_text(text.upper())
        instants.to_text(instant)
    except (ValueError, OverflowError):
        raise Invalid(field, "is no instant of the calendar") from None
    return instant


def vote_id(feedback: Feedback) -> str:
    """For contracts in which a vote has an id: the same one however often it is changed."""
    whose = msgspec.json.encode([feedback.project_id, feedback.message_id, feedback.subject.key])
    return str(uuid5(NAMESPACE_URL, whose.decode()))
