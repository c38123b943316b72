"""What the manual says in numbers is so, and a program that is written after it has types."""

import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

from plaudit.client import Batching, Plaudit, receipts
from plaudit.client import starlette as helper
from plaudit.client.errors import KINDS, KINDS_OF_LINES
from plaudit.client.retries import Patience

ROOT = Path(__file__).parents[2]
MANUAL = " ".join((ROOT / "docs/sdk.md").read_text(encoding="utf-8").split())
DEFAULTS = {name: parameter.default for name, parameter in inspect.signature(Plaudit).parameters.items()}


@pytest.mark.parametrize("said", [
    f"`waiting_max` ({Batching().waiting_max:,}) messages",
    f"`waiting_bytes_max` ({Batching().waiting_bytes_max // 2**20} MiB)",
    f"up to {Batching().lines_max} at once",
    *(f"`{name}` ({DEFAULTS[name]:.0f})" for name in ("timeout_seconds", "total_seconds", "close_seconds")),
    f"after {Patience().pause_seconds} s, then twice as long each time, at most {Patience().pause_seconds_max:.0f} s",
    f"{receipts.LIFETIME.days} days without it, {receipts.LIFETIME_MAX.days} at most",
    f"of a `bearer` receipt {receipts.BEARER_LIFETIME.days} and {receipts.BEARER_LIFETIME_MAX.days}",
    f"at most {receipts.RECEIPT_BYTES_MAX // 1024} KiB",
    f"Bodies have at most {helper.BODY_BYTES_MAX // 1024} KiB",
])
def test_the_numbers_in_the_manual_are_those_in_the_code(said):
    assert said in MANUAL


def test_every_operation_and_every_error_is_in_the_manual():
    operations = {name for name, member in inspect.getmembers(Plaudit, inspect.isfunction) if not name.startswith("_")}
    assert operations - {"ask", "close"} <= set(re.findall(r"`(\w+)\(", MANUAL))
    for kind in {*KINDS.values(), *KINDS_OF_LINES.values()}:
        assert f"`{kind.__name__}`" in MANUAL


PROGRAM = """
from collections.abc import AsyncIterator, Iterator
from typing import assert_type

from starlette.requests import Request

from plaudit.client import (
    AsyncPlaudit, Counts, Dropped, Feedback, Guest, Linked, Message, Plaudit, PlauditError, Submitted, User, Visitor)
from plaudit.client.starlette import ShownAnswer, Thumbs

ANN = User("https://tenant.auth0.com/", "auth0|ann")


def lost(dropped: Dropped) -> None:
    assert_type(dropped.error, PlauditError | None)


async def asker(request: Request) -> User | None:
    return ANN if request.cookies else None


def waits(plaudit: Plaudit, message: Message) -> None:
    assert_type(plaudit.receipt("m", "c", ANN, model="gpt-x"), str)
    assert_type(plaudit.register(message), bool)
    assert_type(plaudit.counts, Counts)
    assert_type(plaudit.submit("m", "like", token="t"), Submitted)
    assert_type(plaudit.link(Visitor("v"), ANN), Linked)
    assert_type(plaudit.feedback(vote="dislike"), Iterator[Feedback])
    plaudit.receipt("m", "c", ANN, modle="gpt-x")  # wrong
    plaudit.submit("m", "love", token="t")  # wrong
    plaudit.link(ANN, ANN)  # wrong
    plaudit.feedback(vote="love")  # wrong


async def awaits(plaudit: AsyncPlaudit, message: Message) -> None:
    assert_type(plaudit.register(message), bool)
    assert_type(await plaudit.submit("m", None, token="t"), Submitted)
    assert_type(await plaudit.link(Guest("d", "u"), ANN), Linked)
    assert_type(plaudit.feedback(), AsyncIterator[Feedback])
    assert_type(Thumbs(plaudit, owner=asker).answer("c", ANN), ShownAnswer)


async def begins() -> None:
    with Plaudit("https://votes.example.com", "sk_x", on_dropped=lost) as one:
        assert_type(one, Plaudit)
    async with AsyncPlaudit("https://votes.example.com") as other:
        assert_type(other, AsyncPlaudit)
"""


def test_a_program_that_uses_the_client_has_types(tmp_path):
    """By `mypy --strict`, as somebody else's program; it finds what is wrong, and nothing more."""
    program = tmp_path / "program.py"
    program.write_text(PROGRAM, encoding="utf-8")
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", "--no-error-summary", program.name]
    said = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    found = [int(line.split(":")[1]) for line in said.stdout.splitlines() if ": error:" in line]
    wrong = [number for number, line in enumerate(PROGRAM.splitlines(), 1) if line.endswith("# wrong")]
    assert found == wrong, said.stdout + said.stderr
