"""Registrations that wait to be sent, in a bounded buffer that knows what became of each.

Each line that was offered is waiting, or was stored, or was dropped, and counted once. Lines are sent and settled in
the order in which they came; those that are under way count as waiting.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Literal

from plaudit.client.answers import REFUSED, is_strangers_refusal, line_results
from plaudit.client.calls import register_batch
from plaudit.client.errors import Closed, Invalid, PlauditError, UnreadableAnswer
from plaudit.client.nouns import Message
from plaudit.client.retries import (
    Chance,
    Outcome,
    Patience,
    Send,
    Silence,
    Steps,
    failure,
    is_worth_repeating,
    pause_after,
)

TOO_MUCH_OR_AMISS = frozenset((400, 408, 413, 422, 500))  # perhaps for one line's sake
FAILURES_UNTIL_SAID = 4  # about a second

log = logging.getLogger("plaudit.client")

WhyDropped = Literal["buffer_full", "refused", "given_up"]


@dataclass(frozen=True, slots=True)
class Batching:
    """What may wait, and how much of it is sent at once. Bytes are those of the JSON."""

    waiting_max: int = 10_000
    waiting_bytes_max: int = 16 * 1024 * 1024
    lines_max: int = 500
    lines_bytes_max: int = 1024 * 1024

    def __post_init__(self) -> None:
        if self.lines_max < 1:
            raise Invalid.field("lines_max", "must be at least 1")


@dataclass(frozen=True, slots=True)
class Dropped:
    """A message that this client no longer tries to register.

    `buffer_full`: it was never sent. `refused`: the server said why, in `error`. `given_up`: time was over when the
    client was closed; it may have been registered all the same, and registering it again is safe. `error` is then
    what the last attempt to send anything failed with, if it failed.
    """

    message: Message
    reason: WhyDropped
    error: PlauditError | None = None


@dataclass(frozen=True, slots=True)
class Counts:
    """Of all messages that were handed to `register`, each is in one of these."""

    waiting: int = 0
    stored: int = 0
    buffer_full: int = 0
    refused: int = 0
    given_up: int = 0

    @property
    def dropped(self) -> int:
        return self.buffer_full + self.refused + self.given_up


@dataclass(frozen=True, slots=True)
class Line:
    message: Message
    body: bytes = field(repr=False)


class Outbox:
    """May be used by several threads. `told` hears of each drop, in the thread in which it happens."""

    def __init__(self, batching: Batching, told: Callable[[Dropped], None] | None) -> None:
        self._batching = batching
        self._told = told
        self._lock = threading.Lock()
        self._lines: deque[Line] = deque()
        self._bytes = 0
        self._at_once = batching.lines_max
        self._counts = Counts()
        self._failure: PlauditError | None = None  # of the last attempt
        self._closed = False

    @property
    def counts(self) -> Counts:
        with self._lock:
            return replace(self._counts, waiting=len(self._lines))

    @property
    def taken(self) -> int:
        """How many lines were ever let in."""
        counts = self.counts
        return counts.waiting + self._settled(counts)

    @property
    def settled(self) -> int:
        """How many of those, which are the oldest, wait no more."""
        return self._settled(self.counts)

    def offer(self, line: Line) -> bool:
        """Whether it waits now; a full buffer drops it. Raises `Closed`."""
        with self._lock:
            if self._closed:
                raise Closed
            fits = (len(self._lines) < self._batching.waiting_max
                    and self._bytes + len(line.body) <= self._batching.waiting_bytes_max)
            if fits:
                self._lines.append(line)
                self._bytes += len(line.body)
            else:
                self._count(buffer_full=1)
        if not fits:
            self._tell(Dropped(line.message, "buffer_full", self._failure))
        return fits

    def batch(self) -> list[Line]:
        """The oldest lines, as many as may be sent at once. They go on waiting until they are settled."""
        with self._lock:
            lines = list(islice(self._lines, self._at_once))
        size, number = 0, 0
        for line in lines:
            size += len(line.body) + 1
            if number and size > self._batching.lines_bytes_max:
                break
            number += 1
        return lines[:number]

    def settle(self, batch: Sequence[Line], errors: Sequence[PlauditError | None]) -> None:
        """What became of a batch, line by line; None: stored. A batch that was given up meanwhile is passed over."""
        with self._lock:
            if not self._lines or self._lines[0] is not batch[0]:
                return
            for _ in batch:
                self._bytes -= len(self._lines.popleft().body)
            refused = sum(error is not None for error in errors)
            self._count(stored=len(batch) - refused, refused=refused)
            self._at_once = min(self._batching.lines_max, 2 * self._at_once)
            self._failure = None
        for line, error in zip(batch, errors, strict=True):
            if error is not None:
                self._tell(Dropped(line.message, "refused", error))

    def fail(self, error: PlauditError, failures: int) -> None:
        """Nothing is settled, for so many times in a row. From the fourth on it is logged, ever more seldom."""
        self._failure = error
        if failures >= FAILURES_UNTIL_SAID and failures.bit_count() == 1:
            log.warning("Registrations wait: %d attempts have failed, the last one: %s", failures, error)

    def narrow(self, lines: int) -> None:
        """Send only so many the next time."""
        with self._lock:
            self._at_once = max(1, lines)

    def close(self) -> None:
        """Nothing is taken in any more."""
        with self._lock:
            self._closed = True

    def give_up(self) -> None:
        """Drop all that wait."""
        with self._lock:
            lines, self._lines, self._bytes = list(self._lines), deque(), 0
            self._count(given_up=len(lines))
        for line in lines:
            self._tell(Dropped(line.message, "given_up", self._failure))

    def _count(self, *, stored: int = 0, buffer_full: int = 0, refused: int = 0, given_up: int = 0) -> None:
        now = self._counts
        self._counts = Counts(0, now.stored + stored, now.buffer_full + buffer_full, now.refused + refused,
                              now.given_up + given_up)

    def _settled(self, counts: Counts) -> int:
        return counts.stored + counts.refused + counts.given_up

    def _tell(self, dropped: Dropped) -> None:
        """Whatever the listener does, the lines behind this one are sent. Without a listener it is logged, and ever
        more seldom: a flood of drops shall not become a flood of lines."""
        so_far = self.counts.dropped
        if self._told is None and so_far.bit_count() == 1:
            log.warning("Message %s is not registered (%s: %s); %d so far", dropped.message.id, dropped.reason,
                        dropped.error, so_far)
        try:
            if self._told:
                self._told(dropped)
        except Exception:
            log.exception("on_dropped raised for message %s (%s)", dropped.message.id, dropped.reason)


def deliver(outbox: Outbox, key: str, patience: Patience, chance: Chance) -> Steps[None]:
    """Send until nothing waits, however long it takes: whoever runs this ends it, and no refusal does.

    A batch that is refused as a whole for what may be one line's fault is sent again in halves until the line is found.
    """
    failures = 0
    while batch := outbox.batch():
        outcome = yield Send(register_batch([line.body for line in batch], key), patience.attempt_seconds)
        assert outcome is not None  # noqa: S101 - whoever runs a plan answers each `Send`
        errors = verdict(outcome, len(batch))
        if errors is not None:
            outbox.settle(batch, errors)
            failures = 0
            continue
        failures += 1
        outbox.fail(failure(outcome), failures)
        if is_divisible(outcome, len(batch)):
            outbox.narrow(len(batch) // 2)
        yield pause_after(outcome, failures, patience, chance)


def verdict(outcome: Outcome, lines: int) -> list[PlauditError | None] | None:
    """What became of each line; None: unknown, or too much at once, so they are to be sent again."""
    if is_worth_repeating(outcome) or is_divisible(outcome, lines):
        return None
    if isinstance(outcome, Silence) or outcome.status >= REFUSED:
        return [failure(outcome)] * lines
    try:
        results = line_results(outcome)
    except UnreadableAnswer:
        return None  # somebody stands in between, for the time being
    whole = [result.line for result in results] == list(range(1, lines + 1))
    return [result.error for result in results] if whole else None


def is_divisible(outcome: Outcome, lines: int) -> bool:
    """What stands before the server may refuse for any reason: a line that it dislikes, or a server that restarts."""
    if isinstance(outcome, Silence) or is_worth_repeating(outcome) or lines == 1:
        return False
    return outcome.status in TOO_MUCH_OR_AMISS or is_strangers_refusal(outcome)
