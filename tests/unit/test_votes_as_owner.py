"""Votes that are given in the name of a message's owner, whoever that is."""

from dataclasses import replace

import pytest

from plaudit.arrivals import Arrivals
from plaudit.errors import FeedbackOff, Forbidden, NotFound, PaymentRequired
from plaudit.model import AuthLevel, Contract, Message, MissedReason, Plan, Project, Role, Subject, SubjectKind, Vote
from plaudit.rules import decide
from plaudit.service import Service
from plaudit.store.sqlite import SqliteStore

pytestmark = pytest.mark.anyio

NOW = 1_795_334_400_000
ACME = Project(id="acme", name="Acme", plan=Plan("pro", frozenset({"feedback"})), feedback_plan="pro")
ANNA = Subject.user("https://tenant.example/", "auth0|anna")
GUEST = Subject.of(SubjectKind.GUEST, "0" * 64)
MESSAGE = Message("acme", "m-1", "c-1", Role.ASSISTANT, GUEST, NOW - 1)


@pytest.fixture
async def store(tmp_path):
    opened = await SqliteStore.open(tmp_path / "plaudit.db", decide, now=lambda: NOW)
    yield opened
    await opened.close()


def serving(store, arrivals=None):
    return Service(store, now=lambda: NOW, new_id=lambda: "fresh-id", arrivals=arrivals)


def like(service, project=ACME):
    return service.submit_as_owner(project, Contract.LANGFUSE, AuthLevel.SERVER_KEY, "m-1", Vote.LIKE, comment="Good.")


async def test_it_is_the_owners_vote(store):
    """Known as its proof says; and taken back the same way."""
    service = serving(store)
    await service.register([MESSAGE])
    stored = await like(service)
    assert (stored.subject, stored.auth_level, stored.contract, stored.vote, stored.comment) == (
        GUEST, AuthLevel.SERVER_KEY, Contract.LANGFUSE, Vote.LIKE, "Good.")
    removed = await service.submit_as_owner(ACME, Contract.LANGFUSE, AuthLevel.SERVER_KEY, "m-1", None)
    assert (removed.subject, removed.vote, removed.revision) == (GUEST, None, 2)


class Late:
    """A store in which the message is registered as soon as somebody has looked for it in vain."""

    def __init__(self, store):
        self._store = store

    def __getattr__(self, name):
        return getattr(self._store, name)

    async def message(self, *key):
        found = await self._store.message(*key)
        await self._store.register([MESSAGE])
        return found


async def test_a_message_that_comes_late_is_waited_for(store):
    """As for whoever votes in their own name."""
    assert (await like(serving(Late(store), Arrivals(60, others_register=False)))).subject == GUEST


async def test_a_message_that_never_comes_is_counted(store):
    arrivals = Arrivals(0, others_register=False)
    with pytest.raises(NotFound):
        await like(serving(store, arrivals))
    arrivals.expire(NOW + 3_600_000)
    assert [(missed.reason, count) for missed, count in arrivals.missed.items()] == [(MissedReason.NEVER, 1)]


@pytest.mark.parametrize(("project", "refusal"), [
    (replace(ACME, feedback_enabled=False), FeedbackOff),
    (replace(ACME, plan=Plan("free", frozenset())), PaymentRequired),
])
async def test_a_project_that_takes_no_votes_says_nothing_of_messages(store, project, refusal):
    with pytest.raises(refusal):
        await like(serving(store), project)


class Linking:
    """A store in which the owner becomes a user as soon as somebody has looked who it is."""

    def __init__(self, store, user):
        self._store, self._user = store, user

    def __getattr__(self, name):
        return getattr(self._store, name)

    async def message(self, *key):
        found = await self._store.message(*key)
        if self._user:
            user, self._user = self._user, None
            await self._store.link("acme", GUEST, user, NOW)
        return found


async def test_a_guest_who_becomes_a_user_meanwhile_has_voted_as_that_user(store):
    """Between the look at the message and the vote."""
    await store.register([MESSAGE])
    assert (await like(serving(Linking(store, ANNA)))).subject == ANNA


class Another:
    """A store that says of every message that it is somebody else's than it is."""

    def __init__(self, store):
        self._store = store

    def __getattr__(self, name):
        return getattr(self._store, name)

    async def message(self, *key):
        return replace(await self._store.message(*key), owner=ANNA)


async def test_a_vote_that_is_forbidden_for_another_reason_stays_so(store):
    """It is not tried for ever."""
    await store.register([MESSAGE])
    with pytest.raises(Forbidden):
        await like(serving(Another(store)))
