"""Many votes in one transaction, and several transactions at once.

DESIGN. Votes gather on the event loop. While no transaction is under way, the next one takes what has gathered. Others
start beside it only when enough are waiting, or when one under way takes long: a few large transactions cost less than
many small ones, and one that hangs must not hold up the rest.

GUARANTEES. A vote is answered only after its transaction has been committed. In one process, votes on the same key are
committed in the order in which they came: a key is in one transaction at a time, once. The queue is bounded: when it
is full, or a vote has waited too long, its caller gets `Unavailable`. After `close`, everything that was accepted has
been committed.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence

from plaudit.errors import Unavailable
from plaudit.model import Feedback, Submission
from plaudit.store.deciding import Key, Outcome, key_of
from plaudit.store.group_commit import WhenCommitted

BATCH_MAX = 256
BATCH_FULL = 16  # waiting: worth another transaction beside one that is under way
SLOW_SECONDS = 0.02  # under way for so long: the others need not wait for it
TURNS_MAX = 2  # of the loop, that a batch may wait for more to come while nothing is under way
SWEEP_SECONDS = 0.5

Commit = Callable[[Sequence[Submission]], Awaitable[Sequence[Outcome]]]


class _Waiting:
    __slots__ = ("future", "key", "since_seconds", "submission")

    def __init__(self, submission: Submission, future: "asyncio.Future[Feedback | None]", since_seconds: float) -> None:
        self.submission = submission
        self.key = key_of(submission)
        self.future = future
        self.since_seconds = since_seconds


class ParallelCommit:
    def __init__(self, commit: Commit, *, writers: int, waiting_max: int, wait_seconds_max: float,
                 when_committed: WhenCommitted = lambda *_: None) -> None:
        """`commit` is given submissions of different keys; their outcomes, in order, hold when it returns. It raises
        `Unavailable` when nobody knows.

        Up to `writers` of them run at once; `waiting_max` votes may wait, each for `wait_seconds_max`. `when_committed`
        is told how many votes a transaction had and how many seconds it took. Must be made inside a running event loop.
        """
        self._commit = commit
        self._writers = writers
        self._waiting_max = waiting_max
        self._wait_seconds_max = wait_seconds_max
        self._when_committed = when_committed
        self._loop = asyncio.get_running_loop()
        self._gathered: list[_Waiting] = []
        self._under_way: dict[asyncio.Task[None], list[_Waiting]] = {}
        self._busy: set[Key] = set()  # what those under way may change
        self._closed = False
        self._gathering = False
        self._sweeper = self._loop.call_later(SWEEP_SECONDS, self._sweep)

    @property
    def depth(self) -> int:
        """Votes that wait for a transaction."""
        return len(self._gathered)

    def write(self, submission: Submission) -> "asyncio.Future[Feedback | None]":
        """The outcome, once committed. Raises `Unavailable` when closed or full; the future may raise it too."""
        if self._closed:
            raise Unavailable("The server is shutting down")
        if len(self._gathered) >= self._waiting_max:
            raise Unavailable("Too many writes are waiting")
        waiting = _Waiting(submission, self._loop.create_future(), self._loop.time())
        self._gathered.append(waiting)
        if not self._under_way and not self._gathering:
            self._gathering = True
            self._loop.call_soon(self._gather, 0, 0)
        elif len(self._gathered) == BATCH_FULL:
            self._begin()
        return waiting.future

    async def close(self) -> None:
        """Commit everything accepted so far, then stop. May be called twice."""
        self._closed = True
        while self._gathered or self._under_way:
            self._begin()
            await asyncio.wait(self._under_way)
        self._sweeper.cancel()

    def _gather(self, turn: int, before: int) -> None:
        """Begin with what has gathered, or wait for another turn of the loop while each one brings more."""
        if before < len(self._gathered) < BATCH_FULL and turn < TURNS_MAX:
            self._loop.call_soon(self._gather, turn + 1, len(self._gathered))
            return
        self._gathering = False
        self._begin()

    def _begin(self) -> None:
        """Another transaction, if there is a writer for it and votes that need not wait for one under way."""
        if len(self._under_way) < self._writers and (batch := self._take()):
            task = self._loop.create_task(self._write_batch(batch))
            self._under_way[task] = batch
            task.add_done_callback(self._done)
            self._loop.call_later(SLOW_SECONDS, self._help, task)

    def _take(self) -> list[_Waiting]:
        """The first of each key that is not busy; what is left keeps its order."""
        batch: list[_Waiting] = []
        left: list[_Waiting] = []
        for waiting in self._gathered:
            if len(batch) < BATCH_MAX and waiting.key not in self._busy:
                self._busy.add(waiting.key)
                batch.append(waiting)
            else:
                left.append(waiting)
        self._gathered = left
        return batch

    def _help(self, task: "asyncio.Task[None]") -> None:
        """Those who wait behind a slow transaction get one of their own."""
        if task in self._under_way:
            self._begin()
            self._loop.call_later(SLOW_SECONDS, self._help, task)

    def _done(self, task: "asyncio.Task[None]") -> None:
        self._busy.difference_update(waiting.key for waiting in self._under_way.pop(task))
        task.result()
        if self._gathered:
            self._begin()

    async def _write_batch(self, batch: Sequence[_Waiting]) -> None:
        """Answer each. When a batch fails by a bug, each is tried alone: its neighbours must not suffer."""
        started_seconds = time.perf_counter()
        try:
            outcomes: Sequence[Outcome] = await self._commit([waiting.submission for waiting in batch])
        except Unavailable as error:
            outcomes = [Unavailable(error.message)] * len(batch)
        except Exception as bug:  # noqa: BLE001  it is the outcome of the vote that caused it
            if len(batch) > 1:
                for waiting in batch:
                    await self._write_batch([waiting])
                return
            outcomes = [bug]
        self._when_committed(len(batch), time.perf_counter() - started_seconds)
        for waiting, outcome in zip(batch, outcomes, strict=True):
            _answer(waiting.future, outcome)

    def _sweep(self) -> None:
        """Answer those who have waited too long: what becomes of their vote is unknown, and they are told so."""
        oldest_allowed = self._loop.time() - self._wait_seconds_max
        for batch in (self._gathered, *self._under_way.values()):
            for waiting in batch:
                if waiting.since_seconds < oldest_allowed:
                    _answer(waiting.future, Unavailable("The database did not answer in time"))
        self._sweeper = self._loop.call_later(SWEEP_SECONDS, self._sweep)


def _answer(future: "asyncio.Future[Feedback | None]", outcome: Outcome) -> None:
    if future.done():
        return  # given up, or its client left
    if isinstance(outcome, Exception):
        future.set_exception(outcome)
    else:
        future.set_result(outcome)
