"""Messages are registered once, conversations have one owner, and both are read back by page."""

import asyncio
import random
import string
from dataclasses import replace

import pytest
from examples import ANNA, BORIS, DISLIKE, LIKE, NOW, ODD_COMMENTS, VISITOR, a_message, a_vote

from plaudit.errors import Conflict
from plaudit.model import Conversation, Role, Subject
from plaudit.ports import Registered

pytestmark = pytest.mark.anyio

NEW, KNOWN = Registered(created=True), Registered(created=False)

WHOLE = a_message(
    model="gpt-x", prompt_version="v7", arms={"greeting": "b", "tone": "'warm'"}, content="Grüß Gott 👋",
    in_reply_to="m-0", locale="de-AT", platform="web", trace_id="4bf92f3577b34da6a3ce929d0e0e4736",
    span_id="00f067aa0ba902b7", metadata={"tokens": 12, "cost": 0.25, "tags": ["a", None, True], "é": {"deep": []}})


def said(outcomes):
    """Outcomes as plain values: was it new, or which resource conflicts in which field."""
    return [(it.resource, it.field) if isinstance(it, Conflict) else it.created for it in outcomes]


def a_conversation(conversation_id="c-1", **changes):
    return Conversation(**{"project_id": "acme", "id": conversation_id, "owner": ANNA, "created_at": NOW,
                           "updated_at": NOW, **changes})


# ---------------------------------------------------------------- registering


async def test_a_message_is_read_back_as_it_was_registered(store):
    """Every field, to the last character."""
    assert await store.register([WHOLE]) == [NEW]
    assert await store.message("acme", "m-1") == WHOLE


async def test_the_longest_names_are_kept(store):
    """Of characters of four bytes wherever those are allowed, and in no order that compresses: an index of PostgreSQL's
    holds no more than 2704 bytes a row."""
    message_id, conversation_id, name = (four_bytes_each(length) for length in (128, 128, 255))
    issuer = "".join(random.Random(0).choices(string.ascii_letters + string.digits, k=512))
    owner = Subject.user(issuer, name)
    longest = {"project_id": "p" * 64, "message_id": message_id}
    message = a_message(**longest, conversation_id=conversation_id, owner=owner)
    assert await store.register([message, a_message("m-2", project_id="p" * 64)]) == [NEW, NEW]
    assert await store.message("p" * 64, message_id) == message
    vote = await store.submit(a_vote(**longest, subject=owner))
    assert await store.history("p" * 64, message_id) == [vote]


def four_bytes_each(length):
    return "".join(chr(character) for character in random.Random(length).sample(range(0x10000, 0x110000), length))


async def test_registering_the_same_again_does_nothing(store):
    """What was there first stands, also where the second says something else of what is not fixed."""
    await store.register([WHOLE])
    assert await store.register([WHOLE, replace(WHOLE, content="else", created_at=NOW + 5)]) == [KNOWN, KNOWN]
    assert await store.message("acme", "m-1") == WHOLE
    assert (await store.conversation("acme", "c-1")).updated_at == NOW


@pytest.mark.parametrize(("other", "conflict"), [
    pytest.param(a_message(owner=BORIS), ("message", "owner"), id="another owner"),
    pytest.param(a_message(conversation_id="c-2"), ("message", "conversation_id"), id="another conversation"),
    pytest.param(a_message(role=Role.HUMAN_AGENT), ("message", "role"), id="another role"),
    pytest.param(a_message("m-2", owner=BORIS), ("conversation", "owner"), id="another's conversation"),
])
@pytest.mark.parametrize("together", [False, True], ids=["later", "in one call"])
async def test_what_contradicts_is_a_conflict(store, other, conflict, together):
    """It names the field and changes nothing; its neighbours are registered."""
    calls = [[a_message(), other, a_message("m-9")]] if together else [[a_message()], [other, a_message("m-9")]]
    outcomes = [outcome for call in calls for outcome in await store.register(call)]
    assert said(outcomes) == [True, conflict, True]
    assert await store.message("acme", "m-1") == a_message()
    assert await store.message("acme", "m-2") is None
    assert await store.conversation("acme", "c-2") is None


async def test_a_conversation_that_was_opened_is_its_owners(store):
    """Messages of another cannot be put into it; its owner's move it forward."""
    await store.create_conversation(a_conversation(title="Travel"))
    outcomes = await store.register([a_message("m-1", owner=BORIS), a_message("m-2", created_at=NOW + 7)])
    assert said(outcomes) == [("conversation", "owner"), True]
    assert await store.conversation("acme", "c-1") == a_conversation(title="Travel", updated_at=NOW + 7)


async def test_an_id_opens_one_conversation(store):
    """The second asks for what is taken; in another project it is free."""
    await store.create_conversation(a_conversation(title="first"))
    with pytest.raises(Conflict) as refused:
        await store.create_conversation(a_conversation(title="second", owner=BORIS))
    assert (refused.value.resource, refused.value.field) == ("conversation", "id")
    await store.create_conversation(a_conversation(project_id="globex", owner=BORIS))
    assert await store.conversation("acme", "c-1") == a_conversation(title="first")


async def test_a_conversation_is_as_new_as_its_newest_message(store):
    """In whatever order its messages come."""
    await store.register([a_message("m-2", created_at=NOW + 2)])
    await store.register([a_message("m-1", created_at=NOW + 1), a_message("m-3", created_at=NOW + 3)])
    found = await store.conversation("acme", "c-1")
    assert (found.owner, found.updated_at) == (ANNA, NOW + 3)


async def test_1200_messages_in_one_call(store):
    """An outcome each and in order, with conflicts far apart from what they contradict."""
    batch = [a_message(f"m-{n}", conversation_id=f"c-{n % 100}") for n in range(1200)]
    batch[1100] = a_message("m-3", conversation_id="c-3", owner=BORIS)
    batch[1199] = batch[0]
    assert said(await store.register(batch)) == [
        ("message", "owner") if n == 1100 else n != 1199 for n in range(1200)]
    total, _ = await store.conversation_messages("acme", "c-0", role=None, limit=1)
    assert total == 11


async def test_of_64_who_register_one_id_at_once_the_first_is_believed(store):
    """One owner has all of it; the others are told so, also those who ask for its conversation only. Which one came
    first is the database's to say, where several connections bring them."""
    owners = [Subject.user("https://tenant.example/", f"auth0|{n}") for n in range(64)]
    messages = [a_message("m-1" if n % 2 == 0 else f"else-{n}", owner=owner) for n, owner in enumerate(owners)]
    outcomes = await asyncio.gather(*(store.register([message]) for message in messages))
    told = [said(it)[0] for it in outcomes]
    first = told.index(True)
    mine = [("message", "owner") if n % 2 == first % 2 == 0 else ("conversation", "owner") for n in range(64)]
    assert told == [*mine[:first], True, *mine[first + 1:]]
    assert (await store.conversation("acme", "c-1")).owner == owners[first]
    assert (await store.message("acme", messages[first].id)).owner == owners[first]


async def test_nothing_to_register(store):
    """No messages, no outcomes."""
    assert await store.register([]) == []


async def test_projects_do_not_see_one_another(store):
    """The same ids in two projects of one call, each with its own answer."""
    mine, theirs = a_message(content="mine"), a_message(project_id="globex", owner=BORIS, content="theirs")
    assert said(await store.register([mine, theirs, replace(mine, owner=BORIS)])) == [True, True, ("message", "owner")]
    assert await store.message("acme", "m-1") == mine
    assert await store.message("globex", "m-1") == theirs
    assert await store.message("umbrella", "m-1") is None
    assert (await store.conversation("globex", "c-1")).owner == BORIS
    assert await store.conversation_messages("umbrella", "c-1", role=None, limit=9) == (0, [])
    assert await store.conversations(
        "globex", ANNA, order_by="created_at", descending=True, limit=9, offset=0) == (0, [])


# ---------------------------------------------------------------- one owner's conversations


@pytest.fixture
async def travels(store):
    """Three of Anna's, created in one order and touched in another, one of Boris's and one in another project."""
    await store.create_conversation(a_conversation("rome", title="Rome in MAY", created_at=NOW + 1, updated_at=NOW + 1))
    await store.create_conversation(a_conversation("oslo", title=None, created_at=NOW + 2, updated_at=NOW + 2))
    await store.create_conversation(a_conversation("kyiv", title="50% off_", created_at=NOW + 3, updated_at=NOW + 3))
    await store.create_conversation(a_conversation("lima", owner=BORIS, title="Rome"))
    await store.create_conversation(a_conversation("bern", project_id="globex", title="Rome"))
    await store.register([
        a_message("m-1", conversation_id="rome", created_at=NOW + 9, content="Take the night train"),
        a_message("m-2", conversation_id="oslo", created_at=NOW + 8, content="Fjords; DROP the idea of rome")])


async def ids(store, **asked):
    """The total and the ids of one page of Anna's conversations."""
    asked = {"order_by": "created_at", "descending": False, "limit": 10, "offset": 0, **asked}
    total, page = await store.conversations("acme", ANNA, **asked)
    return total, [it.id for it in page]


@pytest.mark.usefixtures("travels")
@pytest.mark.parametrize(("asked", "expected"), [
    ({}, (3, ["rome", "oslo", "kyiv"])),
    ({"descending": True}, (3, ["kyiv", "oslo", "rome"])),
    ({"order_by": "updated_at"}, (3, ["kyiv", "oslo", "rome"])),
    ({"order_by": "updated_at", "descending": True}, (3, ["rome", "oslo", "kyiv"])),
    ({"limit": 2}, (3, ["rome", "oslo"])),
    ({"limit": 2, "offset": 2}, (3, ["kyiv"])),
    ({"offset": 3}, (3, [])),
    ({"search": "ROME"}, (2, ["rome", "oslo"])),
    ({"search": "rome", "limit": 1, "offset": 1}, (2, ["oslo"])),
    ({"search": "night train"}, (1, ["rome"])),
    ({"search": "50%"}, (1, ["kyiv"])),
    ({"search": "_"}, (1, ["kyiv"])),
    ({"search": "%"}, (1, ["kyiv"])),
    ({"search": "' OR 1 --"}, (0, [])),
    ({"search": "{order}"}, (0, [])),
    ({"search": "nowhere"}, (0, [])),
    ({"search": ""}, (3, ["rome", "oslo", "kyiv"])),
], ids=str)
async def test_an_owners_conversations_are_found(store, asked, expected):
    """By either instant, in either direction, by page, and by words in the title or a message."""
    assert await ids(store, **asked) == expected


async def test_conversations_of_one_instant_keep_their_order_over_pages(store):
    """None is shown twice and none is left out."""
    for n in range(7):
        await store.create_conversation(a_conversation(f"c-{n}"))
    for descending in (False, True):
        pages = [await ids(store, limit=3, offset=offset, descending=descending) for offset in (0, 3, 6)]
        assert sorted(it for _, page in pages for it in page) == [f"c-{n}" for n in range(7)]


# ---------------------------------------------------------------- one conversation's messages


@pytest.fixture
async def talk(store):
    """A question and an answer twice, and a human's word; the two answers are rated, one of them by now no more."""
    await store.register([
        a_message("q-1", role=Role.USER, created_at=NOW + 1), a_message("a-1", created_at=NOW + 2),
        a_message("q-2", role=Role.USER, created_at=NOW + 3), a_message("a-2", created_at=NOW + 4),
        a_message("h-2", role=Role.HUMAN_AGENT, created_at=NOW + 4), a_message("x-1", conversation_id="c-2")])
    await store.submit(a_vote("a-1", vote=DISLIKE, comment="too long"))
    await store.submit(a_vote("a-2", vote=LIKE))
    await store.submit(a_vote("a-2", vote=None))


@pytest.mark.usefixtures("talk")
@pytest.mark.parametrize(("asked", "expected"), [
    ({}, (5, ["q-1", "a-1", "q-2", "a-2", "h-2"])),
    ({"descending": True}, (5, ["h-2", "a-2", "q-2", "a-1", "q-1"])),
    ({"limit": 2}, (5, ["q-1", "a-1"])),
    ({"limit": 2, "offset": 3}, (5, ["a-2", "h-2"])),
    ({"offset": 5}, (5, [])),
    ({"role": Role.USER}, (2, ["q-1", "q-2"])),
    ({"role": Role.ASSISTANT, "limit": 1}, (2, ["a-1"])),
    ({"role": Role.HUMAN_AGENT}, (1, ["h-2"])),
    ({"before": "h-2"}, (4, ["q-1", "a-1", "q-2", "a-2"])),
    ({"before": "a-2"}, (3, ["q-1", "a-1", "q-2"])),
    ({"before": "a-2", "descending": True, "limit": 2}, (3, ["q-2", "a-1"])),
    ({"before": "a-2", "role": Role.ASSISTANT}, (1, ["a-1"])),
    ({"before": "q-1"}, (0, [])),
    ({"before": "nowhere"}, (0, [])),
    ({"before": "x-1"}, (0, [])),
    ({"before": ""}, (0, [])),
], ids=str)
async def test_a_conversations_messages_are_paged(store, asked, expected):
    """By (created_at, id), either way round; the total counts what the page was taken from."""
    total, page = await store.conversation_messages("acme", "c-1", **{"role": None, "limit": 10, **asked})
    assert (total, [it.message.id for it in page]) == expected


@pytest.mark.usefixtures("talk")
async def test_a_conversation_shows_its_owners_standing_votes(store):
    """A removed vote is not shown."""
    _, page = await store.conversation_messages("acme", "c-1", role=None, limit=10)
    votes = {it.message.id: it.feedback for it in page}
    assert (votes["a-1"].vote, votes["a-1"].comment, votes["a-1"].subject) == (DISLIKE, "too long", ANNA)
    assert {message_id for message_id, feedback in votes.items() if feedback} == {"a-1"}


@pytest.mark.parametrize("owner", [ANNA, VISITOR], ids=lambda owner: owner.kind.value)
@pytest.mark.parametrize("odd", ODD_COMMENTS, ids=lambda odd: ascii(odd[:20]))
async def test_content_and_title_are_stored_as_they_are(store, odd, owner):
    """No character means anything to the store; what is searched for is found."""
    message = a_message(content=odd, metadata={odd: odd}, owner=owner)
    await store.register([message])
    await store.create_conversation(a_conversation("c-2", title=odd, owner=owner))
    assert await store.message("acme", "m-1") == message
    found = await store.conversations(
        "acme", owner, order_by="created_at", descending=False, limit=9, offset=0, search=odd)
    assert (found[0], {it.title for it in found[1]}) == (2, {None, odd})
