"""Migrations on PostgreSQL: once, whoever starts; never in the way of votes; gone on with after any interruption."""

import asyncio
from contextlib import asynccontextmanager

import asyncpg
import pytest
from structlog.testing import capture_logs
from upgrades import ADDED, RELEASED, TAKEN_AWAY

from plaudit.store import postgres_migrate
from plaudit.store.failures import CannotOpen, WrongDatabase
from plaudit.store.migration import known
from plaudit.store.postgres_migrate import ADVISORY_LOCK, due, migrate
from plaudit.store.postgres_server import SCHEMA, Servers

pytestmark = pytest.mark.anyio

EXPANDED = [*RELEASED, *ADDED]
CONTRACTED = [*EXPANDED, TAKEN_AWAY]
EVERYTHING = """
SELECT c.relname, c.relkind::text, c.reloptions, i.indisvalid, i.indisunique FROM pg_class AS c
LEFT JOIN pg_index AS i ON i.indexrelid = c.oid
WHERE c.relnamespace = to_regnamespace('plaudit') ORDER BY 1"""
SOMEBODY_WAITS = "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted) FROM pg_sleep(0.01)"
A_MESSAGE = """
INSERT INTO messages (created_at, project_id, message_id, role, owner, conversation_id, arms, metadata)
VALUES (1, 'acme', $1, 'assistant', 'user:x#y', 'c', '{}', '{}')"""


@pytest.fixture
async def connect(postgres_url):
    """Makes connections as a server does."""
    made = []

    async def connected():
        made.append(await Servers(postgres_url).connect())
        return made[-1]

    yield connected
    for connection in made:
        await connection.close()


@pytest.fixture
async def connection(connect):
    return await connect()


async def numbers(connection):
    return [row[0] for row in await connection.fetch(f"SELECT number FROM {SCHEMA}.migrations ORDER BY 1")]


def of(migrations):
    return [it.number for it in migrations]


# ---------------------------------------------------------------- once


@pytest.mark.parametrize("partitions", [0, 3])
async def test_servers_that_start_together_migrate_once(connect, connection, partitions):
    """One of them does it, the others wait for it and find it done."""
    connections = [await connect() for _ in range(4)]
    done = await asyncio.gather(*(migrate(each, partitions=partitions) for each in connections))
    assert sorted(map(of, done)) == [[], [], [], RELEASED]
    assert await numbers(connection) == RELEASED


async def test_what_was_done_is_written_down(connection):
    await migrate(connection, partitions=0)
    rows = await connection.fetch("SELECT number, name, phase, applied_at <= now() FROM migrations")
    assert [tuple(row) for row in rows] == [(it.number, it.name, it.phase.value, True) for it in known("postgres")]


async def test_where_nothing_is_to_do_nobody_is_waited_for(connect, connection):
    """A server starts while another one migrates, as long as that one does nothing that it needs."""
    await migrate(connection, partitions=0)
    await connection.execute("SELECT pg_advisory_lock($1)", ADVISORY_LOCK)
    assert await migrate(await connect(), partitions=0) == []


async def test_another_process_that_does_not_finish_is_waited_for_no_longer_than_a_minute(
        connect, connection, monkeypatch):
    monkeypatch.setattr(postgres_migrate, "TURN_SECONDS", 0)
    await connection.execute("SELECT pg_advisory_lock($1)", ADVISORY_LOCK)
    with pytest.raises(CannotOpen, match="Another process has been migrating"):
        await migrate(await connect(), partitions=0)


# ---------------------------------------------------------------- whose database


@pytest.mark.parametrize("made", [
    "CREATE TABLE plaudit.recipes (name TEXT)",
    "CREATE TABLE plaudit.migrations (id INTEGER)",
    """CREATE TABLE plaudit.migrations (number INTEGER, name TEXT, phase TEXT);
       INSERT INTO plaudit.migrations VALUES (1, 'recipes', 'expand')""",
], ids=["tables", "migrations of another kind", "other migrations of this kind"])
async def test_a_strangers_schema_is_left_alone(connection, made):
    """It is refused in words and not changed."""
    await connection.execute(f"CREATE SCHEMA plaudit; {made}")
    before = await connection.fetch(EVERYTHING)
    with pytest.raises(WrongDatabase):
        await migrate(connection, partitions=0)
    assert await connection.fetch(EVERYTHING) == before


async def test_an_empty_schema_that_is_there_is_used(connection):
    """Somebody with the right to make it has made it."""
    await connection.execute("CREATE SCHEMA plaudit")
    assert of(await migrate(connection, partitions=0)) == RELEASED


async def test_a_release_works_on_what_the_next_one_has_only_added_to(connection, next_release, monkeypatch):
    """So an upgrade can be taken back, until the contract step."""
    await migrate(connection, partitions=0)
    next_release()
    await migrate(connection, partitions=0)
    monkeypatch.undo()
    assert await migrate(connection, partitions=0) == []
    assert await numbers(connection) == EXPANDED


async def test_a_release_refuses_what_the_next_one_has_taken_away_from(connection, next_release, monkeypatch):
    await migrate(connection, partitions=0)
    next_release()
    await migrate(connection, partitions=0, contract=True)
    monkeypatch.undo()
    with pytest.raises(WrongDatabase, match=rf"dropped from this database what this one needs \(migration {TAKEN_AWAY}"
                       ):
        await migrate(connection, partitions=0)


# ---------------------------------------------------------------- phases


async def test_what_older_releases_use_is_dropped_only_when_told_to(connection, next_release):
    await migrate(connection, partitions=0)
    next_release()
    assert of(await due(connection, contract=False)) == ADDED
    assert of(await due(connection, contract=True)) == [*ADDED, TAKEN_AWAY]
    assert of(await migrate(connection, partitions=0)) == ADDED
    assert of(await migrate(connection, partitions=0)) == []
    assert of(await migrate(connection, partitions=0, contract=True)) == [TAKEN_AWAY]
    assert await numbers(connection) == CONTRACTED


async def test_a_new_database_has_no_older_release(connection, next_release):
    next_release()
    assert of(await migrate(connection, partitions=0)) == CONTRACTED


async def test_asking_what_is_due_changes_nothing(connection):
    """Not even a schema is made."""
    assert of(await due(connection, contract=False)) == RELEASED
    assert await connection.fetchval("SELECT to_regnamespace('plaudit')") is None


# ---------------------------------------------------------------- partitions


@pytest.mark.parametrize("partitions", [0, 3])
async def test_partitions_are_made_with_the_tables(connection, partitions):
    """Of the votes and of their history; pages of votes keep room wherever they are."""
    await migrate(connection, partitions=partitions)
    found = {name: (kind, options) for name, kind, options, *_ in await connection.fetch(EVERYTHING)}
    room = ["fillfactor=90"]
    assert found["feedback"] == (("p", None) if partitions else ("r", room))
    assert found["history"] == ("p" if partitions else "r", None)
    assert {name: found[name] for name in found if "_p0" in name and "_p0" in name[-6:]} == {
        **{f"feedback_p{number:04}": ("r", room) for number in range(partitions)},
        **{f"history_p{number:04}": ("r", None) for number in range(partitions)}}


async def test_their_number_cannot_be_changed_afterwards(connection):
    """A setting that says otherwise is a warning at each start, and nothing else."""
    await migrate(connection, partitions=3)
    before = await connection.fetch(EVERYTHING)
    with capture_logs() as logs:
        await migrate(connection, partitions=4)
    assert [(line["setting"], line["tables"]) for line in logs] == [(4, 3)]
    assert await connection.fetch(EVERYTHING) == before


# ---------------------------------------------------------------- interrupted


async def interrupted_after(connection, statements, partitions):
    """Whether the connection was cut before the work was done, as it is when the process is killed."""
    seen = []

    def cut(_):
        seen.append(None)
        if len(seen) == statements:
            connection.terminate()

    connection.add_query_logger(cut)
    try:
        await migrate(connection, partitions=partitions, contract=True)
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
        return True
    return False


@pytest.mark.parametrize("partitions", [0, 2])
async def test_interrupted_after_any_statement_it_is_gone_on_with(
        connection, connect, next_release, partitions):
    """Cut after each statement, in turn; the next run leaves everything as if nothing had happened."""
    next_release()
    await migrate(connection, partitions=partitions)
    undisturbed, times = await connection.fetch(EVERYTHING), 0
    await connection.execute("DROP SCHEMA plaudit CASCADE")
    while await interrupted_after(await connect(), times + 1, partitions):
        times += 1
        await migrate(connection, partitions=partitions, contract=True)
        assert await numbers(connection) == CONTRACTED
        assert await connection.fetch(EVERYTHING) == undisturbed
        await connection.execute("DROP SCHEMA plaudit CASCADE")
    assert times > 30


@pytest.mark.parametrize("partitions", [0, 2])
async def test_an_index_that_a_failed_attempt_left_is_built_again(connection, next_release, partitions):
    """An invalid index costs writes and serves nobody."""
    await migrate(connection, partitions=partitions)
    next_release()
    table, name = ("feedback_p0001", "feedback_by_source_p0001") if partitions else ("feedback", "feedback_by_source")
    await connection.execute(f"CREATE INDEX {name} ON {table} (project_id)")
    await connection.execute("UPDATE pg_index SET indisvalid = FALSE WHERE indexrelid = $1::regclass", name)
    await migrate(connection, partitions=partitions)
    rows = await connection.fetch(EVERYTHING)
    indexes = {row["relname"]: row["indisvalid"] for row in rows if row["relname"].startswith("feedback_by_source")}
    leaves = {f"feedback_by_source_p{number:04}": True for number in range(partitions)}
    assert indexes == {"feedback_by_source": True, **leaves}
    assert "source" in await connection.fetchval("SELECT pg_get_indexdef($1::regclass)", name)


async def test_an_index_that_a_killed_process_has_begun_is_waited_for(connect, connection, next_release):
    """PostgreSQL goes on with the statement, and with holding the lock: who comes next finds the index built."""
    await migrate(connection, partitions=0)
    next_release()
    killed = await connect()
    async with long_transaction(await connect(), table="messages"):  # what is being built waits for all who read
        building = asyncio.create_task(migrate(killed, partitions=0))
        await waited_for(connection)
        killed.terminate()
        await asyncio.wait([building])
        assert isinstance(building.exception(), (asyncpg.PostgresError, asyncpg.InterfaceError, OSError))
        migrating = asyncio.create_task(migrate(await connect(), partitions=0))
        await waited_for(connection)
    assert of(await migrating) == ADDED[1:]
    assert await connection.fetchval("SELECT bool_and(indisvalid) FROM pg_index")


async def test_a_backfill_goes_through_all_rows_in_small_steps(connection, next_release):
    await migrate(connection, partitions=0)
    await connection.executemany(A_MESSAGE, [(f"m-{number}",) for number in range(50)])
    next_release()
    await migrate(connection, partitions=0)
    steps = await connection.fetch(
        "SELECT count(*) FROM messages WHERE span_id = 'none' GROUP BY xmin::text ORDER BY 1")
    assert [row[0] for row in steps] == [10, 20, 20]


# ---------------------------------------------------------------- locks


@asynccontextmanager
async def long_transaction(connection, table="feedback"):
    """Somebody reads a table and forgets to end it."""
    await connection.execute(f"""
        BEGIN ISOLATION LEVEL REPEATABLE READ; SET LOCAL idle_in_transaction_session_timeout = 0;
        SELECT count(*) FROM {table}""")
    yield
    await connection.execute("ROLLBACK")


async def waited_for(connection):
    """Return as soon as somebody waits for a lock on the votes."""
    async with asyncio.timeout(30):
        while not await connection.fetchval(SOMEBODY_WAITS):
            pass


async def vote(connection, seconds):
    await connection.execute("UPDATE feedback SET revision = revision", timeout=seconds)


async def test_votes_go_on_while_a_migration_cannot_have_its_lock(connect, connection, next_release):
    """It gives way, again and again, and is done when the lock can be had."""
    await migrate(connection, partitions=0)
    next_release()
    voter = await connect()
    async with long_transaction(await connect()):
        migrating = asyncio.create_task(migrate(connection, partitions=0))
        for _ in range(3):
            await waited_for(voter)
            await vote(voter, seconds=5)
        assert not migrating.done()
    assert of(await migrating) == ADDED


async def test_without_giving_way_votes_would_stand_still(connect, connection, next_release, monkeypatch):
    """The control: the same migration, waiting for its lock as long as it takes."""
    await migrate(connection, partitions=0)
    next_release()
    monkeypatch.setattr(postgres_migrate, "BRIEF", "SET LOCAL lock_timeout = 0; SET LOCAL statement_timeout = 0")
    voter = await connect()
    async with long_transaction(await connect()):
        migrating = asyncio.create_task(migrate(connection, partitions=0))
        await waited_for(voter)
        with pytest.raises(TimeoutError):
            await vote(voter, seconds=2)
    assert of(await migrating) == ADDED


async def test_a_lock_that_is_never_free_is_told(connect, connection, next_release, monkeypatch):
    """The operator learns where to look; the votes have not been waiting."""
    monkeypatch.setattr(postgres_migrate, "LOCKED_SECONDS", 0)
    await migrate(connection, partitions=0)
    next_release()
    async with long_transaction(await connect()):
        with pytest.raises(CannotOpen, match="pg_stat_activity"):
            await migrate(connection, partitions=0)
    assert of(await migrate(connection, partitions=0)) == ADDED
