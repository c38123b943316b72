"""Many writes, one transaction, an answer after the commit.

DESIGN. Writes gather on the event loop while one thread commits those before them. When it is done, and a turn of the
loop has brought no further write, it is handed all that gathered. There is no artificial delay: a batch is one write
when there is little to do and many when there is much. The thread is given a batch, not writes, and gives back a
batch: each time that two threads meet costs more than storing a vote.

GUARANTEES. `write` is answered only after its batch has been committed. Batches are committed in the order in which
their writes were given. The queue is bounded: when it is full, or a write has waited too long, its caller gets
`Unavailable` and nothing grows. After `close`, everything that was accepted has been committed or refused.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from typing import Any, Generic, TypeVar

from plaudit.store.waiting import Queue, Waiting

Job = TypeVar("Job")
Commit = Callable[[Sequence[Job]], Sequence[Any]]
WhenCommitted = Callable[[int, float], None]

BATCH_MAX = 256
TURNS_MAX = 2  # of the loop, that a batch may wait for more to come while the thread has nothing to do


class GroupCommit(Generic[Job]):
    def __init__(self, commit: Commit[Job], *, waiting_max: int, wait_seconds_max: float,
                 when_committed: WhenCommitted = lambda *_: None) -> None:
        """`commit` runs in the thread: it gives an outcome a job, an exception being that job's refusal.

        `waiting_max` writes may wait, each for `wait_seconds_max`. `when_committed` is told, in the thread, how many
        writes a commit had and how many seconds it took. Must be made inside a running event loop.
        """
        self._commit = commit
        self._when_committed = when_committed
        self._loop = asyncio.get_running_loop()
        self._in_thread: list[Waiting[Job]] = []
        self._queue: Queue[Job] = Queue(waiting_max=waiting_max, wait_seconds_max=wait_seconds_max,
                                        under_way=lambda: self._in_thread)
        self._quiet = asyncio.Event()
        self._quiet.set()
        self._batches: SimpleQueue[list[Waiting[Job]] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="plaudit-writer", daemon=True)
        self._thread.start()

    @property
    def depth(self) -> int:
        """Writes that wait for the next commit."""
        return len(self._queue.gathered)

    def write(self, job: Job) -> "asyncio.Future[Any]":
        """The outcome, once committed. Raises `Unavailable` when closed or full; the future may raise it too."""
        outcome = self._queue.join(job)
        if self._quiet.is_set():
            self._quiet.clear()
            self._loop.call_soon(self._gather, 0, 0)
        return outcome

    async def close(self) -> None:
        """Commit everything accepted so far, then stop. May be called twice."""
        self._queue.close()
        await self._quiet.wait()
        self._batches.put(None)
        await asyncio.to_thread(self._thread.join)
        self._queue.stop()

    def _gather(self, turn: int, before: int) -> None:
        """Hand over what has gathered, or wait for another turn of the loop while each one brings more."""
        if before < len(self._queue.gathered) < BATCH_MAX and turn < TURNS_MAX:
            self._loop.call_soon(self._gather, turn + 1, len(self._queue.gathered))
            return
        if not self._queue.gathered:  # they have waited too long
            self._quiet.set()
            return
        self._in_thread, self._queue.gathered = self._queue.gathered[:BATCH_MAX], self._queue.gathered[BATCH_MAX:]
        self._batches.put(self._in_thread)

    def _run(self) -> None:
        while (batch := self._batches.get()) is not None:
            started_seconds = time.perf_counter()
            outcomes = self._commit([waiting.job for waiting in batch])
            seconds = time.perf_counter() - started_seconds
            self._loop.call_soon_threadsafe(self._answer, outcomes)
            self._when_committed(len(batch), seconds)

    def _answer(self, outcomes: Sequence[Any]) -> None:
        for waiting, outcome in zip(self._in_thread, outcomes, strict=True):
            waiting.answer(outcome)
        self._in_thread = []
        if self._queue.gathered:
            self._gather(0, 0)
        else:
            self._quiet.set()
