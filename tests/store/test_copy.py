"""`plaudit copy`: a whole database into another kind and back, every row of it, however often it is interrupted."""

import asyncio
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import apsw
import asyncpg
import pytest
from command_line import Said
from counting import wrong_totals
from examples import NOW, ODD_COMMENTS, a_vote
from moving import MANY, ODD_IDS, Place, copied, copied_until, interrupted, with_everything
from serving import until

from plaudit.counts import Attribute, Dimension, Grouping, Selection
from plaudit.deeds import ReviewFilter, ReviewItem
from plaudit.errors import PlauditError, Unavailable
from plaudit.model import Page, Vote
from plaudit.rules import decide
from plaudit.store import copy_postgres, copy_sqlite
from plaudit.store.copy import CopyFailed
from plaudit.store.copy_tables import TABLES, UNFINISHED
from plaudit.store.postgres import PostgresStore
from plaudit.store.sqlite import SqliteStore

MESSAGES = len(ODD_IDS) + MANY + 3
PASSWORD = "hunter2"
OURS = "application_name = 'plaudit copy'"


@pytest.fixture(autouse=True)
def _in_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def filled(tmp_path_factory) -> Place:
    """A SQLite database with everything; tests leave it as it is."""
    return with_everything(tmp_path_factory.mktemp("filled") / "plaudit.db", ODD_COMMENTS)


@pytest.fixture
def on_postgres(postgres_url) -> Place:
    return Place(postgres_url)


@pytest.fixture
def on_sqlite(tmp_path) -> Place:
    return Place(f"sqlite:{tmp_path / 'other.db'}")


@pytest.fixture(params=["to PostgreSQL", "to SQLite"])
def ends(request, capsys, filled, on_postgres, on_sqlite) -> tuple[Place, Place]:
    """A full database and an empty place."""
    if request.param == "to PostgreSQL":
        return filled, on_postgres
    assert copied(capsys, filled, on_postgres).code == 0
    return on_postgres, on_sqlite


# ---------------------------------------------------------------- what arrives

DERIVED = ("cells", "totals_", "review_queue", "search", "known_words")


def test_there_and_back_again_every_row_is_what_it_was(capsys, filled, on_postgres, on_sqlite):
    before = filled.contents()
    said = copied(capsys, filled, on_postgres)
    assert (said.code, said.out.splitlines()[-2:]) == (
        0, ["Copied and verified. Name the new database in database_url.", "The old one is as it was."])
    assert f"messages: {MESSAGES} rows, the same on both sides (SHA-256 " in said.out
    assert "migrating" not in said.err
    assert on_postgres.contents() == before
    assert copied(capsys, on_postgres, on_sqlite).out == said.out
    assert on_sqlite.contents() == filled.contents() == before


def test_every_column_is_copied(capsys, filled, on_postgres):
    """What a database has and a copy leaves behind is listed here. What is counted and queued is made anew of the rest
    when the copy is opened."""
    copied(capsys, filled, on_postgres)
    ours = {(table.name, column) for table in TABLES for column in table.columns}
    left = {("readiness", "id"), ("readiness", "checked_at")}
    assert {it for it in filled.execute("SELECT t.name, c.name FROM sqlite_schema AS t, pragma_table_info(t.name) AS c "
                                        "WHERE t.type = 'table'") if not it[0].startswith(DERIVED)} == ours | left
    left |= {("guest_devices", "came_first"), *(("migrations", it) for it in ("number", "name", "phase", "applied_at"))}
    assert {it for it in on_postgres.execute(
        "SELECT table_name::text, column_name::text FROM information_schema.columns WHERE table_schema = 'plaudit'")
        if not it[0].startswith(DERIVED)} == ours | left


def test_numbers_and_queue_are_the_same_in_a_copy(capsys, ends):
    """They are not copied but counted when it is opened; what reviewers said is copied."""
    source, target = ends
    assert copied(capsys, source, target).code == 0
    (totals, page), wrong = asyncio.run(numbers(target))
    assert wrong == []
    assert (totals, page) == asyncio.run(numbers(source))[0]
    assert any(item.review for item in page.items)
    assert any(item.review is None for item in page.items)


async def numbers(place: Place) -> tuple[tuple[object, Page[ReviewItem]], list[str]]:
    store = await opened(place)
    try:
        totals = await store.counts("acme", Selection(), [Grouping((Dimension(Attribute.MODEL),))])
        page = await store.review_queue("acme", ReviewFilter(reviewed=None), limit=1000, cursor=None)
        return (totals, page), await wrong_totals(store)
    finally:
        await store.close()


def test_votes_go_on_where_they_stood(capsys, ends):
    """A copied vote changes as if it had never moved: its revision and its entry in history follow the old ones."""
    source, target = ends
    assert copied(capsys, source, target).code == 0
    (last_seq,), = source.execute("SELECT max(seq) FROM history")
    (revision,), = source.execute("SELECT revision FROM feedback WHERE project_id = 'acme' AND message_id = 'm-1'")
    asyncio.run(vote_once_more(target))
    (seq, previous_seq, new_revision), = target.execute(
        "SELECT seq, previous_seq, revision FROM history ORDER BY seq DESC LIMIT 1")
    assert (seq > last_seq >= previous_seq, new_revision) == (True, revision + 1)


async def vote_once_more(place: Place) -> None:
    store = await opened(place)
    try:
        changed = await store.submit(a_vote("m-1", vote=Vote.DISLIKE, at=NOW + 10))
        assert (await store.history("acme", "m-1"))[-1] == changed
    finally:
        await store.close()


async def opened(place: Place) -> PostgresStore | SqliteStore:
    if place.on_postgres:
        return await PostgresStore.open(place.url, decide, now=lambda: NOW)
    return await SqliteStore.open(place.path, decide, now=lambda: NOW)


def test_a_guests_earliest_device_came_first(capsys, filled, on_postgres):
    """PostgreSQL lets one be first; SQLite does not say which, so it is the one bound first."""
    copied(capsys, filled, on_postgres)
    assert on_postgres.execute("SELECT user_hash, device_hash FROM guest_devices WHERE came_first ORDER BY 1") == [
        ("guest", "early"), ("other guest", "late")]


def test_a_copy_of_an_empty_database_can_be_voted_on(capsys, on_sqlite, on_postgres):
    async def make() -> None:
        await (await opened(on_sqlite)).close()

    asyncio.run(make())
    assert copied(capsys, on_sqlite, on_postgres).code == 0
    assert on_postgres.execute("SELECT nextval('history_seq')") == [(1,)]


def test_partitions_are_made_and_filled(capsys, monkeypatch, filled, on_postgres, on_sqlite):
    monkeypatch.setenv("PLAUDIT_DATABASE_PARTITIONS", "3")
    assert copied(capsys, filled, on_postgres).code == 0
    assert on_postgres.contents() == filled.contents()
    assert on_postgres.execute("SELECT count(DISTINCT tableoid) FROM feedback") == [(3,)]
    assert copied(capsys, on_postgres, on_sqlite).code == 0
    assert on_sqlite.contents() == filled.contents()


def test_partitions_are_changed_by_a_copy(capsys, monkeypatch, filled, on_postgres, postgres):
    """From one PostgreSQL database into another."""
    copied(capsys, filled, on_postgres)
    monkeypatch.setenv("PLAUDIT_DATABASE_PARTITIONS", "2")
    other = Place(postgres.create_database())
    assert copied(capsys, on_postgres, other).code == 0
    assert other.contents() == filled.contents()
    assert other.execute("SELECT count(DISTINCT tableoid) FROM history") == [(2,)]


def test_what_postgres_cannot_store_is_named(capsys, tmp_path, on_postgres):
    """A NUL is refused by the API; what has one all the same can be put right and the copy goes on."""
    source = with_everything(tmp_path / "odd.db", ODD_COMMENTS)
    source.execute("UPDATE history SET comment = 'a' || char(0) WHERE seq = 3")
    said = copied(capsys, source, on_postgres)
    assert (said.code, said.err.splitlines()[-1]) == (1, (
        "plaudit: history: the row [3] has a NUL character in comment, which PostgreSQL cannot store. Write another "
        "text there, then begin anew with --restart"))
    source.execute("UPDATE history SET comment = 'a' WHERE seq = 3")
    assert copied(capsys, source, on_postgres, "--restart").code == 0


# ---------------------------------------------------------------- interrupted


# 1: conversations, 2 to 4: messages, 5: feedback, 6: history, 7: visitors, 8: guest devices, then the same verified
@pytest.mark.parametrize("batches", [1, 2, 3, 4, 5, 6, 8, 9, 15])
def test_an_interrupted_copy_goes_on_where_it_stopped(capsys, ends, batches):
    source, target = ends
    interrupted(source, target, batches)
    held = {name: len(rows) for name, rows in target.contents().items()}
    said = copied(capsys, source, target)
    assert said.code == 0
    assert f"messages copied: {held['messages']} of {MESSAGES} rows\n" in said.err
    assert target.contents() == source.contents()
    assert not any(UNFINISHED in name for name, in names(target))


def names(place: Place) -> list[tuple[str]]:
    return place.execute(
        "SELECT relname::text FROM pg_class" if place.on_postgres else "SELECT name FROM sqlite_schema")


@pytest.mark.parametrize("batches", [3, 12], ids=["copying", "comparing"])
def test_ctrl_c_ends_a_copy_and_nothing_else_is_wrong(capsys, ends, batches):
    """And the next one goes on."""
    with pytest.raises(KeyboardInterrupt):
        copied_until(*ends, batches, lambda: signal.raise_signal(signal.SIGINT))
    assert copied(capsys, *ends).code == 0


def test_a_file_is_not_closed_under_a_thread_that_uses_it(tmp_path):
    """Whoever is cancelled waits for it, and is not told that the connection was busy."""
    async def cancelled_while_it_waits_for_its_lock() -> None:
        async with copy_sqlite.open_target(tmp_path / "new.db") as target:
            with closing(apsw.Connection(str(tmp_path / "new.db"))) as other:
                other.execute("BEGIN IMMEDIATE")
                waits = asyncio.create_task(target.begin("source"))
                for _ in range(3):
                    await asyncio.sleep(0)  # until it is asked for
                waits.cancel()
                asyncio.get_running_loop().call_later(0.1, other.execute, "ROLLBACK")
                await waits

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(cancelled_while_it_waits_for_its_lock())


@pytest.mark.parametrize("batches", [3, 12], ids=["copying", "comparing"])
def test_a_lost_connection_is_told_and_the_copy_goes_on(capsys, postgres, ends, batches):
    def lose() -> None:
        assert postgres.sql(f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE {OURS}") == "t"

    source, target = ends
    with pytest.raises(CopyFailed, match=r"the connection to the server was lost$"):
        copied_until(source, target, batches, lose)
    assert copied(capsys, source, target).code == 0
    assert target.contents() == source.contents()


def test_a_killed_copy_goes_on_where_it_stopped(capsys, filled, on_postgres):
    """kill -9 amid a batch: it waits for a row that somebody else has not committed."""
    interrupted(filled, on_postgres, 2)  # with the first batch of messages
    (project_id, message_id), = filled.execute(
        "SELECT project_id, message_id FROM messages ORDER BY project_id, message_id LIMIT 1 OFFSET 400")
    asyncio.run(killed_while_waiting_for(project_id, message_id, filled, on_postgres))
    assert (MESSAGES,) not in on_postgres.execute("SELECT count(*) FROM messages")
    assert copied(capsys, filled, on_postgres).code == 0
    assert on_postgres.contents() == filled.contents()


async def killed_while_waiting_for(project_id: str, message_id: str, source: Place, target: Place) -> None:
    holder, watcher = [await asyncpg.connect(target.url, server_settings={"search_path": "plaudit"}) for _ in range(2)]
    held = holder.transaction()
    await held.start()
    await holder.execute(
        "INSERT INTO messages (created_at, project_id, message_id, role, owner, conversation_id, arms, metadata) "
        "VALUES (1, $1, $2, '', '', '', '', '')", project_id, message_id)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "plaudit", "copy", "--from", source.url, "--to", target.url,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    await until(lambda: watcher.fetchval(f"SELECT 1 FROM pg_stat_activity WHERE {OURS} AND wait_event_type = 'Lock'"))
    process.send_signal(signal.SIGKILL)
    await process.wait()
    await held.rollback()
    await until(lambda: watcher.fetchval(f"SELECT count(*) = 0 FROM pg_stat_activity WHERE {OURS}"))
    await holder.close()
    await watcher.close()


# ---------------------------------------------------------------- found out


WRONG = {
    "a changed vote": "UPDATE feedback SET vote = -vote WHERE message_id = 'm-7'",
    "a changed comment": "UPDATE history SET comment = comment || ' ' WHERE comment IS NOT NULL",
    "a missing message": "DELETE FROM messages WHERE message_id = 'm-0'",
    "a missing first row": "DELETE FROM visitors WHERE device_hash = 'a'",
    "a row too many": "INSERT INTO visitors (project_id, device_hash, visitor_id, created_at) VALUES ('z', '', '', 1)",
    "nothing instead of an empty text": "UPDATE messages SET locale = '' WHERE message_id = 'm-0'",
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_a_copy_that_is_not_the_same_is_found_out(capsys, ends, wrong):
    """The control of all that is said of being the same: whatever differs, it is named, and no server uses it."""
    source, target = ends
    interrupted(source, target, 15)  # when all is copied and the first half verified
    target.execute(wrong)
    said = copied(capsys, source, target)
    table = next(table.name for table in TABLES if table.name in wrong.split())
    assert (said.code, said.out) == (1, "")
    assert f"{target.name} is not what {source.name} is: they differ in {table} at [" in said.err
    with pytest.raises(PlauditError, match=r"A copy into this database has begun and not ended\. Run the same"):
        asyncio.run(vote_once_more(target))
    assert copied(capsys, source, target, "--restart").code == 0
    assert target.contents() == source.contents()


def test_two_databases_are_compared_without_changing_any(capsys, ends):
    source, target = ends
    copied(capsys, source, target)
    same = copied(capsys, source, target, "--verify")
    assert (same.code, len(same.out.splitlines())) == (0, len(TABLES))
    target.execute(WRONG["a changed vote"])
    assert "they differ in feedback at [" in copied(capsys, source, target, "--verify").err


# ---------------------------------------------------------------- refused


def test_a_copy_goes_on_from_its_own_source_only(capsys, tmp_path, ends):
    source, target = ends
    interrupted(source, target, 3)
    other = with_everything(tmp_path / "another.db", ["another"])
    said = copied(capsys, other, target)
    assert (said.code, said.out) == (1, "")
    assert f"{target.name} holds an unfinished copy of another database, or {other.name} has changed" in said.err
    assert copied(capsys, other, target, "--restart").code == 0
    assert target.contents() == other.contents()


def test_a_source_that_was_voted_on_meanwhile_is_copied_anew(capsys, tmp_path, on_postgres):
    """What had been copied before may have changed."""
    source = with_everything(tmp_path / "busy.db", [])
    interrupted(source, on_postgres, 6)
    asyncio.run(vote_once_more(source))
    assert "has changed since it began. Begin anew with --restart" in copied(capsys, source, on_postgres).err
    assert copied(capsys, source, on_postgres, "--restart").code == 0
    assert on_postgres.contents() == source.contents()


def test_a_full_target_is_left_alone(capsys, ends):
    """Also with --restart, which throws away unfinished copies only."""
    source, target = ends
    copied(capsys, source, target)
    before = target.contents()
    for options in ([], ["--restart"]):
        said = copied(capsys, source, target, *options)
        assert (said.code, said.out) == (1, "")
        assert f"plaudit: {target.name} has conversations already, and a copy goes into an empty database" in said.err
    assert target.contents() == before


def test_an_unfinished_copy_is_no_source(capsys, tmp_path, ends):
    source, target = ends
    interrupted(source, target, 3)
    for options in ([], ["--verify"]):
        said = copied(capsys, target, Place(f"sqlite:{tmp_path / 'third.db'}"), *options)
        assert "is itself a copy that was not finished; finish that one first" in said.err


async def copied_while_open(capsys, used: Place, source: Place, target: Place) -> Said:
    """While a server uses one of the two."""
    store = await opened(used)
    try:
        await store.check()
        return await asyncio.to_thread(copied, capsys, source, target)
    finally:
        await store.close()


def test_a_database_that_a_server_uses_is_neither_read_nor_written(capsys, ends):
    """A vote that was stored meanwhile would be missing in the copy."""
    for used in ends:
        said = asyncio.run(copied_while_open(capsys, used, *ends))
        assert (said.code, said.out) == (1, "")
        assert (f"plaudit: {used.name} is in use by " if used.on_postgres else "Another server") in said.err
    assert copied(capsys, *ends).code == 0


def test_a_server_that_is_started_meanwhile_stores_nothing(capsys, filled, on_postgres):
    """Its votes are refused rather than missing in the copy."""
    copied(capsys, filled, on_postgres)

    async def vote_meanwhile() -> None:
        async with copy_postgres.open_source(on_postgres.url) as source:
            store = await PostgresStore.open(on_postgres.url, decide, now=lambda: NOW, wait_seconds_max=0.3)
            with pytest.raises(Unavailable):
                await store.submit(a_vote("m-1", vote=Vote.DISLIKE, at=NOW + 10))
            await store.close()
            assert await source.count(TABLES[0])

    asyncio.run(vote_meanwhile())
    assert on_postgres.contents() == filled.contents()


def nothing(_: Path) -> None:
    pass


def no_database(path: Path) -> None:
    path.write_text("hello" * 1000, encoding="utf-8")


def somebody_elses(path: Path) -> None:
    Place(f"sqlite:{path}").execute("CREATE TABLE stranger (id)")


@pytest.mark.parametrize(("make", "message"), [
    (nothing, "there is no database at wrong.db; check the name"),
    (no_database, "wrong.db: file is not a database; put that right, then run the same command again"),
    (somebody_elses, "This is an SQLite database, but not one of Plaudit's"),
])
def test_what_is_no_database_of_plaudits_is_not_copied(capsys, make, message, on_postgres):
    make(Path("wrong.db"))
    said = copied(capsys, Place("sqlite:wrong.db"), on_postgres)
    assert (said.code, said.out) == (1, "")
    assert message in said.err


def test_an_empty_postgres_database_is_no_source(capsys, on_postgres, on_sqlite):
    said = copied(capsys, on_postgres, on_sqlite)
    assert (said.code, said.out) == (1, "")
    assert "has no database of this Plaudit's version. Check the address" in said.err


@pytest.mark.parametrize(("address", "message"), [
    (f"postgresql://u:{PASSWORD}@127.0.0.1:1/d?password={PASSWORD}", "plaudit: postgresql://u@127.0.0.1:1/d: "),
    (f"postgresql://u:1/{PASSWORD}@127.0.0.1/d", "plaudit: postgresql://: "),
    (f"postgresql://u:{PASSWORD}@127.0.0.1:x/d", "plaudit: an address is postgresql://USER@HOST:PORT/DATABASE; one of"),
    (f"postgresql://u:{PASSWORD}@[::1/d", "plaudit: an address is postgresql://USER@HOST:PORT/DATABASE; one of these"),
])
def test_an_address_is_refused_without_its_password(capsys, filled, address, message):
    said = copied(capsys, filled, Place(address))
    assert (said.code, said.out) == (1, "")
    assert message in said.err
    assert PASSWORD not in said.err


def test_a_database_that_is_not_there_is_named(capsys, filled, postgres):
    said = copied(capsys, filled, Place(postgres.url("nowhere")))
    assert (said.code, said.out) == (1, "")
    assert 'database "nowhere" does not exist. Make that database, or put the address right.' in said.err
