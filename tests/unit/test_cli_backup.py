"""`plaudit backup` and `plaudit restore`: a copy is a moment's whole truth, and nothing is lost by restoring one."""

import asyncio
from pathlib import Path

import apsw
import pytest
from command_line import plaudit
from damage import wreck

from plaudit import rules
from plaudit.model import AuthLevel, Contract, Message, Role, Subject, Submission, Vote
from plaudit.store.sqlite import SqliteStore
from plaudit.store.sqlite_migrate import newest_version

DATABASE = Path("plaudit-data/plaudit.db")
OWNER = Subject.user("https://issuer.example/", "alice")
ONE_VOTE = f"1 message, 1 vote, 1 history entry (schema {newest_version()})"


@pytest.fixture(autouse=True)
def _in_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


async def opened() -> SqliteStore:
    return await SqliteStore.open(DATABASE, rules.decide, now=lambda: 1)


async def vote(store: SqliteStore, message_id: str) -> None:
    await store.register([Message("default", message_id, "c", Role.ASSISTANT, OWNER, created_at=1)])
    await store.submit(Submission("default", message_id, OWNER, AuthLevel.JWT, Contract.HANDAUNCLE, Vote.LIKE, None, 1))


def with_votes(*message_ids: str) -> None:
    async def write() -> None:
        store = await opened()
        for message_id in message_ids:
            await vote(store, message_id)
        await store.close()

    asyncio.run(write())


def test_a_running_servers_votes_are_all_in_the_copy(capsys):
    async def vote_and_copy() -> str:
        store = await opened()
        await vote(store, "m")
        said = plaudit(capsys, "backup", "copy.db")
        await store.close()
        return said.out

    assert asyncio.run(vote_and_copy()) == f"copy.db: {ONE_VOTE}\n"
    assert Path("copy.db").stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in Path().iterdir()) == ["copy.db", "plaudit-data"]


def test_a_copy_overwrites_nothing(capsys):
    with_votes("m")
    Path("copy.db").write_text("precious", encoding="utf-8")
    said = plaudit(capsys, "backup", "copy.db")
    assert (said.code, said.err) == (
        1, "plaudit: copy.db exists already and is not overwritten; choose another name\n")
    assert Path("copy.db").read_text(encoding="utf-8") == "precious"


def test_restoring_keeps_the_old_database_aside(capsys):
    """Also its votes can still be read."""
    with_votes("m")
    plaudit(capsys, "backup", "copy.db")
    with_votes("n")
    said = plaudit(capsys, "restore", "copy.db", "--verify")
    first, second = said.out.splitlines()
    aside = second.removeprefix("The old database is now ")
    assert (said.code, first) == (0, f"{DATABASE}: {ONE_VOTE}")
    assert plaudit(capsys, "restore", aside, "--dry-run").out == (
        f"{aside}: good; 2 messages, 2 votes, 2 history entries (schema {newest_version()})\n")
    with_votes("m")


def test_restoring_to_an_empty_place_needs_nothing(capsys):
    with_votes("m")
    plaudit(capsys, "backup", "copy.db")
    DATABASE.unlink()
    assert plaudit(capsys, "restore", "copy.db").out == f"{DATABASE}: {ONE_VOTE}\n"


def test_a_running_servers_database_is_left_alone(capsys):
    with_votes("m")
    plaudit(capsys, "backup", "copy.db")

    async def restore_meanwhile() -> str:
        store = await opened()
        said = plaudit(capsys, "restore", "copy.db")
        await store.close()
        return said.err

    assert "Another server" in asyncio.run(restore_meanwhile())


def damaged() -> None:
    wreck(Path("copy.db"))


def from_the_future() -> None:
    with apsw.Connection("copy.db") as connection:
        connection.pragma("user_version", 999)


def of_somebody_else() -> None:
    with apsw.Connection("copy.db") as connection:
        connection.pragma("application_id", 7)


def no_database() -> None:
    Path("copy.db").write_text("hello" * 1000, encoding="utf-8")


def in_use() -> None:
    Path("copy.db-wal").touch()


@pytest.mark.parametrize(("spoil", "message"), [
    (damaged, "copy.db is damaged ("),
    (from_the_future, f"by a newer Plaudit (schema 999; this one knows {newest_version()}); upgrade Plaudit first"),
    (of_somebody_else, "copy.db is not a database of Plaudit's"),
    (no_database, "copy.db could not be read: file is not a database"),
    (in_use, "copy.db is a database in use, not a backup; make one with `plaudit backup`"),
])
def test_what_is_no_good_backup_changes_nothing(spoil, message, capsys):
    with_votes("m")
    plaudit(capsys, "backup", "copy.db")
    spoil()
    said = plaudit(capsys, "restore", "copy.db")
    assert (said.code, said.out) == (1, "")
    assert message in said.err
    assert plaudit(capsys, "backup", "other.db").out == f"other.db: {ONE_VOTE}\n"
