"""Several processes that do the same work, and the one that watches over them.

DESIGN. The parent forks before anything is open: it has no event loop, no thread and no connection, so a worker can be
forked at any time, and it answers nobody, so nothing that a request does can break it. It starts the workers one after
the other: what keeps the first from starting is said once and ends the server, as it would end a single process; and
the last knows that all are there. After that a worker that ends is replaced, at once the first time and later and
later when it happens again soon.

Two pipes join them. Each worker writes its number into one when it is ready. The parent holds the other's end open and
writes nothing: whoever reads an end there has lost its parent, by `kill -9` too, and stops as for a SIGTERM.

A signal is forwarded, not inherited: each worker has a process group of its own, so that Ctrl-C comes once. The
kernel's SIGHUP is left alone: it ends the parent, and so, in good order, the workers.
"""

import asyncio
import gc
import os
import select
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import FrameType
from typing import NoReturn, Self

import structlog

STOPPING = (signal.SIGTERM, signal.SIGINT)
HEEDED = (*STOPPING, signal.SIGCHLD)
PAUSE_SECONDS_MIN = 0.1  # before a worker that ended is replaced; doubled each time that it was there for too short
PAUSE_SECONDS_MAX = 10.0
SETTLED_SECONDS = 10.0  # a worker that was there so long is not failing at its start
SIGNAL_EXIT = 128  # as a shell says that a signal ended a process

log = structlog.get_logger("plaudit.workers")


@dataclass(frozen=True, slots=True)
class Worker:
    """What one of them is told. `number` counts from 0; its replacement has the same."""

    number: int
    is_last: bool  # all others are there, for the first time
    ready_pipe: int
    parent_pipe: int

    def say_ready(self) -> None:
        os.write(self.ready_pipe, bytes([self.number]))

    def stop_with_parent(self) -> None:
        """To be called on the event loop that does the work."""
        loop = asyncio.get_running_loop()

        def lost() -> None:
            loop.remove_reader(self.parent_pipe)
            log.error("the parent process is gone; this worker stops", worker=self.number)
            os.kill(os.getpid(), signal.SIGTERM)

        loop.add_reader(self.parent_pipe, lost)


@dataclass(slots=True)
class _Place:
    """What the parent knows of one worker and of those before it."""

    number: int
    pid: int | None = None
    is_ready: bool = False
    was_ready: bool = False
    began_seconds: float = 0.0
    start_seconds: float = 0.0  # not before
    pause_seconds: float = PAUSE_SECONDS_MIN


def supervise(workers: int, work: Callable[[Worker], int], *, stop_seconds: float) -> int:
    """Run `work` in so many processes until a SIGTERM or SIGINT; its result is the exit code of a worker.

    The exit code for all of them: 0 when each stopped well within `stop_seconds`; who does not is killed.
    """
    gc.collect()
    gc.freeze()  # the collector would touch, and so copy, what the workers share: 28 MB in each instead of 11
    with _Pipe.pair() as ready, _Pipe.pair() as parent, _Pipe.pair() as woken:
        places = [_Place(number) for number in range(workers)]
        with _heeding_signals(woken):
            return _Supervisor(places, work, stop_seconds, ready, parent, woken).run()


@dataclass(frozen=True, slots=True)
class _Pipe:
    reading: int
    writing: int

    @classmethod
    @contextmanager
    def pair(cls) -> Iterator[Self]:
        reading, writing = os.pipe()
        os.set_blocking(reading, False)
        os.set_blocking(writing, False)
        try:
            yield cls(reading, writing)
        finally:
            os.close(reading)
            os.close(writing)

    def content(self) -> bytes:
        try:
            return os.read(self.reading, select.PIPE_BUF)
        except BlockingIOError:
            return b""


@contextmanager
def _heeding_signals(woken: _Pipe) -> Iterator[None]:
    """A signal only writes its number into the pipe: what it means is decided in the loop, at rest."""
    before = {number: signal.signal(number, _nothing) for number in HEEDED}
    signal.set_wakeup_fd(woken.writing, warn_on_full_buffer=False)
    try:
        yield
    finally:
        signal.set_wakeup_fd(-1)
        for number, handler in before.items():
            signal.signal(number, handler)


def _nothing(_signal: int, _frame: FrameType | None) -> None:
    pass


@dataclass(slots=True)
class _Supervisor:
    places: list[_Place]
    work: Callable[[Worker], int]
    stop_seconds: float
    ready: _Pipe
    parent: _Pipe
    woken: _Pipe
    stop_at_seconds: float | None = None  # set once the server is stopping; then workers are killed
    exit_code: int = 0

    def run(self) -> int:
        while not self._over():
            self._start_next()
            self._rest()
            self._note_ready()
            self._note_ended()  # first: who ended before the signal did not end because of it
            self._heed_signals()
            self._kill_late()
        return self.exit_code

    @property
    def _stopping(self) -> bool:
        return self.stop_at_seconds is not None

    def _over(self) -> bool:
        return self._stopping and not self._running()

    def _running(self) -> list[_Place]:
        return [place for place in self.places if place.pid is not None]

    # ------------------------------------------------------------ starting

    def _start_next(self) -> None:
        for place in self._due():
            if place.start_seconds <= time.monotonic():
                self._start(place)

    def _due(self) -> Iterator[_Place]:
        """Those without a process; of those that never had one, the first alone."""
        if self._stopping:
            return
        for place in self.places:
            if place.pid is None:
                yield place
            if not place.was_ready:
                return

    def _start(self, place: _Place) -> None:
        is_last = place is self.places[-1] and not place.was_ready
        worker = Worker(place.number, is_last, self.ready.writing, self.parent.reading)
        place.began_seconds = time.monotonic()
        signal.pthread_sigmask(signal.SIG_BLOCK, HEEDED)  # none may be taken by the parent's handlers in the child
        try:
            place.pid = os.fork() or self._become(worker)
        except OSError:  # no more processes now
            self._ended(place, 1)
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, HEEDED)

    def _become(self, worker: Worker) -> NoReturn:
        """From here on this process is a worker. It never returns into what the parent was doing."""
        code = 1
        try:
            os.setpgid(0, 0)
            signal.set_wakeup_fd(-1)
            for number in HEEDED:
                signal.signal(number, signal.SIG_DFL)
            for pipe_end in (self.ready.reading, self.parent.writing, self.woken.reading, self.woken.writing):
                os.close(pipe_end)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, HEEDED)
            code = self.work(worker)
        except Exception:
            log.exception("worker failed", worker=worker.number)
        finally:
            with suppress(OSError):
                sys.stdout.flush()
                sys.stderr.flush()
            os._exit(code)

    # ------------------------------------------------------------ what has happened

    def _rest(self) -> None:
        """Until something happens or is due."""
        times = [place.start_seconds for place in self._due()]
        times += [self.stop_at_seconds] if self.stop_at_seconds is not None else []
        patience = max(0.0, min(times) - time.monotonic()) if times else None
        select.select([self.woken.reading, self.ready.reading], [], [], patience)

    def _note_ready(self) -> None:
        for number in self.ready.content():
            self.places[number].is_ready = self.places[number].was_ready = True

    def _heed_signals(self) -> None:
        for number in self.woken.content():
            if number in STOPPING:
                self._stop(number)

    def _note_ended(self) -> None:
        for place in self._running():
            pid, status = os.waitpid(place.pid or 0, os.WNOHANG)
            if pid:
                self._ended(place, os.waitstatus_to_exitcode(status))

    def _ended(self, place: _Place, code: int) -> None:
        was_ready, place.is_ready, place.pid = place.is_ready, False, None
        if self._stopping:
            asked = not was_ready and -code in STOPPING  # before it could do anything but end
            self.exit_code = self.exit_code or (0 if asked else _as_shell(code))
        elif not any(place.was_ready for place in self.places):
            self.exit_code = _as_shell(code) or 1
            self._stop(signal.SIGTERM)
        else:
            self._replace_later(place, code)

    def _replace_later(self, place: _Place, code: int) -> None:
        now_seconds = time.monotonic()
        settled = now_seconds - place.began_seconds >= SETTLED_SECONDS
        pause = PAUSE_SECONDS_MIN if settled else place.pause_seconds
        place.start_seconds, place.pause_seconds = now_seconds + pause, min(2 * pause, PAUSE_SECONDS_MAX)
        log.error("worker ended; another takes its place", worker=place.number, exit_code=_as_shell(code),
                  pause_seconds=pause)

    # ------------------------------------------------------------ stopping

    def _stop(self, number: int) -> None:
        """A second signal is passed on too: it hurries who is finishing."""
        if self.stop_at_seconds is None:
            self.stop_at_seconds = time.monotonic() + self.stop_seconds
        for place in self._running():
            os.kill(place.pid or 0, number)

    def _kill_late(self) -> None:
        if self.stop_at_seconds is None or time.monotonic() < self.stop_at_seconds:
            return
        for place in self._running():
            log.error("worker did not stop in time and is killed", worker=place.number)
            os.kill(place.pid or 0, signal.SIGKILL)
        self.stop_at_seconds = time.monotonic() + self.stop_seconds


def _as_shell(code: int) -> int:
    return code if code >= 0 else SIGNAL_EXIT - code
