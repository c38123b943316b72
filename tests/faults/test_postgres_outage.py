"""PostgreSQL away, silent, full and in the way: refused in time, and when it is back everything goes on by itself."""

import asyncio
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest
from answers import ask
from databases import SCHEMA, fetch
from load import KEY_HEADERS, Load, more, settle, vote
from postgres_server import as_somebody_else
from proxy import wire_to
from register import Register, violations
from serving import PLAUDIT, until
from small_disk import SmallDisk

pytestmark = pytest.mark.anyio

ALTERED = str(Path(__file__).with_name("altered_server.py"))
ASYNCHRONOUS = {"synchronous_commit": "off", "wal_writer_delay": "10s", "wal_writer_flush_after": "1GB"}
DEADLINE_SECONDS = 8.0  # five for the store's own, one for its sweep, the rest for a busy machine
CONNECTIONS_MAX = 12


# ---------------------------------------------------------------- away


@pytest.mark.parametrize("end", ["fast", "immediate", "kill"])
async def test_an_outage_is_survived(plaudit, postgres_server, end):
    """Stopped fast, stopped at once, killed with -9 and all its processes: 503 until it is back, then 200 again."""
    postgres = postgres_server()
    server, register = plaudit(database=postgres.create_database()), Register()
    await server.start()
    async with Load(server, await settle(server), register) as load:
        await more(register)
        await asyncio.to_thread(postgres.kill if end == "kill" else lambda: postgres.stop(end))
        await until(lambda: load.statuses[503] >= 2 * len(load.people))
        assert (await server.status("/livez"), await server.status("/readyz")) == (200, 503)
        await asyncio.to_thread(postgres.start)
        await until(server.is_ready)
        await more(register)
    assert set(load.statuses) == {200, 503}
    assert await server.stop() == 0
    assert violations(register, server.database) == []


@pytest.mark.parametrize(("launcher", "lost"), [(PLAUDIT, False), ((ALTERED, "as_the_server_commits"), True)])
async def test_a_server_that_would_acknowledge_early_is_told_not_to(plaudit, postgres_server, launcher, lost):
    """Where PostgreSQL is set to commit asynchronously, Plaudit's own commits wait for the disk all the same; the
    control, which leaves the setting as it is, loses votes when PostgreSQL is killed."""
    postgres = postgres_server(**ASYNCHRONOUS)
    server, register = plaudit(database=postgres.create_database(), launcher=launcher), Register()
    await server.start()
    people = await settle(server)
    postgres.sql("CHECKPOINT")
    async with Load(server, people, register):
        await more(register)
        await asyncio.to_thread(postgres.kill)
        server.kill()
    postgres.start()
    found = violations(register, server.database)
    assert any(violation.startswith("I1") for violation in found) is lost
    assert lost or found == []
    assert not any(violation.startswith(("I3", "I4", "I7")) for violation in found)


# ---------------------------------------------------------------- silent


async def test_a_silent_connection_is_given_up_in_time(plaudit, postgres):
    """Nothing that was sent arrives, nobody is told: everybody is answered 503 at the deadline. What then does arrive
    late, after the votes of others, spoils nothing."""
    async with wire_to(postgres.port) as wire:
        database = postgres.create_database()
        server, register = plaudit(database=database.replace(f":{postgres.port}/", f":{wire.port}/")), Register()
        await server.start()
        people = await settle(server)
        async with Load(server, people, register) as load:
            await more(register)
            wire.cut()
            async with asyncio.timeout(DEADLINE_SECONDS):
                await until(lambda: load.statuses[503] >= len(people))
            assert (await server.status("/livez"), await server.status("/readyz")) == (200, 503)
            wire.mend()
            await until(server.is_ready)
            await more(register)
        assert set(load.statuses) == {200, 503}
        assert await server.stop() == 0
    assert violations(register, database) == []


# ---------------------------------------------------------------- full


@pytest.mark.parametrize("relief", ["make_space", "enlarge"])
async def test_votes_are_refused_until_there_is_space(plaudit, postgres_server, relief):
    """The disk of Plaudit's tables is full: 503, reads go on, and it recovers without being touched."""
    postgres = postgres_server()
    with SmallDisk(postgres.folder / "disk", "24m", **as_somebody_else()) as disk:
        postgres.sql(f"CREATE TABLESPACE small LOCATION '{disk.seen_from_outside}'")
        postgres.alter(default_tablespace="small")
        server, register = plaudit(database=postgres.create_database()), Register()
        await server.start()
        async with Load(server, await settle(server), register) as load:
            await more(register)
            disk.fill()
            await until(lambda: load.statuses[503] >= 3 * len(load.people))
            reads = await ask(server.port, "GET", "/v1/feedback?limit=10", KEY_HEADERS)
            assert (reads.status, len(reads.json["items"])) == (200, 10)
            assert (await server.status("/livez"), await server.status("/readyz")) == (200, 503)
            if relief == "make_space":
                disk.make_space()
            else:
                disk.resize("64m")
            await until(server.is_ready)
            await more(register)
        assert "DiskFullError" in {event.get("error") for event in server.events}
        assert set(load.statuses) == {200, 503}
        assert await server.stop() == 0
        assert violations(register, server.database) == []
        postgres.stop()


async def test_a_pool_whose_connections_all_wait_refuses_and_recovers(plaudit, postgres):
    """Somebody has locked the table: the queue is bounded, what waits too long is answered, and then it goes on."""
    server, register = plaudit(database=postgres.create_database(), database_connections=3, queue_max=16), Register()
    await server.start()
    async with Load(server, await settle(server), register) as load:
        await more(register)
        async with session(server.database) as other, other.transaction():
            await other.execute("LOCK TABLE feedback IN ACCESS EXCLUSIVE MODE")
            await until(lambda: load.statuses[503] >= 10 * len(load.people))
            assert (await server.status("/livez"), await server.metric("plaudit_write_queue_depth")) == (200, 16)
        await until(server.is_ready)
        await more(register)
    assert set(load.statuses) == {200, 503}
    assert await server.stop() == 0
    assert violations(register, server.database) == []


async def test_a_server_without_a_free_connection_refuses_and_recovers(plaudit, postgres_server):
    """Others hold all that PostgreSQL has."""
    postgres = postgres_server(max_connections=CONNECTIONS_MAX, superuser_reserved_connections=0)
    server, register = plaudit(database=postgres.create_database()), Register()
    await server.start()
    people = await settle(server)
    postgres.stop()
    postgres.start()
    others = await all_connections(postgres.url())
    async with Load(server, people, register) as load:
        await until(lambda: load.statuses[503] >= 2 * len(people))
        assert (await server.status("/livez"), await server.status("/readyz")) == (200, 503)
        for other in others:
            await other.close()
        await until(server.is_ready)
        await more(register)
    assert set(load.statuses) == {200, 503}
    assert await server.stop() == 0
    assert violations(register, server.database) == []


async def all_connections(url):
    found = []
    while True:
        try:
            found.append(await asyncpg.connect(url))
        except asyncpg.TooManyConnectionsError:
            return found


@asynccontextmanager
async def session(url):
    """Somebody else's."""
    connection = await asyncpg.connect(url, server_settings={"search_path": SCHEMA})
    try:
        yield connection
    finally:
        await connection.close()


# ---------------------------------------------------------------- in the way


async def test_transactions_that_do_not_fit_together_are_tried_again(plaudit, postgres_server):
    """Where each transaction is serializable, many are given up for others': that is told to nobody who need not know
    it, and no vote is written twice."""
    postgres = postgres_server()
    server, register = plaudit(database=postgres.create_database(), launcher=(ALTERED, "serializable")), Register()
    await server.start()
    async with Load(server, await settle(server), register) as load:
        await until(lambda: "could not serialize access" in postgres.log)
        await more(register)
    assert load.statuses[200] > 10 * load.statuses[503]
    assert set(load.statuses) <= {200, 503}
    assert await server.stop() == 0
    assert violations(register, server.database) == []


async def test_a_deadlock_is_tried_again(plaudit, postgres_server):
    """A transaction has one vote's row and waits for the other's, which somebody has who now waits for the first."""
    postgres = postgres_server()
    server, register = plaudit(database=postgres.create_database(), database_connections=3), Register()
    await server.start()
    people = sorted(await settle(server, 3), key=lambda person: person.message_ids[0])
    for person in people:
        assert (await vote(server, person, person.message_ids[0], register)).status == 200
    first, second, third = (person.message_ids[0] for person in people)
    async with session(server.database) as one, session(server.database) as other, other.transaction():
        async with one.transaction():
            await locked(one, third)
            await locked(other, second)
            votes = [asyncio.create_task(vote(server, people[2], third, register))]
            await until(lambda: waits(server))
            votes += [asyncio.create_task(vote(server, person, person.message_ids[0], register))
                      for person in people[:2]]
            await until(lambda: queued(server, 2))
        await until(lambda: holds(server, first))
        await locked(other, first)
    assert [(await answer).status for answer in votes] == [200, 200, 200]
    assert "deadlock detected" in postgres.log
    assert await server.stop() == 0
    assert violations(register, server.database) == []


async def locked(connection, message_id):
    await connection.fetch("SELECT FROM feedback WHERE message_id = $1 FOR UPDATE", message_id)


async def waits(server):
    """Plaudit's only writer, for a lock."""
    return await fetch(server.database, "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' "
                                        "AND application_name = 'plaudit'")


async def queued(server, votes):
    return await server.metric("plaudit_write_queue_depth") == votes


async def holds(server, message_id):
    """Somebody holds this row, and Plaudit waits for another."""
    free = f"SELECT FROM feedback WHERE message_id = '{message_id}' FOR UPDATE SKIP LOCKED"
    return not await fetch(server.database, free) and await waits(server)
