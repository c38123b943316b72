"""Were answers dealt out to arms as they should have been? If not, nothing else that is said of the arms holds."""

from collections.abc import Sequence

from plaudit.model import Counts
from plaudit.statistics.distributions import f_tail
from plaudit.statistics.ratios import ratio, squared
from plaudit.statistics.results import SampleRatio

ALARM = 0.001  # a p-value below this is a mismatch: so rarely by chance that it is worth stopping for


def sample_ratio(arms: Sequence[Counts], expected: Sequence[float] | None = None) -> SampleRatio | None:
    """By people: a chi-square test corrected by the design effect of shares (Rao and Scott 1981, first order; with
    their F for the variance being estimated). None where it is not known what was shown. `expected`: equal shares."""
    shown = [counts.shown for counts in arms if counts.shown is not None]
    total = sum(map(sum, shown))
    if len(shown) < len(arms) or total == 0:
        return None
    wanted = _shares(expected or [1.0] * len(arms))
    observed = tuple(sum(each) / total for each in shown)
    p_value = _p_value(shown, wanted)
    return SampleRatio(wanted, observed, p_value, p_value is not None and p_value < ALARM)


def _p_value(shown: Sequence[Sequence[int]], expected: Sequence[float]) -> float | None:
    """None: too few people."""
    everything = tuple(map(sum, zip(*shown, strict=True)))
    shares = [ratio(each, everything) for each in shown]
    distance, spread, degrees = 0.0, 0.0, 0.0
    for share, wanted in zip(shares, expected, strict=True):
        if share is None or not share.shifts:
            return None
        distance += (share.value - wanted) ** 2 / wanted
        spread += squared(share.shifts) / wanted
        degrees = share.degrees
    if spread == 0:
        return float(distance == 0)
    return f_tail(distance / spread, len(shown) - 1, (len(shown) - 1) * degrees)


def _shares(expected: Sequence[float]) -> tuple[float, ...]:
    return tuple(each / sum(expected) for each in expected)
