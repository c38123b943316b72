"""A primary and its synchronous standby: whichever of them is lost, no acknowledged vote is."""

import asyncio
import time
from pathlib import Path

import pytest
from answers import Connection, ask
from databases import fetch
from load import KEY_HEADERS, Load, more, settle, vote
from register import Register, violations
from serving import PLAUDIT, until

pytestmark = pytest.mark.anyio

ALTERED = str(Path(__file__).with_name("altered_server.py"))
STANDBY = "standby"
ENDED = 12  # more than fit beside those that Plaudit keeps
DEADLINE_SECONDS = 8.0  # five for the store's own, one for its sweep, the rest for a busy machine


@pytest.fixture
async def pair(postgres_server):
    """A primary, its synchronous standby, and the addresses of their database: of both, and on the standby."""
    primary = postgres_server()
    first = primary.create_database()
    standby = postgres_server(standby_of=primary, name=STANDBY)
    await synchronous(primary)
    second = first.replace(f":{primary.port}/", f":{standby.port}/")
    return primary, standby, first.replace("/test", f",127.0.0.1:{standby.port}/test"), second


async def synchronous(primary):
    """Each commit waits for the standby, which follows."""
    primary.alter(synchronous_standby_names=STANDBY)
    await until(lambda: primary.sql("SELECT sync_state FROM pg_stat_replication") == "sync")


async def killed_and_promoted(primary, standby, load, register):
    """The seconds from the primary's end to the first vote that the standby took, under load all the while."""
    await asyncio.to_thread(primary.kill)
    began, refused = time.monotonic(), load.statuses[503]
    await until(lambda: load.statuses[503] > refused)
    await asyncio.to_thread(standby.promote)
    acknowledged = register.acknowledged
    await until(lambda: register.acknowledged > acknowledged)
    return time.monotonic() - began


async def test_a_failover_loses_nothing(plaudit, pair):
    """The primary killed with -9, the standby promoted: Plaudit finds it by itself, and everything that was ever
    acknowledged is there."""
    primary, standby, both, second = pair
    server, register = plaudit(database=both), Register()
    await server.start()
    async with Load(server, await settle(server), register) as load:
        await more(register, 500)
        gap_seconds = await killed_and_promoted(primary, standby, load, register)
        before = register.acknowledged
        await more(register, 300)
    print(f"{before} votes before, a gap of {gap_seconds:.2f} s")  # noqa: T201  shown with -s, or when this fails
    assert set(load.statuses) == {200, 503}
    assert await server.status("/readyz") == 200
    assert await server.stop() == 0
    assert violations(register, second) == []


async def test_a_standby_that_nobody_waited_for_loses_votes(plaudit, pair):
    """The control: replication is asynchronous, and the last votes had not got there yet."""
    primary, standby, both, second = pair
    primary.alter(synchronous_standby_names="")
    server, register = plaudit(database=both), Register()
    await server.start()
    async with Load(server, await settle(server), register) as load:
        await more(register, 300)
        await cut_off(primary, standby)
        await more(register, 300)
        await killed_and_promoted(primary, standby, load, register)
    assert await server.stop() == 0
    found = violations(register, second)
    assert any(violation.startswith("I1") for violation in found)
    assert not any(violation.startswith(("I3", "I4", "I7")) for violation in found)


async def cut_off(primary, standby):
    """The standby runs, but hears nothing more."""
    standby.alter(primary_conninfo="")
    await until(lambda: primary.sql("SELECT count(*) FROM pg_stat_replication") == "0")


async def test_without_its_standby_nothing_is_acknowledged(plaudit, pair):
    """Each vote is answered 503 at the deadline while reading goes on; with the standby back, voting does too."""
    primary, standby, both, _ = pair
    server, register = plaudit(database=both), Register()
    await server.start()
    people = await settle(server)
    async with Load(server, people, register) as load:
        await more(register, 300)
        await asyncio.to_thread(standby.stop)
        acknowledged = register.acknowledged
        async with asyncio.timeout(DEADLINE_SECONDS):
            await until(lambda: load.statuses[503] >= len(people))
        assert register.acknowledged <= acknowledged + len(people)  # what was under way
        assert (await ask(server.port, "GET", "/v1/feedback", KEY_HEADERS)).status == 200
        assert await server.status("/readyz") == 503
        await asyncio.to_thread(standby.start)
        await until(server.is_ready)
        await more(register, 300)
    assert set(load.statuses) == {200, 503}
    assert await server.stop() == 0
    assert violations(register, primary.url(both.rpartition("/")[2])) == []


async def test_what_waits_for_a_standby_in_vain_leaves_room_for_others(plaudit, postgres_server):
    """Commits that were given up are ended, for there are always others: PostgreSQL's connections are not used up, and
    its operator gets in to say that no standby is to be waited for."""
    primary = postgres_server(max_connections=20)
    server, register = plaudit(database=primary.create_database()), Register()
    await server.start()
    async with Load(server, await settle(server, messages_each=40), register):
        await more(register, 300)
        primary.alter(synchronous_standby_names="nobody")
        await until(lambda: primary.log.count("terminating connection due to administrator command") >= ENDED)
        primary.alter(synchronous_standby_names="")
        await until(server.is_ready)
        await more(register, 300)
    assert await server.stop() == 0
    assert violations(register, server.database) == []


async def test_a_primary_that_was_left_alone_is_left(plaudit, pair):
    """It lives on and says that it takes writes, but its standby has become the primary: votes find their way there."""
    _, standby, both, second = pair
    server, register = plaudit(database=both), Register()
    await server.start()
    async with Load(server, await settle(server), register) as load:
        await more(register, 300)
        await asyncio.to_thread(standby.promote)
        await more(register, 300)
    assert set(load.statuses) == {200, 503}
    assert await server.stop() == 0
    assert violations(register, second) == []


async def test_a_primary_that_was_left_alone_does_not_say_that_there_was_nothing_to_remove(plaudit, pair):
    """It cannot know: somebody may have voted on the new one. Before that it says so, as ever."""
    _, standby, both, _ = pair
    server = plaudit(database=both)
    await server.start()
    *_, person = await settle(server, 2)
    removal = person.vote(person.message_ids[0], None, None)
    connection = await Connection.to(server.port)
    assert (await connection.ask(removal)).status == 200
    await asyncio.to_thread(standby.stop)
    assert (await connection.ask(removal)).status == 503
    await connection.close()


@pytest.mark.parametrize(("launcher", "status"), [(PLAUDIT, 503), ((ALTERED, "hears_no_warning"), 200)])
async def test_a_commit_whose_wait_was_cancelled_is_not_acknowledged(plaudit, pair, launcher, status):
    """PostgreSQL then commits on the primary alone and says so in a warning only, to a database too that wants to be
    told of errors only. The control does not hear it, and what it acknowledged is lost with the primary."""
    primary, standby, both, second = pair
    primary.sql(f"ALTER DATABASE {both.rpartition('/')[2]} SET client_min_messages = error")
    server, register = plaudit(database=both, launcher=launcher), Register()
    await server.start()
    person, *_ = await settle(server, 1)
    assert (await vote(server, person, person.message_ids[0], register)).status == 200
    standby.stop()
    answer = asyncio.create_task(vote(server, person, person.message_ids[0], register))
    await until(lambda: fetch(both, CANCEL))
    assert (await answer).status == status
    primary.kill()
    standby.start()
    standby.promote()
    lost = [found for found in violations(register, second) if found.startswith("I1")]
    assert bool(lost) is (status == 200)


CANCEL = "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
