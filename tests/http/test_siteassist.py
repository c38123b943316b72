"""SiteAssist v2 as its widget uses it: say hello, open a conversation, vote, look again."""

import re
import uuid

import pytest
from running import ORIGIN, fresh, guest, publishable_key, user
from wires import SITEASSIST

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", re.ASCII)


@pytest.fixture
def visitor(server):
    return server.visitor()


def hello(server, device: str, key: str = ""):
    return server.http.post("/v2/identity/init", json={"apiKey": key or publishable_key(), "saVid": device},
                            headers={"origin": ORIGIN})


def test_a_device_is_new_once_and_the_same_visitor_ever_after(server):
    """201, then 200; the visitor has no name and no other id."""
    device = fresh("device")
    first, second = hello(server, device), hello(server, device)
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json()["visitor"] == second.json()["visitor"] == {
        "object": "visitor", "id": first.json()["visitor"]["id"], "type": "anonymous", "externalId": None, "name": None,
        "avatarUrl": None}
    assert UUID.fullmatch(first.json()["visitor"]["id"])


def test_the_same_device_is_another_visitor_in_another_project(server):
    device = fresh("device")
    ids = {server.http.post("/v2/identity/init", json={"apiKey": publishable_key(project), "saVid": device}
                            ).json()["visitor"]["id"] for project in ("main", "other")}
    assert len(ids) == 2


@pytest.mark.parametrize(("body", "status", "field"), [
    ({"saVid": "x"}, 422, "apiKey"),
    ({"apiKey": "", "saVid": "x"}, 422, "apiKey"),
    ({"apiKey": 1, "saVid": "x"}, 422, "apiKey"),
    ({"apiKey": publishable_key()}, 422, "saVid"),
    ({"apiKey": publishable_key(), "saVid": ""}, 422, "saVid"),
    ({"apiKey": publishable_key(), "saVid": "x" * 101}, 422, "saVid"),
    ({"apiKey": "pk_nobodys-key", "saVid": "x"}, 401, None),
])
def test_who_says_hello_badly_is_told_what_is_wrong(server, body, status, field):
    refusal = SITEASSIST.refusal(server.http.post("/v2/identity/init", json=body))
    assert (refusal.status, refusal.details.get("field")) == (status, field)


def test_a_session_names_its_visitor_and_a_users_token_its_user(server, visitor):
    me = server.http.get("/v2/identity/me", headers=visitor.headers).json()
    assert (me["id"], me["type"]) == (visitor.owner["visitor"]["id"], "anonymous")
    signed_in = server.http.get("/v2/identity/me", headers=user("ann").headers).json()
    assert (signed_in["type"], signed_in["externalId"]) == ("identified", "auth0|ann")
    assert server.http.get("/v2/identity/me", headers=guest().headers).status_code == 401


@pytest.mark.parametrize(("key", "status"), [(publishable_key(), 200), ("pk_nobodys-key", 401), ("", 401), (None, 401)])
def test_the_widget_asks_for_its_project_by_key(server, key, status):
    answer = server.http.get("/v2/projects/current", params={} if key is None else {"apiKey": key})
    assert answer.status_code == status
    if status == 200:
        project = answer.json()
        assert (project["object"], project["id"], project["quickPrompts"]) == ("project", "main", [])
        assert project["chatWidgetConfig"]["displayName"] == "main"


@pytest.mark.parametrize(("origin", "status"), [(ORIGIN, 200), ("https://other.example.com", 403), ("null", 403)])
def test_the_widget_is_told_of_its_project_on_its_own_pages_only(server, origin, status):
    answer = server.http.get("/v2/projects/current", params={"apiKey": publishable_key()}, headers={"origin": origin})
    assert answer.status_code == status
    if status == 403:
        assert SITEASSIST.refusal(answer).code == "FORBIDDEN"


def test_a_vote_is_readable_where_the_widget_looks_next(server, visitor):
    """In the conversation and in its messages, with the time; taking it back takes both away."""
    conversation = server.http.post("/v2/conversations", json={"title": "Hi"}, headers=visitor.headers)
    conversation_id = conversation.json()["id"]
    message_id = SITEASSIST.registered(server, visitor, conversation_id=conversation_id, content="Hello!")
    shown = []
    for body in ({"feedback": "like"}, {"feedback": "dislike"}, {"feedback": None}, {"feedback": None}):
        answer = SITEASSIST.vote(server, message_id, visitor.headers, body)
        assert (answer.status_code, answer.json()) == (200, body)
        [message] = server.http.get(f"/v2/conversations/{conversation_id}", headers=visitor.headers).json()["messages"]
        [listed] = server.http.get(f"/v2/conversations/{conversation_id}/messages", headers=visitor.headers
                                   ).json()["data"]
        assert message == listed
        shown.append((message["feedback"], bool(message["feedbackAt"] and INSTANT.fullmatch(message["feedbackAt"]))))
    assert (conversation.status_code, conversation.json()["title"]) == (201, "Hi")
    assert shown == [("like", True), ("dislike", True), (None, False), (None, False)]
    assert [revision["vote"] for revision in server.history(message_id)] == ["like", "dislike", None]


def test_a_message_has_every_member_of_the_contract(server, visitor):
    message_id = SITEASSIST.registered(server, visitor, conversation_id=(given := str(uuid.uuid4())), content="Hello!",
                                       created_at="2026-11-22T08:00:00Z", role="human_agent")
    [message] = server.http.get(f"/v2/conversations/{given}", headers=visitor.headers).json()["messages"]
    assert message == {
        "object": "message", "id": message_id, "createdAt": "2026-11-22T08:00:00.000Z", "chatId": given,
        "role": "human_agent", "parts": [{"type": "text", "text": "Hello!"}], "status": "complete", "error": None,
        "feedback": None, "feedbackAt": None, "metadata": None, "humanAgent": None, "pageUrl": None, "pageTitle": None,
        "textSelection": None}


def test_ids_may_be_written_in_either_case(server, visitor):
    message_id = SITEASSIST.registered(server, visitor)
    assert SITEASSIST.vote(server, message_id.upper(), visitor.headers).status_code == 200
    assert len(server.standing(message_id)) == 1


def test_conversations_are_listed_page_by_page(server, visitor):
    """Newest first unless asked otherwise; only one's own; the total counts all of them."""
    ids = [server.http.post("/v2/conversations", json={"title": str(number)}, headers=visitor.headers).json()["id"]
           for number in range(3)]
    server.http.post("/v2/conversations", json={}, headers=server.visitor().headers)

    def page(**query: object):
        return server.http.get("/v2/conversations", params=query, headers=visitor.headers).json()

    listed = page(limit=2, orderDir="asc")
    assert (listed["object"], listed["total"], listed["limit"], listed["offset"]) == ("list", 3, 2, 0)
    both = {conversation["id"] for conversation in [*listed["data"], *page(limit=2, offset=2, orderDir="asc")["data"]]}
    assert both == set(ids)
    assert page(status="closed")["data"] == []


@pytest.mark.parametrize(("query", "field"), [
    ("limit=0", "limit"), ("limit=101", "limit"), ("limit=x", "limit"), ("limit=%D9%A1", "limit"),
    ("offset=-1", "offset"), ("orderBy=title", "orderBy"), ("orderDir=up", "orderDir"), ("status=gone", "status"),
    ("limit=1&limit=2", "limit"),
])
def test_a_query_that_the_contract_does_not_describe_is_refused(server, visitor, query, field):
    refusal = SITEASSIST.refusal(server.http.get(f"/v2/conversations?{query}", headers=visitor.headers))
    assert (refusal.status, refusal.code, refusal.details["field"]) == (422, "VALIDATION_ERROR", field)
