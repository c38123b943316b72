"""One Patroni node on loopback: its PostgreSQL, its settings, and what can happen to it.

PostgreSQL refuses to be root; then both run as `nobody`, who may still read what root may, for the programs may stand
under /root.
"""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

import httpx2
from loopback import children, launch

FIRST_PORT = 19_300  # below those that the kernel gives to clients: a port that is free stays free
ETCD_PORT = FIRST_PORT
SCOPE = "plaudit"
PASSWORD = "only-on-loopback-and-gone-with-the-folder"
UNPRIVILEGED = "nobody"
MAY_READ = "-all,+dac_read_search"
DROP = ("setpriv", f"--reuid={UNPRIVILEGED}", "--regid=nogroup", "--clear-groups", f"--bounding-set={MAY_READ}",
        f"--inh-caps={MAY_READ}", f"--ambient-caps={MAY_READ}", "--pdeathsig=TERM")


class Replication(StrEnum):
    STRICT = "strict"  # one standby, which Patroni chooses, must have a commit before it counts
    QUORUM = "quorum"  # whichever of the two has it first
    ASYNCHRONOUS = "asynchronous"  # none; the control


@dataclass(frozen=True)
class Settings:
    """Seconds, with `loop_wait + 2 * retry_timeout <= ttl`; Patroni takes no `ttl` below 20."""

    replication: Replication = Replication.STRICT
    ttl: int = 30
    loop_wait: int = 10
    retry_timeout: int = 10


@dataclass(frozen=True, slots=True)
class Programs:
    postgres: Path  # the folder of its programs
    patroni: Path  # where Python finds its packages


@dataclass(slots=True)
class Node:
    number: int
    folder: Path
    programs: Programs
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def name(self) -> str:
        return f"node{self.number}"

    @property
    def api_port(self) -> int:
        return FIRST_PORT + 10 + self.number

    @property
    def port(self) -> int:
        return FIRST_PORT + 20 + self.number

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def configure(self, settings: Settings) -> None:
        """Raises `OSError`."""
        self.folder.mkdir()
        configuration = _configuration(self, settings)  # JSON is YAML too
        (self.folder / "patroni.json").write_text(json.dumps(configuration, indent=1), encoding="utf-8")
        if _is_root():
            shutil.chown(self.folder, UNPRIVILEGED)

    def start(self) -> None:
        self.process = launch(
            [*(DROP if _is_root() else ()), sys.executable, "-m", "patroni", self.folder / "patroni.json"],
            self.folder / "log", end=signal.SIGTERM, cwd=self.folder,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(self.programs.patroni)})

    def require_running(self) -> None:
        """Raises SystemExit with the end of its log when Patroni has ended by itself."""
        if self.process is not None and self.process.poll() is not None:
            raise SystemExit(f"{self.name} has ended:\n{(self.folder / 'log').read_text(encoding='utf-8')[-2000:]}")

    def kill(self) -> None:
        """`kill -9` of Patroni and of every process of PostgreSQL, as when the machine is gone."""
        doomed = self._processes()  # among them what Patroni is just starting
        self.kill_patroni()
        _send(signal.SIGKILL, [*doomed, *self._processes()])

    def kill_patroni(self) -> None:
        """PostgreSQL goes on, and nobody tells it that it no longer leads."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def silence(self) -> None:
        """As when the network is gone: connections stay open, new ones are taken, and nothing is said."""
        _send(signal.SIGSTOP, self._processes())

    def resume(self) -> None:
        """It still believes that it leads."""
        _send(signal.SIGCONT, self._processes())

    def hand_over(self) -> None:
        """A planned switchover, to the synchronous standby. Raises `httpx2.HTTPError`."""
        url = f"http://127.0.0.1:{self.api_port}/switchover"
        httpx2.post(url, json={"leader": self.name}, timeout=60, trust_env=False).raise_for_status()

    def follow(self) -> None:
        """Patroni makes a standby of it without being asked."""

    def _processes(self) -> list[int]:
        """Patroni and PostgreSQL, the children before their parents."""
        patroni = [self.process.pid] if self.process is not None and self.process.poll() is None else []
        parents = [*patroni, *(pid for pid in _all_processes() if str(self.data).encode() in _command(pid))]
        return [*(child for parent in parents for child in children(parent)), *parents]


def _all_processes() -> list[int]:
    return [int(folder.name) for folder in Path("/proc").iterdir() if folder.name.isdecimal()]


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""


def _send(number: signal.Signals, pids: Sequence[int]) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def _configuration(node: Node, settings: Settings) -> dict[str, Any]:
    return {
        "scope": SCOPE,
        "name": node.name,
        "restapi": {"listen": f"127.0.0.1:{node.api_port}", "connect_address": f"127.0.0.1:{node.api_port}"},
        "etcd3": {"host": f"127.0.0.1:{ETCD_PORT}"},
        "bootstrap": {"dcs": _shared(settings), "initdb": [{"encoding": "UTF8"}, {"locale": "C"}, "data-checksums"]},
        "postgresql": _local(node),
        "watchdog": {"mode": "off"},  # a machine of its own has one; here there is one machine
    }


def _shared(settings: Settings) -> dict[str, Any]:
    """What Patroni keeps in etcd for all nodes."""
    synchronous = settings.replication is not Replication.ASYNCHRONOUS
    return {
        "ttl": settings.ttl, "loop_wait": settings.loop_wait, "retry_timeout": settings.retry_timeout,
        "synchronous_mode": "quorum" if settings.replication is Replication.QUORUM else synchronous,
        "synchronous_mode_strict": synchronous, "synchronous_node_count": 1,
        "failsafe_mode": True,
        "postgresql": {"use_pg_rewind": True, "use_slots": True, "parameters": {
            "max_connections": 100, "wal_log_hints": "on", "shared_buffers": "32MB", "max_wal_size": "256MB"}},
    }


def _local(node: Node) -> dict[str, Any]:
    return {
        "listen": f"127.0.0.1:{node.port}",
        "connect_address": f"127.0.0.1:{node.port}",
        "data_dir": str(node.data),
        "bin_dir": str(node.programs.postgres),
        "pgpass": str(node.folder / "pgpass"),
        "parameters": {"unix_socket_directories": "", "dynamic_shared_memory_type": "mmap"},
        "pg_hba": ["host all all 127.0.0.1/32 scram-sha-256", "host replication all 127.0.0.1/32 scram-sha-256"],
        "authentication": {role: {"username": name, "password": PASSWORD} for role, name in (
            ("superuser", "postgres"), ("replication", "replicator"), ("rewind", "rewinder"))},
    }


def _is_root() -> bool:
    return os.geteuid() == 0
