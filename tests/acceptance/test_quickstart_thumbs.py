"""The quickstart, followed to the letter: its files, its changes, its commands, in an environment where nothing was.

`<!-- file: NAME -->` stands before what is saved under this name, `<!-- change: NAME -->` before a diff of it, and
`<!-- terminal: NAME -->` before what is typed there. Only addresses and the key are changed to those of this run.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest
from documents import bash, blocks, value
from loopback import free_port, launch, wait_until
from openai_like import openai_like
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs/quickstart.md").read_text(encoding="utf-8")
MARKED = re.compile(r"^<!-- (file|change|terminal): (\S+) -->\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BLOCKS = [found.groups() for found in MARKED.finditer(TEXT)]
BASE_URL = re.compile(r"^\| (\w+ v\d) \| `http://127.0.0.1:8000(\S+)` \|$", re.MULTILINE)
LINES_MAX = 10
THE_CHATS_OWN = ("export OPENAI_", "python -m uvicorn ")
STOP_SECONDS = 20
CHROMIUM_MISSING = "There is no Chromium on the PATH. On Debian and Ubuntu: apt-get install chromium"
QUIET = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")
# pip takes what the tests' own environment has, and nothing from a network. Its option is stored inverted: 0 is "none".
OFFLINE = {"PIP_NO_INDEX": "1", "PIP_NO_BUILD_ISOLATION": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}


def given(kind, name):
    return [content for marked, named, content in BLOCKS if (marked, named) == (kind, name)]


def test_ten_lines_are_plaudits():
    """What is typed for it, and what is added to the chat or takes a line's place."""
    typed = [line for name in ("plaudit", "chat") for block in given("terminal", name) for line in block.splitlines()
             if not line.startswith(THE_CHATS_OWN)]
    added = {name: [line for block in given("change", name) for line in block.splitlines() if line.startswith("+")]
             for name in ("app.py", "page.html")}
    assert [len(typed), len(added["app.py"]), len(added["page.html"])] == [3, 5, 2]
    assert len(typed) + sum(map(len, added.values())) <= LINES_MAX


def test_before_the_changes_the_chat_knows_nothing_of_plaudit():
    """So no line of Plaudit's goes uncounted."""
    assert [name for kind, name, content in BLOCKS if kind == "file" and "plaudit" in content.lower()] == []


def test_a_question_an_answer_a_thumb_and_the_vote_is_there(chat):
    """In Chromium; and the answer that was judged is there with it."""
    chat_url, read, api = chat
    assert read()["items"] == []
    with sync_playwright() as driver:
        message_id, complaints = ask_and_click(driver, chat_url)
    assert complaints == []
    [vote] = read()["items"]
    assert (vote["message_id"], vote["vote"], vote["model"], vote["auth_level"]) == (
        message_id, "like", "gpt-x", "receipt")
    assert wait_until(lambda: api.get(f"/v1/messages/{message_id}").json().get("content")) == "It is 42."


def test_the_one_url_that_changes_is_a_contracts(chat):
    """Each base URL is one under which votes are taken: unproved, they are refused, and not unknown."""
    _, _, api = chat
    bases = dict(BASE_URL.findall(TEXT))
    paths = {"SiteAssist v2": "/messages/1/feedback", "HandAuncle v1": "/user/messages/1/feedback"}
    asked = {contract: api.post(bases[contract] + path, json={}, headers={"authorization": ""})
             for contract, path in paths.items()}
    assert {contract: answer.status_code for contract, answer in asked.items()} == dict.fromkeys(bases, 401)
    assert api.post("/v9/messages/1/feedback", json={}).status_code == 404


# ---------------------------------------------------------------- what a reader does


@pytest.fixture(scope="module")
def chat(tmp_path_factory):
    """The chat's address, what reads the votes, and a client of Plaudit's API with the key."""
    home, port, chat_port = tmp_path_factory.mktemp("home"), free_port(), free_port()
    folder, environment = assembled(home), an_environment(home, port)
    with openai_like() as (model_url, _):
        words = {"http://127.0.0.1:8000": f"http://127.0.0.1:{port}", "8080": str(chat_port),
                 "http://127.0.0.1:11434/v1": model_url, "llama3.2": "gpt-x"}
        adapt(folder, words)
        with typed(folder, "plaudit", words, environment, "Stop it with Ctrl-C.") as said:
            words["sk_…"] = key = value(said.splitlines(), "Server key:")
            with typed(folder, "chat", words, environment, "startup complete"), httpx2.Client(
                    base_url=words["http://127.0.0.1:8000"], trust_env=False,
                    headers={"authorization": f"Bearer {key}"}) as api:
                yield f"http://127.0.0.1:{chat_port}", lambda: shown(folder, words), api


def assembled(home):
    """The chat's folder beside Plaudit's repository, its files changed as the document says."""
    (home / "plaudit").symlink_to(ROOT)
    folder = home / "chat"
    folder.mkdir()
    for kind, name, content in BLOCKS:
        if kind == "file":
            (folder / name).write_text(content, encoding="utf-8")
    for kind, name, content in BLOCKS:
        if kind == "change":
            (folder / name).write_text(changed((folder / name).read_text(encoding="utf-8"), content), encoding="utf-8")
    return folder


def changed(text, diff):
    """The text with the diff's lines in place; what they stand beside or replace must be there, once."""
    before = "".join(line[1:] for line in diff.splitlines(keepends=True) if not line.startswith("+"))
    after = "".join(line[1:] for line in diff.splitlines(keepends=True) if not line.startswith("-"))
    assert f"\n{text}".count(f"\n{before}") == 1, before
    return text.replace(before, after)


def an_environment(home, port):
    """A new one, without Plaudit. Other packages are found where the tests have them, instead of on an index."""
    place = home / "environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", place], check=True)
    scheme = {"base": str(place), "platbase": str(place)}
    packages = Path(sysconfig.get_path("purelib", "venv", vars=scheme))
    (packages / "packages.pth").write_text(f"{sysconfig.get_path('purelib')}\n", encoding="utf-8")
    pip = place / "bin/pip"
    pip.write_text(f'#!/bin/sh\nexec {place}/bin/python -m pip "$@"\n', encoding="utf-8")
    pip.chmod(0o755)
    return {**os.environ, **OFFLINE, "PATH": f"{place}/bin{os.pathsep}{os.environ['PATH']}", "PYTHONUNBUFFERED": "1",
            "PLAUDIT_PORT": str(port), "NO_PROXY": "127.0.0.1"}


def adapt(folder, words):
    for file in folder.iterdir():
        file.write_text(replaced(file.read_text(encoding="utf-8"), words), encoding="utf-8")


def replaced(text, words):
    for written, meant in words.items():
        text = text.replace(written, meant)
    return text


@contextmanager
def typed(folder, terminal, words, environment, last_words):
    """All of a terminal's blocks in one shell, and what it has said by its last words. Ended as by Ctrl-C."""
    *before, server = replaced("".join(given("terminal", terminal)), words).splitlines()
    script = "\n".join(["set -euo pipefail", *before, f"exec {server}"])  # the signal is for the server, not its shell
    log = folder.parent / f"{terminal}.log"
    process = launch(["bash", "-c", script], log, cwd=folder, env=environment)
    try:
        wait_until(lambda: last_words in log.read_text(encoding="utf-8") or process.poll() is not None, 120)
        assert process.poll() is None, log.read_text(encoding="utf-8")
        yield log.read_text(encoding="utf-8")
    finally:
        process.terminate()
        process.wait(STOP_SECONDS)


def shown(folder, words):
    """What the document's last command prints."""
    [block] = blocks(TEXT)
    ran = bash(folder, block.script(words))
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return json.loads(ran.stdout.splitlines()[0])


def ask_and_click(driver, url):
    """The message that was voted on, and what the page complained of."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    assert chromium, CHROMIUM_MISSING
    browser, complaints = driver.chromium.launch(executable_path=chromium, args=list(QUIET)), []
    tab = browser.new_page()
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    tab.on("console", lambda said: complaints.append(said.text) if said.type in {"error", "warning"} else None)
    tab.goto(url)
    tab.get_by_label("Question").fill("What is the answer?")
    tab.get_by_role("button", name="Ask").click()
    tab.get_by_text("It is 42.").wait_for()
    message_id = tab.locator("plaudit-thumbs").get_attribute("message-id")
    with tab.expect_response(f"**/{message_id}/feedback"):
        tab.get_by_role("button", name="Good answer").click()
    browser.close()
    return message_id, complaints
