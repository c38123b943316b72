"""Many votes in one transaction, and several transactions at once.

DESIGN. Votes gather on the event loop. While no transaction is under way, the next one takes what has gathered. Others
start beside it only when enough are waiting, or when one under way takes long: a few large transactions cost less than
many small ones, and one that hangs must not hold up the rest.

GUARANTEES. A vote is answered only after its transaction has been committed. In one process, votes on the same key are
committed in the order in which they came: a key is in one transaction at a time, once. The queue is bounded: when it
is full, or a vote has waited too long, its caller gets `Unavailable`; no transaction takes it up after that, lest it
overrule what its voter has told another process since. After `close`, everything that was accepted has been committed
or refused.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from itertools import chain

from plaudit.errors import Unavailable
from plaudit.model import Feedback, Submission
from plaudit.store.deciding import Key, Outcome, key_of
from plaudit.store.group_commit import WhenCommitted
from plaudit.store.waiting import Queue, Waiting

BATCH_MAX = 256
BATCH_FULL = 16  # waiting: worth another transaction beside one that is under way
SLOW_SECONDS = 0.02  # under way for so long: the others need not wait for it
TURNS_MAX = 2  # of the loop, that a batch may wait for more to come while nothing is under way

Commit = Callable[[Sequence[Submission]], Awaitable[Sequence[Outcome]]]


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
        self._when_committed = when_committed
        self._loop = asyncio.get_running_loop()
        self._under_way: dict[asyncio.Task[None], list[Waiting[Submission]]] = {}
        self._queue: Queue[Submission] = Queue(
            waiting_max=waiting_max, wait_seconds_max=wait_seconds_max,
            under_way=lambda: chain.from_iterable(self._under_way.values()))
        self._busy: set[Key] = set()  # what those under way may change
        self._gathering = False

    @property
    def depth(self) -> int:
        """Votes that wait for a transaction."""
        return len(self._queue.gathered)

    def write(self, submission: Submission) -> "asyncio.Future[Feedback | None]":
        """The outcome, once committed. Raises `Unavailable` when closed or full; the future may raise it too."""
        outcome = self._queue.join(submission)
        if not self._under_way and not self._gathering:
            self._gathering = True
            self._loop.call_soon(self._gather, 0, 0)
        elif len(self._queue.gathered) == BATCH_FULL:
            self._begin()
        return outcome

    async def close(self) -> None:
        """Commit everything accepted so far, then stop. May be called twice."""
        self._queue.close()
        while self._queue.gathered or self._under_way:
            self._begin()
            await asyncio.wait(self._under_way)
        self._queue.stop()

    def _gather(self, turn: int, before: int) -> None:
        """Begin with what has gathered, or wait for another turn of the loop while each one brings more."""
        if before < len(self._queue.gathered) < BATCH_FULL and turn < TURNS_MAX:
            self._loop.call_soon(self._gather, turn + 1, len(self._queue.gathered))
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

    def _take(self) -> list[Waiting[Submission]]:
        """The first of each key that is not busy; what is left keeps its order."""
        batch: list[Waiting[Submission]] = []
        left: list[Waiting[Submission]] = []
        for waiting in self._queue.gathered:
            if len(batch) < BATCH_MAX and (key := key_of(waiting.job)) not in self._busy:
                self._busy.add(key)
                batch.append(waiting)
            else:
                left.append(waiting)
        self._queue.gathered = left
        return batch

    def _help(self, task: "asyncio.Task[None]") -> None:
        """Those who wait behind a slow transaction get one of their own."""
        if task in self._under_way:
            self._begin()
            self._loop.call_later(SLOW_SECONDS, self._help, task)

    def _done(self, task: "asyncio.Task[None]") -> None:
        self._busy.difference_update(key_of(waiting.job) for waiting in self._under_way.pop(task))
        task.result()
        if self._queue.gathered:
            self._begin()

    async def _write_batch(self, batch: Sequence[Waiting[Submission]]) -> None:
        """Answer each. When a batch fails by a bug, each is tried alone: its neighbours must not suffer."""
        started_seconds = time.perf_counter()
        try:
            outcomes: Sequence[Outcome] = await self._commit([waiting.job for waiting in batch])
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
            waiting.answer(outcome)
