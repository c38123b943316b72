"""Every endpoint has a courier: it takes what is due from the outbox, sends it, and says what became of it.

DESIGN. A courier never waits for a request before it takes up the next, while it has hands free: one of its own, and of
those that all couriers of a process share as many as make it `AT_ONCE`. So nobody is held up by another's receiver. An
endpoint that does not answer has one hand only, and that once a second, until it answers: so it uses up no attempts of
what has come since.

GUARANTEES. What was committed is sent at least once, always with the same id: it leaves the outbox when it has been
delivered, and when this process ends in between, another one, or the next one, sends it again. No order is promised.
Memory is bounded: what is not being sent stays in the database.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import structlog

from plaudit.errors import Unavailable
from plaudit.events import Backlog, Delivery, Endpoint, Event, Settled
from plaudit.model import Instant
from plaudit.ports import Outbox
from plaudit.webhooks import bodies, signing
from plaudit.webhooks.posting import Answer, NotSent
from plaudit.webhooks.retries import retry_after, retry_at

AT_ONCE = 16  # requests to one endpoint
SHARED = 64  # of those, beyond the first, in one process
POLL_SECONDS = 0.5  # how often an empty outbox is looked at
BACKLOG_SECONDS = 15.0  # how often what waits is counted, for the metrics
STOP_SECONDS = 5.0  # for what is under way when the server stops
PAUSE_SECONDS = 1.0  # between two attempts at an endpoint that does not answer
PAUSE_SECONDS_MAX = 60.0  # where it asks for more by Retry-After
GONE = 410
OVERLOADED = 429
SERVER_ERRORS = range(500, 600)
USER_AGENT = "Plaudit"

Post = Callable[[Endpoint, Mapping[str, str], bytes], Awaitable[Answer]]

log = structlog.get_logger("plaudit.webhooks")


@dataclass(slots=True)
class Facts:
    """What one process knows of an endpoint."""

    endpoint_id: str
    project_id: str
    delivered: int = 0
    failed: int = 0  # attempts
    waiting: int = 0  # of all processes, as are the following two
    oldest_seconds: float = 0.0
    dead: int = 0


class Hands:
    """That all couriers share."""

    def __init__(self, count: int) -> None:
        self._free = count

    def take(self, most: int) -> int:
        taken = max(0, min(most, self._free))
        self._free -= taken
        return taken

    def give_back(self, count: int) -> None:
        self._free += count


def written(event: Event, endpoint: Endpoint, now: Instant) -> tuple[Mapping[str, str], bytes]:
    """Headers and body, signed."""
    media_type, body = bodies.written(event, endpoint)
    headers = {**dict(endpoint.headers), "content-type": media_type, "user-agent": USER_AGENT}
    return {**headers, **signing.headers(event.id, now // 1000, body, endpoint.secrets)}, body


class Courier:
    """`now` gives milliseconds since 1970, `chance` a number below 1."""

    def __init__(self, endpoint: Endpoint, outbox: Outbox, post: Post, shared: Hands, *, now: Callable[[], Instant],
                 chance: Callable[[], float] = random.random) -> None:
        self.facts = Facts(endpoint.id, endpoint.project_id)
        self._endpoint = endpoint
        self._outbox = outbox
        self._post = post
        self._shared = shared
        self._hands = 0  # that have something to do
        self._held = 0  # of those, the shared ones
        self._now = now
        self._chance = chance
        self._under_way: dict[int, asyncio.Task[Settled]] = {}  # by number; some have ended and are not settled yet
        self._failing = False
        self._not_before: Instant = 0
        self._stopping = False

    async def run(self) -> None:
        """Until `stop`, and then until nothing is under way any more."""
        while not self._stopping or self._under_way:
            if not await self._turned():
                await self._something_ends(POLL_SECONDS)

    def stop(self) -> None:
        self._stopping = True

    async def cancel(self) -> None:
        """What is under way is sent again by whoever comes next."""
        for task in self._under_way.values():
            task.cancel()
        await asyncio.gather(*self._under_way.values(), return_exceptions=True)

    async def turn(self) -> bool:
        """Settle what has ended and begin with what is due; was there anything? Raises `Unavailable`."""
        settled = await self._settle()
        begun = 0 if self._stopping else await self._begin()
        return bool(settled or begun)

    async def idle(self) -> None:
        """Wait until nothing is under way any more."""
        await asyncio.gather(*self._under_way.values())

    async def _turned(self) -> bool:
        try:
            return await self.turn()
        except Unavailable:  # told by the votes, which meet it too
            return False
        except Exception:  # events must not wait for the next start because of a bug
            log.exception("events cannot be sent", endpoint=self._endpoint.id)
            return False

    async def _settle(self) -> int:
        ended = [task.result() for task in self._under_way.values() if task.done()]
        if ended:
            await self._outbox.settle(ended)
            for settled in ended:
                del self._under_way[settled.due.seq]
        return len(ended)

    async def _begin(self) -> int:
        if self._now() < self._not_before:
            return 0
        most = (1 if self._failing else AT_ONCE) - len(self._under_way)
        if most <= 0:
            return 0
        hands = self._take_hands(most)
        claimed: list[Delivery] = []
        try:
            if hands:
                claimed = await self._outbox.claim(self._endpoint, self._under_way.keys(), hands)
            for delivery in claimed:
                self._under_way[delivery.due.seq] = asyncio.create_task(self._send(delivery), name="webhook")
        finally:
            self._let_go(hands - len(claimed))
        return len(claimed)

    def _take_hands(self, most: int) -> int:
        own = 0 if self._hands else 1
        self._held += (taken := self._shared.take(most - own))
        self._hands += own + taken
        return own + taken

    def _let_go(self, hands: int) -> None:
        """The last of them is the courier's own."""
        self._hands -= hands
        needed = max(0, self._hands - 1)
        self._shared.give_back(self._held - needed)
        self._held = needed

    async def _something_ends(self, seconds: float) -> None:
        running = [task for task in self._under_way.values() if not task.done()]
        if running:
            await asyncio.wait(running, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        else:
            await asyncio.sleep(seconds)

    async def _send(self, delivery: Delivery) -> Settled:
        try:
            return await self._sent(delivery)
        except Exception:  # the others must not suffer from a bug
            log.exception("event cannot be sent", endpoint=delivery.due.endpoint_id, event_id=delivery.due.event_id)
            return self._failed(delivery, "a bug of Plaudit's", None)
        finally:
            self._let_go(1)

    async def _sent(self, delivery: Delivery) -> Settled:
        due, event = delivery.due, delivery.event
        if event is None:  # its history was erased, and nobody is to hear of it
            return Settled(due)
        try:
            answer = await self._post(self._endpoint, *written(event, self._endpoint, self._now()))
        except NotSent as reason:
            return self._failed(delivery, str(reason), None)
        if not answer.good:
            return self._failed(delivery, f"status {answer.status}", answer)
        self._works()
        return Settled(due)

    def _failed(self, delivery: Delivery, failure: str, answer: Answer | None) -> Settled:
        """Gone, says the receiver with 410: this one is not tried again. Others are, for the settings name it still."""
        now, due = self._now(), delivery.due
        self.facts.failed += 1
        after_seconds = retry_after(answer.retry_after, now) if answer else None
        at = None
        if answer is None or answer.status != GONE:
            at = retry_at(due.attempts + 1, now, after_seconds, self._chance)
        if answer is None or answer.status == OVERLOADED or answer.status in SERVER_ERRORS:
            self._fails(failure, after_seconds)
        if at is None:
            log.warning("event not delivered", endpoint=due.endpoint_id, event_id=due.event_id, reason=failure,
                        attempts=due.attempts + 1)
        return Settled(due, failure, at, now)

    def _fails(self, failure: str, after_seconds: float | None) -> None:
        """It is not this event that the endpoint does not take."""
        pause_seconds = min(max(after_seconds or 0, PAUSE_SECONDS), PAUSE_SECONDS_MAX)
        self._not_before = self._now() + round(pause_seconds * 1000)
        if not self._failing:
            self._failing = True
            log.warning("endpoint fails", endpoint=self._endpoint.id, reason=failure)

    def _works(self) -> None:
        self.facts.delivered += 1
        if self._failing:
            self._failing, self._not_before = False, 0
            log.info("endpoint works again", endpoint=self._endpoint.id)


class Couriers:
    """Those of one process."""

    def __init__(self, endpoints: Sequence[Endpoint], outbox: Outbox, post: Post, *, now: Callable[[], Instant]
                 ) -> None:
        shared = Hands(SHARED)
        self._outbox = outbox
        self._now = now
        self._couriers = [Courier(endpoint, outbox, post, shared, now=now) for endpoint in endpoints]
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        self._tasks = [asyncio.create_task(courier.run(), name="webhooks") for courier in self._couriers]
        self._counting = asyncio.create_task(self._count(), name="webhooks")

    async def aclose(self) -> None:
        """Take up nothing more, and wait a little for what is under way."""
        self._counting.cancel()
        for courier in self._couriers:
            courier.stop()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=STOP_SECONDS)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for courier in self._couriers:
            await courier.cancel()

    def facts(self) -> list[Facts]:
        return [courier.facts for courier in self._couriers]

    async def _count(self) -> None:
        while True:
            with suppress(Unavailable):
                self._note(await self._outbox.backlogs())
            await asyncio.sleep(BACKLOG_SECONDS)

    def _note(self, backlogs: Sequence[Backlog]) -> None:
        known = {backlog.endpoint_id: backlog for backlog in backlogs}
        for facts in self.facts():
            backlog = known.get(facts.endpoint_id, Backlog(facts.endpoint_id))
            facts.waiting, facts.dead = backlog.waiting, backlog.dead
            oldest = backlog.oldest_at
            facts.oldest_seconds = 0.0 if oldest is None else max(0.0, (self._now() - oldest) / 1000)
