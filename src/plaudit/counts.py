"""The nouns of the numbers: how many, of which answers and votes, told apart by what."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from plaudit.model import AuthLevel, Instant

BUCKETS = 64  # subjects are spread over so many by a hash: intervals are made by leaving one of them out at a time


@dataclass(frozen=True, slots=True)
class Counts:
    """How many, by bucket of subjects: `BUCKETS` numbers each. Additive over any split of answers and of time.

    `shown` is None where answers cannot be told apart by what was asked for: an answer that nobody voted on has no
    comment and no auth level.
    """

    shown: tuple[int, ...] | None
    likes: tuple[int, ...]
    dislikes: tuple[int, ...]


class Attribute(StrEnum):
    """What answers and the votes on them are told apart by."""

    MODEL = "model"
    PROMPT_VERSION = "prompt_version"
    LOCALE = "locale"
    PLATFORM = "platform"
    ARM = "arm"  # of an experiment
    AUTH_LEVEL = "auth_level"  # the vote's; an answer that nobody voted on has none
    REASON = "reason"  # the vote's as well; one may have several, so that its groups do not add up


@dataclass(frozen=True, slots=True)
class Dimension:
    """An attribute to split by; written `model`, or `arm:greeting` for the arms of the experiment `greeting`."""

    attribute: Attribute
    experiment: str | None = None

    def __str__(self) -> str:
        return f"{self.attribute}:{self.experiment}" if self.experiment is not None else self.attribute.value


@dataclass(frozen=True, slots=True)
class Selection:
    """Which answers, and which votes on them; None asks for any, an empty text for those that have none.

    `since` is inclusive, `until` exclusive. Both say when the answer was shown, not when it was voted on, so that a
    vote is always counted beside the answer that it judges; both are the beginning of an hour in the project's zone.
    """

    since: Instant | None = None
    until: Instant | None = None
    model: str | None = None
    prompt_version: str | None = None
    arms: Mapping[str, str] = field(default_factory=dict)  # experiment -> arm
    locale: str | None = None
    platform: str | None = None
    auth_level: AuthLevel | None = None
    has_comment: bool | None = None


class Period(StrEnum):
    HOUR = "hour"
    DAY = "day"
    WEEK = "week"  # from Monday on


@dataclass(frozen=True, slots=True)
class Grouping:
    """How to add up: apart for each value of these dimensions, and for each period."""

    by: tuple[Dimension, ...] = ()
    per: Period | None = None


@dataclass(frozen=True, slots=True)
class Counted:
    """One group of a grouping: a value for each of its dimensions (None: the answers have none), when its period
    began, and how many."""

    values: tuple[str | None, ...]
    start: Instant | None
    counts: Counts
