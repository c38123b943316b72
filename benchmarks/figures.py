"""The figures themselves. Each function measures one and returns it as a row of the table."""

import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import machine
import population
import server
import wrk

WARM_SECONDS = 2
STARTS = 3
VOTES_BEFORE_MEMORY = 1_000_000
RULER = Path(__file__).with_name("ruler.py")

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Row:
    """A figure and what it must reach: at least `target`, or at most it."""

    name: str
    value: float
    target: float
    at_least: bool
    unit: str = ""
    note: str = ""

    @property
    def reached(self) -> bool:
        return self.value >= self.target if self.at_least else self.value <= self.target


@dataclass(frozen=True, slots=True)
class Setting:
    """How to measure. The servers run at `place`, the load on another core; `say` tells what is going on."""

    place: server.Place
    load_core: int
    tokens: Path
    connections: int
    rounds: int
    seconds: float
    say: Say
    answered: Counter[str] = field(default_factory=Counter)  # requests answered, by the server's URL

    def load(self, target: wrk.Target, seconds: float | None = None, connections: int | None = None) -> wrk.Load:
        load = wrk.run(target, connections=connections or self.connections, seconds=seconds or self.seconds,
                       core=self.load_core)
        self.answered[target.url] += load.requests
        return load

    def votes_at(self, running: server.Server, messages: int) -> wrk.Target:
        return wrk.Target(running.url, wrk.VOTE_PATH, self.tokens, messages)


def against_ruler(setting: Setting, running: server.Server, messages: int) -> list[Row]:
    """Votes and ruler by turns, so that whatever else the machine does meets both; medians over the rounds."""
    with ruler(setting) as url:
        empty = wrk.Target(url, "/", setting.tokens, messages)
        by_turns = alternate(setting, {"ruler": empty, "votes": setting.votes_at(running, messages)})
    ruler_loads, vote_loads = by_turns["ruler"], by_turns["votes"]
    speeds = [median(load.per_second for load in loads) for loads in (vote_loads, ruler_loads)]
    tails = [median(load.p99_ms for load in loads) for loads in (vote_loads, ruler_loads)]
    return [
        Row("votes_over_ruler", speeds[0] / speeds[1], 0.5, at_least=True,
            note=f"{speeds[0]:.0f} votes/s, ruler {speeds[1]:.0f} requests/s"),
        Row("p99_over_ruler", tails[0] / tails[1], 4, at_least=False,
            note=f"p99 of a vote {tails[0]:.1f} ms, of the ruler {tails[1]:.1f} ms"),
    ]


def one_connection(setting: Setting, running: server.Server, messages: int) -> Row:
    load = setting.load(setting.votes_at(running, messages), connections=1)
    return Row("one_connection_median_ms", load.median_ms, 1, at_least=False, unit="ms",
               note=f"p99 {load.p99_ms:.2f} ms, {load.per_second:.0f} votes/s")


def large_over_small(setting: Setting, name: str, small: tuple[server.Server, int], large: tuple[server.Server, int]
                     ) -> Row:
    """Two servers by turns, each with how many messages it holds."""
    loads = alternate(setting, {"small": setting.votes_at(*small), "large": setting.votes_at(*large)})
    few, many = (median(load.per_second for load in loads[size]) for size in ("small", "large"))
    return Row(name, many / few, 0.8, at_least=True,
               note=f"{many:.0f} votes/s with {large[1]:,} messages, {few:.0f} with {small[1]:,}")


def memory(setting: Setting, messages: int) -> Iterator[Row]:
    """Of a server just started, and of the same after a million votes."""
    with server.running(setting.place) as running:
        yield Row("rss_idle_mb", machine.resident_mb(running.pid), 100, at_least=False, unit="MB")
        votes = 0
        while votes < VOTES_BEFORE_MEMORY:
            votes += setting.load(setting.votes_at(running, messages), seconds=20).requests
            setting.say(f"memory: {votes:,} of {VOTES_BEFORE_MEMORY:,} votes")
        yield Row("rss_after_1m_votes_mb", machine.resident_mb(running.pid), 130, at_least=False, unit="MB",
                  note=f"after {votes:,} votes")


def start(setting: Setting, name: str = "start_to_first_answer_s") -> Row:
    """From the command to the answer of a vote, the identity provider's keys fetched on the way."""
    token = setting.tokens.read_text(encoding="ascii").splitlines()[0]
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    vote = "POST " + wrk.VOTE_PATH % population.message_id(0)
    seconds = []
    for _ in range(STARTS):
        before = time.perf_counter()
        with server.running(setting.place, vote, headers, '{"rating":1}'):
            seconds.append(time.perf_counter() - before)
    return Row(name, median(seconds), 1.5, at_least=False, unit="s",
               note=f"median of {STARTS}, slowest {max(seconds):.2f} s")


@contextmanager
def ruler(setting: Setting) -> Iterator[str]:
    port = server.free_port()
    with server.process([sys.executable, str(RULER), str(port)], setting.place) as child:
        server.await_answer(child, port)
        yield f"http://127.0.0.1:{port}"


def alternate(setting: Setting, targets: dict[str, wrk.Target]) -> dict[str, list[wrk.Load]]:
    """Load each target in turn, `rounds` times, after a short warm-up that is not counted."""
    loads: dict[str, list[wrk.Load]] = {name: [] for name in targets}
    for target in targets.values():
        setting.load(target, seconds=WARM_SECONDS)
    for number in range(1, setting.rounds + 1):
        for name, target in targets.items():
            setting.say(f"{name}, round {number} of {setting.rounds}")
            loads[name].append(setting.load(target))
    return loads


def short(number: int) -> str:
    """10000000 as 10m, for a figure's name."""
    return f"{number // 1_000_000}m" if number % 1_000_000 == 0 else str(number)


def median(values: Iterable[float]) -> float:
    return statistics.median(values)
