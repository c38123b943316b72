"""Every statement of the SQLite store finds its rows by a key, however many there are."""

import re

import apsw
import pytest

from plaudit.store.migrate import migrate
from plaudit.store.queries import queries

PLACEHOLDERS = {"search": "true", "conditions": "true", "order": "c.created_at", "direction": "DESC"}
A_WHOLE_TABLE = re.compile(r"SCAN (?!w |json_each|CONSTANT)")
ONLY_THE_PROJECT = re.compile(r"\(project_id=\?\)")
NEWEST_FIRST = {"read_feedback"}  # reads on from a place in its index and stops at its limit


@pytest.fixture(scope="module")
def database():
    connection = apsw.Connection(":memory:")
    migrate(connection)
    return connection


@pytest.mark.parametrize("name", sorted(queries()))
def test_no_statement_reads_a_whole_table_or_a_whole_project(database, name):
    """A batch's ids are looked up one by one: the plan must not turn the join around."""
    statement = queries()[name].format(**PLACEHOLDERS)
    given = [None] * statement.count("?") or dict.fromkeys(re.findall(r":(\w+)", statement))
    plan = [row[3] for row in database.execute(f"EXPLAIN QUERY PLAN {statement}", given)]
    assert not [step for step in plan if A_WHOLE_TABLE.match(step)]
    if name not in NEWEST_FIRST:
        assert not [step for step in plan if ONLY_THE_PROJECT.search(step)]
