"""What a Dockerfile says, for tests that hold it to that: there is no Docker where they run."""

import json
import re
import shlex
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path


@dataclass(frozen=True)
class Instruction:
    word: str
    text: str

    @property
    def arguments(self) -> list[str]:
        """In the exec form or as a shell would split them; options are left out."""
        command = re.sub(r"^(--\S+ )*", "", self.text)
        return json.loads(command) if command.startswith("[") else shlex.split(command)


@dataclass(frozen=True)
class Stage:
    instructions: tuple[Instruction, ...]

    def all(self, word: str) -> list[Instruction]:
        return [each for each in self.instructions if each.word == word]

    def one(self, word: str) -> Instruction:
        [found] = self.all(word)
        return found

    @property
    def environment(self) -> dict[str, str]:
        return dict(pair.split("=", 1) for each in self.all("ENV") for pair in each.arguments)

    @property
    def health_check(self) -> list[str]:
        """The command, in the exec form."""
        return json.loads(self.one("HEALTHCHECK").text.partition("CMD ")[2])


def stages(text: str) -> list[Stage]:
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    instructions = [Instruction(*line.split(" ", 1)) for line in lines]
    starts = [place for place, each in enumerate(instructions) if each.word == "FROM"]
    return [Stage(tuple(instructions[first:last])) for first, last in zip(starts, [*starts[1:], None], strict=True)]


def let_through(path: Path, ignore: str) -> bool:
    """Whether a `.dockerignore` leaves a file of the repository to the build: the last line that fits decides."""
    decision = True
    for line in ignore.splitlines():
        pattern = line.removeprefix("!")
        if line and not line.startswith("#") and any(_fits(str(part), pattern) for part in [path, *path.parents[:-1]]):
            decision = line.startswith("!")
    return decision


def _fits(path: str, pattern: str) -> bool:
    """As far as our patterns go: `*` is one folder's name, `**/` any folders or none."""
    if pattern.startswith("**/"):
        return fnmatch(path.rpartition("/")[2], pattern.removeprefix("**/"))
    return path.count("/") == pattern.count("/") and fnmatch(path, pattern)
