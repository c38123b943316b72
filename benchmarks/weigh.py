"""What a vote and a message cost: bytes on each database, and seconds of the processor. For capacity.py."""

import asyncio
import math
import os
import random
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apsw
import issuer as oidc
import machine
import population
import server
import wrk
from postgres_server import PostgresServer

from plaudit import rules
from plaudit.model import AuthLevel, Contract, Message, Role, Subject, Submission, Vote
from plaudit.ports import Store
from plaudit.store.postgres import PostgresStore
from plaudit.store.sqlite import SqliteStore

SERVER_SETTINGS = {"shared_buffers": "512MB", "max_wal_size": "8GB", "checkpoint_timeout": "15min"}
STARTED = 1_795_334_400_000  # 2026-11-22T08:00:00Z
BATCH = 1000
CONVERSATION_MESSAGES = 10
COMMENTED = 0.1  # of the votes
COMMENT_CHARACTERS = (20, 200)
CONTENT_CHARACTERS_MEAN = 1000
CONTENT_SPREAD = 0.8  # the standard deviation of the logarithm
WORDS = 4000  # of the language that contents are written in
WARM_SECONDS = 2.0


# ---------------------------------------------------------------- bytes


@dataclass(frozen=True, slots=True)
class Scale:
    """How large a database and its log are now, by table, indexes included."""

    tables: dict[str, int]
    log: int

    def since(self, before: "Scale", *names: str) -> int:
        return sum(self.tables[name] - before.tables[name] for name in names)


async def weigh(store: Store, scale: Callable[[], Scale], messages: int) -> dict[str, float]:
    """Bytes each, by what grew; a tenth as many have a content, half as many a vote, a tenth of which is changed."""
    chance = random.Random(1)
    empty = scale()
    shown = await _register(store, chance, messages, _no_content)
    bare = scale()
    with_content = await _register(store, chance, messages // 10, _content)
    full = scale()
    voted = shown[:messages // 2]
    await _vote(store, chance, voted, 0)
    votes = scale()
    changed = voted[:len(voted) // 10]
    await _vote(store, chance, changed, 1)
    changes = scale()
    return {
        "message_bytes": bare.since(empty, "messages", "conversations") / len(shown),
        "content_message_bytes": full.since(bare, "messages", "conversations") / len(with_content),
        "vote_bytes": votes.since(full, "feedback", "history") / len(voted),
        "change_bytes": changes.since(votes, "feedback", "history") / len(changed),
        "message_log_bytes": (bare.log - empty.log) / len(shown),
        "vote_log_bytes": (votes.log - full.log) / len(voted),
    }


async def _register(store: Store, chance: random.Random, count: int, content: Callable[[random.Random], str | None]
                    ) -> list[Message]:
    registered: list[Message] = []
    while len(registered) < count:
        batch = [message for _ in range(BATCH // CONVERSATION_MESSAGES) for message in _conversation(chance, content)]
        await store.register(batch)
        registered += batch
    chance.shuffle(registered)
    return registered


def _conversation(chance: random.Random, content: Callable[[random.Random], str | None]) -> Iterator[Message]:
    owner = Subject.user("https://tenant.eu.auth0.com/", f"auth0|{chance.getrandbits(96):024x}")
    conversation = str(uuid.UUID(int=chance.getrandbits(128), version=4))
    for number in range(CONVERSATION_MESSAGES):
        yield Message(
            project_id="shop", id=str(uuid.UUID(int=chance.getrandbits(128), version=4)), role=Role.ASSISTANT,
            owner=owner, conversation_id=conversation, created_at=STARTED + number, model="model-2026-11-22",
            prompt_version="v42", arms={"tone": "warm"}, locale="en-US", platform="web", content=content(chance))


def _no_content(_: random.Random) -> None:
    return None


def _content(chance: random.Random) -> str:
    """Words of one language: a few often, most seldom. Lengths are log-normal."""
    characters = chance.lognormvariate(math.log(CONTENT_CHARACTERS_MEAN) - CONTENT_SPREAD ** 2 / 2, CONTENT_SPREAD)
    words = (_word(round(WORDS ** chance.random())) for _ in range(round(characters / 6) + 1))
    return " ".join(words)[:round(characters)]


def _word(number: int) -> str:
    return f"{random.Random(number).getrandbits(28):x}".translate(str.maketrans("0123456789", "ghijklmnop"))[:7]


async def _vote(store: Store, chance: random.Random, messages: Sequence[Message], day: int) -> None:
    for first in range(0, len(messages), BATCH):
        async with asyncio.TaskGroup() as group:
            for message in messages[first:first + BATCH]:
                group.create_task(store.submit(_submission(chance, message, day)))


def _submission(chance: random.Random, message: Message, day: int) -> Submission:
    comment = None
    if chance.random() < COMMENTED:
        comment = _content(chance)[:chance.randint(*COMMENT_CHARACTERS)]
    return Submission(project_id=message.project_id, message_id=message.id, subject=message.owner,
                      auth_level=AuthLevel.JWT, contract=Contract.SITEASSIST,
                      vote=Vote.DISLIKE if day else Vote.LIKE, comment=comment, at=STARTED + 86_400_000 * (day + 1))


def scale_of_sqlite(path: Path) -> Scale:
    """As the pages of each table and its indexes; the log is not counted, it is written over and over."""
    with apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY) as connection:
        rows: Any = connection.execute("""
            SELECT s.tbl_name, sum(d.pgsize) FROM dbstat AS d JOIN sqlite_schema AS s ON s.name = d.name
            WHERE d.aggregate = TRUE GROUP BY s.tbl_name""").fetchall()
    return Scale(dict(rows), 0)


def scale_of_postgres(postgres: PostgresServer, database: str) -> Scale:
    lines = postgres.sql("CHECKPOINT", """
        SELECT c.relname, pg_total_relation_size(c.oid) FROM pg_class AS c
        WHERE c.relnamespace = 'plaudit'::regnamespace AND c.relkind = 'r'
        UNION ALL SELECT 'log', (pg_current_wal_insert_lsn() - '0/0')::bigint""", database=database).splitlines()
    sizes = {name: int(size) for name, size in (line.split("|") for line in lines)}
    return Scale(sizes, sizes.pop("log"))


# ---------------------------------------------------------------- time


@dataclass(frozen=True, slots=True)
class Load:
    """What is measured: how many messages, for how long, by how many at once."""

    messages: int
    seconds: float
    connections: int


def rates(place: server.Place, tokens: Path, load: Load, load_core: int, database_us: Callable[[], float]
          ) -> dict[str, float]:
    """Per second and in microseconds each, over HTTP."""
    with server.running(place) as running:
        def cpu() -> tuple[float, float, float]:
            return time.perf_counter(), machine.cpu_seconds(running.pid) * 1e6, database_us()

        began = cpu()
        registered = sum(population.register(running, load.messages))
        filled = cpu()
        target = wrk.Target(running.url, wrk.VOTE_PATH, tokens, load.messages)
        wrk.run(target, connections=load.connections, seconds=WARM_SECONDS, core=load_core)
        warm = cpu()
        votes = wrk.run(target, connections=load.connections, seconds=load.seconds, core=load_core)
        ended = cpu()
    return {
        "messages_per_second": registered / (filled[0] - began[0]),
        "message_cpu_us": (filled[1] - began[1]) / registered,
        "message_database_us": (filled[2] - began[2]) / registered,
        "votes_per_second": votes.per_second,
        "vote_cpu_us": (ended[1] - warm[1]) / votes.requests,
        "vote_database_us": (ended[2] - warm[2]) / votes.requests,
    }


# ---------------------------------------------------------------- both


def measure(folder: Path, load: Load) -> tuple[dict[str, str], dict[str, float], dict[str, float]]:
    """The machine's facts, and what things cost on SQLite and on PostgreSQL: see `capacity.Cost`."""
    wrk.require()
    folder.mkdir(exist_ok=True)
    cores = sorted(os.sched_getaffinity(0))
    facts = machine.facts(folder)
    with tempfile.TemporaryDirectory(dir=folder, prefix="run-") as name, oidc.running() as issuer:
        tokens = population.write_tokens(Path(name) / "tokens", issuer)

        def rates_at(part: str, environment: dict[str, str], database_us: Callable[[], float]) -> dict[str, float]:
            place = server.Place(Path(name) / part, issuer.jwks_url, cores[0], environment)
            place.folder.mkdir()
            return rates(place, tokens, load, cores[-1], database_us)

        sqlite = _sqlite(Path(name) / "weighed.db", load.messages) | rates_at("sqlite", {}, float)
        postgres = PostgresServer.create(**SERVER_SETTINGS)
        try:
            environment = {"PLAUDIT_DATABASE_URL": postgres.create_database()}
            weighed = _postgres(postgres, load.messages)
            return facts, sqlite, weighed | rates_at("postgres", environment, lambda: _cluster_us(postgres))
        finally:
            postgres.remove()


def _cluster_us(postgres: PostgresServer) -> float:
    assert postgres.process is not None
    return machine.cpu_seconds(postgres.process.pid) * 1e6


def _sqlite(path: Path, messages: int) -> dict[str, float]:
    async def weighed() -> dict[str, float]:
        store = await SqliteStore.open(path, rules.decide, now=_now)
        try:
            return await weigh(store, lambda: scale_of_sqlite(path), messages)
        finally:
            await store.close()

    return asyncio.run(weighed())


def _postgres(postgres: PostgresServer, messages: int) -> dict[str, float]:
    url = postgres.create_database()

    async def weighed() -> dict[str, float]:
        store = await PostgresStore.open(url, rules.decide, now=_now)
        try:
            return await weigh(store, lambda: scale_of_postgres(postgres, url.rpartition("/")[2]), messages)
        finally:
            await store.close()

    return asyncio.run(weighed())


def _now() -> int:
    return time.time_ns() // 1_000_000
