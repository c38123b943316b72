"""Who may do what to whose message: every cell of the matrix, and nothing changes in a cell that says no."""

from dataclasses import dataclass

import pytest
from identity_provider import ISSUER
from running import MAIN, Json, Person, Plaudit, bearer, fresh, guest, server_key, user
from wires import HANDAUNCLE, SITEASSIST, WIRES, Wire

OTHER = "other"
BAD = {"siteassist": "422", "handauncle": "400"}
TARGETS = ("the user's", "the guest's", "the other project's", "unknown", "malformed")
ACTIONS = ("vote", "change", "remove", "read")

# Who asks, and the answers by TARGETS; `bad` is the contract's status for a malformed id. "The guest" is a visitor in
# SiteAssist. Who is refused before anything is looked up learns nothing about what is there.
MATRIX = {
    "the user":                         "200 403 404 404 bad",
    "another user":                     "403 403 404 404 bad",
    "the guest":                        "403 200 404 404 bad",
    "another guest":                    "403 403 404 404 bad",
    "the guest's device, another user": "403 403 404 404 bad",
    "the guest's user, another device": "403 403 403 403 403",
    "the other project's user":         "404 404 200 404 bad",
    "the other project's guest":        "404 404 403 404 bad",
    "the server's key":                 "403 403 403 403 403",
    "the other contract's proof":       "401 401 401 401 401",
    "nobody":                           "401 401 401 401 401",
}
DEVICES_ONLY = ("the guest's device, another user", "the guest's user, another device")


def cells():
    for wire in WIRES:
        for actor, row in MATRIX.items():
            if wire is SITEASSIST and actor in DEVICES_ONLY:
                continue
            for target, status in zip(TARGETS, row.split(), strict=True):
                for action in ACTIONS:
                    answer = expected(wire, action, status, believed=len(set(row.split())) > 1)
                    name = f"{wire.name}-{actor}-{action}-{target}"
                    yield pytest.param((wire, actor, action, target, answer), id=name)


def expected(wire: Wire, action: str, status: str, *, believed: bool) -> int:
    """HandAuncle's contract has no removal: whoever is believed is told that null is no rating."""
    if action == "remove" and wire is HANDAUNCLE and believed:
        return 400
    return int(BAD[wire.name] if status == "bad" else status)


@dataclass(frozen=True)
class Cast:
    """Who is who in one contract."""

    people: dict[str, Person]

    def owner(self, target: str) -> Person:
        return self.people[{"the user's": "the user", "the guest's": "the guest",
                            "the other project's": "the other project's user"}[target]]


@pytest.fixture(scope="module")
def casts(server):
    ann, gus, session = user("ann"), guest(fresh("gus")), server.visitor()
    device, user_id = gus.headers["x-device-id"], gus.owner["guest"]["user_id"].removeprefix("U-")
    common = {
        "the user": ann,
        "another user": user("bob"),
        "the other project's user": user("ann", OTHER),
        "the server's key": Person({}, bearer(server_key())),
        "nobody": Person({}, {}),
    }
    return {
        "siteassist": Cast(common | {
            "the guest": session,
            "another guest": server.visitor(),
            "the other project's guest": server.visitor(OTHER),
            "the other contract's proof": gus,
        }),
        "handauncle": Cast(common | {
            "the guest": gus,
            "another guest": guest(fresh("gil")),
            "the guest's device, another user": guest(fresh("gil"), device),
            "the guest's user, another device": guest(user_id, "another-device-0001"),
            "the other project's guest": guest(user_id, device, OTHER),
            "the other contract's proof": session,
        }),
    }


@pytest.mark.parametrize("cell", list(cells()))
def test_the_matrix(server, casts, cell):
    """Each of them, each action, each message: the answer, and afterwards the row as it was or as it was asked."""
    wire, actor, action, target, status = cell
    cast = casts[wire.name]
    scene = Scene(server, wire, cast, target)
    if action in ("change", "remove"):
        scene.owner_likes()
    before = scene.history()
    answer = scene.act(action, cast.people[actor])
    assert answer.status_code == status
    if status != 200:
        wire.refusal(answer)
    if status != 200 or action == "read":
        assert scene.history() == before
    else:
        assert [revision["vote"] for revision in scene.history()[len(before):]] == [
            {"vote": "like", "change": "dislike", "remove": None}[action]]


class Scene:
    """One message, registered for its owner unless it is one that is not there."""

    READ = {"siteassist": "/v2/conversations/{}", "handauncle": "/api/v1/user/conversations/{}/messages"}  # noqa: RUF012  # a table
    MALFORMED_CONVERSATION = {"siteassist": "x", "handauncle": "%00"}  # noqa: RUF012  # the other contract takes any text

    def __init__(self, server: Plaudit, wire: Wire, cast: Cast, target: str) -> None:
        self.server, self.wire = server, wire
        self.owner = cast.owner(target) if target.endswith("'s") else None
        self.conversation_id = SITEASSIST.new_id()
        if self.owner:
            self.message_id = wire.registered(server, self.owner, conversation_id=self.conversation_id)
        elif target == "unknown":
            self.message_id = wire.new_id()
        else:
            self.message_id, self.conversation_id = wire.malformed_ids[0], self.MALFORMED_CONVERSATION[wire.name]

    def owner_likes(self) -> None:
        if self.owner:
            assert self.wire.vote(self.server, self.message_id, self.owner.headers).status_code == 200

    def history(self) -> list[Json]:
        return self.server.history(self.message_id, self.owner.project) if self.owner else []

    def act(self, action: str, who: Person):
        if action == "read":
            return self.server.http.get(self.READ[self.wire.name].format(self.conversation_id), headers=who.headers)
        body = {"vote": self.wire.like, "change": self.wire.dislike, "remove": {"feedback": None, "rating": None}}
        return self.wire.vote(self.server, self.message_id, who.headers, body[action])


# ---------------------------------------------------------------- nobody becomes somebody else


@pytest.mark.parametrize("claimed", ["auth0|ann", f"{ISSUER}#auth0|ann", f"user:{ISSUER}#auth0|ann", "ann",
                                     "auth0%7Cann", "U-auth0-ann"])
def test_a_guest_who_writes_a_users_name_is_never_that_user(server, claimed):
    """A registered `sub` in x-user-id is refused, or is a guest's name like any other."""
    message_id = HANDAUNCLE.registered(server, user("ann"))
    headers = {**guest(fresh("gus")).headers, "x-user-id": claimed}
    assert HANDAUNCLE.vote(server, message_id, headers).status_code in (401, 403)
    assert server.history(message_id) == []
    if "|" in claimed:
        assert HANDAUNCLE.vote(server, message_id, headers).status_code == 401


def test_a_bad_token_never_falls_back_to_the_device(server):
    """Authorization alone decides when it is there."""
    gus = guest(fresh("gus"))
    message_id = HANDAUNCLE.registered(server, gus)
    for given in ("Bearer x.y.z", "Bearer", "", "Basic YTpi", f"Bearer {server_key()}"):
        answer = HANDAUNCLE.vote(server, message_id, {**gus.headers, "authorization": given})
        assert answer.status_code in (401, 403)
    assert server.history(message_id) == []


def test_a_user_with_a_guests_headers_is_the_user(server):
    gus, ann = guest(fresh("gus")), user("ann")
    message_id = HANDAUNCLE.registered(server, gus)
    assert HANDAUNCLE.vote(server, message_id, {**gus.headers, **ann.headers}).status_code == 403


def test_one_project_never_sees_anothers_ids(server):
    """The same id is another message in another project; keys, sessions and guests stay in theirs."""
    message_id, conversation_id = SITEASSIST.new_id(), SITEASSIST.new_id()
    ann, their_ann = user("ann"), user("ann", OTHER)
    for owner in (ann, their_ann):
        assert server.register(message_id, owner, conversation_id).status_code == 201
    assert SITEASSIST.vote(server, message_id, ann.headers).status_code == 200
    assert len(server.standing(message_id)) == 1
    assert server.standing(message_id, OTHER) == []
    assert server.history(message_id, OTHER) == []
    theirs = server.http.get(f"/v2/conversations/{conversation_id}", headers=their_ann.headers).json()
    assert [message["feedback"] for message in theirs["messages"]] == [None]


@pytest.mark.parametrize("path", ["/v1/messages/{}", "/v1/feedback/{}/history", "/v1/conversations/{}"])
def test_another_projects_server_key_finds_nothing(server, path):
    message_id = SITEASSIST.registered(server, user(), conversation_id=fresh("c"))
    answers = [server.http.get(path.format(message_id), headers=bearer(server_key(project)))
               for project in (OTHER, MAIN)]
    assert answers[0].status_code == 404
    assert answers[1].status_code == (404 if "conversations" in path else 200)


def test_a_signed_guest_shows_its_token_from_then_on(server):
    """The device token comes with the first answer; once shown, headers alone are refused."""
    gus = guest(fresh("gus"), project_id="signed")
    message_id = HANDAUNCLE.registered(server, gus)
    first = HANDAUNCLE.vote(server, message_id, gus.headers)
    token = {"x-device-token": first.headers["x-device-token"]}
    assert HANDAUNCLE.vote(server, message_id, {**gus.headers, **token}).status_code == 200
    assert HANDAUNCLE.vote(server, message_id, gus.headers).status_code == 401
    stolen = {**guest(fresh("thief"), project_id="signed").headers, **token}
    assert HANDAUNCLE.vote(server, message_id, stolen).status_code == 401


@pytest.mark.parametrize(("project", "level"), [
    ("bare", "guest-bare"), (MAIN, "guest-bound"), ("signed", "guest-bare"),
])
def test_each_vote_carries_how_its_voter_was_known(server, project, level):
    gus = guest(fresh("gus"), project_id=project)
    message_id = HANDAUNCLE.registered(server, gus)
    assert HANDAUNCLE.vote(server, message_id, gus.headers).status_code == 200
    assert [vote["auth_level"] for vote in server.standing(message_id, project)] == [level]
