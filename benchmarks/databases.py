"""Figures that compare databases: PostgreSQL with SQLite, two workers with one, a full PostgreSQL with an empty one."""

import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import bulk
import figures
import machine
import population
import server

sys.path.append(str(Path(__file__).parents[1] / "tests"))
from postgres_server import PostgresServer  # the tests' own, from a package: nothing has to be installed

SETTINGS = {"shared_buffers": "1GB", "max_wal_size": "8GB", "checkpoint_timeout": "15min"}
KEPT = Path(tempfile.gettempdir()) / "plaudit-benchmark"  # where the user that PostgreSQL runs as can reach it
DATABASE = "measured"
MICRO = 1e6

# The first rows were registered over HTTP; all others are like the first but for their number. See `bulk`.
MESSAGES = """
INSERT INTO messages (project_id, message_id, role, owner, conversation_id, created_at, in_reply_to, model,
                      prompt_version, arms, locale, platform, trace_id, span_id, metadata, content)
SELECT m.project_id, '65a0f00000000000' || lpad(to_hex(n), 8, '0'), m.role,
       left(m.owner, -2) || lpad((n % {subjects})::text, 2, '0'),
       format('c-%s-%s', n % {subjects}, n / {subjects} / {conversation_messages}), m.created_at, m.in_reply_to,
       format('model-%s', n % 7), format('v%s', n % 3), m.arms, m.locale, m.platform, m.trace_id, m.span_id,
       m.metadata, m.content
FROM generate_series({first}, {last} - 1) AS n, (SELECT * FROM messages ORDER BY message_id LIMIT 1) AS m
"""

CONVERSATIONS = """
INSERT INTO conversations (project_id, conversation_id, owner, created_at, updated_at)
SELECT project_id, conversation_id, min(owner), min(created_at), max(created_at)
FROM messages GROUP BY project_id, conversation_id
ON CONFLICT (project_id, conversation_id) DO NOTHING
"""


def over_sqlite(setting: figures.Setting, messages: int) -> figures.Row:
    """The same votes on both databases, by turns."""
    with _cluster() as postgres:
        places = {"sqlite": _place(setting, "sqlite"), "postgres": _place(setting, "postgres", _on(postgres))}
        with server.running(places["sqlite"]) as sqlite_server, server.running(places["postgres"]) as postgres_server:
            servers = {"sqlite": sqlite_server, "postgres": postgres_server}
            for running in servers.values():
                for _ in population.register(running, messages):
                    setting.say("registering messages on both databases")
            loads = figures.alternate(setting, {name: setting.votes_at(running, messages)
                                                for name, running in servers.items()})
    sqlite, on_postgres = (figures.median(load.per_second for load in loads[name]) for name in ("sqlite", "postgres"))
    return figures.Row("postgres_over_sqlite", on_postgres / sqlite, 0.7, at_least=True,
                       note=f"{on_postgres:.0f} votes/s, SQLite {sqlite:.0f}")


def second_worker(setting: figures.Setting, messages: int) -> figures.Row:
    """CPU time of a vote, the database's included. (Two workers are faster only where there is a core for each.)"""
    with _cluster() as postgres:
        cost = {workers: _cpu_of_a_vote(setting, postgres, workers, messages) for workers in (1, 2)}
    return figures.Row("two_workers_cpu_over_one", cost[2] / cost[1], 1.1, at_least=False,
                       note=f"{cost[2] * MICRO:.0f} µs of CPU a vote with two workers, {cost[1] * MICRO:.0f} with one")


def large_over_small(setting: figures.Setting, name: str, small: int, large: int) -> figures.Row:
    """Does PostgreSQL stay as fast with many votes? The large cluster is kept for the next run."""
    setting.say(f"building a PostgreSQL of {large:,} messages and votes (kept for the next run)")
    with _filled(setting, small) as few, _filled(setting, large) as many:
        few_place, many_place = (_place(setting, f"{count}", _url(postgres))
                                 for count, postgres in ((small, few), (large, many)))
        with server.running(few_place) as few_server, server.running(many_place) as many_server:
            return figures.large_over_small(setting, name, (few_server, small), (many_server, large))


# ---------------------------------------------------------------- a server on PostgreSQL


def _cpu_of_a_vote(setting: figures.Setting, postgres: PostgresServer, workers: int, messages: int) -> float:
    """In seconds. No core is given to anybody but the load, or the workers would have to share one."""
    place = replace(_place(setting, f"workers-{workers}", _on(postgres)), core=None)
    place = replace(place, environment={**place.environment, "PLAUDIT_WORKERS": str(workers)})
    with server.running(place) as running:
        for _ in population.register(running, messages):
            setting.say(f"registering messages, {workers} workers")
        target = setting.votes_at(running, messages)
        setting.load(target, seconds=figures.WARM_SECONDS)
        pids = running.pid, postgres.process.pid
        before = sum(map(machine.cpu_seconds, pids))
        load = setting.load(target)
        return (sum(map(machine.cpu_seconds, pids)) - before) / load.requests


def _place(setting: figures.Setting, name: str, environment: Mapping[str, str] | None = None) -> server.Place:
    folder = setting.place.folder / name
    folder.mkdir(exist_ok=True)
    return replace(setting.place, folder=folder, environment={**setting.place.environment, **(environment or {})})


def _on(postgres: PostgresServer) -> dict[str, str]:
    return {"PLAUDIT_DATABASE_URL": postgres.create_database()}


def _url(postgres: PostgresServer) -> dict[str, str]:
    return {"PLAUDIT_DATABASE_URL": postgres.url(DATABASE)}


# ---------------------------------------------------------------- PostgreSQL itself


@contextmanager
def _cluster() -> Iterator[PostgresServer]:
    postgres = PostgresServer.create(**SETTINGS)
    try:
        yield postgres
    finally:
        postgres.remove()


@contextmanager
def _filled(setting: figures.Setting, messages: int) -> Iterator[PostgresServer]:
    """A cluster with so many messages and votes, taken from where it is kept and put back there."""
    KEPT.mkdir(exist_ok=True)
    kept = bulk.folder_for(KEPT, messages)
    if not kept.exists():
        _build(setting, messages, kept)
    bulk.warm(kept / "base")
    postgres = PostgresServer()
    kept.rename(postgres.data)
    try:
        postgres.start()
        yield postgres
    finally:
        postgres.stop()
        postgres.data.rename(kept)
        postgres.remove()


def _build(setting: figures.Setting, messages: int, kept: Path) -> None:
    with _cluster() as postgres:
        postgres.sql(f"CREATE DATABASE {DATABASE}")
        with server.running(_place(setting, "building", _url(postgres))) as running:
            for _ in population.register(running, population.SUBJECTS):
                pass
        numbers = {"first": population.SUBJECTS, "last": messages, "subjects": population.SUBJECTS,
                   "conversation_messages": population.CONVERSATION_MESSAGES}
        postgres.sql("SET search_path = plaudit", MESSAGES.format(**numbers), CONVERSATIONS, bulk.VOTES, bulk.HISTORY,
                     f"SELECT setval('history_seq', {messages})", "VACUUM ANALYZE", "CHECKPOINT", database=DATABASE)
        postgres.stop()
        postgres.data.rename(kept)
