"""Where a soak plays: a server with its people, its database, and the faults that can be made there.

A fault begins with everything well; when it returns, whatever it disturbed outside the server is well again.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path

from load import Load
from postgres_server import PostgresServer
from proxy import Wire, wire_to
from register import Register, violations
from serving import Plaudit, until
from shims import preload
from small_disk import SmallDisk

Fault = Callable[[], Awaitable[None]]
PAUSE_SECONDS_MAX = 10
TROUBLE_SECONDS_MAX = 5
REFUSED_SECONDS_MAX = 120  # SQLite's log has room for many votes when the disk has none
DISK_SIZE, ENLARGED_SIZE = "512m", "768m"
DELAYS_MICROSECONDS = (2_000, 200_000)
END_TOO = ("setpriv", "--pdeathsig", "KILL")  # a soak that is killed leaves no server behind
STANDBY = "standby"
FOLLOWING = "SELECT sync_state FROM pg_stat_replication"


@dataclass(frozen=True, slots=True)
class Reached:
    """One of PostgreSQL's servers, and the wire that leads there."""

    server: PostgresServer
    wire: Wire


class Stage:
    load: Load  # as soon as people vote

    def __init__(self, server: Plaudit, moments: random.Random) -> None:
        self.server, self.register = server, Register()
        self._moments = moments

    @property
    def faults(self) -> Sequence[Fault]:
        return self.server_killed, self.server_paused, self.server_stopped

    @property
    def last_faults(self) -> Sequence[Fault]:
        """After which there is nothing more to disturb."""
        return ()

    def close(self) -> None:
        self.server.kill()

    async def server_killed(self) -> None:
        self.server.kill()
        await self.server.start()

    async def server_paused(self) -> None:
        await self.server.pause()
        await self._a_while(PAUSE_SECONDS_MAX)
        self.server.resume()

    async def server_stopped(self) -> None:
        """By SIGTERM."""
        self.server.terminate()
        assert await self.server.ended() == 0
        await self.server.start()

    async def _refusals(self) -> None:
        """Until people are refused, and a while longer."""
        refused = self.load.statuses[503]
        await until(lambda: self.load.statuses[503] > refused, REFUSED_SECONDS_MAX)
        await self._a_while(TROUBLE_SECONDS_MAX)

    async def _a_while(self, seconds_max: float) -> None:
        await asyncio.sleep(self._moments.uniform(0, seconds_max))


class Sqlite(Stage):
    """Its file is on a disk of its own, which can be full, slow or failing."""

    def __init__(self, folder: Path, moments: random.Random, disk: SmallDisk) -> None:
        self._disk, self._backup = disk, folder / "backup.db"
        self._failing, self._slow = folder / "failing", folder / "slow"
        environment = {"FSYNC_FAIL_FILE": str(self._failing), "FSYNC_DELAY_FILE": str(self._slow)}
        super().__init__(Plaudit(folder / "server", database=disk.folder / "plaudit.db",
                                 around=[*disk.entered, *END_TOO],
                                 environment={**preload(folder, "slow_fsync"), **environment}), moments)

    @property
    def faults(self) -> Sequence[Fault]:
        return (*super().faults, self.disk_full, self.disk_full_and_enlarged, self.disk_full_and_server_killed,
                self.disk_slow, self.disk_failing, self.disk_failing_and_server_killed)

    async def violations(self) -> list[str]:
        """Of a backup made while people vote: it has all that was acknowledged before. One in which there are any is
        left to be looked at."""
        acknowledged = self.register.acknowledged
        made = await asyncio.to_thread(self.server.run, "backup", str(self._backup))
        assert made.returncode == 0, made.stderr
        found = violations(self.register, self._backup, acknowledged)
        if not found:
            self._backup.unlink()
        return found

    async def disk_full(self) -> None:
        await self._fill()
        self._disk.make_space()

    async def disk_full_and_enlarged(self) -> None:
        await self._fill()
        self._disk.resize(ENLARGED_SIZE)
        await until(self.server.is_ready)
        self._disk.make_space()
        self._disk.resize(DISK_SIZE)

    async def disk_full_and_server_killed(self) -> None:
        await self._fill()
        self.server.kill()
        self._disk.make_space()
        await self.server.start()

    async def disk_slow(self) -> None:
        self._slow.write_text(str(self._moments.choice(DELAYS_MICROSECONDS)))
        await self._a_while(PAUSE_SECONDS_MAX)
        self._slow.unlink()

    async def disk_failing(self) -> None:
        self._failing.touch()
        await self._refusals()
        self._failing.unlink()

    async def disk_failing_and_server_killed(self) -> None:
        self._failing.touch()
        await self._refusals()
        self.server.kill()
        self._failing.unlink()
        await self.server.start()

    async def _fill(self) -> None:
        await asyncio.to_thread(self._disk.fill)
        await self._refusals()


class Postgres(Stage):
    """A server with a standby that every commit waits for. Plaudit reaches both by wires that can be cut."""

    def __init__(self, folder: Path, moments: random.Random, primary: Reached, standby: Reached) -> None:
        self._primary, self._standby = primary, standby
        self._name = primary.server.create_database().rpartition("/")[2]
        primary.server.alter(synchronous_standby_names=STANDBY)
        hosts = ",".join(f"127.0.0.1:{reached.wire.port}" for reached in (primary, standby))
        url = primary.server.url(self._name).replace(f"127.0.0.1:{primary.server.port}", hosts)
        super().__init__(Plaudit(folder / "server", database=url, around=END_TOO), moments)

    @property
    def faults(self) -> Sequence[Fault]:
        return (*super().faults, self.database_restarted, self.database_crashed, self.database_killed,
                self.database_silent, self.standby_gone)

    @property
    def last_faults(self) -> Sequence[Fault]:
        return (self.failed_over,)

    async def violations(self) -> list[str]:
        """Of the database itself, while people vote."""
        return violations(self.register, self._primary.server.url(self._name), self.register.acknowledged)

    async def database_restarted(self) -> None:
        await self._without(self._primary.server, self._primary.server.stop)

    async def database_crashed(self) -> None:
        await self._without(self._primary.server, lambda: self._primary.server.stop("immediate"))

    async def database_killed(self) -> None:
        await self._without(self._primary.server, self._primary.server.kill)

    async def database_silent(self) -> None:
        self._primary.wire.cut()
        await self._refusals()
        self._primary.wire.mend()

    async def standby_gone(self) -> None:
        await self._without(self._standby.server, self._standby.server.kill)

    async def failed_over(self) -> None:
        """Once the standby follows: what commits in the time without is not acknowledged, but not refused either."""
        await until(lambda: self._primary.server.sql(FOLLOWING) == "sync")
        await asyncio.to_thread(self._primary.server.kill)
        await asyncio.to_thread(self._standby.server.promote)
        self._primary = self._standby

    async def _without(self, gone: PostgresServer, end: Callable[[], None]) -> None:
        await asyncio.to_thread(end)
        await self._refusals()
        await asyncio.to_thread(gone.start)


@asynccontextmanager
async def on_sqlite(folder: Path, moments: random.Random) -> AsyncIterator[Stage]:
    with SmallDisk(folder / "disk", DISK_SIZE) as disk, closing(Sqlite(folder, moments, disk)) as stage:
        yield stage


@asynccontextmanager
async def on_postgres(folder: Path, moments: random.Random) -> AsyncIterator[Stage]:
    async with AsyncExitStack() as servers:
        primary = await _reached(servers, PostgresServer.create())
        standby = await _reached(servers, primary.server.standby(STANDBY))
        with closing(Postgres(folder, moments, primary, standby)) as stage:
            yield stage


async def _reached(servers: AsyncExitStack, server: PostgresServer) -> Reached:
    servers.callback(server.remove)
    return Reached(server, await servers.enter_async_context(wire_to(server.port)))


STAGES: dict[str, Callable[[Path, random.Random], AbstractAsyncContextManager[Stage]]] = {
    "sqlite": on_sqlite, "postgres": on_postgres}
