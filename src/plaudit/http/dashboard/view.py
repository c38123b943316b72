"""What a page's address says: which time, which answers, seen how. Read strictly and written back whole, so that a view
can be shared as it is. Pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TypeVar
from urllib.parse import urlencode

from plaudit.counts import Attribute, Dimension, Period, Selection
from plaudit.deeds import ReviewFilter
from plaudit.errors import Invalid
from plaudit.http import hours
from plaudit.model import AuthLevel, Instant, Project, Vote

NONE = "∅"  # in an address: those answers that have no value; an empty text there is "any"
DAYS = {"1": 1, "7": 7, "30": 30, "90": 90, "365": 365}
ALWAYS = "all"
DAYS_DEFAULT = "30"
TEXT_LENGTH_MAX = 256
SEARCH_LENGTH_MAX = 200
HOURS_UP_TO_DAYS = 2
DAYS_UP_TO_DAYS = 120
DAY_MILLISECONDS = 24 * hours.HOUR_MILLISECONDS
TEXTS = (Attribute.MODEL, Attribute.PROMPT_VERSION, Attribute.LOCALE, Attribute.PLATFORM)
ARM = "arm:"  # and the experiment's name
YES_NO = {"yes": True, "no": False}
DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)

T = TypeVar("T")
Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class View:
    """`pairs`: the address's own parameters in order, without the empty ones."""

    pairs: Pairs
    days: str  # one of `DAYS`, `ALWAYS`, or "" for dates
    selection: Selection
    per: Period

    def get(self, name: str, default: str = "") -> str:
        return next((value for key, value in self.pairs if key == name), default)

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.pairs if key == name]

    def url(self, path: str, /, **changes: str | None) -> str:
        """The same view at a path, with some parameters changed; None or an empty text takes one away."""
        return address(path, with_changes(self.pairs, changes))

    @property
    def filters(self) -> Pairs:
        """What narrows the answers down, time aside."""
        return tuple(pair for pair in self.pairs if is_filter(pair[0]))

    def without(self, *names: str) -> Pairs:
        """For a form that asks for these anew."""
        return tuple(pair for pair in self.pairs if pair[0] not in names)

    def carried_to(self, path: str) -> str:
        return address(path, self.carried)

    @property
    def carried(self) -> Pairs:
        """What goes along from page to page."""
        return tuple(pair for pair in self.pairs if pair[0] in {"days", "from", "to"} or is_filter(pair[0]))


def read_view(pairs: Iterable[tuple[str, str]], project: Project, now: Instant) -> View:
    """Raises `Invalid` naming the parameter."""
    given = tuple((name, value.strip()) for name, value in pairs if value.strip())
    for name, value in given:
        if len(name) + len(value) > 2 * TEXT_LENGTH_MAX:
            raise Invalid(name[:TEXT_LENGTH_MAX], "is too long")
    first = dict(reversed(given))
    days, since, until = _window(first, project, now)
    selection = Selection(
        since=since, until=until,
        **{attribute.value: _text(first.get(attribute.value)) for attribute in TEXTS},
        arms={name.removeprefix(ARM): _text(value) or "" for name, value in given if name.startswith(ARM)},
        auth_level=_choice(first, "auth_level", {level.value: level for level in AuthLevel}),
        has_comment=_choice(first, "has_comment", YES_NO),
    )
    per = _choice(first, "per", {period.value: period for period in Period}) or _per(since, until or now)
    return View(given, days, selection, per)


def review_filter(view: View) -> ReviewFilter:
    """Raises `Invalid`."""
    first = dict(reversed(view.pairs))
    search = first.get("q")
    if search and len(search) > SEARCH_LENGTH_MAX:
        raise Invalid("q", f"is longer than {SEARCH_LENGTH_MAX} characters")
    wanted = view.selection
    return ReviewFilter(
        reviewed={"yes": True, "all": None}.get(first.get("reviewed", "no"), False),
        search=search,
        since=wanted.since, until=wanted.until,
        vote=_choice(first, "vote", {"like": Vote.LIKE, "dislike": Vote.DISLIKE}),
        has_comment=wanted.has_comment, auth_level=wanted.auth_level, model=wanted.model,
        prompt_version=wanted.prompt_version, locale=wanted.locale, platform=wanted.platform, arms=wanted.arms,
    )


def dimension(text: str) -> Dimension:
    """As `str(Dimension)` writes it. Raises `Invalid`."""
    name, _, experiment = text.partition(":")
    if name not in {attribute.value for attribute in Attribute} or bool(experiment) != (name == Attribute.ARM):
        raise Invalid("by", f"must be one of {', '.join(Attribute)}, and arm with its experiment: arm:greeting")
    return Dimension(Attribute(name), experiment or None)


def is_filter(name: str) -> bool:
    return name in {*TEXTS, Attribute.AUTH_LEVEL, "has_comment"} or name.startswith(ARM)


def with_changes(pairs: Pairs, changes: Mapping[str, str | None]) -> Pairs:
    kept = tuple(pair for pair in pairs if pair[0] not in changes)
    return kept + tuple((name, value) for name, value in changes.items() if value)


def address(path: str, pairs: Pairs) -> str:
    return f"{path}?{urlencode(pairs)}" if pairs else path


# ---------------------------------------------------------------- time


def _window(first: Mapping[str, str], project: Project, now: Instant) -> tuple[str, Instant | None, Instant | None]:
    if "from" in first or "to" in first:
        return "", *_dates(first, project.time_zone)
    days = first.get("days", DAYS_DEFAULT)
    if days == ALWAYS:
        return days, None, None
    if days not in DAYS:
        raise Invalid("days", f"must be one of {', '.join([*DAYS, ALWAYS])}")
    return days, hours.days_before(now, DAYS[days] - 1, project.time_zone), None


def _dates(first: Mapping[str, str], time_zone: str) -> tuple[Instant | None, Instant | None]:
    """Both days are meant, the last one to its end."""
    since = hours.read(_day(first, "from"), "from", time_zone) if "from" in first else None
    until = hours.read(_day(first, "to", later_days=1), "to", time_zone) if "to" in first else None
    if since is not None and until is not None and until <= since:
        raise Invalid("to", "is before the first day")
    return since, until


def _day(first: Mapping[str, str], name: str, later_days: int = 0) -> str:
    """A day as the calendar writes it, or one so many days later. Raises `Invalid`."""
    try:
        if not DATE.fullmatch(first[name]):
            raise Invalid(name, "must be a day such as 2026-11-22")
        return (date.fromisoformat(first[name]) + timedelta(days=later_days)).isoformat()
    except (ValueError, OverflowError):
        raise Invalid(name, "is no day of the calendar") from None


def _per(since: Instant | None, until: Instant) -> Period:
    if since is None:
        return Period.WEEK
    days = (until - since) / DAY_MILLISECONDS
    if days <= HOURS_UP_TO_DAYS:
        return Period.HOUR
    return Period.DAY if days <= DAYS_UP_TO_DAYS else Period.WEEK


# ---------------------------------------------------------------- values


def _text(value: str | None) -> str | None:
    return "" if value == NONE else value


def _choice(first: Mapping[str, str], name: str, choices: Mapping[str, T]) -> T | None:
    text = first.get(name)
    if text is None:
        return None
    if text not in choices:
        raise Invalid(name, f"must be one of {', '.join(choices)}")
    return choices[text]

