"""One standing vote for each message and subject; everything accepted is a revision."""

import asyncio
from dataclasses import replace

import pytest
from examples import ANNA, BORIS, DAY, DISLIKE, GUEST, HOUR, LIKE, NOW, ODD_COMMENTS, VISITOR, a_message, a_vote

from plaudit.errors import Forbidden, Invalid, NotFound
from plaudit.model import AuthLevel, Contract, Feedback, FeedbackFilter, Role

pytestmark = pytest.mark.anyio


async def standing(store, message_id="m-1", project_id="acme"):
    """What reads show of a message: its feedback, or None."""
    page = await store.feedback(project_id, FeedbackFilter(message_id=message_id), limit=10, cursor=None)
    assert len(page.items) <= 1
    return page.items[0].feedback if page.items else None


async def outcomes(store, submissions):
    """All at once: an answer or a refusal each."""
    return await asyncio.gather(*map(store.submit, submissions), return_exceptions=True)


# ---------------------------------------------------------------- one row


async def test_a_vote_is_stored_whole_and_read_back(store):
    """What comes back is what was sent, the first revision of it."""
    await store.register([a_message()])
    expected = Feedback("acme", "m-1", ANNA, AuthLevel.JWT, Contract.HANDAUNCLE, LIKE, "Thank you", 1, NOW, NOW)
    assert await store.submit(a_vote(comment="Thank you")) == expected
    assert await standing(store) == expected
    assert await store.history("acme", "m-1") == [expected]


async def test_the_last_vote_stands_and_all_are_remembered(store):
    """One row for the key, a history entry for each change, in the order of arrival."""
    await store.register([a_message()])
    accepted = [
        await store.submit(a_vote(vote=LIKE, comment="good")),
        await store.submit(a_vote(vote=DISLIKE, contract=Contract.SITEASSIST, auth_level=AuthLevel.SESSION,
                                  at=NOW + 1)),
        await store.submit(a_vote(vote=LIKE, comment="good after all", at=NOW + 2)),
    ]
    assert [it.revision for it in accepted] == [1, 2, 3]
    assert [it.created_at for it in accepted] == [NOW, NOW, NOW]
    assert await standing(store) == accepted[-1]
    assert await store.history("acme", "m-1") == accepted


async def test_a_repeated_value_is_a_revision(store):
    """Every accepted submission counts, also one that changes nothing."""
    await store.register([a_message()])
    first = await store.submit(a_vote())
    again = await store.submit(a_vote(at=NOW + 1))
    assert again == replace(first, revision=2, updated_at=NOW + 1)


async def test_a_comment_is_overwritten_with_its_vote(store):
    """A submission without a comment clears the one before."""
    await store.register([a_message()])
    await store.submit(a_vote(comment="good"))
    assert (await store.submit(a_vote())).comment is None
    assert (await standing(store)).comment is None


async def test_removal_leaves_no_vote_but_goes_on_counting(store):
    """The row stays: the vote after a removal is the third revision, not the first."""
    await store.register([a_message()])
    first = await store.submit(a_vote())
    removed = await store.submit(a_vote(vote=None, at=NOW + 1))
    assert removed == replace(first, vote=None, revision=2, updated_at=NOW + 1)
    assert await standing(store) is None
    assert (await store.submit(a_vote(at=NOW + 2))).revision == 3


@pytest.mark.parametrize("before", [(), (LIKE, None)], ids=["never there", "removed already"])
async def test_removing_what_is_not_there_is_no_revision(store, before):
    """It succeeds, answers nothing and writes nothing."""
    await store.register([a_message()])
    for vote in before:
        await store.submit(a_vote(vote=vote))
    history = await store.history("acme", "m-1")
    assert await store.submit(a_vote(vote=None)) is None
    assert await store.history("acme", "m-1") == history


async def test_projects_keep_their_votes_apart(store):
    """The same ids in two projects are two messages."""
    await store.register([a_message(), a_message(project_id="globex")])
    await store.submit(a_vote(vote=LIKE))
    await store.submit(a_vote(vote=DISLIKE, project_id="globex"))
    assert (await standing(store)).vote is LIKE
    assert (await standing(store, project_id="globex")).vote is DISLIKE


@pytest.mark.parametrize("owner", [ANNA, GUEST, VISITOR], ids=lambda owner: owner.kind.value)
async def test_every_kind_of_subject_votes(store, owner):
    """A subject comes back as it was given."""
    await store.register([a_message(owner=owner)])
    assert (await store.submit(a_vote(subject=owner))).subject == owner
    assert (await standing(store)).subject == owner


@pytest.mark.parametrize("comment", ODD_COMMENTS, ids=lambda comment: ascii(comment[:20]))
async def test_a_comment_is_stored_as_it_is(store, comment):
    """No character means anything to the store."""
    await store.register([a_message(), a_message("m-2")])
    accepted = await outcomes(store, [a_vote(comment=comment), a_vote("m-2", comment="a neighbour")])
    assert [it.comment for it in accepted] == [comment, "a neighbour"]
    assert (await standing(store)).comment == comment
    assert [it.comment for it in await store.history("acme", "m-1")] == [comment]


@pytest.mark.parametrize("odd", ODD_COMMENTS, ids=lambda odd: ascii(odd[:20]))
async def test_an_id_is_stored_as_it_is(store, odd):
    """A message is found under exactly the id that it was registered with."""
    await store.register([a_message(odd, conversation_id=odd), a_message("m-2")])
    assert (await store.submit(a_vote(odd))).message_id == odd
    assert (await standing(store, odd)).message_id == odd
    assert await standing(store, "m-2") is None


# ---------------------------------------------------------------- many at once


async def test_64_at_once_on_one_message_get_an_answer_each(store):
    """Revisions rise by one in arrival order, every caller sees its own, the last stands."""
    await store.register([a_message()])
    submissions = [a_vote(vote=DISLIKE if n % 3 else LIKE, comment=f"number {n}", at=NOW + n) for n in range(64)]
    accepted = await outcomes(store, submissions)
    assert [it.comment for it in accepted] == [f"number {n}" for n in range(64)]
    assert [it.revision for it in accepted] == list(range(1, 65))
    assert await standing(store) == accepted[-1]
    assert await store.history("acme", "m-1") == accepted


async def test_64_at_once_by_several_subjects_do_not_mix(store):
    """Keys that differ in one part only are counted each for itself; others are refused beside them."""
    owners = {"m-1": ANNA, "m-2": BORIS, "m-3": GUEST, "m-4": VISITOR}
    await store.register([a_message(it, owner=owner, conversation_id=f"c-{it}") for it, owner in owners.items()])
    keys = [(f"m-{n % 4 + 1}", list(owners.values())[n // 4 % 4]) for n in range(64)]
    got = await outcomes(store, [a_vote(message_id, subject=subject, comment=str(n))
                                 for n, (message_id, subject) in enumerate(keys)])
    accepted = dict.fromkeys(owners, 0)
    for n, ((message_id, subject), outcome) in enumerate(zip(keys, got, strict=True)):
        if owners[message_id] != subject:
            assert isinstance(outcome, Forbidden)
            continue
        accepted[message_id] += 1
        assert (outcome.message_id, outcome.subject, outcome.comment) == (message_id, subject, str(n))
        assert outcome.revision == accepted[message_id]
    assert set(accepted.values()) == {4}


async def test_600_at_once_over_200_messages(store):
    """However a batch is cut for the database: three revisions each, all remembered, the last one standing."""
    ids = [f"m-{n}" for n in range(200)]
    await store.register([a_message(it) for it in ids])
    accepted = await outcomes(store, [a_vote(it, comment=f"{it} {n}") for n in range(3) for it in ids])
    assert [(it.message_id, it.revision, it.comment) for it in accepted] == [
        (it, n + 1, f"{it} {n}") for n in range(3) for it in ids]
    for place, it in enumerate(ids):
        assert await store.history("acme", it) == accepted[place::200]
    page = await store.feedback("acme", FeedbackFilter(), limit=201, cursor=None)
    assert by_id(it.feedback for it in page.items) == by_id(accepted[-200:])


def by_id(found):
    return sorted(found, key=lambda it: it.message_id)


async def test_one_submission_given_twice_is_two(store):
    """Callers are told apart by their call, not by what they say."""
    await store.register([a_message()])
    submission = a_vote()
    assert [it.revision for it in await outcomes(store, [submission, submission, submission])] == [1, 2, 3]


async def test_a_removal_is_decided_on_what_came_just_before(store):
    """Within one commit as well: vote, remove, remove what is gone, vote again."""
    await store.register([a_message()])
    accepted = await outcomes(store, [a_vote(vote=vote) for vote in (None, LIKE, None, None, DISLIKE)])
    assert [it and (it.vote, it.revision) for it in accepted] == [None, (LIKE, 1), (None, 2), None, (DISLIKE, 3)]


async def test_refusals_and_votes_in_one_batch_do_not_touch_each_other(store):
    """Each caller gets what it would have got alone."""
    await store.register([a_message(), a_message("m-2"), a_message("q-1", role=Role.USER)])
    got = await outcomes(store, [
        a_vote("m-1"), a_vote("nowhere"), a_vote("m-1", subject=BORIS), a_vote("q-1"), a_vote("m-2", vote=None),
        a_vote("m-1", project_id="globex"), a_vote("m-2", vote=DISLIKE),
    ])
    assert [type(it) for it in got] == [Feedback, NotFound, Forbidden, Invalid, type(None), NotFound, Feedback]
    assert (await standing(store, "m-1")).revision == 1
    assert (await standing(store, "m-2")).vote is DISLIKE


# ---------------------------------------------------------------- refusals


@pytest.mark.parametrize(("submission", "refusal"), [
    pytest.param(a_vote("nowhere", vote=DISLIKE), NotFound, id="an unknown message"),
    pytest.param(a_vote(vote=DISLIKE, project_id="globex"), NotFound, id="another project's message"),
    pytest.param(a_vote(vote=DISLIKE, subject=BORIS), Forbidden, id="another's message"),
    pytest.param(a_vote(vote=None, subject=BORIS), Forbidden, id="removing another's vote"),
    pytest.param(a_vote(vote=DISLIKE, subject=GUEST), Forbidden, id="a guest on a user's message"),
    pytest.param(a_vote("q-1"), Invalid, id="the user's own question"),
    pytest.param(a_vote("q-1", vote=None), Invalid, id="removing from the user's own question"),
])
async def test_a_refusal_changes_nothing(store, submission, refusal):
    """The row and its history stay as they were."""
    await store.register([a_message(), a_message("q-1", role=Role.USER)])
    before = await store.submit(a_vote(comment="mine"))
    with pytest.raises(refusal):
        await store.submit(submission)
    assert await standing(store) == before
    assert await store.history("acme", "m-1") == [before]
    assert await store.history(submission.project_id, "q-1") == []


async def test_a_human_agents_answer_can_be_rated(store):
    """Only what the user wrote cannot."""
    await store.register([a_message(role=Role.HUMAN_AGENT)])
    assert (await store.submit(a_vote())).vote is LIKE


# ---------------------------------------------------------------- time


@pytest.mark.parametrize(("jump", "expected"), [
    pytest.param(HOUR, NOW + HOUR, id="an hour on"),
    pytest.param(-DAY, NOW, id="a day back"),
    pytest.param(0, NOW, id="not at all"),
])
async def test_a_row_never_goes_back_in_time(store, jump, expected):
    """Whatever the clock does between two votes, the later one is not dated before the earlier."""
    await store.register([a_message()])
    await store.submit(a_vote(at=NOW))
    assert (await store.submit(a_vote(at=NOW + jump, vote=DISLIKE))).updated_at == expected
    assert [it.updated_at for it in await store.history("acme", "m-1")] == [NOW, expected]


async def test_a_row_keeps_its_time_through_a_clock_that_jumps_within_a_batch(store):
    """Forward an hour, back a day, and a removal: never back."""
    await store.register([a_message()])
    got = await outcomes(store, [
        a_vote(at=NOW), a_vote(at=NOW + HOUR), a_vote(at=NOW - DAY), a_vote(at=NOW - DAY, vote=None), a_vote(at=NOW)])
    assert [it.updated_at for it in got] == [NOW] + 4 * [NOW + HOUR]
    assert {it.created_at for it in got} == {NOW}


# ---------------------------------------------------------------- bugs


async def test_what_no_database_can_hold_fails_alone(store):
    """A lone surrogate should have been refused at the edge; if it was not, only its own vote is lost."""
    await store.register([a_message("m-1"), a_message("m-2"), a_message("m-3")])
    got = await outcomes(store, [a_vote("m-1"), a_vote("m-2", comment="\ud800"), a_vote("m-3")])
    assert [isinstance(it, Exception) for it in got] == [False, True, False]
    assert await standing(store, "m-2") is None
    assert [(await standing(store, it)).revision for it in ("m-1", "m-3")] == [1, 1]
