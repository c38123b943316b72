"""Every statement is used, and none reads more of a table than what it is asked for."""

import ast
import re
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest
from examples import ANNA, DAY, DISLIKE, GUEST, LIKE, NOW, a_message, a_vote

from plaudit import store as package
from plaudit.counts import Grouping, Period, Selection
from plaudit.deeds import Action, Deed, Review, ReviewFilter
from plaudit.events import Delivery, Due, Endpoint, Kind, Settled
from plaudit.model import AuthLevel, Contract, Conversation, FeedbackFilter, Missed, MissedReason, Role
from plaudit.rules import decide
from plaudit.store import auditing, folding, linking, outbox, reads, reviewing, totals, writes
from plaudit.store.queries import queries
from plaudit.store.sqlite_file import open_writer
from plaudit.store.sqlite_migrate import migrate
from plaudit.store.sqlite_plans import run
from plaudit.store.sqlite_writer import Writer

MODULES = sorted(Path(package.__file__).parent.glob("*.py"))
A_REVIEW = Review("wrong", "late", "boris", NOW)
ENDPOINT = Endpoint("all", "acme", "https://receiver.example/")
DUE = Due("all", 0, 1, "acme", "m-1", Kind.LIKE, 0, NOW)
A_CONVERSATION = Conversation("acme", "c-2", ANNA, NOW, NOW, "Travel")


# ---------------------------------------------------------------- names


def texts(module):
    """Every literal text in a module's code."""
    tree = ast.parse(module.read_text("utf-8"))
    return {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}


@pytest.mark.parametrize("name", queries())
def test_a_statement_is_used(name):
    """None is left over in queries.sql."""
    assert any(name in texts(module) for module in MODULES)


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_a_statement_that_is_named_exists(module):
    """No typing error waits for its day."""
    named = re.findall(r"""(?:queries\(\)|statements)\["(\w+)"\]""", module.read_text("utf-8"))
    assert set(named) <= queries().keys()


@pytest.mark.parametrize(("name", "sql"), queries().items())
def test_a_statement_holds_no_text_of_its_own(name, sql):
    """One statement each, values always bound: no quotation mark in it."""
    assert sql.endswith(";"), name
    assert sql.count(";") == 1, name
    assert "'" not in sql, name


# ---------------------------------------------------------------- plans


@pytest.fixture
def connection(tmp_path):
    with closing(open_writer(tmp_path / "plaudit.db")) as opened:
        migrate(opened)
        yield opened


def plans(connection, work):
    """What SQLite means to do for each statement that `work` executes, one list of steps each."""
    executed = []
    connection.exec_trace = lambda _, sql, bindings: executed.append((sql, bindings)) is None
    work(connection)
    connection.exec_trace = None
    assert executed
    return [[row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", bindings)]
            for sql, bindings in executed if re.match(r"SELECT|INSERT|WITH|UPDATE|DELETE", sql)]


# What a statement was given goes through itself: a batch's rows, or the entries found so far.
NO_TABLE = re.compile(r"SCAN (w|n|entry|\w+ VIRTUAL TABLE.*|(\d+ )?CONSTANT ROWS?|\d+-ROW VALUES CLAUSE)")
# What is not folded yet is soon; and a project has as many cells as it has combinations of models, prompts and so on.
SMALL = {"SCAN unfolded", "SCAN backlog", "SEARCH cell USING PRIMARY KEY (project_id=?)"}


def scans(steps):
    """The steps that go through a whole table, or through a whole project of one."""
    return [step for step in steps if step not in SMALL and (
        (step.startswith("SCAN ") and not NO_TABLE.fullmatch(step))
        or (step.endswith("(project_id=?)") and "history_by_time" not in step))]


def conversations(**changes):
    return partial(reads.conversations, "acme", ANNA, **{
        "order_by": "created_at", "descending": True, "limit": 20, "offset": 0, "search": None, **changes})


def conversation_messages(**changes):
    return partial(reads.conversation_messages, "acme", "c-1", **{
        "role": None, "limit": 20, "offset": 0, "before": None, "descending": False, **changes})


def feedback(cursor=None, **wanted):
    return partial(reads.feedback, "acme", FeedbackFilter(**wanted), limit=20, cursor=cursor)


def counts(per, **wanted):
    return partial(totals.counts, "acme", Selection(**wanted), [Grouping(per=per)], "UTC")


def queue(cursor=None, **wanted):
    return partial(reviewing.queue, "acme", ReviewFilter(**wanted), limit=20, cursor=cursor)


READS = {
    "a message": partial(reads.message, "acme", "m-1"),
    "a conversation": partial(reads.conversation, "acme", "c-1"),
    "an owner's conversations": conversations(),
    "an owner's conversations, oldest first": conversations(descending=False),
    "an owner's conversations by change": conversations(order_by="updated_at"),
    "an owner's conversations by words": conversations(search="train"),
    "a conversation's messages": conversation_messages(),
    "a conversation's newest messages": conversation_messages(descending=True),
    "a conversation's messages of one role": conversation_messages(role=Role.ASSISTANT),
    "a conversation's messages before another": conversation_messages(before="m-1", descending=True),
    "a message's history": partial(reads.history, "acme", "m-1"),
    "votes": feedback(),
    "the next page of votes": feedback("1.1"),
    "votes of some days": feedback(since=NOW, until=NOW + 1),
    "a message's votes": feedback(message_id="m-1"),
    "the next page of a message's votes": feedback("1.1", message_id="m-1"),
    "a conversation's votes": feedback(conversation_id="c-1"),
    "the next page of a conversation's votes": feedback("1.1", conversation_id="c-1", vote=LIKE),
    "one kind of votes": feedback(vote=LIKE, has_comment=True),
    "a model's votes": feedback(model="gpt-x", prompt_version="v1"),
    "votes by how they came": feedback(contract=Contract.SITEASSIST, auth_level=AuthLevel.JWT),
    "all at once": feedback("1.1", since=NOW, message_id="m-1", conversation_id="c-1", model="gpt-x"),
    "totals": counts(None),
    "totals by day": counts(Period.DAY, since=NOW, until=NOW + 30 * DAY, model="gpt-x"),
    "totals by hour": counts(Period.HOUR, since=NOW, until=NOW + DAY),
    "dimensions": partial(totals.dimensions, "acme"),
    "the queue": queue(),
    "the next page of the queue": queue("1"),
    "the whole queue": queue(reviewed=None),
    "a part of the queue": queue(since=NOW, vote=LIKE, model="gpt-x", arms={"greeting": "warm"}),
    "a search": queue(search="late refund"),
    "the next page of a search": queue("1", search="late refund", reviewed=None),
    "votes on unknown messages": partial(reads.missed, "acme", 20_000),
    "reviews": partial(reviewing.reviews, "acme", "m-1"),
    "what is due to an endpoint": partial(outbox.due, ENDPOINT, (), 10, NOW),
    "an endpoint's dead letters": partial(outbox.dead_letters, "all", 0, 10),
    "what waits for endpoints": outbox.backlogs,
    "the audit log": partial(auditing.log, "acme", action=None, after=7, limit=100),
}
WRITES = {
    "votes": [a_vote(), a_vote("m-2")],
    "a registration": [partial(writes.register, "acme", [a_message(), a_message("m-2")], {})],
    "a conversation": [partial(writes.create_conversation, A_CONVERSATION)],
    "a visitor": [partial(writes.visitor, "acme", "device", "v-1", NOW)],
    "a device": [partial(writes.bind_device, "acme", "user", "device", NOW, only_first=True)],
    "a device token": [partial(writes.device_token_seen, "acme", "user", "device", NOW)],
    "votes on unknown messages": [partial(writes.count_missed, {Missed("acme", 20_000, MissedReason.LATE, ""): 1})],
    "an entry of the audit log": [partial(auditing.append, "acme", Deed("backend", Action.EXPORTED, NOW))],
    "a readiness check": [partial(writes.readiness, NOW)],
    "a vote to review": [a_vote(vote=DISLIKE, comment="late"), a_vote("m-2", vote=DISLIKE)],
    "what was sent to an endpoint": [a_vote(), partial(outbox.settle, [Settled(DUE), Settled(DUE, "status 500")])],
    "what is taken to be sent": [a_vote(), partial(outbox.claim, [Delivery(DUE, None)], NOW)],
    "dead letters to be sent again": [partial(outbox.replay, "all", [1])],
    "a fold": [a_vote(), partial(folding.fold, {})],
    "a review": [a_vote(vote=DISLIKE), partial(reviewing.review, "acme", "m-1", ANNA, 1, A_REVIEW)],
    "a review taken back": [a_vote(vote=DISLIKE), partial(reviewing.review, "acme", "m-1", ANNA, 1, None)],
}


def written(connection, path, jobs):
    """The plans of a batch, on top of two registered messages."""
    writer = Writer(path, connection, decide, {}, {"acme": [ENDPOINT]})
    writer.commit([partial(writes.register, "acme", [a_message(), a_message("m-2")], {})])
    return plans(connection, lambda _: writer.commit(jobs))


@pytest.mark.parametrize("name", READS)
def test_a_read_finds_its_rows_by_an_index(connection, name):
    """However much else is stored, without any statistics of the data."""
    found = plans(connection, partial(run, plan=READS[name]))
    assert [scans(steps) for steps in found] == [[]] * len(found)


@pytest.mark.parametrize("name", WRITES)
def test_a_write_finds_its_rows_by_an_index(connection, tmp_path, name):
    """A batch reads what it names and nothing else."""
    found = written(connection, tmp_path / "plaudit.db", WRITES[name])
    assert [scans(steps) for steps in found] == [[]] * len(found)


def test_a_link_finds_its_rows_by_an_index(connection, tmp_path):
    """With votes of both kinds, one of them reviewed; a registration for the guest, before and after."""
    writer = Writer(tmp_path / "plaudit.db", connection, decide, {})
    theirs = partial(writes.register, "acme", [a_message(it, owner=GUEST) for it in ("m-1", "m-2")], {})
    link = partial(linking.link, linking.Link("acme", GUEST, ANNA, NOW), {})
    for jobs in ([theirs], [a_vote(subject=GUEST), a_vote("m-2", subject=GUEST, vote=DISLIKE, comment="late")],
                 [partial(reviewing.review, "acme", "m-2", GUEST, 1, A_REVIEW)]):
        writer.commit(jobs)
    found = plans(connection, lambda _: writer.commit([link, theirs]))
    assert len(found) > 16  # all of its statements
    assert [scans(steps) for steps in found] == [[]] * len(found)


def test_a_vote_is_decided_by_two_primary_keys(connection, tmp_path):
    """The statement that every vote runs: one message, one standing vote."""
    decision, *_ = written(connection, tmp_path / "plaudit.db", WRITES["votes"])
    searches = [step for step in decision if step.startswith("SEARCH ")]
    assert searches == [
        "SEARCH m USING INDEX sqlite_autoindex_messages_1 (project_id=? AND message_id=?) LEFT-JOIN",
        "SEARCH f USING PRIMARY KEY (project_id=? AND message_id=? AND subject=?) LEFT-JOIN",
    ]


@pytest.mark.parametrize("name", [
    "votes", "the next page of votes", "votes of some days", "one kind of votes", "a model's votes",
    "a conversation's messages", "a conversation's newest messages", "the queue", "the next page of the queue",
    "a search", "the next page of a search", "what is due to an endpoint",
])
def test_a_page_is_read_in_its_order(connection, name):
    """Nothing is sorted, so that a page costs what it shows and not what is stored."""
    found = plans(connection, partial(run, plan=READS[name]))
    assert [step for steps in found for step in steps if "TEMP B-TREE" in step] == []


@pytest.mark.parametrize("sql", [
    "SELECT count(*) FROM messages",
    "SELECT model FROM messages WHERE project_id = 'acme' ORDER BY model",
])
def test_a_whole_table_would_be_noticed(connection, sql):
    """The control: what these tests look for is found where it is."""
    assert [scans(steps) for steps in plans(connection, lambda it: it.execute(sql))] != [[]]
