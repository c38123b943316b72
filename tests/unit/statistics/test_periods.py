"""Hours, days and weeks as a clock on the wall has them, also where it is put forward or back."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from plaudit.counts import Period
from plaudit.errors import Invalid
from plaudit.statistics import periods

HOUR = 3_600_000
BERLIN, CAIRO, LORD_HOWE, KATHMANDU = "Europe/Berlin", "Africa/Cairo", "Australia/Lord_Howe", "Asia/Kathmandu"


def at(text, zone=BERLIN, fold=0):
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).timestamp() * 1000)


def lengths(found, end):
    return [(later - start) / HOUR for start, later in zip(found, [*found[1:], end], strict=True)]


@pytest.mark.parametrize(("first", "last", "hours"), [
    ("2026-03-28", "2026-03-31", [24, 23, 24]),
    ("2026-10-24", "2026-10-27", [24, 25, 24]),
])
def test_days_have_23_or_25_hours_when_clocks_change(first, last, hours):
    found = periods.starts(at(first), at(last), Period.DAY, BERLIN)
    assert lengths(found, at(last)) == hours


def test_a_week_begins_on_monday():
    found = periods.starts(at("2026-10-22T12:00"), at("2026-11-03"), Period.WEEK, BERLIN)
    assert found == [at("2026-10-19"), at("2026-10-26"), at("2026-11-02")]
    assert lengths(found[:2], found[2]) == [7 * 24 + 1, 7 * 24]


def test_hours_go_on_while_the_clock_is_put_back():
    """The hour between two and three comes twice, and each is a period."""
    found = periods.starts(at("2026-10-25T00:00"), at("2026-10-25T05:00"), Period.HOUR, BERLIN)
    assert len(found) == 6
    assert lengths(found, at("2026-10-25T05:00")) == [1] * 6
    assert at("2026-10-25T02:00", fold=1) in found


def test_hours_begin_as_the_clock_shows_them():
    assert periods.start_of(at("2026-05-01T10:59", KATHMANDU), Period.HOUR, KATHMANDU) == at(
        "2026-05-01T10:00", KATHMANDU)
    assert at("2026-05-01T10:00", KATHMANDU) % HOUR != 0


def test_where_midnight_is_skipped_a_day_begins_when_it_is():
    """In Cairo clocks went from 24:00 to 1:00 on 2026-04-24."""
    found = periods.starts(at("2026-04-23", CAIRO), at("2026-04-25", CAIRO), Period.DAY, CAIRO)
    assert lengths(found, at("2026-04-25", CAIRO)) == [24, 23]


def test_periods_follow_each_other_without_a_gap():
    for zone in (BERLIN, CAIRO, LORD_HOWE, KATHMANDU, "UTC"):
        for per in (Period.DAY, Period.WEEK):
            start = periods.start_of(at("2025-01-01"), per, zone)
            for _ in range(100):
                later = periods.next_after(start, per, zone)
                assert start < later
                assert periods.start_of(later - 1, per, zone) == start
                assert periods.before(later, 1, per, zone) == start
                start = later


def test_so_many_periods_before():
    assert periods.before(at("2026-04-01T15:00"), 28, Period.DAY, BERLIN) == at("2026-03-04")
    assert periods.before(at("2026-04-01T15:00"), 2, Period.WEEK, BERLIN) == at("2026-03-16")
    assert periods.before(at("2026-04-01T15:30"), 5, Period.HOUR, BERLIN) == at("2026-04-01T10:00")


def test_no_time_has_no_periods():
    assert periods.starts(5, 5, Period.DAY, BERLIN) == []


@pytest.mark.parametrize("hours", [periods.PERIODS_MAX + 1, 10**9])
def test_a_series_has_an_end(hours):
    assert len(periods.starts(0, periods.PERIODS_MAX * HOUR, Period.HOUR, BERLIN)) == periods.PERIODS_MAX
    with pytest.raises(Invalid):
        periods.starts(0, hours * HOUR, Period.HOUR, BERLIN)
