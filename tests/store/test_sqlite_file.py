"""One file, one server: how it is opened, and what happens when the file, the disk or the clock is not as hoped."""

import asyncio
import json
import os
import resource
import shutil
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import apsw
import pytest
from examples import a_message, a_vote
from structlog.testing import capture_logs

from plaudit.errors import Unavailable
from plaudit.model import Subject
from plaudit.rules import decide
from plaudit.store.failures import CannotOpen, DatabaseInUse, WrongDatabase
from plaudit.store.plans import Ask
from plaudit.store.sqlite import READERS, READS_WAITING_MAX, SqliteStore
from plaudit.store.sqlite_file import PAGE_BYTES
from plaudit.store.sqlite_migrate import newest_version

pytestmark = pytest.mark.anyio


@pytest.fixture
def database(sqlite_path):
    """Only SQLite's is a file."""
    return sqlite_path


@pytest.fixture
def opened(sqlite_path, clock):
    """Open the store's file, or another."""
    return lambda path=sqlite_path, **bounds: SqliteStore.open(path, decide, now=clock, **bounds)


@pytest.fixture
async def closed(opened, sqlite_path):
    """A file with 200 messages and a vote on each, let go of."""
    store = await opened()
    await store.register([a_message(f"m-{n}", content="x" * 500) for n in range(200)])
    await asyncio.gather(*(store.submit(a_vote(f"m-{n}")) for n in range(200)))
    await store.close()
    return sqlite_path


def alter(path, sql):
    with closing(apsw.Connection(str(path))) as connection:
        connection.execute(sql)


# ---------------------------------------------------------------- opening


async def test_a_commit_that_returned_survives_a_power_cut(store):
    """SQLite is told to wait for the disk each time."""
    connection = store._writer._connection
    assert (connection.pragma("synchronous"), connection.pragma("journal_mode")) == (2, "wal")


async def test_every_column_holds_what_it_says(store):
    """All tables of ours are STRICT: a text where a number belongs is an error, not a text."""
    tables = store._writer._connection.execute("PRAGMA main.table_list").fetchall()
    strict = {name: bool(strict) for _, name, kind, _, _, strict in tables
              if kind == "table" and not name.startswith("sqlite_")}
    assert strict == dict.fromkeys(
        ("messages", "conversations", "feedback", "history", "visitors", "guest_devices", "readiness", "cells",
         "totals_changes", "totals_hourly", "totals_daily", "totals_zones", "review_queue", "reviews", "links",
         "unknown_messages", "outbox", "dead_letters", "audit"), True)


async def test_a_second_server_on_the_same_file_is_refused(opened, sqlite_path):
    """It names the process that has it, and disturbs nothing; once that has stopped, it may."""
    first = await opened()
    for _ in range(2):
        with pytest.raises(DatabaseInUse, match=rf"process {os.getpid()}\) has {sqlite_path} open"):
            await opened()
    await first.check()
    await first.close()
    await (await opened()).close()


@pytest.mark.parametrize("link", ["file", "folder"])
async def test_a_second_server_by_another_name_is_refused(store, opened, sqlite_path, tmp_path, link):
    """A symbolic link to the file, or to its folder, leads to the same lock."""
    name = tmp_path / "another name"
    name.symlink_to(sqlite_path if link == "file" else sqlite_path.parent)
    with pytest.raises(DatabaseInUse):
        await opened(name if link == "file" else name / sqlite_path.name)
    await store.check()


async def test_migrating_twice_does_nothing(closed, opened):
    """The second start finds everything as the first left it."""
    before = closed.read_bytes()
    await (await opened()).close()
    assert closed.read_bytes() == before


@pytest.mark.parametrize(("sql", "told"), [
    (f"PRAGMA user_version = {newest_version() + 1}", "written by a newer Plaudit"),
    ("PRAGMA application_id = 7", "not one of Plaudit's"),
    ("PRAGMA application_id = 0", "not one of Plaudit's"),
], ids=["from the future", "another program's", "nobody's"])
async def test_a_database_that_is_not_for_us_is_left_alone(closed, opened, sql, told):
    """It is refused in words, as often as one tries, and not changed."""
    alter(closed, sql)
    before = closed.read_bytes()
    for _ in range(2):
        with pytest.raises(WrongDatabase, match=told):
            await opened()
    assert closed.read_bytes() == before


async def test_a_strangers_database_is_left_alone(opened, sqlite_path):
    """Tables that somebody else made are not mixed with ours."""
    alter(sqlite_path, "CREATE TABLE recipes (name TEXT)")
    with pytest.raises(WrongDatabase, match="not one of Plaudit's"):
        await opened()
    with closing(apsw.Connection(str(sqlite_path))) as connection:
        assert connection.execute("SELECT name FROM sqlite_schema").get == "recipes"


async def test_what_is_no_database_cannot_be_opened(opened, sqlite_path):
    """It says how to go on, and does not overwrite it."""
    sqlite_path.write_text("Dear diary,\n" * 1000)
    with pytest.raises(CannotOpen, match="restore the newest backup"):
        await opened()
    assert sqlite_path.read_text().startswith("Dear diary")


@pytest.mark.parametrize("where", ["a file/plaudit.db", "a folder", "/proc/plaudit/plaudit.db", "/proc/plaudit.db"])
async def test_a_place_that_cannot_be_written_is_named(tmp_path, opened, where):
    """The operator is told which path it is, and what it needs."""
    (tmp_path / "a file").touch()
    (tmp_path / "a folder").mkdir()
    with pytest.raises(CannotOpen, match=where):
        await opened(tmp_path / where)


async def test_a_folder_that_is_not_there_yet_is_made(tmp_path, opened):
    """The first start needs no preparation."""
    store = await opened(tmp_path / "new" / "folder" / "plaudit.db")
    await store.check()
    await store.close()


# ---------------------------------------------------------------- damage


def spoil(path, page):
    """Overwrite one page, as a failing disk does."""
    with path.open("r+b") as file:
        file.seek((page - 1) * PAGE_BYTES)
        file.write(b"\xa5" * PAGE_BYTES)


def page_of(path, table):
    """A leaf page of a table's, from its middle."""
    with closing(apsw.Connection(str(path))) as connection:
        found = connection.execute(
            "SELECT pageno FROM dbstat WHERE name = ? AND pagetype = 'leaf' ORDER BY pageno", (table,)).fetchall()
    return found[len(found) // 2][0]


@pytest.mark.parametrize("table", ["messages", "feedback", "history", "conversations"])
async def test_a_damaged_database_is_read_but_not_written(closed, opened, table):
    """It opens, says in the log how to restore, and refuses each write; nothing is made worse."""
    spoil(closed, page_of(closed, table))
    before = closed.read_bytes()
    with capture_logs() as logs:
        store = await opened()
    assert [(it["event"], it["log_level"]) for it in logs] == [("database damaged", "error")]
    assert "plaudit restore" in logs[0]["advice"]
    for asked in (store.check, lambda: store.submit(a_vote("m-0")), lambda: store.register([a_message("new")])):
        with pytest.raises(Unavailable, match="damaged"):
            await asked()
    assert await store.message("acme", "nowhere") is None
    await store.close()
    assert closed.read_bytes() == before


def copy_part(source, target, part):
    whole = source.read_bytes()
    target.write_bytes(whole[:int(len(whole) * part)])


@pytest.mark.parametrize("kept", [0.0, 0.3, 0.6, 0.99, 1.0])
async def test_a_log_cut_short_keeps_what_was_whole(store, sqlite_path, opened, tmp_path, kept):
    """After a crash the votes in the whole part of the log are there, in order, and the next one follows."""
    await store.register([a_message()])
    accepted = [await store.submit(a_vote(comment=f"number {n}")) for n in range(20)]
    crashed = tmp_path / "crashed.db"
    shutil.copyfile(sqlite_path, crashed)
    copy_part(Path(f"{sqlite_path}-wal"), Path(f"{crashed}-wal"), kept)
    again = await opened(crashed)
    history = await again.history("acme", "m-1")
    assert history == accepted[:len(history)]
    assert kept < 1 or history == accepted
    assert await again.register([a_message()])
    assert (await again.submit(a_vote())).revision == len(history) + 1
    await again.close()


@pytest.mark.parametrize("replaced", [False, True])
async def test_a_file_that_lost_its_name_is_not_written_any_more(closed, opened, tmp_path, replaced):
    """Votes would be answered and gone at the next start."""
    store = await opened()
    await store._look
    closed.rename(tmp_path / "moved.db")
    if replaced:
        shutil.copyfile(tmp_path / "moved.db", closed)
    with pytest.raises(Unavailable, match="damaged"):
        await voting(store)
    await store.close()


async def voting(store):
    """Until the first refusal, or for ten seconds."""
    async with asyncio.timeout(10):
        while True:
            await store.submit(a_vote("m-0"))


# ---------------------------------------------------------------- the disk


def on_a_disk_of_its_own(scenario, tmp_path):
    """What `cramped_disk` saw, in a process that may mount."""
    script = Path(__file__).with_name("cramped_disk.py")
    run = subprocess.run(
        ["unshare", "--user", "--map-root-user", "--mount", sys.executable, script, scenario, tmp_path],
        capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout.splitlines()[-1])


def test_a_full_disk_refuses_votes_until_there_is_space(tmp_path):
    """Reads go on, nothing acknowledged is lost, and nobody has to restart anything."""
    assert on_a_disk_of_its_own("filled_up", tmp_path) == {
        "some were acknowledged": True, "then": "Unavailable", "not ready": "Unavailable",
        "read back while full": True, "ready again": None, "the next revision follows": True,
        "kept over a restart": True,
    }


def test_a_read_only_disk_is_refused_at_the_start(tmp_path):
    """With the path and the reason."""
    seen = on_a_disk_of_its_own("read_only", tmp_path)
    assert seen["told"] == "CannotOpen"
    assert str(tmp_path / "plaudit.db") in seen["message"]
    assert "Read-only file system" in seen["message"]


@pytest.fixture
def no_file_may_grow():
    """Writes fail as on a broken disk while the context it gives is open."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)

    class Limited:
        def __init__(self, path):
            self.size = path.stat().st_size

        def __enter__(self):
            resource.setrlimit(resource.RLIMIT_FSIZE, (self.size, before[1]))

        def __exit__(self, *_):
            resource.setrlimit(resource.RLIMIT_FSIZE, before)

    yield Limited
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


async def test_after_a_failed_write_the_file_is_opened_anew(opened, sqlite_path, no_file_may_grow):
    """Nobody knows what reached the disk then, so it is read again before anything is written after it."""
    store = await opened()
    await store.register([a_message()])
    first = await store.submit(a_vote(comment="before"))
    with capture_logs() as logs:
        with no_file_may_grow(Path(f"{sqlite_path}-wal")):
            with pytest.raises(Unavailable):
                await store.submit(a_vote(comment="lost"))
            assert await store.history("acme", "m-1") == [first]
        assert (await store.submit(a_vote(comment="after"))).revision == 2
    assert [line["event"] for line in logs] == [
        "write failed", "database reopened after a failed write", "database works again"]
    assert [it.comment for it in await store.history("acme", "m-1")] == ["before", "after"]
    assert not any("lost" in str(it) for it in logs)
    await store.close()


# ---------------------------------------------------------------- reads that do not end


FOREVER = "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n) SELECT count(*) FROM n"


def endless():
    """A read that has no last row."""
    yield Ask("count_conversations_of_owner", {"project_id": "acme", "owner": "user:ann"},
              {"search": f"TRUE UNION ALL SELECT * FROM ({FOREVER})"})


def held(go):
    """A read that ends when it is told to."""
    return go.wait(30)
    yield


async def test_a_read_that_takes_too_long_is_interrupted(opened):
    """Its thread is free again for the next."""
    store = await opened(wait_seconds_max=0.3)
    endless_reads = [store._read(endless) for _ in range(4)]
    assert [type(it) for it in await asyncio.gather(*endless_reads, return_exceptions=True)] == 4 * [Unavailable]
    await store.close()


async def test_reads_that_wait_are_bounded(opened):
    """One more is refused at once; the others are answered when the threads are free."""
    store, go = await opened(), threading.Event()
    waiting = [asyncio.create_task(store._read(held, go)) for _ in range(READS_WAITING_MAX)]
    await asyncio.sleep(0)
    with pytest.raises(Unavailable, match="Too many reads"):
        await store.message("acme", "m-1")
    go.set()
    assert all(await asyncio.gather(*waiting))
    assert await store.message("acme", "m-1") is None
    await store.close()


async def test_a_search_and_other_reads_do_not_wait_for_each_other(opened):
    """One who searches in long conversations all the time holds up searches only."""
    store, go = await opened(), threading.Event()
    reading = [asyncio.create_task(store._read(held, go)) for _ in range(READERS)]
    await asyncio.sleep(0)
    found = await store.conversations("acme", Subject.user("https://tenant.example/", "ann"), order_by="created_at",
                                      descending=True, limit=1, offset=0, search="word")
    go.set()
    assert found == (0, [])
    assert all(await asyncio.gather(*reading))
    await store.close()


async def test_a_link_in_the_locks_place_is_not_followed(tmp_path):
    """Whoever planted it would have another file emptied."""
    other = tmp_path / "other"
    other.write_text("kept", encoding="utf-8")
    (tmp_path / "plaudit.db.lock").symlink_to(other)
    with pytest.raises(CannotOpen, match=r"plaudit\.db"):
        await SqliteStore.open(tmp_path / "plaudit.db", decide, now=lambda: 0)
    assert other.read_text(encoding="utf-8") == "kept"
