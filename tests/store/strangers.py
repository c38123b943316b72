"""Guests and visitors, what is theirs, and how they become users."""

import asyncio

from counting import fold_all, wrong_totals
from databases import opened
from examples import ANNA, DAY, DISLIKE, GUEST, HOUR, NOW, a_message, a_vote
from register import contradictions

from plaudit.counts import Grouping, Selection
from plaudit.deeds import Review
from plaudit.model import AuthLevel, Role, Subject, SubjectKind

BOUND = AuthLevel.GUEST_BOUND
LATER = NOW + DAY
A_REVIEW = Review("wrong", "late", "boris", NOW)
OTHER_GUEST = Subject.of(SubjectKind.GUEST, "6a" * 32)


def theirs(message_id="m-1", owner=GUEST, **changes):
    return a_message(message_id, **{"owner": owner, "model": "gpt-x", **changes})


def their_vote(message_id="m-1", subject=GUEST, **changes):
    return a_vote(message_id, **{"subject": subject, "auth_level": BOUND, **changes})


async def link(store, owner=GUEST, user=ANNA, *, at=LATER):
    return await store.link("acme", owner, user, at)


async def by_bucket(store):
    """(shown, likes, dislikes) of each bucket that has any."""
    [found] = await store.counts("acme", Selection(), [Grouping()])
    counts = found[0].counts
    return {bucket: numbers for bucket, numbers in enumerate(
        zip(counts.shown, counts.likes, counts.dislikes, strict=True)) if any(numbers)}


async def wrong(store, database):
    """Whatever in the database contradicts itself: see `register`."""
    await fold_all(store)
    with opened(database) as reading:
        return await wrong_totals(store) + await asyncio.to_thread(lambda: list(contradictions(reading)))


async def a_guest_with_a_past(store):
    """A guest with two conversations: a like, a dislike with a comment that was reviewed, a like taken back, an answer
    without a vote, a question; and a message of Anna's own, which she likes."""
    await store.register([theirs("q", role=Role.USER), theirs("m-1"), theirs("m-2", content="It takes ten days."),
                          theirs("m-3", conversation_id="c-2", created_at=NOW + HOUR),
                          theirs("m-4", conversation_id="c-2", model="gpt-y"), a_message("a-1", conversation_id="a")])
    await store.submit(their_vote("m-1"))
    await store.submit(their_vote("m-2", at=NOW + 1))
    await store.submit(their_vote("m-2", vote=DISLIKE, comment="late", reasons=("slow",), at=NOW + 2))
    await store.submit(their_vote("m-3"))
    await store.submit(their_vote("m-3", vote=None))
    await store.submit(a_vote("a-1"))
    await store.review("acme", "m-2", GUEST, 2, A_REVIEW)
    return GUEST
