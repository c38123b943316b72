"""`plaudit export`, on a database that a server has left behind."""

import asyncio
import json

import pytest
from command_line import plaudit
from examples import DISLIKE, NOW, a_message, a_vote
from pyarrow import parquet

from plaudit import rules
from plaudit.exports import exporting
from plaudit.model import Role
from plaudit.store.sqlite import SqliteStore

SETTINGS = '[[projects]]\nid = "acme"\n[[projects]]\nid = "globex"\n'
VOTES = 12


@pytest.fixture(autouse=True)
def store(tmp_path, monkeypatch):
    """Some votes; how to change them."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(exporting, "ENTRIES", 5)
    (tmp_path / "plaudit.toml").write_text(SETTINGS, encoding="utf-8")
    (tmp_path / "plaudit-data").mkdir()

    def run(*jobs):
        async def work():
            opened = await SqliteStore.open(tmp_path / "plaudit-data" / "plaudit.db", rules.decide, now=lambda: NOW)
            for job in jobs:
                await job(opened)
            await opened.close()

        asyncio.run(work())

    run(_fill)
    return run


async def _fill(store):
    await store.register([a_message("q-1", role=Role.USER, content="Where is it?", created_at=NOW - 1),
                          *(a_message(f"m-{number}", content="On its way.") for number in range(VOTES))])
    for number in range(VOTES):
        await store.submit(a_vote(f"m-{number}", comment="=cmd", at=NOW + number))


async def _change(store):
    await store.submit(a_vote("m-11", vote=DISLIKE, at=NOW + 100))


def ids(file):
    return [json.loads(line)["message_id"] for line in file.read_text("utf-8").splitlines()]


def test_all_votes_are_written_and_nothing_else_is_left(tmp_path, capsys):
    said = plaudit(capsys, "export", "--output", "votes.jsonl")
    assert (said.code, said.out) == (0, "Written: votes.jsonl\n")
    assert "history read" in said.err
    assert ids(tmp_path / "votes.jsonl") == [f"m-{number}" for number in range(VOTES)]
    assert {file.name for file in tmp_path.iterdir()} == {"votes.jsonl", "plaudit.toml", "plaudit-data"}


def test_the_standard_output_has_the_votes_and_nothing_else(capfdbinary):
    said = plaudit(capfdbinary, "export", "--output", "-", "--format", "csv", "--bom")
    assert said.out.startswith("\ufeffmessage_id,".encode())
    assert said.out.count(b"\r\n") == 1 + VOTES
    assert said.out.count(b"'=cmd") == VOTES


def test_another_project_has_its_own(tmp_path, capsys):
    assert plaudit(capsys, "export", "-o", "none.jsonl", "--project", "globex").code == 0
    assert (tmp_path / "none.jsonl").read_bytes() == b""




@pytest.fixture
def interrupt(monkeypatch):
    """From now on an export ends after so many parts; None: no more."""

    real = exporting._is_wanted

    def after(parts):
        left = parts

        def is_wanted(vote, wanted):
            nonlocal left
            if left is not None and vote.message_id in {"m-0", "m-5", "m-10"}:
                if not left:
                    raise KeyboardInterrupt
                left -= 1
            return real(vote, wanted)

        monkeypatch.setattr(exporting, "_is_wanted", is_wanted)

    return after


@pytest.mark.parametrize("parts", [0, 1, 2])
def test_one_that_was_interrupted_goes_on_as_of_its_moment(tmp_path, capsys, store, interrupt, parts):
    """At each part; what is voted meanwhile is not in it; the result is what it would have been."""
    plaudit(capsys, "export", "-o", "whole", "--format", "csv")
    interrupt(parts)
    said = plaudit(capsys, "export", "-o", "votes", "--format", "csv")
    assert (said.code, "--resume" in said.err) == (130, True)
    assert not (tmp_path / "votes").exists()
    store(_change)
    interrupt(None)
    assert plaudit(capsys, "export", "-o", "votes", "--format", "csv", "--resume").code == 0
    assert (tmp_path / "votes").read_bytes() == (tmp_path / "whole").read_bytes()
    assert not list(tmp_path.glob("votes.part*"))


def test_what_was_lost_of_the_file_is_written_anew(tmp_path, capsys, interrupt):
    """A power cut may leave less of a file than was noted of it."""
    interrupt(1)
    plaudit(capsys, "export", "-o", "votes")
    (tmp_path / "votes.part").write_bytes(b"{")
    interrupt(None)
    assert plaudit(capsys, "export", "-o", "votes", "--resume").code == 0
    assert len(ids(tmp_path / "votes")) == VOTES


def test_one_with_other_options_is_not_gone_on_with(capsys, interrupt):
    interrupt(1)
    plaudit(capsys, "export", "-o", "votes")
    said = plaudit(capsys, "export", "-o", "votes", "--resume", "--redact")
    assert (said.code, "other options" in said.err) == (2, True)


@pytest.mark.parametrize("arguments", [
    ("-o", "-", "--resume"), ("-o", "x", "--since", "yesterday"), ("-o", "x", "--arm", "greeting"),
    ("-o", "x", "--project", "nobody"),
])
def test_what_cannot_be_asked_writes_no_file(tmp_path, capsys, arguments):
    assert plaudit(capsys, "export", *arguments).code == 2
    assert not list(tmp_path.glob("x*"))


def test_a_folder_that_cannot_be_written_is_told_in_a_line(capsys):
    said = plaudit(capsys, "export", "-o", "nowhere/votes")
    assert (said.code, said.err.count("\n")) == (1, 1)


def test_a_training_set_comes_with_its_card(tmp_path, capsys):
    """The lines that it was made of are gone in the end."""
    said = plaudit(capsys, "export", "-o", "kto.jsonl", "--format", "kto", "--split", "train=0.5,test=0.5", "--redact")
    assert said.out == "".join(f"Written: kto.{name}\n" for name in (
        "train.jsonl", "test.jsonl", "card.json", "card.md"))
    card = json.loads((tmp_path / "kto.card.json").read_text("utf-8"))
    assert (card["votes_read"], sum(file["examples"] for file in card["files"])) == (VOTES, VOTES)
    assert card["filters"] == {"since": "all", "consented": False, "redacted": True}
    assert not list(tmp_path.glob("kto.jsonl*"))


def test_parquet_is_one_file(tmp_path, capsys):
    assert plaudit(capsys, "export", "-o", "votes.parquet", "--format", "parquet").code == 0
    assert parquet.read_table(tmp_path / "votes.parquet").num_rows == VOTES
    assert not list(tmp_path.glob("votes.parquet.*"))


@pytest.mark.parametrize("arguments", [
    ("--plain",), ("--format", "kto", "--split", "train=0.9"), ("--format", "kto", "--split", "a=0.5,a=0.5"),
    ("--format", "kto", "--split", "../x=1"), ("--format", "parquet", "--deduplicate"),
])
def test_options_that_do_not_go_together_are_refused(capsys, arguments):
    said = plaudit(capsys, "export", "-o", "x", *arguments)
    assert (said.code, said.err.startswith("plaudit: --")) == (2, True)
