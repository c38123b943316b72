"""Instants as text: RFC 3339 in UTC with milliseconds, wherever one is printed or read."""

from datetime import UTC, datetime
from functools import lru_cache

from plaudit.model import Instant


def to_text(instant: Instant) -> str:
    seconds, milliseconds = divmod(instant, 1000)
    return f"{_second(seconds)}.{milliseconds:03d}Z"


@lru_cache(maxsize=1024)  # most of what is printed happened just now
def _second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()[:19]  # %Y would not pad the year


def from_text(text: str) -> Instant:
    """Raises ValueError unless `text` is an RFC 3339 instant with its offset."""
    if not text.isascii() or "T" not in text.upper():
        raise ValueError("not an RFC 3339 instant")
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("an instant needs its offset, such as Z")
    return round(moment.timestamp() * 1000)
