"""Hours and days as a project's time zone has them.

Zones change their offset at quarters of an hour, so an instant's hour is looked up by its quarter.
"""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from plaudit.model import Instant

HOUR_MILLISECONDS = 3_600_000
DAY_MILLISECONDS = 24 * HOUR_MILLISECONDS
QUARTER_MILLISECONDS = HOUR_MILLISECONDS // 4
DAYS_A_WEEK = 7
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
MONDAY = 3  # days before 1970-01-01, a Thursday, that its week began
FIRST = timedelta(days=2 - EPOCH_ORDINAL)  # days at the calendar's ends have no offset, for they have no neighbour
LAST = timedelta(days=date.max.toordinal() - EPOCH_ORDINAL - 1)


def hour_of(instant: Instant, zone: str) -> Instant:
    """When the hour began in which that is."""
    return instant - (instant + offset(instant, zone)) % HOUR_MILLISECONDS


def day_of(instant: Instant, zone: str) -> int:
    """In days since 1970-01-01."""
    return (instant + offset(instant, zone)) // DAY_MILLISECONDS


def begin_of(day: int, zone: str) -> Instant:
    """When that day began, at the latest instant of which `day_of` says it of nothing before."""
    begin = day * DAY_MILLISECONDS
    guess = begin - offset(begin, zone)
    begun = begin - offset(guess, zone)
    return begun if day_of(begun, zone) == day else guess  # where clocks skip midnight, when they skip


def week_of(day: int) -> int:
    """The Monday of that day's week."""
    return day - (day + MONDAY) % DAYS_A_WEEK


def offset(instant: Instant, zone: str) -> int:
    """Milliseconds that the zone is ahead of UTC."""
    return _offset(instant // QUARTER_MILLISECONDS, zone)


@lru_cache(maxsize=8192)
def _offset(quarter: int, zone: str) -> int:
    since = timedelta(milliseconds=quarter * QUARTER_MILLISECONDS)
    if zone == "UTC" or not FIRST <= since <= LAST:
        return 0
    ahead = (EPOCH + since).astimezone(ZoneInfo(zone)).utcoffset() or timedelta()
    return ahead // timedelta(milliseconds=1)
