"""The check itself: a database that was tampered with never passes it."""

import asyncio
import shutil
from contextlib import closing

import apsw
import asyncpg
import pytest
from databases import SCHEMA
from load import settle, vote
from register import STATE, Register, violations
from serving import Plaudit

AGAIN = STATE.replace("revision", "revision + 1").replace("seq", "seq + 1000")
CHECKS = f"""
    SELECT conrelid::regclass::text, conname FROM pg_constraint
    WHERE contype = 'c' AND connamespace = '{SCHEMA}'::regnamespace"""
DOUBLED = """
    INSERT INTO dead_letters (endpoint, seq, project_id, message_id, kind, attempts, voted_at, died_at, failure)
    SELECT endpoint, seq, project_id, message_id, kind, 8, voted_at, 0, 'status 500' FROM outbox"""
PAGE_BYTES = 8192
TAMPERING = {
    "an acknowledged vote is lost": ("DELETE FROM history WHERE seq = (SELECT max(seq) FROM history)", "I1"),
    "all of them are": ("DELETE FROM history; DELETE FROM feedback", "I1"),
    "two have changed places": ("UPDATE history SET comment = 'number ' || (2 - revision)", "I1"),
    "one is doubled": (f"INSERT INTO history ({STATE}) SELECT {AGAIN} FROM history WHERE revision = 2", "I1"),
    "nobody sent this": ("UPDATE history SET comment = 'not mine' WHERE revision = 2", "I2"),
    "nobody asked for this message": ("UPDATE history SET message_id = 'unknown'", "I2"),
    "somebody else's vote": ("UPDATE feedback SET subject = 'user:https://elsewhere/#mallory'", "I3"),
    "the state is an older one": ("UPDATE feedback SET comment = 'number 0', revision = 1", "I6 feedback differs"),
    "the state is missing": ("DELETE FROM feedback", "I6 feedback differs"),
    "the history is missing": ("DELETE FROM history", "I6 feedback differs"),
    "a hole": ("UPDATE history SET revision = 3 WHERE revision = 2", "I6 revisions with a hole"),
    "no first revision": ("DELETE FROM history WHERE revision = 1", "I6 revisions with a hole"),
    "two of one number": ("UPDATE history SET revision = 1", "I6 revisions with a hole"),
    "an entry follows another's": ("UPDATE history SET previous_seq = previous_seq + 1", "I6 a broken chain"),
    "a state points elsewhere": ("UPDATE feedback SET seq = seq - 1", "I6 feedback differs"),
    "time goes back": ("UPDATE history SET updated_at = 1 WHERE revision = 2", "updatedAt goes back"),
    "the totals are wrong": ("DELETE FROM totals_hourly; DELETE FROM totals_daily; DELETE FROM totals_changes", "I5 t"),
    "nobody is to review it": ("DELETE FROM review_queue", "I5 the queue"),
    "nobody will be told of it": ("DELETE FROM outbox WHERE seq = (SELECT max(seq) FROM outbox)", "I9"),
    "somebody will be told of it twice": (DOUBLED, "I9"),
    "nothing was removed": ("UPDATE history SET vote = NULL", "I6 something removed that was not there"),
}


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def kept(request, tmp_path_factory):
    """A database where two people voted twice each, and what they were told."""
    url = request.getfixturevalue("postgres").create_database() if request.param == "postgres" else None
    server, register = Plaudit(tmp_path_factory.mktemp("register") / "server", database=url), Register()
    asyncio.run(voted_on(server, register))
    return server.database, register


@pytest.fixture
def tampered(request, kept, tmp_path):
    """A copy on which this was done, whatever its tables forbid."""
    def on_sqlite(sql):
        copy = shutil.copyfile(kept[0], tmp_path / "copy.db")
        with closing(apsw.Connection(str(copy))) as connection:
            connection.pragma("ignore_check_constraints", 1)
            connection.execute(sql)
        return copy

    def on_postgres(sql):
        copy = request.getfixturevalue("postgres").copy_database(kept[0])
        asyncio.run(altered(copy, sql))
        return copy

    return on_postgres if isinstance(kept[0], str) else on_sqlite


async def altered(url, sql):
    connection = await asyncpg.connect(url, server_settings={"search_path": SCHEMA})
    try:
        for table, check in await connection.fetch(CHECKS):
            await connection.execute(f"ALTER TABLE {table} DROP CONSTRAINT {check}")
        await connection.execute(sql)
    finally:
        await connection.close()


async def voted_on(server, register):
    await server.start()
    user, _, guest = await settle(server, 3)
    for person in (user, guest, user, guest):
        await vote(server, person, person.message_ids[0], register)
    assert await server.stop() == 0


@pytest.mark.parametrize(("sql", "told"), TAMPERING.values(), ids=TAMPERING)
def test_what_was_tampered_with_is_told(kept, tampered, sql, told):
    """Each kind of wrong has its name."""
    database, register = kept
    assert violations(register, database) == []
    assert any(violation.startswith(told) for violation in violations(register, tampered(sql)))


def test_what_is_still_unknown_may_be_there_or_not(kept):
    """A vote that was not answered binds nobody, and neither does one acknowledged later than is asked about."""
    database, register = kept
    message_id, attempts = next(iter(register.attempts.items()))
    unanswered = register.attempt(message_id, 1, "unanswered")
    assert violations(register, database) == []
    register.acknowledge(unanswered)
    assert violations(register, database) != []
    assert violations(register, database, register.acknowledged - 1) == []
    register.acknowledged -= 1
    attempts.remove(unanswered)


def test_a_flawed_answer_is_a_violation(kept):
    database, register = kept
    flawed = Register(register.attempts, ["I7 no request id"], register.acknowledged)
    assert violations(flawed, database) == ["I7 no request id"]


@pytest.mark.parametrize("relation", ["history", "history_pkey"])
def test_a_wrecked_page_is_told_on_postgres_too(postgres_server, tmp_path, relation):
    """Of a table as of an index. What a page of SQLite's does is tried with the server."""
    postgres, register = postgres_server(), Register()
    url = postgres.create_database()
    asyncio.run(voted_on(Plaudit(tmp_path / "server", database=url), register))
    file = postgres.data / postgres.sql(f"SELECT pg_relation_filepath('{SCHEMA}.{relation}')",
                                        database=url.rpartition("/")[2])
    postgres.stop()
    pages = bytearray(file.read_bytes())
    pages[-PAGE_BYTES // 2:] = b"\xff" * (PAGE_BYTES // 2)
    file.write_bytes(pages)
    postgres.start()
    found = violations(register, url)
    assert found
    assert all(violation.startswith("I4") for violation in found)
