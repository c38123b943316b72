"""What the documents show can be used as it stands, prints what they say it prints, and what they point at is there."""

import json
import re
from pathlib import Path

import pytest
from command_line import plaudit
from documents import Block, Step, bash, blocks, value

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
CONTRACTS = sorted(ROOT.glob("docs/contracts/*.md"))
FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?://)([^)#\s]+)")
TOML = re.compile(r"^```toml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SETTINGS = [(path, found.group(1)) for path in DOCUMENTS for found in TOML.finditer(path.read_text(encoding="utf-8"))]
RUN = [path for path in DOCUMENTS if blocks(path.read_text(encoding="utf-8"))]


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", DOCUMENTS, ids=name)
def test_what_a_document_links_to_is_there(path):
    """Files of the repository, pictures included; other hosts are not asked."""
    links = LINK.findall(path.read_text(encoding="utf-8"))
    assert [link for link in links if not (path.parent / link).exists()] == []


@pytest.mark.parametrize(("path", "text"), SETTINGS, ids=[name(path) for path, _ in SETTINGS])
def test_a_settings_file_that_a_document_shows_is_accepted(path, text, tmp_path, capsys):
    """By `plaudit config check`, as a reader would ask it."""
    file = tmp_path / "plaudit.toml"
    file.write_text(text, encoding="utf-8")
    said = plaudit(capsys, "config", "check", "--config", str(file))
    assert (said.code, said.err) == (0, ""), path


@pytest.mark.parametrize("path", RUN, ids=name)
def test_every_runnable_block_of_a_document_works_as_it_stands(newcomer, path):
    """In their order, against one server; only the document's address and credentials are changed to that server's."""
    folder, lines = newcomer
    url = value(lines, "Plaudit serves")
    words = {"http://127.0.0.1:8000": url, "sk_…": value(lines, "Server key:"),
             "pk_…": value(lines, "Publishable key:")}
    environment = {"PLAUDIT_PORT": url.rpartition(":")[2], **visitor(folder, url, words["pk_…"])}
    for block in blocks(path.read_text(encoding="utf-8")):
        ran = bash(folder, block.script(words), **environment)
        assert ran.returncode == 0, f"{name(path)}:{block.line}: {ran.stdout}{ran.stderr}"
        assert block.differences(ran.stdout, words) == [], f"{name(path)}:{block.line}"


def visitor(folder, url, publishable_key):
    """The variables in which SiteAssist's document keeps what its first request is answered."""
    body = json.dumps({"apiKey": publishable_key, "saVid": "device-abc-123"})
    hello = bash(folder, f"curl -sS {url}/v2/identity/init -H 'Content-Type: application/json' -d '{body}'")
    said = json.loads(hello.stdout)
    return {"SESSION_TOKEN": said["sessionToken"], "VISITOR_ID": said["visitor"]["id"]}


@pytest.mark.parametrize("path", CONTRACTS, ids=name)
def test_no_request_in_a_contracts_document_goes_unproved(path):
    """Each block with curl in it is one of those that are run, and says after each command what it prints."""
    text = path.read_text(encoding="utf-8")
    assert sum("curl " in fenced for fenced in FENCED.findall(text)) == len(blocks(text)) > 0
    commands = [step for block in blocks(text) for step in block.steps if "curl " in step.command]
    assert [step for step in commands if step.printed is None] == []


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
