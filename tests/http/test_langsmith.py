"""LangSmith's feedback at a running server: who may send which, what it becomes, links, and what is refused."""

import time

import httpx2
import pytest
from running import MAIN, ORIGIN, bearer, fresh, guest, publishable_key, receipt, server_key, user

OTHER = "other"
FEEDBACK, LINKS = "/langsmith/feedback", "/langsmith/feedback/tokens"
ANN = user("ann")


def key(project_id=MAIN, scope="admin"):
    return {"x-api-key": server_key(project_id, scope)}


def thumb(run_id, score=1, **more):
    return {"run_id": run_id, "key": "user_score", "score": score, **more}


def registered(server, owner=ANN, **changes):
    message_id = fresh("m")
    assert server.register(message_id, owner, **changes).status_code == 201
    return message_id


def votes(server, message_id, project_id=MAIN):
    return [(vote["vote"], vote["comment"]) for vote in server.history(message_id, project_id)]


def linked(server, message_id, project_id=MAIN, **more):
    asked = {"run_id": message_id, "feedback_key": "user_score", **more}
    return server.http.post(LINKS, json=asked, headers=key(project_id)).raise_for_status().json()


# ---------------------------------------------------------------- who may

TARGETS = ("the user's", "the guest's", "the other project's", "unknown")
# Who asks, and the answers by TARGETS when they vote. Who reads, changes or takes back is answered the same, but for
# a key that may only do the one.
MATRIX = {
    "the server's key":         "200 200 404 404",
    "a key that may vote":      "200 200 404 404",
    "a key that may read":      "403 403 403 403",
    "a key that may register":  "403 403 403 403",
    "the other project's key":  "404 404 200 404",
    "a key that is none":       "401 401 401 401",
    "the key as Bearer":        "401 401 401 401",
    "the publishable key":      "401 401 401 401",
    "the user's token":         "401 401 401 401",
    "the guest's device":       "401 401 401 401",
    "who holds a receipt":      "401 401 401 401",
    "nobody":                   "401 401 401 401",
}
READS = {"a key that may vote": "403 403 403 403", "a key that may read": "200 200 404 404"}


@pytest.fixture(scope="module")
def gus():
    return guest(fresh("gus"))


def headers(actor, gus, message_id):
    return {
        "the server's key": key(),
        "a key that may vote": key(scope="feedback:write"),
        "a key that may read": key(scope="feedback:read"),
        "a key that may register": key(scope="messages:write"),
        "the other project's key": key(OTHER),
        "a key that is none": {"x-api-key": "sk_of_nobody"},
        "the key as Bearer": bearer(server_key()),
        "the publishable key": {"x-api-key": publishable_key()},
        "the user's token": ANN.headers,
        "the guest's device": gus.headers,
        "who holds a receipt": receipt(message_id, ANN, bearer=True),
        "nobody": {},
    }[actor]


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("actor", MATRIX)
def test_the_matrix(server, gus, actor, target):
    """Each of them, each message: voting, reading, changing, taking back; and afterwards the owner's votes or none."""
    owner = {"the user's": ANN, "the guest's": gus, "the other project's": user("ann", OTHER)}.get(target)
    message_id = registered(server, owner) if owner else fresh("m")
    given, column = headers(actor, gus, message_id), TARGETS.index(target)
    write, read = (int(row.split()[column]) for row in (MATRIX[actor], READS.get(actor, MATRIX[actor])))
    path = f"{FEEDBACK}/{message_id}"
    if write != 200 and owner:
        server.http.post(FEEDBACK, json=thumb(message_id), headers=key(owner.project)).raise_for_status()
    before = votes(server, message_id, owner.project) if owner else []
    answers = [server.http.post(FEEDBACK, json=thumb(message_id, 0), headers=given),
               server.http.get(path, headers=given),
               server.http.patch(path, json={"comment": "Hm."}, headers=given),
               server.http.delete(path, headers=given)]
    assert [each.status_code for each in answers] == [write, read, write, write]
    if owner:
        after = [("dislike", None), ("dislike", "Hm."), (None, None)] if write == 200 else []
        assert votes(server, message_id, owner.project) == before + after


def test_two_keys_are_none(server):
    """Which of them was meant cannot be known."""
    given = [("x-api-key", server_key()), ("x-api-key", server_key())]
    assert server.http.get(f"{FEEDBACK}/m", headers=given).status_code == 401


@pytest.mark.parametrize("given", [b"", b"\xe9", b"sk_\xff", b"sk_" + b"x" * 5000])
def test_whatever_stands_in_the_key_is_a_key_or_refused(server, given):
    """With 401, whatever is wrong with it."""
    assert server.http.get(f"{FEEDBACK}/m", headers=[(b"x-api-key", given)]).status_code == 401


@pytest.mark.parametrize("token", ["%C3%A9", "%00", "a.b.c", "eyJhbGciOiJub25lIn0.e30.", "x" * 9000])
def test_whatever_stands_in_a_link_is_a_link_or_refused(server, token):
    assert server.http.post(f"{LINKS}/{token}", json={"score": 1}).status_code == 401


def test_a_vote_says_how_its_voter_was_known(server):
    """The back end's word, and by which contract it came."""
    message_id = registered(server)
    assert server.http.post(FEEDBACK, json=thumb(message_id), headers=key()).status_code == 200
    [vote] = server.standing(message_id)
    assert (vote["auth_level"], vote["contract"], vote["subject"]) == ("server-key", "langsmith", ANN.owner)


# ---------------------------------------------------------------- what becomes of feedback


def test_feedback_is_read_again_changed_and_taken_back(server):
    """By the run's id, whichever id its client gave it."""
    run_id = registered(server)
    path = f"{FEEDBACK}/{run_id}"
    made = server.http.post(FEEDBACK, json=thumb(run_id, comment="Yes.", id="f-1"), headers=key()).json()
    assert (made["id"], made["run_id"], made["score"], made["comment"]) == (run_id, run_id, 1, "Yes.")
    assert server.http.get(path, headers=key()).json() == made
    changed = [server.http.patch(path, json=body, headers=key()).json()
               for body in ({"comment": "Well."}, {"score": 0}, {"comment": None})]
    assert [(each["score"], each["comment"]) for each in changed] == [(1, "Well."), (0, "Well."), (0, None)]
    assert server.http.delete(path, headers=key()).json() == {}
    assert [server.http.request(method, path, headers=key(), json={} if method == "PATCH" else None).status_code
            for method in ("GET", "PATCH", "DELETE")] == [404, 404, 200]
    assert votes(server, run_id) == [
        ("like", "Yes."), ("like", "Well."), ("dislike", "Well."), ("dislike", None), (None, None)]


def test_a_vote_of_another_contract_can_be_read_and_changed(server):
    """With the reasons that were ticked, as long as they fit."""
    ann = user("ann", "with-reasons")
    run_id = registered(server, ann)
    vote = {"vote": "dislike", "reasons": ["old"]}
    assert server.http.post(f"/v1/messages/{run_id}/feedback", json=vote, headers=ann.headers).status_code == 200
    path, given = f"{FEEDBACK}/{run_id}", key("with-reasons")
    assert server.http.get(path, headers=given).json()["score"] == 0
    assert server.http.patch(path, json={"comment": "Since May."}, headers=given).status_code == 200
    assert [vote["reasons"] for vote in server.standing(run_id, "with-reasons")] == [["old"]]
    assert server.http.patch(path, json={"score": 1}, headers=given).status_code == 200
    assert [vote["reasons"] for vote in server.standing(run_id, "with-reasons")] == [[]]


def test_feedback_is_listed_by_runs(server):
    """Those that have some, in the order in which they are named, a page at a time."""
    runs = [registered(server) for _ in range(4)]
    for run_id in runs[:3]:
        assert server.http.post(FEEDBACK, json=thumb(run_id), headers=key()).status_code == 200
    asked = [("run", run_id) for run_id in reversed(runs)]
    pages = [server.http.get(FEEDBACK, params=[*asked, ("limit", 2), ("offset", offset)], headers=key()).json()
             for offset in (0, 2, 4)]
    assert [[each["id"] for each in page] for page in pages] == [[runs[2], runs[1]], [runs[0]], []]
    assert server.http.get(FEEDBACK, headers=key()).status_code == 422


# ---------------------------------------------------------------- links


def by_link(server, link, body=None, **given):
    """From anywhere, without a proof of any kind."""
    return server.http.post(httpx2.URL(link["url"]).path, json=body, headers=given)


def test_whoever_has_a_link_votes_as_the_owner(server):
    """Known by it as by a bearer receipt; as often as they like."""
    message_id = registered(server, guest(fresh("gus")))
    link = linked(server, message_id)
    for body in ({"score": 1}, {"value": "down", "comment": "No."}):
        assert by_link(server, link, body).json() == {}
    assert votes(server, message_id) == [("like", None), ("dislike", "No.")]
    assert [vote["auth_level"] for vote in server.standing(message_id)] == ["receipt"]


def test_a_link_leads_to_the_host_that_was_asked(server):
    """By the scheme that it was asked by."""
    link = linked(server, registered(server))
    assert link["url"].startswith(f"http://127.0.0.1:{server.port}{LINKS}/")
    assert set(link) == {"id", "url", "expires_at", "feedback_key"}


def test_links_of_two_keys_need_no_body(server):
    """One to like and one to dislike."""
    message_id = registered(server)
    asked = [{"run_id": message_id, "feedback_key": name} for name in ("user_liked", "user_disliked")]
    links = server.http.post(LINKS, json=asked, headers=key()).json()
    assert [by_link(server, link).status_code for link in links] == [200, 200]
    assert votes(server, message_id) == [("like", None), ("dislike", None)]


def test_opening_a_link_writes_nothing(server):
    """What looks into people's mail opens every link."""
    message_id = registered(server)
    link = linked(server, message_id, feedback_key="user_liked")
    assert server.http.get(httpx2.URL(link["url"]).path).status_code == 405
    assert votes(server, message_id) == []


def test_a_page_of_the_project_may_use_a_link(server):
    """Its browser is let through."""
    link = linked(server, registered(server))
    answer = by_link(server, link, {"score": 1}, origin=ORIGIN)
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, ORIGIN)


def test_a_link_is_good_for_its_message_and_its_time_only(server):
    """And a session is no link, nor the other way round."""
    first, second = registered(server), registered(server)
    token = linked(server, first)["url"].rpartition("/")[2]
    assert server.http.get(f"{FEEDBACK}/{first}", headers={"x-api-key": token}).status_code == 401
    assert server.http.get("/v2/identity/me", headers=bearer(token)).status_code == 401
    session = server.visitor().headers["authorization"].removeprefix("Bearer ")
    for other in (f"{token[:-3]}abc", "x", session):
        assert server.http.post(f"{LINKS}/{other}", json={"score": 1}).status_code == 401
    assert (votes(server, first), votes(server, second)) == ([], [])
    too_long = {"run_id": first, "feedback_key": "vote", "expires_in": {"days": 15}}
    assert server.http.post(LINKS, json=too_long, headers=key()).status_code == 422
    past = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 1))
    assert server.http.post(LINKS, json={**too_long, "expires_in": None, "expires_at": past},
                            headers=key()).status_code == 422


@pytest.mark.parametrize(("actor", "status"), [("a key that may vote", 200), ("a key that may read", 403),
                                               ("the other project's key", 200), ("nobody", 401)])
def test_who_may_make_links(server, gus, actor, status):
    """Of another project's message nothing comes of it."""
    message_id = registered(server)
    asked = {"run_id": message_id, "feedback_key": "vote"}
    answer = server.http.post(LINKS, json=asked, headers=headers(actor, gus, message_id))
    assert answer.status_code == status
    if actor == "the other project's key":
        assert by_link(server, answer.json(), {"score": 1}).status_code == 404
        assert votes(server, message_id) == []


def test_holders_of_links_are_held_to_the_limit_of_the_owner(server):
    """Three a minute, of which two may be met."""
    message_id = registered(server, user(fresh("ann"), "few-a-subject"))
    link = linked(server, message_id, "few-a-subject")
    assert {by_link(server, link, {"score": 1}).status_code for _ in range(7)} == {200, 429}


# ---------------------------------------------------------------- what is refused


@pytest.mark.parametrize(("body", "status"), [
    (b"", 400), (b"[]", 400), (b"{", 400), (b"\xff", 400), (b"{}", 422), (b'{"key":"correctness","score":1}', 422),
])
def test_whatever_the_body_is(server, body, status):
    """In LangSmith's shape."""
    answer = server.http.post(FEEDBACK, content=body, headers={**key(), "content-type": "application/json"})
    assert (answer.status_code, set(answer.json())) == (status, {"detail", "error"})


@pytest.mark.parametrize(("project_id", "status", "error"), [
    ("free", 402, "payment_required"), ("off", 403, "forbidden"),
    ("siteassist-only", 404, "route_not_found"), ("handauncle-only", 404, "route_not_found"),
])
@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_a_project_that_takes_no_feedback(server, method, project_id, status, error):
    """A contract that it does not list is not there."""
    path = FEEDBACK if method == "POST" else f"{FEEDBACK}/m"
    answer = server.http.request(method, path, json=thumb("m") if method == "POST" else None, headers=key(project_id))
    assert (answer.status_code, answer.json()["error"]) == (status, error)


@pytest.mark.parametrize(("method", "path", "given", "status"), [
    ("PUT", FEEDBACK, {}, 405), ("GET", LINKS, {}, 405), ("POST", "/langsmith/runs/batch", {}, 404),
    ("POST", FEEDBACK, {"content-type": "text/plain"}, 415), ("POST", FEEDBACK, {"content-encoding": "gzip"}, 415),
    ("POST", FEEDBACK, {"x-large": "x" * 20_000}, 431),
])
def test_what_http_itself_refuses_comes_in_langsmiths_shape(server, method, path, given, status):
    answer = server.http.request(method, path, json=None if method == "GET" else {}, headers={**key(), **given})
    assert (answer.status_code, set(answer.json())) == (status, {"detail", "error"})


def test_a_message_of_the_user_cannot_be_rated(server):
    message_id = registered(server, role="user")
    assert server.http.post(FEEDBACK, json=thumb(message_id), headers=key()).status_code == 422


def test_feedback_that_cannot_be_stored_is_to_be_sent_again(damaged):
    server, messages = damaged
    answer = server.http.post(FEEDBACK, json=thumb(messages["handauncle"]), headers=key())
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")


def test_the_document_and_what_clients_ask_first_are_for_anybody(server):
    assert server.http.get("/langsmith/info").json()["batch_ingest_config"] == {"use_multipart_endpoint": False}
    assert server.http.get("/langsmith/openapi").json()["openapi"] == "3.1.0"
