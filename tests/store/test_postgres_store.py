"""What only the store on PostgreSQL has to take care of."""

import asyncio
from dataclasses import replace
from functools import partial

import asyncpg
import pytest
from examples import ANNA, NOW, a_message, a_vote

from plaudit.errors import Unavailable
from plaudit.rules import decide
from plaudit.store.postgres import PostgresStore
from plaudit.store.postgres_connections import WRITING, Connections
from plaudit.store.postgres_server import Servers

pytestmark = pytest.mark.anyio

SECRET = "nobody but me knows"


def decide_wrongly(message, existing, submission):
    """A vote that changes before it is made, which the table refuses."""
    return replace(decide(message, existing, submission), created_at=NOW + 1, updated_at=NOW)


@pytest.mark.parametrize(("wrongly", "comment", "words"), [
    (decide_wrongly, SECRET, 'CheckViolationError: new row for relation "feedback" violates check constraint'),
    (decide, SECRET + "\ud800", "DataError: a value that cannot be sent"),
    (decide, SECRET + "\x00", 'CharacterNotInRepertoireError: invalid byte sequence for encoding "UTF8": 0x00'),
])
async def test_a_bug_is_told_without_what_was_sent(postgres_url, clock, wrongly, comment, words):
    """The server's and the driver's own words would show the comment in the log."""
    store = await PostgresStore.open(postgres_url, wrongly, now=clock)
    await store.register([a_message()])
    with pytest.raises(RuntimeError, match=words) as bug:
        await store.submit(a_vote(comment=comment))
    assert SECRET not in str(bug.getrepr(chain=True))
    await store.close()


@pytest.fixture
async def connections(postgres_url):
    opened = await Connections.open(Servers(postgres_url), 1, seconds_max=5.0)
    yield opened
    await opened.close()


def given_up(sqlstate, times):
    """Work that the server refuses so often for another transaction's sake, and the attempts that were made."""
    attempts = []

    async def work(connection):
        attempts.append(len(attempts) + 1)
        if len(attempts) <= times:
            await connection.execute(f"DO $$ BEGIN RAISE SQLSTATE '{sqlstate}'; END $$")
        return "done"

    return work, attempts


@pytest.mark.parametrize("sqlstate", ["40001", "40P01"])
async def test_a_transaction_that_was_given_up_is_tried_three_times_more(connections, sqlstate):
    """A serialization failure, a deadlock: the fourth attempt is answered as if there had been no other."""
    work, attempts = given_up(sqlstate, times=3)
    assert await connections.attempt(WRITING, work) == "done"
    assert attempts == [1, 2, 3, 4]


@pytest.mark.parametrize("sqlstate", ["40001", "40P01"])
async def test_a_transaction_that_fits_nowhere_is_refused(connections, sqlstate):
    """There is no fifth attempt."""
    work, attempts = given_up(sqlstate, times=4)
    with pytest.raises(Unavailable):
        await connections.attempt(WRITING, work)
    assert attempts == [1, 2, 3, 4]


@pytest.fixture
def differing(postgres, postgres_url):
    """A database that gives its sessions other settings than a server usually does."""
    name = postgres_url.rpartition("/")[2]
    postgres.sql(*(f"ALTER DATABASE {name} SET {setting} = '{value}'" for setting, value, _ in DIFFERING))
    yield postgres_url
    postgres.sql(f"ALTER DATABASE {name} RESET ALL")


DIFFERING = [  # what the database says, and what holds for Plaudit
    ("synchronous_commit", "off", "on"),
    ("client_min_messages", "error", "warning"),
    ("default_transaction_isolation", "serializable", "read committed"),
    ("standard_conforming_strings", "off", "on"),
    ("statement_timeout", "1ms", "6s"),
    ("lock_timeout", "1ms", "0"),
    ("search_path", "public", "plaudit"),
]


async def test_what_the_database_gives_its_sessions_changes_nothing(differing, clock):
    """Neither what a statement means nor what a commit does."""
    connection = await Servers(differing).connect()
    assert [await connection.fetchval(f"SHOW {setting}") for setting, *_ in DIFFERING] == [
        ours for *_, ours in DIFFERING]
    await connection.close()
    store = await PostgresStore.open(differing, decide, now=clock)
    await store.register([a_message(content="100%")])
    total, _ = await store.conversations("acme", ANNA, order_by="created_at", descending=True, limit=1, offset=0,
                                         search="0%")
    assert total == 1
    await store.close()


@pytest.mark.parametrize(("before", "after", "ours"), [
    ("on", "off", "on"), ("remote_write", "local", "on"), ("remote_apply", "off", "remote_apply")])
async def test_a_commit_means_the_same_whatever_the_server_is_told_meanwhile(postgres_server, before, after, ours):
    """The control, a session that relies on the server's setting, takes the new one at once."""
    server = postgres_server(synchronous_commit=before)
    control, connection = await asyncpg.connect(server.url()), await Servers(server.url()).connect()
    assert await control.fetchval("SHOW synchronous_commit") == before
    server.alter(synchronous_commit=after)
    assert [await it.fetchval("SHOW synchronous_commit") for it in (control, connection)] == [after, ours]
    await control.close()
    await connection.close()


class Overtaking:
    """Decides as ever, but while it first decides on m-1, another process writes there; then it fails on it."""

    def __init__(self, overtake):
        self._overtake = overtake
        self.overtaken = False

    def __call__(self, message, existing, submission):
        if submission.message_id == "m-1" and existing:
            if self.overtaken:
                raise ZeroDivisionError
            self._overtake()
            self.overtaken = True
        return decide(message, existing, submission)


async def test_what_is_committed_is_not_tried_again(postgres, postgres_url, clock):
    """Also when one that another process came before, in the same batch, fails afterwards."""
    overtake = partial(postgres.sql, "UPDATE plaudit.feedback SET revision = revision + 1 WHERE message_id = 'm-1'",
                       database=postgres_url.rpartition("/")[2])
    store = await PostgresStore.open(postgres_url, Overtaking(overtake), now=clock)
    await store.register([a_message(), a_message("m-2")])
    await store.submit(a_vote())
    overtaken, neighbour = await asyncio.gather(store.submit(a_vote()), store.submit(a_vote("m-2")),
                                                return_exceptions=True)
    assert isinstance(overtaken, ZeroDivisionError)
    assert await store.history("acme", "m-2") == [neighbour]
    await store.close()


async def test_readers_who_wait_do_not_make_a_store_unready(postgres_url, clock):
    """Votes have connections of their own, and it is votes that must be possible."""
    store = await PostgresStore.open(postgres_url, decide, now=clock, connections_max=3)
    locking = await Servers(postgres_url).connect()
    async with locking.transaction():
        await locking.execute("LOCK TABLE conversations IN ACCESS EXCLUSIVE MODE")
        reading = [asyncio.create_task(store.conversation("acme", "c-1")) for _ in range(4)]
        await asyncio.sleep(0)
        await store.check()
        assert not any(task.done() for task in reading)
    assert await asyncio.gather(*reading) == [None] * 4
    await locking.close()
    await store.close()
