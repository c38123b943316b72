"""uvicorn, made patient with nobody: it has no limit of its own on how long or how large a request's head may be.

`Server` hangs up on whoever does not send a request, or take an answer, in time; one timer serves all connections, so
that a vote pays nothing for it. `WatchedProtocol` caps the head while it arrives, and answers what cannot be parsed in
the contract's own shape. When it is told to stop, `Server` says so on /readyz before it stops accepting, then finishes
what is in flight.
"""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any, NamedTuple, cast

import httptools
import uvicorn
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from plaudit.errors import PlauditError
from plaudit.http.app import Application
from plaudit.http.errors import BadRequest, HeadersTooLarge
from plaudit.http.exchange import KEY, Exchange

SWEEP_SECONDS = 0.5
TAKEN_BYTES_MIN = 256 * 1024  # of an answer that is too large for the system's buffers, in each request timeout
HEAD_SLACK = 4  # the application counts a head exactly; the socket only stops what is far beyond it


@dataclass(frozen=True, slots=True)
class ServerSettings:
    host: str = "127.0.0.1"
    port: int = 8000
    header_bytes_max: int = 16 * 1024
    request_timeout_seconds: float = 10.0  # from a request's first byte (or the connection's start) to its last
    keep_alive_seconds: int = 30
    drain_seconds: float = 1.0  # between /readyz saying 503 and the listening socket closing
    shutdown_timeout_seconds: int = 30


class Server(uvicorn.Server):
    """`serve` returns after a SIGTERM or SIGINT, once everything in flight is answered; a second signal hurries it."""

    def __init__(self, application: Application, settings: ServerSettings,
                 when_ready: Callable[[], Awaitable[None]] | None = None) -> None:
        """`when_ready` is awaited once signals are heeded and connections accepted."""
        super().__init__(uvicorn.Config(
            application,
            host=settings.host,
            port=settings.port,
            loop="uvloop",
            http=_protocol(application, settings),
            ws="none",
            lifespan="off",
            interface="asgi3",
            access_log=False,
            log_config=None,
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=settings.keep_alive_seconds,
            timeout_graceful_shutdown=settings.shutdown_timeout_seconds,
        ))
        self._application = application
        self._settings = settings
        self._when_ready = when_ready

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        self._sweep()
        if self._when_ready is not None:
            await self._when_ready()

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """As uvicorn's, but the process ends with 0 after a clean stop: the signal is not raised again."""
        loop = asyncio.get_running_loop()
        for signal_number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(signal_number, self.handle_exit, signal_number, None)
        try:
            yield
        finally:
            for signal_number in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(signal_number)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if self._application.draining:
            super().handle_exit(sig, frame)
            return
        self._application.draining = True
        asyncio.get_running_loop().call_later(self._settings.drain_seconds, super().handle_exit, sig, frame)

    def _sweep(self) -> None:
        loop = asyncio.get_running_loop()
        now_seconds = loop.time()
        for connection in list(self.server_state.connections):
            cast("WatchedProtocol", connection).close_if_slow(now_seconds, self._settings.request_timeout_seconds)
        loop.call_later(SWEEP_SECONDS, self._sweep)


class Untaken(NamedTuple):
    """How much of an answer was still to be taken when it was last looked at."""

    since_seconds: float
    bytes: int


class WatchedProtocol(HttpToolsProtocol):
    """`waiting_since_seconds`: since when the request that is arriving has been arriving; None between requests."""

    head_bytes_max: int
    refuse: Callable[[PlauditError, bytes], bytes]

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn declares it
        super().connection_made(transport)
        self.waiting_since_seconds: float | None = self.loop.time()
        self._in_head = True
        self._bare_bytes = 0  # that have come since the last head was complete and the last byte of a body
        self._untaken = Untaken(0.0, 0)
        self._answering: Any = None

    def connection_lost(self, exc: Exception | None) -> None:
        """uvicorn tells the newest request only, and one before it would write to a closed socket."""
        super().connection_lost(exc)
        if self._answering is not None:
            self._answering.disconnected = True
            self._answering.message_event.set()

    def data_received(self, data: bytes) -> None:
        if self.waiting_since_seconds is None and (self.cycle is None or self.cycle.response_complete):
            self.waiting_since_seconds = self.loop.time()  # empty lines begin no request, but end the idle time
        self._bare_bytes += len(data)
        self._unset_keepalive_if_required()
        self._feed(data)
        if self._bare_bytes > self.head_bytes_max and not self.transport.is_closing():
            self._refuse(HeadersTooLarge())

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.waiting_since_seconds = self.loop.time()
        self._in_head = True

    def on_header(self, name: bytes, value: bytes) -> None:
        """Trailers are passed over: what comes behind a body says nothing of who sent it."""
        if self._in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._in_head = False
        self._bare_bytes = 0
        if not self.parser.should_upgrade():
            super().on_headers_complete()

    def _start_asgi_task(self, cycle: Any, app: Any) -> None:
        self._answering = cycle
        super()._start_asgi_task(cycle, app)

    def on_body(self, body: bytes) -> None:
        self._bare_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        if not self.parser.should_upgrade():
            super().on_message_complete()
        self.waiting_since_seconds = None

    def close_if_slow(self, now_seconds: float, patience_seconds: float) -> None:
        """Whoever is answered already, or asks nothing, is left to the keep-alive timer."""
        if self.waiting_since_seconds is not None and self.waiting_since_seconds < now_seconds - patience_seconds:
            self.transport.close()
        left = self.transport.get_write_buffer_size()
        if left == 0 or self._untaken.bytes == 0:
            self._untaken = Untaken(now_seconds, left)
        elif self._untaken.since_seconds < now_seconds - patience_seconds:
            if left > self._untaken.bytes - TAKEN_BYTES_MIN:
                self.transport.abort()  # closing would wait until all is taken
            self._untaken = Untaken(now_seconds, left)

    def _feed(self, data: bytes) -> None:
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._decline_upgrade(data[upgrade.args[0]:])
        except httptools.HttpParserError:
            self._refuse(BadRequest())

    def _decline_upgrade(self, rest: bytes) -> None:
        """Read the head again without its Upgrade, as a server may (RFC 9110, 7.8).

        httptools takes whatever follows such a head for another protocol: it would lose the body, or, worse, read it
        as the next request.
        """
        method = self.parser.get_method()
        if method == b"CONNECT" or not (self.cycle is None or self.cycle.response_complete):
            self._refuse(BadRequest())  # nobody can wish for another protocol before the last answer
            return
        version = self.parser.get_http_version().encode()
        fields = b"".join(b"%b: %b\r\n" % field for field in self.headers if field[0] != b"upgrade")
        self.parser = httptools.HttpRequestParser(self)  # after a `Connection: close` the old one reads no more
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn's own
        self._feed(b"%b %b HTTP/%b\r\n%b\r\n" % (method, self.url, version, fields) + rest)

    def _refuse(self, error: PlauditError) -> None:
        if self.cycle is None or self.cycle.response_complete:  # never into the middle of another answer
            self.transport.write(self.refuse(error, getattr(self, "url", b"")))
        self.transport.close()


def _protocol(application: Application, settings: ServerSettings) -> type[WatchedProtocol]:
    def refuse(_self: WatchedProtocol, error: PlauditError, path: bytes) -> bytes:
        notes = Exchange("", [])
        response = application.edge.refuse(error, {"raw_path": path, KEY: notes})
        notes.status = response.status_code
        application.edge.record(notes)
        headers = [*application.edge.headers(response, notes), (b"connection", b"close")]
        head = b"".join(b"%b: %b\r\n" % header for header in headers)
        return STATUS_LINE[response.status_code] + head + b"\r\n" + bytes(response.body)

    return type("PlauditProtocol", (WatchedProtocol,), {
        "head_bytes_max": settings.header_bytes_max * HEAD_SLACK,
        "refuse": refuse,
    })
