"""The numbers of a project: what is counted in storage, made into rates, comparisons, rankings and trends.

Each number is computed by one function of `statistics`, whichever page, answer or command shows it. What a page shows
of the selected time comes from one call of the store, so that its numbers agree with each other.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain

from plaudit.counts import Attribute, Counted, Counts, Dimension, Grouping, Period, Selection
from plaudit.errors import Invalid
from plaudit.model import Instant, Project
from plaudit.ports import Store
from plaudit.statistics import comparison, mix, movers, periods, ranking, ratios, sample_ratio, trends
from plaudit.statistics.results import (
    Alert,
    Breakdown,
    Comparison,
    Group,
    Mix,
    Overview,
    Ranking,
    Rates,
    SampleRatio,
    Series,
)

ARMS_MAX = 100
MARGIN_MAX = 0.5
AHEAD_MILLISECONDS = 24 * periods.HOUR_MILLISECONDS  # of an answer's clock
MIXED = (Attribute.MODEL, Attribute.PROMPT_VERSION, Attribute.LOCALE, Attribute.PLATFORM, Attribute.AUTH_LEVEL)
MOVING = (Attribute.MODEL, Attribute.PROMPT_VERSION, Attribute.LOCALE, Attribute.PLATFORM)
ALERTING = (Attribute.PROMPT_VERSION, Attribute.MODEL)

Value = str | None


class Analytics:
    """`now` gives milliseconds since 1970. Every method may raise `Invalid` and `Unavailable`."""

    def __init__(self, store: Store, *, now: Callable[[], Instant]) -> None:
        self._store = store
        self._now = now

    async def summary(self, project: Project, selection: Selection) -> Rates:
        [counted] = await self._counts(project, selection, Grouping())
        return ratios.rates(_only(counted, selection))

    async def series(self, project: Project, selection: Selection, per: Period) -> Series:
        """Alerts look back beyond the selection's beginning for what to expect; a run of them that began before it is
        told where it is first seen. Raises `Invalid` for more periods than `periods.PERIODS_MAX`."""
        grouping = Grouping(per=per)
        [counted] = await self._counts(project, selection, grouping)
        [earlier] = await self._earlier(project, selection, per, grouping)
        return _series(_Time.of(project, selection, per, self._now(), counted), earlier, counted)

    async def breakdown(self, project: Project, selection: Selection, by: Dimension) -> Breakdown:
        [counted] = await self._counts(project, selection, Grouping((by,)))
        return Breakdown(by, tuple(Group(each.values[0], ratios.rates(each.counts)) for each in _most_first(counted)))

    async def compare(self, project: Project, selection: Selection, by: Dimension, arms: Sequence[Value], *,
                      margin: float = 0.02, expected: Sequence[float] | None = None) -> Comparison:
        """`arms[0]` is the baseline; none: all that there are, the one with most votes first.

        `margin`: what counts as no difference of satisfaction. `expected`: the shares of answers that the arms should
        have had; arms of an experiment, when it is None, equal ones. Raises `Invalid` for an arm that is not there.
        """
        _check_comparison(by, arms, margin, expected)
        others = [other for attribute in MIXED if (other := Dimension(attribute)) != by]
        by_arm, *crossed = await self._counts(
            project, selection, Grouping((by,)), *[Grouping((by, other)) for other in others])
        chosen = _chosen(by_arm, arms or _all_arms(by, by_arm))
        return Comparison(
            by,
            tuple(Group(value, ratios.rates(counts)) for value, counts in chosen),
            tuple(comparison.differences(chosen, margin)),
            _sample_ratio(by, chosen, expected),
            tuple(chain.from_iterable(_mixes(other, chosen, counted)
                                      for other, counted in zip(others, crossed, strict=True))),
            margin,
        )

    async def ranking(self, project: Project, selection: Selection, by: Dimension) -> Ranking:
        """Raises `Invalid` for reasons."""
        _require_parts(by)
        [counted] = await self._counts(project, selection, Grouping((by,)))
        return ranking.ranking(by, [(each.values[0], each.counts) for each in counted])

    async def overview(self, project: Project, selection: Selection, per: Period = Period.DAY) -> Overview:
        """Raises `Invalid` as `series` does."""
        moving = [Grouping((Dimension(attribute),)) for attribute in MOVING]
        timed = [Grouping((), per), *[Grouping((Dimension(attribute),), per) for attribute in ALERTING]]
        whole, *counted = await self._counts(project, selection, Grouping(), *moving, *timed)
        groups, (series, *alerting) = counted[:len(moving)], counted[len(moving):]
        before = await self._before(project, selection, Grouping(), *moving)
        earlier = await self._earlier(project, selection, per, *timed)
        time = _Time.of(project, selection, per, self._now(), series)
        alerts = chain.from_iterable(map(partial(_alerts, time), ALERTING, earlier[1:], alerting))
        together = _series(time, earlier[0], series)
        changes = chain.from_iterable(map(_changes, moving, before[1:], groups))
        return Overview(
            selection,
            ratios.rates(_only(whole, selection)),
            ratios.rates(_only(before[0], selection)) if before else None,
            replace(together, alerts=(*together.alerts, *alerts)),
            tuple(movers.movers(list(changes))),
        )

    async def dimensions(self, project_id: str) -> dict[Dimension, list[str]]:
        """Every dimension that answers were ever told apart by, and its values."""
        return await self._store.dimensions(project_id)

    async def _counts(self, project: Project, selection: Selection, *groupings: Grouping) -> list[list[Counted]]:
        return await self._store.counts(project.id, selection, groupings)

    async def _before(self, project: Project, selection: Selection, *groupings: Grouping) -> list[list[Counted]]:
        """Of the time before, of the same length; empty where the selection has no beginning."""
        if selection.since is None:
            return []
        until = selection.until if selection.until is not None else self._now()
        length = -(-max(until - selection.since, 1) // periods.HOUR_MILLISECONDS) * periods.HOUR_MILLISECONDS
        since = periods.start_of(selection.since - length, Period.HOUR, project.time_zone)
        return await self._counts(project, replace(selection, since=since, until=selection.since), *groupings)

    async def _earlier(self, project: Project, selection: Selection, per: Period, *groupings: Grouping
                       ) -> list[list[Counted]]:
        """Of the periods that the selection's first ones are expected by."""
        if selection.since is None:
            return [[] for _ in groupings]
        since = periods.before(selection.since, trends.BASELINE[per], per, project.time_zone)
        until = periods.start_of(selection.since, per, project.time_zone)
        return await self._counts(project, replace(selection, since=since, until=until), *groupings)


# ---------------------------------------------------------------- over time


@dataclass(frozen=True, slots=True)
class _Time:
    """A selection's periods, without a gap, and those before it to expect by."""

    per: Period
    zone: str
    earlier: Sequence[Instant]
    starts: Sequence[Instant]
    nothing: Counts

    @classmethod
    def of(cls, project: Project, selection: Selection, per: Period, now: Instant, counted: Sequence[Counted]
           ) -> "_Time":
        """As far as to now, or to the last that is there unless its clock was wrong by a day. Raises `Invalid`."""
        zone, nothing = project.time_zone, ratios.nothing(shown=_is_shown_known(selection))
        found = [each.start for each in counted if each.start is not None]
        since = min(found, default=None) if selection.since is None else selection.since
        if since is None:
            return cls(per, zone, (), (), nothing)
        latest = max([now, *(start for start in found if start < now + AHEAD_MILLISECONDS)]) + 1
        until = latest if selection.until is None else min(selection.until, latest)
        starts = periods.starts(since, until, per, zone)
        if selection.since is None:
            return cls(per, zone, (), starts, nothing)
        first = periods.before(since, trends.BASELINE[per], per, zone)
        earlier = periods.starts(first, periods.start_of(since, per, zone), per, zone)
        return cls(per, zone, earlier, starts, nothing)

    def filled(self, starts: Sequence[Instant], counted: Iterable[Counted]) -> list[trends.Timed]:
        """A period each, with nothing in it where there was nothing."""
        found = {each.start: each.counts for each in counted}
        return [(start, found.get(start, self.nothing)) for start in starts]


def _series(time: _Time, earlier: Sequence[Counted], counted: Sequence[Counted]) -> Series:
    before, timed = time.filled(time.earlier, earlier), time.filled(time.starts, counted)
    found = trends.alerts([*before, *timed], time.per, earlier=len(before))
    return Series(time.per, time.zone, trends.points(timed), tuple(found))


def _alerts(time: _Time, by: Attribute, earlier: Sequence[Counted], counted: Sequence[Counted]) -> list[Alert]:
    """Of each group by itself."""
    before, after = _by_values(earlier), _by_values(counted)
    found: list[Alert] = []
    for values, timed in after.items():
        past = time.filled(time.earlier, before.get(values, ()))
        found += trends.alerts([*past, *time.filled(time.starts, timed)], time.per, earlier=len(past),
                               series=len(after), dimension=Dimension(by), group=values[0])
    return found


def _by_values(counted: Iterable[Counted]) -> dict[tuple[Value, ...], list[Counted]]:
    found: defaultdict[tuple[Value, ...], list[Counted]] = defaultdict(list)
    for each in counted:
        found[each.values].append(each)
    return found


def _changes(grouping: Grouping, before: Sequence[Counted], after: Sequence[Counted]) -> list[movers.Change]:
    then = {each.values: each.counts for each in before}
    return [movers.Change(grouping.by[0], each.values[0], then[each.values], each.counts)
            for each in after if each.values in then]


# ---------------------------------------------------------------- arms


def _require_parts(by: Dimension) -> None:
    """One vote may have several reasons: there is nothing to choose between."""
    if by.attribute is Attribute.REASON:
        raise Invalid("by", "votes can be broken down by reason, not compared or ranked by it")


def _check_comparison(by: Dimension, arms: Sequence[Value], margin: float, expected: Sequence[float] | None) -> None:
    _require_parts(by)
    if arms and (len(set(arms)) != len(arms) or len(arms) == 1):
        raise Invalid("arms", "Name at least two arms, each once")
    if not 0 < margin <= MARGIN_MAX:
        raise Invalid("margin", f"must be more than 0 and at most {MARGIN_MAX}")
    if expected is not None and not arms:
        raise Invalid("expected", "Name the arms that these are the shares of")
    if expected is not None and (len(expected) != len(arms) or not all(0 < share < math.inf for share in expected)):
        raise Invalid("expected", "must be a share for each arm, more than 0")


def _all_arms(by: Dimension, counted: Sequence[Counted]) -> list[Value]:
    """Whoever is in no arm of an experiment is no arm of it."""
    values = [each.values[0] for each in _most_first(counted)]
    return [value for value in values if value is not None or by.attribute is not Attribute.ARM]


def _chosen(counted: Sequence[Counted], arms: Sequence[Value]) -> list[comparison.Arm]:
    """Raises `Invalid` when one is not there, or fewer than two or too many are."""
    there = {each.values[0]: each.counts for each in counted}
    for arm in arms:
        if arm not in there:
            raise Invalid("arms", "Every answer has a value" if arm is None else f"No answer has the value {arm!r}")
    chosen = [(arm, there[arm]) for arm in arms]
    if not 1 < len(chosen) <= ARMS_MAX:
        raise Invalid("arms", f"There must be at least 2 arms and at most {ARMS_MAX}, and here are {len(chosen)}")
    return chosen


def _sample_ratio(by: Dimension, arms: Sequence[comparison.Arm], expected: Sequence[float] | None
                  ) -> SampleRatio | None:
    """Only an experiment deals answers out evenly unless it is said otherwise."""
    if expected is None and by.attribute is not Attribute.ARM:
        return None
    return sample_ratio.sample_ratio([counts for _, counts in arms], expected)


def _mixes(other: Dimension, arms: Sequence[comparison.Arm], counted: Sequence[Counted]) -> list[Mix]:
    strata: Mapping[Value, mix.Strata] = mix.by_arm((each.values, each.counts) for each in counted)
    return mix.mixes(other, [(arm, strata.get(arm, {})) for arm, _ in arms], [counts for _, counts in arms])


# ---------------------------------------------------------------- counts


def _only(counted: Sequence[Counted], selection: Selection) -> Counts:
    return counted[0].counts if counted else ratios.nothing(shown=_is_shown_known(selection))


def _most_first(counted: Sequence[Counted]) -> list[Counted]:
    """Most votes first."""
    return sorted(counted, key=lambda each: -sum(each.counts.likes) - sum(each.counts.dislikes))


def _is_shown_known(selection: Selection) -> bool:
    return selection.auth_level is None and selection.has_comment is None
