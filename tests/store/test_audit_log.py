"""The audit log is kept in order, whoever appends at once, and in the transaction of what it speaks of."""

import asyncio

import pytest
from examples import ANNA, DISLIKE, NOW, a_message, a_vote

from plaudit import audit
from plaudit.deeds import Action, Deed, Review
from plaudit.errors import Conflict
from plaudit.model import GuestMode, Plan, Project

pytestmark = pytest.mark.anyio

ACME = Project("acme", "Acme", Plan("all", frozenset({"feedback"})), "all")
EXPORTED = Deed("backend", Action.EXPORTED, NOW, {"format": "csv"})
REVIEWED = Deed("anna@support", Action.REVIEWED, NOW, {"message_id": "m-1"})
WRONG = Review("wrong", None, "anna@support", NOW)


async def log(store, project_id="acme", **wanted):
    return await store.audit_log(project_id, **{"limit": 1000, **wanted})


async def test_each_project_has_a_log_of_its_own_from_one_on(store):
    for project_id in ("acme", "globex", "acme"):
        await store.audit(project_id, EXPORTED)
    assert [entry.number for entry in await log(store)] == [1, 2]
    [entry] = await log(store, "globex")
    assert (entry.number, entry.actor, entry.action, entry.at, entry.details) == (
        1, "backend", Action.EXPORTED, NOW, {"format": "csv"})


async def test_what_is_appended_at_once_is_one_chain(store):
    await asyncio.gather(*(store.audit("acme", EXPORTED) for _ in range(20)))
    entries = await log(store)
    assert [entry.number for entry in entries] == [*range(1, 21)]
    assert audit.broken(entries) is None


async def test_it_is_read_page_by_page_and_by_what_was_done(store):
    for deed in (EXPORTED, REVIEWED, EXPORTED):
        await store.audit("acme", deed)
    assert [entry.number for entry in await log(store, limit=2)] == [1, 2]
    assert [entry.number for entry in await log(store, after=2)] == [3]
    assert [entry.number for entry in await log(store, action=Action.EXPORTED)] == [1, 3]


async def test_a_review_is_logged_with_it_or_not_at_all(store):
    """Also that it was taken back. What was refused never happened."""
    await store.register([a_message()])
    await store.submit(a_vote(vote=DISLIKE))
    with pytest.raises(Conflict):
        await store.review("acme", "m-1", ANNA, 7, WRONG, deed=REVIEWED)
    assert await log(store) == []
    await store.review("acme", "m-1", ANNA, 1, WRONG, deed=REVIEWED)
    assert [entry.action for entry in await log(store)] == [Action.REVIEWED]


async def test_settings_are_logged_when_they_changed(store):
    """By however many processes that see it."""
    await asyncio.gather(*(store.audit_settings(ACME, NOW) for _ in range(4)))
    bare = Project("acme", "Acme", ACME.plan, "all", guest_mode=GuestMode.BARE)
    await asyncio.gather(*(store.audit_settings(bare, NOW + 1) for _ in range(4)))
    first, second = await log(store)
    assert first.details["guest_mode"] == "bound"
    assert (second.actor, second.details) == (audit.OPERATOR, {"guest_mode": "bare"})
