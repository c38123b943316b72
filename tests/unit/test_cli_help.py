"""Every command explains itself, and operators' errors are one clear line without a traceback."""

import subprocess
import sys

import pytest
from command_line import plaudit

COMMANDS = [
    ("serve",), ("demo",), ("key", "new"), ("key", "list"), ("key", "revoke"), ("token",), ("config", "check"),
    ("config", "show"), ("doctor",), ("backup",), ("restore",), ("copy",), ("migrate",), ("report",),
    ("compare",), ("subject", "export"), ("subject", "erase"), ("subject", "purge"),
]


@pytest.fixture(autouse=True)
def _in_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_command_explains_itself_with_an_example(command, capsys):
    said = plaudit(capsys, *command, "--help")
    assert (said.code, said.err) == (0, "")
    assert "Example" in said.out
    assert f"plaudit {' '.join(command)}" in said.out


def test_the_overview_names_every_command_and_the_exit_codes(capsys):
    said = plaudit(capsys, "--help")
    assert {command[0] for command in COMMANDS} <= set(said.out.split())
    assert "0 done, 1 failed, 2 used or configured wrongly" in said.out


@pytest.mark.parametrize(("arguments", "code", "message"), [
    (["fly"], 2, "No such command 'fly'"),
    (["serve", "--port", "x"], 2, "Invalid value for '--port'"),
    (["serve", "--port", "70000"], 2, "plaudit: --port: expected a whole number <= 65535"),
    (["serve", "--host", "192.0.2.1"], 2, "plaudit: cannot listen on 192.0.2.1 port 8000"),
    (["config", "check", "--config", "none.toml"], 2, "plaudit: none.toml: cannot be read"),
    (["key", "revoke", "none"], 2, 'plaudit: there is no key "none"; `plaudit key list` shows those that there are'),
    (["key", "new", "--project", "none"], 2, 'plaudit: there is no project "none"; choose one of default'),
    (["token", "--subject", "alice"], 2, ("plaudit: tokens are minted in development mode only; start the server and "
                                         "this command with --development, or set PLAUDIT_DEVELOPMENT=true")),
    (["backup", "copy.db"], 1, ("plaudit: there is no database at plaudit-data/plaudit.db; check data_dir and "
                               "database_url")),
    (["restore", "copy.db"], 1, "plaudit: copy.db is not there; check the name"),
])
def test_what_an_operator_can_put_right_is_told_in_a_line(arguments, code, message, capsys):
    """Exit code 1: it failed. 2: it was used or configured wrongly."""
    said = plaudit(capsys, *arguments)
    assert (said.code, said.out) == (code, "")
    assert message in said.err
    assert "Traceback" not in said.err


def test_the_module_runs_too():
    ran = subprocess.run([sys.executable, "-m", "plaudit", "--help"], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.startswith("Usage: python -m plaudit")


def test_a_command_imports_no_more_than_it_needs():
    """The commands that need no server start without one."""
    program = (
        "import sys; from plaudit.cli.app import app; "
        "print([name for name in ('rich', 'uvicorn', 'starlette', 'apsw', 'jwt', 'tomlkit') if name in sys.modules])")
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout == "[]\n"
