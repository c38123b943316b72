"""Servers that tests start for themselves: on a free port of 127.0.0.1, and gone when the test run is gone."""

import ctypes
import random
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

PORTS = range(20_000, 32_000)  # below those that the kernel gives to clients: a port that is free stays free
POLL_SECONDS = 0.005
PR_SET_PDEATHSIG = 1

_libc = ctypes.CDLL(None)


def free_port() -> int:
    for port in random.sample(PORTS, len(PORTS)):
        with socket.socket() as tried:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if tried.connect_ex(("127.0.0.1", port)) != 0:
                return port
    raise AssertionError("no port is free")


def launch(command: Sequence[object], log: Path, end: signal.Signals = signal.SIGKILL, **options: Any
           ) -> subprocess.Popen[bytes]:
    """A process that does not hear Ctrl-C and gets the signal `end` when this one dies, however it dies.

    The kernel looks at the thread that launched it: call this where the thread lives as long as the server shall.
    """
    die_too = partial(_libc.prctl, PR_SET_PDEATHSIG, end)
    with log.open("ab") as output:
        return subprocess.Popen(
            list(map(str, command)), stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True,
            preexec_fn=die_too,  # noqa: PLW1509 - one system call, which nothing in another thread can hold up
            **options)


def wait_until(holds: Callable[[], Any], seconds: float = 30.0) -> Any:
    """What the condition gave once it held. For setting up; raises `TimeoutError`."""
    deadline = time.monotonic() + seconds
    while not (found := holds()):
        if time.monotonic() > deadline:
            raise TimeoutError(holds)
        time.sleep(POLL_SECONDS)
    return found


def is_running(pid: int) -> bool:
    """A process that has ended and that nobody has asked about yet is not."""
    return _state(pid) not in {None, "Z", "X"}


def is_stopped(pid: int) -> bool:
    """By SIGSTOP."""
    return _state(pid) == "T"


def children(pid: int) -> list[int]:
    pids = (int(place.name) for place in Path("/proc").iterdir() if place.name.isdecimal())
    return [found for found in pids if _parent(found) == pid]


def _state(pid: int) -> str | None:
    fields = _stat(pid)
    return fields[0] if fields else None


def _parent(pid: int) -> int | None:
    fields = _stat(pid)
    return int(fields[1]) if fields else None


def _stat(pid: int) -> list[str]:
    """The fields behind the name, which may hold spaces: its state, its parent, …"""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []
