"""Hours, days and weeks as a project's time zone has them, without a gap."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from plaudit.counts import Period
from plaudit.errors import Invalid
from plaudit.model import Instant

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
HOUR_MILLISECONDS = 3_600_000
HOURS = {Period.HOUR: 1, Period.DAY: 24, Period.WEEK: 7 * 24}
PERIODS_MAX = 800  # 33 days of hours, two years of days


def starts(since: Instant, until: Instant, per: Period, zone: str) -> list[Instant]:
    """When each period began that has an instant of [since, until). Raises `Invalid` for more than `PERIODS_MAX`."""
    if since >= until:
        return []
    if until - since > 2 * PERIODS_MAX * HOURS[per] * HOUR_MILLISECONDS:
        raise _too_many(per)  # before the calendar is asked, which may end there
    found = []
    start = start_of(since, per, zone)
    while start < until:
        found.append(start)
        if len(found) > PERIODS_MAX:
            raise _too_many(per)
        start = next_after(start, per, zone)
    return found


def _too_many(per: Period) -> Invalid:
    return Invalid("per", f"A series has at most {PERIODS_MAX} {per}s; ask for less time, or for longer periods")


def before(instant: Instant, count: int, per: Period, zone: str) -> Instant:
    """When the period began that many before the one in which that is."""
    if per is Period.HOUR:
        return start_of(instant - count * HOUR_MILLISECONDS, per, zone)
    local = (EPOCH + instant * MILLISECOND).astimezone(ZoneInfo(zone))
    return _midnight(local, -count if per is Period.DAY else -local.weekday() - 7 * count)


def start_of(instant: Instant, per: Period, zone: str) -> Instant:
    """When the period began in which that is."""
    local = (EPOCH + instant * MILLISECOND).astimezone(ZoneInfo(zone))
    if per is Period.HOUR:
        return instant - (instant + _offset(local)) % HOUR_MILLISECONDS
    return _midnight(local, -local.weekday() if per is Period.WEEK else 0)


def next_after(start: Instant, per: Period, zone: str) -> Instant:
    """When the period after the one that began at `start` begins. Days of 23 or 25 hours are days."""
    if per is Period.HOUR:
        return start_of(start + HOUR_MILLISECONDS, per, zone)
    local = (EPOCH + start * MILLISECOND).astimezone(ZoneInfo(zone))
    return _midnight(local, 7 if per is Period.WEEK else 1)


def _midnight(local: datetime, days: int) -> Instant:
    """The first instant of the local day so many days after. Where clocks skip midnight, that is when they skip."""
    day = datetime(local.year, local.month, local.day) + timedelta(days=days)  # noqa: DTZ001 - the zone comes next
    return (day.replace(tzinfo=local.tzinfo) - EPOCH) // MILLISECOND


def _offset(local: datetime) -> int:
    return (local.utcoffset() or timedelta()) // MILLISECOND
