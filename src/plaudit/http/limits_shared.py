"""Counts that several processes share, in a Valkey or Redis server, through the library `limits`.

DESIGN. A window is one minute of the clock, and its number is part of the key. So every process knows without asking
when it ends, and one increment, a single round trip, says all that an answer's headers need. The library's own way to
learn a window's end costs two more (measured on loopback: 50 µs of CPU for an increment, 150 µs with them). The
machines' clocks must agree to about a second; where they do not, a count is split at a window's edge, no more.

A vote never waits for its limit: each count has a deadline. After the first that is missed, or any other failure,
everybody counts for themselves at once; every `pause_seconds` one request tries again, while the others go on.
"""

import asyncio
import hashlib
import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog
from limits.aio.storage import RedisStorage
from valkey.asyncio import ConnectionPool, SSLConnection
from valkey.exceptions import ValkeyError

from plaudit.http.limits import WINDOW_SECONDS, Count
from plaudit.model import Instant

DEADLINE_SECONDS = 0.05
PAUSE_SECONDS = 2.0
CONNECTIONS_MAX = 16
KEY_BYTES = 16
WINDOW_MILLISECONDS = WINDOW_SECONDS * 1000
FAILURES = (ValkeyError, OSError)  # TimeoutError is an OSError

log = structlog.get_logger("plaudit.limits")


@dataclass(frozen=True, slots=True)
class Outage:
    since: Instant
    reason: str


class ValkeyCounts:
    """`http.limits.SharedCounts`. `url` may hold a password. Connects when first asked, keeps at most CONNECTIONS_MAX.

    `now` gives milliseconds since 1970, `clock` seconds that never go back.
    """

    def __init__(self, url: str, *, now: Callable[[], Instant], clock: Callable[[], float] = time.monotonic,
                 deadline_seconds: float = DEADLINE_SECONDS, pause_seconds: float = PAUSE_SECONDS) -> None:
        self._pool = ConnectionPool.from_url(url, max_connections=CONNECTIONS_MAX)
        if issubclass(self._pool.connection_class, SSLConnection):
            self._pool.connection_kwargs["ssl_check_hostname"] = True  # which the client leaves out by default
        self._storage = RedisStorage(
            "async+valkey://", key_prefix="plaudit",
            connection_pool=self._pool,  # type: ignore[arg-type]  # a documented argument that its hint leaves out
        )
        self._places = asyncio.Semaphore(CONNECTIONS_MAX)  # first come, first served, unlike the client's own queue
        self._now = now
        self._clock = clock
        self._deadline_seconds = deadline_seconds
        self._pause_seconds = pause_seconds
        self._outage: Outage | None = None
        self._try_again_at_seconds = 0.0

    @property
    def down_since(self) -> Instant | None:
        return self._outage.since if self._outage else None

    async def count(self, key: str) -> Count | None:
        """See `http.limits.SharedCounts`."""
        if self._outage and not self._may_try():
            return None
        window, past_milliseconds = divmod(self._now(), WINDOW_MILLISECONDS)
        try:
            number = await self._increment(f"{window}:{_digest(key)}")
        except FAILURES as error:
            self._failed(error)
            return None
        self._answered()
        return number, math.ceil((WINDOW_MILLISECONDS - past_milliseconds) / 1000)

    async def check(self) -> str | None:
        """Why the server cannot count now; None: it can."""
        await self.count("check")
        return self._outage.reason if self._outage else None

    async def aclose(self) -> None:
        await self._pool.aclose()

    async def _increment(self, key: str) -> int:
        """Raises FAILURES."""
        async with asyncio.timeout(self._deadline_seconds), self._places:
            return await self._storage.incr(key, WINDOW_SECONDS)

    def _may_try(self) -> bool:
        """One request in a pause: the others need not wait for what becomes of it."""
        now_seconds = self._clock()
        if now_seconds < self._try_again_at_seconds:
            return False
        self._try_again_at_seconds = now_seconds + self._pause_seconds
        return True

    def _failed(self, error: Exception) -> None:
        self._try_again_at_seconds = self._clock() + self._pause_seconds
        if self._outage is None:
            reason = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
            self._outage = Outage(self._now(), reason)
            log.warning("shared limits are down; this process counts for itself", reason=reason)

    def _answered(self) -> None:
        if self._outage is not None:
            down_seconds = (self._now() - self._outage.since) / 1000
            self._outage = None
            log.warning("limits are shared again", down_seconds=down_seconds)


def _digest(key: str) -> str:
    """Short, whoever asks: the names in a key are as long as their owners like, and nobody else's business."""
    return hashlib.blake2b(key.encode(errors="surrogatepass"), digest_size=KEY_BYTES).hexdigest()
