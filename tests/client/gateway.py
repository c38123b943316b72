"""What may stand between a client and Plaudit: it passes on what it hears, and misbehaves when it is told to."""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx2

HOPS = {"connection", "keep-alive", "transfer-encoding", "host", "content-length"}


@dataclass(frozen=True)
class Refuse:
    """Answers by itself. `over_bytes`: only what is larger, and again and again."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b"<html>no</html>"
    over_bytes: int | None = None


@dataclass(frozen=True)
class Lose:
    """Hangs up instead of answering; Plaudit has done what was asked where it was `passed_on`."""

    passed_on: bool


@dataclass(frozen=True)
class Hold:
    """Says nothing until it is released."""

    released: threading.Event = field(default_factory=threading.Event)


@dataclass(frozen=True)
class Heard:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class Gateway:
    """`next`: what happens to the requests to come, one each; then they are passed on. `heard`: all of them."""

    def __init__(self, port: int) -> None:
        self.next: deque[Refuse | Lose | Hold] = deque()
        self.limit: Refuse | None = None  # for all of those that are too large
        self.heard: list[Heard] = []
        self.http = httpx2.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=20)
        self.port = 0


@contextmanager
def gateway(port: int) -> Iterator[Gateway]:
    standing = Gateway(port)
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Standing", (Handler,), {"standing": standing}))
    server.daemon_threads = False
    standing.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        with standing.http:
            yield standing
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.0"  # a connection each: one that is cut takes no other request along
    standing: Gateway

    def handle_any(self) -> None:
        heard = Heard(self.command, self.path, {name.lower(): value for name, value in self.headers.items()},
                      self.rfile.read(int(self.headers.get("content-length", 0))))
        self.standing.heard.append(heard)
        match _told(self.standing, heard):
            case Refuse() as refuse:
                self._answer(refuse.status, refuse.headers, refuse.body)
            case Lose(passed_on):
                if passed_on:
                    _passed_on(self.standing, heard)
            case Hold(released):
                released.wait()
            case None:
                answer = _passed_on(self.standing, heard)
                self._answer(answer.status_code, dict(answer.headers), answer.content)

    do_GET = do_POST = do_PUT = handle_any  # noqa: N815 - the names that http.server looks for

    def _answer(self, status, headers, body):
        self.send_response_only(status)
        for name, value in headers.items():
            if name not in HOPS:
                self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Tests look at what was heard."""


def _told(standing: Gateway, heard: Heard) -> Refuse | Lose | Hold | None:
    if standing.next:
        return standing.next.popleft()
    limit = standing.limit
    return limit if limit and limit.over_bytes is not None and len(heard.body) > limit.over_bytes else None


def _passed_on(standing: Gateway, heard: Heard) -> httpx2.Response:
    headers = {name: value for name, value in heard.headers.items() if name not in HOPS}
    return standing.http.request(heard.method, heard.path, headers=headers, content=heard.body)
