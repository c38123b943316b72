"""A receipt on the tag: the answer need not be registered yet, by any contract and however late the vote comes."""

import pytest
from running import Person, receipt
from test_offline import leave, network, queued
from ways import WAYS


def signed(it, message_id, **changes):
    return receipt(message_id, it.reader, it.conversation, **changes)["x-message-receipt"]


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_a_vote_on_an_answer_that_nobody_has_registered_is_stored(chat, way):
    it = chat(way)
    message_id = way.wire.new_id()
    it.open(it.markup(message_id, receipt=signed(it, message_id, model="gpt-x")))
    it.thumbs(message_id).like.click()
    it.hears("vote")
    it.stands(message_id, "like")
    assert it.server.message(message_id).json()["model"] == "gpt-x"


def test_without_one_it_is_not(chat):
    """The control."""
    it = chat()
    it.open(it.markup(message_id := it.way.wire.new_id()))
    it.thumbs(message_id).like.click()
    assert it.hears("error")[0]["status"] == 404
    it.thumbs(message_id).shows(None)
    it.tab.complaints.clear()


def test_a_bearer_receipt_is_all_the_proof_that_is_needed(chat):
    """As on a page that a link in a letter leads to, where nobody has signed in."""
    it = chat()
    message_id = it.way.wire.new_id()
    bearer = signed(it, message_id, bearer=True)
    it.reader = Person(it.reader.owner, {})
    it.open(it.markup(message_id, receipt=bearer, comment="dislike"))
    thumbs = it.thumbs(message_id)
    thumbs.dislike.click()
    it.hears("vote")
    thumbs.comment.fill("Too long")
    thumbs.send.click()
    it.hears("vote", 2)
    assert [each["auth_level"] for each in it.server.history(message_id)] == ["receipt", "receipt"]


def test_a_later_visit_sends_it_along(chat):
    it = chat()
    message_id = it.way.wire.new_id()
    it.open(it.markup(message_id, receipt=signed(it, message_id)))
    network(it, is_there=False)
    it.thumbs(message_id).like.click()
    queued(it, message_id)
    leave(it)
    it.show()
    it.stands(message_id, "like")
