"""The manual's worked example does what the manual says, and it tells of every format."""

import re
from pathlib import Path

import pytest
from command_line import plaudit

from plaudit.imports.format import Format

MANUAL = (Path(__file__).parents[2] / "docs" / "imports.md").read_text("utf-8")
[FILE] = re.findall(r"```json\n(.*?)```", MANUAL, re.DOTALL)
[SESSION] = re.findall(r"```console\n(.*?)```", MANUAL, re.DOTALL)
COMMANDS = re.findall(r"\$ plaudit (.*?)\n(.*?)(?=\$ |\Z)", SESSION, re.DOTALL)


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "feedback.json").write_text(FILE, "utf-8")


def test_the_worked_example_prints_what_it_says(capsys):
    for command, printed in COMMANDS:
        said = plaudit(capsys, *command.split())
        last = [line for line in said.err.splitlines()[-1:] if line.startswith("plaudit: ")]
        assert [*said.out.splitlines(), *last] == printed.splitlines()


def test_every_format_is_told_of():
    assert re.findall(r"^\| `([a-z-]+)` \|", MANUAL, re.MULTILINE)[:len(Format)] == list(Format)
