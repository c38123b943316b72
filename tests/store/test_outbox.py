"""Whom to tell of which votes: written with the vote, taken by one process at a time, and gone when it was told."""

import asyncio

import pytest
from examples import ANNA, BORIS, DISLIKE, GUEST, LIKE, NOW, a_message, a_vote
from opening import open_store

from plaudit.errors import Forbidden
from plaudit.events import Backlog, Endpoint, Kind, Settled
from plaudit.model import Contract
from plaudit.rules import decide
from plaudit.store.outbox import CLAIM_MILLISECONDS

pytestmark = pytest.mark.anyio

ALL = Endpoint("all", "acme", "https://receiver.example/")
CRITICAL = Endpoint("critical", "acme", "https://chat.example/", kinds=frozenset({Kind.DISLIKE}), has_comment=True)
ELSEWHERE = Endpoint("elsewhere", "beta", "https://other.example/")
ENDPOINTS = {"acme": [ALL, CRITICAL], "beta": [ELSEWHERE]}
MINUTE = 60_000


@pytest.fixture
async def store(database, clock):
    """Anna's two messages are there, and a guest's."""
    opened = await open_store(database, decide, now=clock, endpoints=ENDPOINTS)
    await opened.register([a_message(), a_message("m-2"), a_message("g-1", owner=GUEST, conversation_id="c-2")])
    yield opened
    await opened.close()


async def told(store, endpoint=ALL, limit=100):
    """What an endpoint may be sent now: kinds, in order."""
    return [it.event.kind for it in await store.claim(endpoint, (), limit)]


async def test_who_has_no_endpoint_pays_nothing(database, clock):
    """Nothing is written that nobody would read."""
    store = await open_store(database, decide, now=clock)
    await store.register([a_message()])
    await store.submit(a_vote())
    assert await store.backlogs() == []
    await store.close()


async def test_every_accepted_submission_is_an_event(store):
    """A like, what it became, and its removal: in that order, each with what it was of and what stood before."""
    await store.submit(a_vote())
    await store.submit(a_vote(vote=DISLIKE, comment="late", at=NOW + 1))
    await store.submit(a_vote(vote=None, at=NOW + 2))
    events = [it.event for it in await store.claim(ALL, (), 100)]
    assert [(it.kind, it.feedback.vote, it.feedback.comment, it.feedback.revision, it.before) for it in events] == [
        (Kind.LIKE, LIKE, None, 1, None), (Kind.DISLIKE, DISLIKE, "late", 2, LIKE),
        (Kind.REMOVED, None, None, 3, DISLIKE)]
    assert [it.message for it in events] == [a_message()] * 3
    assert len({it.id for it in events}) == 3


async def test_what_was_refused_is_none(store):
    with pytest.raises(Forbidden):
        await store.submit(a_vote(subject=BORIS))
    assert await store.submit(a_vote(vote=None)) is None  # nothing to remove
    assert await store.backlogs() == []


@pytest.mark.parametrize(("endpoint", "expected"), [
    (ALL, [Kind.LIKE, Kind.DISLIKE, Kind.DISLIKE, Kind.REMOVED]),
    (CRITICAL, [Kind.DISLIKE]),
    (ELSEWHERE, []),
], ids=lambda it: getattr(it, "id", None))
async def test_an_endpoint_is_told_what_it_asks_for(store, endpoint, expected):
    for number, (vote, comment) in enumerate([(LIKE, "good"), (DISLIKE, None), (DISLIKE, "late"), (None, None)]):
        await store.submit(a_vote(vote=vote, comment=comment, at=NOW + number))
    assert await told(store, endpoint) == expected


@pytest.mark.parametrize(("wants", "kind", "contract", "commented", "wanted"), [
    ({}, Kind.LINKED, Contract.SITEASSIST, False, True),
    ({"kinds": frozenset({Kind.LIKE})}, Kind.LIKE, Contract.SITEASSIST, False, True),
    ({"kinds": frozenset({Kind.LIKE})}, Kind.REMOVED, Contract.SITEASSIST, False, False),
    ({"has_comment": False}, Kind.LIKE, Contract.SITEASSIST, True, False),
    ({"has_comment": True}, Kind.LIKE, Contract.SITEASSIST, True, True),
    ({"contracts": frozenset({Contract.PLAUDIT})}, Kind.LIKE, Contract.SITEASSIST, True, False),
    ({"contracts": frozenset({Contract.PLAUDIT})}, Kind.LIKE, Contract.PLAUDIT, True, True),
])
def test_what_an_endpoint_wants(wants, kind, contract, commented, wanted):
    assert Endpoint("e", "acme", "", **wants).wants(kind, contract, commented=commented) is wanted


async def test_a_link_is_told_too(store):
    """The user's vote follows the guest's; where the user had voted, the guest's ends."""
    await store.submit(a_vote("g-1", subject=GUEST, comment="fine"))
    await store.link("acme", GUEST, ANNA, NOW + 1)
    _, linked = [it.event for it in await store.claim(ALL, (), 100)]
    assert (linked.kind, linked.feedback.subject, linked.owner_before, linked.before, linked.feedback.comment) == (
        Kind.LINKED, ANNA, GUEST, LIKE, "fine")


async def test_what_was_told_is_told_no_more(store):
    await store.submit(a_vote())
    [delivery] = await store.claim(ALL, (), 100)
    assert [it.waiting for it in await store.backlogs()] == [1]
    await store.settle([Settled(delivery.due)])
    assert await store.backlogs() == []


async def test_what_failed_is_due_again_at_its_time(store, clock):
    """And no sooner, while what was never tried goes first."""
    await store.submit(a_vote())
    [delivery] = await store.claim(ALL, (), 100)
    await store.settle([Settled(delivery.due, "status 500", NOW + MINUTE)])
    assert await told(store) == []
    clock.now += MINUTE
    await store.submit(a_vote("m-2", vote=DISLIKE, at=clock.now))
    new, again = await store.claim(ALL, (), 100)
    assert (new.event.kind, new.due.attempts) == (Kind.DISLIKE, 0)
    assert (again.event, again.due.attempts) == (delivery.event, 1)


async def test_what_was_tried_for_the_last_time_is_a_dead_letter(store, clock):
    """To be seen, and to be sent again from the first attempt on when somebody says so."""
    await store.submit(a_vote())
    [delivery] = await store.claim(ALL, (), 100)
    await store.settle([Settled(delivery.due, "status 500", None, NOW + 5)])
    [letter] = await store.dead_letters("all", after=0, limit=10)
    assert (letter.died_at, letter.failure, letter.due.attempts, letter.due.event_id) == (
        NOW + 5, "status 500", 1, delivery.event.id)
    assert await store.backlogs() == [Backlog("all", dead=1)]
    assert await store.replay("all", [letter.due.seq, 10_000]) == 1
    clock.now += CLAIM_MILLISECONDS
    [again] = await store.claim(ALL, (), 100)
    assert (again.event, again.due.attempts) == (delivery.event, 0)
    assert await store.dead_letters("all", after=0, limit=10) == []


async def test_what_is_being_sent_is_not_taken_again(store):
    """However often it is asked for; others are."""
    await store.submit(a_vote())
    [first] = await store.claim(ALL, (), 100)
    await store.submit(a_vote("m-2", vote=DISLIKE))
    [second] = await store.claim(ALL, {first.due.seq}, 1)
    assert second.event.feedback.message_id == "m-2"


async def test_two_processes_never_take_the_same(postgres_url, clock):
    """Each of a hundred events is claimed once, by one of two servers that look at the same moment."""
    servers = [await open_store(postgres_url, decide, now=clock, endpoints=ENDPOINTS) for _ in range(2)]
    ids = [f"m-{number}" for number in range(100)]
    await servers[0].register([a_message(it) for it in ids])
    await asyncio.gather(*(servers[0].submit(a_vote(it)) for it in ids))
    taken = []
    while found := await asyncio.gather(*(it.claim(ALL, (), 7) for it in servers)):
        if not any(found):
            break
        taken += [delivery.event.feedback.message_id for some in found for delivery in some]
    assert sorted(taken) == sorted(ids)
    for server in servers:
        await server.close()


async def test_what_a_dead_process_had_taken_is_taken_over(database, clock):
    """With the same id: on PostgreSQL when its claim ends, on SQLite at once, for there is no other process."""
    first = await open_store(database, decide, now=clock, endpoints=ENDPOINTS)
    await first.register([a_message()])
    await first.submit(a_vote())
    [lost] = await first.claim(ALL, (), 100)
    await first.close()
    if isinstance(database, str):
        clock.now += CLAIM_MILLISECONDS
    second = await open_store(database, decide, now=clock, endpoints=ENDPOINTS)
    [found] = await second.claim(ALL, (), 100)
    assert found.event == lost.event
    await second.settle([Settled(found.due)])
    assert await second.backlogs() == []
    await second.close()


async def test_a_process_that_was_too_slow_settles_nothing(postgres_url, clock):
    """Its claim has ended and another one is sending: only what that one says counts."""
    slow, quick = [await open_store(postgres_url, decide, now=clock, endpoints=ENDPOINTS) for _ in range(2)]
    await slow.register([a_message()])
    await slow.submit(a_vote())
    [late] = await slow.claim(ALL, (), 1)
    clock.now += CLAIM_MILLISECONDS
    [taken_over] = await quick.claim(ALL, (), 1)
    await slow.settle([Settled(late.due, "no answer", None, NOW)])
    assert await quick.backlogs() == [Backlog("all", waiting=1, oldest_at=NOW)]
    await quick.settle([Settled(taken_over.due)])
    assert await quick.backlogs() == []
    for server in (slow, quick):
        await server.close()
