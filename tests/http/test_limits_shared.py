"""Limits that several processes count together, with a real Valkey and clocks that the test turns."""

import asyncio
import re
from contextlib import AsyncExitStack, aclosing
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from valkey.asyncio import SSLConnection, Valkey

from plaudit.errors import RateLimited
from plaudit.http import limits_shared
from plaudit.http.exchange import Exchange
from plaudit.http.limits import NEWCOMERS_PER_MINUTE, Limiter
from plaudit.http.limits_shared import PAUSE_SECONDS, ValkeyCounts
from plaudit.model import AuthLevel, Limits, Plan, Project, Subject, SubjectKind, Voter

pytestmark = pytest.mark.anyio

SHOP = Project("shop", "Shop", Plan("pro", frozenset({"feedback"})), "pro", limits=Limits(per_subject=3, per_project=7))
MINUTE = 1_795_000_020_000  # when one begins
PATIENT_SECONDS = 20.0  # a deadline that only a Valkey misses that says nothing
SECRET = "a-password-that-nobody-may-see"


@pytest.fixture
def anyio_backend():
    return "asyncio"


class Time:
    """What all clocks show."""

    def __init__(self) -> None:
        self.milliseconds = MINUTE

    def now(self) -> int:
        return self.milliseconds

    def clock(self) -> float:
        return self.milliseconds / 1000

    def advance(self, seconds: float) -> None:
        self.milliseconds += int(seconds * 1000)


class Process:
    """One of several, as far as limits go."""

    def __init__(self, time: Time, counts: ValkeyCounts | None = None) -> None:
        self.counts = counts
        self._limiter = Limiter(per_address=1000, clock=time.clock, shared=counts)

    async def ask(self, name: str) -> tuple[int, int, int] | str | None:
        """What the RateLimit headers say: allowed, left, seconds to wait; or why this voter was refused."""
        exchange = Exchange("POST", [])
        try:
            await self._limiter.address(exchange, "192.0.2.1")
            await self._limiter.voter(exchange, Voter(SHOP, Subject.of(SubjectKind.VISITOR, name), AuthLevel.SESSION))
        except RateLimited as refusal:
            return f"wait {refusal.retry_after_seconds}"
        return exchange.limit

    def comes_new(self, known_since: int | None = None, address: str = "192.0.2.1") -> bool:
        """Is a guest admitted?"""
        try:
            self._limiter.newcomer(Exchange("POST", []), address, known_since)
        except RateLimited:
            return False
        return True


@pytest.fixture
async def process():
    """Makes processes that count in one Valkey, or without URL each for itself."""
    async with AsyncExitStack() as ended:
        def make(time, url=None, deadline_seconds=PATIENT_SECONDS):
            if url is None:
                return Process(time)
            counts = ValkeyCounts(url, now=time.now, clock=time.clock, deadline_seconds=deadline_seconds)
            ended.push_async_callback(counts.aclose)
            return Process(time, counts)

        yield make


# ---------------------------------------------------------------- together


async def test_two_processes_share_a_limit(process, valkey):
    """Of what one has counted the other knows."""
    time = Time()
    one, other = process(time, valkey.url), process(time, valkey.url)
    asked = [await which.ask("ann") for which in (one, other, one, other, one)]
    assert asked == [(3, 2, 60), (3, 1, 60), (3, 0, 60), "wait 60", "wait 60"]
    assert await other.ask("bob") == (3, 2, 60)


async def test_without_it_each_counts_for_itself(process):
    """The control."""
    one, other = process(Time()), process(Time())
    assert [await which.ask("ann") for which in (one, other)] == [(3, 2, 60)] * 2


@pytest.mark.parametrize("is_shared", [True, False])
async def test_clients_cannot_tell_who_counts(process, valkey, is_shared):
    """The same windows, the same headers, and the same order of limits: a project does not pay for one voter."""
    time = Time()
    alone = process(time, valkey.url if is_shared else None)
    asked = [await alone.ask(name) for name in ["ann"] * 5 + ["bob", "bob", "cat", "cat", "dan"]]
    assert asked == [(3, 2, 60), (3, 1, 60), (3, 0, 60), "wait 60", "wait 60",
                     (3, 2, 60), (3, 1, 60), (7, 1, 60), (7, 0, 60), "wait 60"]
    time.advance(59.5)
    assert await alone.ask("ann") == "wait 1"
    time.advance(0.5)
    assert await alone.ask("ann") == (3, 2, 60)


async def test_nobody_can_be_recognised_in_what_is_shared(process, valkey):
    """Neither an address nor a voter, and every count goes away by itself."""
    await process(Time(), valkey.url).ask("ann")
    async with Valkey.from_url(valkey.url) as client:
        kept = {key: await client.ttl(key) for key in await client.keys()}
    assert {len(key) for key in kept} == {len(f"plaudit:{MINUTE // 60_000}:") + 32}
    assert all(0 < lives_seconds <= 60 for lives_seconds in kept.values())


async def test_an_account_that_may_do_nothing_else_is_enough(process, valkey_server):
    """With the rights that docs/operations/setup.md names, and a password that an address has to escape."""
    manual = (Path(__file__).parents[2] / "docs" / "operations" / "setup.md").read_text(encoding="utf-8")
    [account] = re.findall(r"`user (plaudit on >PASSWORD [^`]+)`", manual)
    valkey = valkey_server()
    async with Valkey.from_url(valkey.url) as client:
        await client.execute_command("ACL", "SETUSER", *account.replace("PASSWORD", "50%@home").split())
    known = process(Time(), valkey.url.replace("//", "//plaudit:50%25%40home@"))
    assert (await known.counts.problem(), await known.ask("ann")) == (None, (3, 2, 60))


@pytest.mark.parametrize(("scheme", "checks"), [
    ("valkeys", True), ("rediss", True), ("valkey", False), ("redis", False)])
async def test_a_certificate_is_checked_for_its_host_too(scheme, checks):
    """The client's own default is not to."""
    async with aclosing(ValkeyCounts(f"{scheme}://limits.example", now=Time().now)) as counts:
        connection = counts._client.connection_pool.make_connection()
        assert (isinstance(connection, SSLConnection) and connection.check_hostname) is checks


# ---------------------------------------------------------------- apart


async def test_a_dead_store_is_left_alone_and_taken_up_again(process, valkey_server):
    """Counted here as if there were none; after a pause one request tries, and then all share again. Two lines tell."""
    time, valkey = Time(), valkey_server()
    one, other = process(time, valkey.url), process(time, valkey.url)
    assert [await which.ask("ann") for which in (one, other)] == [(3, 2, 60), (3, 1, 60)]
    valkey.kill()
    with capture_logs() as lines:
        assert [await one.ask("ann") for _ in range(4)] == [(3, 2, 60), (3, 1, 60), (3, 0, 60), "wait 60"]
        valkey.start()
        assert (await one.ask("bob"), one.counts.down_since) == ((3, 2, 60), MINUTE)
        time.advance(PAUSE_SECONDS)
        assert [await which.ask("cat") for which in (one, other)] == [(3, 2, 58), (3, 1, 58)]
    assert one.counts.down_since is None
    assert [line["event"] for line in lines] == [
        "shared limits are down; this process counts for itself", "limits are shared again"]


async def test_a_store_that_hangs_costs_one_request_its_deadline(process, valkey_server):
    """And not everyone: all that come after it, and it itself the second time, are not made to wait."""
    time, valkey = Time(), valkey_server()
    hanging = process(time, valkey.url, deadline_seconds=1.0)
    valkey.pause()
    async with asyncio.timeout(PATIENT_SECONDS):  # each with its deadline would take 200 s
        assert (await hanging.ask("ann"), hanging.counts.down_since) == ((3, 2, 60), MINUTE)
        for number in range(200):
            await hanging.ask(f"voter-{number}")
    time.advance(PAUSE_SECONDS)
    first, second = asyncio.create_task(hanging.ask("bob")), asyncio.create_task(hanging.ask("cat"))
    done, _ = await asyncio.wait([first, second], return_when=asyncio.FIRST_COMPLETED)
    assert done == {second}  # only one tries, and the others pass it
    await first
    valkey.go_on()


async def test_an_answer_that_came_too_late_is_nobody_elses(process, valkey_server):
    """What a request no longer waited for is not taken for the next one's count."""
    time, valkey = Time(), valkey_server()
    slow = process(time, valkey.url, deadline_seconds=0.2)
    for _ in range(2):
        assert await slow.ask("ann")
    valkey.pause()
    await slow.ask("ann")
    valkey.go_on()
    time.advance(PAUSE_SECONDS)
    patient = process(time, valkey.url)
    assert await patient.ask("bob") == (3, 2, 58)
    assert await slow.ask("bob") == (3, 1, 58)


async def test_with_a_wrong_password_it_says_so_and_works(process, valkey_server):
    """The reason is told once, the password never."""
    valkey = valkey_server()
    wrong = process(Time(), valkey.url.replace("//", f"//:{SECRET}@"))
    with capture_logs() as lines:
        reason = await wrong.counts.problem()
        assert [await wrong.ask("ann") for _ in range(4)] == [(3, 2, 60), (3, 1, 60), (3, 0, 60), "wait 60"]
    assert reason.startswith("AuthenticationError: ")
    assert [line["reason"] for line in lines] == [reason]
    assert SECRET not in f"{reason} {lines} {wrong.counts!r}"


async def test_many_at_once_are_counted_on_one_connection(process, valkey):
    """However many ask, each has a number of its own."""
    busy = process(Time(), valkey.url)
    found = await asyncio.gather(*(busy.counts.count("all") for _ in range(1000)))
    assert found == [(number, 60) for number in range(1, 1001)]
    async with Valkey.from_url(valkey.url) as client:
        assert len(await client.client_list()) == 2  # this one and that one


async def test_those_who_wait_are_bounded(process, valkey, monkeypatch):
    """Whoever comes when too many wait counts for itself, and nothing is down for that."""
    monkeypatch.setattr(limits_shared, "WAITING_MAX", 3)
    busy = process(Time(), valkey.url)
    found = await asyncio.gather(*(busy.counts.count("all") for _ in range(5)))
    assert found == [(1, 60), (2, 60), (3, 60), None, None]
    assert await busy.counts.count("all") == (4, 60)
    assert busy.counts.down_since is None


async def test_who_goes_away_while_waiting_harms_nobody(process, valkey):
    """Its neighbours in the same round trip are told."""
    busy = process(Time(), valkey.url)
    first, second = (asyncio.create_task(busy.counts.count(name)) for name in ("one", "other"))
    await asyncio.sleep(0)
    first.cancel()
    assert await second == (1, 60)


# ---------------------------------------------------------------- strangers


@pytest.mark.parametrize(("known_since", "is_strange"), [
    (None, True), (MINUTE - 1, False), (MINUTE, True), (MINUTE + 5, True)])
async def test_who_came_during_the_outage_is_held_to_the_strict_limit(process, valkey_server, known_since, is_strange):
    """By address; whoever was known before is not counted."""
    time, valkey = Time(), valkey_server()
    one = process(time, valkey.url)
    asked = NEWCOMERS_PER_MINUTE + 1
    assert [one.comes_new(known_since) for _ in range(asked)] == [True] * asked
    valkey.kill()
    await one.ask("ann")
    assert [one.comes_new(known_since) for _ in range(asked)] == [True] * (asked - 1) + [not is_strange]
    assert one.comes_new(known_since, "192.0.2.2")


async def test_without_a_shared_store_there_is_no_strict_limit(process):
    """Nothing is down that was never there."""
    alone = process(Time())
    assert all(alone.comes_new() for _ in range(1000))
