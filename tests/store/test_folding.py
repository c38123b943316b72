"""Folding changes no number: whoever folds, how many at once, and wherever one of them is interrupted."""

import asyncio
import re
import signal
import subprocess
import sys
from functools import partial

import pytest
from counting import fold_all, wrong_totals
from examples import DAY, DISLIKE, HOUR, LIKE, NOW, Clock, a_message, a_vote

from plaudit.counts import Attribute, Dimension, Grouping, Period, Selection
from plaudit.rules import decide
from plaudit.store import folding
from plaudit.store.folding import fold
from plaudit.store.postgres import PostgresStore
from plaudit.store.postgres_connections import Overtaken, run
from plaudit.store.postgres_server import Servers
from plaudit.store.queries import postgres_queries
from plaudit.store.sqlite import SqliteStore

pytestmark = pytest.mark.anyio

EVERYTHING = [Grouping(), Grouping(per=Period.DAY),
              Grouping((Dimension(Attribute.MODEL), Dimension(Attribute.AUTH_LEVEL)), Period.HOUR)]
MOMENTS = 12
STATEMENTS = 6  # of a fold of one project's changes: read, take, and read and write each of the two totals


async def seen(store):
    return await store.counts("acme", Selection(), EVERYTHING)


async def answers_and_votes(store, beginning=0, count=40):
    """Of several hours, days and models, changed and taken back, in as many transactions."""
    for number in range(beginning, beginning + count):
        message_id = f"m-{number}"
        shown_at = NOW + number % MOMENTS * 5 * HOUR
        await store.register([a_message(message_id, created_at=shown_at, model=f"model-{number % 3}")])
        await store.submit(a_vote(message_id))
        if number % 2:
            await store.submit(a_vote(message_id, vote=(None, DISLIKE)[number % 4 == 1], comment="a" * (number % 5)))


async def test_a_fold_changes_no_number(store):
    await answers_and_votes(store)
    before = await seen(store)
    assert [await store.fold(), await store.fold()] == [False, False]
    assert await seen(store) == before
    await answers_and_votes(store, beginning=20)  # known answers, and new ones
    between = await seen(store)
    await fold_all(store)
    assert await seen(store) == between != before
    assert await wrong_totals(store) == []


async def test_a_long_heap_of_changes_is_folded_a_part_at_a_time(store, monkeypatch):
    """By number and by length; each part leaves the numbers as they are."""
    await answers_and_votes(store, count=30)
    before, folds = await seen(store), 0
    monkeypatch.setattr(folding, "FOLDED_MAX", 7)
    monkeypatch.setattr(folding, "FOLDED_CHARACTERS_MAX", 500)
    while await store.fold():
        folds += 1
        assert await seen(store) == before
    assert folds > 10
    assert await wrong_totals(store) == []


async def test_one_that_is_longer_than_a_part_is_folded_all_the_same(store, monkeypatch):
    monkeypatch.setattr(folding, "FOLDED_CHARACTERS_MAX", 1)
    await store.register([a_message(f"m-{n}", model=f"model-{n}") for n in range(20)])
    await store.submit(a_vote("m-1"))
    assert [await store.fold(), await store.fold()] == [True, False]
    assert await wrong_totals(store) == []


async def test_who_reads_meanwhile_sees_the_same_totals(store):
    """Beside a fold after the other, and beside votes that change nothing that is counted."""
    await answers_and_votes(store, count=100)
    before, done = await seen(store), asyncio.Event()

    async def look():
        while not done.is_set():
            assert await seen(store) == before

    looking = [asyncio.create_task(look()) for _ in range(2)]
    for _ in range(10):
        await asyncio.gather(*(store.submit(a_vote(f"m-{number}")) for number in range(0, 100, 2)))
        await store.fold()
    done.set()
    await asyncio.gather(*looking)


# ---------------------------------------------------------------- interrupted


class Interrupted(Exception):
    pass


def interrupted_after(steps, zones):
    """A fold that ends before a step."""
    plan, found = fold(zones), None
    for _ in range(steps):
        found = yield plan.send(found)
    raise Interrupted


@pytest.mark.parametrize("steps", range(STATEMENTS + 1))
async def test_a_fold_that_fails_anywhere_has_changed_nothing(store, steps):
    await answers_and_votes(store)
    before = await seen(store)
    with pytest.raises(Interrupted):
        await store._write(interrupted_after, steps, {})
    assert await seen(store) == before
    assert await wrong_totals(store) == []
    await fold_all(store)
    assert await seen(store) == before


KILLED = """
import os, signal, sys
from pathlib import Path
from plaudit.store.folding import fold
from plaudit.store.sqlite_file import open_writer
from plaudit.store.sqlite_plans import run

def killed():
    plan, found = fold({}), None
    for _ in range(int(sys.argv[2])):
        found = yield plan.send(found)
    os.kill(os.getpid(), signal.SIGKILL)

with open_writer(Path(sys.argv[1])) as connection:
    run(connection, killed)
"""


@pytest.mark.parametrize("steps", range(1, STATEMENTS + 1))
async def test_a_killed_fold_has_changed_nothing(sqlite_path, clock, steps):
    """kill -9 before each of its statements, and before its commit."""
    store = await SqliteStore.open(sqlite_path, decide, now=clock)
    await answers_and_votes(store)
    before = await seen(store)
    await store.close()
    killed = await asyncio.to_thread(subprocess.run, [sys.executable, "-c", KILLED, str(sqlite_path), str(steps)])
    assert killed.returncode == -signal.SIGKILL
    store = await SqliteStore.open(sqlite_path, decide, now=clock)
    assert await seen(store) == before
    assert await store.fold() is False
    assert await seen(store) == before
    await store.close()


# ---------------------------------------------------------------- several processes


class Between:
    """A connection on which something happens before the n-th statement from now on."""

    def __init__(self, connection, statements, happens):
        self._connection, self._left, self._happens = connection, statements, happens

    async def fetch(self, *args):
        return await (await self._turn()).fetch(*args)

    async def execute(self, *args):
        return await (await self._turn()).execute(*args)

    async def _turn(self):
        if self._left == 0:
            await self._happens()
        self._left -= 1
        return self._connection


@pytest.fixture
async def servers(postgres_url):
    """Two stores and two connections, on one database."""
    stores = [await PostgresStore.open(postgres_url, decide, now=Clock()) for _ in range(2)]
    connections = [await Servers(postgres_url).connect() for _ in range(2)]
    yield *stores, *connections
    for opened in (*connections, *stores):
        await opened.close()


async def folded_while(happens, statements, connection):
    """A fold in one process, while something happens in another; begun anew when it was overtaken, as stores do it."""
    for attempt in range(3):
        try:
            async with connection.transaction():
                await run(Between(connection, statements if attempt == 0 else -1, happens), partial(fold, {}))
        except Overtaken:
            continue
        return


# Changes are taken from the lowest number on, and those of registrations have any number below nought: so two processes
# may meet at the same changes, or take others.
FIRST_OF_ALL = f"""
UPDATE totals_changes SET id = id - {2**62} WHERE id IN (SELECT id FROM totals_changes FOR UPDATE SKIP LOCKED)"""
SOMEBODY_WAITS = "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted) FROM pg_sleep(0.01)"
CHANGES = 30  # of twelve answers


async def fold_two_at_once(servers, statements, meeting):
    """Before a statement of the one, another process votes, and folds as much as it can without waiting."""
    store, other, connection, watcher = servers
    await answers_and_votes(store, count=12)
    folding_too = []

    async def vote_and_fold():
        await answers_and_votes(other, beginning=12, count=12)
        if not meeting:
            await watcher.execute(FIRST_OF_ALL)
        folding_too.append(asyncio.create_task(fold_all(other)))
        while not folding_too[0].done() and not await watcher.fetchval(SOMEBODY_WAITS):
            pass

    await folded_while(vote_and_fold, statements, connection)
    await asyncio.gather(*folding_too)
    assert len(folding_too) == 1
    await fold_all(store)


@pytest.mark.parametrize("meeting", [True, False], ids=["at the same changes", "at the same totals"])
@pytest.mark.parametrize("statements", range(1, STATEMENTS))
async def test_two_who_fold_at_once_neither_lose_nor_double_anything(servers, monkeypatch, statements, meeting):
    monkeypatch.setattr(folding, "FOLDED_MAX", CHANGES)
    await fold_two_at_once(servers, statements, meeting)
    assert await wrong_totals(servers[0]) == []


FORGETTING = {
    "who has changed the totals": ("write_totals_hourly", r"\nWHERE .*", ";", False),
    "who has taken the changes": (
        "take_changes", r"(DELETE .*);", r"WITH gone AS (\1) SELECT unnest(:ids::bigint[]);", True),
}


@pytest.mark.parametrize("forgotten", FORGETTING)
async def test_a_fold_that_looks_at_nobody_else_is_found_out(servers, monkeypatch, forgotten):
    """The control: without either precaution there is a moment at which the other process makes a number wrong."""
    statement, what, instead, meeting = FORGETTING[forgotten]
    altered, count = re.subn(what, instead, postgres_queries()[statement])
    assert count == 1
    monkeypatch.setitem(postgres_queries(), statement, altered)
    monkeypatch.setattr(folding, "FOLDED_MAX", CHANGES)
    found = []
    for statements in range(1, STATEMENTS):
        await servers[2].execute(f"TRUNCATE {', '.join(TABLES)}")
        await fold_two_at_once(servers, statements, meeting)
        found += await wrong_totals(servers[0])
    assert found


TABLES = ("messages", "conversations", "feedback", "history", "cells", "totals_changes", "totals_hourly",
          "totals_daily", "review_queue", "search")


async def test_many_who_fold_while_others_vote(postgres_url):
    """Four processes, a hundred people, all at once."""
    stores = [await PostgresStore.open(postgres_url, decide, now=Clock()) for _ in range(4)]
    await stores[0].register([a_message(f"m-{n}", created_at=NOW + n % 3 * DAY, model=f"{n % 2}") for n in range(100)])

    async def vote(number):
        for vote in (LIKE, DISLIKE, None, DISLIKE):
            await stores[number % 4].submit(a_vote(f"m-{number}", vote=vote))
            await stores[(number + 1) % 4].fold()

    await asyncio.gather(*map(vote, range(100)))
    await asyncio.gather(*map(fold_all, stores))
    assert await wrong_totals(stores[0]) == []
    assert [sum(it.counts.dislikes) for it in (await seen(stores[0]))[0]] == [100]
    for store in stores:
        await store.close()
