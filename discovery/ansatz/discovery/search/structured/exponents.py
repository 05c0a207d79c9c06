"""Exponents from fits in logarithms, and the simple fractions near them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from ansatz.discovery.expression import Array

_MAX_DENOMINATOR: Final = 4
_NOTHING: Final = 1e-7


def snapped(value: float, tolerance: float, most_denominator: int = _MAX_DENOMINATOR) -> float:
    """The fraction of least denominator within tolerance, else the value itself."""
    for denominator in range(1, most_denominator + 1):
        near = round(value * denominator) / denominator
        if abs(near - value) <= max(tolerance, _NOTHING):
            return near
    return value


def options(values: Array, tolerances: Array) -> Iterator[Array]:
    """Exponents to try, each shape (k,): simple fractions within the tolerances, the nearest halves, and as fitted."""
    seen: list[Array] = []
    near = np.array([snapped(float(v), float(t)) for v, t in zip(values, tolerances, strict=True)])
    halves = np.round(2 * values) / 2
    for option in (near, halves, values):
        if not any(np.array_equal(option, other) for other in seen):
            seen.append(option)
            yield option
