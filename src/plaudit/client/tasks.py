"""How the asynchronous client runs plans: a call in the caller's task, registrations in one task of their own."""

import asyncio
import atexit
import logging
import os
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeVar

import httpx2

from plaudit.client import connection
from plaudit.client.answers import Answer
from plaudit.client.connection import (
    AFTER_A_BUG,
    ANSWER_BYTES_MAX,
    FAILURES,
    PAUSE_SECONDS_MAX_IN_CLOSING,
    Endpoint,
    in_time,
)
from plaudit.client.errors import Closed
from plaudit.client.outbox import Line, Outbox
from plaudit.client.retries import Outcome, Pause, Send, Silence, Steps

log = logging.getLogger("plaudit.client")

ANOTHER_LOOP = "This client belongs to another event loop; make one in each loop, and close it there"

T = TypeVar("T")

_unfinished: set[Outbox] = set()  # of clients that have something to send, or had, and are not closed


class Http:
    """Of one event loop: the one in which it is used first."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._client = httpx2.AsyncClient(**endpoint.client_options())
        self._loop: asyncio.AbstractEventLoop | None = None

    def is_here(self) -> bool:
        """Raises `RuntimeError` where no event loop runs."""
        running = asyncio.get_running_loop()
        self._loop = self._loop or running
        return self._loop is running

    async def send(self, step: Send) -> Outcome:
        """Raises `Closed`, and `RuntimeError` in another event loop."""
        if not self.is_here():
            raise RuntimeError(ANOTHER_LOOP)
        try:
            async with asyncio.timeout(step.timeout_seconds):
                options = self._endpoint.request_options(step.call, step.timeout_seconds)
                async with self._client.stream(**options) as response:
                    return await _read(response)
        except TimeoutError:
            return connection.too_slow(step.timeout_seconds)
        except FAILURES as error:
            return self._endpoint.silence(error)
        except RuntimeError:
            if self._client.is_closed:
                raise Closed from None
            raise

    async def close(self) -> None:
        """The connections of a loop that is over went with it."""
        if self.is_here():
            await self._client.aclose()


async def run(steps: Steps[T], send: Callable[[Send], Awaitable[Outcome]], pause: Callable[[Pause], Awaitable[None]]
              ) -> T:
    """Raises what the plan raises."""
    outcome: Outcome | None = None
    try:
        while True:
            step, outcome = steps.send(outcome), None
            if isinstance(step, Send):
                outcome = await send(step)
            else:
                await pause(step)
    except StopIteration as end:
        result: T = end.value
        return result


async def sleep(pause: Pause) -> None:
    await asyncio.sleep(pause.seconds)


class Courier:
    """Sends what comes into the outbox, from a task that begins with the first line."""

    def __init__(self, http: Http, outbox: Outbox, deliver: Callable[[], Steps[None]]) -> None:
        self._http = http
        self._outbox = outbox
        self._deliver = deliver
        self._task: asyncio.Task[None] | None = None
        self._changed = asyncio.Event()  # another one after each change
        self._closing = asyncio.Event()
        self._closing_at: float | None = None  # until then what waits is sent

    def offer(self, line: Line) -> bool:
        """Raises `Closed`, and `RuntimeError` where no event loop runs, or another one."""
        if not self._http.is_here():
            raise RuntimeError(ANOTHER_LOOP)
        taken = self._outbox.offer(line)
        self._begin()
        self._notify()
        return taken

    def _begin(self) -> None:
        """Anew where somebody has cancelled every task that there was."""
        if self._outbox.counts.waiting and (self._task is None or self._task.done()):
            _unfinished.add(self._outbox)
            self._task = asyncio.create_task(self._work(), name="plaudit-courier")

    async def flush(self, timeout_seconds: float) -> bool:
        """Whether all that was offered before waits no more."""
        goal = self._outbox.taken
        try:
            async with asyncio.timeout(timeout_seconds):
                while self._outbox.settled < goal:
                    await self._changed.wait()
        except TimeoutError:
            return self._outbox.settled >= goal
        return True

    async def close(self, timeout_seconds: float) -> None:
        """Send what waits for as long as there is time, and give up the rest; in another loop, all of it."""
        self._outbox.close()
        _unfinished.discard(self._outbox)
        if not self._http.is_here():
            self._outbox.give_up()
            return
        try:
            await self._finish(timeout_seconds)
        finally:
            self._outbox.give_up()
            self._notify()

    async def _finish(self, timeout_seconds: float) -> None:
        self._closing_at = time.monotonic() + timeout_seconds
        self._closing.set()
        self._begin()
        try:
            await self.flush(timeout_seconds)
        finally:
            if self._task:
                self._task.cancel()
                await asyncio.wait([self._task])

    async def _work(self) -> None:
        while True:
            while not self._outbox.counts.waiting:
                await self._changed.wait()
            try:
                await run(self._deliver(), self._send, self._pause)
            except Exception:
                log.exception("A bug: registrations are tried again")
                await self._pause(AFTER_A_BUG)
            self._notify()

    async def _send(self, step: Send) -> Outcome:
        self._notify()  # whatever went before is settled by now
        return await self._http.send(in_time(step, self._closing_at))

    async def _pause(self, pause: Pause) -> None:
        """Closing cuts short what the server has not asked for."""
        self._notify()
        if pause.asked:
            await asyncio.sleep(pause.seconds)
        elif self._closing_at is None:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._closing.wait(), pause.seconds)
        else:
            await asyncio.sleep(min(pause.seconds, PAUSE_SECONDS_MAX_IN_CLOSING))

    def _notify(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()


async def _read(response: httpx2.Response) -> Answer | Silence:
    body = bytearray()
    async for piece in response.aiter_bytes():
        body += piece
        if len(body) > ANSWER_BYTES_MAX:
            return connection.too_large(response)
    return connection.answer(response, body)


def _give_up_all() -> None:
    """At the interpreter's end there is no loop to send anything in, but there is still somebody to tell."""
    for outbox in list(_unfinished):
        outbox.close()
        outbox.give_up()


atexit.register(_give_up_all)
os.register_at_fork(after_in_child=_unfinished.clear)
