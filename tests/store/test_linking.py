"""A guest or a visitor becomes a user: all that was theirs is the user's, at once, for good, and the numbers follow."""

from dataclasses import replace

import pytest
from counting import fold_all, wrong_totals
from examples import ANNA, BORIS, DAY, DISLIKE, GUEST, HOUR, LIKE, NOW, VISITOR, a_vote
from strangers import (
    A_REVIEW,
    BOUND,
    LATER,
    OTHER_GUEST,
    a_guest_with_a_past,
    by_bucket,
    link,
    their_vote,
    theirs,
    wrong,
)

from plaudit.deeds import ReviewFilter
from plaudit.errors import Conflict, Forbidden, Invalid
from plaudit.model import AuthLevel, Contract, Conversation, FeedbackFilter, Linked, Plan, Project, Receipt, Voter
from plaudit.ports import Registered
from plaudit.service import Service
from plaudit.store import linking
from plaudit.store.tally import bucket_of

pytestmark = pytest.mark.anyio

async def votes(store):
    page = await store.feedback("acme", FeedbackFilter(), limit=1000, cursor=None)
    return {each.message.id: (each.message.owner, each.feedback.subject, each.feedback.vote) for each in page.items}


@pytest.fixture
async def guest(store):
    return await a_guest_with_a_past(store)


async def test_all_of_it_is_the_users(store, guest, database):
    assert await link(store, guest) == Linked(messages=5, votes=2, superseded=0)
    assert await votes(store) == {"m-1": (ANNA, ANNA, LIKE), "m-2": (ANNA, ANNA, DISLIKE), "a-1": (ANNA, ANNA, LIKE)}
    for message_id in ("q", "m-1", "m-2", "m-3", "m-4"):
        assert (await store.message("acme", message_id)).owner == ANNA
    total, conversations = await store.conversations(
        "acme", ANNA, order_by="created_at", descending=True, limit=9, offset=0)
    assert (total, {it.id for it in conversations}) == (3, {"a", "c-1", "c-2"})
    assert await store.conversations(
        "acme", guest, order_by="created_at", descending=True, limit=9, offset=0) == (0, [])
    assert await store.linked("acme", guest) == ANNA
    assert await wrong(store, database) == []


async def test_a_visitor_becomes_a_user_as_well(store, database):
    await store.register([theirs(owner=VISITOR)])
    await store.submit(their_vote(subject=VISITOR, auth_level=AuthLevel.SESSION))
    assert await link(store, VISITOR) == Linked(1, 1, 0)
    assert await votes(store) == {"m-1": (ANNA, ANNA, LIKE)}
    assert await wrong(store, database) == []


async def test_who_has_nothing_becomes_a_user_all_the_same(store):
    """What they have later is the user's."""
    assert await link(store) == Linked(0, 0, 0)
    assert await store.linked("acme", GUEST) == ANNA
    assert await store.linked("acme", OTHER_GUEST) is None
    assert await store.linked("globex", GUEST) is None


async def test_the_same_link_again_finds_nothing_to_do(store, guest, database):
    await link(store, guest)
    before = [await store.history("acme", it) for it in ("m-1", "m-2", "m-3")]
    assert await link(store, guest, at=LATER + 1) == Linked(0, 0, 0)
    assert [await store.history("acme", it) for it in ("m-1", "m-2", "m-3")] == before
    assert await wrong(store, database) == []


@pytest.mark.parametrize("owner", [GUEST, VISITOR])
async def test_who_has_become_a_user_becomes_no_other(store, owner):
    await store.register([theirs(owner=owner)])
    await link(store, owner)
    with pytest.raises(Conflict) as refused:
        await link(store, owner, BORIS)
    assert (refused.value.resource, refused.value.field) == (owner.kind.value, "user")
    assert (await store.message("acme", "m-1")).owner == ANNA


async def test_several_may_become_the_same_user(store, database):
    """A person has more than one device."""
    for number, owner in enumerate((GUEST, OTHER_GUEST, VISITOR)):
        await store.register([theirs(f"m-{number}", owner, conversation_id=f"c-{number}")])
        await store.submit(their_vote(f"m-{number}", owner))
        assert await link(store, owner) == Linked(1, 1, 0)
    assert await votes(store) == {f"m-{number}": (ANNA, ANNA, LIKE) for number in range(3)}
    assert await wrong(store, database) == []


async def test_others_and_other_projects_are_left_alone(store, guest, database):
    await store.register([replace(theirs(), project_id="globex"), theirs("o-1", OTHER_GUEST, conversation_id="o")])
    await store.submit(their_vote(project_id="globex"))
    await store.submit(their_vote("o-1", OTHER_GUEST))
    await link(store, guest)
    assert (await store.message("globex", "m-1")).owner == guest
    assert [it.subject for it in await store.history("globex", "m-1")] == [guest]
    assert (await store.message("acme", "o-1")).owner == OTHER_GUEST
    assert await wrong(store, database) == []


# ---------------------------------------------------------------- what follows


async def test_the_history_goes_on_as_the_users(store, guest):
    """Who submitted what remains; the link is an entry that changes nothing but whose the vote is."""
    first, second = await store.history("acme", "m-2")
    await link(store, guest)
    assert await store.history("acme", "m-2") == [
        first, second, replace(second, subject=ANNA, revision=3, updated_at=LATER)]
    taken_back = (await store.history("acme", "m-3"))[-1]
    assert (taken_back.subject, taken_back.revision, taken_back.vote) == (ANNA, 3, None)


async def test_a_visitors_history_is_in_its_order_too(store):
    """Though their name comes after the user's."""
    await store.register([theirs(owner=VISITOR)])
    await store.submit(their_vote(subject=VISITOR))
    await link(store, VISITOR)
    await store.submit(a_vote(vote=DISLIKE, at=LATER))
    assert [(it.subject, it.revision) for it in await store.history("acme", "m-1")] == [
        (VISITOR, 1), (ANNA, 2), (ANNA, 3)]


async def test_time_does_not_go_back_for_a_vote(store, guest, database):
    """Whatever the clock does."""
    await link(store, guest, at=NOW - DAY)
    assert [it.updated_at for it in await store.history("acme", "m-2")] == [NOW + 1, NOW + 2, NOW + 2]
    assert await wrong(store, database) == []


async def test_numbers_go_from_one_bucket_to_the_other(store, guest):
    there, here = bucket_of(guest.key), bucket_of(ANNA.key)
    assert there != here
    assert await by_bucket(store) == {there: (4, 1, 1), here: (1, 1, 0)}
    await link(store, guest)
    assert await by_bucket(store) == {here: (5, 2, 1)}
    await fold_all(store)
    assert await by_bucket(store) == {here: (5, 2, 1)}


@pytest.mark.parametrize("when", ["before", "between", "after"])
async def test_numbers_are_folded_in_any_order(store, guest, when):
    """What was registered, what became somebody else's, what was voted since."""
    if when == "before":
        await fold_all(store)
    await link(store, guest)
    if when == "between":
        await fold_all(store)
    await store.submit(a_vote("m-1", vote=DISLIKE, at=LATER))
    await store.submit(a_vote("m-2", vote=None, at=LATER))
    await fold_all(store)
    assert await by_bucket(store) == {bucket_of(ANNA.key): (5, 1, 1)}
    assert await wrong_totals(store) == []


async def test_a_vote_stays_reviewed_and_can_be_searched(store, guest):
    await link(store, guest)
    for search in ("late", "days"):
        page = await store.review_queue("acme", ReviewFilter(reviewed=True, search=search), limit=9, cursor=None)
        assert [(it.rated.feedback.subject, it.rated.feedback.revision, it.review) for it in page.items] == [
            (ANNA, 3, A_REVIEW)]
    assert await store.reviews("acme", "m-2") == [(ANNA, 3, A_REVIEW)]
    assert (await store.review_queue("acme", ReviewFilter(), limit=9, cursor=None)).items == ()


async def test_what_was_said_of_older_revisions_is_kept(store, guest):
    await store.submit(their_vote("m-2", vote=DISLIKE, comment="late again", at=NOW + 3))
    await link(store, guest)
    assert await store.reviews("acme", "m-2") == [(ANNA, 2, A_REVIEW)]
    [unreviewed] = (await store.review_queue("acme", ReviewFilter(), limit=9, cursor=None)).items
    assert (unreviewed.rated.feedback.subject, unreviewed.rated.feedback.comment) == (ANNA, "late again")


async def test_the_user_goes_on_with_the_votes(store, guest, database):
    """Changing and removing them; what was taken back may be voted on again."""
    await link(store, guest)
    changed = await store.submit(a_vote("m-1", vote=DISLIKE, at=LATER))
    assert (changed.revision, changed.created_at) == (3, NOW)
    assert (await store.submit(a_vote("m-3", at=LATER))).revision == 4
    assert (await store.submit(a_vote("m-4", at=LATER))).revision == 1
    assert await wrong(store, database) == []


@pytest.mark.parametrize("message_id", ["m-1", "m-3", "m-4"])
async def test_the_guests_own_headers_are_not_the_user(store, guest, message_id):
    """They are claims."""
    await link(store, guest)
    before = await store.history("acme", message_id)
    with pytest.raises(Forbidden):
        await store.submit(their_vote(message_id))
    assert await store.history("acme", message_id) == before


# ---------------------------------------------------------------- what comes late


@pytest.mark.parametrize("conversation_id", ["c-1", "c-new"])
async def test_what_is_registered_as_the_guests_is_the_users(store, guest, conversation_id, database):
    """In a conversation of before and in a new one; also what is registered again."""
    await link(store, guest)
    late = theirs("late", conversation_id=conversation_id)
    assert [it.created for it in await store.register([late, theirs("m-1"), late])] == [True, False, False]
    assert (await store.message("acme", "late")).owner == ANNA
    assert (await store.conversation("acme", conversation_id)).owner == ANNA
    await store.submit(a_vote("late", at=LATER))
    with pytest.raises(Forbidden):
        await store.submit(their_vote("late"))
    assert await wrong(store, database) == []


async def test_what_is_registered_as_the_guests_and_as_the_users_agrees(store):
    """A back end may name either in one batch."""
    await link(store)
    assert await store.register([theirs(), theirs(owner=ANNA), theirs("m-2", ANNA), theirs("m-2")]) == [
        Registered(created=True, owner=ANNA), Registered(created=False),
        Registered(created=True), Registered(created=False, owner=ANNA)]


async def test_a_conversation_that_a_visitor_opens_is_the_users(store):
    """So that what the back end registers in it finds no other owner."""
    await link(store, VISITOR)
    await store.create_conversation(Conversation("acme", "c-9", VISITOR, LATER, LATER))
    assert (await store.conversation("acme", "c-9")).owner == ANNA
    assert await store.register([theirs("m-9", VISITOR, conversation_id="c-9")]) == [
        Registered(created=True, owner=ANNA)]


async def test_somebody_elses_is_refused_as_ever(store, guest):
    """Who has become Anna does not own what Boris does."""
    await store.register([theirs("b-1", BORIS, conversation_id="b")])
    await link(store, guest)
    conflict, other = await store.register([theirs("b-1", conversation_id="b"), theirs("b-2", conversation_id="b")])
    assert (conflict.resource, conflict.field) == ("message", "owner")
    assert (other.resource, other.field) == ("conversation", "owner")


# ---------------------------------------------------------------- receipts of before

PROJECT = Project(id="acme", name="Acme", plan=Plan("pro", frozenset({"feedback"})), feedback_plan="pro")


@pytest.fixture
def service(store, clock):
    return Service(store, now=clock, new_id=lambda: "unused")


async def votes_by_receipt(service, subject, level, *, bearer=False, owner=GUEST):
    """On an answer that nobody has registered."""
    receipt = Receipt(theirs("m-9", owner, conversation_id="c-9"), NOW, NOW + HOUR, bearer=bearer)
    return await service.submit(Voter(PROJECT, subject, level), Contract.PLAUDIT, "m-9", LIKE, receipt=receipt)


async def test_a_receipt_for_the_guest_is_one_for_the_user(service, store):
    """Who signs in while an answer is on the screen votes with the receipt that came with it."""
    with pytest.raises(Forbidden):
        await votes_by_receipt(service, ANNA, AuthLevel.JWT)
    await link(store)
    assert (await votes_by_receipt(service, ANNA, AuthLevel.JWT)).subject == ANNA
    assert (await store.message("acme", "m-9")).owner == ANNA


@pytest.mark.parametrize("owner", [GUEST, VISITOR])
async def test_who_holds_a_bearers_receipt_for_the_guest_votes_as_the_user(service, store, owner):
    """The application says so, not the guest."""
    await link(store, owner)
    stored = await votes_by_receipt(service, owner, AuthLevel.RECEIPT, bearer=True, owner=owner)
    assert (stored.subject, stored.auth_level) == (ANNA, AuthLevel.RECEIPT)


@pytest.mark.parametrize(("subject", "level"), [(GUEST, BOUND), (BORIS, AuthLevel.JWT), (OTHER_GUEST, BOUND)])
async def test_nobody_else_votes_with_the_guests_receipt(service, store, subject, level):
    """Nor does the guest, whose headers are claims."""
    await link(store)
    with pytest.raises(Forbidden):
        await votes_by_receipt(service, subject, level)
    assert await store.history("acme", "m-9") == []


@pytest.mark.parametrize(("owner", "user"), [(ANNA, BORIS), (ANNA, ANNA), (GUEST, OTHER_GUEST), (GUEST, VISITOR)])
async def test_it_is_one_way(service, owner, user):
    with pytest.raises(Invalid):
        await service.link("acme", owner, user)


# ---------------------------------------------------------------- where both have voted


async def voted_by_both(store, *, guest_votes, user_votes):
    """Only a message that changes hands has votes of two, and only this test changes hands."""
    await store.register([theirs(owner=ANNA, content="It takes ten days.")])
    for changes in user_votes:
        await store.submit(a_vote(**changes))
    await store._write(handed_over, ANNA, GUEST)
    for changes in guest_votes:
        await store.submit(their_vote(**changes))


def handed_over(before, after):
    """The message alone: the user's votes stay the user's, and are not counted any more."""
    names = {"project_id": "acme", "owner": before.key, "user": after.key}
    found = yield linking.Ask("read_messages_to_give", {**names, "ids": ["m-1"]})
    yield linking.Ask("give_messages", {**names, "ids": ["m-1"]})
    owned = [linking.owned_of(row)._replace(user_has_voted=True) for row in found]
    [change_id] = yield from linking.take_numbers(1)
    yield from linking._count(linking.Link("acme", before, after, NOW), owned, change_id, {})
    conversation = Conversation("acme", "c-1", after, NOW, NOW)
    yield linking.Put("give_conversation", [linking.rows.conversation_row(conversation)])


async def test_the_users_own_vote_stands(store, database):
    """The other one ends, and remains in the history."""
    await voted_by_both(store, user_votes=[{}], guest_votes=[{"vote": DISLIKE, "comment": "late"}])
    assert await link(store) == Linked(messages=1, votes=0, superseded=1)
    assert await votes(store) == {"m-1": (ANNA, ANNA, LIKE)}
    assert [(it.subject, it.revision, it.vote, it.comment) for it in await store.history("acme", "m-1")] == [
        (ANNA, 1, LIKE, None), (GUEST, 1, DISLIKE, "late"), (GUEST, 2, None, None)]
    assert await by_bucket(store) == {bucket_of(ANNA.key): (1, 1, 0)}
    assert (await store.review_queue("acme", ReviewFilter(reviewed=None), limit=9, cursor=None)).items == ()
    assert await wrong(store, database) == []


async def test_so_does_that_the_user_has_taken_it_back(store, database):
    await voted_by_both(store, user_votes=[{}, {"vote": None}], guest_votes=[{}])
    assert await link(store) == Linked(messages=1, votes=0, superseded=1)
    assert await votes(store) == {}
    assert await wrong(store, database) == []


async def test_what_was_taken_back_already_needs_no_end(store, database):
    await voted_by_both(store, user_votes=[{"vote": DISLIKE}], guest_votes=[{}, {"vote": None}])
    before = await store.history("acme", "m-1")
    assert await link(store) == Linked(messages=1, votes=0, superseded=0)
    assert await store.history("acme", "m-1") == before
    assert await by_bucket(store) == {bucket_of(ANNA.key): (1, 0, 1)}
    assert await wrong(store, database) == []
    await store.submit(a_vote(at=LATER))
    assert await wrong(store, database) == []
