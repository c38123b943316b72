"""Student's t and Snedecor's F agree with scipy, also for degrees of freedom that are no whole number."""

import random

import pytest
from scipy import stats

from plaudit.statistics.distributions import f_tail, incomplete_beta, t_quantile, t_tails

chance = random.Random(1)
DEGREES = [1, 1.5, 2.99, 3, 7.3, 30, 62.9, 63, 126, 1000]


@pytest.mark.parametrize("degrees", DEGREES)
@pytest.mark.parametrize("tails", [0.9, 0.5, 0.05, 0.05 / 3, 1e-3, 3e-5, 1e-9])
def test_quantiles_of_t(degrees, tails):
    assert t_quantile(tails, degrees) == pytest.approx(stats.t.isf(tails / 2, degrees), rel=1e-9)


@pytest.mark.parametrize("degrees", DEGREES)
@pytest.mark.parametrize("t", [0, 1e-6, 0.3, 1.96, 5, 40])
def test_tails_of_t(degrees, t):
    """Next to nought, where all is beyond it, the last digits are lost."""
    assert t_tails(t, degrees) == pytest.approx(2 * stats.t.sf(t, degrees), rel=1e-11 if t > 0.01 else 1e-8)


@pytest.mark.parametrize("degrees", [1, 2, 5, 58])
@pytest.mark.parametrize("below", DEGREES)
@pytest.mark.parametrize("f", [0, 0.2, 1, 3.3, 25])
def test_tails_of_f(degrees, below, f):
    assert f_tail(f, degrees, below) == pytest.approx(stats.f.sf(f, degrees, below), rel=1e-10, abs=1e-300)


def test_what_is_beyond_a_quantile_is_what_was_asked_for():
    for _ in range(200):
        degrees, tails = chance.uniform(1, 130), 10 ** chance.uniform(-12, -0.01)
        assert t_tails(t_quantile(tails, degrees), degrees) == pytest.approx(tails, rel=1e-10)


@pytest.mark.parametrize(("x", "expected"), [(0, 0), (1, 1), (-1, 0), (2, 1)])
def test_the_ends_of_the_incomplete_beta(x, expected):
    assert incomplete_beta(x, 2.5, 3.5) == expected
