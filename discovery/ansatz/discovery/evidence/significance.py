"""When noise is called structure: the level, the test of serial correlation, the correction for many tests."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from ansatz.discovery.expression import Array


@dataclass(frozen=True)
class _Verdict:
    """Say when a residual is called structure. The level is a convention; `python -m bench.calibration` shows it kept.

    Attributes:
        level: rate at which noise is called structure.
        fewest: values of a residual below which nothing is said: the tests hold for many. Chosen by judgement.
    """

    level: float = 0.01
    fewest: int = 8


VERDICT: Final = _Verdict()


def serial_correlation(residual: Array, basis: Array) -> float:
    """Return z of the correlation between neighbours, 0 where there is none to speak of.

    `residual` `(n,)` is what a fit left, and `basis` `(n, k)` an orthonormal basis of what the fit could take from it.
    A fit pulls neighbours apart, so that the mean of the correlation is not 0 (von Neumann 1941). Noise may be of
    unequal size (White 1980).
    """
    products = residual[1:] * residual[:-1]
    spread = float(np.sqrt(products @ products))
    if spread == 0:
        return 0.0
    n, k = basis.shape
    expected = -float(np.einsum("ij,ij->", basis[1:], basis[:-1])) / (n - k) * float(residual @ residual)
    return float((products.sum() - expected) / spread)


def serial_correlation_about_mean(values: Array) -> float:
    """Return z of the correlation between neighbours of values `(n,)` of which the mean alone was fitted."""
    return serial_correlation(values - values.mean(), np.full((values.size, 1), values.size**-0.5))


def told(p_value: float, level: float = VERDICT.level) -> str:
    """Return a p-value in words, with the level that it is compared with."""
    return f"p = {p_value:.2g}, level {level:g}"


def upper_tail(z: float) -> float:
    """Return the chance that a standard Gaussian exceeds z."""
    return 0.5 * math.erfc(z / math.sqrt(2))


def both_tails(z: float) -> float:
    """Return the chance that a standard Gaussian is farther from 0 than z."""
    return math.erfc(abs(z) / math.sqrt(2))


def sidak(p_value: float, tests: int) -> float:
    """Return the chance that the smallest p-value of so many tests is as small (Šidák 1967)."""
    largest = math.nextafter(1.0, 0.0)  # the logarithm of 0 is none
    return -math.expm1(tests * math.log1p(-min(p_value, largest)))
