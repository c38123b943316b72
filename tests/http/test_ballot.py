"""A vote by a link: opening it writes nothing, pressing a button does, and what goes wrong is said on a page."""

import re
import time

import pytest
from running import Person, fresh, guest, receipt, user
from wires import PLAUDIT


@pytest.fixture(params=["user", "guest"])
def owner(request):
    return user(fresh("ann")) if request.param == "user" else guest(fresh("gus"))


def link(message_id, owner, **changes):
    return receipt(message_id, owner, **{"bearer": True, **changes})["x-message-receipt"]


def opened(server, text, language="en", **query):
    return server.http.get("/vote", params={"receipt": text, **query}, headers={"accept-language": language})


def pressed(server, text, vote, site="same-origin", **more):
    return server.http.post("/vote", data={"receipt": text, "vote": vote, **more}, headers={"sec-fetch-site": site})


def test_whoever_opens_a_link_has_not_voted_yet(server, owner):
    """Programs open it before people do: the message is not even registered by that."""
    message_id = PLAUDIT.new_id()
    for _ in range(3):
        page = opened(server, link(message_id, owner), vote="dislike")
        assert page.status_code == 200
        assert "Was this answer helpful?" in page.text
    assert server.http.head("/vote", params={"receipt": link(message_id, owner)}).status_code == 200
    assert server.message(message_id).status_code == 404


def test_not_even_the_guest_s_device_is_kept_by_that(server):
    """Else another device with this guest's user id would be turned away from here on."""
    gus = guest(fresh("gus"))
    assert opened(server, link(PLAUDIT.new_id(), gus)).status_code == 200
    elsewhere = {**gus.headers, "x-device-id": "another-device-0001"}
    assert PLAUDIT.vote(server, PLAUDIT.new_id(), elsewhere).status_code == 404


def test_a_button_votes_and_can_be_pressed_again(server, owner):
    """Liked, disliked, said why, taken back."""
    message_id = PLAUDIT.new_id()
    text = link(message_id, owner)
    assert "Your vote is stored" in pressed(server, text, "like").text
    disliked = pressed(server, text, "dislike")
    assert "What could be better?" in disliked.text
    assert "What could be better?" not in pressed(server, text, "dislike", comment="Too long\r\nby far").text
    assert "taken back" in pressed(server, text, "").text
    assert [(each["vote"], each["comment"], each["auth_level"]) for each in server.history(message_id)] == [
        ("like", None, "receipt"), ("dislike", None, "receipt"), ("dislike", "Too long\nby far", "receipt"),
        (None, None, "receipt")]


@pytest.mark.parametrize(("language", "direction", "title"), [
    ("de-AT, en;q=0.5", "ltr", "War diese Antwort hilfreich?"), ("ar", "rtl", "هل أفادك هذا الجواب؟"),
    ("xx, fr", "ltr", "Cette réponse vous a-t-elle aidé ?"), ("xx", "ltr", "Was this answer helpful?"),
])
def test_the_page_speaks_the_reader_s_language(server, owner, language, direction, title):
    page = opened(server, link(PLAUDIT.new_id(), owner), language).text
    assert title in page
    assert f'dir="{direction}"' in page


def test_a_link_that_is_no_good_says_so_on_a_page(server, owner):
    """And stores nothing, however it is pressed."""
    now, message_id = int(time.time()), PLAUDIT.new_id()
    bad = {
        "expired": link(message_id, owner, iat=now - 100_000, exp=now - 90_000),
        "cut": link(message_id, owner)[:-10],
        "no bearer's": link(message_id, owner, bearer=False),
        "another project's": link(message_id, Person(owner.owner, {}, "other"), project="main"),
        "none": "",
    }
    for what, text in bad.items():
        for answer in (opened(server, text), pressed(server, text, "like")):
            assert answer.status_code in {403, 422}, what
            assert "no longer valid" in answer.text
            assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert server.message(message_id).status_code == 404


@pytest.mark.parametrize("site", ["cross-site", "same-site", "none"])
def test_only_the_page_itself_can_press_its_buttons(server, owner, site):
    message_id = PLAUDIT.new_id()
    assert pressed(server, link(message_id, owner), "like", site).status_code == 403
    assert server.message(message_id).status_code == 404


@pytest.mark.parametrize("more", [{"vote": "x"}, {"vote": "dislike", "comment": "x" * 1001}])
def test_what_the_page_cannot_have_sent_is_refused(server, owner, more):
    answer = server.http.post("/vote", data={"receipt": link(PLAUDIT.new_id(), owner), **more},
                              headers={"sec-fetch-site": "same-origin"})
    assert answer.status_code == 422


def test_nothing_in_the_page_is_taken_for_a_script(server, owner):
    """Nor does it tell others where it was."""
    page = opened(server, link(PLAUDIT.new_id(), owner), vote='"><script>alert(1)</script>')
    assert "<script" not in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert page.headers["referrer-policy"] == "same-origin"
    assert page.headers["cache-control"] == "no-store"


def test_no_link_stands_in_the_log(server, owner):
    text = link(PLAUDIT.new_id(), owner)
    opened(server, text)
    opened(server, text[:-10])
    assert text[:60] not in server.log


def test_the_style_is_there(server, owner):
    page = opened(server, link(PLAUDIT.new_id(), owner)).text
    [address] = re.findall(r'href="([^"]+\.css)"', page)
    assert server.http.get(address).headers["content-type"].startswith("text/css")
