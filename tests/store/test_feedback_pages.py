"""Standing votes, newest change first, by any filter, in pages that hold while people go on voting."""

from itertools import combinations

import pytest
from examples import ANNA, BORIS, DISLIKE, GUEST, LIKE, NOW, VISITOR, a_message, a_vote

from plaudit.errors import Invalid
from plaudit.model import AuthLevel, Contract, FeedbackFilter, Role

pytestmark = pytest.mark.anyio

ALL = FeedbackFilter()
HANDAUNCLE, SITEASSIST = Contract.HANDAUNCLE, Contract.SITEASSIST

# message id -> who, how, through what, and when: everything that a filter can ask for differs somewhere.
VOTES = {
    "m-0": (ANNA, AuthLevel.JWT, HANDAUNCLE, LIKE, "good", NOW),
    "m-1": (ANNA, AuthLevel.JWT, SITEASSIST, DISLIKE, None, NOW + 1),
    "m-2": (GUEST, AuthLevel.GUEST_BOUND, HANDAUNCLE, LIKE, None, NOW + 2),
    "m-3": (VISITOR, AuthLevel.SESSION, SITEASSIST, DISLIKE, "bad", NOW + 3),
    "m-4": (BORIS, AuthLevel.JWT, HANDAUNCLE, LIKE, "good", NOW + 4),
    "m-5": (GUEST, AuthLevel.GUEST_SIGNED, HANDAUNCLE, DISLIKE, "bad", NOW + 5),
}
ATTRIBUTION = {
    "m-0": ("gpt-x", "v1"), "m-1": ("gpt-x", "v2"), "m-2": ("gpt-y", "v1"), "m-3": ("gpt-y", "v2"),
    "m-4": (None, None), "m-5": ("gpt-x", None),
}
FILTERS = {
    "since": (NOW + 2, {"m-2", "m-3", "m-4", "m-5"}),
    "until": (NOW + 4, {"m-0", "m-1", "m-2", "m-3"}),
    "message_id": ("m-3", {"m-3"}),
    "conversation_id": (f"c-{GUEST.name[:4]}", {"m-2", "m-5"}),
    "vote": (DISLIKE, {"m-1", "m-3", "m-5"}),
    "has_comment": (True, {"m-0", "m-3", "m-4", "m-5"}),
    "model": ("gpt-x", {"m-0", "m-1", "m-5"}),
    "prompt_version": ("v2", {"m-1", "m-3"}),
    "contract": (HANDAUNCLE, {"m-0", "m-2", "m-4", "m-5"}),
    "auth_level": (AuthLevel.JWT, {"m-0", "m-1", "m-4"}),
}


@pytest.fixture
async def votes(store):
    """Six standing votes, one that was removed, a question, and another project's."""
    await store.register([
        a_message(it, owner=owner, conversation_id=f"c-{owner.name[:4]}" if owner == GUEST else f"c-{it}",
                  model=ATTRIBUTION[it][0], prompt_version=ATTRIBUTION[it][1])
        for it, (owner, *_) in VOTES.items()])
    await store.register([a_message("gone"), a_message("never"), a_message("q-1", role=Role.USER),
                          a_message("m-0", project_id="globex")])
    for it, (owner, level, contract, vote, comment, at) in VOTES.items():
        await store.submit(a_vote(it, subject=owner, auth_level=level, contract=contract, vote=vote, comment=comment,
                                  at=at))
    await store.submit(a_vote("gone", at=NOW + 9))
    await store.submit(a_vote("gone", vote=None, at=NOW + 10))
    await store.submit(a_vote("m-0", project_id="globex", at=NOW + 11))


async def page(store, wanted=ALL, *, limit=100, cursor=None):
    """The ids of one page and the cursor to the next."""
    found = await store.feedback("acme", wanted, limit=limit, cursor=cursor)
    return [it.message.id for it in found.items], found.cursor


async def pages(store, wanted=ALL, *, limit):
    """The ids of all pages, one after the other."""
    ids, cursor = await page(store, wanted, limit=limit)
    while cursor is not None:
        more, cursor = await page(store, wanted, limit=limit, cursor=cursor)
        assert more
        ids += more
    return ids


# ---------------------------------------------------------------- what is listed


@pytest.mark.usefixtures("votes")
async def test_standing_votes_are_listed_newest_first(store):
    """One entry a message, with all of the message and all of the vote; nothing removed, nobody else's."""
    found = await store.feedback("acme", ALL, limit=100, cursor=None)
    assert [it.message.id for it in found.items] == ["m-5", "m-4", "m-3", "m-2", "m-1", "m-0"]
    assert found.cursor is None
    for it in found.items:
        assert it.message == await store.message("acme", it.message.id)
        assert [it.feedback] == await store.history("acme", it.message.id)


async def test_an_empty_store_has_one_empty_page(store):
    """No votes, no cursor."""
    assert await page(store) == ([], None)


@pytest.mark.usefixtures("votes")
async def test_a_changed_vote_is_listed_once_and_first(store):
    """By its last change, with what it says now."""
    await store.submit(a_vote("m-0", vote=DISLIKE, at=NOW + 20))
    assert (await page(store))[0] == ["m-0", "m-5", "m-4", "m-3", "m-2", "m-1"]
    assert (await page(store, FeedbackFilter(vote=LIKE)))[0] == ["m-4", "m-2"]


# ---------------------------------------------------------------- filters


@pytest.mark.usefixtures("votes")
@pytest.mark.parametrize("name", FILTERS)
async def test_each_filter_alone(store, name):
    """It keeps what it names."""
    value, expected = FILTERS[name]
    assert set((await page(store, FeedbackFilter(**{name: value})))[0]) == expected


@pytest.mark.usefixtures("votes")
async def test_every_two_filters_and_all_together(store):
    """Several filters keep what each of them keeps."""
    everything = set(VOTES)
    for names in [*combinations(FILTERS, 2), *combinations(FILTERS, 3), tuple(FILTERS)]:
        wanted = FeedbackFilter(**{name: FILTERS[name][0] for name in names})
        expected = everything.intersection(*(FILTERS[name][1] for name in names))
        assert set((await page(store, wanted))[0]) == expected, names


@pytest.mark.usefixtures("votes")
@pytest.mark.parametrize(("asked", "expected"), [
    ({"has_comment": False}, ["m-1", "m-2"]),
    ({"since": NOW + 5}, ["m-5"]),
    ({"since": NOW + 6}, []),
    ({"until": NOW}, []),
    ({"since": NOW + 1, "until": NOW + 2}, ["m-1"]),
    ({"message_id": "gone"}, []),
    ({"message_id": "never"}, []),
    ({"message_id": "' OR 1 --"}, []),
    ({"model": ""}, []),
    ({"model": "GPT-X"}, []),
    ({"auth_level": AuthLevel.GUEST_BARE}, []),
], ids=str)
async def test_a_filters_edges(store, asked, expected):
    """`since` is inclusive and `until` is not; text is compared as it is."""
    assert sorted((await page(store, FeedbackFilter(**asked)))[0]) == expected


# ---------------------------------------------------------------- pages


@pytest.mark.usefixtures("votes")
@pytest.mark.parametrize("limit", [1, 2, 3, 5, 6, 7])
async def test_pages_join_to_the_whole(store, limit):
    """Whatever their size; a last page that is full has no cursor."""
    assert await pages(store, limit=limit) == ["m-5", "m-4", "m-3", "m-2", "m-1", "m-0"]
    assert await pages(store, FeedbackFilter(vote=DISLIKE), limit=limit) == ["m-5", "m-3", "m-1"]


async def test_votes_of_one_instant_are_paged_in_order_of_acceptance(store):
    """Also where the clock stood still."""
    ids = [f"m-{n:02}" for n in range(20)]
    await store.register([a_message(it) for it in ids])
    for it in ids:
        await store.submit(a_vote(it))
    assert await pages(store, limit=3) == ids[::-1]


async def test_a_cursor_holds_while_votes_change(store):
    """Nothing that stands untouched is left out or shown twice; what changed has moved to the front, before the
    cursor."""
    ids = [f"m-{n}" for n in range(10)]
    await store.register([a_message(it) for it in [*ids, "new"]])
    for n, it in enumerate(ids):
        await store.submit(a_vote(it, at=NOW + n))
    first, cursor = await page(store, limit=4)
    assert first == ["m-9", "m-8", "m-7", "m-6"]
    await store.submit(a_vote("m-8", vote=DISLIKE, at=NOW + 20))
    await store.submit(a_vote("m-6", vote=None, at=NOW + 21))  # where the cursor stands
    await store.submit(a_vote("m-4", vote=None, at=NOW + 22))
    await store.submit(a_vote("m-2", at=NOW + 23))
    await store.submit(a_vote("new", at=NOW + 24))
    rest, cursor = await page(store, limit=10, cursor=cursor)
    assert (rest, cursor) == (["m-5", "m-3", "m-1", "m-0"], None)
    assert await pages(store, limit=4) == ["new", "m-2", "m-8", "m-9", "m-7", "m-5", "m-3", "m-1", "m-0"]


# ---------------------------------------------------------------- malformed cursors


@pytest.mark.parametrize("cursor", [
    "", "=", "x", "!", " ", "é", "\x00", "AAAA", "a" * 10_000, ".", "1.", ".1", "1.2.3", "a.b", "1.5e3", " 1.2", "1.2 ",
    "1.2\n", "1_0.2", "+1.2", "\u0661.2", "null.null", "1.2; DROP TABLE feedback", f"{2**63}.1", f"1.{2**63}",
    f"{-2**63 - 1}.1", "9" * 5000 + ".1", "1." + "9" * 5000,
], ids=lambda cursor: ascii(cursor[:24]))
async def test_a_cursor_that_the_store_did_not_give_is_refused(store, cursor):
    """As an invalid field, never as a failure."""
    with pytest.raises(Invalid) as refused:
        await store.feedback("acme", ALL, limit=10, cursor=cursor)
    assert refused.value.field == "cursor"


@pytest.mark.usefixtures("votes")
async def test_a_cursor_is_bound_to_its_place_not_to_its_project(store):
    """Another project's cursor shows nothing of that project."""
    _, cursor = await page(store, limit=3)
    found = await store.feedback("globex", ALL, limit=10, cursor=cursor)
    assert {it.message.project_id for it in found.items} <= {"globex"}
