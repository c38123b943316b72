"""The queue: read, searched, reviewed and taken back; by keys, by clicks, and without a script."""

import re

import pytest
from votes import MODELS, Answer, register, vote

NUMBERS = iter(range(100_000, 200_000, 1000))


@pytest.fixture
def answers(server):
    """Three disliked answers with a comment each, that only one test knows of, by a word in all of them."""
    first = next(NUMBERS)
    word = f"zebra{first}"
    found = [Answer(first + number, liked=False, comment=f"{word} number {number}") for number in range(3)]
    register(server, found)
    vote(server, found)
    return word, found


def queue(tab):
    return tab.locator(".queue .item")


def open_queue(tab, word, **parameters):
    query = "".join(f"&{name}={value}" for name, value in parameters.items())
    tab.goto(f"/dashboard/review?days=all&q={word}{query}")


def test_dislikes_with_comments_come_first(signed_in):
    tab = signed_in()
    tab.goto("/dashboard/review?days=all")
    commented = [bool(item.locator("blockquote").count()) for item in queue(tab).all()]
    assert all("Dislike" in item.inner_text() for item in queue(tab).all())
    assert commented == sorted(commented, reverse=True)
    assert any(commented)


def test_the_queue_goes_on_over_the_page(signed_in):
    tab = signed_in()
    tab.goto("/dashboard/review?days=all")
    seen = queue(tab).locator("a.open").evaluate_all("links => links.map(link => link.pathname)")
    tab.get_by_role("link", name="Further ones").click()
    tab.wait_for_url(re.compile("cursor="))
    more = queue(tab).locator("a.open").evaluate_all("links => links.map(link => link.pathname)")
    assert not set(seen) & set(more)


def test_words_of_comments_and_answers_are_found(signed_in, answers):
    word, _ = answers
    tab = signed_in()
    tab.goto("/dashboard/review?days=all")
    tab.get_by_role("searchbox").fill(word)
    tab.get_by_role("button", name="Find").click()
    tab.wait_for_url(re.compile("q="))
    assert queue(tab).count() == 3
    open_queue(tab, f"{word} nonsense-that-nobody-said")
    assert tab.locator(".empty").is_visible()


@pytest.mark.parametrize(("parameter", "value", "left"), [
    ("vote", "like", 0), ("vote", "dislike", 3), ("model", MODELS[0], 1), ("prompt_version", "v6", 2),
    ("auth_level", "jwt", 1), ("has_comment", "no", 0), ("has_comment", "yes", 3), ("reviewed", "yes", 0),
    ("reviewed", "all", 3),
])
def test_the_queue_is_filtered(signed_in, answers, parameter, value, left):
    word, _ = answers
    tab = signed_in()
    open_queue(tab, word, **{parameter: value})
    assert queue(tab).count() == left


def test_the_queue_is_worked_through_by_keys(signed_in, answers):
    word, _ = answers
    tab = signed_in()
    open_queue(tab, word)
    first, second, _ = queue(tab).all()
    tab.keyboard.press("j")
    assert first.evaluate("item => item === document.activeElement")
    tab.keyboard.press("j")
    assert second.evaluate("item => item === document.activeElement")
    tab.keyboard.press("k")
    tab.keyboard.press("k")
    assert first.evaluate("item => item === document.activeElement")
    said = first.locator("blockquote").inner_text()
    tab.keyboard.press("r")
    tab.keyboard.type("wrong j k r")
    tab.keyboard.press("Tab")
    tab.keyboard.type("The parcel was not ours")
    tab.keyboard.press("Tab")
    tab.keyboard.press("Enter")
    tab.get_by_role("status").wait_for()
    assert tab.get_by_role("status").inner_text() == "Marked as reviewed."
    assert queue(tab).count() == 2
    assert said not in tab.locator(".queue").inner_text()
    tab.keyboard.press("/")
    assert tab.get_by_role("searchbox").evaluate("field => field === document.activeElement")


def test_a_key_opens_the_message_and_another_leaves_the_form(signed_in, answers):
    word, _ = answers
    tab = signed_in()
    open_queue(tab, word)
    tab.keyboard.press("j")
    tab.keyboard.press("r")
    tab.keyboard.press("Escape")
    assert queue(tab).first.evaluate("item => item === document.activeElement")
    tab.keyboard.press("o")
    tab.wait_for_url(re.compile("/dashboard/messages/"))


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_a_review_is_given_changed_and_taken_back(signed_in, answers, script):
    word, _ = answers
    tab = signed_in(java_script_enabled=script)
    open_queue(tab, word)
    mark(tab, "unclear", "What is a zebra?")
    assert queue(tab).count() == 2
    open_queue(tab, word, reviewed="yes")
    assert all(part in queue(tab).inner_text() for part in ("unclear", "What is a zebra?", "main-key"))
    mark(tab, "fine", "It is a horse")
    assert "It is a horse" in queue(tab).inner_text()
    queue(tab).locator("summary").click()
    queue(tab).get_by_role("button", name="Take back").click()
    tab.get_by_role("status").wait_for()
    open_queue(tab, word)
    assert queue(tab).count() == 3


def test_a_review_is_shown_beside_its_message_and_changes_no_vote(signed_in, server, answers):
    word, _ = answers
    tab = signed_in()
    open_queue(tab, word)
    tab.locator("a.open").first.click()
    tab.wait_for_url(re.compile("/messages/"))
    before = server.standing(tab.url.partition("/messages/")[2][:24])
    tab.get_by_label("Label").fill("unsafe")
    tab.get_by_role("button", name="Mark reviewed").click()
    tab.get_by_role("status").wait_for()
    assert "unsafe" in tab.locator(".given").first.inner_text()
    assert server.standing(tab.url.partition("/messages/")[2][:24]) == before


def test_a_vote_that_changed_meanwhile_is_read_again_first(signed_in, server, answers):
    word, [first, *_] = answers
    tab = signed_in()
    open_queue(tab, f"{word} 0")
    vote(server, [Answer(first.number, liked=False, comment=f"{word} 0, and quite another thing")])
    mark(tab, "wrong", "")
    assert "changed in the meantime" in tab.get_by_role("status").inner_text()
    assert "quite another thing" in queue(tab).inner_text()


def mark(tab, label, note):
    item = queue(tab).first
    item.locator("summary").click()
    item.locator('input[name="label"]').fill(label)
    item.locator("textarea").fill(note)
    item.locator("button.primary").click()
    tab.get_by_role("status").wait_for()
