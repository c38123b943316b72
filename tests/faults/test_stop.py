"""Stopping, pausing, a second server, and no file descriptors left."""

import asyncio
import signal
from pathlib import Path

import pytest
from answers import Connection, Gone, flaw, request
from databases import EITHER
from load import Load, settle, vote
from register import Register, violations
from serving import until

pytestmark = pytest.mark.anyio

LIMITED = ("sh", "-c", 'ulimit -n 64 && exec "$@"', "sh")
FLOOD = 500


@EITHER
async def test_a_stop_under_load_loses_nothing(plaudit):
    """First /readyz says 503, so that no new traffic is sent; votes are still taken until the door closes."""
    server, register = plaudit(drain_seconds=0.5), Register()
    await server.start()
    async with Load(server, await settle(server), register):
        await until(lambda: register.acknowledged >= 300)
        server.process.send_signal(signal.SIGTERM)
        await until(server.is_unready)
        acknowledged = register.acknowledged
        await until(lambda: register.acknowledged >= acknowledged + 100)
        assert await server.ended() == 0
    assert violations(register, server.database) == []


@EITHER
async def test_what_is_in_flight_is_finished(plaudit):
    """Sixty-four requests whose heads have been read are answered, though their bodies come after the SIGTERM."""
    server = plaudit(drain_seconds=0.2)
    await server.start()
    people, register = await settle(server), Register()
    begun = await asyncio.gather(*(begin(server, person) for person in people))
    server.process.send_signal(signal.SIGTERM)
    await until(server.is_unready)
    await until(lambda: closed(server))
    for person, (connection, body) in zip(people, begun, strict=True):
        attempt = register.attempt(person.message_ids[0], *person.value(0))
        answer = await connection.ask(body)
        assert (answer.status, flaw(person.contract, answer)) == (200, None)
        register.acknowledge(attempt)
        await connection.close()
    assert await server.ended() == 0
    assert violations(register, server.database) == []


async def begin(server, person):
    """Send a vote's head; once the application asks for the body: the connection, and the body to send."""
    head, body = person.vote(person.message_ids[0], *person.value(0)).split(b"\r\n\r\n")
    connection = await Connection.to(server.port)
    assert (await connection.ask(head + b"\r\nExpect: 100-continue\r\n\r\n")).status == 100
    return connection, body


async def closed(server):
    return await server.status("/readyz") is None


async def test_a_second_server_on_the_file_leaves_the_first_alone(plaudit):
    """It ends at once, names the process that has the file, and nobody notices."""
    server, register = plaudit(), Register()
    await server.start()
    second = plaudit(database=server.database)
    async with Load(server, await settle(server), register) as load:
        refused = await asyncio.to_thread(second.run, "serve")
        acknowledged = register.acknowledged
        await until(lambda: register.acknowledged >= acknowledged + 300)
    assert refused.returncode == 1
    assert f"Another server (process {server.pid}) has {server.database} open" in refused.stderr
    assert set(load.statuses) == {200}
    assert await server.stop() == 0
    assert violations(register, server.database) == []


@EITHER
async def test_a_pause_only_makes_everybody_wait(plaudit):
    """SIGSTOP: no answer; SIGCONT: everybody gets theirs."""
    server, register = plaudit(), Register()
    await server.start()
    async with Load(server, await settle(server), register) as load:
        await until(lambda: register.acknowledged >= 300)
        await server.pause()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(server.status("/livez"), 0.5)
        server.resume()
        acknowledged = register.acknowledged
        await until(lambda: register.acknowledged >= acknowledged + 300)
    assert set(load.statuses) == {200}
    assert await server.stop() == 0
    assert violations(register, server.database) == []


async def test_a_flood_of_connections_uses_up_its_descriptors_but_not_the_server(plaudit):
    """With 64 of them it cannot answer all; once the flood is over it answers everybody again, and has lost nothing."""
    server, register = plaudit(around=LIMITED), Register()
    await server.start()
    people = (await settle(server))[:8]
    async with Load(server, people, register):
        await until(lambda: register.acknowledged >= 50)
        descriptors = open_files(server)
        flood = await asyncio.gather(*(Connection.to(server.port) for _ in range(FLOOD)))
        answered = await asyncio.gather(*(is_answered(connection) for connection in flood))
        assert set(answered) == {True, False}
        await asyncio.gather(*(connection.close() for connection in flood))
        await until(server.is_ready)
        await until(lambda: open_files(server) <= descriptors)
    assert [(await vote(server, person, person.message_ids[1], register)).status for person in people] == 8 * [200]
    assert await server.stop() == 0
    assert violations(register, server.database) == []
    assert len(server.log) < 1_000_000


def open_files(server):
    return len(list(Path(f"/proc/{server.pid}/fd").iterdir()))


async def is_answered(connection):
    try:
        return (await asyncio.wait_for(connection.ask(request("GET", "/livez")), 1)).status == 200
    except (Gone, TimeoutError):
        return False
