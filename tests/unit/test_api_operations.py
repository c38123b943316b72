"""Plaudit's own API as a back end meets it: real edge, keys and store; only the socket is left out."""

import json

import httpx2
import identity_provider
import pytest

from plaudit.analytics import Analytics
from plaudit.auth.keys import new_server_key
from plaudit.http.api import batch
from plaudit.http.app import Application, EdgeSettings
from plaudit.http.metrics import Metrics
from plaudit.model import AuthLevel, Contract, Scope, ServerKey, Subject, Vote, Voter
from plaudit.service import Service

pytestmark = pytest.mark.anyio

USER = {"user": {"issuer": "https://tenant.auth0.com/", "subject": "auth0|1"}}
GUEST = {"guest": {"device_id": "0123456789abcdef", "user_id": "U-1"}}
ANSWER = {"conversation_id": "c-1", "role": "assistant", "owner": USER}
NDJSON = {"content-type": "application/x-ndjson"}
SUBJECT = Subject.user("https://tenant.auth0.com/", "auth0|1")


@pytest.fixture
def keys():
    """One key for each scope: its text, and what is kept of it."""
    made = {scope: new_server_key() for scope in Scope}
    kept = tuple(ServerKey(scope.value, sha256, frozenset({scope})) for scope, (_, sha256) in made.items())
    return {scope: text for scope, (text, _) in made.items()}, kept


@pytest.fixture
def projects(keys):
    stranger_key, stranger_sha256 = new_server_key()
    own = identity_provider.project(server_keys=keys[1])
    other = identity_provider.project(
        "other", server_keys=(ServerKey("other", stranger_sha256, frozenset({Scope.ADMIN})),))
    return own, other, stranger_key


@pytest.fixture
def service(store, clock):
    return Service(store, now=clock, new_id=lambda: "unused")


@pytest.fixture
def analytics(store, clock):
    return Analytics(store, now=clock)


@pytest.fixture
async def client(service, analytics, authenticator, projects, keys):
    """Whoever has the key for everything."""
    own, other, _ = projects
    app = Application(service, analytics, authenticator(own, other), Metrics(),
                      EdgeSettings(batch_body_bytes_max=9 * 1024 * 1024))
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app=app), base_url="http://plaudit", headers=_bearer(keys[0][Scope.ADMIN]),
    ) as client:
        yield client


def _bearer(key):
    return {"authorization": f"Bearer {key}"}


def _statuses(answer):
    return [(result["line"], result["id"], result["status"]) for result in answer.json()["results"]]


async def test_a_message_is_registered_once(client):
    """201, then 200 with the first registration, whatever else the second one says."""
    first = await client.put("/v1/messages/m-1", json={**ANSWER, "model": "a"})
    again = await client.put("/v1/messages/m-1", json={**ANSWER, "model": "b"})
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json() == (await client.get("/v1/messages/m-1")).json()
    assert first.json()["model"] == "a"


@pytest.mark.parametrize(("changes", "resource", "field"), [
    ({"role": "human_agent"}, "message", "role"),
    ({"conversation_id": "c-2"}, "message", "conversation_id"),
    ({"owner": {"visitor": {"id": "v"}}}, "message", "owner"),
])
async def test_what_is_fixed_cannot_be_changed(client, changes, resource, field):
    """409 names the field, and nothing changes."""
    before = (await client.put("/v1/messages/m-1", json=ANSWER)).json()
    refused = await client.put("/v1/messages/m-1", json={**ANSWER, **changes})
    assert refused.status_code == 409
    assert refused.json()["error"]["details"] == {"resource": resource, "field": field}
    assert (await client.get("/v1/messages/m-1")).json() == before


async def test_a_uuid_is_one_id_in_either_case(client):
    """Both public contracts ask in lower case."""
    await client.put("/v1/messages/123E4567-E89B-12D3-A456-42661417400A", json=ANSWER)
    found = await client.get("/v1/messages/123e4567-e89b-12d3-a456-42661417400A")
    assert found.json()["id"] == "123e4567-e89b-12d3-a456-42661417400a"


async def test_an_id_may_hold_what_a_path_cannot(client):
    """Percent-encoded, a slash is part of it."""
    await client.put("/v1/messages/a%2Fb%3F%20%C3%A9", json=ANSWER)
    assert (await client.get("/v1/messages/a%2Fb%3F%20%C3%A9")).json()["id"] == "a/b? é"


async def test_a_guest_is_registered_as_a_hash(client):
    """And is the same one again; one who could never sign in is refused."""
    first = await client.put("/v1/messages/m-1", json={**ANSWER, "owner": GUEST})
    again = await client.put("/v1/messages/m-1", json={**ANSWER, "owner": GUEST})
    assert (first.status_code, again.status_code) == (201, 200)
    assert set(first.json()["owner"]["guest"]) == {"hash"}
    dud = {"guest": {"device_id": "0" * 16, "user_id": "U-1"}}
    refused = await client.put("/v1/messages/m-2", json={**ANSWER, "owner": dud})
    assert refused.json()["error"]["details"]["field"] == "owner.guest.device_id"


@pytest.mark.parametrize("as_array", [True, False], ids=["array", "ndjson"])
async def test_each_line_of_a_batch_stands_or_falls_by_itself(client, as_array):
    """A result for each, in order, and the refused ones change nothing."""
    lines = [
        {"id": "m-1", **ANSWER},
        {"id": "m-1", **ANSWER},
        {"id": "m-1", **ANSWER, "role": "user"},
        {"id": "m-2", **ANSWER, "modle": "a"},
        7,
        {"id": "m-3", **ANSWER, "conversation_id": "c-3", "owner": GUEST},
        {"id": "m-4", **ANSWER, "owner": {"guest": {"device_id": "short", "user_id": "U-1"}}},
    ]
    content, headers = json.dumps(lines), {"content-type": "application/json"}
    if not as_array:
        content, headers = "\n".join(map(json.dumps, lines)), NDJSON
    answer = await client.post("/v1/messages", content=content, headers=headers)
    assert _statuses(answer) == [
        (1, "m-1", "created"), (2, "m-1", "unchanged"), (3, "m-1", "conflict"), (4, "m-2", "invalid"),
        (5, None, "invalid"), (6, "m-3", "created"), (7, "m-4", "invalid"),
    ]
    counts = {name: count for name, count in answer.json().items() if name != "results"}
    assert counts == {"created": 2, "unchanged": 1, "conflict": 1, "invalid": 3}
    assert [(await client.get(f"/v1/messages/m-{number}")).status_code for number in (1, 2, 3, 4)] == [
        200, 404, 200, 404]


async def test_lines_of_ndjson_are_counted_from_one(client):
    """Empty ones too, though they have no result; the last one needs no end."""
    line = json.dumps({"id": "m-1", **ANSWER}).encode()
    answer = await client.post("/v1/messages", content=b"\n\r\n" + line + b"\r\n{\n \n" + line, headers=NDJSON)
    assert _statuses(answer) == [(3, "m-1", "created"), (4, None, "invalid"), (6, "m-1", "unchanged")]


async def test_ndjson_may_arrive_in_any_pieces(client):
    """Also cut within a character."""
    body = "\n".join(json.dumps({"id": f"é{number}", **ANSWER}, ensure_ascii=False) for number in range(7)).encode()

    async def pieces():
        for start in range(0, len(body), 5):
            yield body[start:start + 5]

    answer = await client.post("/v1/messages", content=pieces(), headers=NDJSON)
    assert _statuses(answer) == [(number + 1, f"é{number}", "created") for number in range(7)]


async def test_a_batch_larger_than_a_slice_keeps_its_order(client):
    """Slices are an affair of the inside."""
    count = 2 * batch.SLICE_LINES + 1
    lines = [{"id": f"m-{number}", **ANSWER} for number in range(count)]
    answer = await client.post("/v1/messages", json=lines)
    assert _statuses(answer) == [(number + 1, f"m-{number}", "created") for number in range(count)]


@pytest.mark.parametrize(("content", "media_type", "status"), [
    (b"[" + b"0," * batch.LINES_MAX + b"0]", "application/json", 422),
    (b"0\n" * (batch.LINES_MAX + 1), "application/x-ndjson", 422),
    (b"0" * (batch.LINE_BYTES_MAX + 1), "application/x-ndjson", 422),
    (b"[" + b" " * batch.ARRAY_BYTES_MAX + b"]", "application/json", 413),
    (b"\n" * (9 * 1024 * 1024 + 1), "application/x-ndjson", 413),
    (b"{}", "application/json", 400),
    (b"[", "application/json", 400),
    (b"", "application/json", 400),
    (b"[" * 100_000, "application/json", 400),
    (b"[]", "text/plain", 415),
    (b"[]", "application/json; charset=utf-16", 415),
])
async def test_a_batch_that_is_refused_as_a_whole(client, content, media_type, status):
    """Too many lines, too long ones, too large, no array, no known media type."""
    answer = await client.post("/v1/messages", content=content, headers={"content-type": media_type})
    assert answer.status_code == status


@pytest.mark.parametrize(("content", "media_type"), [(b"[]", "application/json"), (b"", "application/x-ndjson")])
async def test_a_batch_of_nothing_is_nothing(client, content, media_type):
    """And no error."""
    answer = await client.post("/v1/messages", content=content, headers={"content-type": media_type})
    assert answer.json() == {"results": [], "created": 0, "unchanged": 0, "conflict": 0, "invalid": 0}


async def test_votes_are_read_by_filter_and_page_by_page(client, service, projects):
    """Newest change first; the cursor continues where a page ended."""
    voter = Voter(projects[0], SUBJECT, AuthLevel.JWT)
    for number in range(5):
        await client.put(f"/v1/messages/m-{number}", json={**ANSWER, "model": "ab"[number % 2]})
        vote = Vote.LIKE if number % 2 else Vote.DISLIKE
        await service.submit(voter, Contract.HANDAUNCLE, f"m-{number}", vote, "why" if number == 4 else None)

    async def ids(**query):
        answer = (await client.get("/v1/feedback", params=query)).json()
        return [item["message_id"] for item in answer["items"]], answer["cursor"]

    found, cursor = await ids(limit="2")
    assert found == ["m-4", "m-3"]
    found, cursor = await ids(limit="2", cursor=cursor)
    assert found == ["m-2", "m-1"]
    assert await ids(limit="2", cursor=cursor) == (["m-0"], None)
    assert await ids(vote="like") == (["m-3", "m-1"], None)
    assert await ids(model="a", has_comment="false") == (["m-2", "m-0"], None)
    assert await ids(message_id="m-1", contract="handauncle", auth_level="jwt") == (["m-1"], None)
    assert await ids(conversation_id="c-2") == ([], None)
    assert await ids(since="2100-01-01T00:00:00Z") == ([], None)


async def test_a_conversation_and_a_history_tell_the_same_vote(client, service, projects):
    """The conversation what stands, the history how it came to that."""
    await client.put("/v1/messages/m-1", json=ANSWER)
    voter = Voter(projects[0], SUBJECT, AuthLevel.JWT)
    for vote in (Vote.LIKE, None, Vote.DISLIKE):
        await service.submit(voter, Contract.SITEASSIST, "m-1", vote)
    [message] = (await client.get("/v1/conversations/c-1")).json()["messages"]
    assert (message["feedback"]["vote"], message["feedback"]["revision"]) == ("dislike", 3)
    history = (await client.get("/v1/feedback/m-1/history")).json()["items"]
    assert [(each["revision"], each["vote"]) for each in history] == [(1, "like"), (2, None), (3, "dislike")]


@pytest.mark.parametrize(("path", "field"), [
    ("/v1/feedback?limt=1", "limt"),
    ("/v1/feedback?limit=0", "limit"),
    ("/v1/feedback?limit=1001", "limit"),
    ("/v1/feedback?limit=1&limit=2", "limit"),
    ("/v1/feedback?limit=%D9%A1", "limit"),
    ("/v1/feedback?vote=1", "vote"),
    ("/v1/feedback?has_comment=yes", "has_comment"),
    ("/v1/feedback?since=yesterday", "since"),
    ("/v1/feedback?model=", "model"),
    ("/v1/feedback?message_id=" + "x" * 129, "message_id"),
    ("/v1/feedback?cursor=x", "cursor"),
    ("/v1/feedback?auth_level=admin", "auth_level"),
    ("/v1/conversations/c-1?offset=-1", "offset"),
    ("/v1/messages/%00", "id"),
    ("/v1/messages/%FF", "id"),
    ("/v1/messages/m-1?a=b", "a"),
    ("/v1/feedback/%0A/history", "message_id"),
])
async def test_a_wrong_or_unknown_parameter_is_named(client, path, field):
    """A misspelt filter would read everything."""
    answer = await client.get(path)
    assert (answer.status_code, answer.json()["error"]["details"]["field"]) == (422, field)


OPERATIONS = [
    ("PUT", "/v1/messages/m-1", Scope.MESSAGES_WRITE),
    ("POST", "/v1/messages", Scope.MESSAGES_WRITE),
    ("GET", "/v1/messages/m-1", Scope.FEEDBACK_READ),
    ("GET", "/v1/conversations/c-1", Scope.FEEDBACK_READ),
    ("GET", "/v1/feedback", Scope.FEEDBACK_READ),
    ("GET", "/v1/feedback/m-1/history", Scope.FEEDBACK_READ),
    ("GET", "/v1/audit", Scope.ADMIN),
    ("GET", "/v1/analytics/summary", Scope.FEEDBACK_READ),
    ("GET", "/v1/analytics/series", Scope.FEEDBACK_READ),
    ("GET", "/v1/analytics/breakdown?by=model", Scope.FEEDBACK_READ),
    ("GET", "/v1/analytics/compare?by=model", Scope.FEEDBACK_READ),
    ("GET", "/v1/analytics/ranking?by=model", Scope.FEEDBACK_READ),
]


@pytest.mark.parametrize(("method", "path", "scope"), OPERATIONS)
async def test_a_key_may_do_what_its_scopes_say(client, keys, method, path, scope):
    """403 without the scope, 401 without a key; whoever is refused learns nothing of the body or the id."""
    for held, key in keys[0].items():
        answer = await client.request(method, path, headers=_bearer(key), content=b"?")
        assert (answer.status_code == 403) is (held not in (scope, Scope.ADMIN))
    unknown = await client.request(method, path, headers=_bearer("sk_unknown"), content=b"?")
    assert (unknown.status_code, unknown.headers["www-authenticate"]) == (401, 'Bearer error="invalid_token"')


async def test_a_project_never_sees_anothers_messages(client, projects):
    """Neither by id nor in a list; and the same id is free there."""
    await client.put("/v1/messages/m-1", json=ANSWER)
    stranger = _bearer(projects[2])
    for path in ("/v1/messages/m-1", "/v1/conversations/c-1", "/v1/feedback/m-1/history"):
        assert (await client.get(path, headers=stranger)).status_code == 404
    assert (await client.put("/v1/messages/m-1", json=ANSWER, headers=stranger)).status_code == 201


async def test_the_document_is_for_everyone(client):
    """It says nothing that the package does not."""
    client.headers.pop("authorization")
    assert (await client.get("/v1/openapi")).json()["openapi"].startswith("3.1")


async def test_the_pages_are_for_an_administrator_unless_the_settings_say_otherwise(client, keys):
    """With every key but that one they are refused."""
    found = {scope: (await client.get("/docs/plaudit", headers=_bearer(key))).status_code
             for scope, key in keys[0].items()}
    assert found == {scope: 200 if scope is Scope.ADMIN else 403 for scope in Scope}
    assert (await client.get("/docs/nothing")).status_code == 404
    style = await client.get("/docs/style.css")
    assert style.headers["content-type"] == "text/css; charset=utf-8"
