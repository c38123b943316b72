"""Those who wait for a commit: bounded in number and in time, whatever becomes of it."""

import asyncio
from collections.abc import Callable, Iterable
from itertools import chain
from typing import Any, Generic, TypeVar

from plaudit.errors import Unavailable

Job = TypeVar("Job")

SWEEP_SECONDS = 0.5


class Waiting(Generic[Job]):
    __slots__ = ("future", "job", "since_seconds")

    def __init__(self, job: Job, future: "asyncio.Future[Any]", since_seconds: float) -> None:
        self.job = job
        self.future = future
        self.since_seconds = since_seconds

    def answer(self, outcome: Any) -> None:
        """An exception is raised where the future is awaited. Who has given up, or left, is not told."""
        if self.future.done():
            return
        if isinstance(outcome, Exception):
            self.future.set_exception(outcome)
        else:
            self.future.set_result(outcome)


class Queue(Generic[Job]):
    """In the order in which they came. Must be made inside a running event loop."""

    def __init__(self, *, waiting_max: int, wait_seconds_max: float,
                 under_way: Callable[[], Iterable[Waiting[Job]]]) -> None:
        """`waiting_max` may wait here. Nobody waits longer than `wait_seconds_max`, those whom a commit has taken
        (`under_way`) included.
        """
        self.gathered: list[Waiting[Job]] = []
        self._waiting_max = waiting_max
        self._wait_seconds_max = wait_seconds_max
        self._under_way = under_way
        self._closed = False
        self._loop = asyncio.get_running_loop()
        self._sweeper = self._loop.call_later(SWEEP_SECONDS, self._sweep)

    def join(self, job: Job) -> "asyncio.Future[Any]":
        """The outcome of the job, in time. Raises `Unavailable` when closed or full; the future may raise it too."""
        if self._closed:
            raise Unavailable("The server is shutting down")
        if len(self.gathered) >= self._waiting_max:
            raise Unavailable("Too many writes are waiting")
        waiting = Waiting(job, self._loop.create_future(), self._loop.time())
        self.gathered.append(waiting)
        return waiting.future

    def close(self) -> None:
        """Nobody joins any more. Who is there waits on."""
        self._closed = True

    def stop(self) -> None:
        """Once nobody is there."""
        self._sweeper.cancel()

    def _sweep(self) -> None:
        """Answer those who have waited too long. What becomes of those under way, nobody knows; no commit takes the
        others after that, lest a vote overrule what its voter has told another process since."""
        oldest_allowed = self._loop.time() - self._wait_seconds_max
        for waiting in chain(self._under_way(), self.gathered):
            if waiting.since_seconds < oldest_allowed:
                waiting.answer(Unavailable("The database did not answer in time"))
        self.gathered = [waiting for waiting in self.gathered if waiting.since_seconds >= oldest_allowed]
        self._sweeper = self._loop.call_later(SWEEP_SECONDS, self._sweep)
