"""HandAuncle v1 as its application uses it: vote with a comment, list conversations, read messages with their votes."""

import re

import pytest
from running import fresh, guest, user
from wires import HANDAUNCLE, Refusal

INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", re.ASCII)
CONVERSATIONS = "/api/v1/user/conversations"


@pytest.fixture(params=["user", "guest"])
def person(request):
    """Both ways to be somebody, with nothing registered yet."""
    return user(fresh("ann")) if request.param == "user" else guest(fresh("gus"))


def get(server, person, path: str, **query: object):
    answer = server.http.get(path, params=query, headers=person.headers)
    assert answer.status_code == 200, answer.text
    assert answer.json()["meta"]["requestId"] == answer.headers["x-request-id"]
    return answer.json()["data"]


def test_a_vote_is_answered_with_what_was_stored(server, person):
    message_id = HANDAUNCLE.registered(server, person)
    answer = HANDAUNCLE.vote(server, message_id, person.headers, {"rating": -1, "feedback": "Too long"}).json()
    updated_at, timestamp = answer["data"].pop("updatedAt"), answer["meta"]["timestamp"]
    assert (answer["success"], answer["data"]) == (
        True, {"messageId": message_id, "rating": -1, "feedback": "Too long"})
    assert INSTANT.fullmatch(updated_at)
    assert INSTANT.fullmatch(timestamp)


def test_votes_stand_beside_their_messages(server, person):
    """Each message with its owner's vote and comment, or null."""
    conversation_id = fresh("c")
    for number, body in enumerate(({"rating": 1}, {"rating": -1, "feedback": "No"}, None)):
        message_id = HANDAUNCLE.registered(server, person, conversation_id=conversation_id, content=str(number),
                                           created_at=f"2026-11-22T08:00:0{number}Z", model="gpt-x")
        if body:
            assert HANDAUNCLE.vote(server, message_id, person.headers, body).status_code == 200
    data = get(server, person, f"{CONVERSATIONS}/{conversation_id}/messages")
    assert [(message["content"], message["rating"], message["feedback"]) for message in data["messages"]] == [
        ("0", 1, None), ("1", -1, "No"), ("2", None, None)]
    assert data["pagination"] == {"hasMore": False, "before": None}
    assert data["messages"][-1] == {
        "id": message_id, "conversationId": conversation_id, "role": "assistant", "content": "2",
        "createdAt": "2026-11-22T08:00:02.000Z", "tokenCount": None, "model": "gpt-x", "toolCalls": None,
        "rating": None, "feedback": None}


def test_messages_are_paged_backwards(server, person):
    """The newest first page, each page in the order of time, until there are no more."""
    conversation_id = fresh("c")
    for number in range(5):
        HANDAUNCLE.registered(server, person, conversation_id=conversation_id, content=str(number),
                              created_at=f"2026-11-22T08:00:0{number}Z", role="user" if number == 1 else "assistant")
    path, pages, before = f"{CONVERSATIONS}/{conversation_id}/messages", [], {}
    while not pages or before["before"]:
        data = get(server, person, path, limit=2, **before)
        pages.append([message["content"] for message in data["messages"]])
        before = {"before": data["pagination"]["before"]}
    assert pages == [["3", "4"], ["1", "2"], ["0"]]
    assert [message["content"] for message in get(server, person, path, role="user")["messages"]] == ["1"]


def test_conversations_are_listed_and_searched(server, person):
    ids = [fresh("c") for _ in range(3)]
    for number, conversation_id in enumerate(ids):
        HANDAUNCLE.registered(server, person, conversation_id=conversation_id, content=f"about Topic-{number}%",
                              created_at=f"2026-11-22T08:00:0{number}Z")

    def listed(**query: object):
        data = get(server, person, CONVERSATIONS, **query)
        return [conversation["id"] for conversation in data["conversations"]], data["pagination"]

    assert listed() == (ids[::-1], {"total": 3, "limit": 20, "offset": 0, "hasMore": False})
    assert listed(limit=2, sortOrder="asc") == (ids[:2], {"total": 3, "limit": 2, "offset": 0, "hasMore": True})
    assert listed(q="topic-1%")[0] == [ids[1]]
    assert listed(q="_opic")[0] == []
    assert listed(status="archived")[0] == []


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "offset=-1", "sortBy=title", "sortOrder=up", "status=gone",
                                   "q=%00", "q=" + "x" * 201, "limit=1&limit=2"])
def test_a_query_that_the_contract_does_not_describe_is_refused(server, query):
    refusal = HANDAUNCLE.refusal(server.http.get(f"{CONVERSATIONS}?{query}", headers=user().headers))
    assert refusal == Refusal(400, "VALIDATION_ERROR", {})


@pytest.mark.parametrize(("changes", "why"), [
    ({"x-device-id": "too-short"}, "fewer than 16 characters"),
    ({"x-device-id": "00000000-0000-0000-0000-000000000000"}, "the nil UUID"),
    ({"x-device-id": "9774d56d682e549c"}, "an id that millions of phones share"),
    ({"x-device-id": "a" * 129}, "more than 128 characters"),
    ({"x-device-id": "device/with/slashes"}, "other characters"),
    ({"x-platform": "windows"}, "an unknown platform"),
    ({"x-platform": ""}, "no platform"),
    ({"x-user-id": ""}, "no user id"),
    ({"x-user-id": "auth0|123"}, "a registered user's form"),
], ids=lambda value: value if isinstance(value, str) else "")
def test_a_guest_whose_headers_are_amiss_is_nobody(server, changes, why):
    answer = server.http.get(CONVERSATIONS, headers={**guest(fresh("gus")).headers, **changes})
    assert HANDAUNCLE.refusal(answer) == Refusal(401, "UNAUTHORIZED", {}), why
