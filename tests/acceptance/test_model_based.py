"""Random sequences of registering, voting, changing, removing and reading, over both contracts at once, against a
dictionary: after every step the server shows what the dictionary holds."""

import uuid
from dataclasses import dataclass, field
from types import MappingProxyType

import identity_provider
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from running import MAIN, Person, Plaudit, fresh, guest, plaudit, project, user
from wires import HANDAUNCLE, SITEASSIST, WIRES, Wire

EXAMPLES, STEPS = 40, 30
RATINGS = MappingProxyType({"like": 1, "dislike": -1, None: None})
VOTES = st.sampled_from(("like", "dislike"))
COMMENTS = st.none() | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
USERS = ("ann", "bob")


@dataclass
class Known:
    """What the dictionary holds of a message: `revisions` are (vote, comment), the newest last."""

    wire: Wire
    owner: str
    revisions: list[tuple[str | None, str | None]] = field(default_factory=list)

    @property
    def standing(self) -> tuple[str | None, str | None]:
        return self.revisions[-1] if self.revisions else (None, None)


class Votes(RuleBasedStateMachine):
    messages = Bundle("messages")
    people = st.sampled_from((*USERS, "visitor", "guest"))

    def __init__(self, server: Plaudit) -> None:
        super().__init__()
        self.server = server
        self.known: dict[str, Known] = {}
        self.people_by_name: dict[str, Person] = {
            "ann": user(fresh("ann")), "bob": user(fresh("bob")), "visitor": server.visitor(),
            "guest": guest(fresh("gus")),
        }
        self.conversations = {name: str(uuid.uuid4()) for name in self.people_by_name}

    @rule(target=messages, wire=st.sampled_from(WIRES), owner=people)
    def register(self, wire, owner):
        """Into the owner's one conversation, whichever contract the id is for."""
        message_id = wire.new_id()
        assert self._register(message_id, owner, owner).status_code == 201
        self.known[message_id] = Known(wire, owner)
        return message_id

    @rule(message_id=messages, claimed=people)
    def register_again(self, message_id, claimed):
        """The same again changes nothing, another owner is a conflict."""
        owner = self.known[message_id].owner
        answer = self._register(message_id, claimed, owner)
        assert answer.status_code == (200 if claimed == owner else 409)

    @rule(message_id=messages, voter=people, vote=VOTES, comment=COMMENTS)
    def vote(self, message_id, voter, vote, comment):
        known = self.known[message_id]
        answer = self._vote(known.wire, message_id, voter, vote, comment)
        assert answer.status_code == self._expected(known, voter)
        if answer.status_code == 200:
            known.revisions.append((vote, comment or None if known.wire is HANDAUNCLE else None))
            self._check_answer(known, answer.json())

    @rule(message_id=messages, voter=people)
    def remove(self, message_id, voter):
        """SiteAssist only; removing what is not there is no revision."""
        known = self.known[message_id]
        answer = self._vote(known.wire, message_id, voter, None, None)
        status = self._expected(known, voter)
        assert answer.status_code == (400 if known.wire is HANDAUNCLE and status != 401 else status)
        if answer.status_code == 200 and known.standing[0]:
            known.revisions.append((None, None))

    @rule(wire=st.sampled_from(WIRES), voter=st.sampled_from(USERS), vote=VOTES)
    def vote_on_what_is_not_there(self, wire, voter, vote):
        assert self._vote(wire, wire.new_id(), voter, vote, None).status_code == 404

    @rule(message_id=messages)
    def read_history(self, message_id):
        """Every accepted submission, numbered without gap."""
        history = self.server.history(message_id)
        assert [(revision["vote"], revision["comment"]) for revision in history] == self.known[message_id].revisions
        assert [revision["revision"] for revision in history] == list(range(1, len(history) + 1))

    @rule(owner=st.sampled_from((*USERS, "visitor")))
    def read_in_siteassist(self, owner):
        path = f"/v2/conversations/{self.conversations[owner]}"
        answer = self.server.http.get(path, headers=self.people_by_name[owner].headers)
        mine = {message_id: known.standing[0] for message_id, known in self.known.items() if known.owner == owner}
        assert answer.status_code == (200 if mine else 404)
        if mine:
            assert {message["id"]: message["feedback"] for message in answer.json()["messages"]} == mine

    @rule(owner=st.sampled_from((*USERS, "guest")))
    def read_in_handauncle(self, owner):
        path = f"/api/v1/user/conversations/{self.conversations[owner]}/messages?limit=100"
        answer = self.server.http.get(path, headers=self.people_by_name[owner].headers)
        mine = {message_id: (RATINGS[known.standing[0]], known.standing[1])
                for message_id, known in self.known.items() if known.owner == owner}
        assert answer.status_code == (200 if mine else 404)
        if mine:
            messages = answer.json()["data"]["messages"]
            assert {message["id"]: (message["rating"], message["feedback"]) for message in messages} == mine

    @invariant()
    def the_newest_message_has_at_most_one_vote_and_it_is_the_last(self):
        for message_id, known in list(self.known.items())[-1:]:
            expected = [known.standing] if known.standing[0] else []
            assert [(vote["vote"], vote["comment"]) for vote in self.server.standing(message_id)] == expected

    def teardown(self):
        """In the end everything is as the dictionary says."""
        for message_id in self.known:
            self.read_history(message_id)

    def _register(self, message_id: str, owner: str, conversation_of: str):
        return self.server.register(message_id, self.people_by_name[owner], self.conversations[conversation_of],
                                    created_at="2026-11-22T08:00:00Z")

    def _vote(self, wire: Wire, message_id: str, voter: str, vote: str | None, comment: str | None):
        body = {"feedback": vote} if wire is SITEASSIST else {"rating": RATINGS[vote], "feedback": comment}
        return wire.vote(self.server, message_id, self.people_by_name[voter].headers, body)

    @staticmethod
    def _expected(known: Known, voter: str) -> int:
        """A visitor's session is nobody in HandAuncle, nor is a device anybody in SiteAssist."""
        if (known.wire, voter) in ((HANDAUNCLE, "visitor"), (SITEASSIST, "guest")):
            return 401
        return 200 if voter == known.owner else 403

    @staticmethod
    def _check_answer(known: Known, answer) -> None:
        vote, comment = known.standing
        if known.wire is SITEASSIST:
            assert answer == {"feedback": vote}
        else:
            assert (answer["data"]["rating"], answer["data"]["feedback"]) == (RATINGS[vote], comment)


@pytest.fixture(scope="module")
def server(tmp_path_factory, database):
    with (identity_provider.running() as provider,
          plaudit(tmp_path_factory.mktemp("plaudit"), [project(MAIN, provider.url)], **database) as running):
        yield running


def test_both_contracts_at_once_behave_as_a_dictionary(server):
    """Users vote through both contracts on messages of one conversation and see the same votes in both."""
    run_state_machine_as_test(lambda: Votes(server), settings=settings(
        max_examples=EXAMPLES, stateful_step_count=STEPS, deadline=None, database=None, print_blob=True,
        suppress_health_check=[HealthCheck.too_slow]))
