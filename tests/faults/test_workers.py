"""Several processes on one PostgreSQL database: who loses one loses nothing, and they count and stop as one server."""

import asyncio
import os
import signal
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest
from answers import Gone, ask
from load import Load, settle
from loopback import children, is_running
from register import Register, violations
from serving import until

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("database", ["postgres"], indirect=True)]

WORKERS = 2
SEVERAL = {"PLAUDIT_WORKERS": str(WORKERS)}
ALTERED = str(Path(__file__).with_name("altered_server.py"))


@pytest.fixture
async def server(plaudit):
    """Two workers, both there."""
    made = plaudit(environment=SEVERAL, drain_seconds=0.5)
    await all_there(made)
    return made


async def all_there(server):
    await server.start()
    await until(lambda: says(server, 'plaudit_workers{state="answering"}', WORKERS))


async def says(server, metric, value):
    return await total(server, metric) == value


async def total(server, metric):
    """All lines of the metric together, from a worker that answers."""
    try:
        answer = await asyncio.wait_for(ask(server.port, "GET", "/metrics"), 1)
    except (Gone, TimeoutError):
        return None
    return sum(float(line.split()[-1]) for line in answer.body.decode().splitlines() if line.startswith(metric))


async def kill_one(server, register):
    """A worker; votes go on without it, and another takes its place."""
    workers = children(server.pid)
    os.kill(workers[0], signal.SIGKILL)
    acknowledged = register.acknowledged
    await until(lambda: register.acknowledged >= acknowledged + 300)
    await until(lambda: replaced(server, workers))


def replaced(server, workers):
    return len(now := children(server.pid)) == WORKERS and now != workers


async def test_every_vote_lands_once_and_is_counted_once(server):
    """Whichever process a client meets, and whichever is asked for the sum."""
    register = Register()
    async with Load(server, await settle(server), register) as load:
        await until(lambda: register.acknowledged >= 1000)
    assert set(load.statuses) == {200}
    await until(lambda: says(server, "plaudit_votes_total{contract=", register.acknowledged))
    assert await server.stop() == 0
    assert violations(register, server.database) == []


async def test_a_killed_worker_takes_nothing_with_it_but_its_connections(server):
    """Those of the other go on; what was counted stays counted."""
    register = Register()
    people = await settle(server)
    async with Load(server, people, register) as load:
        await until(lambda: register.acknowledged >= 500)
        counted = await until(lambda: total(server, "plaudit_votes_total"))
        await kill_one(server, register)
        ended = sum(client.done() for client in load._clients)
    assert 0 < ended < len(people)
    assert await until(lambda: total(server, "plaudit_votes_total")) >= counted
    async with Load(server, people, register) as load:
        acknowledged = register.acknowledged
        await until(lambda: register.acknowledged >= acknowledged + 300)
        assert not any(client.done() for client in load._clients)
    await until(lambda: says(server, "plaudit_worker_starts_total", WORKERS + 1))
    assert await server.stop() == 0
    assert violations(register, server.database) == []


async def test_a_store_that_acknowledges_before_it_commits_is_found_out(plaudit):
    """The control: it must lose votes with a killed worker, or the test above would prove nothing. Nothing can be
    committed while it is killed."""
    server, register = plaudit(environment=SEVERAL, launcher=(ALTERED, "acknowledges_early")), Register()
    await all_there(server)
    async with Load(server, await settle(server), register), nothing_committed(server.database):
        acknowledged = register.acknowledged
        await until(lambda: register.acknowledged >= acknowledged + 300)
        workers = children(server.pid)
        os.kill(workers[0], signal.SIGKILL)
    await until(lambda: replaced(server, workers))
    assert await server.stop() == 0
    assert any(violation.startswith("I1") for violation in violations(register, server.database))


@asynccontextmanager
async def nothing_committed(database):
    """A lock that every vote waits for."""
    connection = await asyncpg.connect(database)
    try:
        async with connection.transaction():
            await connection.execute("LOCK TABLE plaudit.history IN EXCLUSIVE MODE")
            yield
    finally:
        await connection.close()


async def test_without_their_parent_the_workers_end(server):
    """`kill -9` of the process that watches: what it left behind finishes and closes the door."""
    register, workers = Register(), children(server.pid)
    async with Load(server, await settle(server), register):
        await until(lambda: register.acknowledged >= 300)
        server.kill()
        await until(lambda: not any(map(is_running, workers)))
    assert await server.status("/livez") is None
    assert violations(register, server.database) == []


async def test_a_stop_under_load_drains_them_all(server):
    """Each says 503 on /readyz first and goes on answering; then all end well, and nothing is lost."""
    register = Register()
    async with Load(server, await settle(server), register) as load:
        await until(lambda: register.acknowledged >= 300)
        server.process.send_signal(signal.SIGTERM)
        await until(server.is_unready)
        acknowledged = register.acknowledged
        await until(lambda: register.acknowledged >= acknowledged + 100)
        assert await server.ended() == 0
    assert set(load.statuses) == {200}
    assert children(server.pid) == []
    assert violations(register, server.database) == []


async def test_a_worker_that_is_stuck_is_told_of_and_still_counted(server):
    """The other answers for it, in time."""
    stuck, _ = children(server.pid)
    starts = await until(lambda: total(server, "plaudit_worker_starts_total"))
    os.kill(stuck, signal.SIGSTOP)
    await until(lambda: says(server, 'plaudit_workers{state="silent"}', 1))
    assert await until(lambda: total(server, "plaudit_worker_starts_total")) == starts
    os.kill(stuck, signal.SIGCONT)
    await until(lambda: says(server, 'plaudit_workers{state="silent"}', 0))
    assert await server.stop() == 0


async def test_what_keeps_the_first_from_starting_ends_the_server(plaudit):
    """It is said once, with the exit code that a single process would have."""
    refused = plaudit(environment=SEVERAL, database="postgresql://127.0.0.1:1/nobody").run("serve")
    assert (refused.returncode, refused.stderr.count("Cannot open the database")) == (1, 1)
