"""Figures of the numbers: how fast the overview is, what keeping totals costs a vote, how much they take, how fast the
search is."""

import asyncio
import random
import re
import shutil
import statistics
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path

import apsw
import bulk
import figures
import httpx2
import population
import server

from plaudit.analytics import Analytics
from plaudit.counts import Selection
from plaudit.deeds import ReviewFilter
from plaudit.model import Plan, Project
from plaudit.store.recount import recount
from plaudit.store.sqlite_plans import run
from plaudit.store.sqlite_reading import SqliteReading

FEW_VOTES = 100_000
COMMENTS = 1_000_000
TIMES = 15  # that a thing is asked for; medians are shown
HOUR_MILLISECONDS = 3_600_000
DAY_MILLISECONDS = 24 * HOUR_MILLISECONDS
DAYS = 90
PROJECT = Project("measured", "measured", Plan("", frozenset()), "")
WITHOUT = Path(__file__).with_name("without_numbers")
VOTES_TABLES = ("feedback", "history", "history_by_time", "sqlite_autoindex_feedback_1")
TOTALS_TABLES = ("cells", "totals_changes", "totals_hourly", "totals_daily")
SIZES = "SELECT coalesce(sum(pgsize), 0) FROM dbstat WHERE name IN (SELECT value FROM json_each(?))"
SEARCHES = ("refund", "wrong refund", "refund invoice delivery", "zebra")
WORDS_MAX = 5000
WORDS_EACH = 12

COMMENTED = """
UPDATE feedback SET vote = -1, comment = (SELECT c.comment FROM temp.comments AS c WHERE c.n = feedback.seq)
"""


def overview(setting: figures.Setting, large: server.Place, votes: int) -> Iterator[figures.Row]:
    """The data of ninety days, with few votes and with many; then the page, chart and all, from a server."""
    setting.say(f"building a database of {FEW_VOTES:,} votes")
    small = replace(setting.place, folder=bulk.folder_for(setting.place.folder, FEW_VOTES))
    bulk.build(small, FEW_VOTES)
    few_ms, many_ms = (asyncio.run(_overview_ms(place.folder / bulk.DATABASE)) for place in (small, large))
    size = figures.short(votes)
    yield figures.Row(f"overview_data_{size}_over_100k", many_ms / few_ms, 1.5, at_least=False,
                      note=f"{many_ms:.1f} ms with {votes:,} votes, {few_ms:.1f} ms with {FEW_VOTES:,}")
    yield figures.Row(f"overview_data_{size}_ms", many_ms, 30, at_least=False, unit="ms",
                      note=f"{DAYS} days, {bulk.MODELS} models, {bulk.PROMPTS} prompts")
    with server.running(large) as running:
        yield _page(running, size)
    yield _bytes(large.folder / bulk.DATABASE, size)


async def _overview_ms(database: Path) -> float:
    until = _newest(database) // DAY_MILLISECONDS * DAY_MILLISECONDS + DAY_MILLISECONDS
    store = SqliteReading.open(database, now=lambda: until, zones={})
    analytics = Analytics(store, now=lambda: until)
    selection = Selection(since=until - DAYS * DAY_MILLISECONDS, until=until)
    times = []
    for _ in range(TIMES):
        before = time.perf_counter()
        await analytics.overview(PROJECT, selection)
        times.append(time.perf_counter() - before)
    await store.close()
    return statistics.median(times) * 1000


def _page(running: server.Server, size: str) -> figures.Row:
    with httpx2.Client(base_url=running.url, timeout=60) as http:
        http.post("/dashboard/sign-in", data={"key": server.SERVER_KEY}, headers={"Origin": running.url})
        times = []
        for _ in range(TIMES):
            before = time.perf_counter()
            page = http.get("/dashboard", params={"days": str(DAYS)})
            times.append(time.perf_counter() - before)
    if page.status_code != httpx2.codes.OK or "<img" not in page.text:
        raise SystemExit(f"The overview is not there: {page.status_code}")
    return figures.Row(f"overview_page_{size}_ms", statistics.median(times[1:]) * 1000, 150, at_least=False, unit="ms",
                       note=f"{len(page.content) / 1024:.0f} KiB, with its chart; the first {times[0] * 1000:.0f} ms")


def _bytes(database: Path, size: str) -> figures.Row:
    with closing(apsw.Connection(str(database), flags=apsw.SQLITE_OPEN_READONLY)) as connection:
        votes, totals = (connection.execute(SIZES, (_json(names),)).get for names in (VOTES_TABLES, TOTALS_TABLES))
    return figures.Row(f"totals_over_votes_bytes_{size}", totals / votes, 0.1, at_least=False,
                       note=f"totals {totals / 1e6:.1f} MB, votes and their history {votes / 1e6:.0f} MB")


# ---------------------------------------------------------------- what it costs a vote


def votes(setting: figures.Setting, messages: int) -> figures.Row:
    """Two servers by turns, one of which keeps neither totals nor a queue nor an index of words."""
    places = {"with": replace(setting.place, folder=setting.place.folder / "with"),
              "without": replace(setting.place, folder=setting.place.folder / "without",
                                 environment={**setting.place.environment, "PYTHONPATH": str(WITHOUT)})}
    for place in places.values():
        place.folder.mkdir(parents=True)
    with server.running(places["with"]) as kept, server.running(places["without"]) as bare:
        for running in (kept, bare):
            for _ in population.register(running, messages):
                setting.say("registering messages on both servers")
        loads = figures.alternate(setting, {"with": setting.votes_at(kept, messages),
                                            "without": setting.votes_at(bare, messages)})
    ours, others = (figures.median(load.per_second for load in loads[name]) for name in ("with", "without"))
    return figures.Row("votes_with_numbers_over_without", ours / others, 0.8, at_least=True,
                       note=f"{ours:.0f} votes/s with totals, queue and words, {others:.0f} without")


# ---------------------------------------------------------------- the search


def search(setting: figures.Setting, folder: Path) -> figures.Row:
    """The first page of a search among a million comments; the slowest of a few."""
    place = replace(setting.place, folder=folder / f"{bulk.folder_for(folder, COMMENTS).name}-commented")
    if not place.folder.exists():
        setting.say(f"building a database of {COMMENTS:,} comments (kept for the next run)")
        _comment(setting, place)
    times = asyncio.run(_search_ms(place.folder / bulk.DATABASE))
    slowest = max(times, key=lambda words: times[words])
    return figures.Row("search_1m_comments_ms", times[slowest], 100, at_least=False, unit="ms",
                       note=", ".join(f"{words!r} {ms:.1f}" for words, ms in times.items()))


async def _search_ms(database: Path) -> dict[str, float]:
    store = SqliteReading.open(database, now=lambda: 0, zones={})
    medians = {}
    for words in SEARCHES:
        times = []
        for _ in range(TIMES):
            before = time.perf_counter()
            await store.review_queue("measured", ReviewFilter(search=words), limit=50, cursor=None)
            times.append(time.perf_counter() - before)
        medians[words] = statistics.median(times) * 1000
    await store.close()
    return medians


def _comment(setting: figures.Setting, place: server.Place) -> None:
    bare = replace(place, folder=place.folder.with_name(place.folder.name + ".bare"))
    bulk.build(bare, COMMENTS)
    with closing(apsw.Connection(str(bare.folder / bulk.DATABASE))) as connection:
        connection.pragma("synchronous", "off")
        connection.execute("CREATE TEMP TABLE comments (n INTEGER PRIMARY KEY, comment TEXT)")
        with connection:
            connection.executemany("INSERT INTO temp.comments VALUES (?, ?)", _comments())
            connection.execute(COMMENTED)
            run(connection, partial(recount, {}))
    setting.say("comments written")
    shutil.move(bare.folder, place.folder)


def _comments() -> Iterator[tuple[int, str]]:
    """Words as often as in a language: the n-th most frequent one n times more rarely than the first (Zipf, 1935)."""
    chance = random.Random(20261125)
    known = ["wrong", "refund", "invoice", "delivery"]
    words = [*known, *(f"w{number}" for number in range(len(known), WORDS_MAX - 1)), "zebra"]
    weights = [1 / rank for rank in range(1, WORDS_MAX + 1)]
    for number in range(1, COMMENTS + 1):
        yield number, " ".join(chance.choices(words, weights, k=WORDS_EACH))


def _newest(database: Path) -> int:
    with closing(apsw.Connection(str(database), flags=apsw.SQLITE_OPEN_READONLY)) as connection:
        newest: int = connection.execute("SELECT max(hour) FROM totals_hourly").get
    return newest


def _json(names: tuple[str, ...]) -> str:
    return "[" + ", ".join(f'"{re.escape(name)}"' for name in names) + "]"
