"""What a failover costs, and that it loses nothing: `make failover`. Prints a table; a good minute a failure.

Three Patroni nodes and etcd on loopback, strict synchronous replication, `plaudit serve` on all three and people voting
all the time. The leader's PostgreSQL and its Patroni are killed with -9, another node takes over, the killed one comes
back. Every vote that was answered with 200 is then looked for. Ends with 1 when one is missing, or anything else is
wrong.

Other faults: `silence` stops both with SIGSTOP and lets them go on once another leads, as when a network comes back;
`orphan` kills Patroni only, so that two nodes take themselves for the leader; `switchover` is the planned one;
`standby` and `silent-standby` befall the standby for which the leader waits; `standbys-first` kills the standbys, a
second later the leader, and brings back the standbys. With `--replication asynchronous` that must lose: the control.
"""

import argparse
import asyncio
import platform
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import machine
import patroni_cluster
from load import settle
from patroni_cluster import Cluster
from patroni_node import PASSWORD, Node, Replication, Settings
from register import Register, violations
from rich.console import Console
from rich.table import Table
from serving import Plaudit, until
from voting import Voting

ROLE = DATABASE = "plaudit"
CALM_SECONDS = 3.0  # of voting before a failure and after the cluster is whole again
AWAY_SECONDS = 40.0  # at the least, so that whatever is believed of the node for a while is found out
ALONE_SECONDS = 1.0  # of a leader whose standbys are gone
ACCEPTED_SECONDS_MAX = 120.0

Fail = Callable[[Node, Sequence[Node]], Awaitable[None]]

console = Console(highlight=False)


@dataclass(frozen=True, slots=True)
class Failure:
    victim: str
    leader: str  # afterwards
    gap_seconds: float
    answers: Counter[str]  # during the gap, by status
    back_seconds: float  # from its return until all three were in step again
    votes: int  # acknowledged, before, meanwhile and after
    wrong: Sequence[str]  # what the checker says; "I1" is a vote lost


def _alone(happens: Callable[[Node], None]) -> Fail:
    async def fail(victim: Node, _: Sequence[Node]) -> None:
        await asyncio.to_thread(happens, victim)

    return fail


async def _standbys_first(victim: Node, others: Sequence[Node]) -> None:
    for node in others:
        node.kill()
    await asyncio.sleep(ALONE_SECONDS)
    victim.kill()
    for node in others:
        node.start()


FAULTS = {  # whom it befalls, what happens, and how it comes back
    "kill": (Cluster.leader, _alone(Node.kill), Node.start),
    "silence": (Cluster.leader, _alone(Node.silence), Node.resume),
    "orphan": (Cluster.leader, _alone(Node.kill_patroni), Node.start),
    "switchover": (Cluster.leader, _alone(Node.hand_over), Node.follow),
    "standby": (Cluster.standby, _alone(Node.kill), Node.start),
    "silent-standby": (Cluster.standby, _alone(Node.silence), Node.resume),
    "standbys-first": (Cluster.leader, _standbys_first, Node.start),
}


def main() -> None:
    options = _options()
    kept = nullcontext(options.folder) if options.folder else tempfile.TemporaryDirectory(prefix="plaudit-failover-")
    try:
        with kept as folder:
            failures = asyncio.run(_until_told_to_stop(options, Path(folder)))
    except (asyncio.CancelledError, KeyboardInterrupt):
        raise SystemExit("Stopped, and everything with it.") from None
    console.print(_table(failures, options))
    _say_totals(failures)
    sys.exit(any(failure.wrong for failure in failures))


async def _until_told_to_stop(options: argparse.Namespace, folder: Path) -> list[Failure]:
    """SIGTERM ends it as Ctrl-C does: everything is killed and cleaned up."""
    running = asyncio.create_task(_measure(options, folder))
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, running.cancel)
    return await running


async def _measure(options: argparse.Namespace, folder: Path) -> list[Failure]:
    settings = Settings(options.replication, options.ttl, options.loop_wait, options.retry_timeout)
    _say("starting etcd and three nodes")
    with patroni_cluster.running(folder, options.patroni, settings) as cluster:
        await cluster.whole()
        await _make_database(cluster)
        server = Plaudit(folder / "plaudit", environment={"PLAUDIT_DATABASE_URL": cluster.url(ROLE, DATABASE)})
        try:
            _say(f"starting plaudit serve: ready after {await server.start():.1f} s")
            return await _failures(options, cluster, server)
        finally:
            server.kill()


async def _make_database(cluster: Cluster) -> None:
    connection = await asyncpg.connect(cluster.url("postgres", "postgres"), target_session_attrs="primary")
    await connection.execute(f"CREATE ROLE {ROLE} LOGIN PASSWORD '{PASSWORD}'")
    await connection.execute(f"CREATE DATABASE {DATABASE} OWNER {ROLE}")
    await connection.close()


async def _failures(options: argparse.Namespace, cluster: Cluster, server: Plaudit) -> list[Failure]:
    register, people = Register(), await settle(server)
    failures = []
    for number in range(1, options.times + 1):
        _say(f"{options.fault} {number} of {options.times}")
        failure = await _failure(options.fault, cluster, Voting(server, people, register))
        failures.append(failure)
        for wrong in failure.wrong[:10]:
            _say(f"WRONG {wrong}")
    return failures


async def _failure(fault: str, cluster: Cluster, voting: Voting) -> Failure:
    choose, fail, restore = FAULTS[fault]
    victim, before = await choose(cluster), voting.register.acknowledged
    async with voting:
        await asyncio.sleep(CALM_SECONDS)
        began = time.monotonic()
        await fail(victim, [node for node in cluster.nodes if node is not victim])
        _say(f"{victim.name} is gone")
        leader = await _succeeded(cluster, victim, voting, began)
        await asyncio.sleep(began + AWAY_SECONDS - time.monotonic())
        restore(victim)
        restored = time.monotonic()
        await cluster.whole()
        back_seconds = time.monotonic() - restored
        _say(f"{victim.name} is back in step after {back_seconds:.1f} s; checking the votes")
        await asyncio.sleep(CALM_SECONDS)
    since, till = voting.gap()
    return Failure(victim.name, leader.name, till - since, voting.answers(since, till), back_seconds,
                voting.register.acknowledged - before, await _check(cluster, voting.register))


async def _check(cluster: Cluster, register: Register) -> list[str]:
    """As superuser, who may look whether tables and indexes are sound."""
    url = f"{cluster.url('postgres', DATABASE)}?target_session_attrs=primary"
    found: list[str] = await asyncio.to_thread(violations, register, url)
    return found


async def _succeeded(cluster: Cluster, victim: Node, voting: Voting, began: float) -> Node:
    leader = await cluster.leader(besides=victim)
    _say(f"{leader.name} leads after {time.monotonic() - began:.1f} s")
    led = time.monotonic()
    await until(lambda: voting.accepted_since(led + 0.5), ACCEPTED_SECONDS_MAX)  # none of those that were on their way
    _say(f"votes are accepted after {time.monotonic() - began:.1f} s")
    return leader


# ---------------------------------------------------------------- what is shown


def _table(failures: Sequence[Failure], options: argparse.Namespace) -> Table:
    timings = f"ttl {options.ttl}, loop_wait {options.loop_wait}, retry_timeout {options.retry_timeout}"
    table = Table(title=f"{options.fault}, {len(failures)} times", caption="\n".join((
        f"{options.replication} replication, {timings}",
        f"{time.strftime('%Y-%m-%d')}, {machine.cpu_model()}, Python {platform.python_version()}")))
    for heading in ("gone", "leads then", "no vote for (s)", "answers meanwhile", "in step after (s)", "acknowledged",
                    "lost"):
        table.add_column(heading)
    for failure in failures:
        table.add_row(failure.victim, failure.leader, f"{failure.gap_seconds:.1f}", _counted(failure.answers),
                      f"{failure.back_seconds:.1f}", f"{failure.votes:,}", str(_lost(failure)))
    return table


def _say_totals(failures: Sequence[Failure]) -> None:
    gaps = sorted(failure.gap_seconds for failure in failures)
    answers = sum((failure.answers for failure in failures), Counter[str]())
    lost, votes, findings = (sum(numbers) for numbers in zip(
        *((_lost(failure), failure.votes, len(failure.wrong)) for failure in failures), strict=True))
    print(f"In all: {votes:,} acknowledged votes, {lost or 'none'} lost; gaps {gaps[0]:.1f} to {gaps[-1]:.1f} s; "
          f"answers meanwhile: {_counted(answers)}; other findings: {findings - lost}")


def _lost(failure: Failure) -> int:
    """At least so many: the checker counts messages, and each may have lost several."""
    return sum(wrong.startswith("I1") for wrong in failure.wrong)


def _counted(answers: Counter[str]) -> str:
    return ", ".join(f"{count:,} of {status}" for status, count in answers.most_common()) or "none"


def _say(text: str) -> None:
    console.print(f"{time.strftime('%H:%M:%S')}  {text}")


def _options() -> Any:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--fault", choices=FAULTS, default="kill")
    parser.add_argument("--replication", type=Replication, choices=Replication, default=Settings.replication)
    parser.add_argument("--ttl", type=int, default=Settings.ttl, help="Patroni's settings, in seconds")
    parser.add_argument("--loop-wait", type=int, default=Settings.loop_wait)
    parser.add_argument("--retry-timeout", type=int, default=Settings.retry_timeout)
    parser.add_argument("--patroni", type=Path, default=Path(sys.prefix) / "failover", help="where its packages are")
    parser.add_argument("--folder", type=Path, help="an empty folder to run in and to leave, with all logs")
    return parser.parse_args()


if __name__ == "__main__":
    main()
