"""A guest becomes a user with all that there is, or not at all: however much it is, and wherever it is interrupted."""

import asyncio
import signal
import subprocess
import sys

import pytest
from databases import opened
from examples import ANNA, DISLIKE, GUEST, HOUR, LIKE, NOW, a_vote
from register import contradictions
from strangers import LATER, a_guest_with_a_past, by_bucket, link, their_vote, theirs, wrong

from plaudit import rules
from plaudit.errors import Invalid
from plaudit.model import Linked
from plaudit.rules import decide
from plaudit.store import linking
from plaudit.store.sqlite import SqliteStore
from plaudit.store.tally import bucket_of

pytestmark = pytest.mark.anyio


@pytest.fixture
async def guest(store):
    return await a_guest_with_a_past(store)


async def test_ten_thousand_messages_at_once(store, database):
    """Within the time that any write is given."""
    many = [theirs(f"m-{n}", conversation_id=f"c-{n // 9}", created_at=NOW + n * HOUR // 4) for n in range(10_000)]
    await store.register(many)
    for start in range(0, 10_000, 2000):
        await asyncio.gather(*(store.submit(their_vote(f"m-{n}", vote=DISLIKE if n % 3 else LIKE))
                               for n in range(start, start + 2000, 10)))
    assert await link(store) == Linked(10_000, 1000, 0)
    assert await by_bucket(store) == {bucket_of(ANNA.key): (10_000, 334, 666)}
    assert await wrong(store, database) == []


async def test_more_than_can_be_taken_over_at_once_is_refused(store, monkeypatch, database):
    """Messages or conversations; then nothing has changed."""
    await store.register([theirs(f"m-{n}", conversation_id=f"c-{n % 3}") for n in range(6)])
    before = await asyncio.to_thread(everything, database)
    for most in (2, 5):
        monkeypatch.setattr(rules, "LINKED_MESSAGES_MAX", most)
        with pytest.raises(Invalid):
            await link(store)
        assert await asyncio.to_thread(everything, database) == before
    monkeypatch.setattr(rules, "LINKED_MESSAGES_MAX", 6)
    assert await link(store) == Linked(6, 0, 0)


@pytest.mark.parametrize("chunk", [1, 2, 3])
async def test_many_parts_are_one(store, guest, database, monkeypatch, chunk):
    monkeypatch.setattr(linking, "CHUNK", chunk)
    assert await link(store, guest) == Linked(messages=5, votes=2, superseded=0)
    await store.submit(a_vote("m-2", at=LATER))
    assert await wrong(store, database) == []


class Interrupted(Exception):
    pass


def interrupted_after(steps):
    """A link that ends before a step; it says so when there are not so many."""
    plan, found = linking.link(linking.Link("acme", GUEST, ANNA, LATER), {}), None
    for _ in range(steps):
        try:
            found = yield plan.send(found)
        except StopIteration:
            return "done"
    raise Interrupted


TABLES = ("messages", "conversations", "feedback", "history", "links", "reviews", "review_queue", "totals_changes")
STEPS = 40  # more than there are


def everything(database):
    with opened(database) as reading:
        return [reading.rows(f"SELECT * FROM {table} ORDER BY 1, 2, 3, 4") if table != "totals_changes" else
                reading.rows("SELECT * FROM totals_changes ORDER BY id") for table in TABLES]


@pytest.mark.usefixtures("guest")
async def test_a_link_that_fails_anywhere_has_changed_nothing(store, database):
    before = await asyncio.to_thread(everything, database)
    for steps in range(STEPS):
        try:
            assert await store._write(interrupted_after, steps) == "done"
            break
        except Interrupted:
            assert await asyncio.to_thread(everything, database) == before
    assert 16 < steps < STEPS - 1
    assert (await store.message("acme", "m-1")).owner == ANNA


KILLED = """
import os, signal, sys
from contextlib import nullcontext
from pathlib import Path
from plaudit.model import Subject
from plaudit.store import linking
from plaudit.store.sqlite_file import open_writer
from plaudit.store.sqlite_plans import run

def killed():
    it = linking.Link("acme", Subject(sys.argv[3]), Subject(sys.argv[4]), 1)
    plan, found = linking.link(it, {}), None
    for _ in range(int(sys.argv[2])):
        found = yield plan.send(found)
    os.kill(os.getpid(), signal.SIGKILL)

connection = open_writer(Path(sys.argv[1]))
with connection if sys.argv[5] == "at once" else nullcontext():
    run(connection, killed)
"""
MOMENTS = (2, 4, 7, 9, 11, 13)


async def killed_link(path, steps, how):
    killed = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", KILLED, str(path), str(steps), GUEST.key, ANNA.key, how])
    assert killed.returncode == -signal.SIGKILL


@pytest.fixture
async def guests_file(sqlite_path, clock):
    """A file in which a guest has voted on two messages and not on a third."""
    store = await SqliteStore.open(sqlite_path, decide, now=clock)
    await store.register([theirs("m-1"), theirs("m-2"), theirs("m-3")])
    await store.submit(their_vote("m-1"))
    await store.submit(their_vote("m-2", vote=DISLIKE, comment="late"))
    await store.close()
    return sqlite_path


@pytest.mark.parametrize("steps", MOMENTS)
async def test_a_killed_link_has_changed_nothing(guests_file, clock, steps):
    """kill -9 before a statement; done again, it is as if there had been none before."""
    before = everything(guests_file)
    await killed_link(guests_file, steps, "at once")
    assert everything(guests_file) == before
    store = await SqliteStore.open(guests_file, decide, now=clock)
    assert await link(store) == Linked(3, 2, 0)
    assert await wrong(store, guests_file) == []
    await store.close()


async def test_one_that_is_not_done_at_once_is_found_out(guests_file, tmp_path):
    """The control: each statement a transaction of its own."""
    found = []
    for steps in MOMENTS:
        copy = tmp_path / f"{steps}.db"
        copy.write_bytes(guests_file.read_bytes())
        await killed_link(copy, steps, "bit by bit")
        with opened(copy) as reading:
            found += contradictions(reading)
    assert found
