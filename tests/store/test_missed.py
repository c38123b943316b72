"""Votes that found no message are counted, by day, by what became of it, and by page."""

import pytest

from plaudit.model import Missed, MissedReason

pytestmark = pytest.mark.anyio

LATE, NEVER = MissedReason.LATE, MissedReason.NEVER


def missed(day=20_000, reason=LATE, page="https://shop.example/", project_id="acme"):
    return Missed(project_id, day, reason, page)


async def test_counts_add_up_and_the_most_frequent_stand_first(store):
    await store.count_missed({missed(): 2, missed(reason=NEVER): 1})
    await store.count_missed({missed(): 3, missed(page=""): 9, missed(day=19_999): 7, missed(project_id="globex"): 1})
    assert list((await store.missed("acme", 20_000)).items()) == [
        (missed(page=""), 9), (missed(), 5), (missed(reason=NEVER), 1)]
    assert (await store.missed("acme", 19_999))[missed(day=19_999)] == 7
    assert await store.missed("globex", 0) == {missed(project_id="globex"): 1}


async def test_nothing_is_nothing(store):
    await store.count_missed({})
    assert await store.missed("acme", 0) == {}
