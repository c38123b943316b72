"""docs/capacity.md shows what benchmarks/capacity.py makes of its figures, and these come from real databases."""

import asyncio
import importlib
import sys
from pathlib import Path

import msgspec
import pytest

from plaudit.rules import decide
from plaudit.store.postgres import PostgresStore
from plaudit.store.sqlite import SqliteStore

ROOT = Path(__file__).parents[2]
NOW = 1_795_334_400_000
MESSAGES = 2000


@pytest.fixture
def script(monkeypatch):
    """A module of benchmarks/, by its name."""
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    before = set(sys.modules)
    yield importlib.import_module
    for name in set(sys.modules) - before:
        if str(ROOT / "benchmarks") in str(getattr(sys.modules[name], "__file__", "")):
            sys.modules.pop(name)


def stored(capacity):
    return msgspec.json.decode(capacity.INPUTS.read_bytes(), type=capacity.Inputs)


def test_the_document_shows_what_the_script_prints(script):
    """The control: another figure would show."""
    capacity = script("capacity")
    document = capacity.DOCUMENT.read_text(encoding="utf-8")
    inputs = stored(capacity)
    assert capacity.with_tables(document, capacity.text(inputs)) == document
    dearer = msgspec.structs.replace(inputs.postgres, message_bytes=2 * inputs.postgres.message_bytes)
    other = capacity.text(msgspec.structs.replace(inputs, postgres=dearer))
    assert capacity.with_tables(document, other) != document


@pytest.mark.parametrize(("messages", "shown"), [
    (25e6, ["25 M", "3, 9", "289, 868", "1 + 1", "1 + 1", "91 GB", "9.1 TB", "18 TB", "25 GB"]),
    (2.5e9, ["2.5 G", "289, 868", "28,935, 86,806", "20 + 10", "2 + 1", "9.1 TB", "912 TB", "1.8 PB", "2.5 TB"]),
])
def test_a_product_is_projected_from_what_one_vote_and_one_message_cost(script, messages, shown):
    """25 M votes a day are 289 a second and, three times as many in the busiest minute, 868: at 1000 µs each and half
    busy 1.7 cores, so two; 29 k messages a second, 100 µs each, take 17.4 more."""
    capacity = script("capacity")
    cost = capacity.Cost(
        votes_per_second=10_000, messages_per_second=20_000, vote_cpu_us=1000, vote_database_us=500,
        message_cpu_us=100, message_database_us=50, message_bytes=1000, content_message_bytes=2000, vote_bytes=1000,
        change_bytes=500, message_log_bytes=1000, vote_log_bytes=0)
    assert list(capacity._product(cost, messages)) == shown


def test_a_machine_is_projected_from_what_one_process_does(script):
    """Half of 10,000 votes a second, the mean a third of the peak: 144 million a day."""
    capacity = script("capacity")
    cost = msgspec.structs.replace(stored(capacity).sqlite, votes_per_second=10_000, messages_per_second=20_000)
    assert round(cost.votes_a_day()) == 144_000_000
    assert round(cost.messages_a_day()) == round(0.5 / 3 * 86_400 / (1 / 20_000 + 0.01 / 10_000))


def test_a_message_and_a_vote_are_weighed_on_sqlite(script, tmp_path):
    weigh = script("weigh")
    path = tmp_path / "weighed.db"
    assert_plausible(asyncio.run(weighed(weigh, SqliteStore.open(path, decide, now=lambda: NOW),
                                         lambda: weigh.scale_of_sqlite(path))))


def test_a_message_and_a_vote_are_weighed_on_postgresql(script, postgres, postgres_url):
    weigh = script("weigh")
    _, _, name = postgres_url.rpartition("/")
    found = asyncio.run(weighed(weigh, PostgresStore.open(postgres_url, decide, now=lambda: NOW),
                                lambda: weigh.scale_of_postgres(postgres, name)))
    assert_plausible(found)
    assert found["message_log_bytes"] > found["message_bytes"] / 2


async def weighed(weigh, opening, scale):
    store = await opening
    try:
        return await weigh.weigh(store, scale, MESSAGES)
    finally:
        await store.close()


def assert_plausible(found):
    """What the fields alone hold, and not ten times that."""
    assert 250 < found["message_bytes"] < 2500
    assert found["message_bytes"] + 500 < found["content_message_bytes"] < 5000
    assert 200 < found["vote_bytes"] < 2000
    assert 100 < found["change_bytes"] < 2000
