"""Hours and days as a project's time zone has them: each instant is in one hour, and each hour in one day, whatever is
done to the clocks there.

Zones change their offset at quarters of an hour, so an instant's offset is looked up by its quarter.
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
    """When the hour began in which that is. Clocks that are changed within an hour begin another one."""
    ahead = offset(instant, zone)
    begun = instant - (instant + ahead) % HOUR_MILLISECONDS
    while offset(begun, zone) != ahead:
        begun = _next_quarter(begun)
    return begun


def day_of(instant: Instant, zone: str) -> int:
    """In days since 1970-01-01. One that has begun goes on where clocks are put back, from after midnight to before."""
    day = (instant + offset(instant, zone)) // DAY_MILLISECONDS
    return day + (instant >= begin_of(day + 1, zone))


@lru_cache(maxsize=8192)
def begin_of(day: int, zone: str) -> Instant:
    """When clocks there showed that day first, or a later one: some skip midnight, and some have skipped a day."""
    midnight = day * DAY_MILLISECONDS
    begun, last = sorted(midnight - offset(midnight + days, zone) for days in (-DAY_MILLISECONDS, DAY_MILLISECONDS))
    while begun < last and begun + offset(begun, zone) < midnight:
        begun = min(_next_quarter(begun), last)
    return begun


def week_of(day: int) -> int:
    """The Monday of that day's week."""
    return day - (day + MONDAY) % DAYS_A_WEEK


def offset(instant: Instant, zone: str) -> int:
    """Milliseconds that the zone is ahead of UTC."""
    return _offset(instant // QUARTER_MILLISECONDS, zone)


def _next_quarter(instant: Instant) -> Instant:
    return (instant // QUARTER_MILLISECONDS + 1) * QUARTER_MILLISECONDS


@lru_cache(maxsize=8192)
def _offset(quarter: int, zone: str) -> int:
    since = timedelta(milliseconds=quarter * QUARTER_MILLISECONDS)
    if zone == "UTC" or not FIRST <= since <= LAST:
        return 0
    ahead = (EPOCH + since).astimezone(ZoneInfo(zone)).utcoffset() or timedelta()
    return ahead // timedelta(milliseconds=1)
