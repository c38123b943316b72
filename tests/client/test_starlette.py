"""A page votes through the application that it is a page of: as whoever is signed in there, and as nobody else."""

import secrets
import time
from datetime import timedelta

import pytest
from application import ANN, DEVICE, KEY, SEED, Application, believed, key_text, running, served, signed_in, vote
from gateway import Lose, Refuse, gateway
from running import MAIN, fresh, plaudit, project, server_key
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.routing import Mount

from plaudit.client import Guest, Message, Plaudit, Visitor
from plaudit.client.starlette import Thumbs

FORMER = secrets.token_bytes(32)
REASONS = [{"id": "old", "vote": "dislike", "texts": {"en": "Out of date", "de": "Veraltet"}},
           {"id": "funny", "texts": {"en": "Funny"}}]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """It knows the application's key, and takes the application's word for its pages' addresses."""
    keys = [believed(SEED, "app-1"), believed(FORMER, "app-0")]
    with plaudit(tmp_path_factory.mktemp("plaudit"), [project(MAIN, receipt_keys=keys, reasons=REASONS)],
                 trusted_proxies=["127.0.0.1/32"], per_address_per_minute=1000) as running:
        yield running


@pytest.fixture(scope="module")
def page(server):
    with running(server.port, former_receipt_keys=[key_text(FORMER, "app-0")]) as http:
        yield http


@pytest.fixture(scope="module")
def back_end(server):
    """What the application does besides serving pages."""
    with Plaudit(f"http://127.0.0.1:{server.port}", server_key(), receipt_key=key_text(), trust_env=False) as client:
        yield client


def code(answer):
    """The status, and what the error says: in Plaudit's shape, whoever refused."""
    error = answer.json()["error"]
    assert error["request_id"]
    assert error["message"]
    return answer.status_code, error["code"], error.get("details", {}).get("field")


# ---------------------------------------------------------------- who may


@pytest.mark.parametrize("who", ["user:auth0|ann", "visitor:v-1", "guest:U-gus"])
def test_the_reasons_are_the_projects_and_go_with_the_vote(page, back_end, who):
    answer = page.get("/plaudit/v1/me/reasons", params={"lang": "de"}, headers=signed_in(who))
    assert answer.json() == {"data": [{"id": "old", "vote": "dislike", "text": "Veraltet"},
                                      {"id": "funny", "vote": None, "text": "Funny"}]}
    message_id, conversation = fresh("answer"), fresh("chat")
    owner = {"user:auth0|ann": ANN, "visitor:v-1": Visitor("v-1"), "guest:U-gus": Guest(DEVICE, "U-gus")}[who]
    receipt = back_end.receipt(message_id, conversation, owner)
    voted = vote(page, message_id, receipt, who, {"vote": "dislike", "reasons": ["old"]})
    assert (voted.status_code, voted.json()["reasons"]) == (200, ["old"])
    assert own_votes(page, conversation, who)[0]["reasons"] == ["old"]
    [revision] = back_end.history(message_id)
    [standing] = back_end.feedback(message_id=message_id)
    assert revision.reasons == standing.reasons == ("old",)


@pytest.mark.parametrize(("who", "owner"), [
    ("user:auth0|ann", ANN), ("visitor:v-1", Visitor("v-1")), ("guest:U-gus", Guest(DEVICE, "U-gus"))])
def test_whoever_is_signed_in_votes_on_their_own_answer(page, back_end, server, who, owner):
    """Though it was never registered: the page's receipt stands for it. And finds the vote again."""
    message_id, conversation = fresh("answer"), fresh("chat")
    receipt = back_end.receipt(message_id, conversation, owner, model="gpt-x")
    answer = vote(page, message_id, receipt, who, {"vote": "dislike", "comment": "It is 43."})
    assert (answer.status_code, answer.json()["vote"], answer.headers["cache-control"]) == (200, "dislike", "no-store")
    [standing] = server.standing(message_id)
    assert (standing["vote"], standing["comment"], standing["auth_level"]) == ("dislike", "It is 43.", "receipt")
    assert standing["model"] == "gpt-x"
    assert set(standing["subject"]) == {who.partition(":")[0]}
    [own] = own_votes(page, conversation, who)
    assert (own["message_id"], own["vote"], own["comment"]) == (message_id, "dislike", "It is 43.")


def own_votes(page, conversation, who):
    answer = page.get("/plaudit/v1/me/feedback", params={"conversation": conversation}, headers=signed_in(who))
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


def test_a_registered_message_needs_no_receipt(page, back_end, server):
    message_id = fresh("answer")
    back_end.register_now(Message(id=message_id, conversation_id=fresh("chat"), owner=ANN))
    assert vote(page, message_id).status_code == 200
    assert vote(page, message_id, said={"vote": None}).json()["vote"] is None
    assert server.standing(message_id) == []


def test_nobody_votes_who_is_not_signed_in(page, back_end):
    message_id = fresh("answer")
    receipt = back_end.receipt(message_id, fresh("chat"), ANN)
    assert code(vote(page, message_id, receipt, who="")) == (401, "unauthenticated", None)
    answer = page.get("/plaudit/v1/me/feedback", params={"conversation": "c"})
    assert code(answer) == (401, "unauthenticated", None)


@pytest.mark.parametrize("registered", [False, True])
@pytest.mark.parametrize("who", ["user:auth0|bob", "visitor:auth0|ann", "guest:auth0-ann"])
def test_a_receipt_is_worth_nothing_to_anybody_else(page, back_end, who, registered):
    """Nor is it without one."""
    message_id, conversation = fresh("answer"), fresh("chat")
    receipt = back_end.receipt(message_id, conversation, ANN)
    if registered:
        back_end.register_now(Message(id=message_id, conversation_id=conversation, owner=ANN))
    assert code(vote(page, message_id, receipt, who)) == (403, "forbidden", None)
    assert vote(page, message_id, who=who).status_code == (403 if registered else 404)
    assert own_votes(page, conversation, who) == []


def test_whoever_has_signed_up_votes_on_the_answers_of_before(page, back_end, server):
    """With the receipt of a page that was loaded before that, once the application has linked the two."""
    message_id, conversation, visitor = fresh("answer"), fresh("chat"), Visitor(fresh("v"))
    receipt = back_end.receipt(message_id, conversation, visitor)
    back_end.register_now(Message(id=message_id, conversation_id=conversation, owner=visitor))
    assert vote(page, message_id, receipt, who="user:auth0|ann").status_code == 403
    back_end.link(visitor, ANN)
    assert vote(page, message_id, receipt, who="user:auth0|ann").status_code == 200
    assert [item["subject"] for item in server.standing(message_id)] == [
        {"user": {"issuer": ANN.issuer, "subject": ANN.subject}}]
    assert [own["message_id"] for own in own_votes(page, conversation, "user:auth0|ann")] == [message_id]


def test_others_votes_in_a_conversation_are_not_told(page, back_end):
    """Not even that there are any."""
    message_id, conversation = fresh("answer"), fresh("chat")
    assert vote(page, message_id, back_end.receipt(message_id, conversation, ANN)).status_code == 200
    assert len(own_votes(page, conversation, "user:auth0|ann")) == 1
    for other in ("user:auth0|bob", "visitor:auth0|ann", "guest:U-other"):
        assert own_votes(page, conversation, other) == []


def test_a_receipt_is_for_one_message_that_is_ours_and_still_good(page, back_end):
    message_id, conversation = fresh("answer"), fresh("chat")
    with Plaudit("http://127.0.0.1:1", receipt_key=key_text(project_id="other")) as other:
        others = other.receipt(message_id, conversation, ANN)
    good = back_end.receipt(message_id, conversation, ANN)
    for receipt in (back_end.receipt("another", conversation, ANN), f"{good[:-4]}AAAA", others):
        assert code(vote(page, message_id, receipt)) == (422, "invalid", "receipt")
    assert vote(page, message_id, good).status_code == 200


def test_while_keys_are_replaced_older_pages_receipts_are_good(page):
    message_id = fresh("answer")
    with Plaudit("http://127.0.0.1:1", receipt_key=key_text(FORMER, "app-0")) as before:
        assert vote(page, message_id, before.receipt(message_id, fresh("chat"), ANN)).status_code == 200


def test_a_message_that_a_receipt_registers_was_shown_when_the_receipt_was_made(page, back_end):
    """Not when it was voted on; but no longer ago than a bearer receipt can say."""
    key = back_end.receipt_key
    for age, told in ((timedelta(hours=1), timedelta(hours=1)), (timedelta(days=30), timedelta(days=14))):
        message_id, now = fresh("answer"), int(time.time())
        claims = key.read(back_end.receipt(message_id, fresh("chat"), ANN))
        answer = vote(page, message_id, key.sign({**claims, "iat": now - int(age.total_seconds())}))
        assert answer.status_code == 200, answer.text
        shown_at = back_end.message(message_id).created_at.timestamp()
        assert now - told.total_seconds() <= shown_at <= now - told.total_seconds() + 120


# ---------------------------------------------------------------- what may be sent


@pytest.mark.parametrize(("content", "headers", "refused"), [
    (b'{"vote":"like"}', {"content-type": "text/plain"}, (415, "unsupported_media_type", None)),
    (b"vote=like", {"content-type": "application/x-www-form-urlencoded"}, (415, "unsupported_media_type", None)),
    (b'{"vote":"like"}', {}, (415, "unsupported_media_type", None)),
    (b'{"vote":"' + b"x" * 16384 + b'"}', {"content-type": "application/json"}, (413, "body_too_large", None)),
    (b"not JSON", {"content-type": "application/json"}, (400, "malformed_body", None)),
    (b'{"vote":"love"}', {"content-type": "application/json"}, (422, "invalid", "vote")),
])
def test_a_body_is_json_and_short_and_a_vote(page, back_end, content, headers, refused):
    """What another origin's page could send unasked is refused here, what is no vote by Plaudit."""
    message_id = fresh("answer")
    receipt = back_end.receipt(message_id, fresh("chat"), ANN)
    answer = page.post(f"/plaudit/v1/messages/{message_id}/feedback", content=content,
                       headers=signed_in(**{"x-message-receipt": receipt}, **headers))
    assert code(answer) == refused


def test_a_conversation_must_be_named(page):
    answer = page.get("/plaudit/v1/me/feedback", headers=signed_in())
    assert code(answer) == (422, "invalid", "conversation")


def test_nothing_else_of_plaudits_is_to_be_had_here(page):
    for path in ("/v1/feedback", "/v1/messages/m", "/v1/messages", "/dashboard", "/"):
        assert code(page.get(f"/plaudit{path}", headers=signed_in())) == (404, "route_not_found", None)


@pytest.mark.parametrize(("method", "path", "allowed"), [
    ("GET", "/v1/messages/m/feedback", "POST"), ("OPTIONS", "/v1/messages/m/feedback", "POST"),
    ("POST", "/v1/me/feedback", "GET, HEAD"), ("DELETE", "/v1/me/reasons", "GET, HEAD")])
def test_whatever_is_refused_is_refused_in_plaudits_shape(page, method, path, allowed):
    answer = page.request(method, f"/plaudit{path}", headers=signed_in())
    assert (code(answer), answer.headers["allow"]) == ((405, "method_not_allowed", None), allowed)
    assert code(page.request(method, f"/plaudit{path}/", headers=signed_in())) == (404, "route_not_found", None)


@pytest.mark.parametrize("name", ["two words", "gü"])
def test_a_guest_whose_id_no_header_can_hold_is_refused(page, name):
    answer = page.get("/plaudit/v1/me/feedback?conversation=c", headers=signed_in(f"guest:{name}".encode()))
    assert code(answer) == (422, "invalid", "user_id")


def test_it_may_be_mounted_anywhere_and_more_than_once_and_an_owner_may_refuse_by_itself(server, back_end):
    def nobody(_):
        raise HTTPException(418)

    inner = Application(server.port, KEY)
    refusing = Thumbs(inner.client, nobody)
    routes = [Mount("/a/b", inner.thumbs), Mount("/c", Starlette(routes=[Mount("/d", inner.thumbs)])),
              Mount("/refusing", refusing)]
    with served(Starlette(routes=routes, lifespan=inner.lifespan)) as http:
        for number, prefix in enumerate(("/a/b", "/c/d", "/refusing")):
            message_id = fresh("answer")
            headers = signed_in(**{"x-message-receipt": back_end.receipt(message_id, fresh("chat"), ANN)})
            answer = http.post(f"{prefix}/v1/messages/{message_id}/feedback", json={"vote": "like"}, headers=headers)
            assert answer.status_code == (200, 200, 418)[number]


@pytest.mark.parametrize("message_id", ["a/b", "a?b", "ü 東", "%2F"])
def test_an_id_may_hold_whatever_a_path_could_misunderstand(page, back_end, message_id):
    message_id = f"{message_id}-{fresh('id')}"
    receipt = back_end.receipt(message_id, fresh("chat"), ANN)
    escaped = "".join(f"%{byte:02X}" for byte in message_id.encode())
    assert vote(page, escaped, receipt).json()["message_id"] == message_id


# ---------------------------------------------------------------- Plaudit in trouble


@pytest.fixture
def between(server):
    with gateway(server.port) as standing:
        yield standing


def test_no_credential_of_plaudits_reaches_the_page_and_none_of_the_pages_reaches_plaudit(between, back_end):
    """What Plaudit is shown: a receipt for a minute, and where the page is."""
    message_id = fresh("answer")
    receipt = back_end.receipt(message_id, fresh("chat"), ANN)
    with running(between.port, total_seconds=1.0) as page:
        page.cookies.set("session", "the-page's-own")
        answer = vote(page, message_id, receipt)
    [asked] = between.heard
    assert {"authorization", "cookie", "x-signed-in"}.isdisjoint(asked.headers)
    assert asked.headers["x-forwarded-for"] == "127.0.0.1"
    claims = back_end.receipt_key.read(asked.headers["x-message-receipt"])
    assert (claims["bearer"], claims["exp"] - time.time() <= 60) == (True, True)
    assert asked.headers["x-message-receipt"] not in answer.text + str(answer.headers)


def test_what_plaudit_refuses_for_a_while_is_passed_on_with_when_to_come_back(between, back_end):
    message_id = fresh("answer")
    receipt = back_end.receipt(message_id, fresh("chat"), ANN)
    body = b'{"error": {"code": "rate_limited", "message": "Later", "request_id": "req_7"}}'
    between.next.append(Refuse(429, {"retry-after": "30", "x-request-id": "req_7"}, body))
    with running(between.port, total_seconds=1.0) as page:
        answer = vote(page, message_id, receipt)
        assert (code(answer), answer.headers["retry-after"]) == ((429, "rate_limited", None), "30")
        assert answer.json()["error"]["request_id"] == "req_7"
        between.next.extend([Lose(passed_on=True), Refuse(503, {"retry-after": "0"})])
        assert vote(page, message_id, receipt).status_code == 200


def test_a_plaudit_that_is_not_there_is_503_so_that_the_page_keeps_the_vote(back_end):
    with running(1, total_seconds=0.2) as page:
        answer = vote(page, "m", back_end.receipt("m", "c", ANN))
        assert (code(answer), answer.headers["retry-after"]) == ((503, "unreachable", None), "1")


@pytest.mark.parametrize("status", [200, 302, 403, 404, 500])
def test_what_somebody_else_says_in_plaudits_place_is_not_passed_on(between, back_end, caplog, status):
    """A page of maintenance with status 200 would be taken for a vote that was stored."""
    message_id = fresh("answer")
    receipt = back_end.receipt(message_id, fresh("chat"), ANN)
    with running(between.port, total_seconds=1.0) as page:
        between.next.append(Refuse(status, {"content-type": "text/html", "location": "/maintenance"}))
        assert code(vote(page, message_id, receipt)) == (502, "dependency_down", None)
        assert "Somebody else has answered in Plaudit's place" in caplog.text
        between.next.append(Refuse(min(status, 302), {"content-type": "text/html"}))
        assert code(page.get("/plaudit/v1/me/feedback?conversation=c", headers=signed_in()))[0] == 502
        assert vote(page, message_id, receipt).status_code == 200


def test_that_plaudit_does_not_believe_the_application_is_nothing_to_sign_in_anew_for(server, caplog):
    """Neither its key nor its receipts: 502, and the log says why."""
    with running(server.port, "sk_nobody") as page:
        assert code(vote(page, "m")) == (502, "dependency_down", None)
        assert code(page.get("/plaudit/v1/me/feedback?conversation=c", headers=signed_in()))[0] == 502
    assert "refuses this application's key" in caplog.text


def test_without_a_key_a_page_needs_a_receipt(server, back_end):
    message_id = fresh("answer")
    with running(server.port, None) as page:
        assert code(vote(page, message_id)) == (422, "invalid", "receipt")
        assert vote(page, message_id, back_end.receipt(message_id, fresh("chat"), ANN)).status_code == 200
