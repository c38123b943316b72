"""What a server does beside answering: loops without an end, each to be run as a task and cancelled."""

import asyncio
import random
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import structlog

from plaudit.databases import AnyStore
from plaudit.errors import Unavailable
from plaudit.http.worker_metrics import Sum
from plaudit.model import Instant, Project
from plaudit.people import Kept
from plaudit.service import Service
from plaudit.settings import SettingsError
from plaudit.settings.keys import Keys, read_keys, stamp

KEYS_SECONDS = 1.0  # how often the file of keys is looked at; `plaudit key` promises two
FOLD_SECONDS = 1.0
MISSED_SECONDS = 10.0
AUDIT_SECONDS = 10.0  # until the next attempt
TELL_SECONDS = 1.0
FORGET_SECONDS = 6 * 3600.0
DAY_MILLISECONDS = 24 * 3_600_000

log = structlog.get_logger("plaudit")


async def watch_keys(data_path: Path, known: Keys, renew: Callable[[Keys], None]) -> None:
    """Take over what `plaudit key new` and `plaudit key revoke` do, while running."""
    seen = None
    while True:
        if (found := stamp(data_path)) != seen:
            seen, keys = found, _keys(data_path, known)
            if keys != known:
                known = keys
                renew(keys)
                log.info("keys renewed", ids=keys.ids)
        await asyncio.sleep(KEYS_SECONDS)


async def fold(store: AnyStore) -> None:
    """Totals are right without it, and slow to add up. A failure is told by the votes, which meet it too."""
    while True:
        with suppress(Unavailable):
            while await store.fold():
                pass
        await asyncio.sleep(FOLD_SECONDS * random.uniform(0.5, 1.5))  # noqa: S311  spreads processes, hides nothing


async def forget_old(store: AnyStore, projects: Sequence[Project], now: Callable[[], Instant]) -> None:
    """What projects keep for a while only. A pass looks through all that there is, for old things may have been
    imported lately. What cannot be done now is done by the next one."""
    while True:
        for project in projects:
            kept = {Kept.COMMENTS: project.retention.comments_days, Kept.CONTENTS: project.retention.contents_days,
                    Kept.VOTES: project.retention.votes_days}
            for what, days in kept.items():
                if days is not None:
                    with suppress(Unavailable):
                        await _forget_old(store, project.id, what, now() - days * DAY_MILLISECONDS)
        await asyncio.sleep(FORGET_SECONDS * random.uniform(0.5, 1.5))  # noqa: S311  spreads processes, hides nothing


async def _forget_old(store: AnyStore, project_id: str, what: Kept, before: Instant) -> None:
    """As long again for others as each part takes."""
    began = time.monotonic()
    after = await store.forget_old(project_id, what, before)
    while after is not None:
        await asyncio.sleep(time.monotonic() - began)
        began = time.monotonic()
        after = await store.forget_old(project_id, what, before, after)


async def tell_missed(service: Service) -> None:
    while True:
        await asyncio.sleep(MISSED_SECONDS)
        with suppress(Unavailable):
            await service.tell_missed()


async def note_settings(service: Service, projects: Callable[[], Sequence[Project]], changed: asyncio.Event) -> None:
    """In the audit log: at the start, and each time that `changed` is set."""
    while True:
        changed.clear()
        try:
            for project in projects():
                await service.audit_settings(project)
            await changed.wait()
        except Unavailable:
            await asyncio.sleep(AUDIT_SECONDS)


async def tell_workers(together: Sum) -> None:
    """What this one of several workers has counted."""
    while True:
        together.tell()
        await asyncio.sleep(TELL_SECONDS)


def _keys(data_path: Path, known: Keys) -> Keys:
    try:
        return read_keys(data_path)
    except (SettingsError, OSError) as error:
        log.warning("keys cannot be read; those known before stay", reason=str(error))
        return known
