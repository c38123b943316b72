"""What a newcomer is told to paste works as pasted: the three lines of the first start, and the documents' commands."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import started
from documents import Block, Step, blocks

ROOT = Path(__file__).parents[2]
DOCUMENTS = ("README.md", "docs/operations.md")


def bash(folder: Path, script: str, **environment: str) -> subprocess.CompletedProcess:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(["bash", "-c", script], cwd=folder, env={**os.environ, "PATH": path, **environment},
                          text=True, capture_output=True, check=False)


def value(lines: list[str], name: str) -> str:
    return next(line for line in lines if line.startswith(name)).removeprefix(name).split()[0]


@pytest.fixture(scope="module")
def newcomer(tmp_path_factory):
    """A folder where nothing was but a server that has just been started for the first time, and its greeting."""
    folder = tmp_path_factory.mktemp("newcomer")
    with started(folder, "serve", "--port", "0", "--development") as (_, lines):
        yield folder, lines


def test_the_first_starts_three_lines_work_as_pasted(newcomer):
    """Register two messages, vote through SiteAssist's contract, vote through HandAuncle's as a guest."""
    folder, lines = newcomer
    pasted = [bash(folder, line) for line in lines if line.startswith("curl ")]
    assert [each.stderr for each in pasted] == [""] * 3
    registered, voted, voted_as_guest = (json.loads(each.stdout) for each in pasted)
    assert [result["status"] for result in registered["results"]] == ["created"] * 2
    assert voted == {"feedback": "like"}
    assert (voted_as_guest["success"], voted_as_guest["data"]["rating"], voted_as_guest["data"]["feedback"]) == (
        True, -1, "Too long")


def test_the_votes_can_be_read_again_with_the_key_that_was_printed(newcomer):
    """Pasting them once more, and then looking: two votes, each as it was given last."""
    folder, lines = newcomer
    for line in lines:
        if line.startswith("curl "):
            bash(folder, line)
    read = bash(folder, f"curl -sS {value(lines, 'Plaudit serves')}/v1/feedback "
                        f"-H 'Authorization: Bearer {value(lines, 'Server key:')}'")
    votes = [(item["contract"], item["vote"], item["comment"]) for item in json.loads(read.stdout)["items"]]
    assert sorted(votes) == [("handauncle", "dislike", "Too long"), ("siteassist", "like", None)]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_runnable_block_of_a_document_works_as_it_stands(newcomer, name):
    """In their order, against one server; the document's address and placeholders are that server's."""
    folder, lines = newcomer
    url = value(lines, "Plaudit serves")
    words = {"http://127.0.0.1:8000": url, "sk_…": value(lines, "Server key:"),
             "pk_…": value(lines, "Publishable key:")}
    document = ROOT / name
    for block in blocks(document.read_text(encoding="utf-8")) if document.exists() else []:
        ran = bash(folder, block.script(words), PLAUDIT_PORT=url.rpartition(":")[2])
        assert ran.returncode == 0, f"{name}:{block.line}: {ran.stdout}{ran.stderr}"
        assert block.differences(ran.stdout, words) == [], f"{name}:{block.line}"


EXAMPLE = """\
Text.

<!-- run -->
```console
$ echo one \\
    two
one two
$ echo http://127.0.0.1:8000/livez; true
http://127.0.0.1:8000/…
$ true
```

```sh
exit 1  # not marked
```

<!-- run -->
```sh
test -n "x"
echo y
```
"""


def test_runnable_blocks_are_found_with_what_they_print(tmp_path):
    """Only the marked ones; a command that prints something else is found, and so is one that fails."""
    console, shell = blocks(EXAMPLE)
    assert (console.line, shell.line) == (4, 18)
    assert console.steps == (Step("echo one two", "one two"),
                             Step("echo http://127.0.0.1:8000/livez; true", "http://127.0.0.1:8000/…"), Step("true"))
    words = {"http://127.0.0.1:8000": "http://127.0.0.1:9"}
    assert console.differences(bash(tmp_path, console.script(words)).stdout, words) == []
    assert shell.steps == (Step('test -n "x"\necho y'),)
    wrong = Block(1, (Step("echo a", "b"), Step("echo c", "c"), Step("false")))
    ran = bash(tmp_path, wrong.script({}))
    assert (ran.returncode, wrong.differences(ran.stdout, {})) == (1, [("b", "a")])
