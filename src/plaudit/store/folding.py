"""How what transactions changed is folded into the totals, a few transactions at a time.

A reader adds what has not been folded yet, so it makes no difference when that happens, but for speed.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from typing import Any

from plaudit.store import lanes
from plaudit.store.plans import Ask, Put, Row, Steps
from plaudit.store.tally import CHANGE_WIDTH, REASON, UTC, read_changes
from plaudit.store.zones import day_of

FOLDED_MAX = 200  # transactions' changes at a time, and so many characters of them: votes get their turn in between
FOLDED_CHARACTERS_MAX = 50_000

READ = {"hourly": "read_totals_hourly_of", "daily": "read_totals_daily_of"}
READ_ALL = {"hourly": "read_all_totals_hourly", "daily": "read_all_totals_daily"}
PACK = {"hourly": lanes.pack_small, "daily": lanes.pack}  # by day they are few, and added up again and again
WRITE = {"hourly": "write_totals_hourly", "daily": "write_totals_daily"}

TOGETHER = "", False  # in place of an auth level and of whether there is a comment
Key = tuple[Any, ...]  # a total's: project, hour or day, cell, auth level, commented
Lanes = int


def fold(zones: Mapping[str, str]) -> Steps[bool]:
    """Some of the changes into the totals; is there more to fold?

    They are taken away first: what another process folds at the same moment is its own to add.
    """
    waiting = yield Ask("read_changes_to_fold", {"limit": FOLDED_MAX})
    found = _a_few(waiting)
    taken = {change_id for change_id, in (yield Ask("take_changes", {"ids": [change_id for change_id, _ in found]}))}
    hourly = sums_of(change for change in found if change[0] in taken)
    yield from _fold_into("hourly", hourly)
    yield from _fold_into("daily", by_day(hourly, zones))
    return len(waiting) == FOLDED_MAX or len(found) < len(waiting)


def anything_to_fold() -> Steps[bool]:
    return bool((yield Ask("read_changes_to_fold", {"limit": 1})))


def _a_few(changes: Sequence[Row]) -> list[Row]:
    lengths = accumulate(len(text) for _, text in changes)
    return [change for change, length in zip(changes, lengths, strict=True)
            if length <= FOLDED_CHARACTERS_MAX or change is changes[0]]


def sums_of(changes: Iterable[Row]) -> dict[Key, Lanes]:
    sums: defaultdict[Key, Lanes] = defaultdict(int)
    for _, text in changes:
        for place, buckets in read_changes(text):
            for start in range(0, len(buckets), CHANGE_WIDTH):
                bucket, *by = buckets[start:start + CHANGE_WIDTH]
                sums[place] += sum(lanes.lane(measure, bucket, change) for measure, change in enumerate(by) if change)
    return sums


def by_day(hourly: Mapping[Key, Lanes], zones: Mapping[str, str]) -> dict[Key, Lanes]:
    """Each day's and cell's kinds of votes, and all of them together beside what was shown."""
    sums: defaultdict[Key, Lanes] = defaultdict(int)
    for (project_id, hour, cell, auth_level, commented), change in hourly.items():
        day = day_of(hour, zones.get(project_id, UTC))
        if not auth_level.startswith(REASON):
            sums[project_id, day, cell, *TOGETHER] += change
        if auth_level:
            sums[project_id, day, cell, auth_level, commented] += change
    return sums


def _fold_into(table: str, changes: Mapping[Key, Lanes]) -> Steps[None]:
    """Totals are read and written again; where somebody else has changed one meanwhile, all of this is begun anew."""
    standing: dict[Key, tuple[Lanes, int]] = {}
    for project_id in sorted({project_id for project_id, *_ in changes}):
        wanted = sorted({(period, cell) for owner, period, cell, *_ in changes if owner == project_id})
        periods, cells = zip(*wanted, strict=True)
        found = yield Ask(READ[table], {"project_id": project_id, "wanted": wanted, "periods": periods, "cells": cells})
        standing |= {key_of(row): (lanes.unpack(row[5:8]), row[8]) for row in found}
    rows = []
    for key in sorted(changes):
        total, version = standing.get(key, (0, 0))
        rows.append((*key, *PACK[table](total + changes[key]), version + 1))
    yield Put(WRITE[table], rows)


def key_of(row: Row) -> Key:
    """Of a total's row."""
    *key, commented = row[:5]
    return (*key, bool(commented))
