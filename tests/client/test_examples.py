"""The examples do what they say, as they stand: each in a process of its own, the chat in a real browser."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest
from command_line import started
from documents import bash, value
from fastapi import FastAPI
from loopback import free_port, launch, wait_until
from openai_like import openai_like
from playwright.sync_api import sync_playwright
from starlette.responses import StreamingResponse

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
CHROMIUM_MISSING = "There is no Chromium on the PATH. On Debian and Ubuntu: apt-get install chromium"
QUIET = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")


@pytest.fixture(scope="module")
def newcomer(tmp_path_factory):
    """The environment that the examples want: a server as it starts the first time, and its keys."""
    folder = tmp_path_factory.mktemp("newcomer")
    with started(folder, "serve", "--port", "0", "--development") as (_, lines):
        made = bash(folder, "plaudit key new --receipts")
        assert made.returncode == 0, made.stderr
        yield {"PLAUDIT_URL": value(lines, "Plaudit serves"), "PLAUDIT_KEY": value(lines, "Server key:"),
               "PLAUDIT_RECEIPT_KEY": value(made.stdout.splitlines(), "secret:")}


@pytest.fixture(scope="module")
def chat(newcomer, tmp_path_factory):
    """The chat's address, and what its model was asked."""
    port, log = free_port(), tmp_path_factory.mktemp("chat") / "log"
    with openai_like() as (base_url, asked):
        model = {"OPENAI_BASE_URL": base_url, "OPENAI_MODEL": "gpt-x", "NO_PROXY": "127.0.0.1"}
        process = launch([sys.executable, "-m", "uvicorn", "--app-dir", EXAMPLES / "chat", "app:app", "--port", port],
                         log, env={**os.environ, **newcomer, **model})
        try:
            wait_until(lambda: b"startup complete" in log.read_bytes() or process.poll() is not None)
            assert process.poll() is None, log.read_text(encoding="utf-8")
            yield f"http://127.0.0.1:{port}", asked
        finally:
            process.terminate()
            process.wait(20)
            assert "shutdown complete" in log.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def votes(newcomer):
    """What Plaudit has to say of one message: its text, and the votes on it."""
    with httpx2.Client(base_url=newcomer["PLAUDIT_URL"], trust_env=False,
                       headers={"authorization": f"Bearer {newcomer['PLAUDIT_KEY']}"}) as http:

        def of(message_id):
            content = http.get(f"/v1/messages/{message_id}").json()["content"]
            items = http.get("/v1/feedback", params={"message_id": message_id}).json()["items"]
            return content, [(item["vote"], item["comment"], item["model"], item["auth_level"]) for item in items]

        yield of


PYTHON = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_what_the_manual_shows_can_be_pasted(newcomer, votes):
    """Its two pieces of code, with the names that it leaves to the reader."""
    first, second = PYTHON.findall((ROOT / "docs/sdk.md").read_text(encoding="utf-8"))
    words = {"https://votes.example.com": newcomer["PLAUDIT_URL"], "sk_…": newcomer["PLAUDIT_KEY"],
             "rk_…": newcomer["PLAUDIT_RECEIPT_KEY"]}
    for written, meant in words.items():
        first = first.replace(written, meant)
    exec(compile(first, "docs/sdk.md", "exec"), {})
    assert votes("answer-1") == ("It is 42.", [])
    app = FastAPI()
    url, key, receipt_key = words.values()
    exec(compile(second, "docs/sdk.md", "exec"), {
        "url": url, "key": key, "receipt_key": receipt_key, "app": app, "who_is_signed_in": lambda _: None,
        "Question": dict, "StreamingResponse": StreamingResponse})
    assert {route.path for route in app.routes} >= {"/plaudit", "/chat"}


def test_the_script_registers_votes_and_reads(newcomer):
    ran = subprocess.run([sys.executable, "-W", "error", EXAMPLES / "script.py"], env={**os.environ, **newcomer},
                         capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.splitlines() == [
        "registered: 3, dropped: 0",
        "like: - (gpt-x)",
        "dislike: It is 42 (gpt-x)",
        "changes of mind: 1",
    ]


def test_the_chat_streams_an_answer_that_can_be_voted_on(chat, votes):
    """With the receipt that comes with the answer, by whoever asked the question."""
    url, asked = chat
    with httpx2.Client(base_url=url, trust_env=False) as page, httpx2.Client(base_url=url, trust_env=False) as other:
        for visitor in (page, other):
            assert "plaudit-thumbs" in visitor.get("/").text
        answer = page.post("/chat", json={"conversation": "c", "text": "What is the answer?"})
        assert (answer.status_code, answer.text) == (200, "It is 42.")
        assert asked[-1]["messages"] == [{"role": "user", "content": "What is the answer?"}]
        message_id, receipt = answer.headers["x-message-id"], answer.headers["x-message-receipt"]
        told = [visitor.post(f"/plaudit/v1/messages/{message_id}/feedback", json={"vote": "dislike", "comment": "43"},
                             headers={"x-message-receipt": receipt}).status_code for visitor in (other, page)]
        assert told == [403, 200]
    wait_until(lambda: votes(message_id)[0])
    assert votes(message_id) == ("It is 42.", [("dislike", "43", "gpt-x", "receipt")])


def test_nobody_chats_without_a_session(chat):
    answer = httpx2.post(f"{chat[0]}/chat", json={"conversation": "c", "text": "?"}, trust_env=False)
    assert answer.status_code == 401


def test_in_a_browser_the_thumbs_are_under_the_answer_and_a_click_is_a_vote(chat, votes):
    """Then a comment, and a second click takes both back."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    assert chromium, CHROMIUM_MISSING
    complaints = []
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=list(QUIET))
        tab = browser.new_page()
        tab.on("pageerror", lambda error: complaints.append(str(error)))
        tab.on("console", lambda said: complaints.append(said.text) if said.type in {"error", "warning"} else None)
        tab.goto(chat[0])
        tab.get_by_label("Question").fill("What is the answer?")
        tab.get_by_role("button", name="Ask").click()
        tab.get_by_text("It is 42.").wait_for()
        message_id = tab.locator("plaudit-thumbs").get_attribute("message-id")
        with tab.expect_response(f"**/{message_id}/feedback"):
            tab.get_by_role("button", name="Bad answer").click()
        assert votes(message_id)[1] == [("dislike", None, "gpt-x", "receipt")]
        tab.get_by_role("textbox", name="Tell us more").fill("It is 43.")
        with tab.expect_response(f"**/{message_id}/feedback"):
            tab.get_by_role("button", name="Send").click()
        assert votes(message_id)[1] == [("dislike", "It is 43.", "gpt-x", "receipt")]
        with tab.expect_response(f"**/{message_id}/feedback"):
            tab.get_by_role("button", name="Bad answer").click()
        assert votes(message_id)[1] == []
        browser.close()
    assert complaints == []
