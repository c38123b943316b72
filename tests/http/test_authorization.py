"""Who may do what to whose message: every cell of the matrix, and nothing changes in a cell that says no."""

from dataclasses import dataclass

import pytest
from identity_provider import ISSUER
from running import MAIN, Json, Person, Plaudit, bearer, fresh, guest, receipt, server_key, user
from wires import ASSISTANT_UI, HANDAUNCLE, LIBRECHAT, PLAUDIT, SITEASSIST, WIRES, Wire

OTHER = "other"
BAD = {"siteassist": "422", "handauncle": "400", "plaudit": "422", "librechat": "400", "assistant-ui": "400"}
TARGETS = ("the user's", "the guest's", "the other project's", "unknown", "malformed")
WITHOUT_READING = ("vote", "change", "remove")
ACTIONS = (*WITHOUT_READING, "read")

# Who asks, and the answers by TARGETS; `bad` is the contract's status for a malformed id. "The guest" is a visitor in
# SiteAssist and in other tools. Who is refused before anything is looked up learns nothing about what is there. Who
# holds a receipt has a bearer's, of the user's message where it is that one's turn, else of another.
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
    "a visitor":                        "403 403 404 404 bad",
    "who holds a receipt":              "200 422 422 422 422",
}
HOLDER = "who holds a receipt"
NOT_IN = {  # each contract's own ways to be somebody
    "siteassist": ("the guest's device, another user", "the guest's user, another device", "a visitor", HOLDER),
    "handauncle": ("a visitor", HOLDER),
    "plaudit": ("the other contract's proof",),
}
OTHER_TOOLS = (LIBRECHAT, ASSISTANT_UI)
NOT_IN |= dict.fromkeys(
    ("librechat", "assistant-ui"),
    ("the guest's device, another user", "the guest's user, another device", "a visitor", HOLDER))


def cells():
    for wire in (*WIRES, PLAUDIT, *OTHER_TOOLS):
        for actor, row in MATRIX.items():
            if actor in NOT_IN[wire.name]:
                continue
            for target, status in zip(TARGETS, row.split(), strict=True):
                for action in WITHOUT_READING if wire in OTHER_TOOLS else ACTIONS:
                    answer = expected(wire, action, status, believed=len(set(row.split())) > 1, holder=actor == HOLDER)
                    name = f"{wire.name}-{actor}-{action}-{target}"
                    yield pytest.param((wire, actor, action, target, answer), id=name)


def expected(wire: Wire, action: str, status: str, *, believed: bool, holder: bool) -> int:
    """HandAuncle's contract has no removal, nor has assistant-ui's: whoever is believed is told that null is no rating.
    In Plaudit's own one reads one's own votes, of which there may be none; a receipt reads nothing. In other tools
    somebody else's message is not found."""
    if action == "remove" and wire in (HANDAUNCLE, ASSISTANT_UI) and believed:
        return 400
    if action == "read" and wire is PLAUDIT and holder:
        return 401
    if action == "read" and wire is PLAUDIT and believed and status != "bad":
        return 200
    if wire in OTHER_TOOLS and believed and status == "403":
        return 404
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
    devices = {
        "the guest": gus,
        "another guest": guest(fresh("gil")),
        "the guest's device, another user": guest(fresh("gil"), device),
        "the guest's user, another device": guest(user_id, "another-device-0001"),
        "the other project's guest": guest(user_id, device, OTHER),
    }
    common = {
        "the user": ann,
        "another user": user("bob"),
        "the other project's user": user("ann", OTHER),
        "the server's key": Person({}, bearer(server_key())),
        "nobody": Person({}, {}),
    }
    visitors = {
        "the guest": session,
        "another guest": server.visitor(),
        "the other project's guest": server.visitor(OTHER),
        "the other contract's proof": gus,
    }
    return {
        "siteassist": Cast(common | visitors),
        **dict.fromkeys(("librechat", "assistant-ui"), Cast(common | visitors)),
        "handauncle": Cast(common | devices | {"the other contract's proof": session}),
        "plaudit": Cast(common | devices | {"a visitor": session, HOLDER: Person(ann.owner, {})}),
    }


@pytest.mark.parametrize("cell", list(cells()))
def test_the_matrix(server, casts, cell):
    """Each of them, each action, each message: the answer, and afterwards the row as it was or as it was asked."""
    wire, actor, action, target, status = cell
    cast = casts[wire.name]
    scene = Scene(server, wire, cast, target)
    if action in ("change", "remove", "read"):
        scene.owner_likes()
    before = scene.history()
    answer = scene.act(action, scene.holder() if actor == HOLDER else cast.people[actor])
    assert answer.status_code == status
    if status != 200:
        wire.refusal(answer)
    if status == 200 and action == "read" and wire is PLAUDIT:
        is_own = scene.owner == cast.people[actor]
        assert [vote["message_id"] for vote in answer.json()["data"]] == [scene.message_id] * is_own
    if status != 200 or action == "read":
        assert scene.history() == before
    else:
        assert [revision["vote"] for revision in scene.history()[len(before):]] == [
            {"vote": "like", "change": "dislike", "remove": None}[action]]


class Scene:
    """One message, registered for its owner unless it is one that is not there."""

    READ = {"siteassist": "/v2/conversations/{}", "handauncle": "/api/v1/user/conversations/{}/messages",  # noqa: RUF012  # a table
            "plaudit": "/v1/me/feedback?conversation={}"}
    MALFORMED_CONVERSATION = {"siteassist": "x", "handauncle": "%00", "plaudit": "%00"}  # noqa: RUF012  # the others take any text

    def __init__(self, server: Plaudit, wire: Wire, cast: Cast, target: str) -> None:
        self.server, self.wire = server, wire
        self.owner = cast.owner(target) if target.endswith("'s") else None
        self.conversation_id = SITEASSIST.new_id()
        if self.owner:
            self.message_id = wire.registered(server, self.owner)
            self.conversation_id = server.message(self.message_id, self.owner.project).json()["conversation_id"]
        elif target == "unknown":
            self.message_id = wire.new_id()
        else:
            self.message_id = wire.malformed_ids[0]
            self.conversation_id = self.MALFORMED_CONVERSATION.get(wire.name, self.conversation_id)

    def owner_likes(self) -> None:
        if self.owner:
            assert self.wire.vote(self.server, self.message_id, self.owner.headers).status_code == 200

    def holder(self) -> Person:
        """Of a bearer receipt: of this message, if it is the user's."""
        ann = user("ann")
        is_hers = self.owner is not None and (self.owner.owner, self.owner.project) == (ann.owner, MAIN)
        return Person(ann.owner, receipt(self.message_id if is_hers else "m", ann, bearer=True))

    def history(self) -> list[Json]:
        return self.server.history(self.message_id, self.owner.project) if self.owner else []

    def act(self, action: str, who: Person):
        if action == "read":
            return self.server.http.get(self.READ[self.wire.name].format(self.conversation_id), headers=who.headers)
        body = {"vote": self.wire.like, "change": self.wire.dislike,
                "remove": {"feedback": None, "rating": None, "vote": None}}
        return self.wire.vote(self.server, self.message_id, who.headers, body[action])


@pytest.mark.parametrize("actor", [actor for actor in MATRIX if actor not in NOT_IN["plaudit"]])
def test_whoever_may_vote_may_read_the_reasons(server, casts, actor):
    """A receipt is enough."""
    who = Person({}, receipt("m", user("ann"), bearer=True)) if actor == HOLDER else casts["plaudit"].people[actor]
    answers = set(MATRIX[actor].split())
    status = int(answers.pop()) if len(answers) == 1 else 200
    assert server.http.get("/v1/me/reasons", headers=who.headers).status_code == status


# ---------------------------------------------------------------- who becomes whom

ELSEWHERE = {"x-device-id": "another-device-0001"}
PROVED = {  # a client's headers, whose session it sends with them, and the answer
    "user, guest":                      (lambda it: {**it.gus, **it.ann}, None, 200),
    "user, visitor":                    (lambda it: it.ann, "visitor", 200),
    "user alone":                       (lambda it: it.ann, None, 422),
    "guest alone":                      (lambda it: it.gus, None, 401),
    "visitor alone":                    (lambda it: it.visitor, None, 401),
    "visitor twice":                    (lambda it: it.visitor, "visitor", 401),
    "visitor, guest":                   (lambda it: {**it.gus, **it.visitor}, None, 401),
    "user, guest, visitor":             (lambda it: {**it.gus, **it.ann}, "visitor", 422),
    "user twice":                       (lambda it: it.ann, "user", 422),
    "user, guest on another device":    (lambda it: {**it.gus, **ELSEWHERE, **it.ann}, None, 403),
    "other project's user, guest":      (lambda it: {**it.gus, **user(it.name, OTHER).headers}, None, 403),
    "other project's user, visitor":    (lambda it: user(it.name, OTHER).headers, "visitor", 403),
    "user, the guest's receipt":        (lambda it: {**it.held, **it.ann}, None, 422),
    "guest, the guest's receipt":       (lambda it: {**it.held, **it.gus}, None, 401),
    "the guest's receipt":              (lambda it: it.held, None, 401),
    "server's key, guest":              (lambda it: {**it.gus, **bearer(server_key())}, None, 415),
    "nobody":                           (lambda _: {}, None, 401),
}


class Strangers:
    """A guest and a visitor with an answer each, and Ann. All of them are new."""

    def __init__(self, server: Plaudit) -> None:
        self.name = fresh("ann")
        owners = guest(fresh("gus")), server.visitor()
        self.messages = {PLAUDIT.registered(server, owner): owner for owner in owners}
        (self.gus, self.visitor), self.ann = (owner.headers for owner in owners), user(self.name).headers
        self.held = receipt(next(iter(self.messages)), owners[0], bearer=True)

    def session(self, whose: str | None) -> Json | None:
        headers = {"visitor": self.visitor, "user": self.ann, None: None}[whose]
        return headers and {"session": headers["authorization"].removeprefix("Bearer ")}

    def became_users(self, server: Plaudit) -> set[str]:
        owners = {next(iter(owner.owner)): server.message(it).json()["owner"] for it, owner in self.messages.items()}
        assert all(owner in (user(self.name).owner, {kind: owner.get(kind)}) for kind, owner in owners.items())
        return {kind for kind, owner in owners.items() if "user" in owner}


@pytest.mark.parametrize("proof", PROVED)
def test_who_a_client_may_become(server, proof):
    """Whoever is told no takes nothing along, and whoever may takes nothing else along."""
    headers, session, status = PROVED[proof]
    them = Strangers(server)
    answer = server.http.post("/v1/identities/link", json=them.session(session), headers=headers(them))
    assert answer.status_code == status, answer.text
    assert them.became_users(server) == ({proof.removeprefix("user, ")} if status == 200 else set())


@pytest.mark.parametrize("project_id", [MAIN, OTHER])
@pytest.mark.parametrize("kind", ["guest", "visitor"])
def test_whom_a_back_end_may_link(server, project_id, kind):
    """Its own project's; another project's guest of the same name is another one."""
    them = Strangers(server)
    [owner] = [owner for owner in them.messages.values() if kind in owner.owner]
    answer = server.http.post("/v1/identities/link", json={**owner.owner, **user(them.name).owner},
                              headers=bearer(server_key(project_id)))
    assert answer.json() == {"messages": int(project_id == MAIN), "votes": 0, "superseded": 0}
    assert them.became_users(server) == ({kind} if project_id == MAIN else set())


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
