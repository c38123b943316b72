"""Examples brought together: at most so many of a person, each once, and two and two for DPO.

All of them may be far more than memory holds. Of each example a row of hashes, with the place of its line in the file
of lines, is kept in a temporary SQLite file beside the export, and SQLite groups and sorts there, on the disk too.
"""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

from plaudit.counts import BUCKETS, Counts
from plaudit.exports.training import Example, Pairs, Recipe, digest, split_of

CACHE_KIB = 16 * 1024

TABLES = f"""
PRAGMA journal_mode = off;
PRAGMA synchronous = off;
PRAGMA locking_mode = exclusive;
PRAGMA cache_size = -{CACHE_KIB};
PRAGMA temp_store = file;
CREATE TABLE example (
    place INTEGER PRIMARY KEY,  -- in the file of lines
    length INTEGER, split INTEGER, subject BLOB, prompt BLOB, completion BLOB, liked INTEGER, rank BLOB, model TEXT,
    bucket INTEGER, kept INTEGER);
"""
DROP_REPEATED = """
UPDATE example SET kept = 0
WHERE place NOT IN (SELECT min(place) FROM example GROUP BY prompt, completion, liked)"""
DROP_ABOVE = """
UPDATE example SET kept = 0
WHERE place IN (SELECT place FROM (
    SELECT place, row_number() OVER (PARTITION BY subject ORDER BY rank) AS number FROM example WHERE kept)
    WHERE number > ?)"""
PAIRS = """
WITH one AS (
    SELECT place, length, split, prompt, completion, liked, {subject} AS subject,
           row_number() OVER (PARTITION BY split, prompt, liked, {subject} ORDER BY rank) AS number
    FROM example WHERE kept)
SELECT c.place, c.length, r.place, r.length
FROM one AS c
JOIN one AS r USING (split, prompt, subject, number)
WHERE c.liked AND NOT r.liked AND c.completion <> r.completion AND c.split = ?
ORDER BY c.place"""

Place = tuple[int, int]  # of a line: where it begins, and how long it is, in bytes


class Gathering:
    """Examples of one export, on the disk until it is closed."""

    def __init__(self, file: Path, recipe: Recipe, bucket_of: Callable[[str], int]) -> None:
        """`bucket_of`: people's buckets, for intervals."""
        file.unlink(missing_ok=True)
        self._file = file
        self._recipe = recipe
        self._bucket_of = bucket_of
        self._connection = sqlite3.connect(file, isolation_level=None)
        self._connection.executescript(TABLES)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()
        with suppress(FileNotFoundError):
            self._file.unlink()

    def add(self, examples: Sequence[tuple[Place, Example]]) -> None:
        rows = [(*place, split_of(it.subject, self._recipe.splits), digest(it.subject), digest(it.prompt),
                 digest(it.completion), it.liked, digest(f"{place[0]}{it.subject}"), it.model,
                 self._bucket_of(it.subject), 1) for place, it in examples]
        self._connection.execute("BEGIN")
        self._connection.executemany("INSERT INTO example VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
        self._connection.execute("COMMIT")

    def drop_repeated(self) -> int:
        """How many there were. The first of them stays, in whichever split it is, so that none is in two."""
        return self._connection.execute(DROP_REPEATED).rowcount

    def drop_above(self, most: int) -> int:
        """Those that a person has more than so many of."""
        return self._connection.execute(DROP_ABOVE, (most,)).rowcount

    def singles(self, split: int) -> Iterator[Place]:
        yield from self._connection.execute(
            "SELECT place, length FROM example WHERE kept AND split = ? ORDER BY place", (split,))

    def pairs(self, split: int) -> Iterator[tuple[Place, Place]]:
        """The first liked answer to a prompt with the first disliked one, the second with the second: each is in one
        pair at the most, so that a prompt with many votes does not outweigh all others."""
        subject = "subject" if self._recipe.pairs is Pairs.SAME_VOTER else "0"
        for place, length, other, other_length in self._connection.execute(PAIRS.format(subject=subject), (split,)):
            yield (place, length), (other, other_length)

    def counts(self) -> Counts:
        """Likes and dislikes that are kept, by bucket of people."""
        likes, dislikes = [0] * BUCKETS, [0] * BUCKETS
        for bucket, liked, count in self._connection.execute(
                "SELECT bucket, liked, count(*) FROM example WHERE kept GROUP BY bucket, liked"):
            (likes if liked else dislikes)[bucket] += count
        return Counts(None, tuple(likes), tuple(dislikes))

    def models(self) -> list[tuple[str | None, int]]:
        """How many examples of each, the most frequent first."""
        return self._connection.execute(
            "SELECT model, count(*) FROM example WHERE kept GROUP BY model ORDER BY 2 DESC, 1").fetchall()

    def people(self) -> int:
        [[people]] = self._connection.execute("SELECT count(DISTINCT subject) FROM example WHERE kept")
        return int(people)
