"""`plaudit serve` and `plaudit demo` as processes: what they say first, what they never say again, how they end."""

import itertools
import json
import os
import re
import shlex
import subprocess
import sys
import time

import httpx2
import pytest
from command_line import started

from plaudit.cli.welcome import Credentials, curl_lines


@pytest.fixture
def folder(tmp_path):
    """Where a server starts without a file; what only saves the test's time comes from the environment."""
    return tmp_path


@pytest.fixture(autouse=True)
def _stop_at_once(monkeypatch):
    monkeypatch.setenv("PLAUDIT_DRAIN_SECONDS", "0")


def value(lines: list[str], name: str) -> str:
    return next(line for line in lines if line.startswith(name)).removeprefix(name).split()[0]


def pasted(line: str) -> httpx2.Response:
    """What curl would do with the line."""
    words = shlex.split(line)
    headers = dict(word.split(": ", 1) for flag, word in itertools.pairwise(words) if flag == "-H")
    return httpx2.post(words[2], headers=headers, content=words[words.index("-d") + 1])


def test_the_first_start_says_where_everything_is_and_its_lines_work_as_pasted(folder):
    with started(folder, "serve", "--port", "0") as (_, lines):
        assert value(lines, "Secrets:") == "plaudit-data/secrets.toml"
        assert value(lines, "Server key:").startswith("sk_")
        assert value(lines, "Publishable key:").startswith("pk_")
        register, vote, vote_as_guest = (pasted(line) for line in lines if line.startswith("curl "))
    assert (register.status_code, register.json()["created"]) == (200, 2)
    assert (vote.status_code, vote.json()) == (200, {"feedback": "like"})
    assert (vote_as_guest.status_code, vote_as_guest.json()["data"]["rating"]) == (200, -1)


def test_later_starts_keep_the_server_key_to_themselves(folder):
    with started(folder, "serve", "--port", "0") as (_, first):
        key = value(first, "Server key:")
    with started(folder, "serve", "--port", "0") as (_, second):
        url = value(second, "Plaudit serves")
        read = httpx2.get(f"{url}/v1/feedback", headers={"authorization": f"Bearer {key}"})
    assert read.status_code == 200
    assert key not in "\n".join(second)
    assert "`plaudit key new` makes another" in "\n".join(second)
    assert not any(line.startswith("curl") for line in second)
    assert value(first, "Publishable key:") == value(second, "Publishable key:")


def test_a_running_server_takes_new_keys_and_forgets_revoked_ones(folder):
    """Nothing is restarted."""

    def command(*arguments: str) -> str:
        return subprocess.run([sys.executable, "-m", "plaudit", "key", *arguments], cwd=folder, text=True,
                              capture_output=True, check=True).stdout

    def answers(status: int) -> bool:
        """Within a few seconds, looking again and again."""
        until = time.monotonic() + 5
        while time.monotonic() < until:
            if httpx2.get(f"{url}/v1/feedback", headers={"authorization": f"Bearer {key}"}).status_code == status:
                return True
        return False

    with started(folder, "serve", "--port", "0") as (_, lines):
        url = value(lines, "Plaudit serves")
        key = command("new", "--id", "more").split("secret: ")[1].split()[0]
        assert answers(200)
        command("revoke", "more")
        assert answers(401)


def test_metrics_tell_of_commits_and_are_for_admins(folder):
    with started(folder, "serve", "--port", "0") as (_, lines):
        url, key = value(lines, "Plaudit serves"), value(lines, "Server key:")
        refused = httpx2.get(f"{url}/metrics")
        shown = httpx2.get(f"{url}/metrics", headers={"authorization": f"Bearer {key}"})
    assert (refused.status_code, shown.status_code) == (401, 200)
    assert re.search(r"^plaudit_commit_batch_size_count [1-9]", shown.text, re.MULTILINE)
    assert "plaudit_write_queue_depth 0.0" in shown.text.splitlines()


def test_no_secret_is_in_the_log(folder):
    with started(folder, "serve", "--port", "0", "--development") as (_, lines):
        for line in lines:
            if line.startswith("curl "):
                pasted(line.replace("/v1/messages ", "/v1/nowhere "))
        key = value(lines, "Server key:")
    log = (folder / "log").read_text(encoding="utf-8")
    assert (json.loads(log.splitlines()[0])["status"], key in log, "Too long" in log) == (404, False, False)


def test_a_second_server_on_the_same_data_refuses(folder):
    with started(folder, "serve", "--port", "0"):
        second = subprocess.run([sys.executable, "-m", "plaudit", "serve", "--port", "0"], cwd=folder, text=True,
                                capture_output=True, check=False)
    assert (second.returncode, second.stdout) == (1, "")
    assert second.stderr.startswith("plaudit: Another server (process ")


SHOP = '[[projects]]\nid = "shop"\n[[projects.issuers]]\nissuer = "https://tenant.example/"\n'


@pytest.mark.parametrize(("file", "environ", "message"), [
    pytest.param("", {"PLAUDIT_SESSION_SECRET": "", "PLAUDIT_GUEST_PEPPER": "p" * 32}, "session_secret is empty",
                 id="an empty secret"),
    pytest.param("", {"PLAUDIT_SESSION_SECRET": "s" * 32, "PLAUDIT_GUEST_PEPPER": "p"}, "guest_pepper is shorter than",
                 id="a secret that can be guessed"),
    pytest.param(SHOP, {}, 'plaudit.toml:3: projects[0].issuers[0]: "audiences" is missing', id="no audience"),
    pytest.param(SHOP + "audiences = []", {}, "plaudit.toml:5: projects[0].issuers[0].audiences: name at least one",
                 id="an empty list of audiences"),
    pytest.param(SHOP + 'audiences = ["a"]\njwks_url = "http://tenant.example/jwks.json"', {},
                 "plaudit.toml:6: projects[0].issuers[0].jwks_url: keys must be fetched over https://",
                 id="keys over http"),
])
def test_what_would_let_anybody_in_does_not_start(folder, file, environ, message):
    """Exit code 2, one line that says where and what to do, and nothing is made or listens."""
    (folder / "plaudit.toml").write_text(file, encoding="utf-8")
    ran = subprocess.run([sys.executable, "-m", "plaudit", "serve", "--port", "0"], cwd=folder, text=True,
                         capture_output=True, check=False, env=os.environ | environ)
    assert (ran.returncode, ran.stdout, len(ran.stderr.splitlines())) == (2, "", 1)
    assert message in ran.stderr
    assert [path.name for path in folder.iterdir()] == ["plaudit.toml"]


def test_a_taken_port_is_said(folder):
    """With the exit code after which a service manager tries again: its owner may end."""
    with started(folder, "serve", "--port", "0") as (_, lines):
        port = value(lines, "Plaudit serves").rpartition(":")[2]
        second = subprocess.run([sys.executable, "-m", "plaudit", "serve", "--port", port], cwd=folder, text=True,
                                capture_output=True, check=False)
    assert (second.returncode, second.stderr) == (
        1, (f"plaudit: cannot listen on 127.0.0.1 port {port} (Address already in use); stop what is there, or choose "
           "another with --port\n"))


def test_development_mode_believes_its_own_tokens_and_serves_their_keys(folder):
    with started(folder, "serve", "--port", "0", "--development") as (_, lines):
        url = value(lines, "Plaudit serves")
        minted = subprocess.run(
            [sys.executable, "-m", "plaudit", "token", "--development", "--port", url.rpartition(":")[2], "--subject",
             "alice"], cwd=folder, text=True, capture_output=True, check=True)
        keys = httpx2.get(f"{url}/development/.well-known/jwks.json").json()["keys"]
        mine = httpx2.get(f"{url}/api/v1/user/conversations",
                          headers={"authorization": f"Bearer {minted.stdout.strip()}"})
    assert [key["use"] for key in keys] == ["sig"]
    assert mine.status_code == 200


def test_the_demo_says_what_it_is_and_leaves_nothing_behind(folder):
    """The page may run nothing but this server's files, and all of it is gone afterwards."""
    with started(folder, "demo", "--port", "0") as (_, lines):
        url = value(lines, "Thumbs to click:")
        page = httpx2.get(url)
        script = httpx2.get(f"{url}/demo.js")
    assert "Invented demo data." in page.text
    assert (script.status_code, script.headers["content-type"]) == (200, "text/javascript; charset=utf-8")
    assert "script-src 'self'" in page.headers["content-security-policy"]
    assert "unsafe" not in page.headers["content-security-policy"]
    assert [path.name for path in folder.iterdir()] == ["log"]


def test_the_lines_survive_a_shell():
    """Whatever a token holds, a line is one command with the words that are meant."""
    hostile = Credentials("http://h:1", "sk_'; rm -rf /", 'a"b$(c)`d`', "v'1")
    register, vote, _ = curl_lines(hostile)
    assert "Authorization: Bearer sk_'; rm -rf /" in shlex.split(register)
    assert 'Authorization: Bearer a"b$(c)`d`' in shlex.split(vote)
    assert json.loads(shlex.split(register)[-1])[0]["owner"] == {"visitor": {"id": "v'1"}}


def test_development_mode_limits_nobody(folder, monkeypatch):
    """A trace is played by a thousand voters from one address. A limit that somebody set is kept."""
    with started(folder, "serve", "--port", "0", "--development") as (_, lines):
        url = value(lines, "Plaudit serves")
        asked = [httpx2.get(f"{url}/v1/feedback").status_code for _ in range(310)]
    assert set(asked) == {401}
    monkeypatch.setenv("PLAUDIT_PER_ADDRESS_PER_MINUTE", "2")
    with started(folder, "serve", "--port", "0", "--development") as (_, lines):
        url = value(lines, "Plaudit serves")
        assert [httpx2.get(f"{url}/v1/feedback").status_code for _ in range(3)] == [401, 401, 429]
