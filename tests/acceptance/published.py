"""Other tools' published clients, each in a folder and an environment of its own, as its lock file has them."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NODE_MISSING = """\
This test needs Node.js 18 or later with npm, and `{0}` is not on the PATH.
On Debian and Ubuntu: apt-get install nodejs npm"""


def npm_installed(sources: Path, folder: Path) -> Path:
    """A copy of `sources` with the packages of its package-lock.json. npm keeps what it has fetched once."""
    shutil.copytree(sources, folder, dirs_exist_ok=True)
    run(folder, program("npm"), "ci", "--prefer-offline")
    return folder


def pip_installed(sources: Path, folder: Path) -> Path:
    """A copy of `sources` with an environment that has what its requirements.lock names, by hash."""
    shutil.copytree(sources, folder, dirs_exist_ok=True)
    run(folder, sys.executable, "-m", "venv", "--without-pip", "environment")
    run(folder, sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "--no-input",
        "--python", "environment/bin/python", "install", "--require-hashes", "--only-binary=:all:",
        "-r", "requirements.lock")
    return folder


def node(folder: Path, *arguments: str) -> str:
    return run(folder, program("node"), *arguments)


def python(folder: Path, *arguments: str) -> str:
    return run(folder, "environment/bin/python", "-I", *arguments)


def program(name: str) -> str:
    """Its path. Raises AssertionError, saying what to do, where it is not there."""
    found = shutil.which(name)
    assert found, NODE_MISSING.format(name)
    return found


def run(folder: Path, *command: str) -> str:
    """What it prints. Raises AssertionError with all that it said where it fails."""
    ran = subprocess.run(command, cwd=folder, text=True, capture_output=True, check=False,
                         env={**os.environ, "NO_PROXY": "127.0.0.1"})
    assert ran.returncode == 0, f"{' '.join(command)}\n{ran.stdout}{ran.stderr}"
    return ran.stdout
