"""When a delivery that failed is tried again: pure."""

import re
from collections.abc import Callable
from datetime import UTC
from email.utils import parsedate_to_datetime

from plaudit.model import Instant

DELAYS_SECONDS = (5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 10 * 3600)  # so eight attempts, over 28 hours
JITTER = 0.2  # of a delay, at the most, so that not everything that failed together comes back together
RETRY_AFTER_SECONDS_MAX = 24 * 3600
SECONDS = re.compile(r"[0-9]{1,9}", re.ASCII)


def retry_at(attempts: int, now: Instant, retry_after_seconds: float | None, chance: Callable[[], float]
             ) -> Instant | None:
    """After so many attempts that failed; None: there is none any more. `chance` gives a number below 1.

    A receiver's Retry-After makes it later, a day at the most, and never sooner.
    """
    if attempts > len(DELAYS_SECONDS):
        return None
    seconds = DELAYS_SECONDS[attempts - 1] * (1 + JITTER * chance())
    asked_seconds = min(retry_after_seconds or 0, RETRY_AFTER_SECONDS_MAX)
    return now + round(max(seconds, asked_seconds) * 1000)


def retry_after(header: str | None, now: Instant) -> float | None:
    """In seconds (RFC 9110, 10.2.3); None for what cannot be understood."""
    if header is None:
        return None
    if SECONDS.fullmatch(header.strip()):
        return float(header)
    try:
        at = parsedate_to_datetime(header)
    except ValueError:
        return None
    return max(0.0, (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() - now / 1000)
