"""What a copy takes from one database to another: the tables and columns that both have.

`readiness` stays behind, for it says something of the old database only, and so does `guest_devices.came_first`, which
SQLite does not have (see `copy_postgres`). Totals and the queue for review stay behind as well: whoever opens the
target first makes them anew from what was copied (see `recount`).
"""

from dataclasses import dataclass
from typing import Any

Row = tuple[Any, ...]  # of a table's columns, in their order; its first values are its key

UNFINISHED = "unfinished_copy"  # a table that is in the target until the copy has been verified
UNFINISHED_COPY = ("A copy into this database has begun and not ended. Run the same `plaudit copy` again: it goes on "
                   "where it stopped.")


@dataclass(frozen=True, slots=True)
class Table:
    """A table, copied in the order of its key: by bytes in SQLite and, with COLLATE "C", in PostgreSQL."""

    name: str
    key: tuple[str, ...]
    others: tuple[str, ...]
    batch_rows: int = 5000  # held in memory, and written in one transaction

    @property
    def columns(self) -> tuple[str, ...]:
        return (*self.key, *self.others)

    def key_of(self, row: Row) -> Row:
        return row[:len(self.key)]


CONVERSATIONS = Table(
    "conversations", ("project_id", "conversation_id"), ("owner", "created_at", "updated_at", "title"))
MESSAGES = Table(
    "messages", ("project_id", "message_id"),
    ("role", "owner", "conversation_id", "created_at", "in_reply_to", "model", "prompt_version", "arms", "locale",
     "platform", "trace_id", "span_id", "metadata", "content", "by_receipt", "content_sha256"),
    batch_rows=250)  # a content may have a megabyte
FEEDBACK = Table(
    "feedback", ("project_id", "message_id", "subject"),
    ("vote", "comment", "reasons", "revision", "contract", "auth_level", "created_at", "updated_at", "seq"))
HISTORY = Table(
    "history", ("seq",),
    ("previous_seq", "project_id", "message_id", "subject", "vote", "comment", "reasons", "revision", "contract",
     "auth_level", "created_at", "updated_at"))
VISITORS = Table("visitors", ("project_id", "device_hash"), ("visitor_id", "created_at"))
GUEST_DEVICES = Table(
    "guest_devices", ("project_id", "user_hash", "device_hash"), ("bound_at", "token_seen_at"))

REVIEWS = Table(
    "reviews", ("project_id", "message_id", "subject", "revision"), ("label", "note", "reviewer", "reviewed_at"))

LINKS = Table("links", ("project_id", "subject"), ("user_key", "linked_at"))
OUTBOX = Table(
    "outbox", ("endpoint", "due_at", "seq"), ("project_id", "message_id", "kind", "attempts", "voted_at"))
DEAD_LETTERS = Table(
    "dead_letters", ("endpoint", "seq"),
    ("project_id", "message_id", "kind", "attempts", "voted_at", "died_at", "failure"))
UNKNOWN_MESSAGES = Table("unknown_messages", ("project_id", "day", "reason", "page"), ("count",))
AUDIT = Table("audit", ("project_id", "number"), ("at", "actor", "action", "details", "sha256"))

TABLES = (CONVERSATIONS, MESSAGES, FEEDBACK, HISTORY, VISITORS, GUEST_DEVICES, REVIEWS, LINKS, UNKNOWN_MESSAGES, AUDIT,
          OUTBOX, DEAD_LETTERS)


def select(table: Table, mark: str, *, after: bool, descending: bool) -> str:
    """Rows by key, from an end or `after` one. `mark` before a number is a binding: the key's columns, then a limit."""
    key = ", ".join(table.key)
    marks = [f"{mark}{number}" for number in range(1, len(table.key) + 1)] if after else []
    condition = f"WHERE ({key}) > ({', '.join(marks)})" if after else ""
    order = ", ".join(f"{column} DESC" for column in table.key) if descending else key
    return (f"SELECT {', '.join(table.columns)} FROM {table.name} {condition} "  # noqa: S608  names of the tables above
            f"ORDER BY {order} LIMIT {mark}{len(marks) + 1}")
