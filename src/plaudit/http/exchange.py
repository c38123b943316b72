"""One request and its answer, as the layers of the edge see it. It travels in the ASGI scope."""

from typing import Any

from plaudit.model import Project

Headers = list[tuple[bytes, bytes]]
KEY = "plaudit.exchange"


class Exchange:
    """Notes taken on the way: what the log, the metrics and the answer's headers are made of."""

    __slots__ = ("error", "headers", "operation", "project", "request_id", "started_seconds", "status", "subject_kind")

    def __init__(self, request_id: str, started_seconds: float) -> None:
        self.request_id = request_id
        self.started_seconds = started_seconds
        self.operation = "unknown"  # "<contract>.<what>", named by the route
        self.project: Project | None = None  # known after authentication
        self.subject_kind: str | None = None
        self.error: str | None = None  # the code of the refusal, if any
        self.status = 0
        self.headers: Headers = []  # added to the answer, whoever writes it


def exchange(scope: Any) -> Exchange:
    found: Exchange = scope[KEY]
    return found
