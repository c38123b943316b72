"""The code blocks of a document, to be run as they stand.

A fenced `sh` or `console` block is runnable when the line before it is `<!-- run -->`. In `console`, lines that begin
with `$ ` are commands and the others are what the command before them prints, where `…` stands for anything; in `sh`,
every line is a command. A block runs in one shell, in the folder of a server, and must succeed; curl fails on an answer
of 400 or more.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

RUNNABLE = re.compile(r"^<!-- run -->\n```(sh|console)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PRELUDE = 'set -euo pipefail\ncurl() { command curl --silent --show-error --fail-with-body "$@"; }\n'
END = "=== end of a command ==="
ANYTHING = "…"


@dataclass(frozen=True)
class Step:
    """A command, and what it prints; None where the document does not say."""

    command: str
    printed: str | None = None


@dataclass(frozen=True)
class Block:
    line: int
    steps: tuple[Step, ...]

    def script(self, words: Mapping[str, str]) -> str:
        """For bash. `words`: what stands in the document -> what it is here."""
        script = "".join(f"{step.command}\necho\necho '{END}'\n" for step in self.steps)
        for written, meant in words.items():
            script = script.replace(written, meant)
        return PRELUDE + script

    def differences(self, output: str, words: Mapping[str, str]) -> list[tuple[str, str]]:
        """What the document says and what was printed instead, for each command where that is not the same."""
        printed = [part.strip() for part in output.split(END)]
        return [(step.printed, here) for step, here in zip(self.steps, printed, strict=False)
                if step.printed is not None and not _fits(step.printed, here, words)]


def blocks(text: str) -> list[Block]:
    return [Block(text.count("\n", 0, found.start()) + 2, tuple(_steps(*found.groups())))
            for found in RUNNABLE.finditer(text)]


def _steps(kind: str, content: str) -> Iterator[Step]:
    if kind == "sh":
        yield Step(content.strip())
        return
    for part in re.split(r"^\$ ", content, flags=re.MULTILINE)[1:]:
        command, _, printed = re.sub(r"\\\n\s*", "", part).partition("\n")
        yield Step(command, printed.strip() or None)


def _fits(expected: str, printed: str, words: Mapping[str, str]) -> bool:
    for written, meant in words.items():
        expected = expected.replace(written, meant)
    pattern = ".*".join(re.escape(part) for part in expected.split(ANYTHING))
    return re.fullmatch(pattern, printed, re.DOTALL) is not None


def bash(folder: Path, script: str, **environment: str) -> subprocess.CompletedProcess:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(["bash", "-c", script], cwd=folder, env={**os.environ, "PATH": path, **environment},
                          text=True, capture_output=True, check=False)


def value(lines: list[str], name: str) -> str:
    return next(line for line in lines if line.startswith(name)).removeprefix(name).split()[0]
