"""A page votes through the application that it is a page of: as whoever is signed in there, and as nobody else."""

import base64
import itertools
import secrets
import threading
import time
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta

import httpx2
import pytest
from application import served
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from gateway import Lose, Refuse, gateway
from loopback import wait_until
from running import MAIN, fresh, plaudit, project, server_key
from starlette.applications import Starlette
from starlette.concurrency import iterate_in_threadpool
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.routing import Mount, Route

from plaudit.client import AsyncPlaudit, Guest, Message, Plaudit, User, Visitor
from plaudit.client.starlette import Thumbs
from plaudit.client.wire import CONTENT_LENGTH_MAX

KEY = server_key()
DEVICE = "device-of-gus-0001"
SEED, FORMER, FOREIGN = (secrets.token_bytes(32) for _ in range(3))
REASONS = [{"id": "old", "vote": "dislike", "texts": {"en": "Out of date", "de": "Veraltet"}},
           {"id": "funny", "texts": {"en": "Funny"}}]
ANN = User("https://tenant.auth0.com/", "auth0|ann")


def key_text(seed=SEED, kid="app-1", project_id=MAIN):
    return f"rk_ed25519.{project_id}.{kid}.{base64.urlsafe_b64encode(seed).decode().rstrip('=')}"


def believed(seed, kid):
    public = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
    return {"id": kid, "algorithm": "EdDSA", "key": base64.urlsafe_b64encode(public).decode().rstrip("=")}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """It knows the application's key, and takes the application's word for its pages' addresses."""
    keys = [believed(SEED, "app-1"), believed(FORMER, "app-0")]
    with plaudit(tmp_path_factory.mktemp("plaudit"), [project(MAIN, receipt_keys=keys, reasons=REASONS)],
                 trusted_proxies=["127.0.0.1/32"], per_address_per_minute=1000) as running:
        yield running


async def asker(request: Request):
    """Who is signed in at this application: whoever says so."""
    kind, _, name = request.headers.get("x-signed-in", "").partition(":")
    return {"user": User(ANN.issuer, name), "guest": Guest(DEVICE, name), "visitor": Visitor(name)}.get(kind)


class Application:
    """`thumbs` are mounted at /plaudit; /chat streams an answer, whose pieces `pieces` gives."""

    def __init__(self, port, key, pieces=lambda: ["It ", "is ", "42."], **options):
        self.client = AsyncPlaudit(f"http://127.0.0.1:{port}", key, receipt_key=key_text(), trust_env=False)
        self.thumbs = Thumbs(self.client, asker, **options)
        self.pieces = pieces
        routes = [Mount("/plaudit", self.thumbs), Route("/chat", self.chat, methods=["POST"])]
        self.asgi = Starlette(routes=routes, lifespan=self.lifespan)

    @asynccontextmanager
    async def lifespan(self, _):
        async with self.client:
            yield

    async def chat(self, request):
        answer = self.thumbs.answer(fresh("chat"), await asker(request), model="gpt-x")
        pieces = iterate_in_threadpool(self.pieces())
        return StreamingResponse(answer.stream(pieces), headers=answer.headers)


@contextmanager
def running(port, key=KEY, **options):
    application = Application(port, key, **options)
    with served(application.asgi) as page:
        page.application = application
        yield page


@pytest.fixture(scope="module")
def page(server):
    with running(server.port, former_receipt_keys=[key_text(FORMER, "app-0")]) as http:
        yield http


@pytest.fixture(scope="module")
def back_end(server):
    """What the application does besides serving pages."""
    with Plaudit(f"http://127.0.0.1:{server.port}", server_key(), receipt_key=key_text(), trust_env=False) as client:
        yield client


def signed_in(who="user:auth0|ann", **headers):
    return {"x-signed-in": who, **headers}


def vote(page, message_id, receipt=None, who="user:auth0|ann", said=None):
    headers = signed_in(who, **({"x-message-receipt": receipt} if receipt else {}))
    return page.post(f"/plaudit/v1/messages/{message_id}/feedback", json=said or {"vote": "like"}, headers=headers)


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


# ---------------------------------------------------------------- streamed answers


def test_a_streamed_answer_can_be_voted_on_before_it_is_registered_and_is_registered_when_it_was_shown(
        server, back_end):
    """With the receipt that came with its first byte, and in the end with its text."""
    go_on = threading.Event()

    def pieces():
        yield "It is "
        assert go_on.wait(20)
        yield "42."

    with running(server.port, pieces=pieces) as page:
        with page.stream("POST", "/chat", headers=signed_in()) as response:
            message_id, receipt = response.headers["x-message-id"], response.headers["x-message-receipt"]
            assert vote(page, message_id, receipt).status_code == 200
            assert back_end.message(message_id).content is None
            go_on.set()
            assert response.read() == b"It is 42."
        wait_until(lambda: page.application.client.counts.stored == 1)
    registered = back_end.message(message_id)
    assert (registered.owner.user, registered.model, registered.content) == (ANN, "gpt-x", "It is 42.")
    assert [item["vote"] for item in server.standing(message_id)] == ["like"]


@pytest.mark.parametrize(("pieces", "content"), [
    (["It ", "is ", "42."], "It is 42."),
    (["a\0b"], "a\N{REPLACEMENT CHARACTER}b"),
    (["x" * CONTENT_LENGTH_MAX], "x" * CONTENT_LENGTH_MAX),
    (["x" * CONTENT_LENGTH_MAX, "y"], None),
])
def test_an_answer_is_registered_with_what_was_shown_of_it(server, back_end, pieces, content):
    """Without its text where that is longer than can be kept."""
    with running(server.port, pieces=lambda: pieces) as page:
        answer = page.post("/chat", headers=signed_in())
        wait_until(lambda: page.application.client.counts.stored == 1)
    assert answer.text == "".join(pieces)
    assert back_end.message(answer.headers["x-message-id"]).content == content


def test_an_answer_that_broke_off_is_registered_with_what_was_shown(server, back_end):
    def pieces():
        yield "It is "
        raise ConnectionError("the model is gone")

    with running(server.port, pieces=pieces) as page:
        with page.stream("POST", "/chat", headers=signed_in()) as response, pytest.raises(httpx2.RemoteProtocolError):
            response.read()
        wait_until(lambda: page.application.client.counts.stored == 1)
    assert back_end.message(response.headers["x-message-id"]).content == "It is "


def test_an_answer_whose_page_went_away_is_registered_with_what_was_shown(server, back_end):
    def pieces():
        yield from itertools.repeat("It is ", 10_000_000)

    with running(server.port, pieces=pieces) as page:
        with page.stream("POST", "/chat", headers=signed_in()) as response:
            next(response.iter_raw())
        wait_until(lambda: page.application.client.counts.stored == 1)
    assert back_end.message(response.headers["x-message-id"]).content.startswith("It is It is ")


def test_an_answer_of_which_nothing_was_shown_is_none(server):
    with running(server.port, pieces=list) as page:
        assert page.post("/chat", headers=signed_in()).text == ""
        assert page.application.client.counts.waiting == page.application.client.counts.stored == 0
