"""An export to JSON Lines beside a bare read of the same rows: the same columns, joined and ordered in one statement,
each row fetched by the driver and dropped. Each runs in a process of its own, by turns."""

import asyncio
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import apsw
import figures
import msgspec

from plaudit.exports.exporting import Exports, Wanted
from plaudit.store.sqlite_file import open_reader
from plaudit.store.sqlite_reading import SqliteReading

VOTES = 200_000
PROJECT = "default"
NOW = 1_795_334_400_000

BARE = """
SELECT m.message_id, m.conversation_id, h.subject, h.vote, h.comment, h.reasons, h.contract, h.auth_level, h.revision,
       h.created_at, h.updated_at, m.role, m.model, m.prompt_version, m.arms, m.locale, m.platform, m.in_reply_to,
       m.trace_id, m.span_id, m.metadata, m.created_at, m.content, c.message_id, c.content
FROM history AS h INDEXED BY history_by_time
CROSS JOIN feedback AS f
    ON f.project_id = h.project_id AND f.message_id = h.message_id AND f.subject = h.subject AND f.seq = h.seq
CROSS JOIN messages AS m ON m.project_id = h.project_id AND m.message_id = h.message_id
LEFT JOIN messages AS c ON c.rowid = (
    SELECT n.number
    FROM (
        SELECT q.role, q.rowid AS number
        FROM messages AS q INDEXED BY messages_by_conversation
        WHERE q.project_id = m.project_id AND q.conversation_id = m.conversation_id
          AND (q.created_at, q.message_id) < (m.created_at, m.message_id)
        ORDER BY q.created_at DESC, q.message_id DESC
        LIMIT 20) AS n
    WHERE n.role = 'user'
    LIMIT 1)
WHERE h.project_id = :project AND f.vote IS NOT NULL
ORDER BY h.updated_at, h.seq
LIMIT :votes
"""


def over_bare_read(setting: figures.Setting, database: Path) -> list[figures.Row]:
    """Of a large database's first votes."""
    measured: dict[str, list[dict[str, float]]] = {"bare": [], "export": []}
    for number in range(1, setting.rounds + 1):
        for what, found in measured.items():
            setting.say(f"export, round {number} of {setting.rounds}: {what}")
            found.append(_run(what, database))
    bare, export = (figures.median(each["per_second"] for each in measured[what]) for what in ("bare", "export"))
    return [
        figures.Row("export_over_bare_read", export / bare, 0.5, at_least=True,
                    note=f"{export:.0f} votes/s to JSON Lines, a bare read {bare:.0f} rows/s"),
        figures.Row("export_peak_mb", max(each["peak_mb"] for each in measured["export"]), 150, at_least=False,
                    unit="MB", note=f"{VOTES:,} votes; more need no more"),
    ]


def _run(what: str, database: Path) -> dict[str, float]:
    said = subprocess.run([sys.executable, __file__, what, database], check=True, capture_output=True)
    found: dict[str, float] = json.loads(said.stdout)
    return found


def _bare(database: Path) -> int:
    return sum(1 for _ in open_reader(database).execute(BARE, {"project": PROJECT, "votes": VOTES}))


async def _export(database: Path, votes: int) -> int:
    store = SqliteReading.open(database, now=lambda: NOW, zones={})
    exports, encode, count = Exports(store), msgspec.json.Encoder().encode_lines, 0
    with tempfile.TemporaryFile() as file:
        async for part in exports.parts(PROJECT, Wanted(), await exports.begin(PROJECT)):
            file.write(encode(part.lines))
            count += len(part.lines)
            if count >= votes:
                break
    await store.close()
    return count


def main() -> None:
    what, database, *votes = sys.argv[1:]
    started = time.perf_counter()
    count = _bare(Path(database)) if what == "bare" else asyncio.run(
        _export(Path(database), int(votes[0]) if votes else VOTES))
    found: dict[str, Any] = {
        "votes": count, "per_second": count / (time.perf_counter() - started), "sqlite": apsw.sqlite_lib_version(),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, "cpu_seconds": time.process_time()}
    print(json.dumps(found))


if __name__ == "__main__":
    main()
