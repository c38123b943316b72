"""What `Store.write_import` takes over: histories as they were, once, and only where the database does not contradict.
On both databases."""

from dataclasses import replace

import pytest
from counting import wrong_totals
from examples import ANNA, BORIS, DISLIKE, GUEST, HOUR, LIKE, NOW, VISITOR, a_message, a_vote
from opening import open_store

from plaudit.deeds import ReviewFilter
from plaudit.events import Endpoint
from plaudit.imported import Told, Verdict
from plaudit.model import AuthLevel, Contract, Feedback, Role
from plaudit.rules import decide
from plaudit.store import importing

pytestmark = pytest.mark.anyio


def an_entry(revision=1, **changes) -> Feedback:
    """A revision of Anna's vote, an hour after the one before it."""
    return Feedback(**{
        "project_id": "acme", "message_id": "m-1", "subject": ANNA, "auth_level": AuthLevel.SERVER_KEY,
        "contract": Contract.DIFY, "vote": LIKE, "comment": None, "revision": revision, "created_at": NOW,
        "updated_at": NOW + (revision - 1) * HOUR, **changes})


def told(*chains, question=None, **changes) -> Told:
    return Told(a_message(**changes), chains or ((an_entry(),),), question)


CHANGED = (an_entry(), an_entry(2, vote=DISLIKE, comment="too slow", reasons=("late",)))


async def votes(store, message_id="m-1"):
    return await store.history("acme", message_id)


async def queued(store, **wanted):
    page = await store.review_queue("acme", ReviewFilter(**wanted), limit=20, cursor=None)
    return [item.rated.message.id for item in page.items]


async def test_a_vote_comes_with_its_history_and_its_answer(store):
    """Its own times; the totals, the queue and the words of its search as if it had been given here."""
    given = [told(CHANGED, content="In ten days.", model="gpt-x", created_at=NOW - HOUR)]
    assert await store.judge_import("acme", given) == [Verdict(new=2)]
    assert await store.message("acme", "m-1") is None
    assert await store.write_import("acme", given) == [Verdict(new=2)]
    assert await votes(store) == list(CHANGED)
    assert await store.message("acme", "m-1") == given[0].message
    assert await wrong_totals(store) == []
    assert await queued(store, search="slow") == await queued(store, search="days") == ["m-1"]


async def test_the_same_again_changes_nothing(store):
    """Neither does an older part of it, nor what was voted here since."""
    await store.write_import("acme", [told(CHANGED)])
    await store.submit(a_vote(at=NOW + 5 * HOUR))
    before = await votes(store)
    for given, there in ((told(CHANGED), 2), (told(CHANGED[:1]), 1)):
        assert await store.judge_import("acme", [given]) == [Verdict(there=there)]
        assert await store.write_import("acme", [given]) == [Verdict(there=there)]
    assert await votes(store) == before
    assert await wrong_totals(store) == []


async def test_a_later_part_goes_on_where_the_first_one_ended(store):
    """Each revision follows the one before it."""
    third = an_entry(3, vote=None)
    await store.write_import("acme", [told(CHANGED[:1])])
    assert await store.write_import("acme", [told((*CHANGED, third))]) == [Verdict(new=2, there=1)]
    assert await votes(store) == [*CHANGED, third]
    assert (await wrong_totals(store), await queued(store)) == ([], [])
    stored = await store.submit(a_vote(at=NOW + 9 * HOUR))
    assert stored.revision == 4


@pytest.mark.parametrize(("changes", "refused"), [
    ({"owner": BORIS}, "the answer is known as somebody else's"),
    ({"conversation_id": "c-2"}, "the answer is known in another conversation"),
    ({"role": Role.HUMAN_AGENT}, "the message is known with another role"),
    ({"id": "m-2", "owner": BORIS}, "the conversation is known as somebody else's"),
])
async def test_an_answer_that_is_known_otherwise_is_refused(store, changes, refused):
    """And its neighbours are not."""
    await store.register([a_message()])
    other = told((an_entry(message_id="n-1"),), id="n-1", conversation_id="c-9")
    assert await store.judge_import("acme", [told(**changes), other]) == [Verdict(refused=refused), Verdict(new=1)]
    assert await store.write_import("acme", [told(**changes), other]) == [Verdict(refused=refused), Verdict(new=1)]
    assert (await votes(store), len(await votes(store, "n-1"))) == ([], 1)


@pytest.mark.parametrize("chain", [
    (an_entry(vote=DISLIKE),), (an_entry(comment="other"),), (an_entry(created_at=NOW - 1),),
    (an_entry(), an_entry(2, vote=LIKE)), (an_entry(contract=Contract.LANGFUSE),), (an_entry(reasons=("late",)),)])
async def test_a_vote_that_says_something_else_is_refused(store, chain):
    await store.write_import("acme", [told(CHANGED)])
    assert await store.write_import("acme", [told(chain)]) == [Verdict(refused=importing.ANOTHER_VOTE)]
    assert await votes(store) == list(CHANGED)


async def test_a_guest_who_had_become_a_user_keeps_that_history(store):
    """Also where the user had voted before, so that the guest's vote had ended."""
    moved = (an_entry(subject=GUEST), an_entry(2))
    ended = (an_entry(message_id="m-2", subject=GUEST), an_entry(2, message_id="m-2", subject=GUEST, vote=None))
    own = (an_entry(message_id="m-2", vote=DISLIKE),)
    given = [told(moved), told(ended, own, id="m-2")]
    assert await store.write_import("acme", given) == [Verdict(new=2), Verdict(new=3)]
    assert await store.write_import("acme", given) == [Verdict(there=2), Verdict(there=3)]
    assert (await votes(store), len(await votes(store, "m-2"))) == (list(moved), 3)
    assert (await wrong_totals(store), await queued(store)) == ([], ["m-2"])


async def test_a_visitor_who_is_a_user_here_votes_as_that_user(store):
    """Linked before the import or after it, the same again changes nothing."""
    await store.link("acme", VISITOR, ANNA, NOW)
    given = [told((an_entry(subject=VISITOR),), owner=VISITOR)]
    assert await store.write_import("acme", given) == [Verdict(new=1)]
    assert await votes(store) == [an_entry()]
    later = [told((an_entry(message_id="m-2", subject=GUEST),), id="m-2", conversation_id="c-2", owner=GUEST)]
    assert await store.write_import("acme", later) == [Verdict(new=1)]
    await store.link("acme", GUEST, BORIS, NOW + HOUR)
    assert await store.write_import("acme", [*given, *later]) == [Verdict(there=1), Verdict(there=1)]
    assert await wrong_totals(store) == []


async def test_no_endpoint_is_told(database, clock):
    """The control: of a vote that is given here it is."""
    store = await open_store(database, decide, now=clock, endpoints={
        "acme": [Endpoint("all", "acme", "https://receiver.example/")]})
    await store.write_import("acme", [told(CHANGED)])
    assert await store.backlogs() == []
    await store.submit(a_vote(at=NOW + 5 * HOUR))
    assert len(await store.backlogs()) == 1
    await store.close()


async def test_a_question_is_registered_where_nobody_knows_of_it(store):
    question = a_message("q-1", role=Role.USER, content="When?", created_at=NOW - 1)
    await store.write_import("acme", [told(question=question, in_reply_to="q-1")])
    assert await store.message("acme", "q-1") == question
    again = told(question=replace(question, content="Something else?"))
    assert await store.write_import("acme", [again]) == [Verdict(there=1)]
    assert await store.message("acme", "q-1") == question


async def test_who_votes_between_the_look_and_the_write_is_found(postgres_url, clock, monkeypatch):
    """The first look misses the vote: nothing is written, and the second one sees it."""
    judged, looks = importing._judged, []

    def missing_it_once(project_id, given):
        looks.append((yield from judged(project_id, given)))
        return [importing._Judged(given[0])] if len(looks) == 1 else looks[-1]

    store = await open_store(postgres_url, decide, now=clock)
    await store.register([a_message()])
    await store.submit(a_vote())
    monkeypatch.setattr(importing, "_judged", missing_it_once)
    assert await store.write_import("acme", [told()]) == [Verdict(refused=importing.ANOTHER_VOTE)]
    assert (len(looks), [vote.contract for vote in await votes(store)]) == (2, [Contract.HANDAUNCLE])
    await store.close()
