"""Guests and visitors who become users, over the wire: by the back end, and by the client that proves to be both."""

import pytest
from running import MAIN, bearer, fresh, guest, receipt, server_key, user
from wires import HANDAUNCLE, PLAUDIT, SITEASSIST, Refusal

NOTHING = {"messages": 0, "votes": 0, "superseded": 0}
EVERYTHING = {"messages": 2, "votes": 1, "superseded": 0}


def link(server, headers, body=None, **options):
    options |= {} if body is None else {"json": body}
    return server.http.post("/v1/identities/link", headers=headers, **options)


def vouched(server, owner, person, **options):
    """By the back end."""
    return link(server, bearer(server_key(person.project)), {**owner.owner, **person.owner}, **options)


def proved(server, owner, person):
    """By the client, which has the visitor's session, or the guest's headers."""
    if "visitor" in owner.owner:
        return link(server, person.headers, {"session": owner.headers["authorization"].removeprefix("Bearer ")})
    return link(server, {**owner.headers, **person.headers})


@pytest.fixture
def ann():
    return user(fresh("ann"))


@pytest.fixture(params=["guest", "visitor"])
def owner(request, server):
    return guest(fresh("gus")) if request.param == "guest" else server.visitor()


@pytest.fixture(params=[vouched, proved])
def linked(request, server, owner, ann):
    """The owner has two messages and a vote, and becomes Ann."""
    voted, other = PLAUDIT.registered(server, owner), PLAUDIT.registered(server, owner)
    PLAUDIT.vote(server, voted, owner.headers, {"vote": "dislike", "comment": "late"})
    answer = request.param(server, owner, ann)
    assert (answer.status_code, answer.json()) == (200, EVERYTHING)
    return voted, other


def test_all_of_it_is_the_users(server, ann, owner, linked):
    """Messages, votes and the history of each; what the user does next goes on from there."""
    voted, other = linked
    assert [server.message(it).json()["owner"] for it in linked] == [ann.owner, ann.owner]
    [stands] = server.standing(voted)
    assert (stands["subject"], stands["comment"]) == (ann.owner, "late")
    assert PLAUDIT.vote(server, voted, ann.headers, {"vote": "like"}).json()["revision"] == 3
    assert PLAUDIT.vote(server, other, ann.headers, {"vote": "like"}).json()["revision"] == 1
    assert [(each["subject"] == ann.owner, each["vote"]) for each in server.history(voted)] == [
        (False, "dislike"), (True, "dislike"), (True, "like")]
    assert PLAUDIT.refusal(PLAUDIT.vote(server, voted, owner.headers)).status == 403


@pytest.mark.parametrize("again", [vouched, proved])
def test_the_same_again_changes_nothing(server, ann, owner, linked, again):
    before = server.history(linked[0])
    answer = again(server, owner, ann)
    assert (answer.status_code, answer.json()) == (200, NOTHING)
    assert server.history(linked[0]) == before


@pytest.mark.parametrize("again", [vouched, proved])
@pytest.mark.usefixtures("linked")
def test_who_is_somebody_becomes_nobody_else(server, owner, again):
    [kind] = owner.owner
    assert PLAUDIT.refusal(again(server, owner, user(fresh("bob")))) == Refusal(
        409, "conflict", {"resource": kind, "field": "user"})


@pytest.mark.usefixtures("linked")
def test_what_is_registered_later_as_theirs_is_the_users(server, ann, owner):
    """New and again; the answer says whose it is."""
    message_id = fresh("late")
    for status in (201, 200):
        answer = server.register(message_id, owner, "c-of-" + message_id)
        assert (answer.status_code, answer.json()["owner"]) == (status, ann.owner)
    assert PLAUDIT.vote(server, message_id, ann.headers, {"vote": "like"}).status_code == 200


@pytest.mark.usefixtures("linked")
def test_a_receipt_of_before_is_good_for_the_user(server, ann, owner):
    """A bearer's too, without anybody's token; the owner's own proof is not."""
    for headers, status in ((ann.headers, 200), ({}, 200), (owner.headers, 403)):
        message_id = fresh("m")
        held = receipt(message_id, owner, bearer=True)
        assert PLAUDIT.vote(server, message_id, {**headers, **held}, {"vote": "like"}).status_code == status


@pytest.mark.parametrize("wire", [SITEASSIST, HANDAUNCLE], ids=lambda wire: wire.name)
def test_votes_by_the_other_contracts_become_the_users_as_well(server, ann, wire):
    owner = server.visitor() if wire is SITEASSIST else guest(fresh("gus"))
    message_id = wire.registered(server, owner)
    assert wire.vote(server, message_id, owner.headers, wire.like).status_code == 200
    assert proved(server, owner, ann).json() == {"messages": 1, "votes": 1, "superseded": 0}
    assert [each["subject"] for each in server.standing(message_id)] == [ann.owner]


# ---------------------------------------------------------------- who may

GUS, VISITOR = guest("gus-of-links").owner, {"visitor": {"id": "v-1"}}
ANN = user("ann-of-links").owner


def named(field, reason):
    return Refusal(422, "invalid", {"field": field, "reason": reason})


@pytest.mark.parametrize(("body", "refusal"), [
    ({**GUS}, named("user", "is missing")),
    ({**ANN}, named("guest", "must be given, or else visitor")),
    ({**GUS, **VISITOR, **ANN}, named("guest", "must be given, or else visitor")),
    ({**GUS, **ANN, "session": "x"}, named("session", "is not a field of this object")),
    ({**GUS, "user": {"issuer": "https://tenant.example/"}}, named("user.subject", "is missing")),
    ({"guest": {"device_id": "short", "user_id": "U-1"}, **ANN}, ("guest.device_id",)),
    ([], Refusal(400, "malformed_body", {})),
])
def test_what_a_back_end_says_is_checked(server, body, refusal):
    found = PLAUDIT.refusal(link(server, bearer(server_key()), body))
    if isinstance(refusal, tuple):
        assert (found.status, found.details["field"]) == (422, *refusal)
    else:
        assert found == refusal


def test_a_back_end_sends_a_body(server):
    assert PLAUDIT.refusal(link(server, bearer(server_key()))).status == 415
    assert PLAUDIT.refusal(link(server, bearer(server_key()), {**GUS, **ANN}, params={"x": "y"})) == named(
        "x", "is no parameter here; there are: none")


@pytest.mark.parametrize(("headers", "body", "refusal"), [
    ({}, None, named("session", "must be given, or else a guest's headers")),
    ({}, {}, named("session", "must be given, or else a guest's headers")),
    (guest("gus-of-links").headers, {"session": "x"}, named("session", "must be given, or else a guest's headers")),
    ({}, {"session": "x"}, Refusal(401, "unauthenticated", {})),
    ({}, {**GUS}, named("guest", "is not a field of this object")),
    ({}, {"session": 1}, named("session", "Expected `str | null`, got `int`")),
])
def test_what_a_client_proves_is_checked(server, headers, body, refusal):
    """It cannot say who it is: it has to be."""
    assert PLAUDIT.refusal(link(server, {**headers, **user("ann-of-links").headers}, body)) == refusal


def test_a_users_token_is_no_visitors_session(server, ann):
    token = user(fresh("bob")).headers["authorization"].removeprefix("Bearer ")
    assert PLAUDIT.refusal(link(server, ann.headers, {"session": token})) == named(
        "session", "is not a visitor's session token")


@pytest.mark.parametrize(("headers", "status"), [
    ({}, 401), (bearer("nonsense"), 401), (bearer("sk_unknown"), 401), (guest("gus-of-links").headers, 401),
])
def test_somebody_must_be_proved_first(server, headers, status):
    """Nor does a guest alone become anybody."""
    assert PLAUDIT.refusal(link(server, headers, {**GUS, **ANN})).status == status


def test_a_visitors_session_does_not_make_a_user(server):
    visitor, gus = server.visitor(), guest(fresh("gus"))
    assert PLAUDIT.refusal(link(server, {**gus.headers, **visitor.headers})).status == 401


def test_a_guest_on_another_device_is_not_the_guest(server, ann):
    """The project binds a guest to the first device that was seen."""
    gus = guest(fresh("gus"))
    message_id = PLAUDIT.registered(server, gus)
    elsewhere = {**gus.headers, "x-device-id": "another-device-0001"}
    assert PLAUDIT.refusal(link(server, {**elsewhere, **ann.headers})).status == 403
    assert "guest" in server.message(message_id).json()["owner"]


def test_a_device_token_is_asked_for_where_it_is_always(server):
    """A guest who has shown one is not known without it."""
    gus, ann = guest(fresh("gus"), project_id="signed"), user(fresh("ann"), "signed")
    message_id = PLAUDIT.registered(server, gus)
    token = PLAUDIT.vote(server, message_id, gus.headers, {"vote": "like"}).headers["x-device-token"]
    shown = {**gus.headers, "x-device-token": token}
    assert PLAUDIT.vote(server, message_id, shown, {"vote": "like"}).status_code == 200
    assert PLAUDIT.refusal(link(server, {**gus.headers, **ann.headers})).status == 401
    assert link(server, {**shown, **ann.headers}).json() == {"messages": 1, "votes": 1, "superseded": 0}


def test_people_of_two_projects_are_two_people(server, ann):
    gus, visitor = guest(fresh("gus"), project_id="other"), server.visitor("other")
    assert PLAUDIT.refusal(proved(server, gus, ann)).status == 403
    assert PLAUDIT.refusal(proved(server, visitor, ann)).status == 403


def test_a_client_links_where_it_can_vote(server):
    """Not where the project does not serve Plaudit's own contract; its back end may."""
    gus, ann = (made("of-handauncle", project_id="handauncle-only") for made in (guest, user))
    assert PLAUDIT.refusal(proved(server, gus, ann)).status == 404
    assert vouched(server, gus, ann).json() == NOTHING


@pytest.mark.parametrize("project_id", [MAIN, "other"])
def test_a_back_end_links_its_own_projects_people(server, project_id):
    gus, ann = guest("of-two-projects", project_id=project_id), user("of-two-projects", project_id)
    message_id = PLAUDIT.registered(server, gus)
    assert vouched(server, gus, ann).json() == {"messages": 1, "votes": 0, "superseded": 0}
    assert server.message(message_id, project_id).json()["owner"] == ann.owner
