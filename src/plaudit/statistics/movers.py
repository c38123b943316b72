"""Groups whose satisfaction moved for certain against the time before."""

from collections.abc import Sequence
from dataclasses import dataclass

from plaudit.counts import Counts, Dimension
from plaudit.statistics.comparison import Contrast, contrast, fixed, p_value
from plaudit.statistics.ratios import ERROR, rates, ratio_of
from plaudit.statistics.results import Measure, Mover


@dataclass(frozen=True, slots=True)
class Change:
    dimension: Dimension
    value: str | None
    before: Counts
    after: Counts


def movers(changes: Sequence[Change]) -> list[Mover]:
    """The worst first. Corrected for the number of groups that were looked at (Bonferroni)."""
    told = [(change, moved) for change in changes if (moved := _moved(change)) is not None]
    found = [
        Mover(change.dimension, change.value, rates(change.before), rates(change.after),
              fixed(moved, ERROR / len(told)))
        for change, moved in told if p_value(moved, len(told)) < ERROR
    ]
    return sorted(found, key=lambda mover: mover.change.value)


def _moved(change: Change) -> Contrast | None:
    return contrast(*(ratio_of(counts, Measure.SATISFACTION) for counts in (change.before, change.after)))
