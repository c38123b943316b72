"""What is a person's is found and erased, all of it and nobody else's, and the numbers stay what the votes say."""

import asyncio
from dataclasses import replace

import pytest
from counting import fold_all
from databases import opened
from examples import ANNA, BORIS, DAY, DISLIKE, GUEST, HOUR, LIKE, NOW, VISITOR, a_message, a_vote
from opening import open_store
from strangers import A_REVIEW, LATER, OTHER_GUEST, a_guest_with_a_past, by_bucket, link, their_vote, theirs, wrong

from plaudit import audit
from plaudit.counts import Grouping, Selection
from plaudit.deeds import Action, Deed, ReviewFilter
from plaudit.errors import Conflict
from plaudit.events import Endpoint
from plaudit.model import FeedbackFilter, Receipt, Role, SubjectKind
from plaudit.people import Erased, Person, Traces
from plaudit.rules import decide
from plaudit.store import erasing
from plaudit.store.recount import recount

pytestmark = pytest.mark.anyio

DEED = Deed("operator", Action.SUBJECT_ERASED, LATER, {"removes_votes": False})
MARK = "xyzzy"  # is in every word of Anna's


async def erase(store, subject=ANNA, *, removes_votes=False, device=None):
    return await store.erase("acme", Person(subject, device), DEED, removes_votes=removes_votes)


async def anna_with_a_past(store):
    """Two conversations, of which one was a guest's, votes, comments, reviews; and a message of Boris'."""
    await a_guest_with_a_past(store)
    await link(store)
    await store.register([
        a_message("a-2", conversation_id="a", content=f"{MARK} answers", metadata={"of": MARK}, model="gpt-z",
                  trace_id=MARK, span_id=MARK, in_reply_to=MARK, arms={"tone": "warm"}, created_at=NOW + HOUR),
        a_message("b-1", conversation_id="b", owner=BORIS, content="Boris'", model="gpt-x")])
    await store.submit(a_vote("a-2", vote=DISLIKE, comment=f"{MARK} first", reasons=("slow",), at=NOW + 2 * HOUR))
    await store.submit(a_vote("a-2", vote=LIKE, comment=f"{MARK} then", reasons=("slow",), at=NOW + 3 * HOUR + 7))
    await store.submit(a_vote("b-1", subject=BORIS, vote=DISLIKE, comment="of Boris"))
    await store.review("acme", "a-2", ANNA, 2, replace(A_REVIEW, note=f"{MARK} says so"))


async def all_numbers(store):
    return await store.counts("acme", Selection(), [Grouping()]), await by_bucket(store), await store.counts(
        "acme", Selection(has_comment=True), [Grouping()])


async def listed(store):
    page = await store.feedback("acme", FeedbackFilter(), limit=1000, cursor=None)
    return [it.feedback for it in page.items]


# ---------------------------------------------------------------- what stays


async def test_numbers_stay_exactly_what_they_were(store, database):
    await anna_with_a_past(store)
    before = await all_numbers(store)
    erased = await erase(store)
    assert erased == Erased(conversations=3, messages=7, votes=4, entries=11, reviews=2, identities=1)
    assert await all_numbers(store) == before
    assert await wrong(store, database) == []
    assert await all_numbers(store) == before


async def test_a_recount_gives_the_same_numbers(store, database):
    await anna_with_a_past(store)
    before = await all_numbers(store)
    await erase(store)
    await store._write(recount, {})
    assert await all_numbers(store) == before
    assert await wrong(store, database) == []


async def test_a_vote_that_stays_says_nothing_of_whose_it_was(store):
    await anna_with_a_past(store)
    await erase(store)
    [vote] = [it for it in await listed(store) if NOW + 2 * HOUR < it.updated_at < LATER]
    message = await store.message("acme", vote.message_id)
    assert (vote.subject.kind, message.owner) == (SubjectKind.ERASED, vote.subject)
    assert (vote.vote, vote.comment, vote.reasons, vote.revision, vote.created_at, vote.updated_at) == (
        LIKE, "", ("slow",), 1, NOW + 3 * HOUR, NOW + 3 * HOUR)
    assert (message.model, message.arms, message.created_at) == ("gpt-z", {"tone": "warm"}, NOW + HOUR)
    assert [message.content, message.trace_id, message.span_id, message.in_reply_to, message.metadata] == [
        None, None, None, None, {}]
    assert await store.conversation("acme", message.conversation_id) is None
    assert await store.history("acme", vote.message_id) == [vote]


async def test_no_two_votes_that_stay_are_known_to_be_one_persons(store):
    await anna_with_a_past(store)
    await erase(store)
    nobody = [it for it in await listed(store) if it.subject != BORIS]
    assert len(nobody) == len({it.subject for it in nobody}) == len({it.message_id for it in nobody}) == 4
    assert not {it.message_id for it in nobody} & {"m-1", "m-2", "a-1", "a-2"}


async def test_nothing_of_it_is_to_be_reviewed_or_found(store):
    await anna_with_a_past(store)
    await erase(store)
    for wanted in (ReviewFilter(reviewed=None), ReviewFilter(reviewed=None, search="boris")):
        page = await store.review_queue("acme", wanted, limit=9, cursor=None)
        assert [it.rated.message.id for it in page.items] == ["b-1"]
    page = await store.review_queue("acme", ReviewFilter(reviewed=None, search=MARK), limit=9, cursor=None)
    assert page.items == ()
    assert await store.reviews("acme", "a-2") == []


async def test_only_what_models_said_stays(store):
    await store.register([a_message("q", role=Role.USER), a_message("h", role=Role.HUMAN_AGENT), a_message("m-1")])
    await store.submit(a_vote("h"))
    await store.submit(a_vote("m-1"))
    assert (await erase(store)).votes == 2
    assert [it.vote for it in await listed(store)] == [LIKE]


# ---------------------------------------------------------------- what goes


async def test_votes_that_are_removed_are_counted_no_more(store, database):
    await anna_with_a_past(store)
    await erase(store, removes_votes=True)
    assert [it.subject for it in await listed(store)] == [BORIS]
    [[only]] = await store.counts("acme", Selection(), [Grouping()])
    assert (only.counts.shown.count(0), sum(only.counts.shown), sum(only.counts.dislikes)) == (63, 1, 1)
    assert await wrong(store, database) == []


@pytest.mark.parametrize("removes_votes", [False, True])
async def test_all_of_it_is_gone(store, database, removes_votes):
    await anna_with_a_past(store)
    await erase(store, removes_votes=removes_votes)
    for message_id in ("q", "m-1", "m-2", "m-3", "m-4", "a-1", "a-2"):
        assert await store.message("acme", message_id) is None
        assert await store.history("acme", message_id) == []
    assert await store.traces("acme", Person(ANNA)) == Traces()
    assert await store.linked("acme", GUEST) is None
    assert words_of(database, MARK, "auth0|anna", GUEST.name, "late") == []


def words_of(database, *words):
    """Rows of whatever table that hold one of them."""
    tables = ("messages", "conversations", "feedback", "history", "reviews", "review_queue", "links", "visitors",
              "guest_devices", "audit", "outbox", "dead_letters")
    with opened(database) as reading:
        return [(table, row) for table in tables for row in reading.rows(f"SELECT * FROM {table}")
                for word in words if word in repr(row)]


async def test_others_and_other_projects_are_left_alone(store, database):
    await anna_with_a_past(store)
    await store.register([replace(a_message("g"), project_id="globex")])
    await store.submit(a_vote("g", project_id="globex"))
    before = [await store.message("acme", "b-1"), await store.history("acme", "b-1"),
              await store.message("globex", "g"), await store.history("globex", "g")]
    await erase(store)
    assert before == [await store.message("acme", "b-1"), await store.history("acme", "b-1"),
                      await store.message("globex", "g"), await store.history("globex", "g")]
    assert await wrong(store, database) == []


@pytest.mark.parametrize("slice_of", [1, 2, 3])
async def test_however_little_is_erased_at_once_all_of_it_is(store, database, monkeypatch, slice_of):
    monkeypatch.setattr(erasing, "MESSAGES_MAX", slice_of)
    monkeypatch.setattr(erasing, "CONVERSATIONS_MAX", 1)
    await anna_with_a_past(store)
    before = await all_numbers(store)
    assert await erase(store) == Erased(conversations=3, messages=7, votes=4, entries=11, reviews=2, identities=1)
    assert await all_numbers(store) == before
    assert await wrong(store, database) == []
    log = await store.audit_log("acme", action=Action.SUBJECT_ERASED, limit=99)
    assert len(log) >= 3
    assert sum(entry.details["messages"] for entry in log) == 7


async def test_who_was_interrupted_goes_on(store, database, monkeypatch):
    """After any part of it nothing contradicts itself, and the numbers are right."""
    monkeypatch.setattr(erasing, "MESSAGES_MAX", 2)
    await anna_with_a_past(store)
    before = await all_numbers(store)
    it = erasing.Erasure("acme", Person(ANNA), DEED, removes_votes=False)
    part = await store._write(erasing.erase, it, Traces(), {})
    assert (part.more, part.messages) == (True, 2)
    assert await wrong(store, database) == []
    assert await all_numbers(store) == before
    assert (await erase(store)).messages == 5


async def test_devices_are_forgotten(store):
    await store.visitor("acme", "device", VISITOR.name, NOW)
    await store.visitor("acme", "other", "somebody else", NOW)
    assert (await store.traces("acme", Person(VISITOR))).visitor_devices == ("device",)
    assert (await erase(store, VISITOR)).identities == 1
    assert await store.visitor("acme", "device", "new", NOW) == ("new", True)
    assert await store.visitor("acme", "other", "new", NOW) == ("somebody else", False)


async def test_a_guests_binding_is_forgotten(store):
    """Another device may be the first one again."""
    await store.bind_device("acme", "user", "device", NOW, only_first=True)
    assert (await erase(store, GUEST, device=("user", "other"))).identities == 0
    assert (await erase(store, GUEST, device=("user", "device"))).identities == 1
    assert (await store.bind_device("acme", "user", "other", NOW, only_first=True)).bound_at == NOW


async def test_a_guest_who_has_become_a_user_is_the_user(store):
    await anna_with_a_past(store)
    await store.bind_device("acme", "user", "device", NOW, only_first=True)
    with pytest.raises(Conflict):
        await erase(store, GUEST, device=("user", "device"))
    assert len(await store.history("acme", "m-2")) == 3


# ---------------------------------------------------------------- the outbox


async def test_what_endpoints_were_not_told_they_are_not_told_any_more(database, clock):
    hook = Endpoint("hook", "acme", "https://hook.example/")
    store = await open_store(database, decide, now=clock, endpoints={"acme": [hook]})
    try:
        await anna_with_a_past(store)
        [held] = [it for it in await store.held("acme", "a", limit=9, offset=0) if it.message.id == "a-2"]
        assert held.deliveries == (("hook", "dislike", False), ("hook", "like", False))
        assert (await erase(store)).deliveries == 11
        assert [it.event.feedback.subject for it in await store.claim(hook, (), 99)] == [BORIS]
    finally:
        await store.close()


# ---------------------------------------------------------------- the audit log


async def test_it_is_logged_without_a_name(store):
    await anna_with_a_past(store)
    await erase(store)
    [entry] = await store.audit_log("acme", action=Action.SUBJECT_ERASED, limit=99)
    assert entry.details == {"removes_votes": False, "votes": 4, "conversations": 3, "messages": 7, "entries": 11,
                             "reviews": 2, "deliveries": 0, "identities": 1}
    assert audit.broken(await store.audit_log("acme", limit=99)) is None


async def test_nothing_to_erase_is_no_entry(store):
    assert await erase(store) == Erased()
    assert await store.audit_log("acme", limit=99) == []


# ---------------------------------------------------------------- afterwards, and meanwhile


async def test_who_comes_again_begins_anew(store, database):
    await anna_with_a_past(store)
    await erase(store)
    assert [it.created for it in await store.register([a_message("a-2", conversation_id="a")])] == [True]
    voted = await store.submit(a_vote("a-2"))
    assert (voted.revision, voted.comment) == (1, None)
    await store.register([theirs("late", GUEST, conversation_id="late")])
    assert (await store.message("acme", "late")).owner == GUEST
    assert await wrong(store, database) == []


async def test_a_receipt_of_before_brings_no_content_back(store, database):
    """It has none; the answer is counted anew."""
    message = a_message("m-1", content=f"{MARK} content")
    await store.register([message])
    await erase(store)
    receipt = Receipt(replace(message, content=None), NOW, LATER)
    assert (await store.submit(a_vote("m-1", receipt=receipt))).revision == 1
    assert (await store.message("acme", "m-1")).content is None
    assert sum(numbers[0] for numbers in (await by_bucket(store)).values()) == 2
    assert await wrong(store, database) == []


@pytest.mark.parametrize("removes_votes", [False, True])
async def test_votes_links_and_registrations_at_the_same_moment_contradict_nothing(store, database, removes_votes):
    guests = [GUEST, OTHER_GUEST]
    for guest in guests:
        await store.register([theirs(f"{guest.name[:2]}-{n}", guest, conversation_id=f"{guest.name[:2]}-{n % 3}",
                                     content="words") for n in range(12)])
    outcomes = await asyncio.gather(
        *(store.submit(their_vote(f"{guest.name[:2]}-{n}", guest, vote=vote, comment="words"))
          for guest in guests for n in range(12) for vote in (LIKE, DISLIKE)),
        *(erase(store, guest, removes_votes=removes_votes) for guest in guests), link(store, OTHER_GUEST),
        *(store.register([theirs(f"new-{n}", GUEST, conversation_id=f"5f-{n % 3}")]) for n in range(6)),
        return_exceptions=True)
    assert {type(it).__name__ for it in outcomes if isinstance(it, Exception)} <= {"NotFound", "Forbidden", "Conflict"}
    assert await wrong(store, database) == []
    for subject in (GUEST, ANNA):
        await erase(store, subject, removes_votes=removes_votes)
    await fold_all(store)
    assert words_of(database, "words", GUEST.name, "auth0|anna") == []
    assert await wrong(store, database) == []


async def test_a_year_of_a_busy_person_is_erased_in_parts(store, database):
    await store.register([a_message(f"m-{n:04}", conversation_id=f"c-{n % 7}", created_at=NOW + n * DAY // 3)
                          for n in range(330)])
    for start in range(0, 330, 110):
        await asyncio.gather(*(store.submit(a_vote(f"m-{n:04}")) for n in range(start, start + 110)))
    before = await all_numbers(store)
    assert (await erase(store)).votes == 330
    assert await all_numbers(store) == before
    assert await wrong(store, database) == []
