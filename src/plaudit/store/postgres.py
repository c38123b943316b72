"""Votes in PostgreSQL: the store for more than one process, and for a machine that may fail.

Votes gather into transactions of many (see `parallel_commit`) on connections of their own, so that nobody who reads or
registers can take those away.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import ParamSpec, Self, TypeVar

import asyncpg

from plaudit.errors import Unavailable
from plaudit.events import NOBODY, Endpoints
from plaudit.model import Feedback, Instant, Submission
from plaudit.store import writes
from plaudit.store.deciding import Decide
from plaudit.store.failures import CannotOpen
from plaudit.store.group_commit import WhenCommitted
from plaudit.store.parallel_commit import ParallelCommit
from plaudit.store.planned import UTC_EVERYWHERE, PlannedStore
from plaudit.store.plans import Steps
from plaudit.store.postgres_advice import cannot_open
from plaudit.store.postgres_connections import READING, WRITING, Connections, run
from plaudit.store.postgres_migrate import due, migrate
from plaudit.store.postgres_recount import keep_totals
from plaudit.store.postgres_server import OUTAGES, Servers
from plaudit.store.postgres_votes import Votes
from plaudit.store.recount import UNCOUNTED, is_due

WRITERS_MAX = 4
SEARCHERS = 1
CONNECTIONS_MIN = 3
READING_SECONDS_MAX = 60.0  # of a command, which has time
# A vote's statements find few rows by their keys, however large the tables are. A plan that was made and kept while
# they were small must not read them whole when they have grown.
# And a plan is kept: to make one anew for each batch was half of what PostgreSQL spent on a vote that came alone.
BY_KEYS = {"plan_cache_mode": "force_generic_plan", "enable_seqscan": "off", "enable_hashjoin": "off",
           "enable_mergejoin": "off"}

P = ParamSpec("P")
T = TypeVar("T")


class PostgresStore(PlannedStore):
    """`ports.Store` on one database. Make it with `open`, inside a running event loop, and `close` it."""

    def __init__(self, commits: ParallelCommit, voting: Connections, others: Connections, searching: Connections, *,
                 now: Callable[[], Instant], zones: Mapping[str, str], endpoints: Endpoints = NOBODY) -> None:
        super().__init__(now, zones, endpoints)
        self._commits = commits
        self._pools = self._voting, self._others, self._searching = voting, others, searching
        self._closed = False

    @classmethod
    async def open(cls, url: str, decide: Decide, *, now: Callable[[], Instant], waiting_max: int = 4096,
                   wait_seconds_max: float = 5.0, when_committed: WhenCommitted = lambda *_: None,
                   connections_max: int = 10, partitions: int = 0, zones: Mapping[str, str] = UTC_EVERYWHERE,
                   endpoints: Endpoints = NOBODY) -> Self:
        """Reach the server and bring its tables up to date. `zones`: a project's time zone, if not UTC. `endpoints`:
        who is to be told of votes.

        `connections_max`, at least 3, are shared out: some for votes, one for searches, the others for the rest. Raises
        `CannotOpen`, `WrongDatabase`.
        """
        servers = Servers(url)
        try:
            connection = await servers.connect()
            try:
                await migrate(connection, partitions=partitions)
                await keep_totals(connection, zones)
            finally:
                connection.terminate()
        except (*OUTAGES, asyncpg.PostgresError) as error:
            raise cannot_open(url, error) from error
        return await cls._connected(servers, decide, now=now, zones=zones, connections_max=connections_max,
                                    waiting_max=waiting_max, wait_seconds_max=wait_seconds_max,
                                    when_committed=when_committed, endpoints=endpoints)

    @classmethod
    async def _connected(cls, servers: Servers, decide: Decide, *, now: Callable[[], Instant], zones: Mapping[str, str],
                         connections_max: int, waiting_max: int, wait_seconds_max: float,
                         when_committed: WhenCommitted = lambda *_: None, endpoints: Endpoints = NOBODY) -> Self:
        writers = min(WRITERS_MAX, (connections_max - SEARCHERS) // 2)
        pool = partial(Connections.open, servers, seconds_max=wait_seconds_max)
        voting = await pool(writers, session=BY_KEYS)
        commits = ParallelCommit(Votes(voting, decide, zones, endpoints).commit, writers=writers,
                                 waiting_max=waiting_max, wait_seconds_max=wait_seconds_max,
                                 when_committed=when_committed)
        return cls(commits, voting, await pool(connections_max - writers - SEARCHERS), await pool(SEARCHERS),
                   now=now, zones=zones, endpoints=endpoints)

    @classmethod
    async def open_reading(cls, url: str, decide: Decide, *, now: Callable[[], Instant], zones: Mapping[str, str]
                           ) -> Self:
        """For commands, beside the servers: the tables stay as they are. Raises as `open`."""
        servers = Servers(url)
        try:
            connection = await servers.connect()
            try:
                if await due(connection, contract=False):
                    raise CannotOpen("The database is an older Plaudit's; bring it up to date with `plaudit migrate`")
                if await run(connection, partial(is_due, zones)):
                    raise CannotOpen(f"The database {UNCOUNTED}")
            finally:
                connection.terminate()
        except (*OUTAGES, asyncpg.PostgresError) as error:
            raise cannot_open(url, error) from error
        return await cls._connected(servers, decide, now=now, zones=zones, connections_max=CONNECTIONS_MIN,
                                    waiting_max=1, wait_seconds_max=READING_SECONDS_MAX)

    @property
    def queue_depth(self) -> int:
        """Votes waiting for a transaction."""
        return self._commits.depth

    async def close(self) -> None:
        """Commit what was accepted, then let go of the database."""
        await self._commits.close()
        self._closed = True
        for pool in self._pools:
            await pool.close()

    async def check(self) -> None:
        """On a connection of the votes': whoever reads slowly makes no server unready."""
        await self._run(self._voting, WRITING, partial(writes.readiness, self._now()))
        for pool in self._pools:
            pool.require_room()

    async def purge(self, bytes_max: int | None = None) -> bool:  # noqa: ARG002 -- a file is nothing here
        """Only who owns the tables may write them anew, and replicas are out of reach: see docs/people.md."""
        return False

    async def submit(self, submission: Submission) -> Feedback | None:
        return await self._commits.write(submission)

    async def _write(self, steps: Callable[P, Steps[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._run(self._others, WRITING, partial(steps, *args, **kwargs))

    async def _read(self, steps: Callable[P, Steps[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._run(self._others, READING, partial(steps, *args, **kwargs))

    async def _search(self, steps: Callable[P, Steps[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._run(self._searching, READING, partial(steps, *args, **kwargs))

    async def _run(self, connections: Connections, begin: str, plan: Callable[[], Steps[T]]) -> T:
        if self._closed:
            raise Unavailable("The server is shutting down")
        return await connections.run(plan, begin)
