"""A vote waits for a message that is being registered; what it waited for in vain is counted by what became of it."""

import asyncio
from collections import Counter

import pytest

from plaudit import arrivals
from plaudit.arrivals import DAY_MILLISECONDS, LATE_MILLISECONDS, Arrivals
from plaudit.model import Missed, MissedReason

pytestmark = pytest.mark.anyio

KEY = ("shop", "m-1")
OTHER = ("shop", "m-2")
NOW = 1_795_334_400_000
PAGE = "https://shop.example/help"
LONG, SHORT = 60.0, 0.02  # seconds


class Registry:
    """What is registered, and how often somebody looked."""

    def __init__(self):
        self.messages, self.looks = set(), 0

    async def __call__(self):
        self.looks += 1
        return KEY in self.messages


def missed(reason, page=PAGE, project_id="shop"):
    return Missed(project_id, NOW // DAY_MILLISECONDS, reason, page)


# ---------------------------------------------------------------- waiting


async def test_whoever_waits_is_woken_by_the_registration():
    """Without another look at the database."""
    waiting, registry = Arrivals(LONG, others_register=False), Registry()
    votes = [asyncio.create_task(waiting.wait(KEY, registry)) for _ in range(3)]
    await asyncio.sleep(0)
    waiting.arrived([OTHER], NOW)
    assert not any(vote.done() for vote in votes)
    waiting.arrived([KEY], NOW)
    assert await asyncio.gather(*votes) == [True] * 3
    assert registry.looks == 3


async def test_what_came_in_between_is_seen():
    """After the vote was refused and before it began to wait."""
    waiting, registry = Arrivals(LONG, others_register=False), Registry()
    registry.messages.add(KEY)
    assert await waiting.wait(KEY, registry)


async def test_what_does_not_come_is_waited_for_no_longer_than_that():
    waiting, registry = Arrivals(SHORT, others_register=False), Registry()
    assert not await waiting.wait(KEY, registry)
    assert registry.looks == 1


async def test_another_process_s_registration_is_looked_for_ever_more_seldom():
    """Five looks in a second at the most, and one before."""
    waiting, registry = Arrivals(4 * SHORT, others_register=True), Registry()
    assert not await waiting.wait(KEY, registry)
    assert registry.looks == 3
    assert list(arrivals._pauses(1.0)) == pytest.approx([0.05, 0.1, 0.2, 0.4, 0.25])
    registry.messages.add(KEY)
    assert await waiting.wait(KEY, registry)


async def test_zero_seconds_are_no_wait():
    assert not await Arrivals(0, others_register=True).wait(KEY, Registry())


async def test_only_so_many_wait(monkeypatch):
    monkeypatch.setattr(arrivals, "WAITING_MAX", 2)
    waiting, registry = Arrivals(LONG, others_register=False), Registry()
    votes = [asyncio.create_task(waiting.wait(KEY, registry)) for _ in range(3)]
    await asyncio.wait(votes, return_when=asyncio.FIRST_COMPLETED)
    assert [vote.done() for vote in votes] == [False, False, True]
    votes[0].cancel()
    await asyncio.gather(votes[0], return_exceptions=True)  # whoever goes away makes room
    more = asyncio.create_task(waiting.wait(KEY, registry))
    await asyncio.sleep(0)
    waiting.arrived([KEY], NOW)
    assert await asyncio.gather(*votes[1:], more) == [True, False, True]


# ---------------------------------------------------------------- what was waited for in vain


def test_a_message_that_comes_too_late_is_told_from_one_that_never_does():
    """Within ten minutes, or not."""
    counting = Arrivals(1, others_register=False)
    counting.refused(KEY, PAGE, NOW)
    counting.refused(OTHER, PAGE, NOW)
    assert counting.take() == {}
    counting.arrived([KEY], NOW + LATE_MILLISECONDS)
    counting.expire(NOW + LATE_MILLISECONDS + 1)
    assert counting.take() == {missed(MissedReason.LATE): 1, missed(MissedReason.NEVER): 1}
    assert counting.take() == {}
    assert counting.missed.total() == 2


def test_several_votes_on_one_message_are_one_miss():
    counting = Arrivals(1, others_register=False)
    for _ in range(5):
        counting.refused(KEY, PAGE, NOW)
    counting.arrived([KEY, KEY], NOW)
    assert counting.missed == {missed(MissedReason.LATE): 1}


def test_what_could_not_be_stored_is_stored_later():
    counting = Arrivals(1, others_register=False)
    counting.refused(KEY, PAGE, NOW)
    counting.arrived([KEY], NOW)
    taken = counting.take()
    counting.give_back(taken)
    assert counting.take() == taken


def test_memory_is_bounded(monkeypatch):
    """Of messages and of pages."""
    monkeypatch.setattr(arrivals, "REMEMBERED_MAX", 10)
    monkeypatch.setattr(arrivals, "PAGES_MAX", 3)
    counting = Arrivals(1, others_register=False)
    for number in range(100):
        counting.refused(("shop", f"m-{number}"), f"{PAGE}/{number}", NOW)
    pages = Counter({each.page: count for each, count in counting.take().items()})
    assert pages == {f"{PAGE}/0": 1, f"{PAGE}/1": 1, f"{PAGE}/2": 1, "": 87}
    assert len(counting._refused) == 10
