"""How the blocking client runs plans: a call in the caller's thread, registrations in one thread of their own."""

import logging
import threading
import time
from collections.abc import Callable
from typing import Self, TypeVar

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

T = TypeVar("T")


class Http:
    """May be used by several threads."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._client = httpx2.Client(**endpoint.client_options())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def send(self, step: Send) -> Outcome:
        """Raises `Closed`. Until an answer's head has come, `timeout_seconds` bounds each silence and not the whole."""
        try:
            with self._client.stream(**self._endpoint.request_options(step.call, step.timeout_seconds)) as response:
                return _read(response, step.timeout_seconds)
        except FAILURES as error:
            return self._endpoint.silence(error)
        except RuntimeError:
            if self._client.is_closed:  # by another thread, between two attempts
                raise Closed from None
            raise

    def close(self) -> None:
        self._client.close()


def run(steps: Steps[T], send: Callable[[Send], Outcome], pause: Callable[[Pause], None]) -> T:
    """Raises what the plan raises."""
    outcome: Outcome | None = None
    try:
        while True:
            step, outcome = steps.send(outcome), None
            if isinstance(step, Send):
                outcome = send(step)
            else:
                pause(step)
    except StopIteration as end:
        result: T = end.value
        return result


def sleep(pause: Pause) -> None:
    time.sleep(pause.seconds)


class Courier:
    """Sends what comes into the outbox, from a thread that begins with the first line and holds up no process's end."""

    def __init__(self, endpoint: Endpoint, outbox: Outbox, deliver: Callable[[], Steps[None]]) -> None:
        self._endpoint = endpoint
        self._outbox = outbox
        self._deliver = deliver
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closing_at: float | None = None  # until then what waits is sent
        self._closed = False

    def offer(self, line: Line) -> bool:
        """Raises `Closed`."""
        taken = self._outbox.offer(line)
        with self._changed:
            if taken:
                self._begin()
            self._changed.notify_all()
        return taken

    def _begin(self) -> None:
        """Anew where a listener has ended the thread."""
        if self._thread is None or not self._thread.is_alive():
            thread = threading.Thread(target=self._work, name="plaudit-courier", daemon=True)
            thread.start()
            self._thread = thread

    def flush(self, timeout_seconds: float) -> bool:
        """Whether all that was offered before waits no more."""
        goal = self._outbox.taken
        with self._changed:
            return self._changed.wait_for(lambda: self._outbox.settled >= goal, timeout_seconds)

    def close(self, timeout_seconds: float) -> None:
        """Send what waits for as long as there is time, and give up the rest."""
        self._outbox.close()
        with self._changed:
            self._closing_at = time.monotonic() + timeout_seconds
            self._changed.notify_all()
        try:
            self.flush(timeout_seconds)
        finally:
            self._outbox.give_up()
            with self._changed:
                self._closed = True
                self._changed.notify_all()
        if self._thread and self._thread is not threading.current_thread():
            self._thread.join(max(0.0, self._closing_at - time.monotonic()))

    def _work(self) -> None:
        with Http(self._endpoint) as http:
            while self._wait_for_work():
                try:
                    run(self._deliver(), lambda step: self._send(http, step), self._pause)
                except Exception:
                    log.exception("A bug: registrations are tried again")
                    self._pause(AFTER_A_BUG)
                finally:
                    self._notify()

    def _wait_for_work(self) -> bool:
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._outbox.counts.waiting)
            return not self._closed

    def _send(self, http: Http, step: Send) -> Outcome:
        self._notify()  # whatever went before is settled by now
        return http.send(in_time(step, self._closing_at))

    def _pause(self, pause: Pause) -> None:
        """Closing cuts short what the server has not asked for."""
        self._notify()
        with self._changed:
            if pause.asked:
                self._changed.wait_for(lambda: self._closed, pause.seconds)
            elif self._closing_at is None:
                self._changed.wait_for(lambda: self._closing_at is not None, pause.seconds)
            else:
                self._changed.wait_for(lambda: self._closed, min(pause.seconds, PAUSE_SECONDS_MAX_IN_CLOSING))

    def _notify(self) -> None:
        with self._changed:
            self._changed.notify_all()


def _read(response: httpx2.Response, timeout_seconds: float) -> Answer | Silence:
    """httpx2's limit is on each piece of an answer, this one on the whole."""
    deadline = time.monotonic() + timeout_seconds
    body = bytearray()
    for piece in response.iter_bytes():
        body += piece
        if len(body) > ANSWER_BYTES_MAX:
            return connection.too_large(response)
        if time.monotonic() > deadline:
            return connection.too_slow(timeout_seconds)
    return connection.answer(response, body)
