"""The use cases, on a real store: what is asked before, what is stamped, and who may look."""

import asyncio
from collections import Counter
from dataclasses import replace

import pytest

from plaudit.arrivals import DAY_MILLISECONDS, Arrivals
from plaudit.errors import Conflict, FeedbackOff, Forbidden, NotFound, PaymentRequired, Unavailable
from plaudit.model import (
    AuthLevel,
    Contract,
    Conversation,
    Feedback,
    FeedbackFilter,
    Message,
    Missed,
    MissedReason,
    Plan,
    Project,
    Receipt,
    Redaction,
    Role,
    Subject,
    Vote,
    Voter,
)
from plaudit.ports import Registered
from plaudit.rules import decide
from plaudit.service import Service
from plaudit.store.sqlite import SqliteStore

pytestmark = pytest.mark.anyio

NOW = 1_795_334_400_000
PRO = Plan("pro", frozenset({"feedback"}))
ACME = Project(id="acme", name="Acme", plan=PRO, feedback_plan="pro")
GLOBEX = replace(ACME, id="globex")
ANNA = Voter(ACME, Subject.user("https://tenant.example/", "auth0|anna"), AuthLevel.JWT)
BORIS = Voter(ACME, Subject.user("https://tenant.example/", "auth0|boris"), AuthLevel.JWT)
MESSAGE = Message("acme", "m-1", "c-1", Role.ASSISTANT, ANNA.subject, NOW - 1)
RECEIPT = Receipt(MESSAGE, NOW - 1, NOW + 60_000)
KEY = ("acme", "m-1")


@pytest.fixture
async def store(tmp_path):
    opened = await SqliteStore.open(tmp_path / "plaudit.db", decide, now=lambda: NOW)
    yield opened
    await opened.close()


@pytest.fixture
def service(store):
    """At one instant, with one id to give."""
    return Service(store, now=lambda: NOW, new_id=lambda: "fresh-id")


# ---------------------------------------------------------------- votes


async def test_a_vote_is_stamped_and_stored_for_who_gave_it(service):
    """By whom, in which project and how known comes from the proof; when comes from the clock."""
    await service.register([MESSAGE])
    expected = Feedback("acme", "m-1", ANNA.subject, AuthLevel.JWT, Contract.SITEASSIST, Vote.LIKE, "thanks", 1, NOW,
                        NOW)
    assert await service.submit(ANNA, Contract.SITEASSIST, "m-1", Vote.LIKE, "thanks") == expected
    assert await service.history("acme", "m-1") == [expected]
    assert service.now() == NOW


@pytest.mark.parametrize(("voter", "message_id", "refusal"), [
    pytest.param(ANNA, "nowhere", NotFound, id="an unknown message"),
    pytest.param(BORIS, "m-1", Forbidden, id="another's message"),
    pytest.param(replace(ANNA, project=GLOBEX), "m-1", NotFound, id="another project's message"),
    pytest.param(replace(ANNA, project=replace(ACME, feedback_enabled=False)), "m-1", FeedbackOff, id="switched off"),
    pytest.param(replace(ANNA, project=replace(ACME, plan=Plan("free", frozenset()))), "m-1", PaymentRequired,
                 id="not in the plan"),
    pytest.param(replace(BORIS, project=replace(ACME, plan=Plan("free", frozenset()))), "nowhere", PaymentRequired,
                 id="not in the plan: nothing is said of messages"),
])
@pytest.mark.parametrize("vote", [Vote.LIKE, None], ids=["vote", "removal"])
async def test_a_refused_vote_leaves_no_trace(service, voter, message_id, refusal, vote):
    """Neither a row nor a history entry."""
    await service.register([MESSAGE])
    with pytest.raises(refusal):
        await service.submit(voter, Contract.HANDAUNCLE, message_id, vote)
    assert await service.history("acme", "m-1") == []
    assert (await service.feedback("acme", FeedbackFilter(), limit=10)).items == ()


async def test_removing_nothing_succeeds(service):
    """And answers nothing."""
    await service.register([MESSAGE])
    assert await service.submit(ANNA, Contract.SITEASSIST, "m-1", None) is None


async def test_a_message_is_in_its_conversation_only(service):
    """Whoever says in which one is told of no other, and nothing is stored there."""
    await service.register([MESSAGE])
    with pytest.raises(NotFound):
        await service.submit(ANNA, Contract.LIBRECHAT, "m-1", Vote.LIKE, conversation_id="c-2")
    assert await service.history("acme", "m-1") == []
    assert await service.submit(ANNA, Contract.LIBRECHAT, "m-1", Vote.LIKE, conversation_id="c-1")


async def test_a_receipt_says_in_which_conversation_its_message_is(service):
    """Unless the message is registered: then that says it."""
    elsewhere = replace(RECEIPT, message=replace(MESSAGE, conversation_id="c-2"))
    for receipt, conversation_id in ((RECEIPT, "c-2"), (elsewhere, "c-1")):
        with pytest.raises(NotFound):
            await service.submit(ANNA, Contract.LIBRECHAT, "m-1", Vote.LIKE, receipt=receipt,
                                 conversation_id=conversation_id)
    await service.register([MESSAGE])
    with pytest.raises(NotFound):
        await service.submit(ANNA, Contract.LIBRECHAT, "m-1", Vote.LIKE, receipt=elsewhere, conversation_id="c-2")
    assert await service.history("acme", "m-1") == []


async def test_whom_the_back_end_names_is_who_they_are_today(service):
    """The visitor who has become Anna votes as Anna, and only by the back end's word."""
    visitor = Subject("visitor:abc-123")
    await service.register([replace(MESSAGE, owner=visitor)])
    await service.link("acme", visitor, ANNA.subject)
    with pytest.raises(Forbidden):
        await service.submit(Voter(ACME, visitor, AuthLevel.SESSION), Contract.DIFY, "m-1", Vote.LIKE)
    stored = await service.submit(Voter(ACME, visitor, AuthLevel.SERVER_KEY), Contract.DIFY, "m-1", Vote.LIKE)
    assert (stored.subject, stored.auth_level) == (ANNA.subject, AuthLevel.SERVER_KEY)


async def test_standing_votes_are_read_by_page(service):
    """Each with its message."""
    await service.register([MESSAGE, replace(MESSAGE, id="m-2")])
    for message_id in ("m-1", "m-2"):
        await service.submit(ANNA, Contract.SITEASSIST, message_id, Vote.LIKE)
    first = await service.feedback("acme", FeedbackFilter(), limit=1)
    rest = await service.feedback("acme", FeedbackFilter(), limit=1, cursor=first.cursor)
    assert [it.message.id for it in first.items + rest.items] == ["m-2", "m-1"]
    assert rest.cursor is None


async def test_what_tells_who_somebody_is_is_never_stored(service, store, tmp_path):
    """Where the project says so: not in the files either. Who voted is told what was stored."""
    await service.register([MESSAGE])
    careful = replace(ANNA, project=replace(ACME, redaction=Redaction(comments=True, patterns=("ORD-####",))))
    stored = await service.submit(careful, Contract.PLAUDIT, "m-1", Vote.DISLIKE, "anna.zyx@example.com ORD-7531: 43!")
    assert stored.comment == "[email] [redacted]: 43!"
    assert await store.history("acme", "m-1") == [stored]
    assert [path for path in tmp_path.iterdir() if b"zyx@" in path.read_bytes() or b"7531" in path.read_bytes()] == []
    assert (await service.submit(ANNA, Contract.PLAUDIT, "m-1", Vote.LIKE, "a@example.com")).comment == "a@example.com"


# ---------------------------------------------------------------- votes that come before their message


async def is_not_there():
    return False


async def test_whoever_waits_is_woken_by_a_receipt_s_registration_too(store):
    arrivals = Arrivals(60, others_register=False)
    service = Service(store, now=lambda: NOW, new_id=lambda: "fresh-id", arrivals=arrivals)
    waiting = asyncio.create_task(arrivals.wait(KEY, is_not_there))
    await asyncio.sleep(0)
    await service.submit(ANNA, Contract.PLAUDIT, "m-1", Vote.LIKE, receipt=RECEIPT)
    assert await waiting


@pytest.mark.parametrize(("conversation_id", "found"), [("c-1", True), ("c-2", False)])
async def test_a_vote_waits_for_its_message_whatever_conversation_it_names(store, conversation_id, found):
    """Then that is looked at."""
    service = Service(store, now=lambda: NOW, new_id=lambda: "fresh-id", arrivals=Arrivals(60, others_register=False))
    voting = asyncio.create_task(
        service.submit(ANNA, Contract.LIBRECHAT, "m-1", Vote.LIKE, conversation_id=conversation_id))
    await asyncio.sleep(0)
    await service.register([MESSAGE])
    [outcome] = await asyncio.gather(voting, return_exceptions=True)
    assert isinstance(outcome, Feedback if found else NotFound)
    assert len(await service.history("acme", "m-1")) == found


@pytest.mark.parametrize("receipt", [RECEIPT, None], ids=["by a receipt", "by another process"])
async def test_a_vote_that_is_stored_says_that_its_message_came_late(store, receipt):
    """However it was registered, it is not one that never came."""
    arrivals = Arrivals(0, others_register=True)
    service = Service(store, now=lambda: NOW, new_id=lambda: "fresh-id", arrivals=arrivals)
    with pytest.raises(NotFound):
        await service.submit(ANNA, Contract.PLAUDIT, "m-1", Vote.LIKE)
    if receipt is None:
        await store.register([MESSAGE])
    await service.submit(ANNA, Contract.PLAUDIT, "m-1", Vote.LIKE, receipt=receipt)
    assert arrivals.missed == Counter([Missed("acme", NOW // DAY_MILLISECONDS, MissedReason.LATE, "")])


async def test_a_registration_that_is_refused_lets_nobody_stop_waiting(store):
    """Nor is its message one that came late."""
    arrivals = Arrivals(60, others_register=False)
    service = Service(store, now=lambda: NOW, new_id=lambda: "fresh-id", arrivals=arrivals)
    await service.register([replace(MESSAGE, id="m-0", owner=BORIS.subject)])
    arrivals.refused(KEY, "", NOW)
    waiting = asyncio.create_task(arrivals.wait(KEY, is_not_there))
    await asyncio.sleep(0)
    [refused] = await service.register([MESSAGE])
    assert (refused.resource, refused.field) == ("conversation", "owner")
    await asyncio.sleep(0)
    assert not waiting.done()
    assert arrivals.missed.total() == 0
    await service.register([replace(MESSAGE, conversation_id="c-2")])
    assert await waiting


# ---------------------------------------------------------------- messages


async def test_a_message_is_registered_and_read(service):
    """New the first time, known after."""
    assert await service.register([MESSAGE, MESSAGE]) == [Registered(created=True), Registered(created=False)]
    assert await service.message("acme", "m-1") == MESSAGE


@pytest.mark.parametrize(("project_id", "message_id"), [("acme", "nowhere"), ("globex", "m-1")])
async def test_what_is_not_there_is_not_found(service, project_id, message_id):
    """A message and its history, by its name."""
    await service.register([MESSAGE])
    for asked in (service.message, service.history):
        with pytest.raises(NotFound) as refused:
            await asked(project_id, message_id)
        assert (refused.value.resource, refused.value.resource_id) == ("message", message_id)


# ---------------------------------------------------------------- conversations


@pytest.mark.parametrize(("asked", "expected"), [("c-9", "c-9"), (None, "fresh-id")])
async def test_a_conversation_is_opened_for_who_asks(service, asked, expected):
    """Under the id asked for, or a fresh one; it is readable at once."""
    opened = await service.create_conversation(ANNA, asked, "Travel")
    assert opened == Conversation("acme", expected, ANNA.subject, NOW, NOW, "Travel")
    assert await service.own_conversation(ANNA, expected) == opened


async def test_an_id_that_is_taken_stays_its_owners(service):
    """Whoever asks."""
    await service.create_conversation(ANNA, "c-1", None)
    for voter in (ANNA, BORIS):
        with pytest.raises(Conflict):
            await service.create_conversation(voter, "c-1", "mine now")
    assert (await service.conversation("acme", "c-1")).title is None


@pytest.mark.parametrize(("voter", "conversation_id", "refusal"), [
    (BORIS, "c-1", Forbidden),
    (ANNA, "nowhere", NotFound),
    (replace(ANNA, project=GLOBEX), "c-1", NotFound),
], ids=["another's", "unknown", "another project's"])
async def test_only_ones_own_conversation_is_shown(service, voter, conversation_id, refusal):
    """Another's is refused, what is not there is not found."""
    await service.create_conversation(ANNA, "c-1", None)
    with pytest.raises(refusal):
        await service.own_conversation(voter, conversation_id)


async def test_ones_own_conversations_are_listed(service):
    """Nobody else's, and nothing of another project."""
    await service.create_conversation(ANNA, "c-1", "Rome")
    await service.create_conversation(BORIS, "c-2", "Rome")
    await service.create_conversation(replace(ANNA, project=GLOBEX), "c-3", "Rome")
    total, found = await service.own_conversations(ANNA, limit=10, search="rome")
    assert (total, [it.id for it in found]) == (1, ["c-1"])


async def test_a_conversation_shows_its_messages_with_their_votes(service):
    """What the front end re-reads after a click."""
    await service.register([MESSAGE, replace(MESSAGE, id="q-1", role=Role.USER)])
    given = await service.submit(ANNA, Contract.SITEASSIST, "m-1", Vote.DISLIKE)
    total, found = await service.conversation_messages("acme", "c-1", limit=10)
    assert total == 2
    assert {it.message.id: it.feedback for it in found} == {"m-1": given, "q-1": None}


# ---------------------------------------------------------------- readiness


async def test_readiness_is_that_votes_can_be_stored(service, store):
    """True while the store is open, and told in words when it is not."""
    await service.check()
    await store.close()
    with pytest.raises(Unavailable, match="shutting down"):
        await service.check()
