"""Days and hours as they are written, in time zones that make it hard."""

import pytest

from plaudit.errors import Invalid
from plaudit.http import hours

HOUR = 3_600_000


@pytest.mark.parametrize(("text", "zone", "instant"), [
    ("1970-01-01", "UTC", 0),
    ("1970-01-01T01:00:00Z", "UTC", HOUR),
    ("1970-01-01t02:00:00.000+01:00", "UTC", HOUR),
    ("1970-01-02", "Europe/Berlin", 23 * HOUR),
    ("1970-01-01T00:30:00Z", "Asia/Kolkata", HOUR // 2),
    ("1970-01-01T00:15:00Z", "Asia/Kathmandu", None),
    ("1970-01-01T00:30:00Z", "UTC", None),
    ("2018-11-04", "America/Sao_Paulo", 1_541_300_400_000),  # its first hour was skipped: it begins at one o'clock
    ("2026-10-25T00:00:00Z", "Europe/Berlin", 1_792_886_400_000),  # the hour that comes twice, for the first time
    ("2026-10-25T01:00:00Z", "Europe/Berlin", 1_792_890_000_000),  # and again
    ("2026-02-29", "UTC", None),
    ("0001-01-01", "UTC", None),
    ("9999-12-31", "Pacific/Kiritimati", None),
    ("2026-11-22T25:00:00Z", "UTC", None),
    ("2026-11-22T08:00", "UTC", None),
    ("2026-11-22 08:00:00Z", "UTC", None),
    ("20261122", "UTC", None),
    ("\u0662\u0660\u0662\u0666-11-22", "UTC", None),
    ("", "UTC", None),
])
def test_a_day_or_the_beginning_of_an_hour_is_read(text, zone, instant):
    """Anything else is refused, naming the field."""
    if instant is not None:
        assert hours.read(text, "since", zone) == instant
        return
    with pytest.raises(Invalid) as refusal:
        hours.read(text, "since", zone)
    assert refusal.value.field == "since"


@pytest.mark.parametrize(("zone", "text"), [
    ("UTC", "2026-11-22T08:00:00Z"),
    ("Europe/Berlin", "2026-11-22T09:00:00+01:00"),
    ("Asia/Kolkata", "2026-11-22T13:30:00+05:30"),
])
def test_what_is_written_is_read_again(zone, text):
    """With the zone's own offset."""
    instant = 1_795_334_400_000
    assert hours.to_text(instant, zone) == text
    if hours.begins_an_hour(instant, zone):
        assert hours.read(text, "since", zone) == instant


@pytest.mark.parametrize(("days", "zone", "text"), [
    (0, "UTC", "2026-11-22T00:00:00Z"),
    (29, "UTC", "2026-10-24T00:00:00Z"),
    (28, "Europe/Berlin", "2026-10-25T00:00:00+02:00"),
    (27, "Europe/Berlin", "2026-10-26T00:00:00+01:00"),
])
def test_days_before_are_the_calendars(days, zone, text):
    """Also where one of them had 25 hours."""
    assert hours.to_text(hours.days_before(1_795_334_400_000, days, zone), zone) == text


@pytest.mark.parametrize("instant", [-62_135_596_800_000, 253_402_300_799_999])
def test_an_instant_at_the_calendars_end_is_written_all_the_same(instant):
    """In UTC where the zone has no such time."""
    for zone in ("Pacific/Kiritimati", "America/Los_Angeles"):
        assert hours.to_text(instant, zone)[:4] in ("0001", "9999")
