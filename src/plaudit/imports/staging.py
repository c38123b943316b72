"""What was read of a file, put in order on the disk: a temporary database of SQLite's, which goes with its process.

Thus a file is as large as it may be, its lines stand in any order, and what is written is what was judged.
"""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import apsw

from plaudit.imports.piece import Piece

CACHE_KIB = 16 * 1024
BATCH_MESSAGES = 250
BATCH_BYTES = 4 * 1024 * 1024

SCHEMA = """
CREATE TABLE staged (place INTEGER PRIMARY KEY, message_id TEXT NOT NULL, conversation_id TEXT NOT NULL,
                     owner TEXT NOT NULL, role TEXT NOT NULL, at INTEGER NOT NULL, json BLOB NOT NULL) STRICT;
CREATE TABLE refused (place INTEGER PRIMARY KEY, reason TEXT NOT NULL) STRICT"""

# What the first line of the file says of an answer, or of whose a conversation is, is held against the later ones.
CONTRADICTIONS = """
CREATE INDEX by_message ON staged (message_id, place);
INSERT INTO refused
SELECT s.place, 'the file has the same answer before, as another''s or in another conversation'
FROM staged AS s CROSS JOIN staged AS f
    ON f.place = (SELECT min(place) FROM staged WHERE message_id = s.message_id)
WHERE f.conversation_id <> s.conversation_id OR f.owner <> s.owner OR f.role <> s.role;
CREATE INDEX by_conversation ON staged (conversation_id, place);
INSERT OR IGNORE INTO refused
SELECT s.place, 'the file has the same conversation before, as somebody else''s'
FROM staged AS s CROSS JOIN staged AS f
    ON f.place = (SELECT min(place) FROM staged WHERE conversation_id = s.conversation_id)
WHERE f.owner <> s.owner;
DELETE FROM staged WHERE place IN (SELECT place FROM refused);
CREATE TABLE answers AS SELECT message_id FROM staged GROUP BY message_id ORDER BY max(at), min(place)"""


class Staged(NamedTuple):
    """A line or an item that was understood."""

    place: int
    json: bytes


class Staging:
    def __init__(self) -> None:
        self._connection = apsw.Connection("")
        self._connection.pragma("cache_size", -CACHE_KIB)
        self._connection.execute(SCHEMA)
        self._connection.execute("BEGIN")

    def close(self) -> None:
        self._connection.close()

    def add(self, place: int, piece: Piece, json: bytes) -> None:
        message = piece.message
        self._connection.execute(
            "INSERT INTO staged VALUES (?, ?, ?, ?, ?, ?, ?)",
            (place, message.id, message.conversation_id, message.owner.key, message.role.value, piece.at, json))

    def refuse(self, places: Iterable[int], reason: str) -> None:
        for place in places:
            self._connection.execute("INSERT OR IGNORE INTO refused VALUES (?, ?)", (place, reason))
            self._connection.execute("DELETE FROM staged WHERE place = ?", (place,))

    def settle(self) -> None:
        """All is read: what contradicts itself is refused, the rest is put in the order of the votes."""
        self._connection.execute(CONTRADICTIONS)

    @property
    def answers(self) -> int:
        count: int = self._connection.execute("SELECT count(*) FROM answers").get
        return count

    @property
    def refused(self) -> int:
        count: int = self._connection.execute("SELECT count(*) FROM refused").get
        return count

    def has_answer(self, message_id: str) -> bool:
        return bool(self._connection.execute("SELECT 1 FROM staged WHERE message_id = ?", (message_id,)).get)

    def batches(self) -> Iterator[list[list[Staged]]]:
        """A few answers at a time, each as all that was told of it."""
        batch: list[list[Staged]] = []
        size = 0
        after: Any = 0
        while found := self._connection.execute(
                "SELECT rowid, message_id FROM answers WHERE rowid > ? ORDER BY rowid LIMIT ?",
                (after, BATCH_MESSAGES)).fetchall():
            for after, message_id in found:  # noqa: B007 -- the last one is used
                told = self._told(message_id)
                size += sum(len(each.json) for each in told)
                batch += [told] if told else []
                if len(batch) >= BATCH_MESSAGES or size >= BATCH_BYTES:
                    yield batch
                    batch, size = [], 0
        if batch:
            yield batch

    def refusals(self) -> list[tuple[str, int]]:
        """Reasons and how often each was given, the most frequent first."""
        found: list[Any] = self._connection.execute(
            "SELECT reason, count(*) FROM refused GROUP BY reason ORDER BY 2 DESC, 1").fetchall()
        return found

    def first_refused(self, limit: int) -> list[tuple[int, str]]:
        found: list[Any] = self._connection.execute(
            "SELECT place, reason FROM refused ORDER BY place LIMIT ?", (limit,)).fetchall()
        return found

    def _told(self, message_id: Any) -> list[Staged]:
        return [Staged(*row) for row in self._connection.execute(
            "SELECT place, json FROM staged WHERE message_id = ? ORDER BY place", (message_id,))]
