"""What was erased is found nowhere in the database's files, byte for byte."""

import asyncio
import random
from pathlib import Path

import pytest
from examples import BORIS, DISLIKE, LIKE, NOW, a_message, a_vote
from opening import open_store
from strangers import link, their_vote, theirs

from plaudit.deeds import Action, Deed, Review, ReviewFilter
from plaudit.errors import Unavailable
from plaudit.model import FeedbackFilter, Subject
from plaudit.people import Person
from plaudit.rules import decide
from plaudit.store import sqlite_purge
from plaudit.store.sqlite import SqliteStore

pytestmark = pytest.mark.anyio

PERSON = Subject.user("https://tenant.example/", "auth0|zyxgone")
WORDS = [b"zyxgone", b"zyxcomment", b"zyxanswer", b"zyxtitle", b"zyxmeta", b"zyxnote", b"zyxtrace", b"zyxmessage"]
DEED = Deed("operator", Action.SUBJECT_ERASED, NOW)


def found_in(folder: Path, words=WORDS) -> dict[str, list[bytes]]:
    """Of each file that holds some of them."""
    found = {path.name: [word for word in words if word in path.read_bytes()] for path in folder.iterdir()
             if path.is_file()}
    return {name: held for name, held in found.items() if held}


@pytest.fixture
async def store(sqlite_path, clock):
    opened = await SqliteStore.open(sqlite_path, decide, now=clock)
    yield opened
    await opened.close()


async def a_past(store):
    """Long and short words, changed and removed ones, those of others between them, so that pages are split."""
    chance = random.Random(7)
    for n in range(40):
        filler = "".join(chance.choices("abcdefgh ", k=chance.choice([20, 800, 6000])))
        await store.register([
            a_message(f"zyxmessage-{n}", owner=PERSON, conversation_id=f"p-{n % 5}", content=f"zyxanswer {filler}",
                      metadata={"zyxmeta": n}, trace_id="zyxtrace"),
            a_message(f"o-{n}", owner=BORIS, conversation_id="o", content=f"other {filler}")])
        for vote in (LIKE, DISLIKE):
            await store.submit(
                a_vote(f"zyxmessage-{n}", subject=PERSON, vote=vote, comment=f"zyxcomment {filler[:900]}"))
            await store.submit(a_vote(f"o-{n}", subject=BORIS, vote=vote, comment=f"other {filler[:900]}"))
        await store.submit(
            a_vote(f"zyxmessage-{n}", subject=PERSON, vote=None if n % 3 else DISLIKE, comment="zyxcomment"))
    await store.review("acme", "zyxmessage-0", PERSON, 3, Review("wrong", "zyxnote", "boris", NOW))


async def test_nothing_is_left_in_the_files(store, sqlite_path):
    """While a server has them open; and nothing else is lost."""
    await a_past(store)
    assert {word for held in found_in(sqlite_path.parent).values() for word in held} == set(WORDS) - {b"zyxtitle"}
    await store.erase("acme", Person(PERSON), DEED, removes_votes=False)
    assert await store.purge()
    assert found_in(sqlite_path.parent) == {}
    assert sqlite_path.with_name("plaudit.db-wal").stat().st_size == 0
    page = await store.review_queue("acme", ReviewFilter(search="other"), limit=99, cursor=None)
    assert len(page.items) == 40
    assert await store.submit(a_vote("o-1", subject=BORIS))


async def test_the_words_are_left_without_it(store, sqlite_path):
    """The control: to delete rows is not enough."""
    await a_past(store)
    await store.erase("acme", Person(PERSON), DEED, removes_votes=True)
    assert found_in(sqlite_path.parent)


async def test_votes_at_the_same_moment_wait_and_are_stored(store):
    await store.register([a_message(f"m-{n}") for n in range(50)])
    outcomes = await asyncio.gather(*(store.submit(a_vote(f"m-{n}")) for n in range(25)), store.purge(),
                                    *(store.submit(a_vote(f"m-{n}")) for n in range(25, 50)), store.purge())
    assert all(outcomes)
    assert len((await store.feedback("acme", FeedbackFilter(), limit=99, cursor=None)).items) == 50


async def test_a_large_file_is_left_as_it_is(store, sqlite_path):
    size = sqlite_path.stat().st_size
    assert await store.purge(size - 1) is False
    assert await store.purge(10 * size) is True


async def test_who_still_reads_has_it_said_that_it_is_not_done(store, sqlite_path, monkeypatch):
    monkeypatch.setattr(sqlite_purge, "BUSY_MILLISECONDS", 1)
    await store.register([a_message()])
    reading = sqlite_purge.apsw.Connection(str(sqlite_path))
    reading.execute("BEGIN")
    reading.execute("SELECT count(*) FROM messages").fetchall()
    assert await store.purge() is False
    reading.close()
    assert await store.purge() is True


async def test_a_disk_without_room_loses_nothing(store, monkeypatch):
    def full(*_):
        raise sqlite_purge.apsw.FullError("database or disk is full")

    await store.register([a_message()])
    monkeypatch.setattr("plaudit.store.sqlite_writer.purge", full)
    with pytest.raises(Unavailable):
        await store.purge()
    assert await store.submit(a_vote())


async def test_postgres_says_that_its_files_are_somebody_elses(postgres_url, clock):
    store = await open_store(postgres_url, decide, now=clock)
    assert await store.purge() is False
    await store.close()


def relations_with_words(postgres, url):
    """Files of tables, indexes and whatever else a database has."""
    every = "SELECT pg_relation_filepath(oid) FROM pg_class WHERE relkind IN ('r', 'i', 't')"
    paths = postgres.sql("CHECKPOINT", every, database=url.rpartition("/")[2]).splitlines()
    return [path for path in paths if any(word in (postgres.data / path).read_bytes() for word in WORDS)]


async def test_on_postgres_it_is_gone_once_the_tables_are_written_anew(postgres, postgres_url, clock):
    """As docs/people.md has it."""
    store = await open_store(postgres_url, decide, now=clock)
    await a_past(store)
    await store.register([theirs()])
    await store.submit(their_vote(comment="zyxcomment"))
    await link(store, user=PERSON)
    await store.erase("acme", Person(PERSON), DEED, removes_votes=False)
    await store.close()
    assert relations_with_words(postgres, postgres_url)
    postgres.sql("VACUUM (FULL, ANALYZE)", database=postgres_url.rpartition("/")[2])
    assert relations_with_words(postgres, postgres_url) == []
