"""The receiver that `docs/webhooks.md` shows takes what Plaudit sends, and nothing else."""

import re
import time
from pathlib import Path

import httpx2
import pytest
from examples import ANNA, LIKE, NOW, a_message

from plaudit.events import Endpoint, Event, Kind
from plaudit.model import AuthLevel, Contract, Feedback
from plaudit.webhooks.sending import AT_ONCE, SHARED, written
from plaudit.webhooks.signing import key_of, new_secret

pytestmark = pytest.mark.anyio

DOCUMENT = (Path(__file__).parents[2] / "docs" / "webhooks.md").read_text(encoding="utf-8")
EVENT = Event(1, Kind.LIKE, Feedback("acme", "m-1", ANNA, AuthLevel.JWT, Contract.PLAUDIT, LIKE, "good", 1, NOW, NOW),
              a_message(), None, None)


@pytest.fixture
async def receiver(monkeypatch):
    """As it stands in the document; and the secret that it was given."""
    secret = new_secret()
    monkeypatch.setenv("PLAUDIT_WEBHOOK_SECRET", secret)
    [program] = re.findall(r"^```python\n(.*?)^```$", DOCUMENT, re.MULTILINE | re.DOTALL)
    namespace = {}
    exec(compile(program, "docs/webhooks.md", "exec"), namespace)
    transport = httpx2.ASGITransport(namespace["app"])
    async with httpx2.AsyncClient(transport=transport, base_url="http://receiver") as http:
        yield http, secret


async def test_it_takes_an_event_once(receiver, capsys):
    http, secret = receiver
    headers, body = written(EVENT, Endpoint("e", "acme", "", (key_of(secret),)), time.time_ns() // 1_000_000)
    for _ in range(2):
        assert (await http.post("/plaudit", content=body, headers=dict(headers))).status_code == 204
    assert capsys.readouterr().out == "vote.like m-1 good\n"


async def test_it_refuses_what_somebody_else_has_written(receiver):
    http, secret = receiver
    headers, body = written(EVENT, Endpoint("e", "acme", "", (key_of(secret),)), time.time_ns() // 1_000_000)
    assert (await http.post("/plaudit", content=body + b" ", headers=dict(headers))).status_code == 401


def test_its_numbers_are_those_of_the_code():
    said = " ".join(DOCUMENT.split())
    assert f"one request under way, and up to {AT_ONCE} while {SHARED} in a process are not" in said
