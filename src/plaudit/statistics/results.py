"""What is computed, as nouns. Rates are fractions of one; whoever shows them makes per cent of them."""

from dataclasses import dataclass
from enum import StrEnum

from plaudit.counts import Dimension, Period, Selection
from plaudit.model import Instant


class Reliability(StrEnum):
    """How far an interval can be trusted."""

    GOOD = "good"
    FEW = "few"  # so few people voted that the interval may be too narrow
    WITHHELD = "withheld"  # too few for any interval: there is none


@dataclass(frozen=True, slots=True)
class Estimate:
    """`numerator` ÷ `denominator`, with an interval in which people, not votes, are the unit.

    `value` is None where there is nothing to divide by, `low` and `high` where the interval is withheld.
    """

    value: float | None
    low: float | None
    high: float | None
    numerator: int
    denominator: int
    reliability: Reliability


@dataclass(frozen=True, slots=True)
class Rates:
    """What every number on every page is one of. `shown` and the rates that need it are None where answers cannot be
    told apart by what was asked for (see `counts.Counts`)."""

    shown: int | None
    votes: int
    likes: int
    dislikes: int
    satisfaction: Estimate  # likes ÷ votes
    response_rate: Estimate | None  # votes ÷ shown
    dislikes_per_answer: Estimate | None  # dislikes ÷ shown; read out as "per thousand answers"


# ---------------------------------------------------------------- over time


class Direction(StrEnum):
    UP = "up"
    DOWN = "down"


class Measure(StrEnum):
    SATISFACTION = "satisfaction"
    RESPONSE_RATE = "response_rate"
    DISLIKES_PER_ANSWER = "dislikes_per_answer"


@dataclass(frozen=True, slots=True)
class Point:
    start: Instant
    rates: Rates


@dataclass(frozen=True, slots=True)
class Alert:
    """A measure that left, in the period that began at `start`, what the periods before it let one expect."""

    start: Instant
    measure: Measure
    direction: Direction
    value: float
    expected: float
    dimension: Dimension | None = None  # by which the group is told apart that it happened in; None: all together
    group: str | None = None  # that group's value of it


@dataclass(frozen=True, slots=True)
class Series:
    """Consecutive periods, also those in which nothing was shown."""

    per: Period
    time_zone: str
    points: tuple[Point, ...]
    alerts: tuple[Alert, ...]


# ---------------------------------------------------------------- by dimension


@dataclass(frozen=True, slots=True)
class Group:
    value: str | None  # None: the answers have none
    rates: Rates


@dataclass(frozen=True, slots=True)
class Breakdown:
    by: Dimension
    groups: tuple[Group, ...]  # most votes first


class Verdict(StrEnum):
    BETTER = "better"  # the second arm than the first
    WORSE = "worse"
    SAME = "same"  # no difference larger than the margin that was asked about
    OPEN = "open"  # cannot be told yet
    WITHHELD = "withheld"  # too few people for a judgement


@dataclass(frozen=True, slots=True)
class Interval:
    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Difference:
    """One measure of `arm` against `baseline`: `arm` minus `baseline`, and `arm` over `baseline`.

    `fixed` holds for whoever looks once, `always` for whoever looks as often as they like; both are corrected for the
    number of arms compared with the baseline, not for the measures. The verdict is made of `always`. For dislikes, less
    is better.
    """

    baseline: str | None
    arm: str | None
    measure: Measure
    fixed: Interval | None
    always: Interval | None
    ratio: Interval | None  # None also where either rate is nought
    p_value: float | None  # of `fixed`, two-sided, after the correction
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class SampleRatio:
    """Were answers dealt out to the arms as they should have been? By people, not by answers."""

    expected: tuple[float, ...]  # shares, in the order of the comparison's arms
    observed: tuple[float, ...]
    p_value: float | None  # None: too few people
    mismatch: bool


@dataclass(frozen=True, slots=True)
class Mix:
    """The arms differ in what else they were shown with, and that explains what they seem to differ in."""

    dimension: Dimension
    arm: str | None
    measure: Measure
    difference: float  # as it looks
    within: float  # of the same strata
    strata: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """Arms, the baseline first, and each of the others against it."""

    by: Dimension
    arms: tuple[Group, ...]
    differences: tuple[Difference, ...]  # of each measure, for each arm but the first
    sample_ratio: SampleRatio | None
    mixes: tuple[Mix, ...]
    margin: float  # what counts as "no difference": a difference of satisfaction of no more than this


@dataclass(frozen=True, slots=True)
class Ranked:
    value: str | None
    rates: Rates
    simultaneous: Interval | None  # of satisfaction, holding for all ranked at once; None: withheld
    rank_low: int  # the best that it can be, counting from 1
    rank_high: int  # the worst
    better_than: tuple[str | None, ...]  # certainly


@dataclass(frozen=True, slots=True)
class Ranking:
    by: Dimension
    ranked: tuple[Ranked, ...]  # highest satisfaction first; those without an interval last


# ---------------------------------------------------------------- one page of it all


@dataclass(frozen=True, slots=True)
class Mover:
    """A group whose satisfaction moved against the time before, of the same length."""

    dimension: Dimension
    value: str | None
    before: Rates
    after: Rates
    change: Interval  # of satisfaction


@dataclass(frozen=True, slots=True)
class Overview:
    selection: Selection
    rates: Rates
    before: Rates | None  # the time before, of the same length; None where the selection has no beginning
    series: Series
    movers: tuple[Mover, ...]  # the worst first; only those that moved for certain
