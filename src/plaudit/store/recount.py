"""The totals and the queue made anew from messages and votes: for a database that had none, or whose zone has changed.

Plans, for one transaction while nobody votes.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from operator import itemgetter

import structlog

from plaudit.model import Role, SubjectKind
from plaudit.store import lanes
from plaudit.store.derived import rank_of, words_row
from plaudit.store.folding import PACK, READ_ALL, WRITE, Key, Lanes, by_day, key_of, sums_of
from plaudit.store.plans import Ask, Put, Row, Steps
from plaudit.store.tally import UTC, Answer, Cell, Tally, cell_id, cell_of, cell_row, counted
from plaudit.store.words import CHARACTERS_MAX

CHUNK_ROWS = 5000
DERIVED = ("clear_changes", "clear_totals_hourly", "clear_totals_daily", "clear_cells", "clear_queue", "clear_words")

NOBODYS = {"nobody": f"{SubjectKind.ERASED.value}:", "after_nobody": f"{SubjectKind.ERASED.value};"}  # subjects' keys

UNCOUNTED = "has votes that were not counted yet, or by another time zone's days: a server counts them when it starts"

log = structlog.get_logger("plaudit.store")


def is_due(zones: Mapping[str, str]) -> Steps[bool]:
    """Are there answers that were never counted, or projects of which another zone is known?"""
    return bool((yield from _moved(zones))) or (yield from _is_uncounted())


def keep(zones: Mapping[str, str]) -> Steps[None]:
    """Count anew where that is due. A project that nothing was shown in has only its zone to be known."""
    shown_in_another_zone = False
    for project_id in (yield from _moved(zones)):
        shown_in_another_zone |= bool((yield Ask("read_cells", {"project_id": project_id})))
    if shown_in_another_zone or (yield from _is_uncounted()):
        log.info("counting all messages and votes anew: a few minutes for each ten million")
        yield from recount(zones)
    yield Ask("clear_zones", {})
    yield Put("write_zone", sorted(zones.items()))


def recount(zones: Mapping[str, str]) -> Steps[None]:
    """Forget all that is derived, and derive it again."""
    for statement in DERIVED:
        yield Ask(statement, {})
    cells: dict[tuple[str, int], Cell] = {}
    hourly = yield from _counted_anew(zones, cells)
    yield Put("insert_cell", [cell_row(key[0], cells[key]) for key in sorted(cells)])
    for table, sums in (("hourly", hourly), ("daily", by_day(hourly, zones))):
        yield Put(WRITE[table], [(*key, *PACK[table](sums[key]), 1) for key in sorted(sums)])
    yield from _queue_anew()


def differences(zones: Mapping[str, str]) -> Steps[list[str]]:
    """Where the totals are not what a recount says; there must be none."""
    counted_anew = yield from _counted_anew(zones, {})
    expected = {"hourly": counted_anew, "daily": by_day(counted_anew, zones)}
    unfolded = sums_of((yield Ask("read_changes", {})))
    found = []
    for table, change in (("hourly", unfolded), ("daily", by_day(unfolded, zones))):
        totals = Counter({key_of(row): lanes.unpack(row[5:8]) for row in (yield Ask(READ_ALL[table], {}))})
        totals.update(change)
        found += [f"{table} {key}" for key in sorted(totals.keys() | expected[table].keys())
                  if totals[key] != expected[table].get(key, 0)]
    return found


# ---------------------------------------------------------------- steps


def _moved(zones: Mapping[str, str]) -> Steps[list[str]]:
    """Projects whose totals are of another zone."""
    known: dict[str, str] = {project: zone for project, zone in (yield Ask("read_zones", {}))}  # noqa: C416 -- rows are no pairs to mypy
    return [project for project in known.keys() | zones.keys() if known.get(project, UTC) != zones.get(project, UTC)]


def _is_uncounted() -> Steps[bool]:
    [[has_totals, has_messages]] = yield Ask("read_whether_counted", {})
    return bool(has_messages) and not has_totals


def _counted_anew(zones: Mapping[str, str], cells: dict[tuple[str, int], Cell]) -> Steps[dict[Key, Lanes]]:
    """What the hourly totals must be; the cells that they are of go into `cells`."""
    hourly: defaultdict[Key, Lanes] = defaultdict(int)
    after = {"project_id": "", "message_id": ""}
    while found := (yield Ask("read_messages_to_count", {**after, "role": Role.ASSISTANT.value, "limit": CHUNK_ROWS})):
        tally = Tally(zones)
        for row in found:
            cell = cell_of(_count(tally, row))
            cells[row[0], cell_id(cell)] = cell
        for key, sums in sums_of([(0, tally.text() or "[]")]).items():
            hourly[key] += sums
        after = {"project_id": found[-1][0], "message_id": found[-1][1]}
    return hourly


def _count(tally: Tally, row: Row) -> Answer:
    project_id, _, owner, created_at, model, prompt_version, arms, locale, platform, *vote = row
    answer = (project_id, created_at, model, prompt_version, arms, locale, platform)
    tally.shown(answer, owner)
    tally.voted(answer, owner, None, counted(*vote))
    return answer


def _queue_anew() -> Steps[None]:
    after = {"project_id": "", "message_id": "", "subject": ""}
    other = {**NOBODYS, "characters": CHARACTERS_MAX, "limit": CHUNK_ROWS}
    while found := (yield Ask("read_votes_to_queue", {**after, **other})):
        yield Put("join_queue", sorted(map(_queued, found), key=itemgetter(0, 1, 2)))
        yield Put("note_words", [row for row in map(_worded, found) if row])
        after = dict(zip(after, found[-1], strict=False))


def _queued(row: Row) -> Row:
    project_id, message_id, subject, *_, reviewed = row
    return project_id, bool(reviewed), _rank(row), message_id, subject


def _worded(row: Row) -> Row | None:
    project_id, message_id, _, _, comment, _, _, content, _ = row
    return words_row(_rank(row), project_id, message_id, (comment, content))


def _rank(row: Row) -> int:
    _, _, _, vote, comment, auth_level, seq, _, _ = row
    return rank_of(seq, counted(vote, comment is not None, auth_level)) or 0
