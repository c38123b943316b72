"""The manual's worked example does what the manual says, and its columns are those that there are."""

import asyncio
import json
import re
import shlex
from pathlib import Path

import pytest
from command_line import plaudit
from examples import ANNA, BORIS, DISLIKE, GUEST, LIKE, NOW, a_message, a_vote

from plaudit import rules
from plaudit.exports.lines import COLUMNS
from plaudit.model import Role
from plaudit.store.sqlite import SqliteStore

MANUAL = (Path(__file__).parents[2] / "docs" / "exports.md").read_text("utf-8")
EXAMPLE = MANUAL.partition("## Worked example")[2]
REFUND, PARCEL = "How long does a refund take?", "Where is my parcel?"
ANSWERS = ((ANNA, REFUND, "Ten days.", LIKE), (BORIS, REFUND, "It depends.", DISLIKE),
           (GUEST, PARCEL, "On its way.", LIKE))


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", EXAMPLE, re.DOTALL)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "plaudit.toml").write_text('[[projects]]\nid = "acme"\n', encoding="utf-8")
    (tmp_path / "plaudit-data").mkdir()
    asyncio.run(_fill(tmp_path / "plaudit-data" / "plaudit.db"))
    return tmp_path


async def _fill(path):
    store = await SqliteStore.open(path, rules.decide, now=lambda: NOW)
    for number, (subject, question, answer, vote) in enumerate(ANSWERS):
        own = {"conversation_id": f"c-{number}", "owner": subject}
        await store.register([
            a_message(f"q-{number}", role=Role.USER, content=question, **own),
            a_message(f"m-{number}", content=answer, in_reply_to=f"q-{number}", **own)])
        await store.submit(a_vote(f"m-{number}", subject=subject, vote=vote, at=NOW + number))
    await store.close()


def test_the_worked_example_does_what_it_says(folder, capsys):
    [commands], [kto, dpo, card] = blocks("sh"), blocks("json")
    for command in commands.splitlines():
        assert plaudit(capsys, *shlex.split(command)[1:]).code == 0
    assert (folder / "kto.jsonl").read_text("utf-8") == kto
    assert (folder / "dpo.jsonl").read_text("utf-8") == dpo
    assert json.loads(card).items() <= json.loads((folder / "dpo.card.json").read_text("utf-8")).items()


def test_the_manual_names_every_column():
    table = MANUAL.partition("## A line")[2].partition("Votes that were removed")[0]
    cells = [row.split("|")[1] for row in table.splitlines() if row.startswith("| `")]
    assert [name for cell in cells for name in re.findall(r"`(\w+)`", cell)] == list(COLUMNS)
