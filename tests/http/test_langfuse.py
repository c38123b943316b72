"""Langfuse's scores at a running server: who may send which, what each becomes, and what is refused."""

import base64
from dataclasses import dataclass

import pytest
from running import (
    MAIN,
    ORIGIN,
    Person,
    bearer,
    fresh,
    guest,
    publishable_key,
    receipt,
    server_key,
    user,
)

OTHER = "other"
PUBLIC = "/langfuse/api/public"
SCORES, INGESTION = f"{PUBLIC}/scores", f"{PUBLIC}/ingestion"
ANN = user("ann")


def basic(public, secret):
    return {"authorization": "Basic " + base64.b64encode(f"{public}:{secret}".encode()).decode()}


def keys(project_id=MAIN, scope="admin"):
    """As Langfuse's clients send both."""
    return basic(publishable_key(project_id), server_key(project_id, scope))


def thumb(message_id, value=1, **more):
    return {"traceId": message_id, "name": "user-feedback", "value": value, **more}


def event(body, **more):
    return {"id": fresh("e"), "type": "score-create", "timestamp": "2026-11-25T08:00:00Z", "body": body, **more}


def registered(server, owner=ANN, **changes):
    message_id = fresh("m")
    assert server.register(message_id, owner, **changes).status_code == 201
    return message_id


def votes(server, message_id, project_id=MAIN):
    return [(vote["vote"], vote["comment"]) for vote in server.history(message_id, project_id)]


# ---------------------------------------------------------------- who may


@dataclass(frozen=True)
class Target:
    """A message, and its owner where it is there."""

    message_id: str
    owner: Person | None = None


TARGETS = ("the user's", "the guest's", "the other project's", "unknown")
# Who asks, and the answers by TARGETS. A page holds a receipt of the user's message; of others it has one of another
# message of theirs.
MATRIX = {
    "the server's keys":              "200 200 404 404",
    "by the project's id":            "200 200 404 404",
    "a key that may vote":            "200 200 404 404",
    "a key that may register":        "403 403 403 403",
    "a key that may read":            "403 403 403 403",
    "the other project's keys":       "404 404 200 404",
    "keys of two projects":           "401 401 401 401",
    "the server's key as Bearer":     "401 401 401 401",
    "a secret that is none":          "401 401 401 401",
    "the publishable key":            "401 401 401 401",
    "a page with the bearer receipt": "200 400 400 400",
    "a page with a plain receipt":    "401 401 401 401",
    "the user's token":               "401 401 401 401",
    "the guest's device":             "401 401 401 401",
    "nobody":                         "401 401 401 401",
}


@pytest.fixture(scope="module")
def gus():
    return guest(fresh("gus"))


def headers(actor, gus, target):
    held = receipt(target.message_id if target.owner == ANN else "m", ANN, bearer=True)
    return {
        "the server's keys": keys(),
        "by the project's id": basic(MAIN, server_key()),
        "a key that may vote": keys(scope="feedback:write"),
        "a key that may register": keys(scope="messages:write"),
        "a key that may read": keys(scope="feedback:read"),
        "the other project's keys": keys(OTHER),
        "keys of two projects": basic(publishable_key(OTHER), server_key()),
        "the server's key as Bearer": bearer(server_key()),
        "a secret that is none": basic(publishable_key(), "sk_of_nobody"),
        "the publishable key": bearer(publishable_key()),
        "a page with the bearer receipt": {**bearer(publishable_key()), **held, "origin": ORIGIN},
        "a page with a plain receipt": {**bearer(publishable_key()), **receipt(target.message_id, ANN)},
        "the user's token": ANN.headers,
        "the guest's device": gus.headers,
        "nobody": {},
    }[actor]


def found(server, gus, target):
    owner = {"the user's": ANN, "the guest's": gus, "the other project's": user("ann", OTHER)}.get(target)
    return Target(registered(server, owner), owner) if owner else Target(fresh("m"))


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("actor", MATRIX)
def test_the_matrix(server, gus, actor, target):
    """Each of them, each message, as a score and in a batch: the answer, and afterwards the owner's votes or none."""
    status = int(MATRIX[actor].split()[TARGETS.index(target)])
    where = found(server, gus, target)
    given = headers(actor, gus, where)
    answer = server.http.post(SCORES, json=thumb(where.message_id), headers=given)
    assert answer.status_code == status, answer.text
    answer = server.http.post(INGESTION, json={"batch": [event(thumb(where.message_id))]}, headers=given)
    assert in_batch(answer) == status, answer.text
    if where.owner:
        assert votes(server, where.message_id, where.owner.project) == [("like", None)] * 2 * (status == 200)


def in_batch(answer):
    """What became of the one event, or of the whole batch."""
    if answer.status_code != 207:
        return answer.status_code
    [outcome] = [each["status"] for each in answer.json()["successes"] + answer.json()["errors"]]
    return 200 if outcome == 201 else outcome


@pytest.mark.parametrize("given", [b"", b"Basic", b"Basic \xe9", b"Basic !!", b"Basic cGs=", b"Basic /////w==",
                                   b"Basic cGs6c2s= x", b"Digest cGs6c2s=", b"Bearer", b"Bearer \xff", b"Bearer a:b"])
def test_whatever_stands_in_authorization_is_keys_or_refused(server, given):
    """With 401, whatever is wrong with it."""
    answer = server.http.post(SCORES, json=thumb("m"), headers=[(b"authorization", given)])
    assert (answer.status_code, answer.json()["error"]) == (401, "unauthenticated")


@pytest.mark.parametrize(("holds_receipt", "level"), [(False, "server-key"), (True, "receipt")])
def test_a_vote_says_how_its_voter_was_known(server, holds_receipt, level):
    """The back end's word, or the receipt's. By which contract it came is said too."""
    message_id = registered(server)
    page = {**bearer(publishable_key()), **receipt(message_id, ANN, bearer=True)}
    given = page if holds_receipt else keys()
    assert server.http.post(SCORES, json=thumb(message_id), headers=given).status_code == 200
    [vote] = server.standing(message_id)
    assert (vote["auth_level"], vote["contract"], vote["subject"]) == (level, "langfuse", ANN.owner)


def test_a_page_takes_back_nothing(server):
    message_id = registered(server)
    assert server.http.post(SCORES, json=thumb(message_id), headers=keys()).status_code == 200
    page = {**bearer(publishable_key()), **receipt(message_id, ANN, bearer=True)}
    assert server.http.delete(f"{SCORES}/user-feedback-{message_id}", headers=page).status_code == 401
    assert votes(server, message_id) == [("like", None)]


@pytest.mark.parametrize(("given", "changes", "status"), [
    ({"origin": "https://elsewhere.example"}, {}, 403),
    ({}, {"iat": 0, "exp": 1}, 400),
])
def test_a_page_is_of_one_of_the_projects_origins_and_its_receipt_is_good(server, given, changes, status):
    message_id = registered(server)
    page = {**bearer(publishable_key()), **receipt(message_id, ANN, bearer=True, **changes), **given}
    assert server.http.post(SCORES, json=thumb(message_id), headers=page).status_code == status
    assert votes(server, message_id) == []


def test_a_receipt_of_one_project_does_not_go_with_the_key_of_another(server):
    message_id = registered(server)
    page = {**bearer(publishable_key(OTHER)), **receipt(message_id, ANN, bearer=True)}
    assert server.http.post(SCORES, json=thumb(message_id), headers=page).status_code == 400


def test_a_pages_receipt_registers_its_message(server):
    message_id = fresh("m")
    page = {**bearer(publishable_key()), **receipt(message_id, ANN, bearer=True)}
    assert server.http.post(SCORES, json=thumb(message_id), headers=page).status_code == 200
    assert votes(server, message_id) == [("like", None)]


def test_a_browser_may_send_what_langfuses_clients_send(server):
    """A preflight passes their headers and the receipt's."""
    asked = ["authorization", "content-type", "x-message-receipt",
             "x-langfuse-public-key", "x-langfuse-sdk-integration", "x-langfuse-sdk-name", "x-langfuse-sdk-variant",
             "x-langfuse-sdk-version"]
    answer = server.http.options(INGESTION, headers={
        "origin": ORIGIN, "access-control-request-method": "POST", "access-control-request-headers": ", ".join(asked)})
    assert set(asked) <= set(answer.headers["access-control-allow-headers"].split(", "))


# ---------------------------------------------------------------- what becomes of a score


def test_a_later_score_overwrites_an_earlier_one_whatever_its_id(server):
    """With its comment. The answer's id is the vote's."""
    message_id = registered(server)
    given = [thumb(message_id, comment="Exactly.", id="s-1"), thumb(message_id, 0, id="s-2"), thumb(message_id, -1)]
    ids = [server.http.post(SCORES, json=each, headers=keys()).json()["id"] for each in given]
    assert ids == [f"user-feedback-{message_id}"] * 3
    assert votes(server, message_id) == [("like", "Exactly."), ("dislike", None), ("dislike", None)]


def test_an_observation_is_the_message_where_there_is_one(server):
    """Its trace is then somebody else's business."""
    message_id, other = registered(server), registered(server)
    answer = server.http.post(SCORES, json=thumb(other, observationId=message_id), headers=keys())
    assert answer.status_code == 200
    assert (votes(server, message_id), votes(server, other)) == ([("like", None)], [])


def test_a_score_is_taken_back_by_the_id_that_it_was_given(server):
    """Or by another that begins with a vote's name. A second time is no error; of other ids nothing is known."""
    message_id = registered(server)
    made = server.http.post(SCORES, json=thumb(message_id), headers=keys()).json()["id"]
    answers = [server.http.delete(f"{SCORES}/{each}", headers=keys()).status_code
               for each in (made, made, f"vote-{message_id}", "s-1", message_id, "user-feedback-nothing-of-ours")]
    assert answers == [200, 200, 200, 404, 404, 404]
    assert votes(server, message_id) == [("like", None), (None, None)]


def test_a_list_is_accepted_or_says_what_was_not(server):
    """Of several on one message the last is stored, which would overwrite the others."""
    first, second = registered(server), registered(server)
    good = [thumb(first), thumb(second, "dislike", dataType="CATEGORICAL"), thumb(first, value=False)]
    answer = server.http.post(SCORES, json=good, headers=keys())
    assert (answer.status_code, answer.json()) == (202, {"message": "Accepted"})
    answer = server.http.post(SCORES, json=[thumb(fresh("m")), thumb(first), thumb(first, 0.92)], headers=keys())
    assert (answer.status_code, answer.json()) == (207, {"accepted": 1, "rejected": 2, "errors": [
        {"message": "No such message"}, {"message": "value: must be 1 for a like, 0 or -1 for a dislike"}]})
    assert votes(server, first) == [("dislike", None), ("like", None)]
    assert votes(server, second) == [("dislike", None)]


def test_a_batch_takes_scores_and_refuses_the_rest_one_by_one(server):
    message_id = registered(server)
    batch = [event(thumb(message_id)), event({"id": "t"}, type="trace-create"),
             event(thumb(message_id) | {"name": "accuracy"})]
    answer = server.http.post(INGESTION, json={"batch": batch, "metadata": {"sdk_name": "python"}}, headers=keys())
    said = answer.json()
    assert (answer.status_code, said["successes"]) == (207, [{"id": batch[0]["id"], "status": 201}])
    assert [(each["id"], each["status"], each["error"]) for each in said["errors"]] == [
        (batch[1]["id"], 400, "invalid"), (batch[2]["id"], 400, "invalid")]
    assert votes(server, message_id) == [("like", None)]


def test_a_batch_may_be_as_large_as_langfuses_clients_make_them(server):
    """Those on one message cost one vote."""
    messages = [registered(server) for _ in range(5)]
    batch = [event(thumb(message_id)) for message_id in messages * 200]
    answer = server.http.post(INGESTION, json={"batch": batch}, headers=keys())
    assert (answer.status_code, len(answer.json()["successes"])) == (207, 1000)
    assert [votes(server, message_id) for message_id in messages] == [[("like", None)]] * 5


def test_a_guest_who_became_a_user_votes_as_that_user(server):
    """Whoever owns the message now."""
    name, gus = fresh("ann"), guest(fresh("gus"))
    message_id = registered(server, gus)
    linked = server.http.post("/v1/identities/link", json={**gus.owner, **user(name).owner},
                              headers=bearer(server_key()))
    assert linked.status_code == 200
    assert server.http.post(SCORES, json=thumb(message_id), headers=keys()).status_code == 200
    assert [vote["subject"] for vote in server.standing(message_id)] == [user(name).owner]


# ---------------------------------------------------------------- what is refused


BODIES = {
    b"": 400, b"7": 400, b"{": 400, b"\xff": 400, b"[" * 100 + b"]" * 100: 400, b"{}": 400, b"[]": 202,
}


@pytest.mark.parametrize("body", BODIES)
def test_whatever_the_body_is(server, body):
    answer = server.http.post(SCORES, content=body, headers={**keys(), "content-type": "application/json"})
    assert answer.status_code == BODIES[body]
    assert set(answer.json()) == ({"message"} if answer.status_code == 202 else {"message", "error"})


@pytest.mark.parametrize("batch", [None, {}, "x", [1], [{}], [{"id": 1, "type": "score-create"}], [{"id": "e"}],
                                   [event(thumb("m"))] * 1001])
def test_what_is_no_batch_is_refused_whole(server, batch):
    answer = server.http.post(INGESTION, json={"batch": batch}, headers=keys())
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid")


def test_a_message_of_the_user_cannot_be_rated(server):
    message_id = registered(server, role="user")
    assert server.http.post(SCORES, json=thumb(message_id), headers=keys()).status_code == 400


@pytest.mark.parametrize(("project_id", "status", "error"), [
    ("free", 402, "payment_required"), ("off", 403, "forbidden"),
    ("siteassist-only", 404, "route_not_found"), ("handauncle-only", 404, "route_not_found"),
])
@pytest.mark.parametrize("path", [SCORES, f"{SCORES}/user-feedback-m", f"{PUBLIC}/projects"])
def test_a_project_that_takes_no_scores(server, path, project_id, status, error):
    """A contract that it does not list is not there; whose keys they are can be asked of the others."""
    method = {SCORES: "POST", f"{PUBLIC}/projects": "GET"}.get(path, "DELETE")
    answer = server.http.request(method, path, json=thumb("m") if method == "POST" else None, headers=keys(project_id))
    if method == "GET" and status != 404:
        status, error = 200, None
    assert (answer.status_code, answer.json().get("error")) == (status, error)


@pytest.mark.parametrize(("method", "path", "given", "status"), [
    ("GET", SCORES, {}, 405), ("POST", f"{PUBLIC}/traces", {}, 404),
    ("POST", SCORES, {"content-type": "text/plain"}, 415), ("POST", SCORES, {"content-encoding": "gzip"}, 415),
    ("POST", SCORES, {"x-large": "x" * 20_000}, 431),
])
def test_what_http_itself_refuses_comes_in_langfuses_shape(server, method, path, given, status):
    answer = server.http.request(method, path, json={} if method == "POST" else None, headers={**keys(), **given})
    assert answer.status_code == status
    assert set(answer.json()) == {"message", "error"}


def test_a_body_over_the_cap_is_refused(server):
    answer = server.http.post(SCORES, json=thumb("m", comment="x" * 1024 * 1024), headers=keys())
    assert (answer.status_code, answer.json()["error"]) == (413, "body_too_large")


# ---------------------------------------------------------------- the server


def test_the_keys_open_one_project(server):
    answer = server.http.get(f"{PUBLIC}/projects", headers=keys())
    named = {"id": MAIN, "name": MAIN}
    assert answer.json() == {"data": [{**named, "organization": named, "metadata": {}}]}


def test_the_document_and_the_health_are_for_anybody(server):
    assert server.http.get(f"{PUBLIC}/health").json()["status"] == "OK"
    assert server.http.get("/langfuse/openapi").json()["openapi"] == "3.1.0"


def test_a_batch_that_cannot_be_stored_is_to_be_sent_again(damaged):
    """Not answered piece by piece: clients would drop the scores."""
    server, messages = damaged
    score = thumb(messages["handauncle"])
    answers = [server.http.post(path, json=body, headers=keys()) for path, body in (
        (SCORES, score), (SCORES, [score]), (INGESTION, {"batch": [event(score)]}))]
    assert [(each.status_code, each.headers["retry-after"]) for each in answers] == [(503, "1")] * 3
    assert server.http.get(f"{PUBLIC}/health").status_code == 503


def test_pages_are_held_to_the_limits_of_their_voters_and_back_ends_are_not(server):
    """As everywhere: the application's back end speaks for many people. Three a minute, of which two may be met."""
    ann = user(fresh("ann"), "few-a-subject")
    message_id = registered(server, ann)
    page = {**bearer(publishable_key("few-a-subject")), **receipt(message_id, ann, bearer=True)}
    answers = [server.http.post(SCORES, json=thumb(message_id), headers=page).status_code for _ in range(7)]
    assert set(answers) == {200, 429}
    answers = [server.http.post(SCORES, json=thumb(message_id), headers=keys("few-a-subject")).status_code
               for _ in range(7)]
    assert answers == [200] * 7
