"""A page that is loaded anew shows the thumbs as they were."""

import pytest
from ways import VISITOR


def lists(it, kind="feedback"):
    """The requests for lists, as they are made."""
    asked = []
    it.tab.on("request", lambda request: asked.append(request.url) if f"/v1/me/{kind}" in request.url else None)
    return asked


def test_the_votes_of_a_conversation_come_back_in_one_request(chat, way):
    it = chat(way)
    ids = [it.answer() for _ in range(4)]
    wire = it.way.wire
    for message_id, body in zip(ids, (wire.like, wire.dislike), strict=False):
        assert wire.vote(it.server, message_id, it.reader.headers, body).status_code == 200
    asked = lists(it)
    it.open("".join(it.markup(message_id, conversation_id=it.conversation) for message_id in ids))
    for message_id, vote in zip(ids, ("like", "dislike", None, None), strict=True):
        it.thumbs(message_id).shows(vote)
    assert asked == [f"{it.url}/v1/me/feedback?conversation={it.conversation}"]
    it.tab.reload()
    it.thumbs(ids[1]).shows("dislike")


def test_what_was_restored_is_what_a_click_undoes(chat):
    it = chat()
    message_id = it.answer()
    it.way.wire.vote(it.server, message_id, it.reader.headers)
    it.open(it.markup(message_id, conversation_id=it.conversation))
    thumbs = it.thumbs(message_id)
    thumbs.shows("like")
    thumbs.like.click()
    it.stands(message_id, "like", None)


def test_a_click_is_newer_than_what_is_restored(chat):
    """The list arrives after the click and before its answer: it is what a refusal goes back to, and nothing more."""
    it = chat()
    message_id = it.answer()
    it.way.wire.vote(it.server, message_id, it.reader.headers)
    lists_held, votes_held = it.held("**/v1/me/feedback*"), it.held("**/messages/*/feedback")
    with it.tab.expect_request("**/v1/me/feedback*"):
        it.open(it.markup(message_id, conversation_id=it.conversation))
    thumbs = it.thumbs(message_id)
    with it.tab.expect_request("**/messages/*/feedback"):
        thumbs.dislike.click()
    with it.tab.expect_response("**/v1/me/feedback*"):
        lists_held[0].continue_()
    thumbs.shows("dislike")
    votes_held[0].fulfill(status=422, headers={"access-control-allow-origin": "*"}, body="")
    it.hears("error")
    thumbs.shows("like")
    it.tab.complaints.clear()


@pytest.mark.parametrize("value", ["like", "dislike"])
def test_a_page_that_knows_the_vote_says_so_and_nobody_is_asked(chat, value):
    it = chat(VISITOR)
    asked = lists(it)
    thumbs = it.show(value=value, conversation_id=it.conversation)
    thumbs.shows(value)
    it.tab.wait_for_load_state("networkidle")
    assert asked == []
    thumbs.host.evaluate("element => element.setAttribute('value', 'like')")
    thumbs.shows("like")
    thumbs.host.evaluate("element => element.removeAttribute('value')")
    thumbs.shows(None)


def test_an_element_that_is_made_anew_knows_what_its_page_knows(chat):
    """A framework takes it away while its vote is under way, and puts another one there with the value of before."""
    it = chat()
    thumbs = it.show(value="")
    held = it.held("**/messages/*/feedback")
    with it.tab.expect_request("**/messages/*/feedback"):
        thumbs.like.click()
    thumbs.host.evaluate("element => element.replaceWith(element.cloneNode())")
    thumbs.shows("like")
    held[0].continue_()
    it.hears("vote")
    thumbs.shows("like")
    thumbs.host.evaluate("element => element.replaceWith(element.cloneNode())")
    thumbs.shows("like")
    it.stands(thumbs.message_id, "like")


def test_two_elements_of_a_message_agree(chat):
    """And the one that was clicked says what became of it."""
    it = chat()
    message_id = it.answer()
    it.open(it.markup(message_id) * 2)
    both = it.tab.locator("plaudit-thumbs")
    it.tab.evaluate("""document.querySelectorAll("plaudit-thumbs").forEach((element, number) => {
      element.addEventListener("plaudit-vote", () => heard.push(["number", number]));
    })""")
    both.nth(0).locator("[part~=like]").click()
    it.hears("vote")
    assert it.heard("number") == [0]
    assert [each.get_attribute("aria-pressed") for each in both.locator("[part~=like]").all()] == ["true", "true"]


def test_a_list_that_is_refused_is_said_and_asked_for_again_by_the_next(chat):
    it = chat()
    message_id = it.answer()
    it.way.wire.vote(it.server, message_id, it.reader.headers)
    it.open(it.markup(it.answer()))
    it.tab.evaluate("window.good = proof.token; proof.token = 'nonsense'")
    add = "html => document.querySelector('main').insertAdjacentHTML('beforeend', html)"
    it.tab.evaluate(add, it.markup(it.answer(), conversation_id=it.conversation))
    assert it.hears("error")[0]["status"] == 401
    it.tab.evaluate("proof.token = good")
    it.tab.evaluate(add, it.markup(message_id, conversation_id=it.conversation))
    it.thumbs(message_id).shows("like")
    it.tab.complaints.clear()


