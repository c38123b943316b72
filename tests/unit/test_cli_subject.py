"""`plaudit subject`, on a database that a server has left behind."""

import asyncio
import json

import pytest
from command_line import plaudit
from examples import DISLIKE, NOW, a_message, a_vote

from plaudit import rules
from plaudit.model import Subject
from plaudit.settings import open_secrets
from plaudit.store.sqlite import SqliteStore

ISSUER, NAME = "https://tenant.example/", "auth0|zyxgone"
PERSON = ("--user", ISSUER, NAME)
OWNER = Subject.user(ISSUER, NAME)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    data = tmp_path / "plaudit-data"
    open_secrets(data, {})
    asyncio.run(_filled(data / "plaudit.db"))
    return data


async def _filled(path):
    store = await SqliteStore.open(path, rules.decide, now=lambda: NOW)
    await store.register([a_message(project_id="default", owner=OWNER, content="zyxanswer")])
    await store.submit(a_vote(project_id="default", subject=OWNER, vote=DISLIKE, comment="zyxcomment"))
    await store.close()


def exported(capsys, *person):
    said = plaudit(capsys, "subject", "export", *person)
    assert said.code == 0, said.err
    return [json.loads(line) for line in said.out.splitlines()]


def test_a_person_is_given_out(capsys):
    person, conversation, message, end = exported(capsys, *PERSON)
    assert [it["kind"] for it in (person, conversation, message, end)] == ["person", "conversation", "message", "end"]
    assert (message["content"], message["history"][0]["comment"]) == ("zyxanswer", "zyxcomment")


def test_a_person_is_erased_from_the_files_too(folder, capsys):
    said = plaudit(capsys, "subject", "erase", *PERSON)
    assert said.out.splitlines() == [
        ("Erased in project default: 1 conversations, 1 messages with 1 votes, 1 entries of the history, 0 reviews, "
         "0 deliveries, 0 links"),
        "Nothing of it is left in the database's files."]
    assert [path.name for path in folder.iterdir() if b"zyx" in path.read_bytes()] == []
    assert [it["kind"] for it in exported(capsys, *PERSON)] == ["person", "end"]


def test_it_is_logged_as_the_operators(capsys):
    exported(capsys, *PERSON)
    plaudit(capsys, "subject", "erase", *PERSON, "--remove-votes")
    lines = [json.loads(line) for line in plaudit(capsys, "audit", "list", "--json").out.splitlines()]
    assert [(it["actor"], it["action"]) for it in lines] == [
        ("operator", "subject_exported"), ("operator", "subject_erased")]
    assert lines[1]["details"]["removes_votes"] is True


def test_a_guest_and_a_visitor_are_found_as_well(capsys):
    for person in (("--guest", "device-of-somebody", "U-1"), ("--visitor", "v-1")):
        assert [it["kind"] for it in exported(capsys, *person)] == ["person", "end"]


def test_a_file_is_purged_by_itself(capsys):
    assert plaudit(capsys, "subject", "purge").out == "Nothing that was deleted is left in the database's files.\n"


@pytest.mark.parametrize(("arguments", "code", "message"), [
    (["export"], 2, "name one person: with --user, --guest or --visitor"),
    (["erase", *PERSON, "--visitor", "v-1"], 2, "name one person"),
    (["erase", "--guest", "short", "U-1"], 2, "device_id: must be 16"),
    (["erase", "--user", "a#b", "c"], 2, "issuer: has a character"),
])
def test_who_cannot_be_somebody_is_refused(capsys, arguments, code, message):
    said = plaudit(capsys, "subject", *arguments)
    assert (said.code, said.out) == (code, "")
    assert message in said.err


def test_a_server_that_runs_is_to_be_asked_instead(folder, capsys):
    async def while_one_runs():
        store = await SqliteStore.open(folder / "plaudit.db", rules.decide, now=lambda: NOW)
        said = await asyncio.to_thread(plaudit, capsys, "subject", "erase", *PERSON)
        await store.close()
        return said

    said = asyncio.run(while_one_runs())
    assert said.code == 1
    assert "Another server" in said.err


def test_no_database_is_made_by_asking(folder, capsys):
    (folder / "plaudit.db").unlink()
    said = plaudit(capsys, "subject", "erase", *PERSON)
    assert said.code == 1
    assert "There is no database at" in said.err
    assert not (folder / "plaudit.db").exists()
