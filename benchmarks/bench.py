"""Measure Plaudit on this machine: `make bench`. Prints a table and writes benchmarks/results/latest.json.

The server runs on one core, wrk on another. A vote is an HTTP request with a verified token, on a message drawn at
random, and is on the disk when it is answered. The ruler is an empty endpoint (ruler.py) sent the same requests; its
share of the machine's noise is the votes' share too, so the ratios can be compared between machines.
"""

import argparse
import contextlib
import os
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import bulk
import databases
import disturbed
import exporting
import figures
import issuer as oidc
import machine
import msgspec
import numbers_kept
import population
import server
import signed
import spans
import webhooks
import wrk
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

HERE = Path(__file__).parent
RESULTS = HERE / "results"
MESSAGES = 100_000
FEW_MESSAGES = 10_000
MANY_MESSAGES = 10_000_000


def main() -> None:
    options = _options()
    wrk.require()
    RESULTS.mkdir(exist_ok=True)
    console = Console()
    facts = machine.facts(RESULTS)
    with _progress(console) as progress:
        rows = list(_measure(options, progress))
    console.print(_table(rows, facts))
    (RESULTS / "latest.json").write_bytes(msgspec.json.format(msgspec.json.encode([_plain(row) for row in rows])))


# ---------------------------------------------------------------- the run


def _measure(options: argparse.Namespace, progress: Progress) -> Iterator[figures.Row]:
    task = progress.add_task("starting", total=3 if options.quick else 25)
    with _setting(options, lambda text: progress.update(task, description=text)) as setting:
        for row in _rows(options, setting):
            progress.console.print(f"{row.name} {row.value:.2f} {row.unit}  {row.note}")
            progress.advance(task)
            yield row


def _rows(options: argparse.Namespace, setting: figures.Setting) -> Iterator[figures.Row]:
    with server.running(setting.place) as running:
        for _ in population.register(running, MESSAGES):
            setting.say("registering messages")
        yield from figures.against_ruler(setting, running, MESSAGES)
        setting.say("one connection")
        yield figures.one_connection(setting, running, MESSAGES)
        if not options.quick:
            yield disturbed.backup(setting, running, MESSAGES)
            yield disturbed.slow_clients(setting, running, MESSAGES)
        setting.say("reading every vote back")
        population.require_revisions(running, setting.answered[running.url])
    if not options.quick:
        yield from signed.receipts(setting)
        yield spans.registered(setting)
        yield numbers_kept.votes(setting, MESSAGES)
        yield from webhooks.outbox(setting, MESSAGES)
        setting.say("start")
        yield figures.start(setting)
        yield from _large(setting, options)
        yield from figures.memory(setting, MESSAGES)
        yield from _on_postgres(setting, options)


def _large(setting: figures.Setting, options: argparse.Namespace) -> Iterator[figures.Row]:
    """Does it stay as fast with many messages, and start as soon?"""
    setting.say(f"building a database of {options.messages:,} messages (kept for the next run)")
    small_place = replace(setting.place, folder=bulk.folder_for(setting.place.folder, FEW_MESSAGES))
    large_place = replace(setting.place, folder=bulk.folder_for(options.data, options.messages))
    bulk.build(small_place, FEW_MESSAGES)
    bulk.build(large_place, options.messages)
    size = figures.short(options.messages)
    bulk.warm(large_place.folder)
    with server.running(small_place) as small, server.running(large_place) as large:
        yield figures.large_over_small(setting, f"votes_{size}_over_10k", (small, FEW_MESSAGES),
                                       (large, options.messages))
    setting.say(f"start with {options.messages:,} messages")
    yield figures.start(replace(setting, place=large_place), f"start_with_{size}_to_first_answer_s")
    yield from numbers_kept.overview(setting, large_place, options.messages)
    yield from exporting.over_bare_read(setting, large_place.folder / bulk.DATABASE)
    yield numbers_kept.search(setting, options.data)


def _on_postgres(setting: figures.Setting, options: argparse.Namespace) -> Iterator[figures.Row]:
    yield databases.over_sqlite(setting, MESSAGES)
    yield databases.second_worker(setting, MESSAGES)
    size = figures.short(options.messages)
    yield databases.large_over_small(setting, f"postgres_{size}_over_10k", FEW_MESSAGES, options.messages)


@contextlib.contextmanager
def _setting(options: argparse.Namespace, say: figures.Say) -> Iterator[figures.Setting]:
    server_core, load_core = _cores()
    with oidc.running() as issuer, tempfile.TemporaryDirectory(dir=RESULTS, prefix="run-") as folder:
        os.sched_setaffinity(0, {load_core})
        yield figures.Setting(
            place=server.Place(Path(folder), issuer.jwks_url, server_core, _disk(options.fsync_ms, Path(folder))),
            load_core=load_core,
            tokens=population.write_tokens(Path(folder) / "tokens", issuer),
            connections=options.connections,
            rounds=options.rounds,
            seconds=options.seconds,
            say=say,
        )


def _cores() -> tuple[int, int]:
    """One for the server and one for the load. Raises SystemExit where there is only one."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        raise SystemExit("The benchmark needs two cores: one for the server, one for the load.")
    return cores[0], cores[1]


def _disk(fsync_ms: float, folder: Path) -> dict[str, str]:
    """The environment of a server whose disk takes so much longer; needs a C compiler."""
    if not fsync_ms:
        return {}
    library = folder / "slow_fsync.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-O2", "-o", library, HERE / "slow_fsync.c", "-ldl"], check=True)
    return {"LD_PRELOAD": str(library), "FSYNC_DELAY_US": str(round(fsync_ms * 1000))}


# ---------------------------------------------------------------- what is shown


def _table(rows: list[figures.Row], facts: dict[str, str]) -> Table:
    table = Table(title="Plaudit, measured", caption="\n".join(f"{name}: {fact}" for name, fact in facts.items()))
    for heading in ("figure", "value", "must reach", "reached"):
        table.add_column(heading, no_wrap=True)
    for row in rows:
        sign = "≥" if row.at_least else "≤"
        table.add_row(row.name, f"{row.value:.2f} {row.unit}", f"{sign} {row.target:g} {row.unit}",
                      "yes" if row.reached else "[bold red]no[/]")
    return table


def _plain(row: figures.Row) -> dict[str, object]:
    return {"name": row.name, "value": round(row.value, 4), "target": row.target, "reached": row.reached,
            "unit": row.unit, "note": row.note}


def _progress(console: Console) -> Progress:
    return Progress(BarColumn(), TimeElapsedColumn(), TextColumn("{task.description}"), console=console,
                    refresh_per_second=1, transient=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="the first three figures only")
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=3, help="of ruler and votes by turns")
    parser.add_argument("--seconds", type=int, default=8, help="of each round")
    parser.add_argument("--messages", type=int, default=MANY_MESSAGES, help="in the large database")
    parser.add_argument("--data", type=Path, default=RESULTS, help="where the large database is kept")
    parser.add_argument("--fsync-ms", type=float, default=0, help="make the disk so much slower")
    return parser.parse_args()


if __name__ == "__main__":
    main()
