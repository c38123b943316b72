"""Plaudit's own contract over the wire: every kind of voter, and one's own votes read back."""

import pytest
from running import bearer, fresh, guest, server_key, user
from wires import HANDAUNCLE, PLAUDIT, SITEASSIST, Refusal


@pytest.fixture
def people(server):
    return {"user": user(fresh("ann")), "guest": guest(fresh("gus")), "visitor": server.visitor()}


@pytest.mark.parametrize("who", ["user", "guest", "visitor"])
def test_whoever_owns_a_message_votes_on_it_in_the_same_way(server, people, who):
    """Liked, disliked with a comment, taken back, and taken back where nothing is left."""
    person = people[who]
    message_id = PLAUDIT.registered(server, person)
    said = [PLAUDIT.vote(server, message_id, person.headers, body).json()
            for body in ({"vote": "like"}, {"vote": "dislike", "comment": "late"}, {"vote": None}, {"vote": None})]
    assert [(each["vote"], each["comment"], each["revision"]) for each in said] == [
        ("like", None, 1), ("dislike", "late", 2), (None, None, 3), (None, None, None)]
    assert [(each["vote"], each["contract"]) for each in server.history(message_id)] == [
        ("like", "plaudit"), ("dislike", "plaudit"), (None, "plaudit")]


@pytest.mark.parametrize(("headers", "status"), [
    (lambda _: {}, 401), (lambda _: bearer("nonsense"), 401), (lambda _: bearer(server_key()), 403),
    (lambda _: user(fresh("bob")).headers, 403), (lambda _: guest(fresh("gil")).headers, 403),
    (lambda it: {**it["guest"].headers, **bearer("nonsense")}, 401),
    (lambda _: user("ann", "other").headers, 404),
])
def test_nobody_else_does(server, people, headers, status):
    message_id = PLAUDIT.registered(server, people["user"])
    assert PLAUDIT.refusal(PLAUDIT.vote(server, message_id, headers(people))).status == status
    assert server.history(message_id) == []


@pytest.mark.parametrize(("message_id", "refusal"), [
    ("unknown", Refusal(404, "not_found", {"resource": "message", "id": "unknown"})),
    ("%00", Refusal(422, "invalid", {
        "field": "message_id", "reason": "must be 1 to 128 characters, none of them a control character"})),
])
def test_an_id_that_leads_nowhere_is_refused(server, people, message_id, refusal):
    assert PLAUDIT.refusal(PLAUDIT.vote(server, message_id, people["user"].headers)) == refusal


@pytest.mark.parametrize("wire", [SITEASSIST, HANDAUNCLE, PLAUDIT], ids=lambda wire: wire.name)
def test_ones_own_votes_come_back_whichever_contract_they_came_by(server, wire):
    """Newest message first, only those that stand, only one's own conversation."""
    ann, conversation_id = user(fresh("ann")), fresh("c")
    ids = [wire.registered(server, ann, conversation_id=conversation_id, created_at=f"2026-11-22T08:00:0{n}Z")
           for n in range(4)]
    for message_id, body in zip(ids, (wire.like, wire.dislike, wire.like), strict=False):
        assert wire.vote(server, message_id, ann.headers, body).status_code == 200
    PLAUDIT.vote(server, ids[2], ann.headers, {"vote": None})
    answer = own_votes(server, ann, conversation_id)
    assert [(each["message_id"], each["vote"]) for each in answer.json()["data"]] == [
        (ids[1], "dislike"), (ids[0], "like")]
    for other in (user(fresh("bob")), guest(fresh("gus"))):
        assert own_votes(server, other, conversation_id).json() == {"data": []}
    assert own_votes(server, ann, "unknown").json() == {"data": []}


def test_a_conversation_must_be_named(server, people):
    answer = server.http.get("/v1/me/feedback", headers=people["user"].headers)
    assert PLAUDIT.refusal(answer) == Refusal(422, "invalid", {"field": "conversation", "reason": "is missing"})
    assert own_votes(server, people["user"], "%00").status_code == 422


def own_votes(server, person, conversation_id):
    return server.http.get(f"/v1/me/feedback?conversation={conversation_id}", headers=person.headers)


# ---------------------------------------------------------------- reasons


@pytest.fixture
def critic():
    return user(fresh("ann"), "with-reasons")


@pytest.mark.parametrize(("vote", "reasons", "stored"), [
    ("dislike", ["old"], ["old"]), ("dislike", ["surprising", "old", "old"], ["old", "surprising"]),
    ("like", ["short", "surprising"], ["short", "surprising"]), ("like", [], []),
])
def test_reasons_are_stored_as_the_project_lists_them(server, critic, vote, reasons, stored):
    message_id = PLAUDIT.registered(server, critic, conversation_id=(conversation_id := fresh("c")))
    answer = PLAUDIT.vote(server, message_id, critic.headers, {"vote": vote, "reasons": reasons})
    assert answer.json()["reasons"] == stored
    assert own_votes(server, critic, conversation_id).json()["data"][0]["reasons"] == stored
    assert PLAUDIT.vote(server, message_id, critic.headers, {"vote": vote}).json()["reasons"] == []
    assert [each["reasons"] for each in server.history(message_id, "with-reasons")] == [stored, []]


@pytest.mark.parametrize(("body", "reason"), [
    ({"vote": "like", "reasons": ["old"]}, "'old' does not go with this vote"),
    ({"vote": None, "reasons": ["surprising"]}, "'surprising' does not go with this vote"),
    ({"vote": "like", "reasons": ["unknown"]}, "this project has no reason 'unknown'"),
])
def test_a_reason_goes_with_its_vote(server, critic, body, reason):
    message_id = PLAUDIT.registered(server, critic)
    refusal = PLAUDIT.refusal(PLAUDIT.vote(server, message_id, critic.headers, body))
    assert refusal == Refusal(422, "invalid", {"field": "reasons", "reason": reason})
    assert server.history(message_id, "with-reasons") == []


@pytest.mark.parametrize(("language", "texts"), [
    ("en", ["Out of date", "Short", "Surprising"]), ("de-AT", ["Veraltet", "Short", "Surprenant"]),
    ("FR", ["Out of date", "Short", "Surprenant"]), ("", ["Out of date", "Short", "Surprenant"]),
])
def test_reasons_are_read_in_the_reader_s_language(server, critic, language, texts):
    """The first one's where there is no such."""
    answer = server.http.get("/v1/me/reasons", params={"lang": language}, headers=critic.headers).json()["data"]
    assert [(each["id"], each["vote"]) for each in answer] == [
        ("old", "dislike"), ("short", "like"), ("surprising", None)]
    assert [each["text"] for each in answer] == texts


def test_a_project_without_reasons_has_none(server, people):
    assert server.http.get("/v1/me/reasons", headers=people["user"].headers).json() == {"data": []}
