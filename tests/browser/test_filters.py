"""Every filter, as a form is filled in, with and without a script; and addresses that hold the whole view."""

import re
from datetime import date, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

CHOICES = [
    ("model", "mistral-small"), ("prompt_version", "v7"), ("arm:greeting", "b"), ("locale", "de"), ("platform", "ios"),
    ("auth_level", "guest-bound"), ("has_comment", "yes"), ("model", "∅"),
]
PAGES = ["", "/trends", "/compare", "/ranking", "/review"]


def votes(tab):
    """The number of votes that the overview counts."""
    return int(re.search(r"([\d,]+) votes?\b", tab.locator(".sums").inner_text())[1].replace(",", ""))


def query(tab):
    return {name: values[0] for name, values in parse_qs(urlsplit(tab.url).query).items()}


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
@pytest.mark.parametrize(("parameter", "value"), CHOICES)
def test_a_filter_narrows_the_numbers_down(signed_in, parameter, value, script):
    tab = signed_in(java_script_enabled=script)
    tab.goto("/dashboard?days=all")
    before = votes(tab)
    tab.locator(".more summary").click()
    tab.locator(f'.fields select[name="{parameter}"]').select_option(value)
    tab.locator(".fields button").click()
    tab.wait_for_url(re.compile("="))
    assert query(tab)[parameter] == value
    assert query(tab)["days"] == "all"
    if value == "∅":
        assert tab.locator(".empty").is_visible()
    else:
        assert 0 < votes(tab) < before
    tab.locator(".chips a").click()
    assert votes(tab) == before


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize(("parameter", "value"), CHOICES[:-1])
def test_every_page_takes_every_filter(signed_in, page, parameter, value):
    tab = signed_in()
    assert tab.goto(f"/dashboard{page}?days=all&{parameter}={value}").status == 200
    assert tab.locator(".chips li").count() == 1
    assert tab.locator(f'.fields select[name="{parameter}"]').input_value() == value


@pytest.mark.parametrize("days", ["1", "7", "30", "90", "365", "all"])
def test_a_time_is_one_click(signed_in, days):
    tab = signed_in()
    tab.goto("/dashboard?days=90&model=gpt-4o" if days != "90" else "/dashboard?model=gpt-4o")
    tab.locator(f'.presets a[href*="days={days}"]').last.click()
    assert query(tab) == {"days": days, "model": "gpt-4o"}
    assert tab.locator(".presets a[aria-current]").count() == 1


def test_dates_may_be_chosen_and_win(signed_in):
    tab = signed_in()
    tab.goto("/dashboard")
    everything = votes(tab)
    tab.locator(".more summary").click()
    week_ago = date.today() - timedelta(days=7)  # noqa: DTZ011 -- the browser's calendar
    tab.locator('input[name="from"]').fill(week_ago.isoformat())
    tab.locator('input[name="to"]').fill((week_ago + timedelta(days=2)).isoformat())
    tab.locator(".fields button").click()
    tab.wait_for_url(re.compile("from="))
    assert 0 < votes(tab) < everything
    assert tab.locator(".presets a[aria-current]").count() == 0


def test_a_filter_goes_along_from_page_to_page(signed_in):
    tab = signed_in()
    tab.goto("/dashboard?days=7&model=gpt-4o&measure=response_rate")
    for name in ("Trends", "Compare", "Ranking", "Review", "Overview"):
        tab.locator("nav").get_by_role("link", name=name).click()
        assert query(tab) == {"days": "7", "model": "gpt-4o"}


def test_the_trend_is_shown_by_hour_day_and_week_and_for_each_measure(signed_in):
    tab = signed_in()
    tab.goto("/dashboard/trends?days=7")
    for name, per in [("Hour", "hour"), ("Week", "week"), ("Day", "day")]:
        tab.get_by_role("link", name=name, exact=True).click()
        assert query(tab) == {"days": "7", "per": per}
    tab.goto("/dashboard?days=7")
    for name, measure in [("Response rate", "response_rate"), ("Dislikes per thousand", "dislikes_per_answer")]:
        tab.get_by_role("link", name=name, exact=True).click()
        assert query(tab)["measure"] == measure


@pytest.mark.parametrize("by", ["model", "prompt_version", "locale", "platform", "auth_level", "arm:greeting"])
def test_every_dimension_can_be_split_by(signed_in, by):
    tab = signed_in()
    for page in ("/trends", "/ranking", "/compare"):
        assert tab.goto(f"/dashboard{page}?days=all&by={by}").status == 200
        assert tab.locator('select[name="by"]').input_value() == by
        assert tab.locator("tbody tr").count() > 1


def test_another_dimension_is_chosen_at_once(signed_in):
    tab = signed_in()
    tab.goto("/dashboard/ranking?days=all&model=gpt-4o")
    tab.locator('select[name="by"]').select_option("platform")
    tab.wait_for_url(re.compile("by=platform"))
    assert query(tab) == {"days": "all", "model": "gpt-4o", "by": "platform"}


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_arms_are_compared_in_a_sentence(signed_in, script):
    tab = signed_in(java_script_enabled=script)
    tab.goto("/dashboard/compare?days=all&by=model")
    tab.locator('select[name="baseline"]').select_option("mistral-small")
    tab.get_by_role("checkbox", name="claude-haiku").uncheck()
    tab.locator('input[name="margin"]').fill("3")
    tab.get_by_role("button", name="Compare").click()
    tab.wait_for_url(re.compile("margin=3"))
    [verdict] = tab.locator(".verdicts li").all_inner_texts()
    assert "gpt-4o" in verdict
    assert "mistral-small" in verdict
    assert query(tab)["baseline"] == "mistral-small"
    assert "3 points" in tab.locator("main").inner_text()


def test_an_experiment_has_its_sample_ratio_checked(signed_in):
    tab = signed_in()
    tab.goto("/dashboard/compare?days=all&by=arm:greeting")
    assert "dealt out" in tab.locator("main").inner_text()
