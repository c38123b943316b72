"""assistant-ui's feedback: what can be wrong, whom a server key names, and that a message is where the path says."""

from typing import Any

import httpx2
import pytest
from identity_provider import ISSUER, OTHER_ISSUER
from running import MAIN, ORIGIN, Person, Plaudit, bearer, fresh, receipt, server_key, user
from wires import ASSISTANT_UI

OTHER = "other"
UP = {"type": "positive"}


def named(name: str, project_id: str = MAIN, scope: str = "feedback:write") -> Person:
    """Somebody whom the application calls so, by a key of its."""
    headers = {**bearer(server_key(project_id, scope)), "aui-user-id": name, "aui-workspace-id": "w-1"}
    return Person({"visitor": {"id": name}}, headers, project_id)


def post(server: Plaudit, owner: Person, content: Any = None, *, message_id: str = "", **headers: str
         ) -> httpx2.Response:
    """On a new message of the owner's, unless an id says which. Bytes are sent as they are."""
    message_id = message_id or ASSISTANT_UI.registered(server, owner)
    given = {"content": content} if isinstance(content, bytes) else {"json": content or UP}
    return server.http.post(ASSISTANT_UI.url(message_id), headers={
        "content-type": "application/json", **owner.headers, **headers}, **given)


CONDITIONS = {
    "no JSON": ({"content": b"{"}, 400, "The body must be a JSON object"),
    "not an object": ({"content": b"[1]"}, 400, "The body must be a JSON object"),
    "type missing": ({"content": b"{}"}, 400, "type: must be 'positive' or 'negative'"),
    "type null": ({"content": {"type": None}}, 400, "type: must be 'positive' or 'negative'"),
    "type wrong": ({"content": {"type": ["positive"]}}, 400, "type: must be 'positive' or 'negative'"),
    "comment no text": ({"content": {**UP, "comment": 7}}, 400, None),
    "comment too long": ({"content": {**UP, "comment": "x" * 1001}}, 400,
                         "comment: must be a string of at most 1000 characters, none of them NUL"),
    "forged receipt": ({"x-message-receipt": "x.y.z"}, 400, None),
    "another scheme": ({"authorization": "Basic YTpi"}, 401, "Authentication required"),
    "a bad token": ({"authorization": "Bearer x.y.z"}, 401, "Authentication required"),
    "a token of one's own, and a name": ({"aui-user-id": "bob"}, 401, "Authentication required"),
    "a server's key that names nobody": ({"authorization": f"Bearer {server_key()}"}, 403, "Access denied"),
    "wrong media type": ({"content": b"{}", "content-type": "text/plain"}, 415, None),
    "body too large": ({"content": b" " * 16_385}, 413, None),
    "headers too large": ({"x-large": "1" * 16_384}, 431, None),
}


@pytest.mark.parametrize("condition", CONDITIONS)
def test_each_condition_has_its_answer(server, condition):
    """A status, and a sentence for people."""
    asked, status, text = CONDITIONS[condition]
    answer = post(server, user(), **asked)
    assert ASSISTANT_UI.refusal(answer).status == status
    assert text in (None, answer.json()["error"])


@pytest.mark.parametrize(("project", "status"), [
    ("free", 402), ("off", 403), ("siteassist-only", 404), ("unreachable-issuer", 503)])
def test_a_project_that_is_not_in_order_says_so(server, project, status):
    """Each in one way; what is not listed is not there, for a server's key neither."""
    ann = user("ann", project, OTHER_ISSUER if project == "unreachable-issuer" else ISSUER)
    assert ASSISTANT_UI.refusal(post(server, ann)).status == status
    if project != "unreachable-issuer":
        assert ASSISTANT_UI.refusal(post(server, named("abc-123", project))).status == status


def test_a_users_own_words_are_not_rated(server):
    message_id = ASSISTANT_UI.registered(server, user(), role="user")
    answer = post(server, user(), message_id=message_id)
    assert ASSISTANT_UI.refusal(answer).status == 400
    assert [each["path"] for each in answer.json()["details"]] == [["messageId"]]


@pytest.mark.parametrize("project", ["few-a-subject", "few-a-project"])
def test_who_asks_too_often_waits(server, project):
    """By a key, each named user has a limit of its own."""
    eager = fresh("eager")
    names = [fresh("abc") if project == "few-a-project" else eager for _ in range(4)]
    answers = [post(server, named(name, project), message_id="m") for name in names]
    assert ASSISTANT_UI.refusal(answers[-1]).status == 429
    assert int(answers[-1].headers["retry-after"]) >= 1
    if project == "few-a-subject":
        assert post(server, named("calm", project), message_id="m").status_code == 404


def test_its_client_may_ask_from_a_page(server):
    """It says in a header which client it is."""
    answer = server.http.options(ASSISTANT_UI.url("m"), headers={
        "origin": ORIGIN, "access-control-request-method": "POST",
        "access-control-request-headers": "aui-sdk,authorization,content-type"})
    assert answer.status_code == 204
    assert "aui-sdk" in answer.headers["access-control-allow-headers"].split(", ")


# ---------------------------------------------------------------- whom a server key names

NAMED = {  # whose key, by its scope, naming the user; and the answers for the user's message and for another's
    (MAIN, "feedback:write"): (200, 404),
    (MAIN, "admin"): (200, 404),
    (MAIN, "feedback:read"): (403, 403),
    (MAIN, "messages:write"): (403, 403),
    (OTHER, "feedback:write"): (404, 404),
}


@pytest.mark.parametrize("key", NAMED, ids=" ".join)
def test_the_matrix_of_server_keys(server, key):
    """A key that may is believed, in its own project; where the answer is no, nothing is stored."""
    name = fresh("abc")
    messages = [ASSISTANT_UI.registered(server, named(each)) for each in (name, fresh("abc"))]
    answers = [post(server, named(name, *key), message_id=message_id) for message_id in messages]
    assert tuple(answer.status_code for answer in answers) == NAMED[key]
    stored = [[each["auth_level"] for each in server.history(message_id)] for message_id in messages]
    assert stored == [["server-key"] if answer.status_code == 200 else [] for answer in answers]


@pytest.mark.parametrize("name", ["", "x" * 129, "a\tb", "Jos\u00e9"])
def test_a_name_that_can_be_none(server, name):
    """Anything but ASCII could be meant in several ways."""
    headers = [(key, value.encode()) for key, value in named("abc-123").headers.items() if key != "aui-user-id"]
    headers.append(("aui-user-id", name.encode("latin-1")))
    answer = server.http.post(ASSISTANT_UI.url("m"), json=UP, headers=headers)
    assert ASSISTANT_UI.refusal(answer).status == 400
    assert answer.json()["details"][0]["path"] == ["Aui-User-Id"]


def test_two_names_are_none(server):
    headers = [*named("abc-123").headers.items(), ("aui-user-id", "abc-123")]
    answer = server.http.post(ASSISTANT_UI.url("m"), json=UP, headers=headers)
    assert ASSISTANT_UI.refusal(answer).status == 400


# ---------------------------------------------------------------- votes


def test_a_vote_is_given_and_changed(server):
    """It has one id; a comment comes and goes with the vote."""
    ann = user()
    message_id = ASSISTANT_UI.registered(server, ann)
    said = [post(server, ann, body, message_id=message_id) for body in (
        UP, {"type": "negative", "comment": " Wrong. "}, {"type": "negative", "comment": None}, {**UP, "comment": " "})]
    assert [answer.status_code for answer in said] == [200] * 4
    assert len({answer.json()["feedback_id"] for answer in said}) == 1
    assert [(answer.json()["type"], answer.json()["comment"]) for answer in said] == [
        ("positive", None), ("negative", "Wrong."), ("negative", None), ("positive", None)]
    assert [(each["vote"], each["comment"], each["contract"]) for each in server.history(message_id)] == [
        ("like", None, "assistant-ui"), ("dislike", "Wrong.", "assistant-ui"), ("dislike", None, "assistant-ui"),
        ("like", None, "assistant-ui")]


@pytest.mark.parametrize("owner", [user(), named("abc-123")], ids=["user", "named"])
def test_a_message_is_in_the_thread_that_the_path_names(server, owner):
    """In another one it is not found, and nothing is stored."""
    message_id = fresh("m")
    assert server.register(message_id, owner, fresh("another")).status_code == 201
    assert ASSISTANT_UI.refusal(post(server, owner, message_id=message_id)).status == 404
    assert server.history(message_id) == []


@pytest.mark.parametrize("owner", [user(), named("abc-123")], ids=["user", "named"])
@pytest.mark.parametrize(("thread_id", "status"), [("c-of-{}", 200), ("another", 404)])
def test_a_receipt_registers_the_message_in_its_thread(server, owner, thread_id, status):
    message_id = fresh("m")
    held = receipt(message_id, owner, thread_id.format(message_id))
    assert post(server, owner, message_id=message_id, **held).status_code == status
    assert server.message(message_id).status_code == status
