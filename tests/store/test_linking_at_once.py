"""Several processes: whoever votes or registers while a guest becomes a user, nothing of the guest's is left behind.

One transaction stops before each of its statements in turn, and before its commit, while another process does all that
it can without waiting for it.
"""

import asyncio
import re
from contextlib import suppress
from dataclasses import replace
from functools import partial

import pytest
from counting import fold_all, wrong_totals
from databases import opened
from examples import ANNA, BORIS, DISLIKE, GUEST, NOW, Clock, a_message, a_vote
from register import contradictions
from strangers import A_REVIEW

from plaudit.deeds import ReviewFilter
from plaudit.errors import Conflict, Forbidden, NotFound
from plaudit.model import AuthLevel, Feedback, Receipt, Role, Subject, SubjectKind
from plaudit.rules import decide
from plaudit.store import linking, reviewing, writes
from plaudit.store.postgres import PostgresStore
from plaudit.store.postgres_connections import WRITING, Overtaken, run
from plaudit.store.postgres_server import Servers
from plaudit.store.postgres_votes import Votes
from plaudit.store.queries import postgres_queries, queries

pytestmark = pytest.mark.anyio

TABLES = ("messages", "conversations", "feedback", "history", "cells", "totals_changes", "totals_hourly",
          "totals_daily", "review_queue", "reviews", "search", "links")
SOMEBODY_WAITS = "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted) FROM pg_sleep(0.01)"
LEFT_BEHIND = [f"SELECT message_id FROM {table} WHERE {column} = '{GUEST.key}'" for table, column in (
    ("messages", "owner"), ("feedback", "subject"), ("reviews", "subject"))]


def theirs(message_id, **changes):
    return a_message(message_id, **{"owner": GUEST, **changes})


def their_vote(message_id, **changes):
    return a_vote(message_id, **{"subject": GUEST, "auth_level": AuthLevel.GUEST_BOUND, "vote": DISLIKE, **changes})


VOTED, UNVOTED = "m-1", "m-2"
NEW = [theirs("m-3", conversation_id="c-2"), theirs("m-4", role=Role.USER)]  # in a new conversation, in a known one
KNOWN = NEW[1:]
RECEIPT = Receipt(theirs("m-5", conversation_id="c-3"), NOW, NOW + 1)
BY_RECEIPT = [theirs("m-6"), theirs("m-7")]  # in the conversation of the first two
COMPLETE = [replace(it, content="It takes ten days.") for it in reversed(BY_RECEIPT)]
AND_MORE = [*COMPLETE, theirs("m-8")]


# ---------------------------------------------------------------- who meets whom


class Paused:
    """Transactions on one connection, as `Connections` runs them. In the first, something happens before a statement,
    or before the commit when there are not so many."""

    def __init__(self, connection, statements, happens):
        self._connection, self._left, self._happens = connection, statements, happens
        self.at_the_end = False

    async def attempt(self, _begin, work):
        while True:
            try:
                async with self._connection.transaction():
                    done = await work(self)
                    await self._turn(last=True)
                    return done
            except Overtaken:
                self._left = -1

    async def fetch(self, *args):
        await self._turn()
        return await self._connection.fetch(*args)

    async def execute(self, *args):
        await self._turn()
        return await self._connection.execute(*args)

    async def _turn(self, *, last=False):
        self.at_the_end |= last and self._left >= 0
        if self._left == 0 or self.at_the_end:
            await self._happens()
        self._left = -1 if self.at_the_end else self._left - 1


async def votes(connections):
    return await Votes(connections, decide, {}).commit([their_vote(it) for it in (VOTED, UNVOTED)])


async def votes_anew(connections):
    return await Votes(connections, decide, {}).commit([their_vote(it.id, comment="late") for it in BY_RECEIPT])


async def votes_with_a_receipt(connections):
    return await Votes(connections, decide, {}).commit([their_vote("m-5", receipt=RECEIPT)])


async def registers(connections, messages=NEW):
    return await connections.attempt(WRITING, partial(run, plan=partial(writes.register, "acme", messages, {})))


async def reviews(connections):
    return await gathered(connections.attempt(WRITING, partial(
        run, plan=partial(reviewing.review, "acme", VOTED, GUEST, 1, A_REVIEW))))


async def links(connections):
    [outcome] = await gathered(connections.attempt(WRITING, partial(
        run, plan=partial(linking.link, linking.Link("acme", GUEST, ANNA, NOW), {}))))
    return outcome


async def gathered(*awaited):
    """What each gives, or refuses."""
    return await asyncio.gather(*awaited, return_exceptions=True)


@pytest.fixture
async def servers(postgres_url):
    """Two stores and two connections, on one database."""
    stores = [await PostgresStore.open(postgres_url, decide, now=Clock()) for _ in range(2)]
    connections = [await Servers(postgres_url).connect() for _ in range(2)]
    yield *stores, *connections
    for each in (*connections, *stores):
        await each.close()


OTHERS = {
    "votes": lambda store: gathered(*(store.submit(their_vote(it)) for it in (VOTED, UNVOTED))),
    "votes anew": lambda store: gathered(*(store.submit(their_vote(it.id, comment="late")) for it in BY_RECEIPT)),
    "votes with a receipt": lambda store: gathered(store.submit(their_vote("m-5", receipt=RECEIPT))),
    "registers": lambda store: store.register(NEW),
    "completes": lambda store: store.register(COMPLETE),
    "completes and registers": lambda store: store.register(AND_MORE),
    "reviews": lambda store: gathered(store.review("acme", VOTED, GUEST, 1, A_REVIEW)),
    "registers it": lambda store: store.register([RECEIPT.message]),
    "links": lambda store: store.link("acme", GUEST, ANNA, NOW),
    "links to somebody else": lambda store: gathered(store.link("acme", GUEST, BORIS, NOW)),
}
MEETINGS = {  # who stops, and what another process does meanwhile
    "a vote and a link": (votes, "links"),
    "a vote with a receipt and a link": (votes_with_a_receipt, "links"),
    "a registration and a link": (registers, "links"),
    "a registration in a known conversation and a link": (partial(registers, messages=KNOWN), "links"),
    "a link and votes": (links, "votes"),
    "a link and a vote with a receipt": (links, "votes with a receipt"),
    "a link and a registration": (links, "registers"),
    "a link and the same link": (links, "links"),
    "a link and another": (links, "links to somebody else"),
    "a completion and a link": (partial(registers, messages=COMPLETE), "links"),
    "a link and a completion": (links, "completes"),
    "a completion with more and a link": (partial(registers, messages=AND_MORE), "links"),
    "a link and a completion with more": (links, "completes and registers"),
    "a review and a link": (reviews, "links"),
    "a link and a review": (links, "reviews"),
}
UNLINKED = {
    "a vote anew and a completion": (votes_anew, "completes"),
    "a completion and a vote anew": (partial(registers, messages=COMPLETE), "votes anew"),
    "two votes with one receipt": (votes_with_a_receipt, "votes with a receipt"),
    "a vote with a receipt and a registration": (votes_with_a_receipt, "registers it"),
    "a registration and a vote with a receipt": (
        partial(registers, messages=[RECEIPT.message]), "votes with a receipt"),
}


async def each_moment(servers, meeting):
    """What both of them say when they meet at each moment of the one who stops."""
    paused, statements = None, 0
    while paused is None or not paused.at_the_end:
        paused, *said = await meet(servers, meeting, statements)
        statements += 1
        yield said


async def meet(servers, meeting, statements):
    store, other, connection, watcher = servers
    await watcher.execute(f"TRUNCATE {', '.join(TABLES)}")
    await store.register([theirs(VOTED), theirs(UNVOTED)])
    await store.submit(their_vote(VOTED))
    for shown in BY_RECEIPT:
        await store.submit(their_vote(shown.id, receipt=Receipt(shown, NOW, NOW + 1)))
    stops, meanwhile = (MEETINGS | UNLINKED)[meeting]
    begun = []

    async def all_that_it_can():
        begun.append(asyncio.ensure_future(OTHERS[meanwhile](other)))
        while not begun[0].done() and not await watcher.fetchval(SOMEBODY_WAITS):
            pass

    paused = Paused(connection, statements, all_that_it_can)
    return paused, await stops(paused), await begun[0]


async def left_behind(servers, url):
    """All that is the guest's still, and whatever contradicts itself."""
    store, _, _, watcher = servers
    found = [f"{row['message_id']} is the guest's" for query in LEFT_BEHIND for row in await watcher.fetch(query)]
    await fold_all(store)
    with opened(url) as reading:
        return found + await wrong_totals(store) + await asyncio.to_thread(lambda: list(contradictions(reading)))


@pytest.mark.parametrize("meeting", MEETINGS)
async def test_nothing_is_left_behind(servers, postgres, postgres_url, meeting):
    """Nor does anybody wait for who waits for them: the database gives one of them up, but a second later."""
    before = postgres.log.count("deadlock detected")
    async for _ in each_moment(servers, meeting):
        assert await left_behind(servers, postgres_url) == []
    assert postgres.log.count("deadlock detected") == before


async def test_a_guest_becomes_one_user(servers):
    """Of two who link at once, one is refused, and the other has all of it."""
    async for linked, [other] in each_moment(servers, "a link and another"):
        assert isinstance(linked, Conflict) is not isinstance(other, Conflict)
        user = BORIS if isinstance(linked, Conflict) else ANNA
        assert await servers[0].linked("acme", GUEST) == user
        assert {(await servers[0].message("acme", it)).owner for it in (VOTED, UNVOTED, "m-6", "m-7")} == {user}


@pytest.mark.parametrize("meeting", [it for it in UNLINKED if "completion" not in it])
async def test_a_receipts_message_is_registered_once(servers, postgres, postgres_url, meeting):
    """And no vote with it is refused."""
    before = postgres.log.count("deadlock detected")
    async for said in each_moment(servers, meeting):
        outcomes = [it for some in said for it in some]
        assert not any(isinstance(it, Exception) for it in outcomes)
        assert {it.revision for it in await servers[0].history("acme", "m-5")} == {
            it.revision for it in outcomes if isinstance(it, Feedback)}
        assert await servers[0].message("acme", "m-5") == RECEIPT.message
        await fold_all(servers[0])
        with opened(postgres_url) as reading:
            assert await asyncio.to_thread(lambda: list(contradictions(reading))) == []
    assert postgres.log.count("deadlock detected") == before


@pytest.mark.parametrize("meeting", ["a vote and a link", "a link and votes"])
async def test_a_vote_is_the_users_or_refused(servers, meeting):
    """None that was accepted is missing, and none that was refused is there."""
    seen = set()
    async for said in each_moment(servers, meeting):
        for message_id, outcome in zip((VOTED, UNVOTED), said[meeting == "a link and votes"], strict=True):
            was_refused = isinstance(outcome, Forbidden)
            history = await servers[0].history("acme", message_id)
            submitted = [it.revision for it in history if it.subject == GUEST]
            before = [1] if message_id == VOTED else []
            assert submitted == [*before, *([] if was_refused else [outcome.revision])]
            assert [it.subject for it in history[len(submitted):]] == ([ANNA] if submitted else [])
            seen.add(was_refused)
    assert seen == {True, False}


async def test_a_registration_is_never_refused(servers):
    """Before, meanwhile or after: it is the user's in the end."""
    for meeting in ("a registration and a link", "a link and a registration"):
        async for said in each_moment(servers, meeting):
            assert [it.created for it in said[meeting == "a link and a registration"]] == [True, True]
            assert {(await servers[0].message("acme", it)).owner for it in ("m-1", "m-3", "m-4")} == {ANNA}


@pytest.mark.parametrize("meeting", [it for it in MEETINGS | UNLINKED if "completion" in it])
async def test_a_content_that_comes_meanwhile_is_what_votes_are_found_by(servers, postgres, meeting):
    before = postgres.log.count("deadlock detected")
    owner = GUEST if meeting in UNLINKED else ANNA
    async for _ in each_moment(servers, meeting):
        page = await servers[0].review_queue("acme", ReviewFilter(search="days"), limit=9, cursor=None)
        assert {(it.rated.message.id, it.rated.feedback.subject) for it in page.items} == {
            (it.id, owner) for it in BY_RECEIPT}
    assert postgres.log.count("deadlock detected") == before


@pytest.mark.parametrize("meeting", ["a review and a link", "a link and a review"])
async def test_a_review_is_of_the_users_vote_or_refused(servers, meeting):
    """In the queue as well."""
    seen = set()
    async for said in each_moment(servers, meeting):
        [outcome] = said[meeting == "a link and a review"]
        assert outcome is None or isinstance(outcome, NotFound)
        reviewed = outcome is None
        assert await servers[0].reviews("acme", VOTED) == ([(ANNA, 2, A_REVIEW)] if reviewed else [])
        queue = (await servers[0].review_queue("acme", ReviewFilter(reviewed=reviewed), limit=9, cursor=None)).items
        assert (VOTED, A_REVIEW if reviewed else None) in [(it.rated.message.id, it.review) for it in queue]
        seen.add(reviewed)
    assert seen == {True, False}


# ---------------------------------------------------------------- controls

INSTEAD = "SELECT 1 FROM unnest({});"
CLAIMED = INSTEAD.format(":project_id::text[], :message_id::text[], :subject::text[], :revision::integer[]")
HELD = INSTEAD.format(":project_id::text[], :subject::text[], :user_key::text[], :linked_at::bigint[]")
ALL = r"(?s).+"
FORGETTING = {  # a statement, what of it is forgotten, and where that is noticed
    "whose the message is when a vote is written": (
        "append_history", r" AND m\.owner = w\.subject", "", "a vote and a link"),
    "that somebody has just voted": ("claim_votes", ALL, CLAIMED, "a vote and a link"),
    "that somebody has just voted again": (
        "claim_votes", r"\nWHERE feedback\.revision = excluded\.revision", "", "a link and votes"),
    "that somebody opens a conversation": ("hold_owner", ALL, HELD, "a registration and a link"),
    "that a receipt opens one": ("hold_owner", ALL, HELD, "a vote with a receipt and a link"),
    "whose a conversation is": (
        "touch_conversation", r"\nWHERE conversations\.owner = excluded\.owner", "",
        "a registration in a known conversation and a link"),
    "that somebody reviews a vote": ("hold_vote", ALL, queries()["hold_vote"], "a review and a link"),
}


@pytest.mark.parametrize("forgotten", FORGETTING)
async def test_what_forgets_about_the_others_is_found_out(servers, postgres_url, monkeypatch, forgotten):
    """The control: without any one of the precautions there is a moment at which something is left behind."""
    statement, what, instead, meeting = FORGETTING[forgotten]
    altered, count = re.subn(what, instead, postgres_queries()[statement])
    assert count == 1
    monkeypatch.setitem(postgres_queries(), statement, altered)
    found = []
    async for _ in each_moment(servers, meeting):
        found += await left_behind(servers, postgres_url)
    assert found


# ---------------------------------------------------------------- all at once

PEOPLE, ANSWERS = 12, 8
UNLIKE_THE_REVIEWS = """
    SELECT q.message_id, q.reviewed FROM review_queue AS q
    JOIN feedback AS f USING (project_id, message_id, subject)
    LEFT JOIN reviews AS r USING (project_id, message_id, subject, revision)
    WHERE q.reviewed <> (r.label IS NOT NULL)"""


def somebody(number):
    guest = Subject.of(SubjectKind.GUEST, f"{number:064x}")
    return guest, Subject.user("https://tenant.example/", f"auth0|{number}")


async def test_many_who_vote_register_review_and_link_at_once(postgres_url):
    """Four processes. Nothing that was accepted is missing, and nothing is left behind."""
    stores = [await PostgresStore.open(postgres_url, decide, now=Clock()) for _ in range(4)]

    async def live(number):
        (guest, user), accepted = somebody(number), 0

        async def answer(part):
            store, message_id = stores[part % 4], f"m-{number}-{part}"
            await store.register([a_message(message_id, owner=guest, conversation_id=f"c-{number}-{part // 2}")])
            return [await voted(stores[(part + turn) % 4], stores[(part + turn + 1) % 4],
                                a_vote(message_id, subject=guest, vote=DISLIKE)) for turn in range(3)]

        async def become():
            await asyncio.sleep(number / 500)
            return await stores[number % 4].link("acme", guest, user, NOW)

        _, *answers = await asyncio.gather(become(), *map(answer, range(ANSWERS)))
        accepted = [sum(outcomes) for outcomes in answers]
        for part, expected in enumerate(accepted):
            history = await stores[0].history("acme", f"m-{number}-{part}")
            assert sum(it.subject == guest for it in history) == expected
            assert (await stores[0].message("acme", f"m-{number}-{part}")).owner == user

    await asyncio.gather(*map(live, range(PEOPLE)))
    await fold_all(stores[0])
    with opened(postgres_url) as reading:
        assert await asyncio.to_thread(lambda: list(contradictions(reading))) == []
        for table in ("feedback", "reviews"):
            assert reading.rows(f"SELECT subject FROM {table} WHERE subject LIKE 'guest:%'") == []
        assert reading.rows(UNLIKE_THE_REVIEWS) == []
    for store in stores:
        await store.close()


async def voted(store, other, vote):
    """And reviewed by another process, unless it was given to somebody or changed before."""
    try:
        stored = await store.submit(vote)
    except Forbidden:
        return False
    with suppress(NotFound, Conflict):
        await other.review(vote.project_id, vote.message_id, vote.subject, stored.revision, A_REVIEW)
    return True
