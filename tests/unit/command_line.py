"""Running `plaudit` as an operator does, here or in a process of its own."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import typer

from plaudit.cli import main
from plaudit.cli.app import app

STOP_SECONDS = 20
LAST_LINE = "Stop it with Ctrl-C.\n"


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str


def plaudit(capsys, *arguments: str) -> Said:
    """A command in this process. What it prints and how it ends."""
    before, sys.argv = sys.argv, ["plaudit", *arguments]
    mask = os.umask(0o022)
    try:
        main()
        code = 0
    except SystemExit as end:
        code = end.code or 0
    finally:
        sys.argv = before
        os.umask(mask)
    captured = capsys.readouterr()
    return Said(code, captured.out, captured.err)


def parsed(words: Sequence[str]) -> str:
    """The command that a command line names, with its options read as `plaudit` reads them; nothing is run.

    Raises `click.UsageError` for a line that `plaudit` would refuse.
    """
    program, *rest = words
    assert program == "plaudit"
    command, names = typer.main.get_command(app), []
    while hasattr(command, "resolve_command"):
        context = command.make_context(program, list(rest))
        name, command, rest = command.resolve_command(context, [*context._protected_args, *context.args])
        names.append(name)
    command.make_context(names[-1], list(rest))
    return " ".join(names)


@contextmanager
def started(folder: Path, *arguments: str) -> Iterator[tuple[subprocess.Popen, list[str]]]:
    """A server in a process of its own and the lines of its greeting; stopped with SIGTERM, which must end it well."""
    log = (folder / "log").open("w+", encoding="utf-8")
    with log, subprocess.Popen([sys.executable, "-m", "plaudit", *arguments], cwd=folder, text=True,
                               stdout=subprocess.PIPE, stderr=log) as process:
        try:
            yield process, list(_greeting(process))
            process.send_signal(signal.SIGTERM)
            assert process.wait(STOP_SECONDS) == 0, (folder / "log").read_text(encoding="utf-8")
        finally:
            process.kill()


def _greeting(process: subprocess.Popen) -> Iterator[str]:
    for line in process.stdout:
        if line == LAST_LINE:
            return
        yield line.rstrip("\n")
