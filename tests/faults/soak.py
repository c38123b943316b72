"""Faults in a random order, for long: `make soak`. With the tests' own servers, load, faults and check.

    SOAK_MINUTES=30
    SOAK_SEED=…                       what the faults and their lengths are drawn from; the first line says which it is
    SOAK_DATABASES=sqlite,postgres
    SOAK_ALTERATIONS=                 a server put together otherwise (altered_server.py), which has to be found out

A soak is a number of acts, each with a database of its own: people vote all the time while one fault follows another,
and after each everything is checked. At the first violation it ends with exit code 1 and says where its files are.
"""

import asyncio
import itertools
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from footprint import Footprint
from load import PEOPLE, Load, settle
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from serving import PLAUDIT, until
from stages import STAGES, Fault, Stage

ALTERED = str(Path(__file__).with_name("altered_server.py"))
ACT_SECONDS = 180  # to check what an act has stored takes longer with every vote
VOTES_AFTER_MAX = 3000
RECOVERY_SECONDS = 60
SHOWN_MAX = 10
FOUND, INTERRUPTED = 1, 130  # exit codes
GROWTH = Footprint(resident_mb=64, descriptors=PEOPLE + 24, threads=8)  # of a process, from its start into the load


class Wrong(Exception):
    """What must never be: a line for each violation."""


def main() -> None:
    seed = int(os.environ.get("SOAK_SEED") or random.randrange(2**32))
    seconds = float(os.environ.get("SOAK_MINUTES") or 30) * 60
    names = (os.environ.get("SOAK_DATABASES") or ",".join(STAGES)).split(",")
    console, folder = Console(highlight=False, soft_wrap=True), Path(tempfile.mkdtemp(prefix="plaudit-soak-"))
    console.print(f"SOAK_SEED={seed}: {seconds / 60:g} minutes on {' and '.join(names)}")
    code = _play(console, Soak(folder, random.Random(seed), seconds), names)
    if code == FOUND:
        console.print(f"SOAK_SEED={seed} found this. Its files are in {folder}")
    else:
        shutil.rmtree(folder)
        console.print(f"SOAK_SEED={seed}: {'nothing is wrong' if code == 0 else 'interrupted, and nothing was wrong'}")
    sys.exit(code)


def _play(console: Console, soak: "Soak", names: Sequence[str]) -> int:
    """The exit code."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with _progress(console) as progress:
            asyncio.run(soak.play(names, progress))
    except (Wrong, AssertionError, TimeoutError) as error:
        console.print(f"{type(error).__name__}: {error}", markup=False, style="bold red")
        return FOUND
    except KeyboardInterrupt:
        return INTERRUPTED
    return 0


class Soak:
    def __init__(self, folder: Path, moments: random.Random, seconds: float) -> None:
        self._folder, self._moments = folder, moments
        alterations = os.environ.get("SOAK_ALTERATIONS")
        self._launcher = (ALTERED, alterations) if alterations else PLAUDIT
        self._seconds = seconds
        self._ends = time.monotonic() + seconds
        self._faults = 0

    async def play(self, names: Sequence[str], progress: Progress) -> None:
        """Acts on each kind of database in turn, each kind at least once. Raises `Wrong`."""
        self._progress, self._task = progress, progress.add_task("", total=self._seconds)
        act_seconds = min(ACT_SECONDS, self._seconds / len(names))
        for number, name in enumerate(itertools.cycle(names), 1):
            if time.monotonic() >= self._ends and number > len(names):
                return
            folder = self._folder / f"act-{number}-{name}"
            folder.mkdir()
            async with STAGES[name](folder, self._moments) as stage:
                stage.server.launcher = self._launcher
                await self._act(stage, time.monotonic() + act_seconds)

    async def _act(self, stage: Stage, ends: float) -> None:
        await stage.server.start()
        async with Load(stage.server, await settle(stage.server), stage.register, coming_back=True) as load:
            try:
                stage.load = load
                await self._go_on(stage)
                for fault in self._dealt(stage.faults):
                    if time.monotonic() >= ends:
                        break
                    await self._disturb(stage, fault)
                for fault in stage.last_faults:
                    await self._disturb(stage, fault)
            except BaseException:
                stage.server.kill()  # or clients would wait for it
                raise
        _require_nothing("all of them", await stage.violations())
        assert await stage.server.stop() == 0

    def _dealt(self, faults: Sequence[Fault]) -> Iterator[Fault]:
        """As from a pack that is shuffled anew when it is at its end."""
        while True:
            yield from self._moments.sample(faults, len(faults))

    async def _disturb(self, stage: Stage, fault: Fault) -> None:
        began, before = time.monotonic(), stage.register.acknowledged
        self._show(stage, fault.__name__)
        try:
            await fault()
            await self._go_on(stage)
            found = await stage.violations()
        except (AssertionError, TimeoutError) as error:
            found = [f"{type(error).__name__} {error}".strip()]
        _require_nothing(fault.__name__, [*found, *await _growth(stage), *stage.server.told_secrets])
        self._faults += 1
        self._progress.console.print(
            f"{self._faults:4}  {type(stage).__name__:8}  {fault.__name__:31} {time.monotonic() - began:5.1f} s  "
            f"{stage.register.acknowledged - before:7,} votes  {stage.server.footprint}")

    async def _go_on(self, stage: Stage) -> None:
        """Until it is well again and has taken votes, by itself. Raises `TimeoutError`."""
        await until(stage.server.is_ready, RECOVERY_SECONDS)
        enough = stage.register.acknowledged + self._moments.randint(1, VOTES_AFTER_MAX)
        await until(lambda: stage.register.acknowledged >= enough or stage.register.flaws, RECOVERY_SECONDS)

    def _show(self, stage: Stage, what: str) -> None:
        left_seconds = max(0, self._ends - time.monotonic())
        self._progress.update(self._task, completed=self._seconds - left_seconds,
                              description=f"{type(stage).__name__}: {what}")


async def _growth(stage: Stage) -> list[str]:
    """What its process still holds too much of after a while (I8)."""
    try:
        await until(lambda: not stage.server.footprint.beyond(stage.server.began_with, GROWTH))
    except TimeoutError:
        return stage.server.footprint.beyond(stage.server.began_with, GROWTH)
    return []


def _require_nothing(fault: str, found: Sequence[str]) -> None:
    if found:
        more = f"and {len(found) - SHOWN_MAX} more" if len(found) > SHOWN_MAX else ""
        raise Wrong("\n".join(filter(None, [f"after {fault}:", *found[:SHOWN_MAX], more])))


def _progress(console: Console) -> Progress:
    return Progress(BarColumn(), TimeRemainingColumn(), TextColumn("{task.description}"), console=console,
                    transient=True, disable=not console.is_terminal)


if __name__ == "__main__":
    main()
