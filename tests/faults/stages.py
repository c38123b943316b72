"""Where a soak plays: a server with its people, its database, and the faults that can be made there.

A fault begins with everything well; when it returns, whatever it disturbed outside the server is well again.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from load import Load
from postgres_server import PostgresServer
from register import Register, violations
from serving import Plaudit, until
from shims import preload
from small_disk import SmallDisk

Fault = Callable[[], Awaitable[None]]
PAUSE_SECONDS_MAX = 10
TROUBLE_SECONDS_MAX = 5
DISK_SIZE, ENLARGED_SIZE = "512m", "768m"
DELAYS_MICROSECONDS = (2_000, 200_000)
STANDBY = "standby"


class Stage:
    load: Load  # as soon as people vote

    def __init__(self, server: Plaudit, moments: random.Random) -> None:
        self.server, self.register = server, Register()
        self._moments = moments

    @property
    def faults(self) -> Sequence[Fault]:
        return self.server_killed, self.server_paused, self.server_stopped

    async def ready(self) -> bool:
        return await self.server.status("/readyz") == 200

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
        await until(lambda: self.load.statuses[503] > refused)
        await self._a_while(TROUBLE_SECONDS_MAX)

    async def _a_while(self, seconds_max: float) -> None:
        await asyncio.sleep(self._moments.uniform(0, seconds_max))


class Sqlite(Stage):
    """Its file is on a disk of its own, which can be full, slow or failing."""

    def __init__(self, folder: Path, moments: random.Random, disk: SmallDisk) -> None:
        self._disk, self._backup = disk, folder / "backup.db"
        self._failing, self._slow = folder / "failing", folder / "slow"
        environment = {"FSYNC_FAIL_FILE": str(self._failing), "FSYNC_DELAY_FILE": str(self._slow)}
        super().__init__(Plaudit(folder / "server", database=disk.folder / "plaudit.db", around=disk.entered,
                                 environment={**preload(folder, "slow_fsync"), **environment}), moments)

    @property
    def faults(self) -> Sequence[Fault]:
        return (*super().faults, self.disk_full, self.disk_full_and_enlarged, self.disk_full_and_server_killed,
                self.disk_slow, self.disk_failing, self.disk_failing_and_server_killed)

    async def violations(self) -> list[str]:
        """Of a backup made while people vote: it has all that was acknowledged before."""
        acknowledged = self.register.acknowledged
        made = await asyncio.to_thread(self.server.run, "backup", str(self._backup))
        assert made.returncode == 0, made.stderr
        found = violations(self.register, self._backup, acknowledged)
        self._backup.unlink()
        return found

    async def disk_full(self) -> None:
        await self._fill()
        self._disk.make_space()

    async def disk_full_and_enlarged(self) -> None:
        await self._fill()
        self._disk.resize(ENLARGED_SIZE)
        await until(self.ready)
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
    """A server with a standby that every commit waits for."""

    def __init__(self, folder: Path, moments: random.Random, primary: PostgresServer, standby: PostgresServer) -> None:
        self._primary, self._standby = primary, standby
        self._url = primary.create_database()
        primary.alter(synchronous_standby_names=STANDBY)
        super().__init__(Plaudit(folder / "server", database=self._url), moments)

    @property
    def faults(self) -> Sequence[Fault]:
        return (*super().faults, self.database_restarted, self.database_crashed, self.database_killed,
                self.standby_gone)

    async def violations(self) -> list[str]:
        """Of the database itself, while people vote."""
        return violations(self.register, self._url, self.register.acknowledged)

    async def database_restarted(self) -> None:
        await self._without(self._primary, lambda: self._primary.stop("fast"))

    async def database_crashed(self) -> None:
        await self._without(self._primary, lambda: self._primary.stop("immediate"))

    async def database_killed(self) -> None:
        await self._without(self._primary, self._primary.kill)

    async def standby_gone(self) -> None:
        await self._without(self._standby, self._standby.kill)

    async def _without(self, gone: PostgresServer, end: Callable[[], None]) -> None:
        await asyncio.to_thread(end)
        await self._refusals()
        gone.start()


@contextmanager
def on_sqlite(folder: Path, moments: random.Random) -> Iterator[Stage]:
    with SmallDisk(folder / "disk", DISK_SIZE) as disk:
        yield from _until_the_end(Sqlite(folder, moments, disk))


@contextmanager
def on_postgres(folder: Path, moments: random.Random) -> Iterator[Stage]:
    servers = []
    try:
        servers.append(primary := PostgresServer.create())
        servers.append(standby := primary.standby(STANDBY))
        yield from _until_the_end(Postgres(folder, moments, primary, standby))
    finally:
        for server in servers:
            server.remove()


def _until_the_end(stage: Stage) -> Iterator[Stage]:
    try:
        yield stage
    finally:
        stage.server.kill()


STAGES: dict[str, Callable[[Path, random.Random], AbstractContextManager[Stage]]] = {
    "sqlite": on_sqlite, "postgres": on_postgres}
