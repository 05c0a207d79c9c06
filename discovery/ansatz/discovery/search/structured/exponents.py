"""Exponents from fits in logarithms, and the simple fractions near them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from ansatz.discovery.expression import Array


@dataclass(frozen=True)
class Exponents:
    """Say what exponents are believed. Chosen by judgement; `python -m bench.recovery` holds them.

    Attributes:
        most_denominator: of a simple fraction: laws have halves, thirds and quarters.
        nothing: by how much an exponent may miss a fraction in any case, for the rounding of a fit.
        largest: size of an exponent beyond which a factor is only bent to the data.
        least_emphasis: least root weight of a row where y is small and its logarithm noisy; a row of usual size has 1.
    """

    most_denominator: int = 4
    nothing: float = 1e-7
    largest: float = 12.0
    least_emphasis: float = 1e-3


EXPONENTS: Final = Exponents()


def snapped(value: float, tolerance: float, most_denominator: int = EXPONENTS.most_denominator) -> float:
    """Return the fraction of least denominator within tolerance, else the value itself."""
    for denominator in range(1, most_denominator + 1):
        near = round(value * denominator) / denominator
        if abs(near - value) <= max(tolerance, EXPONENTS.nothing):
            return near
    return value


def options(values: Array, tolerances: Array) -> Iterator[Array]:
    """Yield exponents to try, each of shape `(k,)`: simple fractions within the tolerances, near halves, as fitted."""
    seen: list[Array] = []
    near = np.array([snapped(float(v), float(t)) for v, t in zip(values, tolerances, strict=True)])
    halves = np.round(2 * values) / 2
    for option in (near, halves, values):
        if not any(np.array_equal(option, other) for other in seen):
            seen.append(option)
            yield option
