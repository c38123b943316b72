"""Whatever can be the case with a vote, and the answer that each contract gives: status, body and headers."""

from collections.abc import Callable
from dataclasses import dataclass, field

import httpx2
import pytest
from identity_provider import ISSUER, OTHER_ISSUER, rsa_key
from running import Headers, Json, Plaudit, fresh, guest, server_key, user
from wires import HANDAUNCLE, SITEASSIST, WIRES, Refusal, Wire

ASKED_ID = "<the id in the path>"
ANN = "ann"
MISSING = "Missing authentication. Provide either Authorization header or x-device-id header."
RATING = "rating: Rating must be 1 (like) or -1 (dislike)"
REASON = "Feedback must be 'like', 'dislike' or null"
PAYMENT = {"currentPlan": "free", "requiredPlan": "paid", "feature": "feedback"}
INVALID_TOKEN = 'Bearer error="invalid_token"'


@dataclass(frozen=True)
class Condition:
    """`ask` brings the condition about and votes into it. `says`: headers, word for word."""

    name: str
    ask: Callable[[Plaudit, Wire], httpx2.Response]
    siteassist: Refusal
    handauncle: Refusal
    says: Headers = field(default_factory=dict)

    def __str__(self) -> str:
        return self.name


def both(status: int, code: str, details: Json | None = None) -> dict[str, Refusal]:
    refusal = Refusal(status, code, details or {})
    return {"siteassist": refusal, "handauncle": refusal}


# ---------------------------------------------------------------- how each comes about


def posting(content: bytes | None = None, body: Json | None = None, **headers: str):
    """A vote on Ann's own message with another body, or other headers."""
    def ask(server: Plaudit, wire: Wire) -> httpx2.Response:
        ann = user(ANN)
        message_id = wire.registered(server, ann)
        given = {"content-type": "application/json", **ann.headers, **headers}
        if body is not None:
            return wire.vote(server, message_id, given, body)
        return server.http.post(wire.url(message_id), content=content, headers=given)

    return ask


def with_headers(headers: Callable[[], Headers]):
    """A good vote on Ann's message by whoever these headers say."""
    def ask(server: Plaudit, wire: Wire) -> httpx2.Response:
        return wire.vote(server, wire.registered(server, user(ANN)), headers())

    return ask


def own_message(project_id: str, issuer: str = ISSUER):
    """A good vote by the owner, whose project is not in order."""
    def ask(server: Plaudit, wire: Wire) -> httpx2.Response:
        ann = user(ANN, project_id, issuer)
        return wire.vote(server, wire.registered(server, ann), ann.headers)

    return ask


def malformed_id(server: Plaudit, wire: Wire) -> httpx2.Response:
    return wire.vote(server, wire.malformed_ids[0], user(ANN).headers)


def unknown_message(server: Plaudit, wire: Wire) -> httpx2.Response:
    return wire.vote(server, wire.new_id(), user(ANN).headers)


def other_projects_message(server: Plaudit, wire: Wire) -> httpx2.Response:
    return wire.vote(server, wire.registered(server, user(ANN, "other")), user(ANN).headers)


def own_words(server: Plaudit, wire: Wire) -> httpx2.Response:
    """A vote on what the user has written, not the assistant."""
    ann = user(ANN)
    return wire.vote(server, wire.registered(server, ann, role="user"), ann.headers)


def method(name: str):
    def ask(server: Plaudit, wire: Wire) -> httpx2.Response:
        return server.http.request(name, wire.url(wire.new_id()), headers=user(ANN).headers)

    return ask


def too_often(project_id: str):
    def ask(server: Plaudit, wire: Wire) -> httpx2.Response:
        ann = user(fresh(ANN), project_id)
        message_id = wire.registered(server, ann)
        answers = [wire.vote(server, message_id, ann.headers) for _ in range(4)]
        return answers[-1]

    return ask


BODY = {"siteassist": Refusal(400, "INVALID_REQUEST_BODY", {"field": "body"}),
        "handauncle": Refusal(400, "VALIDATION_ERROR", {})}
VALUE = {"siteassist": Refusal(422, "VALIDATION_ERROR", {"field": "feedback", "reason": REASON}),
         "handauncle": Refusal(400, "VALIDATION_ERROR", {})}
UNKNOWN = {"siteassist": Refusal(404, "CONVERSATION_NOT_FOUND", {"messageId": ASKED_ID}),
           "handauncle": Refusal(404, "NOT_FOUND", {})}

CONDITIONS = [
    Condition("no JSON", posting(b"{"), **BODY),
    Condition("not an object", posting(b"[1]"), **BODY),
    Condition("bad UTF-8", posting(b'{"rating":1,"feedback":"\xc0\xaf"}'), **BODY),
    Condition("empty body", posting(b""), **BODY),
    Condition("field missing", posting(b"{}"), **VALUE),
    Condition("field wrong", posting(body={"feedback": 7, "rating": 7}), **VALUE),
    Condition("path id malformed", malformed_id,
              Refusal(422, "VALIDATION_ERROR", {"field": "messageId", "reason": "messageId must be a UUID"}),
              Refusal(400, "VALIDATION_ERROR", {})),
    Condition("a user's own words", own_words,
              Refusal(422, "VALIDATION_ERROR", {
                  "field": "messageId",
                  "reason": "Only answers can be rated, and this message was written by the user"}),
              Refusal(400, "VALIDATION_ERROR", {})),
    Condition("no credentials", with_headers(dict), **both(401, "UNAUTHORIZED"), says={"www-authenticate": "Bearer"}),
    Condition("a bad token", with_headers(lambda: {"authorization": "Bearer x.y.z"}), **both(401, "UNAUTHORIZED"),
              says={"www-authenticate": INVALID_TOKEN}),
    Condition("an expired token", with_headers(lambda: user(ANN, exp=1_700_000_000).headers),
              **both(401, "UNAUTHORIZED"), says={"www-authenticate": INVALID_TOKEN}),
    Condition("a token of another issuer's key", with_headers(lambda: user(ANN, private_key=rsa_key("thief")).headers),
              **both(401, "UNAUTHORIZED"), says={"www-authenticate": INVALID_TOKEN}),
    Condition("another scheme", with_headers(lambda: {"authorization": "Basic YTpi"}), **both(401, "UNAUTHORIZED"),
              says={"www-authenticate": INVALID_TOKEN}),
    Condition("a server's key", with_headers(lambda: {"authorization": f"Bearer {server_key()}"}),
              **both(403, "FORBIDDEN")),
    Condition("plan without feedback", own_message("free"), **both(402, "PAYMENT_REQUIRED", PAYMENT)),
    Condition("feedback switched off", own_message("off"), **both(403, "FORBIDDEN")),
    Condition("not the owner", with_headers(lambda: user("bob").headers), **both(403, "FORBIDDEN")),
    Condition("unknown message", unknown_message, **UNKNOWN),
    Condition("another project's message", other_projects_message, **UNKNOWN),
    *(Condition(f"{name} instead of POST", method(name), **both(405, "METHOD_NOT_ALLOWED"),
                says={"allow": "OPTIONS, POST"}) for name in ("GET", "PUT", "DELETE", "PATCH", "TRACE")),
    Condition("body too large", posting(b" " * 16_385), **both(413, "PAYLOAD_TOO_LARGE")),
    Condition("too many headers", posting(b"{}", **{f"x-{number}": "1" for number in range(101)}),
              **both(431, "REQUEST_HEADER_FIELDS_TOO_LARGE")),
    Condition("headers too large", posting(b"{}", **{"x-large": "1" * 16_384}),
              **both(431, "REQUEST_HEADER_FIELDS_TOO_LARGE")),
    Condition("wrong media type", posting(b"{}", **{"content-type": "text/plain"}),
              **both(415, "UNSUPPORTED_MEDIA_TYPE")),
    Condition("one voter too often", too_often("few-a-subject"), **both(429, "RATE_LIMIT_EXCEEDED")),
    Condition("one project too often", too_often("few-a-project"), **both(429, "RATE_LIMIT_EXCEEDED")),
    Condition("issuer's keys unreachable, none known", own_message("unreachable-issuer", OTHER_ISSUER),
              Refusal(502, "BAD_GATEWAY", {"service": "identity_provider"}), Refusal(503, "SERVICE_UNAVAILABLE", {})),
]


@pytest.mark.parametrize("condition", CONDITIONS, ids=str)
def test_each_condition_has_its_answer_in_each_contract(server, wire, condition):
    """The whole table of what can be wrong; what a server in trouble says is in test_outages.py."""
    answer = condition.ask(server, wire)
    refusal = wire.refusal(answer)
    expected = getattr(condition, wire.name)
    retry_after = refusal.details.pop("retryAfter", None)
    message_id = answer.request.url.path.split("/")[-2]
    details = {name: message_id if value == ASKED_ID else value for name, value in expected.details.items()}
    assert refusal == Refusal(expected.status, expected.code, details)
    assert {name: answer.headers.get(name) for name in condition.says} == condition.says
    if expected.status in (429, 503):
        assert (answer.headers["retry-after"], retry_after >= 1) == (str(retry_after), True)


@pytest.mark.parametrize(("ask", "message"), [
    (posting(body={"rating": 2}), RATING),
    (malformed_id, "messageId: messageId must be 24 lower-case hexadecimal digits"),
    (with_headers(dict), MISSING),
    (with_headers(lambda: user("bob").headers), "You do not have access to this message"),
    (unknown_message, "Message not found"),
], ids=["rating", "id", "nobody", "not the owner", "unknown"])
def test_handauncle_uses_the_words_of_its_page(server, ask, message):
    """Its clients show these to people."""
    assert ask(server, HANDAUNCLE).json()["error"]["message"] == message


def test_siteassist_uses_the_words_of_its_page(server):
    assert unknown_message(server, SITEASSIST).json()["error"]["message"] == "Conversation not found!"


# ---------------------------------------------------------------- conflicts


def test_a_conversation_id_is_taken_once_in_siteassist(server):
    """409 says which resource and which field; the first one stays."""
    first, second = server.visitor(), server.visitor()
    body = {"id": SITEASSIST.new_id()}
    created = server.http.post("/v2/conversations", json=body, headers=first.headers)
    taken = server.http.post("/v2/conversations", json=body, headers=second.headers)
    assert created.status_code == 201
    assert SITEASSIST.refusal(taken) == Refusal(409, "CONFLICT", {"resource": "conversation", "conflictingField": "id"})
    assert server.http.get(f"/v2/conversations/{body['id']}", headers=first.headers).status_code == 200


@pytest.mark.parametrize(("changes", "field"), [
    ({"owner": user("bob")}, "owner"),
    ({"conversation_id": "another"}, "conversation_id"),
])
def test_an_id_says_one_thing_only(server, wire, changes, field):
    """HandAuncle's operations register nothing, so its ids can only conflict where the back end registers them."""
    ann, message_id = user(ANN), wire.new_id()
    given = {"owner": ann, "conversation_id": f"c-{message_id}"}
    created = server.register(message_id, **given)
    same = server.register(message_id, **given)
    conflict = server.register(message_id, **given | changes)
    assert (created.status_code, same.status_code, conflict.status_code) == (201, 200, 409)
    assert conflict.json()["error"]["details"] == {"resource": "message", "field": field}
    assert wire.vote(server, message_id, ann.headers).status_code == 200


# ---------------------------------------------------------------- what is checked first


def bare(wire: Wire, message_id: str, content: bytes = b"{", **headers: str):
    return httpx2.Request("POST", wire.url(message_id), content=content,
                          headers={"content-type": "application/json", **headers})


def send(server: Plaudit, request: httpx2.Request) -> httpx2.Response:
    return server.http.send(httpx2.Request(request.method, server.http.base_url.join(request.url),
                                           headers=request.headers, content=request.content))


@pytest.mark.parametrize(("case", "status"), [
    (lambda wire: bare(wire, "x", b" " * 16_385), 413),
    (lambda wire: bare(wire, "x", **{"content-type": "text/plain"}), 415),
    (lambda wire: bare(wire, "x", **{"x-large": "1" * 16_384}), 431),
    (lambda wire: httpx2.Request("DELETE", wire.url("x")), 405),
], ids=["size", "media type", "headers", "method"])
def test_size_protocol_and_method_come_before_authentication(server, wire, case, status):
    assert wire.refusal(send(server, case(wire))).status == status


def test_whoever_is_not_authenticated_learns_nothing_about_ids(server, wire):
    """A message that is there, one that is not, one that cannot be, and a body that is none: one and the same 401."""
    known = wire.registered(server, user(ANN))
    asked = [bare(wire, known), bare(wire, wire.new_id()), bare(wire, "x"), bare(wire, known, b'{"rating":7}')]
    answers = [send(server, request) for request in asked]
    refusals = [wire.refusal(answer) for answer in answers]
    assert refusals == [Refusal(401, "UNAUTHORIZED", {})] * 4
    assert len({answer.json()["error"]["message"] for answer in answers}) == 1


def test_the_voters_limit_comes_before_id_and_body(server, wire):
    """What is counted is asking, not asking well."""
    ann = user(fresh(ANN), "few-a-subject")
    asked = [send(server, bare(wire, "x", **ann.headers)).status_code for _ in range(4)]
    assert asked == [422 if wire is SITEASSIST else 400] * 3 + [429]


def test_id_and_body_come_before_ownership(server, wire):
    message_id = wire.registered(server, user(ANN))
    assert send(server, bare(wire, message_id, **user("bob").headers)).status_code == 400


@pytest.mark.parametrize(("only", "status"), [("siteassist-only", (200, 404)), ("handauncle-only", (404, 200))])
def test_a_contract_that_a_project_does_not_list_is_not_there(server, only, status):
    """Its operations answer as any path does that leads nowhere."""
    ann = user(ANN, only)
    answers = [wire.vote(server, wire.registered(server, ann), ann.headers) for wire in WIRES]
    assert tuple(answer.status_code for answer in answers) == status


def test_every_answer_has_a_request_id(server, wire):
    """Also the good ones, and HandAuncle's body names the same."""
    ann = user(ANN)
    voted = wire.vote(server, wire.registered(server, ann), ann.headers)
    nowhere = server.http.get("/nowhere")
    assert voted.headers["x-request-id"].startswith("req_")
    assert nowhere.headers["x-request-id"] == nowhere.json()["error"]["request_id"]
    if wire is HANDAUNCLE:
        assert voted.json()["meta"]["requestId"] == voted.headers["x-request-id"]


def test_a_guest_whose_project_has_no_guests_is_nobody(server):
    answer = HANDAUNCLE.vote(server, HANDAUNCLE.new_id(), guest(project_id="no-guests").headers)
    assert HANDAUNCLE.refusal(answer) == Refusal(401, "UNAUTHORIZED", {})
