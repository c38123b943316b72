"""Figures of votes while something else goes on: a backup, and clients that hold connections for nothing."""

import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import figures
import server

IDLE_CLIENTS = 500
SLOW_CLIENTS = 500
SLOWLORIS = Path(__file__).with_name("slowloris.py")


def backup(setting: figures.Setting, running: server.Server, messages: int) -> figures.Row:
    """Rounds with one backup after the other, and rounds without, by turns."""
    votes = setting.votes_at(running, messages)
    setting.load(votes, seconds=figures.WARM_SECONDS)
    alone, beside, copies_mb = [], [], list[float]()
    for number in range(1, setting.rounds + 1):
        setting.say(f"votes beside a backup, round {number} of {setting.rounds}")
        alone.append(setting.load(votes).p99_ms)
        with _backups(setting, copies_mb):
            beside.append(setting.load(votes).p99_ms)
    p99_ms, p99_alone_ms = figures.median(beside), figures.median(alone)
    return figures.Row("backup_p99_ratio", p99_ms / p99_alone_ms, 3, at_least=False,
                       note=f"p99 of a vote {p99_ms:.1f} ms, without a backup {p99_alone_ms:.1f} ms; "
                            f"{len(copies_mb)} backups of {copies_mb[0]:.0f} to {copies_mb[-1]:.0f} MB")


def slow_clients(setting: figures.Setting, running: server.Server, messages: int) -> figures.Row:
    """They hold their connections from the load's core, while others vote as fast as they are answered."""
    setting.say(f"votes beside {IDLE_CLIENTS} idle and {SLOW_CLIENTS} slow clients")
    with _slow_clients(running):
        loads = [setting.load(setting.votes_at(running, messages)) for _ in range(setting.rounds)]
    return figures.Row("slowloris_healthy_p99_ms", figures.median(load.p99_ms for load in loads), 100, at_least=False,
                       unit="ms", note=f"beside {IDLE_CLIENTS} idle and {SLOW_CLIENTS} slow clients; "
                                       f"{figures.median(load.per_second for load in loads):.0f} votes/s")


@contextmanager
def _backups(setting: figures.Setting, copies_mb: list[float]) -> Iterator[None]:
    """One after the other while the block runs."""
    over = threading.Event()

    def back_up() -> None:
        while not over.is_set():
            copies_mb.append(_back_up(setting))

    thread = threading.Thread(target=back_up)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _back_up(setting: figures.Setting) -> float:
    """The copy's size in MB. The backup runs on whichever core has time, as on a machine that nobody divided."""
    cores = f"{setting.place.core},{setting.load_core}"
    with tempfile.TemporaryDirectory(dir=setting.place.folder, prefix="backup-") as folder:
        copy = Path(folder) / "copy.db"
        subprocess.run(["taskset", "--cpu-list", cores, sys.executable, "-m", "plaudit", "backup", str(copy),
                        "--config", str(setting.place.folder / "plaudit.toml")], check=True, stdout=subprocess.DEVNULL)
        return copy.stat().st_size / 1e6


@contextmanager
def _slow_clients(running: server.Server) -> Iterator[None]:
    """Raises SystemExit when they cannot all connect."""
    port = running.url.rpartition(":")[2]
    with subprocess.Popen([sys.executable, str(SLOWLORIS), port, str(IDLE_CLIENTS), str(SLOW_CLIENTS)],
                          stdout=subprocess.PIPE, text=True) as clients:
        try:
            if clients.stdout is None or clients.stdout.readline() != "there\n":
                raise SystemExit("The slow clients could not all connect.")
            yield
        finally:
            clients.kill()
