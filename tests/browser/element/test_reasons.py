"""The project's own reasons, offered after a vote, each with the vote that it goes with."""

import pytest
from playwright.sync_api import expect
from test_restoring import lists
from ways import GUEST, VISITOR


def test_reasons_go_with_the_vote(chat):
    """Pressed like any button; chosen again, a reason is taken back; they are sent with the comment."""
    it = chat()
    thumbs = it.show(comment="dislike", reasons="")
    thumbs.dislike.click()
    it.hears("vote")
    expect(thumbs.reason).to_have_text(["Out of date", "Surprising"])
    for text in ("Surprising", "Out of date", "Surprising"):
        thumbs.reason.filter(has_text=text).click()
    expect(thumbs.reason.first).to_have_attribute("aria-pressed", "true")
    thumbs.comment.fill("From 2020")
    thumbs.send.click()
    assert it.hears("vote", 2)[1] == {
        "messageId": thumbs.message_id, "vote": "dislike", "comment": "From 2020", "reasons": ["old"]}
    history = [(each["comment"], each["reasons"]) for each in it.server.history(thumbs.message_id)]
    assert history == [(None, []), ("From 2020", ["old"])]


def test_they_need_no_comment(chat):
    it = chat()
    thumbs = it.show(reasons="")
    thumbs.like.click()
    it.hears("vote")
    expect(thumbs.reason).to_have_text(["Short", "Surprising"])
    expect(thumbs.comment).to_be_hidden()
    thumbs.reason.first.click()
    thumbs.send.click()
    it.hears("vote", 2)
    assert it.server.standing(thumbs.message_id)[0]["reasons"] == ["short"]


def test_they_are_asked_for_once_a_page_and_when_they_are_needed(chat):
    it = chat()
    ids = [it.answer() for _ in range(3)]
    asked = lists(it, "reasons")
    it.open("".join(it.markup(message_id, reasons="") for message_id in ids), lang="de")
    it.tab.wait_for_load_state("networkidle")
    assert asked == []
    for message_id in ids:
        it.thumbs(message_id).dislike.click()
        expect(it.thumbs(message_id).reason.first).to_have_text("Veraltet")
    assert asked == [f"{it.url}/v1/me/reasons?lang=de"]


@pytest.mark.parametrize("way", [VISITOR, GUEST], ids=str)
def test_where_the_contract_has_none_nobody_is_asked(chat, way):
    it = chat(way)
    asked = lists(it, "reasons")
    thumbs = it.show(reasons="")
    thumbs.dislike.click()
    it.hears("vote")
    it.tab.wait_for_load_state("networkidle")
    expect(thumbs.box).to_be_hidden()
    assert asked == []


def test_reasons_that_come_late_are_not_those_of_the_other_vote(chat):
    it = chat()
    thumbs = it.show(comment="both", reasons="")
    held = it.held("**/v1/me/reasons*")
    with it.tab.expect_request("**/v1/me/reasons*"):
        thumbs.dislike.click()
    thumbs.comment.fill("Old")
    thumbs.like.click()
    held[0].continue_()
    expect(thumbs.reason).to_have_text(["Short", "Surprising"])
    thumbs.shows("like")


@pytest.mark.parametrize("leave", [
    lambda thumbs, _: thumbs.skip.click(),
    lambda thumbs, _: (thumbs.comment.fill("Old"), thumbs.send.click()),
    lambda thumbs, other: thumbs.host.evaluate("(element, id) => element.setAttribute('message-id', id)", other),
], ids=["skipped", "sent", "another-message"])
def test_reasons_that_come_late_do_not_open_the_box_again(chat, leave):
    """Also where the element is another answer's by then, with the same vote."""
    it = chat()
    thumbs, other = it.show(comment="dislike", reasons=""), it.answer()
    held = it.held("**/v1/me/reasons*")
    with it.tab.expect_request("**/v1/me/reasons*"):
        thumbs.dislike.click()
    expect(thumbs.comment).to_be_visible()
    host = it.tab.locator("plaudit-thumbs")
    leave(thumbs, other)
    host.evaluate("element => element.setAttribute('value', 'dislike')")
    with it.tab.expect_response("**/v1/me/reasons*"):
        held[0].continue_()
    it.tab.wait_for_load_state("networkidle")
    expect(host.locator("[part=box]")).to_be_hidden()


def test_a_reason_is_text_whatever_it_says(chat):
    it = chat()
    said = "<img src=x onerror=heard.push(['markup'])>"
    it.tab.route("**/v1/me/reasons*", lambda route: route.fulfill(
        status=200, headers={"access-control-allow-origin": "*"},
        json={"data": [{"id": '"><b>', "vote": "dislike", "text": said}]}))
    thumbs = it.show(reasons="")
    thumbs.dislike.click()
    expect(thumbs.reason).to_have_text([said])
    assert thumbs.reason.locator("*").count() == 0
    it.hears("vote")


def test_reasons_that_cannot_be_had_do_not_keep_anybody_from_commenting(chat):
    it = chat()
    thumbs = it.show(comment="dislike", reasons="")
    it.tab.route("**/v1/me/reasons*", lambda route: route.fulfill(status=500, headers={
        "access-control-allow-origin": "*"}, body="oops"))
    thumbs.dislike.click()
    it.hears("vote")
    assert it.hears("error") == [{"status": 500}]
    thumbs.comment.fill("Old")
    thumbs.send.click()
    it.hears("vote", 2)
    assert it.server.standing(thumbs.message_id)[0]["comment"] == "Old"
    it.tab.complaints.clear()


def test_axe_finds_nothing_wrong_with_them(chat, axe):
    for screen in ({"color_scheme": "light"}, {"color_scheme": "dark"}, {"forced_colors": "active"}):
        it = chat(**screen)
        thumbs = it.show(comment="dislike", reasons="")
        thumbs.dislike.click()
        thumbs.reason.first.click()
        assert axe(it.tab) == []
