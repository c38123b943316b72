"""Many writes, one transaction, an answer after the commit.

DESIGN. Writes queue up on the event loop; one thread takes whatever has queued since its last commit, writes it in one
transaction and only then lets every caller know. There is no artificial delay: the batch is what arrived during the
previous commit, so it is one write when there is little to do and many when there is much.

GUARANTEES. `write` returns only after its batch has been committed. Writes are applied in the order in which they were
given. The queue is bounded: when it is full, or its head has waited too long, callers get `Unavailable` and nothing
grows. After `close`, everything that was accepted has been committed.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from typing import Any, Generic, TypeVar

from plaudit.errors import Unavailable

Job = TypeVar("Job")
Commit = Callable[[Sequence[Job]], Sequence[Any]]
WhenCommitted = Callable[[int, float], None]

BATCH_MAX = 256
SWEEP_SECONDS = 0.5


class _Waiting(Generic[Job]):
    __slots__ = ("future", "job", "since_seconds")

    def __init__(self, job: Job, future: "asyncio.Future[Any]", since_seconds: float) -> None:
        self.job = job
        self.future = future
        self.since_seconds = since_seconds


class GroupCommit(Generic[Job]):
    def __init__(self, commit: Commit[Job], *, waiting_max: int, wait_seconds_max: float,
                 when_committed: WhenCommitted = lambda *_: None) -> None:
        """`commit` runs in the thread: it gives an outcome a job, an exception being that job's refusal.

        `waiting_max` writes may wait, each for `wait_seconds_max`. `when_committed` is told, in the thread, how many
        writes a commit had and how many seconds it took. Must be made inside a running event loop.
        """
        self._commit = commit
        self._when_committed = when_committed
        self._waiting_max = waiting_max
        self._wait_seconds_max = wait_seconds_max
        self._loop = asyncio.get_running_loop()
        self._queue: SimpleQueue[_Waiting[Job] | None] = SimpleQueue()
        self._unanswered: dict[int, _Waiting[Job]] = {}  # in the order they came
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="plaudit-writer", daemon=True)
        self._thread.start()
        self._sweeper = self._loop.call_later(SWEEP_SECONDS, self._sweep)

    @property
    def depth(self) -> int:
        return self._queue.qsize()

    def write(self, job: Job) -> "asyncio.Future[Any]":
        """The outcome, once committed. Raises `Unavailable` when closed or full; the future may raise it too."""
        if self._closed:
            raise Unavailable("The server is shutting down")
        if self._queue.qsize() >= self._waiting_max:
            raise Unavailable("Too many writes are waiting")
        waiting = _Waiting(job, self._loop.create_future(), self._loop.time())
        self._unanswered[id(waiting)] = waiting
        self._queue.put(waiting)
        return waiting.future

    async def close(self) -> None:
        """Commit everything accepted so far, then stop. May be called twice."""
        if not self._closed:
            self._closed = True
            self._queue.put(None)
        await asyncio.to_thread(self._thread.join)
        await asyncio.sleep(0)  # the last batch's answers are already scheduled: let them run
        self._sweeper.cancel()

    def _run(self) -> None:
        while (first := self._queue.get()) is not None:
            batch, more = self._gather(first)
            started_seconds = time.perf_counter()
            outcomes = self._commit([waiting.job for waiting in batch])
            seconds = time.perf_counter() - started_seconds
            self._loop.call_soon_threadsafe(self._answer, batch, outcomes)
            self._when_committed(len(batch), seconds)
            if not more:
                return

    def _gather(self, first: _Waiting[Job]) -> tuple[list[_Waiting[Job]], bool]:
        """Whatever is queued now, and whether there may be more to come."""
        batch = [first]
        while len(batch) < BATCH_MAX:
            try:
                waiting = self._queue.get_nowait()
            except Empty:
                break
            if waiting is None:
                return batch, False
            batch.append(waiting)
        return batch, True

    def _answer(self, batch: Sequence[_Waiting[Job]], outcomes: Sequence[Any]) -> None:
        for waiting, outcome in zip(batch, outcomes, strict=True):
            self._unanswered.pop(id(waiting), None)
            if waiting.future.done():
                continue  # given up, or its client left
            if isinstance(outcome, Exception):
                waiting.future.set_exception(outcome)
            else:
                waiting.future.set_result(outcome)

    def _sweep(self) -> None:
        """Answer those who have waited too long: what becomes of their write is unknown, and they are told so."""
        oldest_allowed = self._loop.time() - self._wait_seconds_max
        for waiting in list(self._unanswered.values()):
            if waiting.since_seconds > oldest_allowed:
                break
            del self._unanswered[id(waiting)]
            if not waiting.future.done():
                waiting.future.set_exception(Unavailable("The database did not answer in time"))
        self._sweeper = self._loop.call_later(SWEEP_SECONDS, self._sweep)
