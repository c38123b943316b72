"""One number over another, both counted by bucket of subjects, and how much it moves when a bucket is left out.

Everything else here is made of these movements, so that subjects, not votes, are the unit: whoever votes a hundred
times moves one bucket. docs/statistics.md has the formulas, and how often the intervals were right when simulated.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import add, mul

from plaudit.counts import BUCKETS, Counts
from plaudit.statistics.distributions import t_quantile
from plaudit.statistics.results import Estimate, Interval, Measure, Rates, Reliability

ERROR = 0.05  # of a hundred intervals so many miss
EFFECTIVE_MIN = 4.0  # buckets; with fewer an interval would be nearly as wide as everything possible
STILL = 1e-12  # a movement below is none, but for how numbers are rounded
EFFECTIVE_FEW = 10.0  # below, an interval is wide, and its 95 % hang on how alike people are

_NOUGHTS = (0,) * BUCKETS


@dataclass(frozen=True, slots=True)
class Ratio:
    """`value` is numerator ÷ denominator; `shifts` is by how much it moves without each of the buckets, scaled so that
    its variance is the sum of their squares; empty where too few subjects are there to tell, or all buckets say exactly
    the same, which tells nothing of how much they would differ. `below` is the denominator by bucket.

    `effective`: so many buckets of equal size would tell as much (Kish 1965), by the denominator.
    """

    numerator: int
    denominator: int
    value: float
    shifts: Sequence[float]
    effective: float
    below: Sequence[int]

    @property
    def degrees(self) -> float:
        return self.effective - 1

    @property
    def variance(self) -> float:
        return squared(self.shifts)

    @property
    def reliability(self) -> Reliability:
        if not self.shifts:
            return Reliability.WITHHELD
        return Reliability.FEW if self.effective < EFFECTIVE_FEW else Reliability.GOOD


def rates(counts: Counts) -> Rates:
    likes, dislikes = sum(counts.likes), sum(counts.dislikes)
    return Rates(
        shown=None if counts.shown is None else sum(counts.shown),
        votes=likes + dislikes,
        likes=likes,
        dislikes=dislikes,
        satisfaction=estimate(counts, Measure.SATISFACTION),
        response_rate=None if counts.shown is None else estimate(counts, Measure.RESPONSE_RATE),
        dislikes_per_answer=None if counts.shown is None else estimate(counts, Measure.DISLIKES_PER_ANSWER),
    )


def estimate(counts: Counts, measure: Measure) -> Estimate:
    ratio = ratio_of(counts, measure)
    if ratio is None:
        return Estimate(None, None, None, 0, 0, Reliability.WITHHELD)
    around = interval(ratio)
    low, high = (around.low, around.high) if around else (None, None)
    return Estimate(ratio.value, low, high, ratio.numerator, ratio.denominator, ratio.reliability)


def interval(ratio: Ratio, error: float = ERROR) -> Interval | None:
    """Symmetric in log-odds; missing the true rate with a probability of `error`. None where it is withheld."""
    if not ratio.shifts:
        return None
    p = ratio.value
    if not 0 < p < 1:
        return _one_sided(ratio, error)
    half = t_quantile(error, ratio.degrees) * math.sqrt(ratio.variance) / (p * (1 - p))
    odds, factor = p / (1 - p), math.exp(min(half, 700.0))
    return Interval(p, odds / (odds + factor), odds / (odds + 1 / factor))


def ratio_of(counts: Counts, measure: Measure) -> Ratio | None:
    """None where there is nothing to divide by, or nothing that can be told apart by what was asked for."""
    pieces = pieces_of(counts, measure)
    return None if pieces is None else ratio(*pieces)


def pieces_of(counts: Counts, measure: Measure) -> tuple[Sequence[int], Sequence[int]] | None:
    """Numerator and denominator of a measure, by bucket."""
    if measure is Measure.SATISFACTION:
        return counts.likes, tuple(map(add, counts.likes, counts.dislikes))
    if counts.shown is None:
        return None
    if measure is Measure.RESPONSE_RATE:
        return tuple(map(add, counts.likes, counts.dislikes)), counts.shown
    return counts.dislikes, counts.shown


def ratio(numerators: Sequence[int], denominators: Sequence[int]) -> Ratio | None:
    """Without bucket b the rate p = N/D moves by (p·d - n) ÷ (D - d), n and d being the bucket's: no approximation."""
    numerator, denominator = sum(numerators), sum(denominators)
    if denominator == 0:
        return None
    p = numerator / denominator
    effective = denominator * denominator / sum(map(mul, denominators, denominators))
    if effective < EFFECTIVE_MIN:
        return Ratio(numerator, denominator, p, (), effective, denominators)
    occupied = len(denominators) - denominators.count(0)
    scale = math.sqrt(occupied / (occupied - 1))
    shifts = [scale * (p * below - above) / (denominator - below) if below else 0.0
              for above, below in zip(numerators, denominators, strict=True)]
    if 0 < p < 1 and all(abs(shift) < STILL for shift in shifts):
        shifts = []
    return Ratio(numerator, denominator, p, shifts, effective, denominators)


def together(parts: Iterable[Counts]) -> Counts:
    """All of them added up. `shown` is None when it is None in any."""
    listed = list(parts)
    if not listed:
        return nothing()
    shown = [part.shown for part in listed]
    return Counts(
        None if None in shown else _sums([each for each in shown if each is not None]),
        _sums([part.likes for part in listed]),
        _sums([part.dislikes for part in listed]),
    )


def nothing(*, shown: bool = True) -> Counts:
    """`shown`: it is known how many were shown, and that is none."""
    return Counts(_NOUGHTS if shown else None, _NOUGHTS, _NOUGHTS)


def squared(shifts: Iterable[float]) -> float:
    return sum([shift * shift for shift in shifts])


def _sums(rows: Sequence[Sequence[int]]) -> tuple[int, ...]:
    return tuple(map(sum, zip(*rows, strict=True)))


def _one_sided(ratio: Ratio, error: float) -> Interval:
    """Where all are of one kind, nothing varies. Then a bucket is taken for one person with one opinion: the least that
    it can say (Clopper and Pearson 1934, for as many as there are effective buckets)."""
    far = (error / 2) ** (1 / ratio.effective)
    return Interval(1.0, far, 1.0) if ratio.value == 1 else Interval(0.0, 0.0, 1 - far)
