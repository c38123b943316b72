"""Hours and days of every time zone there is: whatever its clocks do, nothing is counted twice or left out."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from plaudit.store.zones import begin_of, day_of, hour_of, week_of

HOUR = 3_600_000
QUARTER = HOUR // 4
DAY = 24 * HOUR
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NAMES = sorted(available_timezones() - {"localtime"})


def at(text):
    """Milliseconds of an ISO 8601 time with its offset."""
    return (datetime.fromisoformat(text) - EPOCH) // timedelta(milliseconds=1)


def day(text):
    return (date.fromisoformat(text) - date(1970, 1, 1)).days


def local(instant, zone):
    """What a calendar on the wall shows, by the standard library alone."""
    return (EPOCH + timedelta(milliseconds=instant)).astimezone(ZoneInfo(zone))


zones = st.sampled_from(NAMES)
instants = st.integers(at("1973-01-01T00:00:00+00:00"), at("2037-12-31T00:00:00+00:00"))  # offsets had seconds before

# Where clocks did something that a calendar does not expect: on the day, at that moment.
ODD = {
    "America/Sao_Paulo": "2017-10-15T00:00:00-03:00",  # no midnight
    "Asia/Beirut": "2022-03-27T00:00:00+02:00",  # no midnight
    "America/Havana": "2022-11-06T01:00:00-04:00",  # midnight twice on one day
    "America/Asuncion": "2022-03-27T00:00:00-03:00",  # from midnight to eleven in the evening
    "America/St_Johns": "2009-11-01T00:01:00-02:30",  # the same, a minute after midnight
    "Antarctica/Casey": "2010-03-05T02:00:00+11:00",  # the same, two hours after midnight
    "Pacific/Apia": "2011-12-30T00:00:00-10:00",  # a day skipped
    "Pacific/Kwajalein": "1993-08-21T00:00:00-12:00",  # another one
    "Australia/Lord_Howe": "2023-10-01T02:00:00+10:30",  # by half an hour
    "Asia/Kathmandu": "1986-01-01T00:00:00+05:30",  # by a quarter of an hour, at midnight
    "America/Caracas": "2007-12-09T03:00:00-04:00",  # by half an hour
    "Asia/Pyongyang": "2018-05-04T23:30:00+08:30",  # by half an hour, to midnight
    "Atlantic/Azores": "2023-10-29T01:00:00+00:00",
    "America/New_York": "2026-03-08T02:00:00-05:00",
    "Asia/Kolkata": "2026-11-22T00:00:00+05:30",
}


def around(moment, hours=50):
    return range(moment - hours * HOUR, moment + hours * HOUR, QUARTER)


# ---------------------------------------------------------------- hours


@given(instants, zones)
def test_an_instant_is_in_the_hour_that_began_before_it(instant, zone):
    begun = hour_of(instant, zone)
    assert begun <= instant < begun + HOUR
    assert hour_of(begun, zone) == begun
    assert (local(begun, zone).date(), local(begun, zone).hour) == (local(instant, zone).date(),
                                                                     local(instant, zone).hour)


@pytest.mark.parametrize("zone", ODD)
def test_hours_follow_one_another(zone):
    """Each begins where the one before ends, also where clocks are changed."""
    begun = [hour_of(instant, zone) for instant in around(at(ODD[zone]))]
    assert begun == sorted(begun)
    assert all(instant - it < HOUR for instant, it in zip(around(at(ODD[zone])), begun, strict=True))


def test_an_hour_in_which_clocks_are_changed_is_two():
    """Half past one becomes two on Lord Howe Island: what follows is not the hour that began at half past one."""
    changed = at(ODD["Australia/Lord_Howe"])
    assert hour_of(changed - 1, "Australia/Lord_Howe") == changed - HOUR
    assert hour_of(changed + QUARTER, "Australia/Lord_Howe") == changed
    assert hour_of(changed + HOUR, "Australia/Lord_Howe") == changed + HOUR // 2


# ---------------------------------------------------------------- days


@given(instants, zones)
@example(at("2010-03-05T02:00:00+11:00"), "Antarctica/Casey")
def test_a_day_is_what_the_calendar_shows(instant, zone):
    """Or one that the calendar has shown already, for some hours before."""
    shown = (local(instant, zone).date() - date(1970, 1, 1)).days
    had = {(local(instant - hours * HOUR, zone).date() - date(1970, 1, 1)).days for hours in range(4)}
    assert day_of(instant, zone) in {shown, max(had)}


@given(instants, zones)
def test_an_hour_belongs_to_one_day(instant, zone):
    assert day_of(hour_of(instant, zone), zone) == day_of(instant, zone)


@given(instants, zones)
def test_a_day_begins_with_the_first_instant_that_is_in_it(instant, zone):
    found = day_of(instant, zone)
    begun = begin_of(found, zone)
    assert begun <= instant < begin_of(found + 1, zone)
    assert (day_of(begun, zone), hour_of(begun, zone)) == (found, begun)
    assert day_of(begun - 1, zone) < found


@pytest.mark.parametrize("zone", ODD)
def test_days_follow_one_another(zone):
    """Around the odd moment, quarter by quarter, and each at its own beginning."""
    days = [day_of(instant, zone) for instant in around(at(ODD[zone]))]
    assert days == sorted(days)
    begun = [begin_of(number, zone) for number in range(days[0], days[-1] + 2)]
    assert begun == sorted(begun)
    assert [max(n for n, it in enumerate(begun, days[0]) if it <= instant) for instant in around(at(ODD[zone]))] == days


@pytest.mark.parametrize(("zone", "named", "begins"), [
    ("UTC", "2026-11-22", "2026-11-22T00:00:00+00:00"),
    ("Asia/Kolkata", "2026-11-22", "2026-11-22T00:00:00+05:30"),
    ("America/New_York", "2026-03-08", "2026-03-08T00:00:00-05:00"),
    ("America/New_York", "2026-03-09", "2026-03-09T00:00:00-04:00"),
    ("America/Sao_Paulo", "2017-10-15", "2017-10-15T01:00:00-02:00"),
    ("Asia/Beirut", "2022-03-27", "2022-03-27T01:00:00+03:00"),
    ("America/Havana", "2022-11-06", "2022-11-06T00:00:00-04:00"),
    ("Pacific/Apia", "2011-12-30", "2011-12-31T00:00:00+14:00"),  # there was no such day
    ("Pacific/Apia", "2011-12-31", "2011-12-31T00:00:00+14:00"),
    ("Asia/Kathmandu", "1986-01-01", "1986-01-01T00:15:00+05:45"),
    ("America/St_Johns", "2009-11-01", "2009-11-01T00:00:00-02:30"),
])
def test_a_day_begins_at_midnight_or_when_clocks_have_skipped_it(zone, named, begins):
    assert begin_of(day(named), zone) == at(begins)


def test_a_week_begins_on_monday():
    assert {week_of(day(f"2026-11-{number}")) for number in range(16, 23)} == {day("2026-11-16")}
    assert week_of(day("1969-12-31")) == day("1969-12-29")


@pytest.mark.parametrize("instant", [-(2**53), -62_135_596_800_000, 253_402_300_799_999, 2**53])
def test_outside_of_the_calendar_days_are_utc(instant):
    """A clock that is wrong by thousands of years must not keep a message out."""
    for zone in ("UTC", "Pacific/Kiritimati"):
        assert day_of(hour_of(instant, zone), zone) == day_of(instant, zone)
