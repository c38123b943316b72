"""Instants as other tools write them. Those without an offset are UTC's, in which all of these tools keep them."""

from datetime import UTC, datetime

from plaudit.errors import Invalid
from plaudit.model import Instant

LAST = 253_402_300_799_999  # of the year 9999


def of_text(text: str, field: str) -> Instant:
    """ISO 8601, with a T or a space. Raises `Invalid`."""
    try:
        moment = datetime.fromisoformat(text)
        at = round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)
    except (ValueError, OverflowError):
        raise Invalid(field, "is no instant") from None
    return _checked(at, field)


def of_seconds(seconds: float, field: str) -> Instant:
    """Since 1970. Raises `Invalid`."""
    if not 0 <= seconds <= LAST // 1000:
        raise Invalid(field, "is no instant")
    return _checked(round(seconds * 1000), field)


def _checked(at: Instant, field: str) -> Instant:
    if not 0 < at <= LAST:
        raise Invalid(field, "is no instant between 1970 and 9999")
    return at
