"""Between the socket and the operations. Every request goes the same way, once, in this order:

    a request id · caps on its head · browsers' preflight · route and method · the operation
    a refusal becomes an answer in the shape of the contract whose path was asked
    the answer's common headers · the metrics · the log line
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import structlog
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from plaudit.errors import PlauditError, RateLimited, Unauthenticated, Unavailable
from plaudit.http import cors
from plaudit.http.body import json_response
from plaudit.http.errors import BadRequest, BodyTooLarge, HeadersTooLarge, MethodNotAllowed, RequestTimeout
from plaudit.http.exchange import KEY, Exchange, Headers
from plaudit.http.metrics import Metrics
from plaudit.http.resource import Table

HTTP_REFUSALS = 400
CLOSING = (BodyTooLarge, HeadersTooLarge, RequestTimeout)  # what is left unread must not be taken for a request
READING = frozenset(("GET", "HEAD"))  # an answer to anything else is not kept or looked into by anybody
UNLESS_SAID = [(b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff")]

log = structlog.get_logger("plaudit.http")


class Dialect(Protocol):
    """How one contract says no."""

    prefix: str

    def refuse(self, error: PlauditError, request_id: str) -> tuple[int, Any]:
        """The status and the body, ready for JSON."""


@runtime_checkable
class PageDialect(Protocol):
    """How pages for people say no: whole, and in the reader's language."""

    prefix: str

    def answer(self, error: PlauditError, notes: Exchange) -> Response: ...


@dataclass(frozen=True, slots=True)
class Caps:
    """On a request's head, its request line included."""

    header_bytes_max: int
    header_fields_max: int

    def check(self, scope: Scope) -> None:
        """Raises `HeadersTooLarge`."""
        headers = scope["headers"]
        size = len(scope["raw_path"]) + len(scope["query_string"])
        for name, value in headers:
            size += len(name) + len(value)
        if len(headers) > self.header_fields_max or size > self.header_bytes_max:
            raise HeadersTooLarge


class Edge:
    """The ASGI application around a table of operations.

    The first dialect whose prefix fits the path speaks; the last one's prefix is empty. `origins`: every project's.
    """

    def __init__(self, table: Table, dialects: Sequence[Dialect | PageDialect], metrics: Metrics, caps: Caps,
                 origins: frozenset[str], *, log_all: bool) -> None:
        self._table = table
        self._dialects = dialects
        self._metrics = metrics
        self._caps = caps
        self._origins = origins
        self._log_all = log_all

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        notes = scope[KEY] = Exchange(scope["method"], scope["headers"])
        try:
            response = await self._operate(scope, receive, notes)
        except PlauditError as refusal:
            response = self.refuse(refusal, scope)
        except Exception:
            # A bug is answered in the contract's shape, and logged to be found by its request id.
            log.exception("bug", request_id=notes.request_id, operation=notes.operation)
            response = self.refuse(PlauditError(), scope)
        notes.status = response.status_code
        try:
            await self._send(response, scope, receive, send)
        finally:
            self.record(notes)

    def refuse(self, error: PlauditError, scope: Scope) -> Response:
        """An error as the contract of this path words it."""
        notes = scope[KEY]
        notes.error = error.code
        notes.headers += refusal_headers(error)
        path = scope["raw_path"].decode("latin-1")
        dialect = next(dialect for dialect in self._dialects if path.startswith(dialect.prefix))
        if isinstance(dialect, PageDialect):
            return dialect.answer(error, notes)
        status, body = dialect.refuse(error, notes.request_id)
        return json_response(body, status)

    def headers(self, response: Response, notes: Exchange) -> Headers:
        """All of an answer's headers: its own win over the common ones."""
        headers = [*response.raw_headers, (b"x-request-id", notes.request_id.encode("ascii")), *notes.headers]
        if notes.limit:
            headers += _limit_headers(*notes.limit)
        if b"origin" in notes.asked and notes.operation != "preflight" and not _is_for_anybody(response):
            headers += cors.answer_headers(notes, self._origins)
        if notes.method in READING:
            headers += [header for header in UNLESS_SAID if header[0].decode() not in response.headers]
        return headers

    async def _operate(self, scope: Scope, receive: Receive, notes: Exchange) -> Response:
        self._caps.check(scope)
        if notes.repeated and sum(name == b"host" for name, _ in scope["headers"]) > 1:
            raise BadRequest  # a guest's project is told by the host, and which of two was meant cannot be known
        if cors.is_preflight(notes):
            notes.operation = "preflight"
            notes.headers += cors.preflight_headers(notes, self._origins)
            return Response(status_code=204)
        found, scope["path_params"] = self._table.find(scope["raw_path"].decode("ascii"))
        return await found.handler(notes)(Request(scope, receive))

    async def _send(self, response: Response, scope: Scope, receive: Receive, send: Send) -> None:
        """An answer that comes piece by piece ends when whoever asked has gone; sent whole, it needs no watching."""
        headers = self.headers(response, scope[KEY])
        if isinstance(response, StreamingResponse):
            response.raw_headers = headers
            await response(scope, receive, send)
            return
        await send({"type": "http.response.start", "status": response.status_code, "headers": headers})
        await send({"type": "http.response.body", "body": response.body})

    def record(self, notes: Exchange) -> None:
        """Count an answer; log it where the settings say so."""
        seconds = time.perf_counter() - notes.started_seconds
        self._metrics.answered(notes, seconds)
        if self._log_all or notes.status >= HTTP_REFUSALS:
            log.info(
                "request", request_id=notes.request_id, method=notes.method, operation=notes.operation,
                status=notes.status, milliseconds=round(seconds * 1000, 2), error=notes.error,
                project=notes.project.id if notes.project else None,
                subject_kind=notes.subject.kind.value if notes.subject else None,
            )


def _is_for_anybody(response: Response) -> bool:
    return "access-control-allow-origin" in response.headers


def refusal_headers(error: PlauditError) -> Headers:
    """The headers that HTTP itself asks for with a refusal, whatever the contract."""
    match error:
        case Unavailable() | RateLimited():
            return [(b"retry-after", b"%d" % error.retry_after_seconds)]
        case Unauthenticated(token_invalid=True):
            return [(b"www-authenticate", b'Bearer error="invalid_token"')]
        case Unauthenticated():
            return [(b"www-authenticate", b"Bearer")]
        case MethodNotAllowed():
            return [(b"allow", error.allow.encode())]
        case _ if isinstance(error, CLOSING):
            return [(b"connection", b"close")]
        case _:
            return []


def _limit_headers(allowed: int, left: int, reset_seconds: int) -> Headers:
    return [
        (b"ratelimit-limit", b"%d" % allowed),
        (b"ratelimit-remaining", b"%d" % left),
        (b"ratelimit-reset", b"%d" % reset_seconds),
    ]
