"""Millions of messages and as many votes, put straight into the store's tables: over HTTP that would take an hour."""

import hashlib
import os
import shutil
from functools import partial
from importlib import resources
from pathlib import Path

import apsw
import population
import server

from plaudit.store.recount import recount
from plaudit.store.sqlite_plans import run

DATABASE = "plaudit.db"
WARM_BYTES = 16 * 1024 * 1024
HOURS = 90 * 24 - 1  # over which the answers were shown; no factor in common with subjects, models and prompts
MODELS = 6
PROMPTS = 4

# The first rows were registered over HTTP; all others are like the first but for their number.
MESSAGES = """
WITH RECURSIVE numbers(n) AS (SELECT :first UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < :last)
INSERT INTO messages (project_id, message_id, role, owner, conversation_id, created_at, in_reply_to, model,
                      prompt_version, arms, locale, platform, trace_id, span_id, metadata, content)
SELECT m.project_id, format('65a0f00000000000%08x', n), m.role,
       substr(m.owner, 1, length(m.owner) - 2) || format('%02d', n % :subjects),
       format('c-%d-%d', n % :subjects, n / :subjects / :conversation_messages),
       m.created_at - n % :hours * 3600000, m.in_reply_to,
       format('model-%d', n % :models), format('v%d', n / :models % :prompts), m.arms, m.locale,
       m.platform, m.trace_id, m.span_id, m.metadata, m.content
FROM numbers, (SELECT * FROM messages ORDER BY message_id LIMIT 1) AS m
"""

CONVERSATIONS = """
WITH RECURSIVE numbers(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers
                              WHERE n + 1 < :last / :conversation_messages + :subjects)
INSERT INTO conversations (project_id, conversation_id, owner, created_at, updated_at, title)
SELECT c.project_id, format('c-%d-%d', n % :subjects, n / :subjects),
       substr(c.owner, 1, length(c.owner) - 2) || format('%02d', n % :subjects), c.created_at, c.updated_at, c.title
FROM numbers, (SELECT * FROM conversations ORDER BY conversation_id LIMIT 1) AS c
WHERE true
ON CONFLICT (project_id, conversation_id) DO NOTHING
"""

# Each message has the vote that its owner gave first. Both databases understand this.
VOTES = """
INSERT INTO feedback (project_id, message_id, subject, vote, comment, revision, contract, auth_level, created_at,
                      updated_at, seq)
SELECT project_id, message_id, owner, 1, NULL, 1, 'handauncle', 'jwt', created_at, created_at,
       row_number() OVER (ORDER BY message_id)
FROM messages
"""

HISTORY = """
INSERT INTO history (project_id, message_id, subject, vote, comment, revision, contract, auth_level, created_at,
                     updated_at, seq, previous_seq)
SELECT project_id, message_id, subject, vote, comment, revision, contract, auth_level, created_at, updated_at, seq, NULL
FROM feedback ORDER BY message_id
"""


def folder_for(parent: Path, messages: int) -> Path:
    """Named for the schema too, so that a folder kept from an older schema is not taken for one of this."""
    return parent / f"{messages}-votes-{schema()}"


def build(place: server.Place, messages: int) -> None:
    """Fill the place's folder, which a later run finds again. An unfinished one is thrown away."""
    if place.folder.exists():
        return
    unfinished = place.folder.with_name(place.folder.name + ".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    with server.running(server.Place(unfinished, place.jwks_url)) as running:
        for _ in population.register(running, population.SUBJECTS):
            pass
    _multiply(unfinished / DATABASE, messages)
    unfinished.rename(place.folder)


def _multiply(database: Path, messages: int) -> None:
    numbers = {"first": population.SUBJECTS, "last": messages, "subjects": population.SUBJECTS,
               "conversation_messages": population.CONVERSATION_MESSAGES, "hours": HOURS, "models": MODELS,
               "prompts": PROMPTS}
    connection = apsw.Connection(str(database))
    connection.pragma("journal_mode", "delete")
    connection.pragma("synchronous", "off")
    connection.pragma("cache_size", -1_000_000)
    with connection:
        connection.execute(MESSAGES, numbers)
        connection.execute(CONVERSATIONS, numbers)
        connection.execute(VOTES)
        connection.execute(HISTORY)
        run(connection, partial(recount, {}))
    connection.execute("ANALYZE")
    connection.pragma("journal_mode", "wal")
    connection.close()
    with database.open("rb") as file:
        os.fsync(file.fileno())  # or the disk would be busy with it while others are measured


def warm(folder: Path) -> None:
    """Read all of its files once. A server that has run for a while has them in the operating system's memory; how fast
    the disk is at reading them for the first time is another question.
    """
    for file in folder.rglob("*"):
        if file.is_file():
            with file.open("rb") as opened:
                while opened.read(WARM_BYTES):
                    pass


def schema() -> str:
    """What changes when the tables do."""
    digest = hashlib.sha256()
    for file in sorted(resources.files("plaudit.store").joinpath("migrations").iterdir(), key=lambda file: file.name):
        if file.name.endswith(".sql"):
            digest.update(file.read_bytes())
    return digest.hexdigest()[:8]
