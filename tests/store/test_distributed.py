"""What Plaudit asks of PostgreSQL stays inside the rules under which Citus can spread its tables over nodes.

Citus itself is not run here: its rules are held to the text of every migration and of every statement.
"""

import re
from pathlib import Path

import pytest
import sqlglot
from citus import BY, GROUPS, LOCAL, RULES, violations

from plaudit.store import exporting, reads, reviewing
from plaudit.store.migration import known
from plaudit.store.postgres_partitions import with_partitions
from plaudit.store.queries import numbered, postgres_queries

MANUAL = Path(__file__).parents[2] / "docs" / "operations" / "postgresql.md"
FEEDBACK = {"conditions": " AND ".join([*reads.FEEDBACK_CONDITIONS.values(), reads.AFTER_CURSOR])}
QUEUE = {"conditions": " AND ".join([*reviewing.CONDITIONS.values(), reviewing.HAS_ARM.format(0)])}
OF_OWNER = {"search": reads.SEARCH, "order": "c.created_at DESC"}
EXPORTED = {"seen": exporting.NUMBERED, "conditions": " AND ".join([
    *exporting.CONDITIONS.values(), reviewing.HAS_ARM.format(0)])}
OF_CONVERSATION = {"conditions": f"m.role = :role AND {reads.BEFORE}", "direction": "ASC"}
PARTS = {  # the most that each gap is ever filled with in a cluster
    "read_feedback": FEEDBACK,
    "read_feedback_of_messages": FEEDBACK,
    "read_queued_votes": QUEUE,
    "read_conversations_of_owner": OF_OWNER,
    "count_conversations_of_owner": OF_OWNER,
    "read_messages_of_conversation": OF_CONVERSATION,
    "count_messages_of_conversation": OF_CONVERSATION,
    "read_entries": {"after": exporting.LATER},
    "read_entries_as_of": EXPORTED,
    "read_standing_at": EXPORTED,
    "read_audit": {"conditions": "a.action = :action"},
}

TABLE = "CREATE TABLE visitors (project_id TEXT, device_hash TEXT, visitor_id TEXT {}{}"
JOINED = "SELECT m.role FROM messages AS m {} WHERE m.project_id = $1"
RECURSIVE = ("WITH RECURSIVE entry AS (SELECT h.* FROM history AS h WHERE h.message_id = $1 UNION ALL SELECT h.* "
             "FROM entry JOIN history AS h ON h.seq = entry.previous_seq {}) SELECT seq FROM entry")
UPSERT = "INSERT INTO conversations ({}) VALUES ($1) ON CONFLICT ({}) DO UPDATE SET {}"
SUBQUERY = "SELECT c.title FROM conversations AS c WHERE {}"

CONTROLS = {
    TABLE.format(", PRIMARY KEY (project_id, visitor_id)", ")"): ["visitors has a unique key without device_hash"],
    TABLE.format("UNIQUE", ")"): ["visitors has a unique key without device_hash"],
    TABLE.format("PRIMARY KEY", ")"): ["visitors has a unique key without device_hash"],
    TABLE.format(", UNIQUE (visitor_id)", ")"): ["visitors has a unique key without device_hash"],
    "CREATE UNIQUE INDEX i ON visitors (project_id, visitor_id)": ["visitors has a unique key without device_hash"],
    "ALTER TABLE visitors ADD CONSTRAINT u UNIQUE (visitor_id)": ["visitors has a unique key without device_hash"],
    TABLE.format("REFERENCES messages (message_id)", ")"): ["has a foreign key"],
    TABLE.format(", FOREIGN KEY (visitor_id) REFERENCES messages", ")"): ["has a foreign key"],
    "CREATE TRIGGER t BEFORE INSERT ON visitors FOR EACH ROW EXECUTE FUNCTION f()": ["makes a trigger"],
    "CREATE TABLE likes (message_id TEXT)": ["likes is neither distributed nor local"],
    "SELECT role FROM messages WHERE message_id = $1 FOR UPDATE SKIP LOCKED": ["locks rows"],
    "SELECT role FROM messages TABLESAMPLE SYSTEM (1)": ["samples a table"],
    "SELECT row_number() OVER (ORDER BY role) FROM messages": ["has a window function", "calls row_number"],
    "SELECT nextval('history_seq'), role FROM messages": ["calls nextval"],
    UPSERT.format("conversation_id", "conversation_id", "updated_at = clock_timestamp()"): ["calls clock_timestamp"],
    UPSERT.format("conversation_id", "conversation_id", "updated_at = now()"): ["calls current_timestamp"],
    UPSERT.format("conversation_id", "conversation_id", "conversation_id = excluded.title"): [
        "changes conversation_id of conversations"],
    UPSERT.format("title", "conversation_id", "title = $1"): ["inserts into conversations without conversation_id"],
    UPSERT.format("conversation_id", "title", "title = $1"): [
        "looks for conflicts in conversations without conversation_id"],
    "UPDATE feedback SET message_id = $1 WHERE subject = $2": ["changes message_id of feedback"],
    JOINED.format("JOIN feedback AS f ON f.project_id = m.project_id"): [
        "joins feedback, messages on something else than where they stand"],
    JOINED.format("JOIN feedback AS f ON f.message_id = m.message_id OR TRUE"): [
        "joins feedback, messages on something else than where they stand"],
    JOINED.format("JOIN conversations AS c ON c.conversation_id = m.conversation_id"): [
        "joins conversations, messages, which stand on different nodes"],
    JOINED.format("JOIN unnest($2::text[]) AS w (id) ON w.id = m.message_id LEFT JOIN feedback AS f "
                  "ON f.message_id = w.id"): ["joins feedback from outside on something else than message_id"],
    SUBQUERY.format("EXISTS (SELECT 1 FROM messages AS m WHERE m.conversation_id = c.conversation_id)"): [
        "looks at c outside of a subquery"],
    RECURSIVE.format(""): ["goes through history again and again without being told message_id"],
    RECURSIVE.format("AND h.message_id = entry.message_id"): [
        "goes through history again and again without being told message_id"],
}

WITHIN = [
    TABLE.format(", PRIMARY KEY (project_id, device_hash)", ")"),
    JOINED.format("JOIN feedback AS f ON f.message_id = m.message_id"),
    JOINED.format("JOIN feedback AS f ON f.message_id = $2 AND m.message_id = $2"),
    JOINED.format("JOIN unnest($2::text[]) AS w (id) ON w.id = m.message_id JOIN feedback AS f ON f.message_id = w.id"),
    SUBQUERY.format("c.conversation_id IN (SELECT m.conversation_id FROM messages AS m WHERE m.owner = $1)"),
    RECURSIVE.format("AND h.message_id = $1"),
    UPSERT.format("conversation_id", "conversation_id", "updated_at = excluded.updated_at"),
]


@pytest.mark.parametrize("migration", known("postgres"), ids=lambda migration: migration.name)
def test_every_table_can_be_distributed(migration):
    assert violations(with_partitions(migration.sql, 0)) == []


@pytest.mark.parametrize("name", postgres_queries())
def test_every_statement_can_be_distributed(name):
    sql, _ = numbered(postgres_queries()[name].format(**PARTS.get(name, {})))
    assert violations(sql) == []


@pytest.mark.parametrize(("sql", "found"), CONTROLS.items())
def test_what_citus_refuses_is_found(sql, found):
    """The control: each rule finds what breaks it, and only that."""
    assert violations(sql) == found


@pytest.mark.parametrize("sql", WITHIN)
def test_what_citus_takes_is_let_through(sql):
    assert violations(sql) == []


@pytest.mark.parametrize("rule", RULES)
def test_each_rule_has_a_control(rule):
    statements = [sqlglot.parse_one(sql, dialect="postgres") for sql in CONTROLS]
    assert any(list(rule(statement)) for statement in statements)


def test_the_manual_distributes_every_table():
    commands = re.findall(r"^SELECT create_distributed_table\('plaudit\.(\w+)', '(\w+)', colocate_with => '(.+?)'",
                          MANUAL.read_text("utf-8"), re.MULTILINE)
    assert {table: column for table, column, _ in commands} == BY
    beside = {table: {others.removeprefix("plaudit."), table} - {"none"} for table, _, others in commands}
    assert all(others <= set(next(group for group in GROUPS if table in group)) for table, others in beside.items())
    assert sum(len(others) == 1 for others in beside.values()) == len(GROUPS)  # each group is begun by one table


def test_a_table_is_somewhere():
    assert BY.keys().isdisjoint(LOCAL)
