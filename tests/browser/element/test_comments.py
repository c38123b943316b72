"""The box for a comment: after a vote, skippable, a thousand characters."""

import pytest
from playwright.sync_api import expect
from ways import COMMENTING, VISITOR

DANCER = "\U0001f483"  # one character, two units of UTF-16


@pytest.mark.parametrize("way", COMMENTING, ids=str)
def test_a_comment_follows_a_dislike(chat, way):
    """The dislike is stored before anything is written; the comment is one more revision."""
    it = chat(way)
    thumbs = it.show(comment="dislike")
    expect(thumbs.box).to_be_hidden()
    thumbs.dislike.click()
    it.hears("vote")
    expect(thumbs.dislike).to_have_attribute("aria-expanded", "true")
    thumbs.comment.fill("  It is the wrong city. ")
    expect(thumbs.count).to_have_text("24/1000")
    thumbs.send.click()
    assert it.hears("vote", 2)[1] == {
        "messageId": thumbs.message_id, "vote": "dislike", "comment": "It is the wrong city.", "reasons": []}
    expect(thumbs.box).to_be_hidden()
    expect(thumbs.dislike).to_be_focused()
    expect(thumbs.status).to_have_text("Thank you")
    history = [(each["vote"], each["comment"]) for each in it.server.history(thumbs.message_id)]
    assert history == [("dislike", None), ("dislike", "It is the wrong city.")]


@pytest.mark.parametrize(("comment", "opens"), [
    ("off", set()), ("dislike", {"dislike"}), ("both", {"like", "dislike"}), (None, set())])
def test_the_page_says_after_which_votes(chat, comment, opens):
    it = chat()
    thumbs = it.show(**({"comment": comment} if comment else {}))
    for count, vote in enumerate(("like", "dislike"), 1):
        getattr(thumbs, vote).click()
        it.hears("vote", count)
        assert thumbs.box.is_visible() == (vote in opens)


def test_where_the_contract_has_no_comments_there_is_no_box(chat):
    it = chat(VISITOR)
    thumbs = it.show(comment="both", reasons="")
    for count, vote in enumerate(("like", "dislike"), 1):
        getattr(thumbs, vote).click()
        it.hears("vote", count)
        expect(thumbs.box).to_be_hidden()


@pytest.mark.parametrize("skip", [
    lambda thumbs: thumbs.skip.click(),
    lambda thumbs: thumbs.comment.press("Escape"),
    lambda thumbs: thumbs.send.click(),
], ids=["skip", "escape", "empty"])
def test_it_can_be_skipped(chat, skip):
    it = chat()
    thumbs = it.show(comment="dislike")
    thumbs.dislike.click()
    it.hears("vote")
    skip(thumbs)
    expect(thumbs.box).to_be_hidden()
    expect(thumbs.dislike).to_be_focused()
    it.stands(thumbs.message_id, "dislike")


@pytest.mark.parametrize("way", COMMENTING, ids=str)
def test_characters_are_counted_as_people_count_them(chat, way):
    """By code points, as the server does: a thousand are sent, of whatever size; of one more nothing is."""
    it = chat(way)
    thumbs = it.show(comment="dislike")
    thumbs.dislike.click()
    it.hears("vote")
    thumbs.comment.fill(DANCER * 1001)
    expect(thumbs.count).to_have_text("1001/1000")
    expect(thumbs.send).to_be_disabled()
    expect(thumbs.comment).to_have_attribute("aria-invalid", "true")
    thumbs.comment.fill(DANCER * 1000)
    expect(thumbs.comment).to_have_attribute("aria-invalid", "false")
    thumbs.send.click()
    it.hears("vote", 2)
    assert it.server.standing(thumbs.message_id)[0]["comment"] == DANCER * 1000


def test_half_a_character_keeps_nothing_of_a_comment_from_being_stored(chat):
    """As a page or a clipboard leaves it that has cut a text in the middle of one."""
    it = chat()
    thumbs = it.show(comment="dislike")
    thumbs.dislike.click()
    it.hears("vote")
    thumbs.comment.evaluate("(element, text) => { element.value = text.slice(0, -1); }", f"Too long {DANCER}")
    thumbs.send.click()
    it.hears("vote", 2)
    assert it.server.standing(thumbs.message_id)[0]["comment"] == "Too long \N{REPLACEMENT CHARACTER}"


def test_escape_while_a_word_is_composed_is_the_input_method_s(chat):
    """In Chinese or Japanese it takes back what is being composed."""
    it = chat()
    thumbs = it.show(comment="dislike")
    thumbs.dislike.click()
    thumbs.comment.dispatch_event("keydown", {"key": "Escape", "isComposing": True})
    expect(thumbs.box).to_be_visible()
    thumbs.comment.dispatch_event("keydown", {"key": "Escape"})
    expect(thumbs.box).to_be_hidden()
    it.hears("vote")


def test_another_vote_closes_it_and_a_new_one_says_nothing_of_the_old(chat):
    it = chat()
    thumbs = it.show(comment="dislike")
    thumbs.dislike.click()
    it.hears("vote")
    thumbs.comment.fill("Too long")
    thumbs.send.click()
    it.hears("vote", 2)
    thumbs.like.click()
    expect(thumbs.box).to_be_hidden()
    it.hears("vote", 3)
    assert it.server.standing(thumbs.message_id)[0]["comment"] is None
    thumbs.dislike.click()
    expect(thumbs.comment).to_have_value("")


def test_a_comment_that_was_refused_is_there_to_be_sent_again(chat):
    it = chat()
    thumbs = it.show(comment="dislike")
    thumbs.dislike.click()
    it.hears("vote")
    token = it.tab.evaluate("proof.token")
    it.tab.evaluate("proof.token = 'nonsense'")
    thumbs.comment.fill("Too long")
    thumbs.send.click()
    it.hears("error")
    thumbs.shows("dislike")
    expect(thumbs.comment).to_have_value("Too long")
    it.tab.evaluate("token => { proof.token = token; }", token)
    thumbs.send.click()
    it.hears("vote", 2)
    assert it.server.standing(thumbs.message_id)[0]["comment"] == "Too long"
    it.tab.complaints.clear()


def test_it_is_a_box_of_its_answer_only(chat):
    """An element that is given another message starts anew."""
    it = chat()
    first, second = it.answer(), it.answer()
    it.open(it.markup(first, comment="dislike"))
    thumbs = it.thumbs(first)
    thumbs.dislike.click()
    thumbs.comment.fill("Too long")
    it.tab.evaluate("id => document.querySelector('plaudit-thumbs').setAttribute('message-id', id)", second)
    thumbs = it.thumbs(second)
    thumbs.shows(None)
    expect(thumbs.box).to_be_hidden()
    thumbs.dislike.click()
    expect(thumbs.comment).to_have_value("")
    it.stands(first, "dislike")
    it.stands(second, "dislike")


