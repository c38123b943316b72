"""Exported, erased, exported and imported again, on both databases: what was erased stays so, and numbers go along."""

import asyncio
import json
import os

import pytest
from command_line import plaudit
from examples import ANNA, BORIS, DISLIKE, LIKE, NOW, a_message, a_vote

from plaudit import databases, rules
from plaudit.counts import Attribute, Dimension, Grouping, Selection
from plaudit.settings import load, open_secrets
from plaudit.store.postgres import PostgresStore
from plaudit.store.recount import differences
from plaudit.store.sqlite import SqliteStore

PERSON = ("--user", *ANNA.name.split("#"))


@pytest.fixture(params=["sqlite", "postgres"])
def on(request, tmp_path, monkeypatch):
    """Makes a new database, empty, the one of the settings; each has another number."""
    monkeypatch.chdir(tmp_path)

    def use(number):
        monkeypatch.setenv("PLAUDIT_DATA_DIR", f"data-{number}")
        if request.param == "postgres":
            monkeypatch.setenv("PLAUDIT_DATABASE_URL", request.getfixturevalue("postgres").create_database())
        open_secrets(settings().settings.data_path, {})
        asyncio.run(_opened())

    return use


def settings():
    return load(None, os.environ, {})


async def _opened():
    opening = settings().settings
    await (await (PostgresStore.open(opening.database_url, rules.decide, now=lambda: NOW) if opening.on_postgres else
                  SqliteStore.open(opening.database_path, rules.decide, now=lambda: NOW))).close()


def run(work):
    async def working():
        configuration = settings()
        async with databases.writing(configuration.settings, configuration.projects, now=lambda: NOW) as store:
            return await work(store)

    return asyncio.run(working())


async def fill(store):
    for number in range(12):
        owner = (ANNA, BORIS)[number % 2]
        comment, there = f"comment {owner.name}", {"project_id": "default"}
        await store.register([a_message(f"m-{number}", owner=owner, content=f"answer {owner.name}", **there,
                                        conversation_id=f"c-{number % 4}", model=f"model-{number % 3}")])
        await store.submit(a_vote(f"m-{number}", subject=owner, comment=comment, **there))
        await store.submit(a_vote(f"m-{number}", subject=owner, vote=(LIKE, DISLIKE)[number % 5 > 2], at=NOW + number,
                                  comment=comment if number % 3 else None, **there))


async def numbers(store):
    while await store.fold():
        pass
    assert await store._read(differences, {}) == []
    by = [Grouping(), Grouping((Dimension(Attribute.MODEL),)), Grouping((Dimension(Attribute.AUTH_LEVEL),))]
    return [await store.counts("default", Selection(has_comment=commented), by) for commented in (None, True, False)]


def done(capsys, *command):
    said = plaudit(capsys, *command)
    assert said.code == 0, said.err
    return said.out


def test_what_was_erased_stays_erased_and_numbers_go_along(on, capsys, tmp_path):
    on(1)
    run(fill)
    before = run(numbers)
    done(capsys, "subject", "erase", *PERSON)
    assert run(numbers) == before
    done(capsys, "export", "--history", "--output", "after.jsonl")
    text = (tmp_path / "after.jsonl").read_text("utf-8")
    assert "anna" not in text
    assert [line["subject_kind"] for line in map(json.loads, text.splitlines())].count("erased") == 6
    on(2)
    done(capsys, "import", "after.jsonl", "--format", "plaudit")
    assert run(numbers) == before
    assert "6 messages with 6 votes" not in done(capsys, "subject", "erase", *PERSON)


def test_an_export_of_before_brings_back_what_it_holds(on, capsys):
    """So it is to be thrown away, or the person erased again."""
    on(1)
    run(fill)
    done(capsys, "export", "--history", "--output", "before.jsonl")
    done(capsys, "subject", "erase", *PERSON, "--remove-votes")
    done(capsys, "import", "before.jsonl", "--format", "plaudit")
    assert "6 messages with 6 votes" in done(capsys, "subject", "erase", *PERSON, "--remove-votes")
