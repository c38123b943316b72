"""The layers between the socket and the routes, outermost first:

    Observed    a request id, the log line, the metrics; every answer's common headers
    Refusals    an error becomes the answer of the contract whose path was asked
    Caps        too many or too large headers are refused
    Cors        browsers of exactly the configured origins may read the answer
"""

import re
import secrets
import time
from collections.abc import Sequence
from typing import Any, Protocol

import structlog
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from plaudit.errors import PlauditError, RateLimited, Unauthenticated, Unavailable
from plaudit.http.body import json_response
from plaudit.http.errors import BodyTooLarge, HeadersTooLarge, MethodNotAllowed, RequestTimeout
from plaudit.http.exchange import KEY, Exchange, exchange
from plaudit.http.metrics import Metrics

REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
HTTP_REFUSALS = 400
CLOSING = (BodyTooLarge, HeadersTooLarge, RequestTimeout)  # what is left unread must not be taken for a request
COMMON_HEADERS = [(b"x-content-type-options", b"nosniff"), (b"cache-control", b"no-store")]

log = structlog.get_logger("plaudit.http")


class Dialect(Protocol):
    """How one contract says no."""

    prefix: str

    def refuse(self, error: PlauditError, request_id: str) -> tuple[int, Any]:
        """The status and the body, ready for JSON."""


class Observed:
    def __init__(self, app: ASGIApp, metrics: Metrics, *, log_all: bool) -> None:
        self._app = app
        self._metrics = metrics
        self._log_all = log_all

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope["path"] = scope["raw_path"].decode("ascii")  # as sent: an encoded slash does not separate
        notes = scope[KEY] = Exchange(_request_id(scope["headers"]), time.perf_counter())

        async def send_observed(message: Message) -> None:
            if message["type"] == "http.response.start":
                notes.status = message["status"]
                message["headers"] = _merge(message["headers"], notes)
            await send(message)

        try:
            await self._app(scope, receive, send_observed)
        finally:
            self._record(scope, notes)

    def _record(self, scope: Scope, notes: Exchange) -> None:
        seconds = time.perf_counter() - notes.started_seconds
        self._metrics.answered(notes, seconds)
        if self._log_all or notes.status >= HTTP_REFUSALS:
            log.info(
                "request", request_id=notes.request_id, method=scope["method"], operation=notes.operation,
                status=notes.status, milliseconds=round(seconds * 1000, 2), error=notes.error,
                project=notes.project.id if notes.project else None, subject_kind=notes.subject_kind,
            )


class Refusals:
    def __init__(self, app: ASGIApp, dialects: Sequence[Dialect]) -> None:
        """The first dialect whose prefix fits the path speaks; the last one's prefix is empty."""
        self._app = app
        self._dialects = dialects

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            await self._app(scope, receive, send)
        except PlauditError as error:
            refusal = error
        except Exception:
            # A bug is answered in the contract's shape, and logged to be found by its request id.
            log.exception("bug", request_id=exchange(scope).request_id, operation=exchange(scope).operation)
            refusal = PlauditError()
        else:
            return
        if exchange(scope).status:
            raise refusal  # the answer has begun: all that is left is to break the connection
        await self.answer(refusal, scope)(scope, receive, send)

    def answer(self, error: PlauditError, scope: Scope) -> Response:
        notes = exchange(scope)
        notes.error = error.code
        notes.headers += refusal_headers(error)
        status, body = dialect_for(self._dialects, scope["path"]).refuse(error, notes.request_id)
        return json_response(body, status)


class Caps:
    def __init__(self, app: ASGIApp, *, header_bytes_max: int, header_fields_max: int) -> None:
        self._app = app
        self._bytes_max = header_bytes_max
        self._fields_max = header_fields_max

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            headers = scope["headers"]
            size = len(scope["raw_path"]) + len(scope["query_string"])
            for name, value in headers:
                size += len(name) + len(value)
            if len(headers) > self._fields_max or size > self._bytes_max:
                raise HeadersTooLarge
        await self._app(scope, receive, send)


class Cors:
    """Exact origins, no wildcard, no credentials (nothing here reads a cookie).

    A preflight cannot say whose it is, so any project's origin passes it; the answer itself is readable only for an
    origin of the project that the request turned out to belong to.
    """

    ALLOW_HEADERS = b"authorization, content-type, x-device-id, x-device-token, x-platform, x-user-id, x-request-id"
    EXPOSE_HEADERS = b"retry-after, ratelimit-limit, ratelimit-remaining, ratelimit-reset, x-device-token, x-request-id"
    MAX_AGE_SECONDS = b"600"

    def __init__(self, app: ASGIApp, origins: frozenset[str]) -> None:
        self._app = app
        self._origins = origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope) if scope["type"] == "http" else {}
        origin = headers.get("origin")
        if origin is None:
            await self._app(scope, receive, send)
        elif scope["method"] == "OPTIONS" and "access-control-request-method" in headers:
            await self._preflight(scope, origin)(scope, receive, send)
        else:
            exchange(scope).headers.append((b"vary", b"Origin"))
            await self._app(scope, receive, self._readable(scope, origin, send))

    def _preflight(self, scope: Scope, origin: str) -> Response:
        notes = exchange(scope)
        notes.operation = "preflight"
        notes.headers.append((b"vary", b"Origin"))
        if origin in self._origins:
            notes.headers += [
                (b"access-control-allow-origin", origin.encode("latin-1")),
                (b"access-control-allow-methods", b"GET, POST, PUT"),
                (b"access-control-allow-headers", self.ALLOW_HEADERS),
                (b"access-control-max-age", self.MAX_AGE_SECONDS),
            ]
        return Response(status_code=204)

    def _readable(self, scope: Scope, origin: str, send: Send) -> Send:
        async def send_readable(message: Message) -> None:
            notes = exchange(scope)
            origins = notes.project.origins if notes.project else self._origins
            if message["type"] == "http.response.start" and origin in origins:
                notes.headers += [
                    (b"access-control-allow-origin", origin.encode("latin-1")),
                    (b"access-control-expose-headers", self.EXPOSE_HEADERS),
                ]
            await send(message)

        return send_readable


def dialect_for(dialects: Sequence[Dialect], path: str) -> Dialect:
    return next(dialect for dialect in dialects if path.startswith(dialect.prefix))


def refusal_headers(error: PlauditError) -> list[tuple[bytes, bytes]]:
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


def new_request_id() -> str:
    return "req_" + secrets.token_hex(8)


def _request_id(headers: Sequence[tuple[bytes, bytes]]) -> str:
    """The client's own, when it is one that can stand in a log and a header; a fresh one otherwise."""
    given = [value for name, value in headers if name == b"x-request-id"]
    if len(given) == 1 and REQUEST_ID.fullmatch(given[0]):
        return given[0].decode("ascii")
    return new_request_id()


def _merge(headers: Sequence[tuple[bytes, bytes]], notes: Exchange) -> list[tuple[bytes, bytes]]:
    """The answer's own headers win over the common ones."""
    own = {name for name, _ in headers}
    common = [header for header in COMMON_HEADERS if header[0] not in own]
    return [*headers, *common, *notes.headers, (b"x-request-id", notes.request_id.encode("ascii"))]


