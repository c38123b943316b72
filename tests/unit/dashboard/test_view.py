"""What an address says about a view, and how it is written back."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from identity_provider import project

from plaudit.counts import Dimension, Period, Selection
from plaudit.deeds import ReviewFilter
from plaudit.errors import Invalid
from plaudit.http.dashboard.signing_in import own_page
from plaudit.http.dashboard.view import dimension, read_view, review_filter
from plaudit.model import AuthLevel, Vote

MADRID = "Europe/Madrid"
NOW = int(datetime(2026, 11, 25, 10, 20, tzinfo=UTC).timestamp() * 1000)


def at(*when, zone=MADRID):
    return int(datetime(*when, tzinfo=ZoneInfo(zone)).timestamp() * 1000)


def view(*pairs, zone=MADRID):
    return read_view(pairs, project(time_zone=zone), NOW)


@pytest.mark.parametrize(("pairs", "since", "until", "per"), [
    ([], at(2026, 10, 27), None, Period.DAY),
    ([("days", "1")], at(2026, 11, 25), None, Period.HOUR),
    ([("days", "7")], at(2026, 11, 19), None, Period.DAY),
    ([("days", "365")], at(2025, 11, 26), None, Period.WEEK),
    ([("days", "all")], None, None, Period.WEEK),
    ([("from", "2026-03-29"), ("to", "2026-03-29")], at(2026, 3, 29), at(2026, 3, 30), Period.HOUR),  # of 23 hours
    ([("from", "2026-11-01")], at(2026, 11, 1), None, Period.DAY),
    ([("to", "2026-10-31"), ("days", "7")], None, at(2026, 11, 1), Period.WEEK),
    ([("days", "7"), ("per", "hour")], at(2026, 11, 19), None, Period.HOUR),
])
def test_days_begin_and_end_in_the_projects_zone(pairs, since, until, per):
    found = view(*pairs)
    assert (found.selection.since, found.selection.until, found.per) == (since, until, per)


def test_every_filter_is_read():
    found = view(("days", "all"), ("model", "gpt-4o"), ("prompt_version", "∅"), ("arm:greeting", "B"), ("locale", "de"),
                 ("platform", "web"), ("auth_level", "jwt"), ("has_comment", "yes"), ("utm_source", "mail"))
    assert found.selection == Selection(model="gpt-4o", prompt_version="", arms={"greeting": "B"}, locale="de",
                                        platform="web", auth_level=AuthLevel.JWT, has_comment=True)


def test_an_empty_field_of_a_form_is_no_filter():
    assert view(("days", "all"), ("model", ""), ("arm:greeting", " "), ("from", "")).selection == Selection()


@pytest.mark.parametrize(("pairs", "field"), [
    ([("days", "31")], "days"), ([("from", "yesterday")], "from"), ([("from", "2026-02-30")], "from"),
    ([("to", "2026-11-22T00:00:00Z")], "to"), ([("from", "2026-11-02"), ("to", "2026-11-01")], "to"),
    ([("to", "9999-12-31")], "to"), ([("from", "0001-01-01")], "from"),
    ([("auth_level", "x")], "auth_level"), ([("has_comment", "true")], "has_comment"), ([("per", "year")], "per"),
    ([("model", "x" * 2000)], "model"),
])
def test_what_cannot_be_understood_is_refused_by_name(pairs, field):
    with pytest.raises(Invalid) as refused:
        view(*pairs)
    assert refused.value.field == field


def test_an_address_holds_the_whole_view():
    found = view(("days", "7"), ("model", "a&b=c"), ("arm:x", "ü"), ("by", "model"))
    assert found.url("/dashboard") == "/dashboard?days=7&model=a%26b%3Dc&arm%3Ax=%C3%BC&by=model"
    assert found.url("/dashboard", model=None, days="all") == "/dashboard?arm%3Ax=%C3%BC&by=model&days=all"
    assert found.carried_to("/x") == "/x?days=7&model=a%26b%3Dc&arm%3Ax=%C3%BC"  # other pages split in other ways


def test_the_queue_is_asked_for_what_the_address_says():
    found = view(("days", "all"), ("q", "late parcel"), ("vote", "dislike"), ("reviewed", "all"), ("model", "m"),
                 ("locale", "de"), ("platform", "∅"), ("arm:greeting", "warm"))
    assert review_filter(found) == ReviewFilter(reviewed=None, search="late parcel", vote=Vote.DISLIKE, model="m",
                                                locale="de", platform="", arms={"greeting": "warm"})
    with pytest.raises(Invalid):
        review_filter(view(("q", "x" * 201)))


@pytest.mark.parametrize("text", ["model", "prompt_version", "arm:greeting", "arm:a:b", "auth_level"])
def test_a_dimension_is_written_as_it_is_read(text):
    assert str(dimension(text)) == text
    assert isinstance(dimension(text), Dimension)


@pytest.mark.parametrize("text", ["", "arm", "arm:", "model:x", "nonsense", "__class__"])
def test_no_other_text_is_a_dimension(text):
    with pytest.raises(Invalid):
        dimension(text)


@pytest.mark.parametrize(("asked", "onward"), [
    ("/dashboard/review?q=a%20b&vote=like", "/dashboard/review?q=a%20b&vote=like"),
    ("/dashboard/messages/a%2Fb", "/dashboard/messages/a%2Fb"),
    *[(elsewhere, "/dashboard") for elsewhere in (
        None, "", "https://evil.example", "//evil.example", "/dashboardx", "/dashboard//evil.example",
        "/dashboard\\evil", "/dashboard\r\nx: y", "javascript:alert(1)", "/dashboard/sign-in?next=/dashboard", "/v1/x",
        "/dashboard/../v1", "/dashboard/..", "/dashboard/./x", "/dashboard?" + "x" * 3000)],
])
def test_after_signing_in_one_goes_to_a_page_of_ours_and_nowhere_else(asked, onward):
    assert own_page(asked) == onward
