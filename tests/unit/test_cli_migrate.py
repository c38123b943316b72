"""`plaudit migrate`: what would change, what has changed, and who has to wait."""

import re
from contextlib import closing
from pathlib import Path

import pytest
from command_line import plaudit
from upgrades import ADDED, TAKEN_AWAY, THIS, become_the_next_release

from plaudit.store import migration
from plaudit.store.migration import known
from plaudit.store.sqlite_file import lock

DATABASE = Path("plaudit-data/plaudit.db")

RUNS = "`plaudit migrate` runs them, and so does a server of this release when it starts.\n"
WAITS = ("What is in phase contract waits for `plaudit migrate --contract`: when no server runs an older release.\n")


def listed(how=""):
    """All migrations of this release, as a table has them."""
    width = max(len(it.name) for it in known("sqlite"))
    rows = [("NUMBER", "NAME".ljust(width), "PHASE ", "HOW" if how else "")]
    rows += [(f"{it.number:04}  ", it.name.ljust(width), "expand", how) for it in known("sqlite")]
    return "\n".join("  ".join(row).rstrip() for row in rows)


NEW_SQLITE = f"""\
sqlite:plaudit-data/plaudit.db: {THIS} migrations to run

{listed("one transaction, while no server runs")}

{RUNS}"""
DONE_SQLITE = f"""\
sqlite:plaudit-data/plaudit.db: {THIS} migrations done

{listed()}
"""
PLAN = f"""\
{{name}}: 4 migrations to run

NUMBER  NAME            PHASE     HOW
{ADDED[0]:04}    source          expand    one transaction; votes wait half a second at most
{ADDED[1]:04}    by_source       expand    outside a transaction; votes go on
{ADDED[2]:04}    fill_span       expand    in small batches; votes go on
{TAKEN_AWAY:04}    without_owners  contract  one transaction; votes wait half a second at most

{RUNS}{WAITS}"""
EXPANDED = f"""\
{{name}}: 3 migrations done

NUMBER  NAME       PHASE
{ADDED[0]:04}    source     expand
{ADDED[1]:04}    by_source  expand
{ADDED[2]:04}    fill_span  expand

1 migration left:

NUMBER  NAME            PHASE
{TAKEN_AWAY:04}    without_owners  contract

{WAITS}"""
CONTRACTED = f"""\
{{name}}: 1 migration done

NUMBER  NAME            PHASE
{TAKEN_AWAY:04}    without_owners  contract
"""


@pytest.fixture(autouse=True)
def _in_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def next_release(monkeypatch):
    monkeypatch.setattr(migration, "FOLDERS", migration.FOLDERS)
    return become_the_next_release


def test_a_plan_for_a_new_database_makes_none(capsys):
    said = plaudit(capsys, "migrate", "--plan")
    assert (said.code, said.out) == (0, NEW_SQLITE)
    assert not DATABASE.exists()


def test_it_says_what_it_did_and_then_that_there_is_nothing_to_do(capsys):
    assert plaudit(capsys, "migrate").out == DONE_SQLITE
    for options in [(), ("--plan",), ("--contract",)]:
        assert plaudit(capsys, "migrate", *options).out == "sqlite:plaudit-data/plaudit.db: nothing to do\n"


def test_on_sqlite_the_server_must_be_stopped_except_for_a_plan(capsys):
    plaudit(capsys, "migrate")
    with closing(lock(DATABASE)):
        assert plaudit(capsys, "migrate", "--plan").code == 0
        said = plaudit(capsys, "migrate")
    assert (said.code, said.out) == (1, "")
    assert said.err.endswith("has plaudit-data/plaudit.db open: stop that one\n")


def test_on_postgres_older_releases_are_left_what_they_use_until_told_otherwise(
        capsys, monkeypatch, postgres_url, next_release):
    """Planned, expanded, contracted; the address is shown without its password."""
    monkeypatch.setenv("PLAUDIT_DATABASE_URL", postgres_url)
    name = re.sub(r":[^:/]+@", "@", postgres_url)
    plaudit(capsys, "migrate")
    next_release()
    for options, expected in [
        (("--plan",), PLAN), ((), EXPANDED), (("--contract",), CONTRACTED), (("--plan",), "{name}: nothing to do\n"),
    ]:
        said = plaudit(capsys, "migrate", *options)
        assert (said.code, said.out, said.err) == (0, expected.format(name=name), "")


def test_a_database_that_cannot_be_reached_is_told_in_a_line(capsys, monkeypatch):
    monkeypatch.setenv("PLAUDIT_DATABASE_URL", "postgresql://plaudit:word@127.0.0.1:9/votes")
    for options in [(), ("--plan",)]:
        said = plaudit(capsys, "migrate", *options)
        assert (said.code, said.out) == (1, "")
        assert said.err.startswith(
            "plaudit: Cannot open the database postgresql://plaudit@127.0.0.1:9/votes: connection refused. Check ")
        assert "word" not in said.err
