"""How much one may ask: by address before authentication, by subject and by project after it.

Fixed windows of a minute, kept in this process. Every answer that was counted says how the count stands, in the
RateLimit headers (draft-ietf-httpapi-ratelimit-headers-06).
"""

import math
import time

from limits.storage import MemoryStorage

from plaudit.errors import RateLimited
from plaudit.http.address import bucket
from plaudit.http.exchange import Exchange
from plaudit.model import Voter

WINDOW_SECONDS = 60


class Limiter:
    """`per_address`: requests a minute from one address; 0 switches it off. A project brings its own limits.

    Counts with the storage of the library `limits` itself, not with its strategies: those look everything up twice.
    """

    def __init__(self, *, per_address: int) -> None:
        self._counts = MemoryStorage()
        self._per_address = per_address

    def address(self, exchange: Exchange, address: str) -> None:
        """Raises `RateLimited`."""
        if self._per_address:
            self._count(exchange, self._per_address, f"address/{bucket(address)}")

    def voter(self, exchange: Exchange, voter: Voter) -> None:
        """Raises `RateLimited`."""
        project = voter.project
        if project.limits.per_project:
            self._count(exchange, project.limits.per_project, f"project/{project.id}")
        if project.limits.per_subject:
            self._count(exchange, project.limits.per_subject, f"subject/{project.id}/{voter.subject.key}")

    def _count(self, exchange: Exchange, per_minute: int, key: str) -> None:
        count = self._counts.incr(key, WINDOW_SECONDS)
        reset_seconds = max(1, math.ceil(self._counts.get_expiry(key) - time.time()))
        exchange.limit = (per_minute, max(0, per_minute - count), reset_seconds)
        if count > per_minute:
            raise RateLimited(reset_seconds)
