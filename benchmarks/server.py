"""A Plaudit server of its own process, for a measurement: started, awaited, stopped."""

import contextlib
import hashlib
import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import issuer as oidc

SERVER_KEY = "sk_measured_with_a_key_that_opens_nothing_else"
PUBLISHABLE_KEY = "pk_measured_with_this"
START_SECONDS_MAX = 60
STOP_SECONDS_MAX = 30
POLL_SECONDS = 0.002

# Every limit is on, and none is reached: what counting costs is part of the figures.
CONFIGURATION = """\
host = "127.0.0.1"
port = {port}
data_dir = "{folder}"
per_address_per_minute = 10000000
drain_seconds = 0

[[projects]]
id = "measured"
publishable_key = "{publishable_key}"

[projects.limits]
per_subject = 1000000
per_project = 1000000

[[projects.server_keys]]
id = "measuring"
sha256 = "{sha256}"
scopes = ["admin"]

[[projects.issuers]]
issuer = "{issuer}"
audiences = ["{audience}"]
jwks_url = "{jwks_url}"
"""


@dataclass(frozen=True, slots=True)
class Place:
    """Where and how servers run: the data folder, the core (None: any), more environment, such as a slow disk's, and
    more settings of the project."""

    folder: Path
    jwks_url: str
    core: int | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    more: str = ""


@dataclass(frozen=True, slots=True)
class Server:
    url: str
    pid: int


@contextmanager
def running(place: Place, awaited: str = "GET /readyz", headers: Mapping[str, str] | None = None,
            body: str | None = None) -> Iterator[Server]:
    """Serve until the block ends. It begins when the awaited request is answered with 200.

    Raises SystemExit when the server stops before that or takes longer than START_SECONDS_MAX.
    """
    port = free_port()
    configuration = _configure(place, port)
    with process([sys.executable, "-m", "plaudit", "serve", "--config", str(configuration)], place) as child:
        await_answer(child, port, awaited, headers or {}, body)
        yield Server(f"http://127.0.0.1:{port}", child.pid)


@contextmanager
def process(command: list[str], place: Place) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command on the place's core, in its environment; end it with SIGTERM and await its end."""
    pinned = [] if place.core is None else ["taskset", "--cpu-list", str(place.core)]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PLAUDIT_")}
    with (place.folder / "server.log").open("ab") as log:
        child = subprocess.Popen([*pinned, *command], env={**clean, **place.environment}, stdout=log, stderr=log)
    try:
        yield child
    finally:
        child.terminate()
        try:
            child.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def await_answer(child: subprocess.Popen[bytes], port: int, request: str = "GET /",
                 headers: Mapping[str, str] | None = None, body: str | None = None) -> None:
    method, path = request.split()
    deadline = time.monotonic() + START_SECONDS_MAX
    while child.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError), contextlib.closing(http.client.HTTPConnection("127.0.0.1", port)) as asking:
            asking.request(method, path, body, dict(headers or {}))
            if asking.getresponse().status == http.HTTPStatus.OK:
                return
        time.sleep(POLL_SECONDS)
    raise SystemExit(f"The server did not answer {request}; server.log in its data folder says why.")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


def _configure(place: Place, port: int) -> Path:
    path = place.folder / "plaudit.toml"
    path.write_text(CONFIGURATION.format(
        port=port,
        folder=place.folder,
        publishable_key=PUBLISHABLE_KEY,
        sha256=hashlib.sha256(SERVER_KEY.encode()).hexdigest(),
        issuer=oidc.ISSUER,
        audience=oidc.AUDIENCE,
        jwks_url=place.jwks_url,
    ) + place.more, encoding="utf-8")
    return path
