"""One request and its answer, as the edge sees it. It travels in the ASGI scope."""

from typing import Any

from plaudit.model import Project, Subject

Headers = list[tuple[bytes, bytes]]
KEY = "plaudit.exchange"


class Exchange:
    """Notes taken on the way: what the log, the metrics and the answer's headers are made of.

    `asked` is the request's headers by lower-case name, the last one of each; `repeated` says that some came twice.
    """

    __slots__ = ("asked", "error", "headers", "limit", "operation", "project", "repeated", "request_id",
                 "started_seconds", "status", "subject")

    def __init__(self, request_id: str, started_seconds: float, asked: Headers) -> None:
        self.request_id = request_id
        self.started_seconds = started_seconds
        self.asked = dict(asked)
        self.repeated = len(self.asked) != len(asked)
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
