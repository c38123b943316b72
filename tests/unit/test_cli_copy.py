"""`plaudit copy` as it is used: how far it is, and what it says to who uses it wrongly."""

import asyncio
import re
import signal
from pathlib import Path

import pytest
from command_line import Said, plaudit

from plaudit import rules
from plaudit.cli import Failed
from plaudit.cli.copy_progress import followed
from plaudit.model import Conversation, Subject
from plaudit.store.copy import GaveWay
from plaudit.store.sqlite import SqliteStore

OWNER = Subject.user("https://issuer.example/", "alice")
CONVERSATIONS = 7


@pytest.fixture(autouse=True)
def _in_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


async def make_source() -> None:
    store = await SqliteStore.open(Path("old.db"), rules.decide, now=lambda: 1)
    for number in range(CONVERSATIONS):
        await store.create_conversation(Conversation("default", str(number), OWNER, 1, 1))
    await store.close()


def copied(capsys) -> Said:
    asyncio.run(make_source())
    return plaudit(capsys, "copy", "--from", "sqlite:old.db", "--to", "sqlite:new.db")


def test_a_file_or_a_pipe_gets_lines(capsys):
    said = copied(capsys)
    assert said.code == 0
    assert re.match(r"conversations: 7 rows, the same on both sides \(SHA-256 [0-9a-f]{12}…\)\n", said.out)
    assert "conversations copied: 0 of 7 rows\nconversations copied: 7 of 7 rows, " in said.err
    assert " rows/s, 0 s left\n" in said.err


def test_a_terminal_gets_a_bar(capsys, monkeypatch):
    """With its rows a second and the time that remains."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    said = copied(capsys)
    assert said.code == 0
    assert "7 of 7 " in said.err
    assert "rows/s" in said.err
    assert "━" in said.err


@pytest.mark.parametrize(("arguments", "message"), [
    (["--from", "a.db", "--to", "sqlite:b.db"], "an address is sqlite:PATH, such as"),
    (["--from", "sqlite:", "--to", "sqlite:b.db"], "an address is sqlite:PATH"),
    (["--from", "sqlite:a.db", "--to", "sqlite:a.db"], "--from and --to name the same database"),
    (["--from", "sqlite:a.db", "--to", "sqlite:b.db", "--verify", "--restart"], "choose one of them"),
    (["--from", "sqlite:a.db"], "Missing option '--to'"),
])
def test_a_misused_copy_says_how_it_is_used(capsys, arguments, message):
    said = plaudit(capsys, "copy", *arguments)
    assert (said.code, said.out) == (2, "")
    assert message in said.err


@pytest.mark.parametrize(("what", "done_rows", "rows", "said"), [
    ("copied", 0, 0, "run the same command again"),
    ("copied", 0, 1, "run the same command again: it goes on where it stopped"),
    ("copied", 1, 0, "run the same command again: it goes on where it stopped"),
    ("verified", 0, 1, "run the same command again"),
])
def test_what_stops_a_copy_is_told_with_what_to_do_then(capsys, what, done_rows, rows, said):
    """That it goes on where it stopped is said only where something is in the target."""
    def stopped_by(error: BaseException) -> None:
        with followed() as progress:
            progress.start(what, "messages", 2, done_rows)
            if rows:
                progress.advance(rows)
            raise error

    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(SystemExit, match="130"):
        stopped_by(KeyboardInterrupt())
    signal.signal(signal.SIGINT, before)
    assert capsys.readouterr().err.splitlines()[-1] == f"plaudit: interrupted; {said}"
    with pytest.raises(Failed, match=f"^a: the disk is full; put that right, then {said}$"):
        stopped_by(GaveWay("a: the disk is full"))
