"""What the log says while a database fails: a line at once, one a second after that, and one when it is over."""

import time
from typing import Any

import structlog

SECONDS_BETWEEN = 1.0

log = structlog.get_logger("plaudit.store")


class Outage:
    """`event` is the line's name. Not for two threads at once."""

    def __init__(self, event: str) -> None:
        self._event = event
        self._since_seconds: float | None = None  # since when nothing has succeeded; None: all is well
        self._said_at_seconds = 0.0
        self._failures = 0

    def failed(self, **facts: Any) -> None:
        now = time.monotonic()
        self._failures += 1
        if self._since_seconds is None:
            self._since_seconds = now
        elif now - self._said_at_seconds < SECONDS_BETWEEN:
            return
        log.error(self._event, failures=self._failures, **facts)
        self._said_at_seconds = now

    def over(self) -> None:
        """To be called after each success."""
        if self._since_seconds is not None:
            log.warning("database works again", failures=self._failures,
                        seconds=round(time.monotonic() - self._since_seconds, 3))
            self._since_seconds, self._failures = None, 0
