"""Figures of webhooks: what the outbox costs a vote, and how fast events are delivered."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import figures
import httpx2
import population
import server

from plaudit.webhooks.signing import new_secret

DELIVERED = "plaudit_webhook_delivered_total"
MEASURED_SECONDS = 10.0
BEGUN_SECONDS_MAX = 30.0
POLL_SECONDS = 0.05

# A receiver that is not there yet, so that every event waits in the outbox.
WEBHOOK = """
[[projects.webhooks]]
id = "all"
url = "http://127.0.0.1:{port}/"
secret_files = ["{secret}"]
allow_private = true
"""


def outbox(setting: figures.Setting, messages: int) -> Iterator[figures.Row]:
    """Two servers by turns, one of which has to tell somebody of each vote; then that one is let tell it."""
    port = server.free_port()
    told, bare = _places(setting, port)
    with server.running(told) as telling, server.running(bare) as silent:
        for running in (telling, silent):
            for _ in population.register(running, messages):
                setting.say("registering messages on both servers")
        loads = figures.alternate(setting, {"told": setting.votes_at(telling, messages),
                                            "bare": setting.votes_at(silent, messages)})
        ours, others = (figures.median(load.per_second for load in loads[name]) for name in ("told", "bare"))
        yield figures.Row("votes_with_outbox_over_without", ours / others, 0.85, at_least=True,
                          note=f"{ours:.0f} votes/s with an outbox, {others:.0f} without")
        yield _delivery(setting, telling, port)


def _delivery(setting: figures.Setting, telling: server.Server, port: int) -> figures.Row:
    """To a receiver that answers at once, on the load's core; nobody votes meanwhile."""
    setting.say("delivering events")
    with _receiver(setting, port), population.client(telling) as http:
        deadline = time.monotonic() + BEGUN_SECONDS_MAX
        while not (first := _delivered(http)):
            if time.monotonic() > deadline:
                raise SystemExit("No event was delivered.")
            time.sleep(POLL_SECONDS)
        began = time.monotonic()
        time.sleep(MEASURED_SECONDS)
        count, seconds = _delivered(http) - first, time.monotonic() - began
    return figures.Row("webhook_events_per_s", count / seconds, 500, at_least=True, unit="events/s",
                       note=f"{count:.0f} events in {seconds:.0f} s, signed, one process")


def _delivered(http: httpx2.Client) -> float:
    lines = http.get("/metrics").text.splitlines()
    return next((float(line.split()[-1]) for line in lines if line.startswith(DELIVERED)), 0.0)


@contextmanager
def _receiver(setting: figures.Setting, port: int) -> Iterator[None]:
    place = replace(setting.place, core=setting.load_core)
    with server.process([sys.executable, str(figures.RULER), str(port)], place) as child:
        server.await_answer(child, port)
        yield


def _places(setting: figures.Setting, port: int) -> tuple[server.Place, server.Place]:
    told, bare = (replace(setting.place, folder=setting.place.folder / name) for name in ("told", "bare"))
    for place in (told, bare):
        place.folder.mkdir(parents=True)
    return replace(told, more=WEBHOOK.format(port=port, secret=_secret(told.folder))), bare


def _secret(folder: Path) -> Path:
    file = folder / "secret"
    file.touch(mode=0o600)
    file.write_text(new_secret(), encoding="ascii")
    return file
