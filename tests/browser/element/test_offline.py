"""Votes that the network does not take wait in the browser, without any proof of whose they are, and arrive later."""

import base64
import json

import pytest
from loopback import wait_until
from playwright.sync_api import expect
from running import fresh, user
from test_retrying import refused, seconds
from test_voting import told

QUEUE = """() => new Promise((resolve, reject) => {
  const opening = indexedDB.open("plaudit", 1);
  opening.onerror = reject;
  opening.onupgradeneeded = () => opening.result.createObjectStore("votes", { keyPath: "key" });
  opening.onsuccess = () => {
    const asked = opening.result.transaction("votes").objectStore("votes").getAll();
    asked.onsuccess = () => { opening.result.close(); resolve(asked.result); };
  };
})"""
AGE = """(milliseconds) => new Promise((resolve) => {
  const opening = indexedDB.open("plaudit", 1);
  opening.onsuccess = () => {
    const store = opening.result.transaction("votes", "readwrite").objectStore("votes"), asked = store.getAll();
    asked.onsuccess = () => { for (const vote of asked.result) store.put({ ...vote, at: vote.at - milliseconds }); };
    store.transaction.oncomplete = () => { opening.result.close(); resolve(); };
  };
})"""
SLOW = """{
  window.asked = window.answered = 0;
  const open = IDBFactory.prototype.open;
  IDBFactory.prototype.open = function (...given) {
    const opening = open.apply(this, given);
    asked += 1;
    Object.defineProperty(opening, "onsuccess", { set(then) {
      opening.addEventListener("success", (event) => setTimeout(() => {
        then(event);
        answered += 1;
      }, 500));
    } });
    return opening;
  };
}"""
QUEUE_MAX = 100
DAY_MILLISECONDS = 24 * 60 * 60 * 1000


def queue(it):
    """What waits in this browser, the oldest first."""
    return sorted(it.tab.evaluate(QUEUE), key=lambda vote: vote["at"])


def queued(it, *ids):
    """Raises `TimeoutError` unless votes on these come to be what waits."""
    wait_until(lambda: [vote["id"] for vote in queue(it)] == list(ids), 10)


def network(it, *, is_there):
    it.tab.context.set_offline(not is_there)


def leave(it):
    """The reader closes the page, and comes back to this browser on another day."""
    context = it.tab.context
    it.tab.close()
    network(it, is_there=True)
    it.tab = context.new_page()


def test_a_vote_offline_is_shown_and_arrives_when_the_network_is_back(chat, way):
    it = chat(way)
    thumbs = it.show()
    network(it, is_there=False)
    thumbs.dislike.click()
    thumbs.shows("dislike")
    expect(thumbs.status).to_have_text("Will be sent later")
    queued(it, thumbs.message_id)
    assert it.votes(thumbs.message_id) == []
    network(it, is_there=True)
    assert [each["vote"] for each in it.hears("vote")] == ["dislike"]
    expect(thumbs.status).to_have_text("")
    it.stands(thumbs.message_id, "dislike")
    queued(it)


def test_votes_arrive_in_the_order_of_the_clicks_and_the_newest_of_a_message_wins(chat):
    it = chat()
    ids = [it.answer() for _ in range(3)]
    it.open("".join(map(it.markup, ids)))
    network(it, is_there=False)
    for number, vote in [(2, "like"), (0, "like"), (1, "dislike"), (2, "dislike")]:
        getattr(it.thumbs(ids[number]), vote).click()
    queued(it, *ids)
    asked = told(it)
    network(it, is_there=True)
    it.hears("vote", 3)
    assert asked == ids
    assert [it.votes(message_id) for message_id in ids] == [["like"], ["dislike"], ["dislike"]]


def test_a_later_visit_sends_what_waits(chat):
    """Whatever answer it is of: any element will do. In order, and with the token of that day."""
    it = chat()
    ids = [it.answer() for _ in range(2)]
    it.open("".join(it.markup(message_id, comment="dislike") for message_id in ids))
    network(it, is_there=False)
    it.thumbs(ids[1]).like.click()
    thumbs = it.thumbs(ids[0])
    thumbs.dislike.click()
    thumbs.comment.fill("Too long")
    thumbs.send.click()
    wait_until(lambda: [vote["wanted"]["comment"] for vote in queue(it)] == [None, "Too long"])
    leave(it)
    asked = told(it)
    it.show()
    assert [each["messageId"] for each in it.hears("vote", 2)] == asked == [ids[1], ids[0]]
    assert it.server.standing(ids[0])[0]["comment"] == "Too long"
    queued(it)


def test_what_waits_is_shown_by_a_later_visit_too(chat):
    """Before the server knows of it, and whatever the server remembers."""
    it = chat()
    message_id = it.answer()
    it.way.wire.vote(it.server, message_id, it.reader.headers)
    it.open(it.markup(message_id))
    network(it, is_there=False)
    it.thumbs(message_id).dislike.click()
    queued(it, message_id)
    leave(it)
    held = it.held("**/messages/*/feedback")
    it.open(it.markup(message_id, conversation_id=it.conversation))
    it.thumbs(message_id).shows("dislike")
    wait_until(lambda: it.tab.wait_for_timeout(20) or held)
    held[0].continue_()
    it.stands(message_id, "like", "dislike")


# ---------------------------------------------------------------- what is kept, and what is not


def receipt(message_id, **claims):
    """Looks like one; nobody checks it here."""
    def segment(part):
        return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()

    return f"{segment({'alg': 'EdDSA'})}.{segment({'message_id': message_id, 'locale': '★ÿ?>~', **claims})}.c2lnbmVk"


@pytest.mark.parametrize(("claims", "is_kept"), [({}, True), ({"bearer": False}, True), ({"bearer": True}, False)])
def test_no_proof_is_kept(chat, claims, is_kept):
    """A receipt says whose an answer is, and is none; unless it is a bearer receipt, which is the proof itself."""
    it = chat()
    message_id = it.answer()
    given = receipt(message_id, **claims)
    it.open(it.markup(message_id, receipt=given))
    network(it, is_there=False)
    it.thumbs(message_id).like.click()
    queued(it, message_id)
    [vote] = queue(it)
    assert vote["receipt"] == (given if is_kept else None)
    assert set(vote) == {"key", "endpoint", "id", "contract", "receipt", "wanted", "at"}
    kept = json.dumps(vote)
    assert [secret for secret in it.reader.headers.values() if secret.removeprefix("Bearer ") in kept] == []
    network(it, is_there=True)
    it.hears("error")  # for it is none
    it.tab.complaints.clear()


def test_what_somebody_else_left_waits_for_its_own_page(chat):
    """The next reader at this browser is another one, and may not vote on it; later the first one comes back."""
    it = chat()
    message_id = it.answer()
    it.open(it.markup(message_id))
    network(it, is_there=False)
    it.thumbs(message_id).like.click()
    queued(it, message_id)
    leave(it)
    ann, it.reader, it.conversation = (it.reader, it.conversation), user(fresh("bob")), fresh("c")
    with it.tab.expect_response(f"**/{message_id}/feedback") as refused:
        thumbs = it.show()
    assert refused.value.status == 403
    thumbs.like.click()
    it.hears("vote")
    queued(it, message_id)
    assert it.heard("error") == []
    it.reader, it.conversation = ann
    leave(it)
    it.open(it.markup(message_id))
    it.stands(message_id, "like")
    queued(it)


def test_what_somebody_else_left_on_the_very_same_answer_is_not_the_next_reader_s(chat):
    """Who may read the answer as well, and clicks on it: neither shows, loses or becomes the vote that waits."""
    it = chat()
    message_id = it.answer()
    it.open(it.markup(message_id))
    network(it, is_there=False)
    it.thumbs(message_id).like.click()
    queued(it, message_id)
    leave(it)
    ann, it.reader = it.reader, user(fresh("bob"))
    with it.tab.expect_response(f"**/{message_id}/feedback") as refused:
        it.open(it.markup(message_id))
    assert refused.value.status == 403
    thumbs = it.thumbs(message_id)
    thumbs.shows(None)
    expect(thumbs.status).to_have_text("")
    assert it.heard("error") == []
    thumbs.dislike.click()
    assert [each["status"] for each in it.hears("error")] == [403]
    thumbs.shows(None)
    assert [vote["wanted"]["vote"] for vote in queue(it)] == ["like"]
    it.reader = ann
    leave(it)
    it.open(it.markup(message_id))
    it.stands(message_id, "like")
    queued(it)


def test_what_waits_is_bounded_and_nothing_of_the_page_is_lost(chat):
    """What has no room waits in memory as long as its page is there."""
    it = chat()
    ids = [it.answer() for _ in range(QUEUE_MAX + 5)]
    it.open("".join(map(it.markup, ids)))
    network(it, is_there=False)
    it.tab.evaluate("ids => ids.forEach((id) => document.querySelector(`[message-id='${id}']`)"
                    ".shadowRoot.querySelector('[part~=like]').click())", ids)
    queued(it, *ids[:QUEUE_MAX])
    network(it, is_there=True)
    it.hears("vote", len(ids))
    queued(it)


def test_what_waited_for_a_month_is_forgotten(chat):
    """For nobody remembers what it was about."""
    it = chat()
    thumbs = it.show()
    network(it, is_there=False)
    thumbs.like.click()
    queued(it, thumbs.message_id)
    it.tab.evaluate(AGE, 31 * DAY_MILLISECONDS)
    leave(it)
    it.open(it.markup(thumbs.message_id))
    queued(it)
    it.thumbs(thumbs.message_id).shows(None)
    assert it.votes(thumbs.message_id) == []


def test_a_slow_database_holds_nothing_up_and_keeps_nothing_that_was_sent(chat):
    it = chat()
    it.tab.add_init_script(SLOW)
    thumbs = it.show()
    network(it, is_there=False)
    thumbs.like.click()
    expect(thumbs.status).to_have_text("Will be sent later")
    network(it, is_there=True)
    it.hears("vote")
    it.tab.wait_for_function("asked >= 3 && answered === asked")  # what is there, keep, forget
    assert queue(it) == []
    it.stands(thumbs.message_id, "like")


def test_of_two_tabs_the_newer_vote_is_told(chat):
    """Both are offline with a vote on the same answer: whichever comes first tells the newer, and no older follows."""
    it = chat()
    thumbs = it.show()
    other = it.tab.context.new_page()
    other.goto(it.tab.url)
    network(it, is_there=False)
    thumbs.like.click()
    queued(it, thumbs.message_id)
    other.locator("[part~=dislike]").click()
    wait_until(lambda: [vote["wanted"]["vote"] for vote in queue(it)] == ["dislike"])
    network(it, is_there=True)
    it.hears("vote")
    wait_until(lambda: queue(it) == [])
    assert it.server.standing(thumbs.message_id)[0]["vote"] == "dislike"
    assert set(it.votes(thumbs.message_id)) == {"dislike"}


def test_what_another_tab_has_told_since_is_not_undone_by_an_older_vote_that_waited(chat):
    it = chat()
    thumbs = it.show()
    other = it.tab.context.new_page()
    other.goto(it.tab.url)
    it.tab.clock.install()
    refused(it, 503, **{"retry-after": "7"})
    thumbs.like.click()
    queued(it, thumbs.message_id)
    with other.expect_response("**/feedback"):
        other.locator("[part~=dislike]").click()
    queued(it)
    seconds(it, 9)
    it.hears("vote")
    assert it.votes(thumbs.message_id) == ["dislike"]
    it.tab.complaints.clear()


def test_a_click_is_newer_than_what_waits_also_when_the_clock_has_gone_back(chat):
    it = chat()
    thumbs = it.show()
    network(it, is_there=False)
    thumbs.like.click()
    queued(it, thumbs.message_id)
    it.tab.evaluate(AGE, -DAY_MILLISECONDS)
    leave(it)
    held = it.held("**/messages/*/feedback", times=1)
    with it.tab.expect_request("**/messages/*/feedback"):
        it.open(it.markup(thumbs.message_id))
    thumbs = it.thumbs(thumbs.message_id)
    thumbs.dislike.click()
    held[0].continue_()
    it.hears("vote")
    it.stands(thumbs.message_id, "like", "dislike")
    queued(it)
    thumbs.shows("dislike")


def test_a_vote_waits_for_a_token_that_does_not_come(chat):
    """As where a page asks its reader to sign in, who leaves instead."""
    it = chat()
    thumbs = it.show()
    thumbs.host.evaluate("element => { element.getToken = () => new Promise(() => {}); }")
    thumbs.like.click()
    expect(thumbs.status).to_have_text("Will be sent later")
    queued(it, thumbs.message_id)
    leave(it)
    it.show()
    it.stands(thumbs.message_id, "like")
    queued(it)


def test_a_vote_that_has_waited_is_over_and_the_next_one_does_not_wait(chat):
    it = chat()
    thumbs = it.show()
    network(it, is_there=False)
    thumbs.like.click()
    queued(it, thumbs.message_id)
    network(it, is_there=True)
    it.hears("vote")
    held = it.held("**/messages/*/feedback")
    with it.tab.expect_request("**/messages/*/feedback"):
        thumbs.dislike.click()
    expect(thumbs.status).to_have_text("")
    held[0].continue_()
    it.stands(thumbs.message_id, "like", "dislike")
    queued(it)


def test_without_a_database_votes_wait_in_memory(chat):
    it = chat()
    it.tab.add_init_script("Object.defineProperty(window, 'indexedDB', { get() { throw new Error('no'); } })")
    thumbs = it.show()
    network(it, is_there=False)
    thumbs.like.click()
    expect(thumbs.status).to_have_text("Will be sent later")
    network(it, is_there=True)
    it.hears("vote")
    it.stands(thumbs.message_id, "like")


