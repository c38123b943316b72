"""A receipt with a vote, by every contract: the message need not be registered, and nobody else can use it."""

import re
import subprocess
import sys
import time

import pytest
from running import MAIN, ORIGIN, Person, fresh, guest, plaudit, project, receipt, user
from wires import HANDAUNCLE, PLAUDIT, SITEASSIST, Refusal

from plaudit.client.receipts import ReceiptKey

EVERY = pytest.mark.parametrize("wire", [SITEASSIST, HANDAUNCLE, PLAUDIT], ids=lambda wire: wire.name)
REFUSED = {"siteassist": (422, "VALIDATION_ERROR"), "handauncle": (400, "VALIDATION_ERROR"),
           "plaudit": (422, "invalid")}


@pytest.fixture
def ann():
    return user(fresh("ann"))


@EVERY
def test_a_vote_on_a_fresh_answer_is_stored_at_once(server, wire, ann):
    """And the message is known from then on, with what the receipt says of it."""
    message_id = wire.new_id()
    signed = receipt(message_id, ann, model="gpt-x", arms={"greeting": "warm"})
    assert wire.vote(server, message_id, {**ann.headers, **signed}).status_code == 200
    shown = server.message(message_id).json()
    assert (shown["owner"], shown["model"], shown["arms"]) == (ann.owner, "gpt-x", {"greeting": "warm"})
    assert [each["vote"] for each in server.history(message_id)] == ["like"]
    assert wire.vote(server, message_id, ann.headers, wire.dislike).status_code == 200  # it needs none any more


@EVERY
def test_without_one_it_is_not(server, wire, ann):
    """The control."""
    assert wire.vote(server, wire.new_id(), ann.headers).status_code == 404


@pytest.mark.parametrize("wire", [HANDAUNCLE, PLAUDIT], ids=lambda wire: wire.name)
def test_a_guest_has_them_too(server, wire):
    gus, message_id = guest(fresh("gus")), wire.new_id()
    assert wire.vote(server, message_id, {**gus.headers, **receipt(message_id, gus)}).status_code == 200


@EVERY
@pytest.mark.parametrize("spoilt", [
    lambda it, _: {"x-message-receipt": it["x-message-receipt"][:-9] + "AAAAAAAAA"},
    lambda _, ann: receipt("m-other", ann),
    lambda _, ann: receipt(ann.owner["user"]["subject"], Person(ann.owner, {}, "other")),
    lambda _, ann: receipt("m-1", ann, exp=int(time.time()) - 60, iat=int(time.time()) - 120),
    lambda *_: {"x-message-receipt": "nonsense"},
], ids=["forged", "of another message", "of another project", "expired", "no receipt"])
def test_a_spoilt_one_is_refused_in_the_contract_s_own_words(server, wire, ann, spoilt):
    """Also where the message is registered; and never as if nobody had signed in."""
    message_id = wire.registered(server, ann)
    answer = wire.vote(server, message_id, {**ann.headers, **spoilt(receipt(message_id, ann), ann)})
    refusal = wire.refusal(answer)
    assert (refusal.status, refusal.code) == REFUSED[wire.name]
    assert server.history(message_id) == []


@EVERY
def test_somebody_else_s_is_worth_nothing(server, wire, ann):
    bob, message_id = user(fresh("bob")), wire.new_id()
    for signed in (receipt(message_id, ann), receipt(message_id, ann, bearer=True)):
        assert wire.refusal(wire.vote(server, message_id, {**bob.headers, **signed})).status == 403
    assert server.message(message_id).status_code == 404


@EVERY
def test_it_cannot_take_over_somebody_else_s_conversation(server, wire, ann):
    conversation_id = fresh("c")
    wire.registered(server, user(fresh("bob")), conversation_id=conversation_id)
    message_id = wire.new_id()
    signed = receipt(message_id, ann, conversation_id)
    assert wire.refusal(wire.vote(server, message_id, {**ann.headers, **signed})).status == 409
    assert server.message(message_id).status_code == 404


def test_keys_are_exchanged_while_the_server_runs(tmp_path, jwks_url):
    """The new one is believed beside the old one; revoked, it is believed no longer, and the old one still is."""
    def command(*arguments):
        return subprocess.run([sys.executable, "-m", "plaudit", "key", *arguments, "--config", "plaudit.toml"],
                              cwd=tmp_path, text=True, capture_output=True, check=True).stdout

    with plaudit(tmp_path, [project(MAIN, jwks_url)]) as server:
        ann, message_id = user(), PLAUDIT.new_id()

        def becomes(status, held):
            """Within a few seconds, looking again and again."""
            until = time.monotonic() + 5
            while (found := PLAUDIT.vote(server, message_id, {**ann.headers, **held}).status_code) != status:
                assert time.monotonic() < until, found
            return True

        secret = re.search(r"rk_\S+", command("new", "--receipts", "--project", MAIN, "--id", "second"))[0]
        now = int(time.time())
        newer = {"x-message-receipt": ReceiptKey(secret).sign({
            "project": MAIN, "message_id": message_id, "conversation_id": "c-1", "owner": ann.owner, "iat": now,
            "exp": now + 60})}
        assert becomes(200, newer)
        assert becomes(200, receipt(message_id, ann))
        command("revoke", "second")
        assert becomes(422, newer)
        assert becomes(200, receipt(message_id, ann))


# ---------------------------------------------------------------- bearer receipts


@pytest.mark.parametrize("owner", [user(fresh("ann")), guest(fresh("gus"))], ids=["user", "guest"])
def test_whoever_holds_a_bearer_receipt_votes_as_its_owner(server, owner):
    """From a link in an e-mail, say; one message, and the vote says how it came."""
    message_id = PLAUDIT.new_id()
    signed = receipt(message_id, owner, bearer=True)
    said = [PLAUDIT.vote(server, message_id, signed, body).json()["revision"]
            for body in (PLAUDIT.like, {"vote": "dislike", "comment": "no"}, {"vote": None})]
    assert said == [1, 2, 3]
    assert {each["auth_level"] for each in server.history(message_id)} == {"receipt"}
    assert PLAUDIT.refusal(PLAUDIT.vote(server, PLAUDIT.new_id(), signed)).status == 422


@pytest.mark.parametrize("signed", [lambda _: {}, lambda it: receipt(it, user("ann"))], ids=["none", "no bearer's"])
def test_any_other_is_no_proof(server, signed):
    message_id = PLAUDIT.new_id()
    assert PLAUDIT.refusal(PLAUDIT.vote(server, message_id, signed(message_id))) == Refusal(401, "unauthenticated", {})


@pytest.mark.parametrize("wire", [SITEASSIST, HANDAUNCLE], ids=lambda wire: wire.name)
def test_the_published_contracts_know_no_bearers(server, wire, ann):
    message_id = wire.new_id()
    assert wire.vote(server, message_id, receipt(message_id, ann, bearer=True)).status_code == 401


def test_an_expired_bearer_receipt_is_nobody_s_proof(server, ann):
    now = int(time.time())
    message_id = PLAUDIT.registered(server, ann)
    for days, begun in ((1, now - 2 * 86_400), (15, now)):
        signed = receipt(message_id, ann, bearer=True, iat=begun, exp=begun + days * 86_400)
        assert PLAUDIT.refusal(PLAUDIT.vote(server, message_id, signed)).status == 422
    assert server.history(message_id) == []


def test_what_can_be_ticked_is_shown_to_whoever_holds_a_good_one(server):
    """Looking leaves nothing behind, not even which device the guest has."""
    def looked(held):
        return server.http.get("/v1/me/reasons", headers=held).status_code

    now, gus = int(time.time()), guest(fresh("gus"))
    assert looked(receipt("m-1", gus, bearer=True)) == 200
    assert looked(receipt("m-1", gus, bearer=True, iat=now - 200, exp=now - 100)) == 422
    assert looked(receipt("m-1", gus)) == 401
    elsewhere = {**gus.headers, "x-device-id": "another-device-0001"}
    assert PLAUDIT.vote(server, PLAUDIT.new_id(), elsewhere).status_code == 404


# ---------------------------------------------------------------- pages


def test_a_page_may_send_one(server):
    """Browsers ask first."""
    asked = {"origin": ORIGIN, "access-control-request-method": "POST",
             "access-control-request-headers": "x-message-receipt"}
    answer = server.http.options(PLAUDIT.url("m-1"), headers=asked)
    assert "x-message-receipt" in answer.headers["access-control-allow-headers"]


def test_no_receipt_stands_in_the_log(server, ann):
    message_id = PLAUDIT.new_id()
    signed = receipt(message_id, ann)
    PLAUDIT.vote(server, message_id, {**ann.headers, **signed})
    PLAUDIT.vote(server, message_id, {**user(fresh("bob")).headers, **signed})
    assert signed["x-message-receipt"] not in server.log
    assert signed["x-message-receipt"].split(".")[1] not in server.log
