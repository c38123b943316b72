"""Totals and the queue for review are made anew where they are missing or of another zone: what votes had made them."""

import asyncio
import signal
import subprocess
import sys
from contextlib import closing

import apsw
import asyncpg
import pytest
from counting import fold_all, wrong_totals
from examples import ANNA, BORIS, DISLIKE, HOUR, LIKE, NOW, Clock, a_message, a_vote
from opening import open_store
from structlog.testing import capture_logs
from upgrades import PAST_RELEASES, restore

from plaudit.counts import Attribute, Dimension, Grouping, Period, Selection
from plaudit.deeds import Review, ReviewFilter
from plaudit.model import AuthLevel, Page, Role
from plaudit.rules import decide
from plaudit.store.failures import CannotOpen
from plaudit.store.postgres import PostgresStore
from plaudit.store.postgres_server import SCHEMA
from plaudit.store.sqlite_reading import SqliteReading

pytestmark = pytest.mark.anyio

DERIVED = ("cells", "totals_changes", "totals_hourly", "totals_daily", "totals_zones", "review_queue", "search")
COUNTING = "counting all messages and votes anew: a few minutes for each ten million"
KOLKATA, NEW_YORK = {"acme": "Asia/Kolkata"}, {"acme": "America/New_York"}
GROUPINGS = [Grouping((Dimension(Attribute.MODEL), Dimension(Attribute.AUTH_LEVEL)), per) for per in (None, *Period)]
SEARCHES = (None, "slow", "gut", "حرف", "answer")


def execute(database, *statements):
    """On the database itself, past every store; what the last one gives."""
    if isinstance(database, str):
        return asyncio.run(_on_postgres(database, statements))
    with closing(apsw.Connection(str(database))) as connection:
        return [connection.execute(statement).fetchall() for statement in statements][-1]


async def _on_postgres(url, statements):
    connection = await asyncpg.connect(url, server_settings={"search_path": SCHEMA})
    try:
        return [list(map(tuple, await connection.fetch(statement))) for statement in statements][-1]
    finally:
        await connection.close()


async def run_sql(database, *statements):
    return await asyncio.to_thread(execute, database, *statements)


async def a_history(store):
    """Two projects, three roles, comments in three scripts; changed, removed, reviewed and not."""
    for project_id in ("acme", "globex"):
        await store.register([
            a_message(f"m-{n}", project_id=project_id, owner=(ANNA, BORIS)[n % 2], conversation_id=f"c-{n % 2}",
                      created_at=NOW + n * 5 * HOUR, model=f"model-{n % 3}", content=(None, "An answer")[n % 2],
                      role=(Role.ASSISTANT, Role.ASSISTANT, Role.HUMAN_AGENT)[n % 3]) for n in range(24)])
        for n in range(24):
            vote, comment = (LIKE, DISLIKE, LIKE)[n % 3], (None, "too slow", "gut", "حَرْف")[n % 4]
            level = (AuthLevel.JWT, AuthLevel.SESSION)[n % 2]
            for cast in (a_vote(f"m-{n}", project_id=project_id, subject=(ANNA, BORIS)[n % 2], vote=vote,
                                comment=comment, auth_level=level, at=NOW + number) for number in range(n % 3)):
                await store.submit(cast)
        await store.submit(a_vote("m-5", project_id=project_id, subject=BORIS, vote=None))
        await store.review(project_id, "m-7", BORIS, 1, Review("wrong", None, "key-1", NOW))
        await store.fold()
        await store.submit(a_vote("m-10", project_id=project_id, vote=LIKE, comment="slow, too"))


async def all_that_is_derived(store):
    """As one is told of it."""
    told = []
    for project_id in ("acme", "globex"):
        told.append(await store.counts(project_id, Selection(), GROUPINGS))
        told.append(await store.dimensions(project_id))
        told += [await store.review_queue(project_id, ReviewFilter(reviewed=reviewed, search=search), limit=100,
                                          cursor=None) for search in SEARCHES for reviewed in (False, True)]
    return told


async def reopened(database, zones=None):
    """A server on it, what it logged when it started."""
    with capture_logs() as logs:
        store = await open_store(database, decide, now=Clock(), zones=zones or {})
    return store, [line["event"] for line in logs]


@pytest.fixture
async def told(store):
    """What is derived of the history that the database, which nobody has open, now holds."""
    await a_history(store)
    found = await all_that_is_derived(store)
    await store.close()
    assert [len(page.items) for page in found if isinstance(page, Page)].count(0) < 10
    return found


# ---------------------------------------------------------------- when


async def test_what_is_missing_is_made_at_the_start(told, database):
    """As after a copy, or an upgrade. What people of ours said of votes was there and stays."""
    await run_sql(database, *(f"DELETE FROM {table}" for table in DERIVED))
    store, logged = await reopened(database)
    assert logged == [COUNTING]
    assert await all_that_is_derived(store) == told
    assert await wrong_totals(store) == []
    await store.close()
    store, logged = await reopened(database)
    assert logged == []
    await store.close()


async def test_what_is_there_is_left_alone(told, database):
    store, logged = await reopened(database)
    assert (await all_that_is_derived(store), logged) == (told, [])
    await store.close()


@pytest.mark.parametrize("zones", [KOLKATA, NEW_YORK, {**KOLKATA, "globex": "Europe/Berlin"}])
async def test_another_time_zone_counts_anew_and_so_does_the_way_back(told, database, zones):
    """Its days are other days; all of them together are the same number."""
    store, logged = await reopened(database, zones)
    assert logged == [COUNTING]
    assert await wrong_totals(store, zones) == []
    assert await wrong_totals(store) != []
    changed = await all_that_is_derived(store)
    assert changed[0][0] == told[0][0]
    assert changed[0][2] != told[0][2]
    await store.submit(a_vote("m-0"))
    await fold_all(store)
    assert await wrong_totals(store, zones) == []
    await store.submit(a_vote("m-0", vote=None))
    await store.close()
    store, logged = await reopened(database)
    assert (logged, await all_that_is_derived(store)) == ([COUNTING], told)
    await store.close()


async def test_a_project_in_which_nothing_was_shown_needs_no_count(told, database):
    """A new project with a zone of its own: the start is quick, and the zone is known from then on."""
    for zones in ({"umbrella": "Asia/Kolkata"}, {"umbrella": "Asia/Kolkata"}, {"umbrella": "Europe/Berlin"}, {}):
        store, logged = await reopened(database, zones)
        assert (logged, await all_that_is_derived(store)) == ([], told)
        await store.close()
    store, logged = await reopened(database, {"umbrella": "Asia/Kolkata"})
    await store.register([a_message(project_id="umbrella")])
    await store.close()
    store, logged = await reopened(database, {"umbrella": "Asia/Kolkata"})
    assert logged == []
    assert await wrong_totals(store, {"umbrella": "Asia/Kolkata"}) == []
    await store.close()


@pytest.mark.parametrize("dump", PAST_RELEASES, ids=lambda dump: dump.stem)
async def test_a_past_releases_file_has_its_totals_and_its_queue(sqlite_path, dump):
    restore(dump, sqlite_path)
    store, logged = await reopened(sqlite_path)
    assert logged == [COUNTING]
    assert await wrong_totals(store) == []
    standing = execute(sqlite_path, "SELECT sum(f.vote > 0), sum(f.vote < 0), sum(f.vote < 0 OR f.comment IS NOT NULL) "
                                    "FROM feedback AS f WHERE f.vote IS NOT NULL AND f.project_id = 'acme'")
    [[found]] = await store.counts("acme", Selection(), [Grouping()])
    queue = await store.review_queue("acme", ReviewFilter(), limit=1000, cursor=None)
    assert [(sum(found.counts.likes), sum(found.counts.dislikes), len(queue.items))] == standing
    assert len(queue.items) > 0
    await store.close()


# ---------------------------------------------------------------- interrupted


KILLED = """
import os, signal, sys
from functools import partial
from pathlib import Path
from plaudit.store.recount import keep
from plaudit.store.sqlite_file import open_writer
from plaudit.store.sqlite_plans import run

def killed():
    plan, found = keep({"acme": "Asia/Kolkata"}), None
    for _ in range(int(sys.argv[2])):
        found = yield plan.send(found)
    os.kill(os.getpid(), signal.SIGKILL)

with open_writer(Path(sys.argv[1])) as connection:
    run(connection, killed)
"""


@pytest.mark.parametrize("steps", [1, 5, 9, 11, 12, 13, 16, 18])
async def test_a_killed_recount_is_begun_again(sqlite_path, steps):
    """kill -9 at one of its statements: until the next one has ended, everything is as it was."""
    store, _ = await reopened(sqlite_path)
    await a_history(store)
    told = await all_that_is_derived(store)
    await store.close()
    killed = await asyncio.to_thread(subprocess.run, [sys.executable, "-c", KILLED, str(sqlite_path), str(steps)])
    assert killed.returncode == -signal.SIGKILL
    store, logged = await reopened(sqlite_path)
    assert (logged, await all_that_is_derived(store)) == ([], told)
    await store.close()
    store, logged = await reopened(sqlite_path, KOLKATA)
    assert (logged, await wrong_totals(store, KOLKATA)) == ([COUNTING], [])
    await store.close()


# ---------------------------------------------------------------- beside others


async def test_nobody_votes_beside_a_recount(postgres_url):
    """A server of another zone starts while votes come in: each of them is counted and queued, once."""
    zones = {"acme": "Etc/GMT+5"}  # whose hours are those of UTC
    store = await PostgresStore.open(postgres_url, decide, now=Clock())
    await store.register([a_message(f"m-{n}", created_at=NOW + n * HOUR) for n in range(30)])
    done = asyncio.Event()

    async def vote(number):
        times = 0
        while not done.is_set() or times % 2:
            times += 1
            await store.submit(a_vote(f"m-{number}", vote=(LIKE, DISLIKE)[times % 2], comment="slow"))

    voting = [asyncio.create_task(vote(number)) for number in range(30)]
    others = [await PostgresStore.open(postgres_url, decide, now=Clock(), zones=zones),
              await PostgresStore.open(postgres_url, decide, now=Clock(), zones=zones)]
    done.set()
    await asyncio.gather(*voting)
    await fold_all(others[0])
    assert await wrong_totals(others[0], zones) == []
    queue = await others[1].review_queue("acme", ReviewFilter(search="slow"), limit=100, cursor=None)
    assert len(queue.items) == len({item.rated.message.id for item in queue.items}) == 30
    for opened in (store, *others):
        await opened.close()


@pytest.fixture
def open_reading(database):
    async def open_it(zones):
        if isinstance(database, str):
            return await PostgresStore.open_reading(database, decide, now=Clock(), zones=zones)
        return SqliteReading.open(database, now=Clock(), zones=zones)

    return open_it


async def test_a_command_tells_of_no_numbers_that_were_not_counted(told, database, open_reading):
    """Rather than that there were none, or by days of another zone."""
    reading = await open_reading({})
    assert await all_that_is_derived(reading) == told
    await reading.close()
    with pytest.raises(CannotOpen, match="not counted yet, or by another time zone's days: a server counts them when"):
        await open_reading(KOLKATA)
    await run_sql(database, *(f"DELETE FROM {table}" for table in DERIVED))
    with pytest.raises(CannotOpen, match="not counted yet"):
        await open_reading({})


# ---------------------------------------------------------------- found out


WRONG = {
    "a total that is gone": "DELETE FROM totals_daily WHERE auth_level = 'jwt'",
    "an hour's total of another hour": "UPDATE totals_hourly SET hour = hour + 3600000",
    "a total of another project": "UPDATE totals_hourly SET project_id = 'umbrella' WHERE project_id = 'globex'",
    "likes that are dislikes": "UPDATE totals_daily SET likes = dislikes, dislikes = likes",
    "a vote that is not counted": "UPDATE feedback SET vote = -vote WHERE message_id = 'm-4'",
    "an answer that is not counted": "UPDATE messages SET role = 'assistant' WHERE role = 'human_agent'",
    "another model's answer": "UPDATE messages SET model = 'model-9' WHERE message_id = 'm-1'",
    "a change that is lost": "DELETE FROM totals_changes",
    "a change that is counted twice": "INSERT INTO totals_changes (id, changes) SELECT id + 1000, changes "
                                      "FROM totals_changes",
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
async def test_totals_that_are_wrong_are_found_out(store, database, wrong):
    """The control: a comparison with a recount sees each of these."""
    await a_history(store)
    assert await wrong_totals(store) == []
    await run_sql(database, wrong)
    assert await wrong_totals(store) != []


async def test_and_made_right_by_a_recount(told, database):
    await run_sql(database, "UPDATE totals_hourly SET likes = NULL", "DELETE FROM totals_changes",
                  "DELETE FROM totals_daily", "DELETE FROM totals_hourly WHERE project_id = 'acme'",
                  "DELETE FROM totals_hourly")
    store, logged = await reopened(database)
    assert (logged, await all_that_is_derived(store)) == ([COUNTING], told)
    await store.close()
