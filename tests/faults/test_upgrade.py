"""Upgraded while people vote: they hear 200 and 503, and nothing is lost."""

import asyncio
import itertools
import signal
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest
from answers import HANDAUNCLE, Connection, Gone
from databases import SCHEMA, opened
from load import Load, Person, say_next, settle
from register import Register, violations
from serving import POLL_SECONDS, until
from upgrades import ADDED, PAST_RELEASES, TAKEN_AWAY, restore

pytestmark = pytest.mark.anyio

NEXT = (str(Path(__file__).with_name("next_release.py")),)
CARELESS = (*NEXT, "careless")
SECRETS = {  # of the databases in tests/store/releases, and shared by servers that stand for one another
    "PLAUDIT_GUEST_PEPPER": "pepper-of-the-release-0.1.0-which-opens-nothing",
    "PLAUDIT_SESSION_SECRET": "secret-of-the-release-0.1.0-which-opens-nothing",
}
VOTES = 300  # between two steps
NUMBERS = "SELECT number FROM migrations ORDER BY 1"


class SteadfastLoad(Load):
    """Clients that go to the next server when theirs is gone, and on and on until one answers."""

    def __init__(self, servers, people, register):
        super().__init__(servers[0], people, register)
        self._servers = servers

    async def _client(self, person):
        messages = itertools.cycle(person.message_ids)
        for server in itertools.cycle(self._servers):
            if self._stopped:
                return
            try:
                await self._stay(server, person, messages)
            except Gone:
                await asyncio.sleep(POLL_SECONDS)

    async def _stay(self, server, person, messages):
        """Raises `Gone`."""
        connection = await Connection.to(server.port)
        try:
            while not self._stopped:
                answer = await say_next(connection, person, next(messages), self._register)
                self.statuses[answer.status] += 1
        finally:
            await connection.close()

    async def more(self, votes=VOTES):
        """Return when so many more are acknowledged."""
        enough = self._register.acknowledged + votes
        await until(lambda: self._register.acknowledged >= enough or self._register.flaws)
        assert self._register.flaws == []


async def replaced(server, launcher):
    """Stopped as a supervisor does it, and started as another release."""
    server.process.send_signal(signal.SIGTERM)
    assert await server.ended() == 0
    server.launcher = launcher
    await server.start()


async def ran(server, launcher, *arguments):
    server.launcher, before = launcher, server.launcher
    done = await asyncio.to_thread(server.run, *arguments)
    server.launcher = before
    assert done.returncode == 0, done.stderr
    return done.stdout


def applied(database):
    with opened(database) as reading:
        return [number for [number] in reading.rows(NUMBERS)]


@pytest.fixture
def two_servers(request, plaudit, postgres_url):
    """On one database, with partitions where the test says how many."""
    environment = {**SECRETS, "PLAUDIT_DATABASE_PARTITIONS": str(getattr(request, "param", 0))}
    return [plaudit(database=postgres_url, environment=environment) for _ in range(2)]


async def voters(server):
    """Those whom every server knows: a user's token is one development server's."""
    return [person for person in await settle(server) if "user" not in person.owner]


# ---------------------------------------------------------------- PostgreSQL


@pytest.mark.parametrize("two_servers", [0, 3], indirect=True, ids=["whole tables", "partitions"])
async def test_servers_are_replaced_one_by_one(two_servers, postgres_url):
    """Migrated, replaced, and when no older release is left, contracted; all the time somebody answers."""
    for server in two_servers:
        await server.start()
    register, people = Register(), await voters(two_servers[0])
    async with SteadfastLoad(two_servers, people, register) as load:
        await load.more()
        await ran(two_servers[0], NEXT, "migrate")
        assert applied(postgres_url)[-1] == ADDED[-1]
        for server in two_servers:
            await load.more()
            await replaced(server, NEXT)
        await load.more()
        await ran(two_servers[0], NEXT, "migrate", "--contract")
        assert applied(postgres_url)[-1] == TAKEN_AWAY
        await load.more()
    for server in two_servers:
        server.kill()
    assert set(load.statuses) <= {200, 503}
    assert violations(register, postgres_url) == []


async def test_an_upgrade_can_be_taken_back_before_the_contract_step(two_servers, postgres_url):
    """A server of the release before starts on the expanded database, and refuses the contracted one in words."""
    first, second = two_servers
    await first.start()
    register, people = Register(), await voters(first)
    async with SteadfastLoad(two_servers, people, register) as load:
        await load.more()
        second.launcher = NEXT
        await second.start()
        await load.more()
        await replaced(second, first.launcher)
        await load.more()
        second.process.send_signal(signal.SIGTERM)
        await second.ended()
        await ran(first, NEXT, "migrate", "--contract")
        second.launch()
        assert await second.ended() == 1
        assert "A newer Plaudit has dropped from this database what this one needs" in second.log
    first.kill()
    assert set(load.statuses) <= {200, 503}
    assert violations(register, postgres_url) == []


@asynccontextmanager
async def long_transaction(url):
    """Somebody looks at the votes and forgets to end it."""
    connection = await asyncpg.connect(url, server_settings={"search_path": SCHEMA})
    await connection.execute("BEGIN; SELECT count(*) FROM feedback")
    yield
    await connection.close()


async def test_a_migration_that_cannot_have_its_lock_lets_the_votes_pass(two_servers, postgres_url):
    """It goes on trying, and nobody who votes notices."""
    server = two_servers[0]
    await server.start()
    register, people = Register(), await voters(server)
    async with SteadfastLoad([server], people, register) as load:
        async with long_transaction(postgres_url):
            migrating = asyncio.create_task(ran(server, NEXT, "migrate"))
            await until(lambda: somebody_waits(postgres_url))
            await load.more(1000)
            assert not migrating.done()
        await migrating
    server.kill()
    assert applied(postgres_url)[-1] == ADDED[-1]
    assert set(load.statuses) == {200}
    assert violations(register, postgres_url) == []


async def test_a_careless_one_is_found_out(two_servers, postgres_url):
    """The control: a migration that waits for its lock as long as it takes keeps everybody else waiting."""
    server = two_servers[0]
    await server.start()
    register, people = Register(), await voters(server)
    async with SteadfastLoad([server], people, register) as load:
        async with long_transaction(postgres_url):
            migrating = asyncio.create_task(ran(server, CARELESS, "migrate"))
            await until(lambda: load.statuses[503])
        await migrating
    server.kill()
    assert violations(register, postgres_url) == []


def somebody_waits(url):
    with opened(url) as reading:
        return reading.rows("SELECT FROM pg_locks WHERE NOT granted AND relation = 'feedback'::regclass")


# ---------------------------------------------------------------- SQLite


@pytest.mark.parametrize("dump", PAST_RELEASES, ids=lambda dump: dump.stem)
async def test_a_past_releases_file_is_upgraded_at_start(plaudit, tmp_path, dump):
    """People who came too early come again, and their votes stand after those of before."""
    path = tmp_path / "plaudit.db"
    restore(dump, path)
    server = plaudit(database=path, environment=SECRETS, launcher=NEXT)
    register, people = remembered(path)
    async with SteadfastLoad([server], people, register) as load:
        await server.start()
        await load.more()
    assert await server.stop() == 0
    assert set(load.statuses) <= {200, 503}
    assert violations(register, path) == []
    with opened(path) as reading:
        assert reading.rows("PRAGMA user_version") == [(TAKEN_AWAY,)]


def remembered(path):
    """What the file's guests have said, and themselves."""
    register, messages = Register(), {}
    with opened(path) as reading:
        for message_id, vote, comment in reading.rows("SELECT message_id, vote, comment FROM history ORDER BY seq"):
            register.acknowledge(register.attempt(message_id, vote, comment))
        for message_id, guest in reading.rows("SELECT message_id, dense_rank() OVER (ORDER BY owner) FROM messages"):
            messages.setdefault(guest, []).append(message_id)
    return register, [guest_of(ids) for ids in messages.values()]


def guest_of(message_ids):
    """A message's id begins with its guest's number."""
    number = int(message_ids[0][:12], 16)
    headers = {"x-device-id": f"device-of-guest-{number}", "x-user-id": f"U-{number}", "x-platform": "web"}
    return Person(HANDAUNCLE, {}, headers, message_ids)
