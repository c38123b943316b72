"""A `plaudit serve` in a process of its own: started, awaited, stopped, killed, on one folder and one port.

Its database is a file in its folder, or where it is told."""

import asyncio
import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from answers import Gone, ask
from databases import Database
from footprint import Footprint
from loopback import free_port
from postgres_server import PASSWORD

from plaudit.webhooks.signing import new_secret

SERVER_KEY = "sk_faults_with_a_key_that_opens_nothing_else"
PUBLISHABLE_KEY = "pk_faults_with_this"
PLAUDIT = ("-m", "plaudit")
POLL_SECONDS = 0.01
DEADLINE_SECONDS = 30.0
GROWTH = Footprint(resident_mb=48, descriptors=32, threads=8)  # one test's; a client that is kept is a descriptor
COMMENTS = re.compile(r"\b(number|says) \d")  # what the tests' comments begin with or contain

CONFIGURATION = """\
port = {port}
data_dir = "{folder}/data"
database_url = "{database_url}"
database_connections = {database_connections}
development = true
metrics_access = "public"
per_address_per_minute = 0
drain_seconds = {drain_seconds}
queue_max = {queue_max}

[[projects]]
id = "acme"
publishable_key = "{publishable_key}"

[projects.limits]
per_subject = 0

[[projects.server_keys]]
id = "faults"
sha256 = "{sha256}"
scopes = ["admin", "messages:write", "feedback:read"]
"""


NOBODY = "http://127.0.0.1:1/"
WEBHOOK = """
[[projects.webhooks]]
id = "{id}"
url = "{url}"
secret_files = ["{secret_file}"]
allow_private = true
"""


async def until(holds: Callable[[], Any], seconds: float = DEADLINE_SECONDS) -> Any:
    """Wait until the condition, plain or awaitable, holds, and give what it gave. Raises `TimeoutError`."""
    async with asyncio.timeout(seconds):
        while True:
            found = holds()
            found = await found if isinstance(found, Awaitable) else found
            if found:
                return found
            await asyncio.sleep(POLL_SECONDS)


class Plaudit:
    """`launcher`: Python's arguments, another script than `-m plaudit` where it is to be put together otherwise.
    `around`: a command before Python. `webhook`: where it tells of every vote; unless a test says so, nobody is there,
    and all that is to be told stays in the outbox."""

    def __init__(self, folder: Path, *, database: Database | None = None, launcher: Sequence[str] = PLAUDIT,
                 around: Sequence[str] = (), environment: Mapping[str, str] | None = None,
                 drain_seconds: float = 0, queue_max: int = 4096,
                 database_connections: int = 10, webhook: str = NOBODY) -> None:
        folder.mkdir()
        self.database = database or folder / "plaudit.db"
        self.port = free_port()
        self.configuration = folder / "plaudit.toml"
        self.configuration.write_text(CONFIGURATION.format(
            port=self.port, folder=folder, drain_seconds=drain_seconds, queue_max=queue_max,
            database_url=self.database if isinstance(self.database, str) else f"sqlite:{self.database}",
            database_connections=database_connections,
            publishable_key=PUBLISHABLE_KEY, sha256=hashlib.sha256(SERVER_KEY.encode()).hexdigest()))
        self.webhook_secret = new_secret()
        self._tell(webhook, folder / "webhook-secret")
        self._log = folder / "server.log"
        self._log.touch()
        self.launcher, self._around, self.environment = launcher, around, dict(environment or {})
        self.process: subprocess.Popen[bytes] | None = None
        self.secrets = {SERVER_KEY, PASSWORD, self.webhook_secret}  # what no log may show, besides comments

    def _tell(self, url: str, secret_file: Path) -> None:
        """Of every vote."""
        secret_file.write_text(self.webhook_secret)
        secret_file.chmod(0o600)
        with self.configuration.open("a") as configuration:
            endpoint = "nobody" if url == NOBODY else "all"
            configuration.write(WEBHOOK.format(id=endpoint, url=url, secret_file=secret_file))

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def log(self) -> str:
        return self._log.read_text(encoding="utf-8")

    @property
    def events(self) -> list[dict[str, Any]]:
        """The log, and with it that each of its lines is one JSON object."""
        return [json.loads(line) for line in self.log.splitlines()]

    @property
    def footprint(self) -> Footprint:
        return Footprint.of(self.pid)

    @property
    def told_secrets(self) -> list[str]:
        """I10: what its log shows and should not."""
        return [*(secret for secret in self.secrets if secret in self.log), *COMMENTS.findall(self.log)]

    async def start(self, awaited: str = "/readyz") -> float:
        """The seconds until it answered 200. Raises `AssertionError` with its log when it ended instead."""
        began = time.monotonic()
        self.launch()
        await until(lambda: self._answers(awaited))
        seconds = time.monotonic() - began
        self.began_with = self.footprint
        return seconds

    def launch(self) -> None:
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(self._command("serve"), env=self._environment(), stdout=subprocess.DEVNULL,
                                            stderr=log)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Another command on the same configuration, to its end."""
        return subprocess.run(self._command(*arguments), env=self._environment(), capture_output=True, text=True,
                              check=False, timeout=DEADLINE_SECONDS)

    async def status(self, path: str) -> int | None:
        """None: nobody answers."""
        try:
            return (await ask(self.port, "GET", path)).status
        except Gone:
            return None

    async def is_ready(self) -> bool:
        return await self.status("/readyz") == 200

    async def is_unready(self) -> bool:
        """It answers, and says that it takes no votes, or soon none."""
        return await self.status("/readyz") == 503

    async def metric(self, name: str) -> float:
        text = (await ask(self.port, "GET", "/metrics")).body.decode()
        return next(float(line.split()[-1]) for line in text.splitlines() if line.startswith(name))

    async def stop(self) -> int:
        """SIGTERM, once it holds no more than when it began (I8). The exit code; raises `TimeoutError`."""
        await until(lambda: not self.footprint.beyond(self.began_with, GROWTH))
        self.terminate()
        return await self.ended()

    def terminate(self) -> None:
        """SIGTERM"""
        self.process.send_signal(signal.SIGTERM)

    async def ended(self) -> int:
        """The exit code."""
        await until(lambda: self.process.poll() is not None)
        return self.process.returncode

    async def pause(self) -> None:
        """SIGSTOP. Once it returns, no thread of the process does anything, in the kernel neither."""
        self.process.send_signal(signal.SIGSTOP)
        await until(lambda: all(_state(thread) == "T" for thread in Path(f"/proc/{self.pid}/task").iterdir()))

    def resume(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """`kill -9`"""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    async def _answers(self, path: str) -> bool:
        assert self.process.poll() is None, self.log
        return await self.status(path) == 200

    def _command(self, *arguments: str) -> list[str]:
        return [*self._around, sys.executable, *self.launcher, *arguments, "--config", str(self.configuration)]

    def _environment(self) -> dict[str, str]:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("PLAUDIT_")}
        return {**clean, **self.environment}


def _state(thread: Path) -> str:
    return (thread / "stat").read_text().rpartition(")")[2].split()[0]
