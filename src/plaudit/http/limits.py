"""How much one may ask: by address before authentication, by subject and by project after it.

Fixed windows of a minute, counted by all processes together where that is set up (`limits_shared`), and in this process
otherwise. Every answer that was counted says how the count stands that will run out first, in the RateLimit headers
(draft-ietf-httpapi-ratelimit-headers-06).
"""

import math
import time
from collections.abc import Callable
from typing import Protocol

from plaudit.errors import RateLimited
from plaudit.http.address import bucket
from plaudit.http.exchange import Exchange
from plaudit.model import Instant, Voter

WINDOW_SECONDS = 60
KEYS_MAX = 500_000  # a window; whoever comes after that shares one count
SHARED_KEY = "others"
NEWCOMERS_PER_MINUTE = 20  # of one address, while the shared counts are down
SIGN_INS_PER_MINUTE = 10  # of one address, whatever the settings allow it otherwise

Count = tuple[int, int]  # how many in this window, this one included, and the seconds until the next one


class SharedCounts(Protocol):
    """One count for all processes. Never raises, and never makes anybody wait for long."""

    @property
    def down_since(self) -> Instant | None:
        """None: they are not."""

    async def count(self, key: str) -> Count | None:
        """None: it cannot be said now, count for yourself."""


class Limiter:
    """`per_address`: requests a minute from one address; 0 switches it off. A project brings its own limits.

    `clock` gives seconds and never goes back. Without `shared`, or while it is down, this process counts for itself.
    """

    def __init__(self, *, per_address: int, clock: Callable[[], float] = time.monotonic,
                 shared: SharedCounts | None = None) -> None:
        self._per_address = per_address
        self._local = LocalCounts(clock)
        self._shared = shared

    async def address(self, exchange: Exchange, address: str) -> None:
        """Raises `RateLimited`."""
        if self._per_address:
            await self._count(exchange, self._per_address, f"address/{bucket(address)}")

    async def sign_in(self, exchange: Exchange, address: str) -> None:
        """Somebody shows a key to look at the pages. Raises `RateLimited`."""
        await self._count(exchange, SIGN_INS_PER_MINUTE, f"sign-in/{bucket(address)}")

    async def voter(self, exchange: Exchange, voter: Voter) -> None:
        """What one voter asks too much is not counted against its project. Raises `RateLimited`."""
        project = voter.project
        if project.limits.per_subject:
            await self._count(exchange, project.limits.per_subject, f"subject/{project.id}/{voter.subject.key}")
        if project.limits.per_project:
            await self._count(exchange, project.limits.per_project, f"project/{project.id}")

    def newcomer(self, exchange: Exchange, address: str, known_since: Instant | None = None) -> None:
        """While the shared counts are down, whoever is not known since before that is held to a strict limit: strangers
        could else have as many times the limit as there are processes. Raises `RateLimited`."""
        down_since = self._shared.down_since if self._shared else None
        if down_since is not None and (known_since is None or known_since >= down_since):
            count = self._local.count(f"newcomer/{bucket(address)}")
            _judge(exchange, NEWCOMERS_PER_MINUTE, count)

    async def _count(self, exchange: Exchange, per_minute: int, key: str) -> None:
        count = await self._shared.count(key) if self._shared else None
        _judge(exchange, per_minute, count or self._local.count(key))


class LocalCounts:
    """The counts of this process alone.

    The memory storage of the library `limits` was measured first: it walks through all of its keys a hundred times a
    second to find those that have expired. Windows that all end together need no search: the old ones are dropped
    whole.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._counts: dict[str, int] = {}
        self._window_ends_seconds = 0.0

    def count(self, key: str) -> Count:
        now_seconds = self._clock()
        if now_seconds >= self._window_ends_seconds:
            self._counts = {}
            self._window_ends_seconds = now_seconds + WINDOW_SECONDS
        if len(self._counts) >= KEYS_MAX and key not in self._counts:
            key = SHARED_KEY
        number = self._counts[key] = self._counts.get(key, 0) + 1
        return number, math.ceil(self._window_ends_seconds - now_seconds)

    def __len__(self) -> int:
        return len(self._counts)


def _judge(exchange: Exchange, per_minute: int, count: Count) -> None:
    """Note how the count stands, if it runs out first. Raises `RateLimited`."""
    number, reset_seconds = count
    left = max(0, per_minute - number)
    if exchange.limit is None or left <= exchange.limit[1]:
        exchange.limit = (per_minute, left, reset_seconds)
    if number > per_minute:
        raise RateLimited(reset_seconds)
