"""`plaudit audit`, on a database that a server has left behind."""

import asyncio
import json
import sqlite3

import pytest
from command_line import plaudit

from plaudit import rules
from plaudit.deeds import Action, Deed
from plaudit.store.sqlite import SqliteStore

NOW = 1_795_345_200_000


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "plaudit-data").mkdir()
    asyncio.run(_filled(tmp_path / "plaudit-data" / "plaudit.db"))
    return tmp_path


async def _filled(path):
    store = await SqliteStore.open(path, rules.decide, now=lambda: NOW)
    await store.audit("default", Deed("backend", Action.EXPORTED, NOW, {"format": "csv"}))
    await store.audit("default", Deed("anna@support", Action.REVIEWED, NOW + 1500, {"message_id": "m-1"}))
    await store.close()


def test_the_log_for_people(capsys):
    first, second = plaudit(capsys, "audit", "list").out.splitlines()
    assert first == '     1  2026-11-22T11:00:00.000Z  backend               exported            format="csv"'
    assert second.split() == ["2", "2026-11-22T11:00:01.500Z", "anna@support", "reviewed", 'message_id="m-1"']


def test_the_log_for_programs(capsys):
    """A JSON object a line."""
    lines = [json.loads(line) for line in plaudit(capsys, "audit", "list", "--json").out.splitlines()]
    assert [(line["number"], line["actor"], line["action"], line["details"]) for line in lines] == [
        (1, "backend", "exported", {"format": "csv"}), (2, "anna@support", "reviewed", {"message_id": "m-1"})]


def test_a_log_that_nobody_changed_is_verified(capsys):
    """And says where it ends, which verifies it the next time."""
    said = plaudit(capsys, "audit", "verify")
    assert (said.code, said.out.splitlines()[0]) == (0, "2 entries of project default are as they were written.")
    end = said.out.split()[-1]
    assert plaudit(capsys, "audit", "verify", "--expect", end).code == 0


@pytest.mark.parametrize(("tampering", "number"), [
    ("UPDATE audit SET actor = 'nobody' WHERE number = 1", 1),
    ("DELETE FROM audit WHERE number = 1", 1),
    ("UPDATE audit SET details = '{\"message_id\":\"m-2\"}' WHERE number = 2", 2),
])
def test_a_log_that_somebody_changed_is_not(folder, capsys, tampering, number):
    """Whoever may write the database."""
    _tamper(folder, tampering)
    said = plaudit(capsys, "audit", "verify")
    assert (said.code, f"Entry {number} of project default" in said.err) == (1, True)


def test_an_end_that_is_gone_is_missed_by_who_has_noted_it(folder, capsys):
    """Without that it cannot be told."""
    end = plaudit(capsys, "audit", "verify").out.split()[-1]
    _tamper(folder, "DELETE FROM audit WHERE number = 2")
    assert plaudit(capsys, "audit", "verify").code == 0
    said = plaudit(capsys, "audit", "verify", "--expect", end)
    assert (said.code, f"The entry {end} is gone" in said.err) == (1, True)


def test_an_empty_log_is_in_order(folder, capsys):
    _tamper(folder, "DELETE FROM audit")
    assert plaudit(capsys, "audit", "verify").out == "0 entries of project default are as they were written.\n"


def _tamper(folder, statement):
    with sqlite3.connect(folder / "plaudit-data" / "plaudit.db") as connection:
        connection.execute(statement)
    connection.close()
