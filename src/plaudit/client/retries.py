"""When a call is repeated, and when it is enough. Nothing here sends or waits: a plan says what is to be done next.

A plan is a generator. It yields `Send` and is sent the outcome, yields `Pause` and is sent nothing, and returns what
was asked for. The two clients run the same plans, each in its own way.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from itertools import count
from typing import Any, TypeVar

from plaudit.client.answers import Answer, refusal
from plaudit.client.calls import Call
from plaudit.client.errors import PlauditError

WORTH_REPEATING = frozenset((429, 502, 503, 504, *range(520, 531)))  # the last are Cloudflare's
DOUBLINGS_MAX = 16
TIMEOUT_SECONDS_MIN = 0.001

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Patience:
    """`total_seconds` bounds a call with all of its repetitions, `attempt_seconds` each of them."""

    total_seconds: float = 30.0
    attempt_seconds: float = 10.0
    pause_seconds: float = 0.1  # about; each one is twice as long as the one before
    pause_seconds_max: float = 10.0

    def within(self, total_seconds: float) -> "Patience":
        return replace(self, total_seconds=total_seconds, attempt_seconds=min(self.attempt_seconds, total_seconds))


@dataclass(frozen=True, slots=True)
class Send:
    call: Call[Any]
    timeout_seconds: float


@dataclass(frozen=True, slots=True)
class Pause:
    seconds: float
    asked: bool  # by the server


@dataclass(frozen=True, slots=True)
class Silence:
    """There was no answer. Whether the server did what it was asked is unknown."""

    error: PlauditError
    worth_repeating: bool


Outcome = Answer | Silence
Steps = Generator[Send | Pause, Outcome | None, T]
Clock = Callable[[], float]  # seconds; never goes back
Chance = Callable[[], float]  # 0 to 1


def attempts(call: Call[T], patience: Patience, clock: Clock, chance: Chance) -> Steps[T]:
    """Until there is an answer that is one. Raises `PlauditError`: what was refused, or the last failure.

    A pause that would end too late is not begun.
    """
    deadline = clock() + patience.total_seconds
    for failures in count(1):
        left_seconds = max(TIMEOUT_SECONDS_MIN, deadline - clock())  # a pause may have taken longer than it should
        outcome = yield Send(call, min(patience.attempt_seconds, left_seconds))
        assert outcome is not None  # noqa: S101 - whoever runs a plan answers each `Send`
        if isinstance(outcome, Answer) and outcome.status not in WORTH_REPEATING:
            return call.read(outcome)
        pause = pause_after(outcome, failures, patience, chance)
        if not is_worth_repeating(outcome) or clock() + pause.seconds >= deadline:
            raise failure(outcome)
        yield pause
    raise AssertionError


def is_worth_repeating(outcome: Outcome) -> bool:
    if isinstance(outcome, Silence):
        return outcome.worth_repeating
    return outcome.status in WORTH_REPEATING


def failure(outcome: Outcome) -> PlauditError:
    return outcome.error if isinstance(outcome, Silence) else refusal(outcome)


def pause_after(outcome: Outcome, failures: int, patience: Patience, chance: Chance) -> Pause:
    """As long as the server asked for and a little more, or half to all of the doubled pause: whoever failed at the
    same moment shall not come back at the same moment."""
    asked = outcome.retry_after_seconds if isinstance(outcome, Answer) else None
    doubled = min(patience.pause_seconds_max, patience.pause_seconds * 2 ** min(failures - 1, DOUBLINGS_MAX))
    spread = doubled * (0.5 + chance() / 2)
    if asked is None:
        return Pause(spread, asked=False)
    return Pause(asked + min(spread, asked / 10), asked=True)
