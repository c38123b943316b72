"""Dify's feedback operations: who may vote as whom, whatever can be wrong, and the votes read back."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import httpx2
import pytest
from running import MAIN, Json, Person, Plaudit, bearer, fresh, publishable_key, receipt, server_key, user

OTHER = "other"
WRITER, READER = server_key(scope="feedback:write"), server_key(scope="feedback:read")
PATH = "/dify/v1/messages/{}/feedbacks"


def named(name: str = "abc-123", project_id: str = MAIN) -> Person:
    """Somebody whom the application calls so."""
    return Person({"visitor": {"id": name}}, {}, project_id)


def vote(server: Plaudit, message_id: str, name: Any, rating: str | None = "like", *, key: str = WRITER, **more: Any
         ) -> httpx2.Response:
    body = {"rating": rating, "user": name, **more}
    return server.http.post(PATH.format(message_id), json=body, headers=bearer(key) if key else {})


def registered(server: Plaudit, owner: Person, **changes: Any) -> str:
    message_id = fresh("m")
    assert server.register(message_id, owner, **changes).status_code == 201
    return message_id


def refusal(answer: httpx2.Response) -> Json:
    """Raises AssertionError unless the answer is Dify's own envelope."""
    body = answer.json()
    assert (answer.headers["content-type"], body.pop("status")) == ("application/json", answer.status_code)
    assert isinstance(body.pop("message"), str)
    assert "x-request-id" in answer.headers
    return body


# ---------------------------------------------------------------- who may do what

TARGETS = ("the user's", "another's", "the other project's", "unknown", "malformed")
ACTIONS = ("vote", "change", "remove")
KEYS = {
    "the writer": WRITER,
    "the administrator": server_key(),
    "the reader": READER,
    "the registrar": server_key(scope="messages:write"),
    "the other project's writer": server_key(OTHER, "feedback:write"),
    "a user": user().headers["authorization"].removeprefix("Bearer "),
    "a page": publishable_key(),
    "nobody": "",
}
MATRIX = {  # who asks, naming the user; and the answers by TARGETS
    "the writer":                 "200 404 404 404 400",
    "the administrator":          "200 404 404 404 400",
    "the reader":                 "403 403 403 403 403",
    "the registrar":              "403 403 403 403 403",
    "the other project's writer": "404 404 200 404 400",
    "a user":                     "401 401 401 401 401",
    "a page":                     "401 401 401 401 401",
    "nobody":                     "401 401 401 401 401",
}
READING = {"the administrator": 200, "the reader": 200, "the writer": 403, "the registrar": 403,
           "the other project's writer": 403, "a user": 401, "a page": 401, "nobody": 401}


def cells():
    """Who is told the same of everything has not come as far as the action."""
    for actor, row in MATRIX.items():
        for target, status in zip(TARGETS, row.split(), strict=True):
            for action in ACTIONS if len(set(row.split())) > 1 else ACTIONS[:1]:
                yield pytest.param(actor, target, int(status), action, id=f"{actor}-{action}-{target}")


@pytest.mark.parametrize(("actor", "target", "status", "action"), list(cells()))
def test_the_matrix(server, actor, target, status, action):
    """Whom a key names is believed in its own project; where the answer is no, nothing has changed."""
    name = fresh("abc")
    owners = {"the user's": named(name), "another's": named(fresh("abc")), "the other project's": named(name, OTHER)}
    owner = owners.get(target)
    message_id = registered(server, owner) if owner else {"unknown": fresh("m"), "malformed": "%00"}[target]
    if owner and action != "vote":
        key = server_key(owner.project, "feedback:write")
        assert vote(server, message_id, owner.owner["visitor"]["id"], key=key).status_code == 200
    before = server.history(message_id, owner.project) if owner else []
    answer = vote(server, message_id, name, {"vote": "like", "change": "dislike", "remove": None}[action],
                  key=KEYS[actor])
    assert answer.status_code == status, answer.text
    added = server.history(message_id, owner.project)[len(before):] if owner else []
    if status != 200:
        refusal(answer)
        assert added == []
    else:
        assert [(each["vote"], each["auth_level"]) for each in added] == [
            ({"vote": "like", "change": "dislike", "remove": None}[action], "server-key")]


@pytest.mark.parametrize("actor", KEYS)
def test_who_may_read_the_votes(server, actor):
    """It takes the scope."""
    answer = server.http.get("/dify/v1/app/feedbacks", headers=bearer(KEYS[actor]) if KEYS[actor] else {})
    assert answer.status_code == READING[actor]


# ---------------------------------------------------------------- what can be wrong


@dataclass(frozen=True)
class Condition:
    """A vote on the user's own message, but for what is said here."""

    name: str
    status: int
    code: str
    params: str | None = None
    body: Any = None
    content: bytes | None = None
    headers: tuple[tuple[str, str], ...] = ()
    method: str = "POST"
    project: str = MAIN
    role: str = "assistant"

    def __str__(self) -> str:
        return self.name


def wrong(name: str, params: str, **body: Any) -> Condition:
    return Condition(name, 400, "invalid_param", params, body={"rating": "like", **body})


CONDITIONS = [
    Condition("no JSON", 400, "bad_request", content=b"{"),
    Condition("not an object", 400, "bad_request", content=b"[1]"),
    Condition("bad UTF-8", 400, "bad_request", content=b'{"rating":"like","user":"\xc0\xaf"}'),
    wrong("rating wrong", "rating", rating="up"),
    wrong("rating no word", "rating", rating=["like"]),
    wrong("user empty", "user", user=""),
    wrong("user no text", "user", user=7),
    wrong("user too long", "user", user="x" * 129),
    wrong("user with a line in it", "user", user="a\nb"),
    wrong("comment no text", "content", content=7),
    wrong("comment too long", "content", content="x" * 1001),
    wrong("comment with NUL", "content", content="a\0b"),
    Condition("user missing", 400, "invalid_param", "user", content=b'{"rating":"like"}'),
    Condition("a user's own words", 400, "invalid_param", "messageId", role="user"),
    Condition("another scheme", 401, "unauthorized", headers=(("authorization", "Basic YTpi"),)),
    Condition("a key that no project has", 401, "unauthorized", headers=(("authorization", "Bearer sk_x"),)),
    Condition("plan without feedback", 402, "payment_required", project="free"),
    Condition("feedback switched off", 403, "forbidden", project="off"),
    Condition("a project that does not list it", 404, "not_found", project="siteassist-only"),
    *(Condition(f"{method} instead of POST", 405, "method_not_allowed", method=method) for method in ("GET", "PUT")),
    Condition("body too large", 413, "request_entity_too_large", content=b" " * 16_385),
    Condition("wrong media type", 415, "unsupported_media_type", headers=(("content-type", "text/plain"),)),
    Condition("headers too large", 431, "request_header_fields_too_large", headers=(("x-large", "1" * 16_384),)),
    Condition("forged receipt", 400, "invalid_param", "receipt", headers=(("x-message-receipt", "x.y.z"),)),
]


@pytest.mark.parametrize("condition", CONDITIONS, ids=str)
def test_each_condition_has_its_answer(server, condition):
    """In Dify's envelope; `params` names the field."""
    owner = named(project_id=condition.project)
    message_id = registered(server, owner, role=condition.role)
    given = {"user": "abc-123", "rating": "like", **(condition.body or {})}
    headers = {**bearer(server_key(condition.project, "feedback:write")), "content-type": "application/json",
               **dict(condition.headers)}
    body = {"content": condition.content} if condition.content else {"json": given}
    answer = server.http.request(condition.method, PATH.format(message_id), headers=headers, **body)
    expected = {"code": condition.code, **({"params": condition.params} if condition.params else {})}
    assert (answer.status_code, refusal(answer)) == (condition.status, expected)


@pytest.mark.parametrize("project", ["few-a-subject", "few-a-project"])
def test_who_asks_too_often_waits(server, project):
    """Each named user has a limit of its own, and all of a project's voters one together."""
    eager = fresh("eager")
    names = [fresh("abc") if project == "few-a-project" else eager for _ in range(4)]
    answers = [vote(server, "m", name, key=server_key(project, "feedback:write")) for name in names]
    assert answers[-1].status_code == 429
    assert refusal(answers[-1]) == {"code": "too_many_requests"}
    assert int(answers[-1].headers["retry-after"]) >= 1


def test_another_user_is_not_held_up_by_one_who_asks_too_often(server):
    """The limit is the named one's, not the key's."""
    key, names = server_key("few-a-subject", "feedback:write"), [fresh("eager")] * 4 + [fresh("calm")]
    assert [vote(server, "m", name, key=key).status_code for name in names] == [404, 404, 404, 429, 404]


# ---------------------------------------------------------------- votes


def test_a_vote_is_given_changed_and_taken_back(server):
    """As in any other contract; the comment of a vote that is taken back is not looked at."""
    name = fresh("abc")
    message_id = registered(server, named(name))
    answers = [vote(server, message_id, name, **body) for body in (
        {"rating": "like"}, {"rating": "dislike", "content": "Wrong."}, {"rating": "dislike", "content": ""},
        {"rating": None, "content": 7}, {"rating": None})]
    absent = server.http.post(PATH.format(message_id), json={"user": name}, headers=bearer(WRITER))
    assert [(answer.status_code, answer.json()) for answer in (*answers, absent)] == [(200, {"result": "success"})] * 6
    assert [(each["vote"], each["comment"], each["contract"]) for each in server.history(message_id)] == [
        ("like", None, "dify"), ("dislike", "Wrong.", "dify"), ("dislike", None, "dify"), (None, None, "dify")]


def test_a_name_that_is_a_uuid_is_one_person_in_either_case(server):
    """As messages are registered."""
    message_id = registered(server, named("3F0C5A52-8A0E-4A5B-9D0E-6F1D2C3B4A59"))
    assert vote(server, message_id, "3f0c5a52-8a0e-4a5b-9d0e-6f1d2c3b4A59").status_code == 200


def test_a_receipt_registers_the_message(server):
    """Its owner must be the one who is named: anybody else's message is not found."""
    owner, message_id = named(fresh("abc")), fresh("m")
    headers = {**bearer(WRITER), **receipt(message_id, owner, "c-of-the-receipt")}
    asked = {name: server.http.post(PATH.format(message_id), json={"rating": "like", "user": name}, headers=headers)
             for name in ("somebody-else", owner.owner["visitor"]["id"])}
    assert [answer.status_code for answer in asked.values()] == [404, 200]
    assert server.message(message_id).json()["conversation_id"] == "c-of-the-receipt"


@pytest.mark.parametrize("when", ["registered", "by a receipt"])
def test_a_named_user_who_has_become_a_user_votes_as_that_one(server, when):
    """On what was theirs before, and on what is registered as theirs later."""
    owner, ann, message_id = named(fresh("abc")), user(fresh("ann")), fresh("m")
    if when == "registered":
        server.register(message_id, owner)
    linked = server.http.post("/v1/identities/link", json={**owner.owner, **ann.owner}, headers=bearer(server_key()))
    assert linked.status_code == 200
    headers = bearer(WRITER) | (receipt(message_id, owner) if when == "by a receipt" else {})
    body = {"rating": "like", "user": owner.owner["visitor"]["id"]}
    assert server.http.post(PATH.format(message_id), json=body, headers=headers).status_code == 200
    assert server.message(message_id).json()["owner"] == ann.owner
    assert [vote["auth_level"] for vote in server.history(message_id)] == ["server-key"]


# ---------------------------------------------------------------- reading them


def read(server: Plaudit, **asked: Any) -> list[Json]:
    answer = server.http.get("/dify/v1/app/feedbacks", params=asked, headers=bearer(READER))
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


def test_a_vote_is_read_back(server):
    """With an id that stays when it is changed; once it is taken back it is not there."""
    name = fresh("abc")
    message_id = registered(server, named(name), conversation_id="c-1")

    def own() -> list[Json]:
        return [each for each in read(server, limit=101) if each["message_id"] == message_id]

    vote(server, message_id, name)
    [first] = own()
    vote(server, message_id, name, "dislike", content="Wrong.")
    [second] = own()
    vote(server, message_id, name, None)
    assert own() == []
    assert first["id"] == second["id"]
    assert second["updated_at"] >= second["created_at"] == first["created_at"]
    assert {key: value for key, value in second.items() if key not in {"id", "created_at", "updated_at"}} == {
        "app_id": MAIN, "conversation_id": "c-1", "message_id": message_id, "rating": "dislike", "content": "Wrong.",
        "from_source": "user", "from_end_user_id": name, "from_account_id": None}


def test_pages_follow_each_other(server):
    """Each vote is on one of them; after the last there is an empty one."""
    key, names = server_key("no-guests", "feedback:write"), [fresh("abc") for _ in range(5)]
    messages = [registered(server, named(name, "no-guests")) for name in names]
    for message_id, name in zip(messages, names, strict=True):
        vote(server, message_id, name, key=key)
    every = [server.http.get("/dify/v1/app/feedbacks", params={"page": page, "limit": 2},
                             headers=bearer(server_key("no-guests"))).json()["data"] for page in (1, 2, 3, 4)]
    found = [each for page in every for each in page]
    assert {each["message_id"] for each in found} == set(messages)
    assert all(one["updated_at"] >= other["updated_at"] for one, other in pairwise(found))
    assert [len(page) for page in every] == [2, 2, 1, 0]


@pytest.mark.parametrize("asked", ["page=0", "page=101", "limit=0", "limit=102", "page=x", "page=1&page=1"])
def test_a_page_that_there_cannot_be(server, asked):
    answer = server.http.get(f"/dify/v1/app/feedbacks?{asked}", headers=bearer(READER))
    assert (answer.status_code, refusal(answer)) == (400, {"code": "invalid_param", "params": asked[:5].rstrip("=")})


def test_a_project_that_does_not_list_it_has_no_votes_to_read_here(server):
    answer = server.http.get("/dify/v1/app/feedbacks", headers=bearer(server_key("siteassist-only")))
    assert (answer.status_code, refusal(answer)) == (404, {"code": "not_found"})
