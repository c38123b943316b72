"""What one machine carries and what each further step costs: prints the tables of docs/capacity.md.

Figures are read from capacity.json and multiplied out; `--measure` measures them anew on this machine (four minutes, in
quiet), `--write` puts the tables into the document. `make capacity` does both.
"""

import argparse
import math
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
from msgspec import Struct

HERE = Path(__file__).parent
INPUTS = HERE / "capacity.json"
DOCUMENT = HERE.parent / "docs" / "capacity.md"
TABLES = re.compile(
    r"(?<=<!-- Printed by benchmarks/capacity.py -->\n).*?(?=<!-- End of what is printed -->)", re.DOTALL)

DAY_SECONDS = 86_400
YEAR_DAYS = 365
PEAK = 3  # the busiest minute over the day's mean
BUSY = 0.5  # no processor is planned to be busier
CORES = 16  # of a large machine
VOTED = 0.01  # of the messages
PRODUCTS = (1e6, 25e6, 250e6, 2.5e9)  # messages a day
DISK_BYTES = 8e12  # of one database server


class Cost(Struct, frozen=True):
    """On one database, of one serving process on one core, the load on another; see weigh.py."""

    votes_per_second: float
    messages_per_second: float  # registered in batches
    vote_cpu_us: float  # of Plaudit's process
    vote_database_us: float  # of PostgreSQL's; 0 on SQLite, which is inside
    message_cpu_us: float
    message_database_us: float
    message_bytes: float  # without content, with its share of its conversation
    content_message_bytes: float
    vote_bytes: float  # the row, its entry in history, and the indexes
    change_bytes: float  # one more entry in history
    message_log_bytes: float  # of write-ahead log, which a standby and an archive take; 0 on SQLite
    vote_log_bytes: float

    def messages_a_day(self, messages_per_second: float | None = None, votes_per_second: float | None = None) -> float:
        """Registered, `VOTED` of them voted on, by what does so many a second; one process, if it is not said."""
        a_message = 1 / (messages_per_second or self.messages_per_second)
        a_vote = 1 / (votes_per_second or self.votes_per_second)
        return BUSY / PEAK * DAY_SECONDS / (a_message + VOTED * a_vote)

    def votes_a_day(self) -> float:
        return BUSY / PEAK * DAY_SECONDS * self.votes_per_second


class Inputs(Struct, frozen=True):
    machine: dict[str, str]
    sqlite: Cost
    postgres: Cost


def main() -> None:
    options = _options()
    if options.measure:
        INPUTS.write_bytes(msgspec.json.format(msgspec.json.encode(_measured(options))) + b"\n")
    printed = text(msgspec.json.decode(INPUTS.read_bytes(), type=Inputs))
    if options.write:
        DOCUMENT.write_text(with_tables(DOCUMENT.read_text(encoding="utf-8"), printed), encoding="utf-8")
    sys.stdout.write(printed)


def with_tables(document: str, printed: str) -> str:
    return TABLES.sub(lambda _: printed, document)


def text(inputs: Inputs) -> str:
    """The tables, as they stand in the document."""
    parts = (_measurements(inputs), _machines(inputs), _products(inputs), _steps(inputs))
    return "\n" + "\n\n".join("\n".join(part) for part in parts) + "\n\n"


# ---------------------------------------------------------------- measured


def _measurements(inputs: Inputs) -> Iterator[str]:
    yield "## Measured"
    yield ""
    yield ("One process on one core, the load on the other, PostgreSQL where there is room. Processor time is that of "
           "Plaudit + that of the database.")
    yield ""
    yield f"{'; '.join(f'{name}: {fact}' for name, fact in inputs.machine.items())}."
    yield ""
    yield "| | SQLite | PostgreSQL |"
    yield "| --- | ---: | ---: |"
    for name, of in MEASUREMENTS.items():
        yield f"| {name} | {of(inputs.sqlite)} | {of(inputs.postgres)} |"


MEASUREMENTS: dict[str, Callable[[Cost], str]] = {
    "votes a second": lambda cost: f"{cost.votes_per_second:,.0f}",
    "messages a second, registered in batches": lambda cost: f"{cost.messages_per_second:,.0f}",
    "processor time of a vote": lambda cost: _microseconds(cost.vote_cpu_us, cost.vote_database_us),
    "processor time of a message": lambda cost: _microseconds(cost.message_cpu_us, cost.message_database_us),
    "disk of a message without content": lambda cost: f"{cost.message_bytes:.0f} bytes",
    "disk of a message with 1,000 characters": lambda cost: f"{cost.content_message_bytes:,.0f} bytes",
    "disk of a vote": lambda cost: f"{cost.vote_bytes:.0f} bytes",
    "disk of a vote's change": lambda cost: f"{cost.change_bytes:.0f} bytes",
    "log of a message": lambda cost: _log(cost.message_log_bytes),
    "log of a vote": lambda cost: _log(cost.vote_log_bytes),
}


def _microseconds(plaudit: float, database: float) -> str:
    return f"{plaudit:.0f} + {database:.0f} µs" if database else f"{plaudit:.0f} µs"


def _log(bytes_each: float) -> str:
    return f"{bytes_each:,.0f} bytes" if bytes_each else "none"


# ---------------------------------------------------------------- projected


def _machines(inputs: Inputs) -> Iterator[str]:
    sqlite, postgres = inputs.sqlite, inputs.postgres
    yield "## Projected: one machine"
    yield ""
    yield (f"The busiest minute has {PEAK} times the day's mean, and nothing is planned above {BUSY:.0%} of what was "
           f"measured. For {CORES} cores only the processor time is multiplied out.")
    yield ""
    yield f"| | votes a day | or messages a day, {VOTED:.0%} of them voted on |"
    yield "| --- | ---: | ---: |"
    for name, cost in (("SQLite, one process", sqlite), ("PostgreSQL, one process", postgres)):
        yield f"| {name} | {_count(cost.votes_a_day())} | {_count(cost.messages_a_day())} |"
    vote, message = (1e6 * CORES / used for used in (postgres.vote_cpu_us + postgres.vote_database_us,
                                                    postgres.message_cpu_us + postgres.message_database_us))
    yield (f"| PostgreSQL and its processes share {CORES} cores | {_count(BUSY / PEAK * DAY_SECONDS * vote)} | "
           f"{_count(postgres.messages_a_day(message, vote))} |")


def _products(inputs: Inputs) -> Iterator[str]:
    cost = inputs.postgres
    yield "## Projected: products"
    yield ""
    yield (f"On PostgreSQL, {VOTED:.0%} of the messages voted on. The cores are those of the busiest minute, by "
           f"processor time, {BUSY:.0%} busy.")
    yield ""
    yield ("| messages a day | votes a second: mean, peak | messages a second: mean, peak | cores: Plaudit + database "
           "| for the votes alone | disk a year: votes | messages | messages with content | log a day |")
    yield "| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
    for messages in PRODUCTS:
        yield f"| {' | '.join(_product(cost, messages))} |"


def _product(cost: Cost, messages: float) -> Iterator[str]:
    votes, year = VOTED * messages, YEAR_DAYS * messages
    yield _count(messages)
    for a_day in (votes, messages):
        yield f"{_rate(a_day / DAY_SECONDS)}, {_rate(PEAK * a_day / DAY_SECONDS)}"
    yield (f"{_cores(messages * cost.message_cpu_us + votes * cost.vote_cpu_us)} + "
           f"{_cores(messages * cost.message_database_us + votes * cost.vote_database_us)}")
    yield f"{_cores(votes * cost.vote_cpu_us)} + {_cores(votes * cost.vote_database_us)}"
    yield _bytes(VOTED * year * cost.vote_bytes)
    yield _bytes(year * cost.message_bytes)
    yield _bytes(year * cost.content_message_bytes)
    yield _bytes(messages * cost.message_log_bytes + votes * cost.vote_log_bytes)


def _steps(inputs: Inputs) -> Iterator[str]:
    sqlite, postgres = inputs.sqlite, inputs.postgres
    more_cpu = (postgres.vote_cpu_us + postgres.vote_database_us) / sqlite.vote_cpu_us
    more_disk = postgres.vote_bytes / sqlite.vote_bytes
    per_core = 1e6 / postgres.vote_cpu_us
    full_days = DISK_BYTES / (PRODUCTS[-1] * postgres.message_bytes)
    yield "## What each further step costs"
    yield ""
    yield "| step | buys | costs |"
    yield "| --- | --- | --- |"
    yield f"| SQLite, one process | {_count(sqlite.votes_a_day())} votes a day | the outage of one machine is yours |"
    yield (f"| PostgreSQL on the same machine | several processes, archiving to the second | {more_cpu:.1f} times the "
           f"processor time and {more_disk:.1f} times the disk of a vote; a second program to look after |")
    yield (f"| one more process | up to {per_core:,.0f} votes a second, until PostgreSQL has no core left "
           f"({1e6 / postgres.vote_database_us:,.0f} votes a second a core of its own) | a core |")
    yield ("| a synchronous standby, three machines | no answered vote lost with a machine, and seconds instead of "
           "hours without service | two more machines with the same disk, the log twice over the network, a round trip "
           "more a commit |")
    yield (f"| several databases (Citus) | disk: {_count(PRODUCTS[-1])} messages a day fill {_bytes(DISK_BYTES)} in "
           f"{full_days:.0f} days | as many machines again, and people who know Citus |")


def _cores(microseconds_a_day: float) -> str:
    return f"{math.ceil(PEAK * microseconds_a_day / 1e6 / DAY_SECONDS / BUSY):,}"


def _rate(per_second: float) -> str:
    return f"{per_second:,.0f}" if per_second >= 1 else f"{per_second:.1f}"


def _count(number: float) -> str:
    for size, word in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= size:
            return f"{number / size:.3g} {word}"
    return f"{number:.0f}"


def _bytes(number: float) -> str:
    for size, word in ((1e15, "PB"), (1e12, "TB"), (1e9, "GB"), (1e6, "MB")):
        if number >= size:
            return f"{_figures(number / size)} {word}"
    return f"{number / 1e3:.0f} kB"


def _figures(number: float) -> str:
    return f"{number:.0f}" if number >= 10 else f"{number:.1f}"


# ---------------------------------------------------------------- the command


def _measured(options: argparse.Namespace) -> Inputs:
    import weigh  # noqa: PLC0415 -- what is stored is printed without servers and without wrk

    load = weigh.Load(options.messages, options.seconds, options.connections)
    facts, sqlite, postgres = weigh.measure(HERE / "results", load)
    return Inputs(facts, Cost(**sqlite), Cost(**postgres))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--measure", action="store_true", help="measure anew into capacity.json")
    parser.add_argument("--write", action="store_true", help="put the tables into docs/capacity.md")
    parser.add_argument("--messages", type=int, default=200_000, help="to register")
    parser.add_argument("--seconds", type=float, default=15, help="of votes")
    parser.add_argument("--connections", type=int, default=32)
    return parser.parse_args()


if __name__ == "__main__":
    main()
