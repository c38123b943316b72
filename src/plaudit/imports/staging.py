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

# What the first line of the file says of an answer, or of whose a conversation is, is held against the later ones. All
# votes of an answer are written at once, so that there may not be any number of them.
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
INSERT OR IGNORE INTO refused
SELECT n.place, 'the file has the same answer too often'
FROM (SELECT place, row_number() OVER (PARTITION BY message_id ORDER BY place) AS number FROM staged) AS n
WHERE n.number > 1000;
DELETE FROM staged WHERE place IN (SELECT place FROM refused);
CREATE TABLE answers AS
SELECT message_id, sum(length(json)) AS bytes FROM staged GROUP BY message_id ORDER BY max(at), min(place)"""


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

    def batches(self) -> Iterator[list[str]]:
        """Answers by their ids, a few at a time."""
        batch: list[str] = []
        size, after = 0, 0
        while found := self._rows("SELECT rowid, message_id, bytes FROM answers WHERE rowid > ? ORDER BY rowid LIMIT ?",
                                  after, BATCH_MESSAGES):
            for after, message_id, length in found:  # noqa: B007 -- the last one is used
                if batch and (len(batch) >= BATCH_MESSAGES or size + length > BATCH_BYTES):
                    yield batch
                    batch, size = [], 0
                batch.append(message_id)
                size += length
        if batch:
            yield batch

    def told(self, message_id: str) -> Iterator[Staged]:
        """All that is left of what the file tells of an answer, in its order."""
        for place, in self._rows("SELECT place FROM staged WHERE message_id = ? ORDER BY place", message_id):
            [[json]] = self._rows("SELECT json FROM staged WHERE place = ?", place)
            yield Staged(place, json)

    def refusals(self) -> list[tuple[str, int]]:
        """Reasons and how often each was given, the most frequent first."""
        return self._rows("SELECT reason, count(*) FROM refused GROUP BY reason ORDER BY 2 DESC, 1")

    def first_refused(self, limit: int) -> list[tuple[int, str]]:
        return self._rows("SELECT place, reason FROM refused ORDER BY place LIMIT ?", limit)

    def _rows(self, sql: str, *values: Any) -> list[Any]:
        return self._connection.execute(sql, values).fetchall()
