"""A receipt registers its message in the vote's own transaction; what it left out is completed later."""

import asyncio
from dataclasses import replace
from hashlib import sha256

import pytest
from counting import wrong_totals
from examples import ANNA, BORIS, DISLIKE, HOUR, NOW, a_message, a_vote

from plaudit.counts import Grouping, Selection
from plaudit.deeds import ReviewFilter
from plaudit.errors import Conflict, Forbidden, NotFound
from plaudit.model import Receipt
from plaudit.ports import Registered

pytestmark = pytest.mark.anyio

SHOWN = a_message(model="gpt-x", prompt_version="v7", arms={"greeting": "warm"})
CONTENT = "It takes ten days."
HASH = sha256(CONTENT.encode()).hexdigest()
COMPLETE = replace(SHOWN, content=CONTENT, in_reply_to="m-0", trace_id="t-1", metadata={"tokens": 9})


def receipt(shown=SHOWN, **changes):
    return Receipt(**{"message": shown, "issued_at": NOW, "expires_at": NOW + HOUR, **changes})


async def counted(store):
    [[found]] = await store.counts("acme", Selection(model="gpt-x"), [Grouping()])
    return sum(found.counts.shown), sum(found.counts.likes), sum(found.counts.dislikes)


async def test_a_vote_on_an_unknown_message_brings_it_along(store):
    """Message, conversation, vote, history and numbers at once."""
    stored = await store.submit(a_vote(receipt=receipt()))
    assert await store.message("acme", "m-1") == SHOWN
    assert (await store.conversation("acme", "c-1")).owner == ANNA
    assert await store.history("acme", "m-1") == [stored]
    assert await counted(store) == (1, 1, 0)
    assert await wrong_totals(store) == []


async def test_without_one_it_is_unknown(store):
    """The control."""
    with pytest.raises(NotFound):
        await store.submit(a_vote())


async def test_what_is_registered_is_left_as_it_is(store):
    """The registry wins: a receipt says nothing new of what it knows."""
    await store.register([COMPLETE])
    await store.submit(a_vote(receipt=receipt(replace(SHOWN, model="gpt-y", conversation_id="c-9"))))
    assert await store.message("acme", "m-1") == COMPLETE
    assert await counted(store) == (1, 1, 0)


async def test_a_registered_message_of_somebody_else_is_not_taken_over(store):
    await store.register([replace(SHOWN, owner=BORIS)])
    with pytest.raises(Forbidden):
        await store.submit(a_vote(receipt=receipt()))
    assert (await store.message("acme", "m-1")).owner == BORIS


async def test_a_conversation_keeps_its_owner(store):
    """A receipt that contradicts what is known of its conversation registers nothing, and its vote is not stored."""
    await store.register([a_message("m-0", owner=BORIS)])
    with pytest.raises(Conflict) as refused:
        await store.submit(a_vote(receipt=receipt()))
    assert (refused.value.resource, refused.value.field) == ("conversation", "owner")
    assert await store.message("acme", "m-1") is None
    assert await store.history("acme", "m-1") == []


async def test_many_at_once_stand_or_fall_each_by_itself(store):
    """New ones, the same one twice, one that contradicts another, one without a receipt: in one commit."""
    asked = [
        *(a_vote(f"m-{n}", receipt=receipt(replace(SHOWN, id=f"m-{n}"))) for n in range(20)),
        a_vote("m-3", vote=DISLIKE, receipt=receipt(replace(SHOWN, id="m-3"))),
        a_vote("b-1", subject=BORIS, receipt=receipt(replace(SHOWN, id="b-1", owner=BORIS))),
        a_vote("unknown"),
        a_vote("m-1", project_id="globex", receipt=receipt(replace(SHOWN, id="m-1", project_id="globex"))),
    ]
    outcomes = await asyncio.gather(*map(store.submit, asked), return_exceptions=True)
    assert [type(it).__name__ for it in outcomes[:21]] == ["Feedback"] * 21
    assert [type(it).__name__ for it in outcomes[22:]] == ["NotFound", "Feedback"]
    assert isinstance(outcomes[21], Conflict)  # its conversation is Anna's
    assert outcomes[20].revision == 2
    assert await counted(store) == (20, 19, 1)
    assert await wrong_totals(store) == []


async def test_taking_back_what_was_never_there_makes_the_message_known_all_the_same(store):
    assert await store.submit(a_vote(vote=None, receipt=receipt())) is None
    assert await store.message("acme", "m-1") == SHOWN


# ---------------------------------------------------------------- what comes later


@pytest.mark.parametrize("content_sha256", [None, HASH])
async def test_a_registration_completes_what_the_receipt_left_out(store, content_sha256):
    """Once; after that it is known, and the same again is a no-op."""
    await store.submit(a_vote(receipt=receipt(content_sha256=content_sha256)))
    for completed in (COMPLETE, replace(COMPLETE, content="Something else.", metadata={})):
        assert await store.register([completed]) == [Registered(created=False)]
        assert await store.message("acme", "m-1") == COMPLETE
    assert await counted(store) == (1, 1, 0)


async def test_what_votes_are_counted_by_is_fixed_by_the_receipt(store):
    await store.submit(a_vote(receipt=receipt()))
    await store.register([replace(COMPLETE, model="gpt-y", arms={}, created_at=NOW + HOUR)])
    assert await store.message("acme", "m-1") == COMPLETE
    assert await wrong_totals(store) == []


async def test_another_content_than_was_shown_is_a_conflict(store):
    """The receipt has its hash."""
    await store.submit(a_vote(receipt=receipt(content_sha256=HASH)))
    [outcome] = await store.register([replace(COMPLETE, content="It takes two days.")])
    assert (outcome.resource, outcome.field) == ("message", "content")
    assert await store.message("acme", "m-1") == SHOWN
    assert await store.register([COMPLETE]) == [Registered(created=False)]


async def test_a_vote_is_found_by_the_words_of_an_answer_that_came_after_it(store):
    """Beside its own."""
    await store.submit(a_vote(vote=DISLIKE, comment="wrong", receipt=receipt()))
    await store.register([COMPLETE])
    for word in ("days", "wrong"):
        page = await store.review_queue("acme", ReviewFilter(search=word), limit=10, cursor=None)
        assert [item.rated.message.id for item in page.items] == ["m-1"]
    await store.submit(a_vote(vote=None))
    page = await store.review_queue("acme", ReviewFilter(search="days"), limit=10, cursor=None)
    assert page.items == ()
