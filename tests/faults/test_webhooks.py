"""Events through kill -9: what was committed is told, by one id, and nothing else is."""

import random
from pathlib import Path

import pytest
from answers import ask
from databases import EITHER, opened
from load import KEY_HEADERS, Load, settle
from receiver import Receiver, answer, never
from register import Register, violations
from serving import PLAUDIT, until
from standardwebhooks import Webhook

pytestmark = pytest.mark.anyio

KILLS = 5
ALTERED = str(Path(__file__).with_name("altered_server.py"))
AT_ONCE = (ALTERED, "short_claims")  # on PostgreSQL what was being sent is a dead process's for a minute, otherwise
HISTORY = "SELECT 'evt_' || seq || '_' || updated_at FROM history ORDER BY seq"
KEPT = """
    SELECT 'evt_' || seq || '_' || voted_at FROM outbox
    UNION ALL SELECT 'evt_' || seq || '_' || voted_at FROM dead_letters"""


def in_the_database(database, query):
    with opened(database) as reading:
        return [event_id for event_id, in reading.rows(query)]


@EITHER
async def test_what_was_committed_before_a_kill_is_told_after_the_restart(plaudit):
    """The receiver had not answered yet: it is told again, of the same event by the same id."""
    async with Receiver(lambda number: never() if number == 0 else answer(204)) as receiver:
        server, register = plaudit(webhook=receiver.url, launcher=AT_ONCE), Register()
        await server.start()
        person, *_ = await settle(server, people=1, messages_each=1)
        await vote_once(server, person, register)
        await receiver.until(1)
        server.kill()
        assert in_the_database(server.database, KEPT) == receiver.ids
        await server.start()
        await until(lambda: in_the_database(server.database, KEPT) == [])
        first, second = receiver.received
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert Webhook(server.webhook_secret).verify(first.body, dict(first.headers)) == (
        Webhook(server.webhook_secret).verify(second.body, dict(second.headers)))


async def vote_once(server, person, register):
    [message_id] = person.message_ids
    register.attempt(message_id, 1)
    told = await ask(server.port, "POST", person.path(message_id), person.headers, {"rating": 1})
    assert told.status == 200, told


@EITHER
async def test_what_is_told_is_what_the_history_says(plaudit):
    """Killed under load again and again: each entry was told or stands in the outbox, and nothing else was told."""
    moments = random.Random(5)
    async with Receiver(lambda _: answer(204) if moments.random() < 0.9 else answer(400)) as receiver:
        server, register = plaudit(webhook=receiver.url, launcher=PLAUDIT), Register()
        await server.start()
        people = await settle(server)
        for _ in range(KILLS):
            enough = register.acknowledged + moments.randrange(1, 400)
            async with Load(server, people, register):
                await until(lambda enough=enough: register.acknowledged >= enough or register.flaws)
                server.kill()
            history, kept = in_the_database(server.database, HISTORY), in_the_database(server.database, KEPT)
            assert len(kept) == len(set(kept))
            assert set(receiver.ids) | set(kept) == set(history)
            await server.start()
        assert await ask(server.port, "GET", "/metrics", KEY_HEADERS)
        server.kill()
    assert violations(register, server.database) == []


async def test_two_servers_tell_each_event_once(plaudit, postgres_url):
    """Both take what is due, and never the same, as long as none of them dies."""
    async with Receiver(lambda _: answer(204)) as receiver:
        servers, register = [plaudit(webhook=receiver.url, database=postgres_url) for _ in range(2)], Register()
        for server in servers:
            await server.start()
        async with Load(servers[0], await settle(servers[0]), register):
            await until(lambda: register.acknowledged >= 1000 or register.flaws)
        await until(lambda: in_the_database(postgres_url, KEPT) == [])
        by_each = [await server.metric("plaudit_webhook_delivered_total") for server in servers]
        for server in servers:
            assert await server.stop() == 0
        assert sorted(receiver.ids) == sorted(in_the_database(postgres_url, HISTORY))
        assert min(by_each) > 0
        assert sum(by_each) == len(receiver.ids)
