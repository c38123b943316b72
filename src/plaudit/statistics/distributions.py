"""Student's t and Snedecor's F with any degrees of freedom, also fractional ones. Tests hold them against scipy."""

import math
from functools import lru_cache
from statistics import NormalDist

from plaudit.errors import PlauditError

NORMAL = NormalDist()
PRECISION = 1e-15
STEPS_MAX = 500


class NoConvergence(PlauditError):
    """A number could not be computed to the precision that was asked for"""


def t_tails(t: float, degrees: float) -> float:
    """The probability of a t further from nought than this, on either side."""
    return incomplete_beta(degrees / (degrees + t * t), degrees / 2, 0.5)


def f_tail(f: float, degrees: float, degrees_below: float) -> float:
    """The probability of a larger F, with `degrees` above the line and `degrees_below` below it."""
    return incomplete_beta(degrees_below / (degrees_below + degrees * f), degrees_below / 2, degrees / 2)


@lru_cache(maxsize=16_384)
def t_quantile(tails: float, degrees: float) -> float:
    """The t beyond which, on either side, lies a probability of `tails`. For at least one degree of freedom.

    Newton's steps on log t against log tails, which are nearly a straight line far out.
    """
    t = _t_guess(tails, degrees)
    for _ in range(STEPS_MAX):
        beyond = t_tails(t, degrees)
        step = math.log(beyond / tails) * beyond / (2 * t * _t_density(t, degrees))
        t *= math.exp(step)
        if abs(step) < 1e-6:  # noqa: PLR2004 - what is left is of the order of its square
            return t
    raise NoConvergence


def incomplete_beta(x: float, a: float, b: float) -> float:
    """The regularized incomplete beta function I_x(a, b), by its continued fraction (DLMF 8.17.22).

    https://dlmf.nist.gov/8.17
    """
    if not 0 < x < 1:
        return float(x >= 1)
    if x > (a + 1) / (a + b + 2):  # there the fraction converges slowly
        return 1 - incomplete_beta(1 - x, b, a)
    scale = _log_gamma(a + b) - _log_gamma(a) - _log_gamma(b) + a * math.log(x) + b * math.log1p(-x)
    return math.exp(scale) / (a * _fraction(x, a, b))


def _fraction(x: float, a: float, b: float) -> float:
    """1 + d1/(1 + d2/(1 + …)), by the modified method of Lentz."""
    value, above, below = 1.0, 1.0, 0.0
    for step in range(1, STEPS_MAX):
        m = step // 2
        coefficient = (m * (b - m) / ((a + step - 1) * (a + step)) if step % 2 == 0
                       else -(a + m) * (a + b + m) / ((a + step - 1) * (a + step))) * x
        below = 1 / (1 + coefficient * below)
        above = 1 + coefficient / above
        value *= above * below
        if abs(above * below - 1) < PRECISION:
            return value
    raise NoConvergence


def _t_density(t: float, degrees: float) -> float:
    half = degrees / 2
    scale = _log_gamma(half + 0.5) - _log_gamma(half) - math.log(degrees * math.pi) / 2
    return math.exp(scale - (half + 0.5) * math.log1p(t * t / degrees))


def _t_guess(tails: float, degrees: float) -> float:
    """The normal's quantile, widened by the first terms of Cornish and Fisher's expansion."""
    z = -NORMAL.inv_cdf(tails / 2)
    return max(z, 1e-3) + z * (z * z + 1) / (4 * degrees) + z * (5 * z**4 + 16 * z * z + 3) / (96 * degrees * degrees)


@lru_cache(maxsize=16_384)
def _log_gamma(x: float) -> float:
    return math.lgamma(x)
