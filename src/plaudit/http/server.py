"""uvicorn, made patient with nobody: it has no limit of its own on how long or how large a request's head may be.

`Deadlines` closes connections whose request does not arrive in time; one timer serves all of them, so that a vote pays
nothing for it. `WatchedProtocol` caps the head while it arrives, and answers what cannot be parsed in the contract's
own shape. `Server` says on /readyz that it is going away before it stops accepting, then finishes what is in flight.
"""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any, cast

import uvicorn
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from plaudit.errors import PlauditError
from plaudit.http.app import Application
from plaudit.http.errors import BadRequest, HeadersTooLarge
from plaudit.http.exchange import KEY, Exchange

SWEEP_SECONDS = 0.5
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
        oldest_allowed = loop.time() - self._settings.request_timeout_seconds
        for connection in list(self.server_state.connections):
            cast("WatchedProtocol", connection).close_if_waiting_since_before(oldest_allowed)
        loop.call_later(SWEEP_SECONDS, self._sweep)


class WatchedProtocol(HttpToolsProtocol):
    """`waiting_since_seconds`: since when the request that is arriving has been arriving; None between requests."""

    head_bytes_max: int
    refuse: Callable[[PlauditError, bytes], bytes]

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn declares it
        super().connection_made(transport)
        self.waiting_since_seconds: float | None = self.loop.time()
        self._in_head = True
        self._head_bytes = 0

    def data_received(self, data: bytes) -> None:
        if self._in_head:
            self._head_bytes += len(data)
        super().data_received(data)
        if self._in_head and self._head_bytes > self.head_bytes_max and not self.transport.is_closing():
            self._refuse(HeadersTooLarge())

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.waiting_since_seconds = self.loop.time()
        self._in_head = True

    def on_headers_complete(self) -> None:
        self._in_head = False
        self._head_bytes = 0
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self.waiting_since_seconds = None

    def close_if_waiting_since_before(self, oldest_allowed_seconds: float) -> None:
        """Whoever is answered already, or asks nothing, is left to the keep-alive timer."""
        if self.waiting_since_seconds is not None and self.waiting_since_seconds < oldest_allowed_seconds:
            self.transport.close()

    def send_400_response(self, msg: str) -> None:
        del msg
        self._refuse(BadRequest())

    def _refuse(self, error: PlauditError) -> None:
        if self.cycle is None or self.cycle.response_complete:  # never into the middle of another answer
            self.transport.write(self.refuse(error, getattr(self, "url", b"")))
        self.transport.close()


def _protocol(application: Application, settings: ServerSettings) -> type[WatchedProtocol]:
    def refuse(_self: WatchedProtocol, error: PlauditError, path: bytes) -> bytes:
        notes = Exchange("", [])
        response = application.edge.refuse(error, {"raw_path": path, KEY: notes})
        headers = [*application.edge.headers(response, notes), (b"connection", b"close")]
        head = b"".join(b"%b: %b\r\n" % header for header in headers)
        return STATUS_LINE[response.status_code] + head + b"\r\n" + bytes(response.body)

    return type("PlauditProtocol", (WatchedProtocol,), {
        "head_bytes_max": settings.header_bytes_max * HEAD_SLACK,
        "refuse": refuse,
    })
