"""How the totals are added up: plans that read one window of them and group it in several ways."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, NamedTuple

from plaudit.counts import Attribute, Counted, Counts, Dimension, Grouping, Period, Selection
from plaudit.errors import Invalid
from plaudit.model import Instant
from plaudit.store import lanes
from plaudit.store.folding import TOGETHER, sums_of
from plaudit.store.plans import Ask, Row, Steps
from plaudit.store.rows import from_json
from plaudit.store.tally import REASON
from plaudit.store.zones import begin_of, day_of, hour_of, week_of

ALWAYS = 2**62  # later than any instant and any day
READ = {"hourly": "read_totals_hourly", "daily": "read_totals_daily"}
VALUES = (Attribute.MODEL, Attribute.PROMPT_VERSION, Attribute.LOCALE, Attribute.PLATFORM)  # as _Cell has them

KINDS = {Attribute.AUTH_LEVEL, Attribute.REASON}  # what a vote has and its answer has not

Values = tuple[str | None, ...]
_Total = tuple[int, int, str, bool, int]  # hour or day, cell, auth level, commented, lanes
_Kind = tuple[int, str]  # cell, auth level
_Sums = Mapping[_Kind, Mapping[int | None, int]]  # kind -> hour or day (None: all of them) -> lanes


def counts(project_id: str, selection: Selection, groupings: Sequence[Grouping], zone: str
           ) -> Steps[list[list[Counted]]]:
    """See `ports.Store.counts`."""
    window = _Window.of(selection, zone, hourly=any(grouping.per is Period.HOUR for grouping in groupings))
    by_kind = any(map(_kind_of, groupings))
    _check_kinds(selection, groupings)
    kinds = {"with_kinds": by_kind or _asks_for_kinds(selection), "no_level": ""}
    found = yield Ask("read_cells", {"project_id": project_id})
    cells = {row[0]: _cell(row) for row in found}
    wanted = {cell for cell, values in cells.items() if _is_wanted(values, selection)}
    totals: list[Iterable[_Total]] = []
    for table, first, last in window.ranges:
        found = yield Ask(READ[table], {"project_id": project_id, "first": first, "last": last, **kinds})
        totals.append(window.totals(table, found, wanted))
    changes = yield Ask("read_changes", {})
    totals.append(window.changes(changes, project_id, wanted))
    sums = _summed(chain.from_iterable(totals), selection, by_kind=by_kind)
    whole = _over_time(sums)
    return [_grouped(sums if grouping.per else whole, grouping, cells, selection, window) for grouping in groupings]


def dimensions(project_id: str) -> Steps[dict[Dimension, list[str]]]:
    """See `ports.Store.dimensions`."""
    values: defaultdict[Dimension, set[str]] = defaultdict(set)
    for _, *known, arms in (yield Ask("read_cells", {"project_id": project_id})):
        for attribute, value in zip(VALUES, known, strict=True):
            if value is not None:
                values[Dimension(attribute)].add(value)
        for experiment, arm in from_json(arms).items():
            values[Dimension(Attribute.ARM, experiment)].add(arm)
    return {dimension: sorted(values[dimension]) for dimension in sorted(values, key=str)}


# ---------------------------------------------------------------- what is read


class _Cell(NamedTuple):
    model: str | None
    prompt_version: str | None
    locale: str | None
    platform: str | None
    arms: Mapping[str, str]

    def value(self, dimension: Dimension) -> str | None:
        if dimension.attribute is Attribute.ARM:
            return self.arms.get(dimension.experiment or "")
        value: str | None = getattr(self, dimension.attribute)
        return value


def _cell(row: Row) -> _Cell:
    _, model, prompt_version, locale, platform, arms = row
    return _Cell(model, prompt_version, locale, platform, from_json(arms))


@dataclass(frozen=True, slots=True)
class _Window:
    """Made of whole days, with hours at its ends where it begins or ends within one; or of hours only."""

    zone: str
    since: Instant
    until: Instant
    hourly: bool
    ranges: Sequence[tuple[str, int, int]]  # table, first, last (exclusive)

    @classmethod
    def of(cls, selection: Selection, zone: str, *, hourly: bool) -> "_Window":
        """Raises `Invalid`."""
        since = _beginning(selection.since, "since", zone, -ALWAYS)
        until = max(since, _beginning(selection.until, "until", zone, ALWAYS))
        return cls(zone, since, until, hourly, _hours(since, until) if hourly else _days(since, until, zone))

    def totals(self, table: str, found: Sequence[Row], wanted: set[int]) -> Iterable[_Total]:
        unit = _same if table == "daily" or self.hourly else self.day
        units = {period: unit(period) for period in {row[0] for row in found}}
        told = [(units[period], cell, auth_level, commented, lanes.unpack((shown, likes, dislikes)))
                for period, cell, auth_level, commented, shown, likes, dislikes in found if cell in wanted]
        return told if table == "daily" else _with_all_together(told)

    def changes(self, found: Sequence[Row], project_id: str, wanted: set[int]) -> Iterator[_Total]:
        """What has not been folded into the totals yet."""
        return _with_all_together(
            (hour if self.hourly else self.day(hour), cell, auth_level, commented, sums)
            for (owner, hour, cell, auth_level, commented), sums in sums_of(found).items()
            if owner == project_id and cell in wanted and self.since <= hour < self.until)

    def day(self, hour: Instant) -> int:
        return day_of(hour, self.zone)

    def start(self, unit: int, per: Period) -> Instant:
        """When the period began that this hour or day belongs to."""
        if per is Period.HOUR:
            return unit
        day = self.day(unit) if self.hourly else unit
        return begin_of(week_of(day) if per is Period.WEEK else day, self.zone)


def _with_all_together(told: Iterable[_Total]) -> Iterator[_Total]:
    """As daily totals have it: each kind of votes, and all of them beside what was shown."""
    for total in told:
        yield total
        unit, cell, auth_level, _, added = total
        if auth_level and not auth_level.startswith(REASON):
            yield (unit, cell, *TOGETHER, added)


def _beginning(instant: Instant | None, field: str, zone: str, otherwise: Instant) -> Instant:
    if instant is None:
        return otherwise
    if hour_of(instant, zone) != instant:
        raise Invalid(field, f"must be the beginning of an hour in the project's time zone, {zone}")
    return instant


def _hours(since: Instant, until: Instant) -> list[tuple[str, int, int]]:
    return [("hourly", since, until)] if since < until else []


def _days(since: Instant, until: Instant, zone: str) -> list[tuple[str, int, int]]:
    first = -ALWAYS if since == -ALWAYS else day_of(since - 1, zone) + 1
    last = ALWAYS if until == ALWAYS else day_of(until, zone)
    if first > last:
        return _hours(since, until)
    before = [] if since == -ALWAYS else _hours(since, begin_of(first, zone))
    after = [] if until == ALWAYS else _hours(begin_of(last, zone), until)
    return [*before, *([("daily", first, last)] if first < last else []), *after]


# ---------------------------------------------------------------- what is chosen, and how it is added up


def _is_wanted(cell: _Cell, selection: Selection) -> bool:
    """An empty text asks for those that have none."""
    asked = [(getattr(selection, attribute.value), cell.value(Dimension(attribute))) for attribute in VALUES]
    asked += [(arm, cell.arms.get(experiment)) for experiment, arm in selection.arms.items()]
    return all(wish is None or (value or "") == wish for wish, value in asked)


def _summed(totals: Iterable[_Total], selection: Selection, *, by_kind: bool) -> _Sums:
    """Those that were asked for, all together under no auth level; `by_kind`, by auth level and by reason as well."""
    level, has_comment = selection.auth_level, selection.has_comment
    any_will_do = not _asks_for_kinds(selection)
    sums: defaultdict[_Kind, defaultdict[int | None, int]] = defaultdict(_noughts)
    for unit, cell, auth_level, commented, added in totals:
        if not auth_level:
            if any_will_do:
                sums[cell, ""][unit] += added
        elif auth_level.startswith(REASON):
            if by_kind:
                sums[cell, auth_level][unit] += added
        elif level in {None, auth_level} and has_comment in {None, commented}:
            if not any_will_do:
                sums[cell, ""][unit] += added
            if by_kind:
                sums[cell, auth_level][unit] += added
    return sums


def _check_kinds(selection: Selection, groupings: Iterable[Grouping]) -> None:
    """Raises `Invalid`: of votes with a reason it is not known how they were made otherwise."""
    if any(_kind_of(grouping) is Attribute.REASON for grouping in groupings) and _asks_for_kinds(selection):
        raise Invalid("by", "reasons cannot be told apart by auth level or comment")


def _asks_for_kinds(selection: Selection) -> bool:
    return selection.auth_level is not None or selection.has_comment is not None


def _over_time(sums: _Sums) -> _Sums:
    """Few are left, so each further grouping costs next to nothing."""
    return {kind: {None: sum(timed.values())} for kind, timed in sums.items()}


def _kind_of(grouping: Grouping) -> Attribute | None:
    """By what of the votes themselves they are told apart. Raises `Invalid` for more than one such thing."""
    found = {dimension.attribute for dimension in grouping.by} & KINDS
    if len(found) > 1:
        raise Invalid("by", "votes can be told apart by auth level or by reason, not by both")
    return next(iter(found), None)


def _is_of(auth_level: str, kind: Attribute | None) -> bool:
    """Whether a kind of votes belongs where they are told apart in this way."""
    if kind is None:
        return not auth_level
    return bool(auth_level) and auth_level.startswith(REASON) == (kind is Attribute.REASON)


def _grouped(sums: _Sums, grouping: Grouping, cells: Mapping[int, _Cell], selection: Selection, window: _Window
             ) -> list[Counted]:
    groups: defaultdict[Values, defaultdict[Instant | None, int]] = defaultdict(_noughts)
    kind = _kind_of(grouping)
    starts = {unit: _start(unit, grouping, window) for unit in set().union(*sums.values())}
    for (cell, auth_level), timed in sums.items():
        if _is_of(auth_level, kind):
            group = groups[_values(grouping, cells[cell], auth_level)]
            for unit, added in timed.items():
                group[starts[unit]] += added
    unknown = kind is not None or _asks_for_kinds(selection)
    found = [(values, start, added) for values, timed in groups.items() for start, added in timed.items() if added]
    return [Counted(values, start, _counts(added, shown_known=not unknown))
            for values, start, added in sorted(found, key=_order)]


def _values(grouping: Grouping, cell: _Cell, auth_level: str) -> Values:
    return tuple(auth_level.removeprefix(REASON) if dimension.attribute in KINDS else cell.value(dimension)
                 for dimension in grouping.by)


def _start(unit: int | None, grouping: Grouping, window: _Window) -> Instant | None:
    return None if unit is None or grouping.per is None else window.start(unit, grouping.per)


def _counts(added: int, *, shown_known: bool) -> Counts:
    shown, likes, dislikes = lanes.numbers(added)
    return Counts(shown if shown_known else None, likes, dislikes)


def _order(group: tuple[Values, Instant | None, int]) -> Any:
    values, start, _ = group
    return start or 0, [(value is not None, value or "") for value in values]


def _noughts() -> defaultdict[int | None, int]:
    return defaultdict(int)


def _same(period: int) -> int:
    return period
