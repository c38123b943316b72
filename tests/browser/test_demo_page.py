"""The page of `plaudit demo`, clicked on: whoever votes and through whichever contract, the server has it."""

import re
from types import SimpleNamespace

import httpx2
import pytest
from command_line import started
from loopback import wait_until
from playwright.sync_api import expect
from screens import PHONE

WAYS = {
    ("user", "plaudit"): "jwt", ("user", "siteassist"): "jwt", ("user", "handauncle"): "jwt",
    ("guest", "plaudit"): "guest-bound", ("guest", "siteassist"): "session", ("guest", "handauncle"): "guest-bound",
}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """The demo. `http` asks its API, with the key that it prints."""
    with started(tmp_path_factory.mktemp("demo"), "demo", "--port", "0") as (_, lines):
        said = "\n".join(lines)
        url, key = re.findall(r"(http://\S+)/demo", said)[0], re.findall(r"sk_\S+", said)[0]
        with httpx2.Client(base_url=url, headers={"authorization": f"Bearer {key}"}, timeout=30) as http:
            yield SimpleNamespace(http=http)


@pytest.fixture
def visit(opened):
    """Opens the page, which asks something by itself the first time, and gives its tab."""

    def make(who="user", contract="plaudit", **options):
        tab = opened(**options)
        tab.goto(f"/demo?who={who}&contract={contract}")
        expect(tab.locator("plaudit-thumbs")).not_to_have_count(0)
        return tab

    return make


@pytest.fixture
def histories(server):
    def of(message_id):
        found = server.http.get(f"/v1/feedback/{message_id}/history")
        return [] if found.status_code == httpx2.codes.NOT_FOUND else [each["vote"] for each in found.json()["items"]]

    return of


def ask(tab, question):
    """The new answer's thumbs, once it is there whole."""
    before = tab.locator("plaudit-thumbs").count()
    tab.get_by_label("Question").fill(question)
    tab.get_by_role("button", name="Ask").click()
    expect(tab.locator("plaudit-thumbs")).to_have_count(before + 1)
    return tab.locator("plaudit-thumbs").last


def click(thumbs, name):
    thumbs.get_by_role("button", name=name).click()
    return thumbs.get_attribute("message-id")


@pytest.mark.parametrize(("who", "contract"), WAYS, ids=" ".join)
def test_a_vote_is_stored_as_the_page_says(visit, server, who, contract):
    """By the contract, as the voter. The page shows what the server has."""
    tab = visit(who, contract)
    message_id = click(ask(tab, "Is the kettle loud?"), "Bad answer")
    expect(tab.locator("#latest li").first).to_contain_text(f"{contract}, {WAYS[who, contract]}, revision 1")
    [vote] = server.http.get("/v1/feedback", params={"message_id": message_id}).json()["items"]
    assert (vote["vote"], vote["contract"], vote["auth_level"]) == ("dislike", contract, WAYS[who, contract])


def test_a_switch_leads_from_each_way_to_each_other(visit):
    """And what was said stays where it was said."""
    tab = visit("user", "plaudit")
    ask(tab, "Does it stay here?")
    tab.get_by_label("Guest").check()
    expect(tab.locator(".question", has_text="Does it stay here?")).to_have_count(0)
    tab.get_by_label("HandAuncle v1").check()
    expect(tab.locator("#how")).to_contain_text("/api/v1/user/messages/{id}/feedback with the headers")
    assert "who=guest&contract=handauncle" in tab.url
    tab.get_by_label("Signed-in user").check()
    tab.get_by_label("Plaudit", exact=True).check()
    expect(tab.locator(".question").last).to_have_text("Does it stay here?")


def test_the_numbers_change_beside_it(visit):
    """Of this page and of everything."""
    tab = visit()
    thumbs = ask(tab, "How do I pay by invoice?")
    expect(tab.locator("#votes")).to_have_text(re.compile(r"\d"))
    numbers = {name: int(tab.locator(f"#{name}").inner_text().replace(",", "")) for name in ("likes", "votes")}
    click(thumbs, "Good answer")
    for name, before in numbers.items():
        expect(tab.locator(f"#{name}")).to_have_text(f"{before + 1:,}")
    expect(tab.locator("#satisfaction")).to_have_text(re.compile(r"^\d\d\.\d\d% \(\d\d\.\d\d to \d\d\.\d\d\)$"))


def test_offline_nothing_leaves_and_back_everything_goes(visit, histories):
    """What was clicked last, once."""
    tab = visit()
    thumbs = ask(tab, "Can I change my order?")
    tab.get_by_role("button", name="Go offline").click()
    click(thumbs, "Bad answer")
    message_id = click(thumbs, "Good answer")
    expect(thumbs.get_by_role("button", name="Good answer")).to_have_attribute("aria-pressed", "true")
    expect(tab.get_by_role("button", name="Ask")).to_be_disabled()
    assert histories(message_id) == []
    tab.get_by_role("button", name="Go offline").click()
    wait_until(lambda: histories(message_id) == ["like"])


def test_a_reload_shows_the_thumbs_as_they_were(visit, histories):
    """Those of a guest, too."""
    tab = visit("guest", "handauncle")
    message_id = click(ask(tab, "I forgot my password."), "Good answer")
    wait_until(lambda: histories(message_id) == ["like"])
    tab.reload()
    thumbs = tab.locator(f'plaudit-thumbs[message-id="{message_id}"]')
    expect(thumbs.get_by_role("button", name="Good answer")).to_have_attribute("aria-pressed", "true")


def test_a_dislike_may_say_why(visit, server):
    """With the project's reasons and in words."""
    tab = visit()
    thumbs = ask(tab, "What is the meaning of life?")
    message_id = click(thumbs, "Bad answer")
    thumbs.get_by_role("button", name="Not what I asked").click()
    thumbs.get_by_role("textbox").fill("I asked about life")
    click(thumbs, "Send")
    latest = tab.locator("#latest li").first
    expect(latest).to_contain_text("I asked about life")
    expect(latest).to_contain_text("revision 2, demo-off-topic")
    [vote] = server.http.get("/v1/feedback", params={"message_id": message_id}).json()["items"]
    assert (vote["comment"], vote["reasons"]) == ("I asked about life", ["demo-off-topic"])


@pytest.mark.parametrize("options", [{}, {"color_scheme": "dark"}, {"viewport": PHONE}], ids=str)
def test_the_page_is_for_everybody(visit, axe, options):
    """With its box open; and nothing is wider than the screen."""
    tab = visit(**options)
    click(ask(tab, "Which bulb fits the lamp?"), "Bad answer")
    expect(tab.get_by_role("button", name="Send")).to_be_visible()
    assert axe(tab) == []
    assert tab.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
