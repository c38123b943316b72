"""A click is a vote, on the page at once and at the server soon, through every contract."""

import random

import pytest
from loopback import wait_until
from playwright.sync_api import expect
from running import MAIN, fresh, guest, plaudit, project
from ways import GUEST, USER, VISITOR, WAYS

CLICK_ALL = """([id, votes]) => {
  const { shadowRoot } = document.querySelector(`[message-id="${id}"]`);
  for (const vote of votes) shadowRoot.querySelector(`[part~=${vote}]`).click();
}"""
UNDOING = [way for way in WAYS if way.undo]
LASTING = [way for way in WAYS if not way.undo]
FIFTY = 50
RATINGS = {1: "like", -1: "dislike"}


def test_a_click_is_a_vote(chat, way):
    it = chat(way)
    thumbs = it.show()
    thumbs.shows(None)
    thumbs.like.click()
    thumbs.shows("like")
    assert it.hears("vote") == [{"messageId": thumbs.message_id, "vote": "like", "comment": None, "reasons": []}]
    [standing] = it.server.standing(thumbs.message_id)
    assert (standing["vote"], standing["contract"]) == ("like", way.contract)


def test_the_other_thumb_changes_it(chat, way):
    it = chat(way)
    thumbs = it.show()
    thumbs.dislike.click()
    it.hears("vote")
    thumbs.like.click()
    thumbs.shows("like")
    it.stands(thumbs.message_id, "dislike", "like")


@pytest.mark.parametrize("way", UNDOING, ids=str)
def test_the_same_thumb_takes_it_back_where_the_contract_can(chat, way):
    it = chat(way)
    thumbs = it.show()
    thumbs.like.click()
    it.hears("vote")
    thumbs.like.click()
    thumbs.shows(None)
    assert it.hears("vote", 2)[1]["vote"] is None
    it.stands(thumbs.message_id, "like", None)


@pytest.mark.parametrize("way", LASTING, ids=str)
def test_the_same_thumb_says_why_it_does_nothing_where_the_contract_cannot(chat, way):
    it = chat(way)
    thumbs = it.show()
    thumbs.like.click()
    it.hears("vote")
    expect(thumbs.like).to_have_attribute("aria-disabled", "true")
    expect(thumbs.like).to_have_attribute("title", "Cannot be undone")
    expect(thumbs.dislike).to_have_attribute("aria-disabled", "false")
    thumbs.like.click(force=True)  # the driver would wait for it to be enabled
    thumbs.shows("like")
    expect(thumbs.status).to_have_text("Cannot be undone")  # on a phone there is no title
    thumbs.dislike.click()
    it.stands(thumbs.message_id, "like", "dislike")


# ---------------------------------------------------------------- fast clicks


@pytest.mark.parametrize("is_at_once", [True, False], ids=["at-once", "one-by-one"])
def test_fifty_fast_clicks_end_in_the_last_state(chat, way, is_at_once):
    """One row, and the whole history: every vote that was accepted, in order, the last of the clicks at its end.

    Clicks while another is under way are one vote, so these are some of the states that were clicked, and no others.
    """
    it = chat(way)
    thumbs, accepted = it.show(), answered(it)
    chance = random.Random(FIFTY)
    clicks = [chance.choice(("like", "dislike")) for _ in range(FIFTY)]
    clicked = states(clicks, way)
    if is_at_once:
        it.tab.evaluate(CLICK_ALL, [thumbs.message_id, clicks])
    else:
        for vote in clicks:
            getattr(thumbs, vote).click(force=True)
    thumbs.shows(clicked[-1])
    wait_until(lambda: it.heard("vote") and it.heard("vote")[-1]["vote"] == clicked[-1] and is_quiet(it))
    thumbs.shows(clicked[-1])
    assert len(it.server.standing(thumbs.message_id)) == (clicked[-1] is not None)
    votes = it.votes(thumbs.message_id)
    assert votes == accepted
    assert votes[-1] == clicked[-1]
    assert is_subsequence(votes, clicked)


def answered(it):
    """The votes that the server has taken, as it says so. In each contract's body the vote comes first."""
    accepted = []

    def note(answer):
        if answer.request.method == "POST" and answer.ok:
            vote, *_ = answer.request.post_data_json.values()
            accepted.append(RATINGS.get(vote, vote))

    it.tab.on("response", note)
    return accepted


def states(clicks, way):
    """What each click asked for."""
    asked, state = [], None
    for vote in clicks:
        if vote == state and not way.undo:
            continue
        state = None if vote == state else vote
        asked.append(state)
    return asked


def is_subsequence(some, all_of_them):
    rest = iter(all_of_them)
    return all(one in rest for one in some)


def is_quiet(it):
    """What was heard last is what was told last."""
    before = len(it.heard("vote"))
    it.tab.wait_for_load_state("networkidle")
    return len(it.heard("vote")) == before


def test_votes_are_told_in_the_order_of_the_clicks(chat):
    """Also those on different messages."""
    it = chat()
    ids = [it.answer() for _ in range(5)]
    asked = told(it)
    it.open("".join(map(it.markup, ids)))
    it.tab.evaluate("ids => ids.forEach((id) => document.querySelector(`[message-id='${id}']`)"
                    ".shadowRoot.querySelector('[part~=like]').click())", ids[::-1])
    it.hears("vote", 5)
    assert asked == ids[::-1]


def told(it):
    """The messages that votes are sent on, as they are sent."""
    asked = []
    it.tab.on("request", lambda request: asked.append(request.url.split("/")[-2]) if request.method == "POST" else None)
    return asked


# ---------------------------------------------------------------- refusals


@pytest.mark.parametrize(("way", "code"), [(VISITOR, "FORBIDDEN"), (GUEST, "FORBIDDEN"), (USER, "forbidden")], ids=str)
def test_a_refused_vote_is_taken_back_and_said(chat, way, code):
    it = chat(way)
    message_id = way.wire.registered(it.server, guest(fresh("somebody-else")))
    it.open(it.markup(message_id))
    thumbs = it.thumbs(message_id)
    thumbs.dislike.click()
    [error] = it.hears("error")
    assert (error["status"], error["code"], bool(error["message"])) == (403, code, True)
    thumbs.shows(None)
    expect(thumbs.status).to_have_text("Not saved")
    assert it.heard("vote") == []
    it.tab.complaints.clear()  # the browser's own words on the status


@pytest.mark.parametrize("body", ["null", "[]", "<p>No</p>", "{}"])
def test_a_refusal_that_is_not_plaudit_s_is_said_too(chat, body):
    it = chat()
    thumbs = it.show()
    it.tab.route("**/messages/*/feedback", lambda route: route.fulfill(
        status=422, headers={"access-control-allow-origin": "*"}, body=body))
    thumbs.like.click()
    assert it.hears("error") == [{"status": 422}]
    thumbs.shows(None)
    it.tab.complaints.clear()


def test_a_refused_vote_goes_back_to_what_the_server_confirmed_last(chat):
    it = chat()
    thumbs = it.show()
    thumbs.like.click()
    it.hears("vote")
    it.tab.evaluate("proof = { token: 'nonsense' }")
    thumbs.dislike.click()
    assert it.hears("error")[0]["status"] == 401
    thumbs.shows("like")
    it.stands(thumbs.message_id, "like")
    it.tab.complaints.clear()


def test_a_refusal_does_not_touch_what_was_clicked_since(chat):
    """Like is refused while a dislike waits: the dislike stands, is told, and nothing is said of the like."""
    it = chat()
    thumbs = it.show()
    held = it.held("**/feedback", times=1)
    with it.tab.expect_request("**/feedback"):
        thumbs.like.click()
    thumbs.dislike.click()
    held[0].fulfill(status=422, headers={"access-control-allow-origin": "*"}, json={"error": {"code": "invalid"}})
    assert [each["vote"] for each in it.hears("vote")] == ["dislike"]
    thumbs.shows("dislike")
    it.stands(thumbs.message_id, "dislike")
    assert it.heard("error") == []
    it.tab.complaints.clear()


# ---------------------------------------------------------------- proofs


def test_the_page_is_given_a_device_token_to_keep(chat, tmp_path, site, keys):
    """Guest mode `signed`: whoever was given one has to show it next time."""
    with plaudit(tmp_path, [project(MAIN, keys, origins=[site.url], guest_mode="signed")]) as signing:
        it = chat(GUEST, at=signing)
        it.open(it.markup(message_id := it.answer()))
        it.tab.evaluate("""addEventListener("plaudit-device-token", ({ detail }) => {
          proof.headers["x-device-token"] = detail.token;
        })""")
        thumbs = it.thumbs(message_id)
        thumbs.like.click()
        it.hears("vote")
        assert it.heard("device-token")
        thumbs.dislike.click()
        it.hears("vote", 2)
        it.stands(message_id, "like", "dislike")


def test_a_token_is_asked_for_with_each_request(chat):
    """And may come from one element, or for all from the class."""
    it = chat()
    thumbs = it.show()
    it.tab.evaluate("""id => {
      window.asked = 0;
      const { token } = proof;
      proof.token = "nonsense";
      document.querySelector(`[message-id="${id}"]`).getToken = async () => { asked++; return token; };
    }""", thumbs.message_id)
    thumbs.like.click()
    it.hears("vote")
    thumbs.dislike.click()
    it.hears("vote", 2)
    assert it.tab.evaluate("asked") == 2
