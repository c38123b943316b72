"""Run with a folder's path, in a mount namespace of its own: how a store does on a disk that fills up, and on one
that cannot be written. Says what it saw as one line of JSON."""

import asyncio
import json
import subprocess
import sys
from itertools import count
from pathlib import Path

from examples import Clock, a_message, a_vote

from plaudit.errors import PlauditError
from plaudit.rules import decide
from plaudit.store.sqlite import SqliteStore

COMMENT = "x" * 8000
WRITES_MAX = 1000  # far more than the disk can take


def mount(folder, *options):
    subprocess.run(["mount", "-t", "tmpfs", *options, "tmpfs", str(folder)], check=True)


async def outcome(asked):
    """A value, or the name of what was raised."""
    try:
        return await asked
    except PlauditError as error:
        return type(error).__name__


async def until_refused(write):
    """Write again and again; how many were acknowledged, and what the one after them was told."""
    for n in range(WRITES_MAX):
        told = await outcome(write())
        if isinstance(told, str):
            return n, told
    return WRITES_MAX, None


async def filled_up(folder):
    """A disk of two megabytes, half of them taken by something else until space is made."""
    mount(folder, "-o", "size=2m")
    ballast = folder / "ballast"
    ballast.write_bytes(bytes(1 << 20))
    store = await SqliteStore.open(folder / "plaudit.db", decide, now=count().__next__)
    await store.register([a_message()])
    acknowledged, told = await until_refused(lambda: store.submit(a_vote(comment=COMMENT)))
    _, not_ready = await until_refused(store.check)  # a smaller write, for which there may be space a little longer
    seen = {
        "some were acknowledged": acknowledged > 10,
        "then": told,
        "not ready": not_ready,
        "read back while full": len(await store.history("acme", "m-1")) == acknowledged,
    }
    ballast.unlink()
    seen["ready again"] = await outcome(store.check())
    seen["the next revision follows"] = (await store.submit(a_vote())).revision == acknowledged + 1
    await store.close()
    store = await SqliteStore.open(folder / "plaudit.db", decide, now=Clock())
    seen["kept over a restart"] = len(await store.history("acme", "m-1")) == acknowledged + 1
    await store.close()
    return seen


async def read_only(folder):
    """A sound database on a disk that has since become read-only."""
    mount(folder)
    store = await SqliteStore.open(folder / "plaudit.db", decide, now=Clock())
    await store.close()
    mount(folder, "-o", "remount,ro")
    try:
        await SqliteStore.open(folder / "plaudit.db", decide, now=Clock())
    except PlauditError as error:
        return {"told": type(error).__name__, "message": error.message}
    return {"told": None}


if __name__ == "__main__":
    scenario = {"filled_up": filled_up, "read_only": read_only}[sys.argv[1]]
    sys.stdout.write(json.dumps(asyncio.run(scenario(Path(sys.argv[2])))))
