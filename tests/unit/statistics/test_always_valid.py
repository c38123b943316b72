"""Whoever looks after every vote, and each person sees one arm, errs with the always-valid test in less than 5 %."""

import arrays
import numpy as np
import pytest
import sequences
from scipy import stats

from plaudit.statistics import comparison, ratios

WORLDS, VOTES = 300, 10_000
chance = np.random.default_rng(4)


def test_without_a_difference_it_errs_as_seldom_as_it_says():
    """The two tests that are made for one look are the controls: looked at as often, they err far more."""
    looks = sequences.looked_at(sequences.votes(np.random.default_rng(1), WORLDS, VOTES))
    plain, clustered, always = ((found >= 0).mean() for found in looks)
    assert always <= 0.05
    assert plain > 0.70
    assert clustered > 0.30


def test_what_its_patience_costs():
    """Voters until a difference of 5 points is seen in half of the worlds. Seeing as much with one look at a sample
    chosen beforehand takes fewer, and docs/statistics.md says how many."""
    power = sequences.power(np.random.default_rng(2), 1000, (0.70, 0.75), most=9000, step=50)
    assert power.fixed == pytest.approx(3300, rel=0.07)
    assert power.always == pytest.approx(6500, rel=0.07)


def test_what_is_simulated_is_what_ships():
    votes = sequences.votes(chance, 60, 3000, satisfaction=(0.6, 0.75))
    tallies = np.zeros((2, 2, 60, 64))
    for place in range(3000):
        for side in (0, 1):
            rows = np.flatnonzero(votes.arm[:, place] == side)
            tallies[0, side, rows, votes.bucket[rows, place]] += votes.like[rows, place]
            tallies[1, side, rows, votes.bucket[rows, place]] += 1
    _, clustered, always = sequences.differs(tallies)
    assert 0 < always.sum() < clustered.sum()
    for world in range(60):
        told = comparison.contrast(*(
            ratios.ratio(*tallies[:, side, world].astype(int).tolist()) for side in (0, 1)))
        once, ever = comparison.fixed(told), comparison.always_valid(told)
        assert clustered[world] == (once.low > 0 or once.high < 0)
        assert always[world] == (ever.low > 0 or ever.high < 0)


@pytest.mark.parametrize("error", [0.05, 0.05 / 58])
@pytest.mark.parametrize("rates", [(0.7, 0.7), (0.3, 0.9), (0.97, 1.0), (1.0, 0.8)])
def test_widths_are_the_ones_that_ship(rates, error):
    below = chance.integers(1, 30, (2, 40, 64))
    above = chance.binomial(below, np.array(rates)[:, None, None])
    simulated = arrays.contrast(*(arrays.ratio(above[side], below[side]) for side in (0, 1)))
    for world in range(40):
        told = comparison.contrast(*(
            ratios.ratio(above[side, world].tolist(), below[side, world].tolist()) for side in (0, 1)))
        one = arrays.Contrasts(*(each[world] for each in simulated))
        assert (told.value, told.error, told.degrees, told.scale) == pytest.approx(tuple(one))
        for function, width in ((comparison.fixed, arrays.fixed_width), (comparison.always_valid, arrays.always_width)):
            half = float(width(one, error)) * told.error
            around = function(told, error)
            assert around.low == pytest.approx(max(-1, told.value - half), rel=1e-8)
            assert around.high == pytest.approx(min(1, told.value + half), rel=1e-8)


def test_where_it_is_tuned_to():
    """No other tuning is tighter there: the constants follow from the boundary's own formula."""
    best = comparison.TUNED_INFORMATION
    assert best == pytest.approx(-2 * np.log(0.05) + np.log(1 - 2 * np.log(0.05)), abs=0.005)
    less, width, more = (np.sqrt(2 * (1 + 1 / other) * np.log(np.sqrt(1 + other) / 0.05))
                         for other in (best / 2, best, best * 2))
    assert pytest.approx(width, abs=0.0006) == comparison.TUNED_WIDTH
    assert width < min(less, more)


def test_it_is_wider_than_the_interval_for_one_look():
    for deviations in (0.001, 0.01, 0.05, 0.2):
        told = comparison.Contrast(0.0, deviations, 40, 0.21)
        once, ever = comparison.fixed(told), comparison.always_valid(told)
        assert ever.high > once.high
        assert comparison.boundary(told) > stats.norm.isf(0.025)
