"""Many writes, one transaction: bounded, in order, answered after the commit, and each for itself."""

import asyncio
import threading
from dataclasses import replace
from itertools import chain

import pytest
from examples import NOW, a_message, a_vote

from plaudit.errors import Unavailable
from plaudit.model import Feedback
from plaudit.rules import decide
from plaudit.store.group_commit import BATCH_MAX, GroupCommit
from plaudit.store.sqlite import SqliteStore

pytestmark = pytest.mark.anyio


class Disk:
    """A commit that waits until the test lets it go, and remembers its batches."""

    def __init__(self):
        self.reached = threading.Event()
        self.go = threading.Event()
        self.batches = []

    def commit(self, jobs):
        self.reached.set()
        assert self.go.wait(30)
        self.batches.append(list(jobs))
        return [job if isinstance(job, Exception) else f"{job} stored" for job in jobs]


@pytest.fixture
def disk():
    return Disk()


@pytest.fixture
async def commits(disk, monkeypatch):
    """A queue of eight in front of a disk that hangs until told otherwise."""
    monkeypatch.setattr("plaudit.store.waiting.SWEEP_SECONDS", 0.01)
    opened = GroupCommit(disk.commit, waiting_max=8, wait_seconds_max=30)
    yield opened
    disk.go.set()
    await opened.close()


async def held(commits, disk):
    """The first write, on its way to the disk."""
    first = commits.write("first")
    assert await asyncio.to_thread(disk.reached.wait, 30)
    return first


# ---------------------------------------------------------------- batches


async def test_nothing_is_answered_before_the_commit(commits, disk):
    """A write that the disk has not taken has no outcome."""
    first = await held(commits, disk)
    assert not first.done()
    disk.go.set()
    assert await first == "first stored"


async def test_what_came_during_a_commit_is_the_next_batch(commits, disk):
    """In the order in which it came, and each caller gets its own outcome."""
    first = await held(commits, disk)
    later = [commits.write(f"write {n}") for n in range(8)]
    assert commits.depth == 8
    disk.go.set()
    assert await asyncio.gather(first, *later) == ["first stored", *(f"write {n} stored" for n in range(8))]
    assert disk.batches == [["first"], [f"write {n}" for n in range(8)]]
    assert commits.depth == 0


async def test_a_batch_has_a_limit(disk):
    """More than that is committed in parts, still in order."""
    commits = GroupCommit(disk.commit, waiting_max=2 * BATCH_MAX, wait_seconds_max=30)
    await held(commits, disk)
    jobs = [f"write {n}" for n in range(BATCH_MAX + 1)]
    later = [commits.write(job) for job in jobs]
    disk.go.set()
    await asyncio.gather(*later)
    assert disk.batches == [["first"], jobs[:BATCH_MAX], jobs[BATCH_MAX:]]
    await commits.close()


async def test_one_writes_refusal_is_not_anothers(commits, disk):
    """An exception is the outcome of its own write."""
    first = await held(commits, disk)
    refused, stored = commits.write(KeyError("no")), commits.write("neighbour")
    disk.go.set()
    assert await asyncio.gather(first, refused, stored, return_exceptions=True) == [
        "first stored", refused.exception(), "neighbour stored"]
    assert isinstance(refused.exception(), KeyError)


async def test_a_client_that_left_takes_nobody_with_it(commits, disk):
    """Its write is committed all the same; the others are answered."""
    first = await held(commits, disk)
    left, stayed = commits.write("left"), commits.write("stayed")
    left.cancel()
    disk.go.set()
    assert await asyncio.gather(first, stayed) == ["first stored", "stayed stored"]
    assert disk.batches == [["first"], ["left", "stayed"]]


# ---------------------------------------------------------------- bounds


async def test_a_full_queue_refuses_at_once(commits, disk):
    """The ninth is told to try again; the eight that wait are stored when the disk is back."""
    first = await held(commits, disk)
    waiting = [commits.write(f"write {n}") for n in range(8)]
    for _ in range(3):
        with pytest.raises(Unavailable, match="Too many writes"):
            commits.write("one too many")
    disk.go.set()
    assert len(await asyncio.gather(first, *waiting)) == 9
    assert await commits.write("after") == "after stored"
    assert all("one too many" not in batch for batch in disk.batches)


async def test_who_waits_too_long_is_told_so(disk, monkeypatch):
    """The one on the disk and the one in the queue. What becomes of the first is decided by the disk alone; the second
    is not written after that."""
    monkeypatch.setattr("plaudit.store.waiting.SWEEP_SECONDS", 0.01)
    commits = GroupCommit(disk.commit, waiting_max=8, wait_seconds_max=0.05)
    late = [await held(commits, disk), commits.write("second")]
    for write in late:
        with pytest.raises(Unavailable, match="did not answer in time"):
            await write
    disk.go.set()
    await commits.close()
    assert list(chain(*disk.batches)) == ["first"]


# ---------------------------------------------------------------- the end


async def test_closing_commits_what_was_accepted(commits, disk):
    """And takes nothing more; those who waited are answered."""
    writes = [await held(commits, disk), *(commits.write(f"write {n}") for n in range(8))]
    closing = asyncio.create_task(commits.close())
    await asyncio.sleep(0)
    with pytest.raises(Unavailable, match="shutting down"):
        commits.write("too late")
    disk.go.set()
    await closing
    assert [write.result() for write in writes] == ["first stored", *(f"write {n} stored" for n in range(8))]


async def test_closing_twice_is_closing_once(commits, disk):
    """The second has nothing left to do."""
    disk.go.set()
    await commits.close()
    await commits.close()


# ---------------------------------------------------------------- through the store


async def test_a_closed_store_says_so(store):
    """For writes and for reads: trying again elsewhere is safe."""
    await store.register([a_message()])
    await store.close()
    for asked in (lambda: store.submit(a_vote()), lambda: store.message("acme", "m-1"), store.check):
        with pytest.raises(Unavailable):
            await asked()


async def test_a_store_that_is_closed_under_load_has_stored_what_it_answered(sqlite_path, clock):
    """All that it accepted is there when it is opened again."""
    store = await SqliteStore.open(sqlite_path, decide, now=clock)
    await store.register([a_message()])
    votes = [asyncio.create_task(store.submit(a_vote(comment=str(n)))) for n in range(300)]
    await asyncio.sleep(0)
    await store.close()
    answered = [await vote for vote in votes]
    again = await SqliteStore.open(sqlite_path, decide, now=clock)
    assert await again.history("acme", "m-1") == answered
    await again.close()


def deciding_nonsense(head, existing, submission):
    """The rules, but with a bug: what says `nonsense` becomes a vote that no database takes."""
    decided = decide(head, existing, submission)
    return replace(decided, vote=7) if submission.comment == "nonsense" else decided


async def test_a_bug_in_one_vote_does_not_fail_its_neighbours(sqlite_path, clock):
    """A row that the database refuses is the failure of its own caller, in a batch of votes and other writes."""
    store = await SqliteStore.open(sqlite_path, deciding_nonsense, now=clock)
    await store.register([a_message(f"m-{n}") for n in range(5)])
    votes = [a_vote(f"m-{n}", comment="nonsense" if n == 2 else None, at=NOW + n) for n in range(5)]
    *got, visitor = await asyncio.gather(
        *map(store.submit, votes), store.visitor("acme", "device", "v-1", NOW), return_exceptions=True)
    assert [type(it).__name__ for it in got] == [
        "Feedback", "Feedback", "ConstraintError", "Feedback", "Feedback"]
    assert visitor == ("v-1", True)
    assert [len(await store.history("acme", f"m-{n}")) for n in range(5)] == [1, 1, 0, 1, 1]
    assert isinstance(await store.submit(a_vote("m-2")), Feedback)
    await store.close()
