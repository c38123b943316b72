"""Load, by wrk from a core of its own."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import msgspec

SCRIPT = Path(__file__).with_name("load.lua")
VOTE_PATH = "/api/v1/user/messages/%s/feedback"


@dataclass(frozen=True, slots=True)
class Load:
    """What one run of wrk saw. A failure is an answer of 400 or above, or none at all."""

    requests: int
    seconds: float
    median_ms: float
    p99_ms: float
    failures: int

    @property
    def per_second(self) -> float:
        return self.requests / self.seconds


@dataclass(frozen=True, slots=True)
class Target:
    """Where wrk sends what. `messages` are numbered from 0; `tokens` is a file with one token a line."""

    url: str
    path: str
    tokens: Path
    messages: int


def run(target: Target, *, connections: int, seconds: float, core: int) -> Load:
    """Send requests as fast as they are answered. Raises SystemExit when one of them failed."""
    command = [
        "taskset", "--cpu-list", str(core), "wrk", "--threads", "1", "--connections", str(connections),
        "--duration", f"{round(seconds)}s", "--timeout", "10s", "--script", str(SCRIPT), target.url,
        "--", str(target.tokens), str(target.messages), target.path,
    ]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    load = msgspec.json.decode(output.partition("RESULT ")[2], type=Load)
    if load.failures or not load.requests:
        raise SystemExit(f"{load.failures} of {load.requests} requests to {target.url} failed:\n{output}")
    return load


def require() -> None:
    """See that wrk is there; root gets it from Debian. Raises SystemExit where somebody else has to."""
    if shutil.which("wrk"):
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise SystemExit("The benchmark needs wrk. On Debian and Ubuntu: sudo apt-get install wrk")
    for arguments in (["update", "-qq"], ["install", "-qq", "--no-install-recommends", "wrk"]):
        subprocess.run(["apt-get", *arguments], check=True, stdout=subprocess.DEVNULL)
