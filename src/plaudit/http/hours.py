"""Days and hours as people write and read them, in a project's time zone."""

import re
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from plaudit import instants
from plaudit.errors import Invalid
from plaudit.model import Instant

HOUR_MILLISECONDS = 3_600_000
YEARS = (2, 9998)  # within a year of the calendar's ends some zones have no offset
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_INSTANT = re.compile(_DATE.pattern + r"T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})",
                      re.ASCII | re.IGNORECASE)


def read(text: str, field: str, time_zone: str) -> Instant:
    """When the day begins that is written as 2026-11-22, or an RFC 3339 instant with which an hour begins there.

    Raises `Invalid` naming `field`.
    """
    try:
        if _DATE.fullmatch(text):
            return _in_range(_day(text, time_zone), field)
        if not _INSTANT.fullmatch(text):
            raise Invalid(field, "must be a day such as 2026-11-22, or an RFC 3339 instant with its offset, such as "
                                 "2026-11-22T08:00:00Z")
        instant = _in_range(instants.from_text(text.upper()), field)
    except (ValueError, OverflowError):
        raise Invalid(field, "is no day of the calendar") from None
    if not begins_an_hour(instant, time_zone):
        raise Invalid(field, f"must be the beginning of an hour in the project's time zone, {time_zone}: votes are "
                             "counted by the hour")
    return instant


def begins_an_hour(instant: Instant, time_zone: str) -> bool:
    return (instant + _ahead(instant, time_zone)) % HOUR_MILLISECONDS == 0


def to_text(instant: Instant, time_zone: str) -> str:
    """RFC 3339 with the zone's own offset, to the second: what `read` takes."""
    try:
        return _at(instant, time_zone).isoformat(timespec="seconds").replace("+00:00", "Z")
    except OverflowError:  # somebody registered an answer at the calendar's end
        return instants.to_text(instant)


def days_before(instant: Instant, days: int, time_zone: str) -> Instant:
    """When the day began that is so many days before that instant's own, which is 0 days before."""
    day = _at(instant, time_zone).date() - timedelta(days=days)
    return _day(day.isoformat(), time_zone)


def _day(text: str, time_zone: str) -> Instant:
    """Where a day does not begin at midnight, for the clocks were put forward then, it begins with what came next."""
    return _milliseconds(datetime.fromisoformat(text).replace(tzinfo=_zone(time_zone)))


def _in_range(instant: Instant, field: str) -> Instant:
    first, last = YEARS
    if not first <= (EPOCH + timedelta(milliseconds=instant)).year <= last:
        raise Invalid(field, f"must be in the years {first} to {last}")
    return instant


def _ahead(instant: Instant, time_zone: str) -> int:
    """Milliseconds that the zone is ahead of UTC."""
    return (_at(instant, time_zone).utcoffset() or timedelta()) // timedelta(milliseconds=1)


def _at(instant: Instant, time_zone: str) -> datetime:
    return (EPOCH + timedelta(milliseconds=instant)).astimezone(_zone(time_zone))


def _milliseconds(moment: datetime) -> Instant:
    return (moment - EPOCH) // timedelta(milliseconds=1)


def _zone(time_zone: str) -> tzinfo:
    return UTC if time_zone == "UTC" else ZoneInfo(time_zone)
