"""How much one may ask: by address before authentication, by subject and by project after it.

Fixed windows of a minute, kept in this process. Every answer that was counted says how the count stands, in the
RateLimit headers (draft-ietf-httpapi-ratelimit-headers-06).
"""

import math
import time

from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

from plaudit.errors import RateLimited
from plaudit.http.address import bucket
from plaudit.http.exchange import Exchange
from plaudit.model import Voter


class Limiter:
    """`per_address`: requests a minute from one address; 0 switches it off. A project brings its own limits."""

    def __init__(self, *, per_address: int) -> None:
        self._windows = FixedWindowRateLimiter(MemoryStorage())
        self._per_address = _item(per_address)
        self._items: dict[int, RateLimitItem | None] = {}

    def address(self, exchange: Exchange, address: str) -> None:
        """Raises `RateLimited`."""
        if self._per_address:
            self._hit(exchange, self._per_address, "address", bucket(address))

    def voter(self, exchange: Exchange, voter: Voter) -> None:
        """Raises `RateLimited`."""
        project = voter.project
        if item := self._item(project.limits.per_project):
            self._hit(exchange, item, "project", project.id)
        if item := self._item(project.limits.per_subject):
            self._hit(exchange, item, "subject", project.id, voter.subject.key)

    def _item(self, per_minute: int) -> RateLimitItem | None:
        if per_minute not in self._items:
            self._items[per_minute] = _item(per_minute)
        return self._items[per_minute]

    def _hit(self, exchange: Exchange, item: RateLimitItem, *key: str) -> None:
        allowed = self._windows.hit(item, *key)
        reset_at_seconds, remaining = self._windows.get_window_stats(item, *key)
        reset_seconds = max(1, math.ceil(reset_at_seconds - time.time()))
        exchange.headers = [header for header in exchange.headers if not header[0].startswith(b"ratelimit-")]
        exchange.headers += [
            (b"ratelimit-limit", b"%d" % item.amount),
            (b"ratelimit-remaining", b"%d" % max(0, remaining)),
            (b"ratelimit-reset", b"%d" % reset_seconds),
        ]
        if not allowed:
            raise RateLimited(reset_seconds)


def _item(per_minute: int) -> RateLimitItem | None:
    return RateLimitItemPerMinute(per_minute) if per_minute else None
