"""What a project keeps for a while only is forgotten then, a part at a time, and no number changes."""

import asyncio
from dataclasses import replace

import pytest
from counting import fold_all
from examples import ANNA, BORIS, DAY, DISLIKE, GUEST, HOUR, LIKE, NOW, a_message, a_vote
from opening import open_store
from strangers import A_REVIEW, a_guest_with_a_past, by_bucket, wrong

from plaudit.counts import Grouping, Selection
from plaudit.deeds import ReviewFilter
from plaudit.model import FeedbackFilter, Receipt, Role, SubjectKind
from plaudit.people import Kept
from plaudit.rules import decide
from plaudit.store import retaining
from plaudit.store.recount import recount

pytestmark = pytest.mark.anyio

OLD, NEW = NOW, NOW + 10 * DAY
BEFORE = NOW + DAY


async def forget_old(store, what, before=BEFORE):
    after = await store.forget_old("acme", what, before)
    while after is not None:
        after = await store.forget_old("acme", what, before, after)


@pytest.fixture(autouse=True)
def _few_at_once(monkeypatch):
    monkeypatch.setattr(retaining, "LOOKED_AT_MAX", 2)
    monkeypatch.setattr(retaining, "VOTES_MAX", 2)


@pytest.fixture
async def past(store):
    """Of each an old one and a new one; and one that was old and was changed since."""
    await a_guest_with_a_past(store)
    for name, at in (("old", OLD), ("new", NEW), ("changed", OLD)):
        await store.register([a_message(name, conversation_id=name, created_at=at, content=f"{name} content",
                                        metadata={"of": name}, model="gpt-x")])
        await store.submit(a_vote(name, vote=DISLIKE, comment=f"{name} comment", reasons=("slow",), at=at + 1))
        await store.review("acme", name, ANNA, 1, replace(A_REVIEW, at=at))
    await store.submit(a_vote("changed", vote=LIKE, comment="later comment", at=NEW))
    return await numbers(store)


async def numbers(store):
    return await by_bucket(store), *[await store.counts("acme", Selection(has_comment=commented), [Grouping()])
                                     for commented in (None, True, False)]


async def comments(store, message_id):
    return [it.comment for it in await store.history("acme", message_id)]


async def found_by(store, search):
    page = await store.review_queue("acme", ReviewFilter(reviewed=None, search=search), limit=9, cursor=None)
    return [it.rated.message.id for it in page.items]


async def unchanged(store, database, before):
    """The numbers, by the totals and by a recount, and that nothing contradicts itself."""
    assert await numbers(store) == before
    assert await wrong(store, database) == []
    await store._write(recount, {})
    assert await numbers(store) == before
    assert await wrong(store, database) == []


async def test_old_comments_are_forgotten(store, database, past):
    await forget_old(store, Kept.COMMENTS)
    assert await comments(store, "old") == [""]
    assert await comments(store, "new") == ["new comment"]
    assert await comments(store, "changed") == ["", "later comment"]
    assert await comments(store, "m-2") == [None, ""]
    assert [await found_by(store, "comment"), await found_by(store, "content")] == [
        ["new", "changed"], ["new", "old", "changed"]]
    assert (await store.message("acme", "old")).content == "old content"
    [(_, _, review)] = await store.reviews("acme", "old")
    assert (review.label, review.note) == (A_REVIEW.label, None)
    await unchanged(store, database, past)


async def test_old_contents_are_forgotten(store, database, past):
    await forget_old(store, Kept.CONTENTS)
    old, new = await store.message("acme", "old"), await store.message("acme", "new")
    assert (old.content, old.metadata, old.model) == (None, {}, "gpt-x")
    assert (new.content, new.metadata) == ("new content", {"of": "new"})
    assert await comments(store, "old") == ["old comment"]
    assert [await found_by(store, "comment"), await found_by(store, "content")] == [["new", "old", "changed"], ["new"]]
    await unchanged(store, database, past)


async def test_a_forgotten_content_does_not_come_back(store):
    """By a registration that completes what a receipt has told of."""
    message = a_message("m-1", created_at=OLD)
    await store.submit(a_vote("m-1", receipt=Receipt(message, OLD, NEW)))
    await forget_old(store, Kept.CONTENTS)
    await store.register([a_message("m-1", created_at=OLD, content="late")])
    assert (await store.message("acme", "m-1")).content is None


async def test_who_votes_at_the_same_moment_is_not_found_by_a_forgotten_content(store, database, monkeypatch):
    monkeypatch.setattr(retaining, "LOOKED_AT_MAX", 10)
    await store.register([a_message(f"m-{n}", content="bygone", created_at=OLD) for n in range(40)])
    await asyncio.gather(forget_old(store, Kept.CONTENTS), *(
        store.submit(a_vote(f"m-{n}", vote=DISLIKE, comment="said", at=NEW)) for n in range(40)))
    assert await found_by(store, "bygone") == []
    page = await store.review_queue("acme", ReviewFilter(search="said"), limit=99, cursor=None)
    assert len(page.items) == 40
    assert await wrong(store, database) == []


async def test_old_votes_are_nobodys(store, database, past):
    """Those that were changed since are not old. What was never voted on stays as it is."""
    await forget_old(store, Kept.VOTES)
    page = await store.feedback("acme", FeedbackFilter(), limit=99, cursor=None)
    assert {it.message.id for it in page.items if it.feedback.subject == ANNA} == {"new", "changed"}
    assert {it.feedback.subject.kind for it in page.items} == {SubjectKind.USER, SubjectKind.ERASED}
    assert [await store.message("acme", it) for it in ("old", "m-1", "m-2", "m-3")] == [None] * 4
    assert (await store.message("acme", "m-4")).owner == GUEST
    assert await comments(store, "changed") == ["changed comment", "later comment"]
    assert (await store.message("acme", "q")).role is Role.USER
    await unchanged(store, database, past)


async def test_all_of_it_together_and_again(store, database, past):
    for _ in range(2):
        for what in Kept:
            await forget_old(store, what)
    await unchanged(store, database, past)


async def test_what_is_not_old_yet_is_left_alone(store, past):
    before = [await store.history("acme", it) for it in ("old", "new", "changed", "m-2")]
    for what in Kept:
        await forget_old(store, what, OLD)
    assert before == [await store.history("acme", it) for it in ("old", "new", "changed", "m-2")]
    assert await numbers(store) == past


async def test_other_projects_are_left_alone(store):
    await store.register([a_message("g", project_id="globex", content="kept", owner=BORIS)])
    await store.submit(a_vote("g", project_id="globex", comment="kept", subject=BORIS))
    for what in Kept:
        await forget_old(store, what)
    assert (await store.message("globex", "g")).content == "kept"
    assert [it.comment for it in await store.history("globex", "g")] == ["kept"]


async def test_a_vote_of_an_hours_end_stays_in_its_hour(database, clock):
    """Of a zone whose hours begin at the half."""
    zones = {"acme": "Asia/Kolkata"}
    store = await open_store(database, decide, now=clock, zones=zones)
    try:
        for n in range(8):
            await store.register([a_message(f"m-{n}", created_at=OLD + n * HOUR // 4)])
            await store.submit(a_vote(f"m-{n}", at=OLD + n * HOUR // 4))
        before = await by_bucket(store)
        await forget_old(store, Kept.VOTES)
        await fold_all(store)
        await store._write(recount, zones)
        assert await by_bucket(store) == before
    finally:
        await store.close()
