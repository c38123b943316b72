"""From the outbox to a receiver, however the receiver is: with a clock that the tests turn, and without a sleep."""

import asyncio
import json
import time
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from examples import NOW, Clock, a_message, a_vote
from opening import open_store
from receiver import Receiver, answer, closed, never
from serving import until
from standardwebhooks import Webhook, WebhookVerificationError

from plaudit.events import Backlog, Body, Endpoint
from plaudit.rules import decide
from plaudit.webhooks import sending as sending_module
from plaudit.webhooks import signing
from plaudit.webhooks.posting import TOTAL_SECONDS, Poster
from plaudit.webhooks.retries import DELAYS_SECONDS
from plaudit.webhooks.sending import AT_ONCE, PAUSE_SECONDS, SHARED, Courier, Couriers, Hands

pytestmark = pytest.mark.anyio

OLD, NEW = signing.new_secret(), signing.new_secret()
SECOND = 1000
SHORT_SECONDS = 0.1  # in place of fifteen


def real_time():
    return time.time_ns() // 1_000_000


class Sending:
    """A store with votes, and a courier for an endpoint at the receiver."""

    def __init__(self, store, endpoint, clock, poster, hands):
        self.store, self.clock, self.poster, self.hands = store, clock, poster, hands
        self.endpoint = endpoint
        self.courier = Courier(endpoint, store, poster.post, hands, now=clock, chance=lambda: 0.0)

    async def votes(self, count):
        ids = [f"m-{number}" for number in range(count)]
        await self.store.register([a_message(it) for it in ids])
        await asyncio.gather(*(self.store.submit(a_vote(it, comment="a word")) for it in ids))

    async def until_nothing_moves(self):
        while await self.courier.turn():
            await self.courier.idle()

    async def after(self, seconds):
        self.clock.now += round(seconds * SECOND)
        await self.until_nothing_moves()


@asynccontextmanager
async def sending(database, receiver, now=NOW, total_seconds=TOTAL_SECONDS, **changes):
    clock = Clock(now)
    endpoint = Endpoint("all", "acme", **{"url": receiver.url, "allow_private": True,
                                          "secrets": (signing.key_of(NEW),), **changes})
    store = await open_store(database, decide, now=clock, endpoints={"acme": [endpoint]})
    poster = Poster(total_seconds=total_seconds)
    try:
        yield Sending(store, endpoint, clock, poster, Hands(SHARED))
    finally:
        await poster.aclose()
        await store.close()


@pytest.fixture(params=["sqlite", "postgres"])
def either(request, tmp_path):
    return tmp_path / "plaudit.db" if request.param == "sqlite" else request.getfixturevalue("postgres_url")


@pytest.fixture
def database(tmp_path):
    return tmp_path / "plaudit.db"


# ---------------------------------------------------------------- what arrives


async def test_what_was_voted_arrives_signed(either, receiver):
    """And the receivers' own library finds the signature good."""
    async with sending(either, receiver, now=real_time()) as it:
        await it.votes(3)
        await it.until_nothing_moves()
        assert await it.store.backlogs() == []
    assert len({*receiver.ids}) == 3
    for received in receiver.received:
        told = verified(NEW, received)
        assert (told["type"], told["data"]["comment"]) == ("vote.like", "a word")
        assert received.headers["content-type"] == "application/json"


def verified(secret, received):
    """By the library, which wants it to be of the last five minutes."""
    return Webhook(secret).verify(received.body, dict(received.headers))


async def test_a_secret_can_be_exchanged_without_a_gap(database, receiver):
    """While both sign, receivers that know either of them take it; those with another one do not."""
    keys = tuple(map(signing.key_of, (OLD, NEW)))
    async with sending(database, receiver, now=real_time(), secrets=keys) as it:
        await it.votes(1)
        await it.until_nothing_moves()
    [received] = receiver.received
    assert verified(OLD, received) == verified(NEW, received)
    with pytest.raises(WebhookVerificationError):
        verified(signing.new_secret(), received)
    with pytest.raises(WebhookVerificationError):
        verified(NEW, replace(received, body=received.body.replace(b"like", b"love")))


async def test_what_a_chat_gets(database, receiver):
    async with sending(database, receiver, body=Body.SLACK, secrets=()) as it:
        await it.votes(1)
        await it.until_nothing_moves()
    [received] = receiver.received
    assert list(json.loads(received.body)) == ["text"]
    assert "webhook-signature" not in received.headers


# ---------------------------------------------------------------- receivers that fail


@pytest.mark.parametrize(("answers", "failure"), [
    (answer(500), "status 500"),
    (answer(404), "status 404"),
    (answer(302, location="http://127.0.0.1:1/"), "status 302"),  # and nobody goes there
    (answer(200, b"x" * 10_000_000)[:-1], None),  # good as far as it was read, and no further
    (b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n", f"no answer within {SHORT_SECONDS:g} seconds"),
    (b"HTTP/1.1 200 OK\r\n", f"no answer within {SHORT_SECONDS:g} seconds"),
    (b"220 mail.example ESMTP\r\n\r\n", "it cannot be reached (RemoteProtocolError)"),
    (b"HTTP/1.1 200 OK\r\nx: " + b"y" * 1_000_000, "it cannot be reached (RemoteProtocolError)"),
    (closed, "it cannot be reached (RemoteProtocolError)"),
    (never, f"no answer within {SHORT_SECONDS:g} seconds"),
], ids=["error", "not found", "redirect", "huge", "cut off", "half a head", "no HTTP", "huge head", "closing",
        "silent"])
async def test_what_is_no_delivery(database, answers, failure):
    """Only 2xx is; whatever else comes is tried again, for the same event by the same id."""
    async with Receiver(lambda _: answers if isinstance(answers, bytes) else answers()) as receiver:
        silent = failure is not None and failure.startswith("no answer")
        async with sending(database, receiver, total_seconds=SHORT_SECONDS if silent else TOTAL_SECONDS) as it:
            await it.votes(1)
            await it.until_nothing_moves()
            assert [backlog.waiting for backlog in await it.store.backlogs()] == ([1] if failure else [])
            for delay in DELAYS_SECONDS if failure else ():
                await it.after(delay)
            letters = await it.store.dead_letters("all", after=0, limit=10)
            assert [letter.failure for letter in letters] == ([failure] if failure else [])
        assert len(receiver.received) == (1 + len(DELAYS_SECONDS) if failure else 1)
        assert len({*receiver.ids}) == 1


async def test_a_receiver_that_is_down(database):
    """Nobody listens there."""
    async with Receiver() as gone:
        pass
    async with sending(database, gone) as it:
        await it.votes(1)
        await it.until_nothing_moves()
        assert it.courier.facts.failed == 1
        assert [backlog.waiting for backlog in await it.store.backlogs()] == [1]


async def test_attempts_come_at_their_times(either):
    """Five seconds, five minutes, half an hour, two, five, ten and ten hours: no sooner, and no more."""
    async with Receiver(lambda _: answer(400)) as receiver, sending(either, receiver) as it:
        await it.votes(1)
        await it.until_nothing_moves()
        for number, delay in enumerate((5, 300, 1800, 7200, 18_000, 36_000, 36_000), start=1):
            await it.after(delay - 1)
            assert len(receiver.received) == number
            await it.after(1)
            assert len(receiver.received) == number + 1
        await it.after(1_000_000)
        assert len(receiver.received) == 8
        assert await it.store.backlogs() == [Backlog("all", dead=1)]


async def test_what_came_back_to_life(database):
    """A dead letter is replayed by hand, and delivered by the id that it always had."""
    async with Receiver(lambda number: answer(410 if number == 0 else 200)) as receiver:
        async with sending(database, receiver) as it:
            await it.votes(1)
            await it.until_nothing_moves()
            [letter] = await it.store.dead_letters("all", after=0, limit=10)  # 410: it is not tried again
            assert letter.failure == "status 410"
            await it.store.replay("all", [letter.due.seq])
            await it.until_nothing_moves()
            assert await it.store.backlogs() == []
        assert receiver.ids == [letter.due.event_id] * 2


@pytest.mark.parametrize(("asked", "seconds"), [
    ("120", 120), ("1", 5), ("Sun, 22 Nov 2026 08:03:20 GMT", 200), ("nonsense", 5), ("-5", 5),
    ("999999999", 24 * 3600), ("Sun, 22 Nov 2099 08:03:20 GMT", 24 * 3600),
])
async def test_who_says_when_to_come_again(database, asked, seconds):
    """Is heard, within bounds: never sooner than the schedule, and a day at the most."""
    async with Receiver(lambda _: answer(429, retry_after=asked)) as receiver, sending(database, receiver) as it:
        await it.votes(1)
        await it.until_nothing_moves()
        await it.after(seconds - 1)
        assert len(receiver.received) == 1
        await it.after(1)
        assert len(receiver.received) == 2


# ---------------------------------------------------------------- how much at once


async def test_no_more_than_so_many_requests_at_once(database):
    """To one endpoint; the others wait in the database."""
    gate = asyncio.Event()

    async def when_told():
        await gate.wait()
        return answer(200)

    async with Receiver(lambda _: when_told()) as receiver, sending(database, receiver) as it:
        await it.votes(AT_ONCE + 5)
        await it.courier.turn()
        await receiver.until(AT_ONCE)
        assert not await it.courier.turn()
        gate.set()
        await it.courier.idle()
        await it.until_nothing_moves()
        assert len({*receiver.ids}) == len(receiver.received) == AT_ONCE + 5


async def test_who_does_not_answer_is_asked_with_one_event_a_second(database):
    """Its other events keep their attempts for when it works again, which it is given at once then."""
    failures = AT_ONCE + 2
    async with Receiver(lambda number: answer(503 if number < failures else 200)) as receiver:
        async with sending(database, receiver) as it:
            await it.votes(3 * AT_ONCE)
            await it.until_nothing_moves()
            asked = [len(receiver.received)]
            for _ in range(3):
                await it.after(PAUSE_SECONDS)
                asked.append(len(receiver.received))
            assert asked == [AT_ONCE, AT_ONCE + 1, AT_ONCE + 2, 3 * AT_ONCE]  # the last is good: all are sent
            await it.after(DELAYS_SECONDS[0])
            assert await it.store.backlogs() == []
        assert len({*receiver.ids}) == 3 * AT_ONCE


async def test_a_slow_receiver_does_not_hold_up_another(database, receiver):
    """Each has hands of its own."""
    clock = Clock()
    async with Receiver(lambda _: never()) as silent:
        slow = Endpoint("slow", "acme", silent.url, allow_private=True)
        quick = Endpoint("quick", "acme", receiver.url, allow_private=True)
        store = await open_store(database, decide, now=clock, endpoints={"acme": [slow, quick]})
        poster, hands = Poster(), Hands(SHARED)
        couriers = [Courier(each, store, poster.post, hands, now=clock) for each in (slow, quick)]
        ids = [f"m-{number}" for number in range(2 * SHARED)]
        await store.register([a_message(it) for it in ids])
        await asyncio.gather(*(store.submit(a_vote(it)) for it in ids))
        await couriers[0].turn()
        while await couriers[1].turn():
            await couriers[1].idle()
        assert len({*receiver.ids}) == len(ids)
        assert [backlog.endpoint_id for backlog in await store.backlogs()] == ["slow"]
        await couriers[0].cancel()
        await poster.aclose()
        await store.close()


async def test_who_finds_no_hand_free_has_one_of_its_own(database, receiver):
    """However many endpoints are slow."""
    async with sending(database, receiver) as it:
        it.courier = Courier(it.endpoint, it.store, it.poster.post, Hands(0), now=it.clock)
        await it.votes(3)
        await it.until_nothing_moves()
        assert await it.store.backlogs() == []


@pytest.mark.parametrize("count", [1, 2, AT_ONCE])
async def test_no_hand_is_lost(database, receiver, count):
    """What was shared is all there again, whatever was sent."""
    async with sending(database, receiver) as it:
        await it.votes(count)
        await it.until_nothing_moves()
        assert it.hands.take(2 * SHARED) == SHARED


async def test_a_stop_waits_for_what_is_under_way(database):
    """And what it does not wait for is sent the next time, by the same id."""
    gate = asyncio.Event()

    async def when_told():
        await gate.wait()
        return answer(200)

    async with Receiver(lambda _: when_told()) as receiver, sending(database, receiver) as it:
        await it.votes(1)
        running = asyncio.create_task(it.courier.run())
        await receiver.until(1)
        it.courier.stop()
        assert not running.done()
        gate.set()
        await running
        assert await it.store.backlogs() == []


async def test_an_event_that_was_lost_on_the_way_is_sent_again(either):
    """The process ends between the commit and the answer: the next one sends the same event."""
    async with Receiver(lambda number: never() if number == 0 else answer(200)) as receiver:
        async with sending(either, receiver) as it:
            await it.votes(1)
            await it.courier.turn()
            await receiver.until(1)
            await it.courier.cancel()
        async with sending(either, receiver) as it:
            it.clock.now = NOW + 60 * SECOND
            await it.until_nothing_moves()
            assert await it.store.backlogs() == []
        assert len({*receiver.ids}) == 1
        assert len(receiver.received) == 2


# ---------------------------------------------------------------- all of a process


async def test_a_process_tells_each_endpoint_and_how_it_stands(database, receiver):
    """With what waits and what is dead, of all processes."""
    clock = Clock()
    async with Receiver(lambda _: answer(410)) as gone:
        endpoints = [Endpoint("good", "acme", receiver.url, allow_private=True),
                     Endpoint("gone", "acme", gone.url, allow_private=True)]
        store = await open_store(database, decide, now=clock, endpoints={"acme": endpoints})
        await store.register([a_message()])
        poster = Poster()
        couriers = Couriers(endpoints, store, poster.post, now=clock)
        couriers.start()
        await store.submit(a_vote())
        await asyncio.gather(receiver.until(1), gone.until(1))
        await couriers.aclose()
        assert await store.backlogs() == [Backlog("gone", dead=1)]
        clock.now += 60 * SECOND
        restarted = Couriers(endpoints, store, poster.post, now=clock)
        restarted.start()
        await until(lambda: any(facts.dead for facts in restarted.facts()))
        await restarted.aclose()
        assert [(facts.endpoint_id, facts.delivered, facts.failed) for facts in couriers.facts()] == [
            ("good", 1, 0), ("gone", 0, 1)]
        assert [(facts.endpoint_id, facts.waiting, facts.dead) for facts in restarted.facts()] == [
            ("good", 0, 0), ("gone", 0, 1)]
        await poster.aclose()
        await store.close()


async def test_a_process_that_stops_does_not_wait_for_ever(database, monkeypatch):
    """A receiver that says nothing is told again by the next one."""
    monkeypatch.setattr(sending_module, "STOP_SECONDS", 0.01)
    async with Receiver(lambda _: never()) as silent:
        endpoint = Endpoint("all", "acme", silent.url, allow_private=True)
        store = await open_store(database, decide, now=Clock(), endpoints={"acme": [endpoint]})
        await store.register([a_message()])
        await store.submit(a_vote())
        poster = Poster()
        couriers = Couriers([endpoint], store, poster.post, now=Clock())
        couriers.start()
        await silent.until(1)
        await couriers.aclose()
        assert [backlog.waiting for backlog in await store.backlogs()] == [1]
        await poster.aclose()
        await store.close()
