"""What an endpoint is sent, whole, in each of the ways in which an event can be written."""

import json
from dataclasses import replace

import pytest
from examples import ANNA, DISLIKE, GUEST, LIKE, NOW, VISITOR, a_message

from plaudit.events import Body, Endpoint, Event, Kind
from plaudit.model import AuthLevel, Contract, Feedback
from plaudit.webhooks.bodies import written

ENDPOINT = Endpoint("all", "acme", "https://receiver.example/")
MESSAGE = a_message(model="gpt-x", prompt_version="v7", arms={"tone": "warm"}, locale="de", platform="web",
                    trace_id="t-1", span_id="s-1", content="It is <b>late</b> & dark.")
FEEDBACK = Feedback("acme", "m-1", ANNA, AuthLevel.JWT, Contract.HANDAUNCLE, DISLIKE,
                    "No, <!channel> & *you*!\nReally.", 2, NOW, NOW + 1500, ("old",))
EVENT = Event(4711, Kind.DISLIKE, FEEDBACK, MESSAGE, LIKE, None)
ID = "evt_4711_1795334401500"

MESSAGE_DATA = {
    "id": "m-1", "conversation_id": "c-1", "role": "assistant", "created_at": "2026-11-22T08:00:00.000Z",
    "model": "gpt-x", "prompt_version": "v7", "arms": {"tone": "warm"},
    "content": "It is <b>late</b> & dark.", "locale": "de", "platform": "web", "trace_id": "t-1", "span_id": "s-1",
}
DATA = {
    "id": ID, "project": "acme", "subject": {"user": {"issuer": "https://tenant.example/", "subject": "auth0|anna"}},
    "linked_from": None, "vote": "dislike", "previous_vote": "like", "comment": "No, <!channel> & *you*!\nReally.",
    "has_comment": True, "reasons": ["old"], "revision": 2, "contract": "handauncle", "auth_level": "jwt",
    "created_at": "2026-11-22T08:00:00.000Z", "updated_at": "2026-11-22T08:00:01.500Z", "message": MESSAGE_DATA,
}


def body(event=EVENT, **changes):
    media_type, content = written(event, replace(ENDPOINT, **changes))
    return media_type, json.loads(content)


def test_plaudits_own():
    """A type, a time and data, as the Standard Webhooks specification recommends."""
    assert body() == ("application/json", {
        "type": "vote.dislike", "timestamp": "2026-11-22T08:00:01.500Z", "data": DATA})


def test_cloudevents():
    """CloudEvents 1.0, in its JSON format."""
    assert body(body=Body.CLOUDEVENTS) == ("application/cloudevents+json", {
        "specversion": "1.0", "id": ID, "source": "urn:plaudit:acme", "type": "plaudit.vote.dislike", "subject": "m-1",
        "time": "2026-11-22T08:00:01.500Z", "datacontenttype": "application/json", "data": DATA})


def test_a_chat():
    """A text for people. Nobody is mentioned and nothing is linked by what a voter writes."""
    assert body(body=Body.SLACK) == ("application/json", {"text": (
        ":thumbsdown: Dislike: acme · gpt-x · v7 · old\n"
        "> No, &lt;!channel&gt; &amp; *you*!\n"
        "> Really.\n"
        "It was said of:\n"
        "> It is &lt;b&gt;late&lt;/b&gt; &amp; dark.\n"
        "Message m-1 of conversation c-1")})


@pytest.mark.parametrize("kind", Body)
def test_comments_stay_where_they_are_unless_they_may_go(kind):
    _, content = written(EVENT, replace(ENDPOINT, body=kind, comments=False))
    assert b"Really" not in content


def test_a_long_comment_is_cut_for_a_chat():
    """A text may have four thousand characters there."""
    long = replace(EVENT, feedback=replace(FEEDBACK, comment="x" * 9000), message=replace(MESSAGE, content=None))
    _, told = body(long, body=Body.SLACK)
    assert len(told["text"]) < 4000
    assert "x…" in told["text"]


@pytest.mark.parametrize(("kind", "vote", "said"), [
    (Kind.LIKE, LIKE, ":thumbsup: Like"), (Kind.REMOVED, None, ":wastebasket: Vote removed"),
    (Kind.LINKED, LIKE, ":link: A guest's vote is a user's now")])
def test_what_a_chat_is_told_of_other_events(kind, vote, said):
    _, told = body(replace(EVENT, kind=kind, feedback=replace(FEEDBACK, vote=vote, comment=None)), body=Body.SLACK)
    assert told["text"].startswith(f"{said}: acme")


@pytest.mark.parametrize(("who", "written_as"), [
    (GUEST, {"guest": {"hash": "5f" * 32}}), (VISITOR, {"visitor": {"id": "7d4f4b9e-6f4e-4f61-9f0b-1d2c3b4a5968"}})])
def test_who_had_the_vote_before(who, written_as):
    """Of a vote that became a user's."""
    _, told = body(replace(EVENT, kind=Kind.LINKED, owner_before=who))
    assert (told["type"], told["data"]["linked_from"]) == ("vote.linked", written_as)
