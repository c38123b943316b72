"""An export gives the votes that stood when it began, whatever is voted, removed and linked while it is read."""

from dataclasses import replace
from functools import partial

import pytest
from examples import ANNA, BORIS, DAY, DISLIKE, GUEST, LIKE, NOW, VISITOR, a_message, a_vote
from hypothesis import strategies as st
from hypothesis.stateful import rule
from opening import open_store
from random_commands import Machine, project_ids
from random_commands import run as run_machine
from test_linking_at_once import Paused

from plaudit.counts import Selection
from plaudit.exported import BEGINNING, LOOKED_BACK
from plaudit.model import AuthLevel, Role, Vote
from plaudit.rules import decide
from plaudit.store import exporting
from plaudit.store.postgres import PostgresStore
from plaudit.store.postgres_server import Servers
from plaudit.store.postgres_votes import Votes

pytestmark = pytest.mark.anyio
ALL = Selection()


async def exported(store, wanted=ALL, *, moment=None, entries=2, project_id="acme", after=BEGINNING):
    """All of it, in parts of so many entries."""
    moment = moment or await store.export_moment(project_id)
    found = []
    while after is not None:
        page = await store.export(project_id, wanted, moment, after, entries)
        found += page.votes
        after = page.position
    return found


def said(votes):
    """Of each message, by whom and what."""
    return {vote.message_id: (vote.subject, vote.vote, vote.comment) for vote in votes}


async def five(store):
    """Anna's likes of five answers, a millisecond between them."""
    await store.register([a_message(f"m-{number}") for number in range(5)])
    for number in range(5):
        await store.submit(a_vote(f"m-{number}", at=NOW + number))


# ---------------------------------------------------------------- what a line says


async def test_a_line_says_all_that_is_known(store):
    await store.register([
        a_message("q-1", role=Role.USER, content="When?", created_at=NOW - 1),
        a_message("m-1", model="gpt-x", prompt_version="v7", arms={"greeting": "b"}, content="In ten days.",
                  in_reply_to="q-1", locale="de", platform="web", trace_id="0af7", span_id="b7ad",
                  metadata={"a": [None, 1.5]})])
    await store.submit(a_vote(vote=LIKE, at=NOW + 1))
    await store.submit(a_vote(vote=DISLIKE, comment="no", reasons=("late",), at=NOW + 2))
    [vote] = await exported(store)
    assert vote._asdict() == {
        "message_id": "m-1", "conversation_id": "c-1", "subject": ANNA.key, "vote": -1, "comment": "no",
        "reasons": '["late"]', "contract": "handauncle", "auth_level": "jwt", "revision": 2, "created_at": NOW + 1,
        "updated_at": NOW + 2, "role": "assistant", "model": "gpt-x", "prompt_version": "v7",
        "arms": '{"greeting":"b"}', "locale": "de", "platform": "web", "in_reply_to": "q-1", "trace_id": "0af7",
        "span_id": "b7ad", "metadata": '{"a":[null,1.5]}', "shown_at": NOW, "content": "In ten days.",
        "question_id": "q-1", "question": "When?"}


async def test_without_a_reply_to_the_question_is_the_newest_one_before(store):
    """Not one after it, of another conversation, or too far away; one that is named and not there is looked for."""
    question = partial(a_message, role=Role.USER)
    await store.register([
        question("q-1", content="first", created_at=NOW), a_message("a-1", created_at=NOW + 1),
        question("q-2", content="second", created_at=NOW + 2),
        a_message("a-2", created_at=NOW + 3), a_message("a-3", created_at=NOW + 4, in_reply_to="nowhere"),
        question("q-3", content="later", created_at=NOW + 5),
        question("q-4", content="elsewhere", conversation_id="c-2", created_at=NOW + 3),
        *(a_message(f"b-{number}", conversation_id="c-2", created_at=NOW + 4 + number)
          for number in range(LOOKED_BACK + 1)),
        a_message("c", conversation_id="c-3")])
    last = f"b-{LOOKED_BACK}"
    for message_id in ("a-1", "a-2", "a-3", "b-0", last, "c"):
        await store.submit(a_vote(message_id))
    assert {vote.message_id: vote.question for vote in await exported(store)} == {
        "a-1": "first", "a-2": "second", "a-3": "second", "b-0": "elsewhere", last: None, "c": None}


@pytest.mark.parametrize(("wanted", "found"), [
    (Selection(model="x"), {"m-1"}), (Selection(model=""), {"m-2", "m-3"}), (Selection(prompt_version="v1"), {"m-1"}),
    (Selection(locale="de", platform="web"), {"m-2"}), (Selection(arms={"e": "a"}), {"m-1"}),
    (Selection(arms={"e": ""}), {"m-2", "m-3"}), (Selection(since=NOW), {"m-1", "m-2"}),
    (Selection(until=NOW), {"m-3"}), (Selection(has_comment=True), {"m-2"}),
    (Selection(auth_level=AuthLevel.SESSION), {"m-3"}),
])
async def test_what_the_numbers_are_of_can_be_exported(store, wanted, found):
    """The same filters; `since` and `until` are when an answer was shown."""
    await store.register([
        a_message("m-1", model="x", prompt_version="v1", arms={"e": "a"}),
        a_message("m-2", locale="de", platform="web"), a_message("m-3", created_at=NOW - 1)])
    await store.submit(a_vote("m-1"))
    await store.submit(a_vote("m-2", comment="fine"))
    await store.submit(a_vote("m-3", auth_level=AuthLevel.SESSION))
    assert {vote.message_id for vote in await exported(store, wanted)} == found


async def test_an_empty_project_has_nothing_to_export(store):
    await five(store)
    assert await exported(store, project_id="globex") == []
    assert await exported(store, moment=await store.export_moment("globex"), project_id="globex") == []


async def test_what_a_position_is_can_be_told_before(store):
    """So many entries further on, also among those of one instant."""
    await five(store)
    await store.register([a_message("n-1"), a_message("n-2")])
    for message_id in ("n-1", "n-2"):
        await store.submit(a_vote(message_id, at=NOW + 2))
    moment = await store.export_moment("acme")
    for entries in range(1, 8):
        page = await store.export("acme", ALL, moment, BEGINNING, entries)
        assert await store.export_position("acme", moment, BEGINNING, entries) == page.position
        after = await store.export_position("acme", moment, page.position, 1)
        assert after == (await store.export("acme", ALL, moment, page.position, 1)).position
    assert await store.export_position("acme", moment, BEGINNING, 8) is None
    assert await store.export_size("acme", moment, BEGINNING) == 7


@pytest.mark.parametrize("entries", [1, 3, 5, 10])
async def test_a_part_ends_where_it_is_told_to(store, entries):
    """Whatever was read ahead."""
    await five(store)
    moment = await store.export_moment("acme")
    until = await store.export_position("acme", moment, BEGINNING, 3)
    after, found = BEGINNING, []
    while after < until:
        page = await store.export("acme", ALL, moment, after, entries, until=until)
        after, found = page.position, [*found, *page.votes]
    assert ([vote.message_id for vote in found], after) == (["m-0", "m-1", "m-2"], until)


async def test_a_moment_of_another_kind_of_database_goes_by_its_numbers(store):
    """Whoever goes on elsewhere, after a copy, is told no error."""
    await five(store)
    moment = await store.export_moment("acme")
    for snapshot in (None, "3:9999:5,7"):
        assert len(await exported(store, moment=replace(moment, snapshot=snapshot))) == 5


# ---------------------------------------------------------------- as of one moment


async def test_what_happens_after_the_moment_is_not_in_it(store):
    """A change, a removal, a first vote, another voter's, and a removal that is taken back."""
    await five(store)
    await store.submit(a_vote("m-4", vote=None, at=NOW + 5))
    await store.register([a_message("n-1", conversation_id="c-2", owner=BORIS)])
    moment = await store.export_moment("acme")
    before = await exported(store, moment=moment)
    for number, vote in enumerate((DISLIKE, LIKE, DISLIKE)):  # three entries back
        await store.submit(a_vote("m-0", vote=vote, comment="later", at=NOW + 10 + number))
    await store.submit(a_vote("m-1", vote=None, at=NOW + 13))
    await store.submit(a_vote("m-4", at=NOW + 13))
    await store.submit(a_vote("n-1", subject=BORIS, at=NOW + 13))
    assert said(before) == {f"m-{number}": (ANNA.key, 1, None) for number in range(4)}
    assert await exported(store, moment=moment) == before


@pytest.mark.parametrize("entries", [1, 2, 3, 10])
async def test_a_guest_who_becomes_a_user_in_the_middle_is_exported_once(store, entries):
    """As the guest that it was, also where the user changes the vote afterwards."""
    await store.register([a_message(f"m-{number}", owner=GUEST) for number in range(4)])
    for number in range(4):
        await store.submit(a_vote(f"m-{number}", subject=GUEST, at=NOW + number))
    moment = await store.export_moment("acme")
    first = await store.export("acme", ALL, moment, BEGINNING, 2)
    await store.link("acme", GUEST, ANNA, NOW + 10)
    await store.submit(a_vote("m-3", vote=DISLIKE, at=NOW + 11))
    rest = await exported(store, moment=moment, after=first.position, entries=entries)
    assert [(vote.message_id, vote.subject, vote.vote) for vote in [*first.votes, *rest]] == [
        (f"m-{number}", GUEST.key, 1) for number in range(4)]
    assert said(await exported(store)) == {
        **{f"m-{number}": (ANNA.key, 1, None) for number in range(3)}, "m-3": (ANNA.key, -1, None)}


async def test_where_both_had_voted_the_one_that_stood_is_exported(store):
    """A vote that ended with the link stood before it."""
    await store.register([a_message("m-1", owner=ANNA)])
    await store.submit(a_vote("m-1", vote=DISLIKE))
    await store.register([a_message("m-2", conversation_id="c-2", owner=VISITOR)])
    await store.submit(a_vote("m-2", subject=VISITOR))
    moment = await store.export_moment("acme")
    await store.link("acme", VISITOR, ANNA, NOW + 10)
    await store.submit(a_vote("m-2", vote=None, at=NOW + 11))
    assert said(await exported(store, moment=moment)) == {"m-1": (ANNA.key, -1, None), "m-2": (VISITOR.key, 1, None)}
    assert said(await exported(store)) == {"m-1": (ANNA.key, -1, None)}


async def test_it_ends_while_votes_come_all_the_time(store):
    """What comes after the moment's newest entry is not even looked at."""
    await five(store)
    moment = await store.export_moment("acme")
    after, parts = BEGINNING, 0
    while after is not None:
        after = (await store.export("acme", ALL, moment, after, 1)).position
        parts += 1
        await store.submit(a_vote("m-0", vote=Vote((LIKE, DISLIKE)[parts % 2]), at=NOW + 100 + parts))
    assert parts == 6


# ---------------------------------------------------------------- on PostgreSQL, where numbers do not come in order


async def test_a_number_taken_long_ago_is_of_the_moment_when_it_is_used(postgres_url, clock):
    """Two processes, each with numbers in stock: the one with the lower ones votes after the moment."""
    first = await open_store(postgres_url, decide, now=clock)
    second = await open_store(postgres_url, decide, now=clock)
    try:
        await five(first)
        await second.submit(a_vote("m-4", vote=DISLIKE, at=NOW + 5))
        moment = await second.export_moment("acme")
        before = await exported(second, moment=moment)
        await first.submit(a_vote("m-0", vote=DISLIKE, at=NOW + 6))
        [[lower]] = await numbers_of(postgres_url, "SELECT max(seq) FROM history WHERE message_id = 'm-0'")
        assert lower < moment.last_seq  # the control: by numbers alone it would be in
        assert said(before)["m-0"] == (ANNA.key, 1, None)
        assert await exported(second, moment=moment) == before
    finally:
        await first.close()
        await second.close()


async def test_what_is_not_committed_at_the_moment_is_not_in_it(postgres_url, clock):
    """A vote that is written, with its commit under way, while another process begins to export."""
    store = await open_store(postgres_url, decide, now=clock)
    connection = await Servers(postgres_url).connect()
    try:
        seen = []

        async def begin():
            if not seen:
                await store.submit(a_vote("m-2", vote=DISLIKE, at=NOW + 8))
                seen.append(await store.export_moment("acme"))
                seen.append(await exported(store, moment=seen[0]))

        async def nothing():
            pass

        early, late = (Votes(Paused(connection, 10**6, happens), decide, {}) for happens in (nothing, begin))
        await store.register([a_message("m-8"), a_message("m-9")])
        await early.commit([a_vote("m-9")])
        late._numbers = early._numbers
        await five(store)
        await late.commit([a_vote("m-8", at=NOW + 7)])
        moment, before = seen
        [[number]] = await numbers_of(postgres_url, "SELECT max(seq) FROM history WHERE message_id = 'm-8'")
        assert number < moment.last_seq  # the control, as above
        assert said(before).keys() == {"m-9", *(f"m-{number}" for number in range(5))}
        assert said(before)["m-2"][1] == -1
        assert await exported(store, moment=moment) == before
        assert "m-8" in said(await exported(store))
    finally:
        await connection.close()
        await store.close()


async def test_an_old_row_whose_transaction_looks_new_is_exported(postgres_url, clock):
    """As after 2³² transactions: a snapshot before the row's, and the row older than any such transaction."""
    store = await open_store(postgres_url, decide, now=clock)
    try:
        await five(store)
        moment = await store.export_moment("acme")
        long_ago = replace(moment, snapshot="3:3:")
        assert await exported(store, moment=long_ago) == []  # the control
        later = replace(long_ago, at=NOW + exporting.SETTLED_MILLISECONDS + DAY)
        assert len(await exported(store, moment=later)) == 5
    finally:
        await store.close()


async def test_votes_in_partitions_are_exported(postgres_url, clock):
    """Their transactions are read from each partition."""
    store = await open_store(postgres_url, decide, now=clock, partitions=4)
    try:
        await five(store)
        moment = await store.export_moment("acme")
        await store.submit(a_vote("m-0", vote=DISLIKE, at=NOW + 6))
        assert [vote.message_id for vote in await exported(store, moment=moment)] == [f"m-{it}" for it in range(5)]
    finally:
        await store.close()


async def test_a_cluster_has_no_snapshot_and_goes_by_numbers(postgres_url, clock, monkeypatch):
    """The statements without one, on a plain server that is taken for a cluster by an extension that it has."""
    monkeypatch.setattr(exporting, "CLUSTER", "plpgsql")
    store = await open_store(postgres_url, decide, now=clock)
    try:
        await store.register([a_message("q-1", role=Role.USER, content="When?", created_at=NOW - 1)])
        await five(store)
        moment = await store.export_moment("acme")
        assert (moment.snapshot, {vote.question for vote in await exported(store)}) == (None, {"When?"})
        await store.submit(a_vote("m-0", vote=DISLIKE, at=NOW + 6))
        assert said(await exported(store, moment=moment))["m-0"] == (ANNA.key, 1, None)
    finally:
        await store.close()


async def numbers_of(url, query):
    connection = await Servers(url).connect()
    try:
        return [tuple(row) for row in await connection.fetch(query)]
    finally:
        await connection.close()


# ---------------------------------------------------------------- whatever happens


class Exporting(Machine):
    """Exports begin at any time and are read on in parts, while everything else goes on, restarts among it."""

    def __init__(self):
        super().__init__()
        self.exports = []

    def teardown(self):
        try:
            for export in self.exports:
                while export["after"] is not None:
                    self.read_on(export, 2)
                assert self.in_order(export["read"]) == self.in_order(export["expected"])
        finally:
            super().teardown()

    @rule(project_id=project_ids)
    def begin_an_export(self, project_id):
        moment = self.loop.run(self.store.export_moment(project_id))
        self.exports.append({"project": project_id, "moment": moment, "after": BEGINNING, "read": [],
                             "expected": self.ledger.standing(project_id)})

    @rule(data=st.data(), entries=st.integers(1, 3))
    def go_on(self, data, entries):
        begun = [export for export in self.exports if export["after"] is not None]
        if begun:
            self.read_on(data.draw(st.sampled_from(begun)), entries)

    def read_on(self, export, entries):
        page = self.loop.run(self.store.export(
            export["project"], ALL, export["moment"], export["after"], entries))
        export["after"] = page.position
        export["read"] += page.votes

    @staticmethod
    def in_order(listed):
        """As a set: an export goes from the oldest to the newest."""
        return sorted((it.message_id, getattr(it.subject, "key", it.subject), int(it.vote), it.comment or "",
                       it.revision, it.updated_at) for it in listed)


def test_the_votes_of_any_moment_are_what_a_ledger_had_then():
    run_machine(Exporting, max_examples=25)


def test_so_they_are_on_postgres(postgres, postgres_url):
    class OnPostgres(Exporting):
        def __init__(self):
            postgres.empty_database(postgres_url)
            super().__init__()

        def opened(self):
            return PostgresStore.open(postgres_url, self.decide, now=self.clock)

    run_machine(OnPostgres, max_examples=6)
