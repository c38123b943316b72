"""Counts that several processes share, in a Valkey or Redis server.

DESIGN. A window is one minute of the clock, and its number is part of the key. So every process knows without asking
when it ends, and one increment says all that an answer's headers need. The machines' clocks must agree to about a
second; where they do not, a count is split at a window's edge, no more.

Whatever is asked while one round trip is under way goes into the next one together. The storage of the library `limits`
was measured first: a round trip for each count, and two more to learn when its window ends. With 64 requests at once a
count cost 53 us of CPU there and costs 5 us here; alone it costs the same.

A vote never waits for its limit: each round trip has a deadline. After the first that misses it, or fails otherwise,
everybody counts for themselves at once; every `pause_seconds` one request tries again, while the others go on.
"""

import asyncio
import hashlib
import math
import time
from collections.abc import Callable, Sequence

import structlog
from valkey.asyncio import Valkey

from plaudit.http.limits import WINDOW_SECONDS, Count
from plaudit.model import Instant

DEADLINE_SECONDS = 0.05
PAUSE_SECONDS = 2.0
CONNECTIONS_MAX = 2  # one is in use; the other may still be on its way out after a missed deadline
TOGETHER_MAX = 256
WAITING_MAX = 4096  # whoever comes after that counts for itself
KEY_BYTES = 16
WINDOW_MILLISECONDS = WINDOW_SECONDS * 1000
WITH_TLS = ("valkeys:", "rediss:")
INCREMENT_ALL = """
local counts = {}
for place, key in ipairs(KEYS) do
    counts[place] = redis.call('INCR', key)
    if counts[place] == 1 then redis.call('EXPIRE', key, ARGV[1]) end
end
return counts
"""
Waiting = tuple[str, asyncio.Future[int | None]]  # a key, and who waits for its count

log = structlog.get_logger("plaudit.limits")


class ValkeyCounts:
    """`http.limits.SharedCounts`. `url` may hold a password. Connects when first asked.

    `now` gives milliseconds since 1970, `clock` seconds that never go back.
    """

    def __init__(self, url: str, *, now: Callable[[], Instant], clock: Callable[[], float] = time.monotonic,
                 deadline_seconds: float = DEADLINE_SECONDS, pause_seconds: float = PAUSE_SECONDS) -> None:
        tls = {"ssl_check_hostname": True} if url.startswith(WITH_TLS) else {}  # which the client leaves out by default
        self._client = Valkey.from_url(url, max_connections=CONNECTIONS_MAX, **tls)
        self._increment_all = self._client.register_script(INCREMENT_ALL)
        self._waiting: list[Waiting] = []
        self._trips: asyncio.Task[None] | None = None
        self._now = now
        self._clock = clock
        self._deadline_seconds = deadline_seconds
        self._pause_seconds = pause_seconds
        self._down_since: Instant | None = None
        self._try_again_at_seconds = 0.0

    @property
    def down_since(self) -> Instant | None:
        return self._down_since

    async def count(self, key: str) -> Count | None:
        """See `http.limits.SharedCounts`."""
        if len(self._waiting) >= WAITING_MAX or (self._down_since is not None and not self._may_try()):
            return None
        window, past_milliseconds = divmod(self._now(), WINDOW_MILLISECONDS)
        number = await self._increment(f"plaudit:{window}:{_digest(key)}")
        reset_seconds = math.ceil((WINDOW_MILLISECONDS - past_milliseconds) / 1000)
        return None if number is None else (number, reset_seconds)

    async def problem(self) -> str | None:
        """Why the server cannot count now; None: it can. For people: whoever counts is not disturbed by it."""
        try:
            await self._round_trip(["plaudit:problem"])
        except Exception as error:  # noqa: BLE001 -- as below
            return _reason(error)
        return None

    async def aclose(self) -> None:
        if self._trips:
            self._trips.cancel()
        await self._client.aclose()

    def _increment(self, key: str) -> asyncio.Future[int | None]:
        """With whatever else waits. None: nobody knows."""
        number = asyncio.get_running_loop().create_future()
        self._waiting.append((key, number))
        if self._trips is None:
            self._trips = asyncio.create_task(self._travel(), name="shared limits")
        return number

    async def _travel(self) -> None:
        """One round trip after another, until nobody waits."""
        while self._waiting:
            together, self._waiting = self._waiting[:TOGETHER_MAX], self._waiting[TOGETHER_MAX:]
            try:
                _tell(together, await self._round_trip([key for key, _ in together]))
                self._answered()
            except Exception as error:  # noqa: BLE001 -- whatever the client has met, no vote fails for it
                self._failed(error)
                together, self._waiting = together + self._waiting, []
                _tell(together, [None] * len(together))
        self._trips = None

    async def _round_trip(self, keys: list[str]) -> Sequence[int | None]:
        """Raises what the client raises, and `TimeoutError`.

        Waited for as a task, not under `asyncio.timeout`: that fires before an answer that came in time is looked at,
        on a loop that was itself kept waiting. A busy machine had five outages in as many seconds, and none was one.
        """
        asked = asyncio.create_task(self._ask(keys))
        try:
            await asyncio.wait((asked,), timeout=self._deadline_seconds)
            if not asked.done():
                raise TimeoutError(f"no answer within {self._deadline_seconds} s")
            return asked.result()
        finally:
            asked.cancel()

    async def _ask(self, keys: list[str]) -> Sequence[int]:
        numbers: Sequence[int] = await self._increment_all(keys, [WINDOW_SECONDS])
        return numbers

    def _may_try(self) -> bool:
        """One request in a pause: the others need not wait for what becomes of it."""
        now_seconds = self._clock()
        if now_seconds < self._try_again_at_seconds:
            return False
        self._try_again_at_seconds = now_seconds + self._pause_seconds
        return True

    def _failed(self, error: Exception) -> None:
        self._try_again_at_seconds = self._clock() + self._pause_seconds
        if self._down_since is None:
            self._down_since = self._now()
            log.warning("shared limits are down; this process counts for itself", reason=_reason(error))

    def _answered(self) -> None:
        if self._down_since is not None:
            down_seconds = (self._now() - self._down_since) / 1000
            self._down_since = None
            log.warning("limits are shared again", down_seconds=down_seconds)


def _tell(together: Sequence[Waiting], numbers: Sequence[int | None]) -> None:
    for (_, waiting), number in zip(together, numbers, strict=True):
        if not waiting.done():  # its request may be gone
            waiting.set_result(number)


def _reason(error: Exception) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def _digest(key: str) -> str:
    """Short, whoever asks: the names in a key are as long as their owners like, and nobody else's business."""
    return hashlib.blake2b(key.encode(errors="surrogatepass"), digest_size=KEY_BYTES).hexdigest()
