"""When a call is made again, how long after, and when it is enough. Nothing is sent and nobody waits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plaudit.client.answers import Answer, line_results
from plaudit.client.calls import Call
from plaudit.client.errors import (
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    PaymentRequired,
    PlauditError,
    RateLimited,
    Unauthenticated,
    Unavailable,
    Unreachable,
    UnreadableAnswer,
)
from plaudit.client.retries import Patience, Pause, Send, Silence, attempts

PATIENCE = Patience(total_seconds=30, attempt_seconds=10, pause_seconds=0.1, pause_seconds_max=5)
GONE = Silence(Unreachable("gone"), worth_repeating=True)


class Clock:
    def __init__(self):
        self.seconds = 1000.0

    def __call__(self):
        return self.seconds


def went(outcomes, patience=PATIENCE, chance=1.0, attempt_seconds=0.0, clock=None):
    """The pauses, and what came out; each attempt takes as long as it is said to, or as it may."""
    clock, pauses, outcomes = clock or Clock(), [], iter(outcomes)
    steps = attempts(Call("GET", "/", read), patience, clock, lambda: chance)
    try:
        step = next(steps)
        while True:
            if isinstance(step, Send):
                assert 0 < step.timeout_seconds <= patience.attempt_seconds
                clock.seconds += min(attempt_seconds, step.timeout_seconds)
                step = steps.send(next(outcomes))
            else:
                pauses.append(step)
                clock.seconds += step.seconds
                step = next(steps)
    except StopIteration as end:
        return pauses, end.value
    except PlauditError as error:
        return pauses, error


def read(answer):
    return answer.status if answer.status == 200 else line_results(answer)


def answer(status, **headers):
    return Answer(status, {name.replace("_", "-"): value for name, value in headers.items()}, b"")


OK = answer(200)


@pytest.mark.parametrize("status", [429, 502, 503, 504, 521])
def test_what_may_pass_is_tried_again(status):
    assert went([answer(status), GONE, OK])[1] == 200


@pytest.mark.parametrize(("status", "kind"), [
    (400, Invalid), (401, Unauthenticated), (402, PaymentRequired), (403, Forbidden), (404, NotFound), (409, Conflict),
    (413, Invalid), (415, PlauditError), (422, Invalid), (500, PlauditError), (302, UnreadableAnswer),
])
def test_what_will_not_pass_is_not_tried_again(status, kind):
    pauses, error = went([answer(status)])
    assert (pauses, type(error), error.status) == ([], kind, status)


def test_a_failure_of_ones_own_is_not_tried_again():
    pauses, error = went([Silence(UnreadableAnswer("too large"), worth_repeating=False)])
    assert (pauses, type(error)) == ([], UnreadableAnswer)


def test_the_last_failure_is_what_is_raised():
    """Not the first, and with all that its answer said."""
    _, error = went([GONE] * 3 + [answer(503, retry_after="60", x_request_id="req_1")])
    assert (type(error), error.retry_after_seconds, error.request_id) == (Unavailable, 60, "req_1")


def test_pauses_double_and_stay_below_their_maximum():
    pauses, error = went([GONE] * 20)
    assert [round(pause.seconds, 1) for pause in pauses] == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5, 5, 5, 5]
    assert type(error) is Unreachable


@given(st.floats(0, 1), st.integers(1, 20))
def test_a_pause_is_half_of_it_to_all_of_it(chance, failures):
    """Whoever failed at the same moment comes back at different ones."""
    [*_, pause] = went([GONE] * failures + [OK], Patience(10_000, 10, 0.1, 5), chance)[0]
    whole = min(5, 0.1 * 2 ** (failures - 1))
    assert whole / 2 <= pause.seconds <= whole


@pytest.mark.parametrize(("headers", "seconds"), [
    ({"retry_after": "7"}, 7),
    ({"retry_after": " 7 "}, 7),
    ({"retry_after": "0"}, 0),
    ({"retry_after": "9" * 400}, 24 * 60 * 60),
    ({"retry_after": "Sun, 22 Nov 9026 08:00:07 GMT", "date": "Sun, 22 Nov 2026 08:00:00 GMT"}, 24 * 60 * 60),
    ({"retry_after": "Sun, 22 Nov 2026 08:00:07 GMT", "date": "Sun, 22 Nov 2026 08:00:00 GMT"}, 7),
    ({"retry_after": "Sun, 22 Nov 2026 08:00:00 GMT", "date": "Sun, 22 Nov 2026 08:00:07 GMT"}, 0),
])
def test_the_server_says_how_long_to_wait(headers, seconds):
    """And is given a little more, lest all come back at once."""
    [pause], _ = went([answer(429, **headers), OK], Patience(total_seconds=100_000))
    assert pause.asked
    assert seconds <= pause.seconds <= seconds * 1.1


@pytest.mark.parametrize("said", ["soon", "-1", "1.5", "", "٣", "Sun, 22 Nov 2026 08:00:07 GMT"])
def test_what_the_server_says_unreadably_is_as_if_it_had_not(said):
    """A date without the server's own date could be of any clock."""
    assert went([answer(503, retry_after=said), OK])[0] == [Pause(0.1, asked=False)]


@pytest.mark.parametrize("status", [429, 503])
def test_whoever_is_told_to_come_back_after_all_patience_does_not_wait_for_it(status):
    pauses, error = went([answer(status, retry_after="30")])
    assert (pauses, error.retry_after_seconds) == ([], 30)
    assert isinstance(error, RateLimited | Unavailable)


@given(st.lists(st.sampled_from([GONE, answer(503), answer(503, retry_after="2"), answer(429, retry_after="9")]),
                min_size=400, max_size=400), st.floats(0.1, 10), st.floats(0, 1))
def test_all_attempts_and_pauses_together_end_in_time(outcomes, attempt_seconds, chance):
    """However it goes, and however long each takes."""
    clock = Clock()
    _, error = went(outcomes, PATIENCE, chance, attempt_seconds, clock)
    assert isinstance(error, PlauditError)
    assert clock.seconds - 1000 <= PATIENCE.total_seconds + 0.001
