"""How much one may ask: by address before authentication, by subject and by project after it.

Fixed windows of a minute, kept in this process. Every answer that was counted says how the count stands that will run
out first, in the RateLimit headers (draft-ietf-httpapi-ratelimit-headers-06).

The memory storage of the library `limits` was measured first: it walks through all of its keys a hundred times a
second to find those that have expired. Windows that all end together need no search: the old ones are dropped whole.
"""

import math
import time
from collections.abc import Callable

from plaudit.errors import RateLimited
from plaudit.http.address import bucket
from plaudit.http.exchange import Exchange
from plaudit.model import Voter

WINDOW_SECONDS = 60
KEYS_MAX = 500_000  # a window; whoever comes after that shares one count
SHARED_KEY = "others"


class Limiter:
    """`per_address`: requests a minute from one address; 0 switches it off. A project brings its own limits.

    `clock` gives seconds and never goes back.
    """

    def __init__(self, *, per_address: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_address = per_address
        self._clock = clock
        self._counts: dict[str, int] = {}
        self._window_ends_seconds = 0.0

    def address(self, exchange: Exchange, address: str) -> None:
        """Raises `RateLimited`."""
        if self._per_address:
            self._count(exchange, self._per_address, f"address/{bucket(address)}")

    def voter(self, exchange: Exchange, voter: Voter) -> None:
        """What one voter asks too much is not counted against its project. Raises `RateLimited`."""
        project = voter.project
        if project.limits.per_subject:
            self._count(exchange, project.limits.per_subject, f"subject/{project.id}/{voter.subject.key}")
        if project.limits.per_project:
            self._count(exchange, project.limits.per_project, f"project/{project.id}")

    def _count(self, exchange: Exchange, per_minute: int, key: str) -> None:
        now_seconds = self._clock()
        if now_seconds >= self._window_ends_seconds:
            self._counts = {}
            self._window_ends_seconds = now_seconds + WINDOW_SECONDS
        if len(self._counts) >= KEYS_MAX and key not in self._counts:
            key = SHARED_KEY
        count = self._counts[key] = self._counts.get(key, 0) + 1
        reset_seconds = math.ceil(self._window_ends_seconds - now_seconds)
        left = max(0, per_minute - count)
        if exchange.limit is None or left <= exchange.limit[1]:
            exchange.limit = (per_minute, left, reset_seconds)
        if count > per_minute:
            raise RateLimited(reset_seconds)
