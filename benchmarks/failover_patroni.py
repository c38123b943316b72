"""What a failover costs, and that it loses nothing: `make failover`. Prints a table; about two minutes a kill.

Three Patroni nodes and etcd on loopback, strict synchronous replication, `plaudit serve` on all three and people voting
all the time. The leader's PostgreSQL and its Patroni are killed with -9, another node takes over, the killed one comes
back. Every vote that was answered with 200 is then looked for. Ends with 1 when one is missing, or anything else is
wrong. With --asynchronous it may well: that is the control.
"""

import argparse
import asyncio
import itertools
import platform
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import closing, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import apsw
import asyncpg
import machine
import patroni_cluster
from answers import Connection, Gone
from load import Person, say_next, settle
from patroni_cluster import PASSWORD, Cluster, Node, Timings
from register import STATE, Register, violations
from rich.console import Console
from rich.table import Table
from serving import Plaudit, until

ROLE = DATABASE = "plaudit"
CALM_SECONDS = 3.0  # of voting before a kill and after the cluster is whole again
PAUSE_SECONDS = 0.05  # between a person's votes: a load, not a benchmark
NO_ANSWER = "connection lost"
TABLES = {  # what the checker of tests/faults/register.py reads
    "messages": "project_id, message_id, owner",
    "feedback": STATE,
    "history": f"{STATE}, previous_seq",
}

console = Console(highlight=False)


@dataclass(frozen=True, slots=True)
class Kill:
    leader: str
    successor: str
    gap_seconds: float
    answers: Counter[str]  # during the gap, by status
    back_seconds: float  # from the kill until all three were in step again
    votes: int  # acknowledged, before, meanwhile and after
    wrong: Sequence[str]  # what the checker says; "I1" is a vote lost


@dataclass(slots=True)
class Voting:
    """People who vote while the block runs and go on whatever they are told."""

    server: Plaudit
    people: Sequence[Person]
    register: Register
    told: list[tuple[float, str]] = field(default_factory=list)  # when, and the answer's status
    _stopped: bool = False
    _clients: list[asyncio.Task[None]] = field(default_factory=list)

    async def __aenter__(self) -> Self:
        self._clients = [asyncio.create_task(self._client(person)) for person in self.people]
        return self

    async def __aexit__(self, _kind: type[BaseException] | None, _error: BaseException | None,
                        _traceback: TracebackType | None) -> None:
        self._stopped = True
        async with asyncio.timeout(60):
            await asyncio.gather(*self._clients)

    async def _client(self, person: Person) -> None:
        connection = None
        for message_id in itertools.cycle(person.message_ids):
            if self._stopped:
                break
            try:
                connection = connection or await Connection.to(self.server.port)
                status = str((await say_next(connection, person, message_id, self.register)).status)
            except Gone:
                connection, status = None, NO_ANSWER
            self.told.append((time.monotonic(), status))
            await asyncio.sleep(PAUSE_SECONDS)
        if connection:
            await connection.close()

    def accepted_since(self, instant: float) -> bool:
        return any(status == "200" for when, status in reversed(self.told) if when > instant)

    def gap(self) -> tuple[float, float]:
        """The longest time without a vote accepted: from when, until when."""
        accepted = [when for when, status in self.told if status == "200"]
        return max(itertools.pairwise(accepted), key=lambda pair: pair[1] - pair[0])

    def answers(self, since: float, until: float) -> Counter[str]:
        return Counter(status for when, status in self.told if since < when < until)


def main() -> None:
    options = _options()
    kept = nullcontext(options.folder) if options.folder else tempfile.TemporaryDirectory(prefix="plaudit-failover-")
    with kept as folder:
        kills = asyncio.run(_until_told_to_stop(options, Path(folder)))
    console.print(_table(kills, options))
    _say_totals(kills)
    sys.exit(any(kill.wrong for kill in kills))


async def _until_told_to_stop(options: argparse.Namespace, folder: Path) -> list[Kill]:
    """SIGTERM ends it as Ctrl-C does: everything is killed and cleaned up."""
    running = asyncio.create_task(_measure(options, folder))
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, running.cancel)
    return await running


async def _measure(options: argparse.Namespace, folder: Path) -> list[Kill]:
    timings = Timings(options.ttl, options.loop_wait, options.retry_timeout)
    _say("starting etcd and three nodes")
    with patroni_cluster.running(folder, options.patroni, timings, synchronous=not options.asynchronous) as cluster:
        await cluster.healthy()
        await _make_database(cluster)
        url = cluster.url(ROLE, DATABASE)
        server = Plaudit(folder / "plaudit", environment={"PLAUDIT_DATABASE_URL": url})
        try:
            _say(f"starting plaudit serve: ready after {await server.start():.1f} s")
            return await _kills(options.kills, cluster, server, url)
        finally:
            server.kill()


async def _make_database(cluster: Cluster) -> None:
    connection = await asyncpg.connect(cluster.url("postgres", "postgres"), target_session_attrs="primary")
    await connection.execute(f"CREATE ROLE {ROLE} LOGIN PASSWORD '{PASSWORD}'")
    await connection.execute(f"CREATE DATABASE {DATABASE} OWNER {ROLE}")
    await connection.close()


async def _kills(number: int, cluster: Cluster, server: Plaudit, url: str) -> list[Kill]:
    register, people = Register(), await settle(server)
    kills = []
    for count in range(1, number + 1):
        kill = await _kill(f"{count}/{number}", cluster, Voting(server, people, register), url)
        kills.append(kill)
        for wrong in kill.wrong[:10]:
            _say(f"WRONG {wrong}")
    return kills


async def _kill(count: str, cluster: Cluster, voting: Voting, url: str) -> Kill:
    leader, before = await cluster.leader(), voting.register.acknowledged
    async with voting:
        await asyncio.sleep(CALM_SECONDS)
        leader.kill()
        killed = time.monotonic()
        _say(f"kill {count}: {leader.name} is gone")
        successor = await _succeeded(cluster, leader, voting, killed)
        leader.start()
        await cluster.healthy()
        back_seconds = time.monotonic() - killed
        _say(f"kill {count}: {leader.name} is back in step after {back_seconds:.1f} s; checking the votes")
        await asyncio.sleep(CALM_SECONDS)
    since, until = voting.gap()
    return Kill(leader.name, successor.name, until - since, voting.answers(since, until), back_seconds,
                voting.register.acknowledged - before, await _check(voting.register, url, voting.server))


async def _succeeded(cluster: Cluster, leader: Node, voting: Voting, killed: float) -> Node:
    successor = await cluster.leader(besides=leader)
    _say(f"{successor.name} leads after {time.monotonic() - killed:.1f} s")
    await until(lambda: voting.accepted_since(killed + 0.5))  # none of those that were on their way
    _say(f"votes are accepted again after {time.monotonic() - killed:.1f} s")
    return successor


async def _check(register: Register, url: str, server: Plaudit) -> list[str]:
    """What the register says against the database, from a copy that its checker can read."""
    copy = server.configuration.with_name("copy.db")
    copy.unlink(missing_ok=True)
    connection = await asyncpg.connect(url, target_session_attrs="primary", server_settings={"search_path": "plaudit"})
    with closing(apsw.Connection(str(copy))) as file, file:
        for table, columns in TABLES.items():
            rows = await connection.fetch(f"SELECT {columns} FROM {table}")
            places = ",".join("?" * len(columns.split(",")))
            file.execute(f"CREATE TABLE {table} ({columns})")
            file.executemany(f"INSERT INTO {table} VALUES ({places})", map(tuple, rows))
    await connection.close()
    return await asyncio.to_thread(violations, register, copy)


# ---------------------------------------------------------------- what is shown


def _table(kills: Sequence[Kill], options: argparse.Namespace) -> Table:
    mode = "asynchronous replication" if options.asynchronous else "strict synchronous replication"
    table = Table(title=f"The leader killed {len(kills)} times", caption="\n".join((
        f"{mode}, ttl {options.ttl}, loop_wait {options.loop_wait}, retry_timeout {options.retry_timeout}",
        f"{time.strftime('%Y-%m-%d')}, {machine.cpu_model()}, Python {platform.python_version()}")))
    for heading in ("killed", "took over", "no vote for (s)", "answers meanwhile", "back in step (s)", "acknowledged",
                    "lost"):
        table.add_column(heading)
    for kill in kills:
        table.add_row(kill.leader, kill.successor, f"{kill.gap_seconds:.1f}", _counted(kill.answers),
                      f"{kill.back_seconds:.1f}", f"{kill.votes:,}", str(_lost(kill)))
    return table


def _say_totals(kills: Sequence[Kill]) -> None:
    gaps = sorted(kill.gap_seconds for kill in kills)
    answers = sum((kill.answers for kill in kills), Counter[str]())
    lost, votes, findings = (sum(numbers) for numbers in zip(
        *((_lost(kill), kill.votes, len(kill.wrong)) for kill in kills), strict=True))
    print(f"In all: {lost} of {votes:,} acknowledged votes lost; gaps {gaps[0]:.1f} to {gaps[-1]:.1f} s; "
          f"answers meanwhile: {_counted(answers)}; other findings: {findings - lost}")


def _lost(kill: Kill) -> int:
    return sum(wrong.startswith("I1") for wrong in kill.wrong)


def _counted(answers: Counter[str]) -> str:
    return ", ".join(f"{count:,} of {status}" for status, count in answers.most_common()) or "none"


def _say(text: str) -> None:
    console.print(f"{time.strftime('%H:%M:%S')}  {text}")


def _options() -> Any:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--ttl", type=int, default=Timings.ttl, help="Patroni's settings, in seconds")
    parser.add_argument("--loop-wait", type=int, default=Timings.loop_wait)
    parser.add_argument("--retry-timeout", type=int, default=Timings.retry_timeout)
    parser.add_argument("--asynchronous", action="store_true", help="the control: without synchronous replication")
    parser.add_argument("--patroni", type=Path, default=Path(sys.prefix) / "failover", help="where its packages are")
    parser.add_argument("--folder", type=Path, help="an empty folder to run in and to leave, with all logs")
    return parser.parse_args()


if __name__ == "__main__":
    main()
