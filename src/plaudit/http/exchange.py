"""One request and its answer, as the edge sees it. It travels in the ASGI scope."""

import itertools
import re
import secrets
import time
from collections.abc import Sequence
from typing import Any

from plaudit.model import Project, Subject

Headers = list[tuple[bytes, bytes]]
KEY = "plaudit.exchange"
REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")


class Exchange:
    """Notes taken on the way: what the log, the metrics and the answer's headers are made of.

    `asked` is the request's headers by lower-case name, the last one of each; `repeated` says that some came twice.
    """

    __slots__ = ("asked", "error", "headers", "limit", "method", "operation", "project", "repeated", "request_id",
                 "started_seconds", "status", "subject")

    def __init__(self, method: str, asked: Sequence[tuple[bytes, bytes]]) -> None:
        self.started_seconds = time.perf_counter()
        self.method = method
        self.asked = dict(asked)
        self.repeated = len(self.asked) != len(asked)
        self.request_id = _request_id(asked) if b"x-request-id" in self.asked else new_request_id()
        self.operation = "unknown"  # "<contract>.<what>", named by the route
        self.project: Project | None = None  # known after authentication
        self.subject: Subject | None = None  # likewise
        self.error: str | None = None  # the code of the refusal, if any
        self.status = 0
        self.limit: tuple[int, int, int] | None = None  # allowed a window, left, seconds until the next one
        self.headers: Headers = []  # added to the answer, whoever writes it


def exchange(scope: Any) -> Exchange:
    found: Exchange = scope[KEY]
    return found


_process = secrets.token_hex(4)
_requests = itertools.count(1)


def new_request_id() -> str:
    """Unique, and made without a system call: those hand the interpreter over in the middle of every request."""
    return f"req_{_process}{next(_requests):08x}"


def _request_id(asked: Sequence[tuple[bytes, bytes]]) -> str:
    """The client's own, when it is one that can stand in a log and a header; a fresh one otherwise."""
    given = [value for name, value in asked if name == b"x-request-id"]
    if len(given) == 1 and REQUEST_ID.fullmatch(given[0]):
        return given[0].decode("ascii")
    return new_request_id()
