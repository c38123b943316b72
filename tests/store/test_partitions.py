"""`database_partitions`: votes and their history in hash partitions, of which a vote touches its own only."""

import json
from collections.abc import Iterator

import asyncpg
import pytest
from examples import ANNA, DISLIKE, LIKE, NOW, Clock, a_message, a_vote

from plaudit.model import FeedbackFilter
from plaudit.rules import decide
from plaudit.store.postgres import BY_KEYS, PostgresStore
from plaudit.store.queries import numbered, postgres_queries

PARTITIONS = 4
PARTED = {f"{table}_p{number:04}" for table in ("feedback", "history") for number in range(PARTITIONS)}
MESSAGES = [f"m-{number}" for number in range(40)]

pytestmark = pytest.mark.anyio


@pytest.fixture
async def store(postgres_url):
    """With a vote on each message, and another one that changes it."""
    opened = await PostgresStore.open(postgres_url, decide, now=Clock(NOW), partitions=PARTITIONS)
    await opened.register([a_message(it) for it in MESSAGES])
    for it in MESSAGES:
        await opened.submit(a_vote(it))
        await opened.submit(a_vote(it, vote=DISLIKE, comment="No", at=NOW + 1))
    yield opened
    await opened.close()


@pytest.fixture
async def connection(store, postgres_url):  # noqa: ARG001 -- the tables are there
    """As the store's own, for votes."""
    opened = await asyncpg.connect(postgres_url, server_settings={"search_path": "plaudit", **BY_KEYS})
    yield opened
    await opened.close()


async def test_votes_are_spread_and_read_like_any(store, connection):
    rows = await connection.fetch("SELECT tableoid::regclass::text, count(*) FROM feedback GROUP BY 1")
    assert len(rows) == PARTITIONS
    assert sum(count for _, count in rows) == len(MESSAGES)
    page = await store.feedback("acme", FeedbackFilter(), limit=100, cursor=None)
    assert sorted(rated.message.id for rated in page.items) == sorted(MESSAGES)
    assert [(it.revision, it.vote, it.comment) for it in await store.history("acme", "m-7")] == [
        (1, LIKE, None), (2, DISLIKE, "No")]


# What a vote on m-7 runs, and what reads its past. All rows of a message are in one partition of each table.
KEY = {"project_id": "acme", "message_id": "m-7"}
STATE = {**KEY, "subject": ANNA.key, "vote": 1, "comment": None, "reasons": None, "revision": 3,
         "contract": "siteassist", "auth_level": "jwt", "created_at": NOW, "updated_at": NOW + 2, "seq": 99,
         "previous_seq": 9}
BATCH = {"n": [0], **{name: [value] for name, value in STATE.items()}}
STATEMENTS = {
    "read_for_decision": (BATCH, ["feedback"]),
    "write_feedback": (BATCH, []),
    "append_history": (BATCH, []),
    "read_history": (KEY, ["feedback", "history"]),
}


@pytest.mark.parametrize("mode", ["force_custom_plan", "force_generic_plan"])
@pytest.mark.parametrize("name", STATEMENTS)
async def test_a_vote_goes_to_its_own_partition_only(connection, name, mode):
    """Planned for its values or for any: the driver prepares statements, and the server may keep their plans."""
    bindings, tables = STATEMENTS[name]
    sql, names = numbered(postgres_queries()[name])
    found = await partitions_read(connection, mode, sql, [bindings[it] for it in names])
    assert [relation.split("_p")[0] for relation in sorted(found)] == tables


async def test_reading_all_partitions_would_be_noticed(connection):
    """The control."""
    assert await partitions_read(connection, "auto", "SELECT vote FROM feedback WHERE subject = $1", [ANNA.key]) == {
        it for it in PARTED if it.startswith("feedback")}


async def partitions_read(connection, mode, sql, values) -> set[str]:
    """Where a statement really went. What it wrote is undone."""
    transaction = connection.transaction()
    await transaction.start()
    await connection.execute(f"SET LOCAL plan_cache_mode = {mode}")
    await connection.execute(f"PREPARE statement AS {sql}")
    explained = await connection.fetchval(
        f"EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE statement ({', '.join(map(literal, values))})")
    await transaction.rollback()
    await connection.execute("DEALLOCATE statement")
    return {name for name in executed(json.loads(explained)[0]["Plan"]) if name in PARTED}


def literal(value) -> str:
    if isinstance(value, list):
        return f"ARRAY[{', '.join(map(literal, value))}]"
    return "NULL" if value is None else repr(value)


def executed(node) -> Iterator[str]:
    if node.get("Actual Loops") and "Relation Name" in node:
        yield node["Relation Name"]
    for inner in node.get("Plans", []):
        yield from executed(inner)
