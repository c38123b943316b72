"""Migrations on SQLite: the databases of all past releases become this one's, and those of this one the next one's."""

from contextlib import closing

import apsw
import pytest
from examples import NOW
from upgrades import ADDED, PAST_RELEASES, TAKEN_AWAY, restore

from plaudit.model import Feedback, FeedbackFilter
from plaudit.rules import decide
from plaudit.store.failures import CannotOpen, DatabaseInUse
from plaudit.store.migration import Run, bare, known
from plaudit.store.postgres_index import Index
from plaudit.store.sqlite import SqliteStore
from plaudit.store.sqlite_file import lock, open_writer
from plaudit.store.sqlite_migrate import due, due_in_file, migrate, migrate_file, newest_version, version

pytestmark = pytest.mark.anyio

SCHEMA = "SELECT type, name, tbl_name FROM sqlite_schema ORDER BY 1, 2"
VOTES = "SELECT message_id, vote, comment, revision, created_at, updated_at, seq FROM feedback ORDER BY 1"


def rows(path, sql):
    with closing(apsw.Connection(str(path))) as connection:
        return connection.execute(sql).fetchall()


@pytest.fixture(params=PAST_RELEASES, ids=lambda dump: dump.stem)
def old(request, sqlite_path):
    """A database of each past release."""
    restore(request.param, sqlite_path)
    return sqlite_path


# ---------------------------------------------------------------- upgrading


async def test_a_past_releases_database_is_upgraded_at_start(old):
    """Its votes are all there, and its tables are as a new database's."""
    before = rows(old, VOTES)
    store = await SqliteStore.open(old, decide, now=lambda: NOW)
    page = await store.feedback("acme", FeedbackFilter(), limit=100, cursor=None)
    history = await store.history("acme", before[0][0])
    await store.close()
    assert len(page.items) == len(before)
    assert [type(entry) for entry in history] == [Feedback] * before[0][3]
    assert rows(old, VOTES) == before
    new = old.with_name("new.db")
    migrate_file(new)
    assert rows(old, SCHEMA) == rows(new, SCHEMA)
    assert rows(old, "PRAGMA user_version") == rows(new, "PRAGMA user_version") == [(newest_version(),)]


def test_the_next_release_runs_all_its_migrations_at_once(old, next_release):
    """Nobody else has the file: nothing waits for a contract step."""
    votes = rows(old, VOTES)
    migrate_file(old)
    next_release()
    assert [it.number for it in migrate_file(old)] == [*ADDED, TAKEN_AWAY]
    assert rows(old, VOTES) == votes
    assert rows(old, "SELECT DISTINCT source FROM feedback") == [("wire",)]
    assert rows(old, "SELECT DISTINCT span_id FROM messages") == [("none",)]
    assert ("index", "feedback_by_source", "feedback") in rows(old, SCHEMA)
    assert migrate_file(old) == []


def test_interrupted_after_any_migration_it_is_gone_on_with(sqlite_path, next_release):
    """Each is a transaction, with its number."""
    next_release()
    numbers = [it.number for it in known("sqlite")]
    for done in range(len(numbers) + 1):
        path = sqlite_path.with_name(f"{done}.db")
        with closing(open_writer(path)) as connection:
            interrupt_at(connection, done)
            assert version(connection) == ([0, *numbers])[done]
            connection.set_authorizer(None)
            assert [it.number for it in migrate(connection)] == numbers[done:]


def interrupt_at(connection, done):
    """Fail where the migration after `done` others would note its number."""
    seen = []

    def authorize(operation, name, value, *_):
        if operation == apsw.SQLITE_PRAGMA and name == "user_version" and value is not None:
            seen.append(value)
            if len(seen) > done:
                return apsw.SQLITE_DENY
        return apsw.SQLITE_OK

    connection.set_authorizer(authorize)
    if done < len(due(connection)):
        with pytest.raises(apsw.AuthError):
            migrate(connection)
    else:
        migrate(connection)


# ---------------------------------------------------------------- apart from a server


def test_while_a_server_runs_it_is_refused_but_can_be_planned(old, next_release):
    next_release()
    with closing(lock(old)):
        assert [it.number for it in due_in_file(old)][-1] == TAKEN_AWAY
        with pytest.raises(DatabaseInUse):
            migrate_file(old)


def test_planning_makes_no_file(sqlite_path):
    assert due_in_file(sqlite_path) == known("sqlite")
    assert list(sqlite_path.parent.iterdir()) == []


@pytest.mark.parametrize("run", [migrate_file, due_in_file])
def test_what_is_no_database_cannot_be_migrated(sqlite_path, run):
    sqlite_path.write_text("x" * 5000, encoding="ascii")
    with pytest.raises(CannotOpen, match="plaudit restore"):
        run(sqlite_path)


# ---------------------------------------------------------------- the files themselves


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_migrations_are_numbered_without_a_hole(database, next_release):
    next_release()
    assert [it.number for it in known(database)] == list(range(1, len(known(database)) + 1))


def test_both_databases_have_the_same_migrations(next_release):
    """Where one needs a file of its own, so does the other."""
    next_release()
    sqlite, postgres = ([(it.number, it.name, it.phase) for it in known(name)] for name in ("sqlite", "postgres"))
    assert sqlite == postgres


def test_what_runs_outside_a_transaction_is_one_index(next_release):
    """It can be built over partitions, and again after a failed attempt."""
    next_release()
    found = [Index.read(bare(it.sql)) for it in known("postgres") if it.run is Run.CONCURRENTLY]
    assert Index("", "feedback_by_source", "feedback", "(project_id, source)") in found
