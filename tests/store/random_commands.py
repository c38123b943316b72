"""Random commands to a store beside a ledger that says what it should say."""

import asyncio
import tempfile
from pathlib import Path

from counting import wrong_totals
from examples import ANNA, BORIS, DAY, GUEST, HOUR, NOW, VISITOR, Clock, a_message
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from ledger import Ledger

from plaudit.errors import Conflict, PlauditError
from plaudit.model import AuthLevel, Contract, FeedbackFilter, Plan, Project, Role, SubjectKind, Vote, Voter
from plaudit.people import Person
from plaudit.rules import decide
from plaudit.service import Service
from plaudit.store.sqlite import SqliteStore

PLAN = Plan("pro", frozenset({"feedback"}))
PROJECTS = [Project(id=it, name=it, plan=PLAN, feedback_plan="pro") for it in ("acme", "globex")]

project_ids = st.sampled_from([project.id for project in PROJECTS])
subjects = st.sampled_from([ANNA, ANNA, ANNA, BORIS, GUEST, VISITOR])  # mostly one, so that votes are mostly allowed
message_ids = st.sampled_from(["m-1", "m-2", "m-3", "M-1"])
conversation_ids = st.sampled_from(["c-1", "c-2"])
texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=5)  # NUL is refused before the store
messages = st.builds(
    a_message, message_ids, project_id=project_ids, conversation_id=conversation_ids, owner=subjects,
    role=st.sampled_from([Role.ASSISTANT, Role.ASSISTANT, Role.HUMAN_AGENT, Role.USER]),
    created_at=st.integers(NOW, NOW + 2), content=st.none() | texts)
# Whom a server key names is looked up first, so that such a vote would be decided after the others of its batch.
levels = st.sampled_from([level for level in AuthLevel if level is not AuthLevel.SERVER_KEY])
voters = st.builds(Voter, st.sampled_from(PROJECTS), subjects, levels)
votes = st.tuples(
    voters, st.sampled_from(Contract), message_ids, st.sampled_from([*Vote, None]), st.none() | texts)


class Machine(RuleBasedStateMachine):
    """A service on a real file, beside a ledger."""

    decide = staticmethod(decide)

    def __init__(self):
        super().__init__()
        self.loop = asyncio.Runner()
        self.folder = tempfile.TemporaryDirectory()
        self.clock = Clock()
        self.ledger = Ledger()
        self.open()

    def open(self):
        self.store = self.loop.run(self.opened())
        self.service = Service(self.store, now=self.clock, new_id=lambda: "unused")

    def opened(self):
        return SqliteStore.open(Path(self.folder.name) / "plaudit.db", self.decide, now=self.clock)

    def teardown(self):
        try:
            for project in PROJECTS:
                self.votes_are_listed(project.id, 2)
            assert self.loop.run(wrong_totals(self.store)) == []
        finally:
            self.loop.run(self.store.close())
            self.loop.close()
            self.folder.cleanup()

    @initialize(batch=st.lists(messages, min_size=4, max_size=8))
    def begin(self, batch):
        self.register(batch)

    @rule(batch=st.lists(messages, min_size=1, max_size=5))
    def register(self, batch):
        outcomes = self.loop.run(self.service.register(batch))
        assert [(it.resource, it.field) if isinstance(it, Conflict) else it.created for it in outcomes] == [
            self.ledger.register(message) for message in batch]

    @rule(asked=st.lists(votes, min_size=1, max_size=12))
    def vote(self, asked):
        outcomes = self.loop.run(self.at_once(asked))
        assert outcomes == [self.ledger.submit(*vote, now=self.clock.now) for vote in asked]

    async def at_once(self, asked):
        outcomes = await asyncio.gather(*(self.service.submit(*vote) for vote in asked), return_exceptions=True)
        return [type(it).__name__ if isinstance(it, PlauditError) else it for it in outcomes]

    @rule(project_id=project_ids, owner=st.sampled_from([GUEST, VISITOR]), user=st.sampled_from([ANNA, ANNA, BORIS]))
    def link(self, project_id, owner, user):
        expected = self.ledger.link(project_id, owner, user, now=self.clock.now)
        try:
            linked = self.loop.run(self.service.link(project_id, owner, user))
        except Conflict:
            assert expected is None
        else:
            assert (linked.messages, linked.votes, linked.superseded) == (*expected, 0)

    @rule(project_id=project_ids, who=st.sampled_from([ANNA, GUEST, VISITOR]), removes_votes=st.booleans())
    def erase(self, project_id, who, removes_votes):
        expected = self.ledger.erase(project_id, who)
        erased, _ = self.loop.run(self.service.erase(
            project_id, Person(who), actor="operator", removes_votes=removes_votes, purged_bytes_max=0))
        assert (erased.messages, erased.votes, erased.identities) == expected

    @rule(milliseconds=st.sampled_from([1, HOUR, -DAY]))
    def turn_the_clock(self, milliseconds):
        self.clock.now += milliseconds

    @rule()
    def fold(self):
        self.loop.run(self.store.fold())

    @rule()
    def restart(self):
        self.loop.run(self.store.close())
        self.open()

    @rule(project_id=project_ids, message_id=message_ids)
    def a_message_is_read(self, project_id, message_id):
        expected = self.ledger.messages.get((project_id, message_id))
        assert self.loop.run(self.store.message(project_id, message_id)) == expected
        assert self.loop.run(self.store.history(project_id, message_id)) == self.ledger.history(project_id, message_id)

    @rule(project_id=project_ids, conversation_id=conversation_ids)
    def a_conversation_is_read(self, project_id, conversation_id):
        total, page = self.loop.run(self.service.conversation_messages(project_id, conversation_id, limit=100))
        assert [(it.message, it.feedback) for it in page] == self.ledger.conversation(project_id, conversation_id)
        assert total == len(page)

    @rule(project_id=project_ids, limit=st.integers(1, 4))
    def votes_are_listed(self, project_id, limit):
        assert self.in_order(self.loop.run(self.all_pages(project_id, limit))) == self.in_order(
            self.ledger.standing(project_id))

    @staticmethod
    def in_order(listed):
        return listed

    async def all_pages(self, project_id, limit):
        page = await self.service.feedback(project_id, FeedbackFilter(), limit=limit)
        listed = [it.feedback for it in page.items if it.feedback.subject.kind is not SubjectKind.ERASED]
        while page.cursor is not None:
            page = await self.service.feedback(project_id, FeedbackFilter(), limit=limit, cursor=page.cursor)
            listed += [it.feedback for it in page.items if it.feedback.subject.kind is not SubjectKind.ERASED]
        return listed


def run(machine, **how):
    run_state_machine_as_test(machine, settings=settings(
        stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck), **how))
