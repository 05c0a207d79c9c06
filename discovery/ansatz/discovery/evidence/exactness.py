"""How exactly a target is written: below that, a residual says nothing."""

from __future__ import annotations

from typing import Final

import numpy as np

from ansatz.discovery.expression import Array
from ansatz.discovery.problem.problem import Problem

ROUNDING: Final = 1e-13
"""Relative size of a residual below which a formula is as exact as float64 allows."""
_MOST_DIGITS: Final = 10
_SAME: Final = 1e-4


def step_of(values: Array) -> float:
    """Return the power of ten of which all values are multiples; 0 where they are written with more than ten digits.

    Values that are all zero have none.
    """
    largest = float(np.max(np.abs(values)))
    if not largest > 0:
        return 0.0
    top = int(np.floor(np.log10(largest)))
    for digit in range(_MOST_DIGITS + 1):
        step = 10.0 ** (top - digit)
        multiples = values / step
        if np.all(np.abs(multiples - np.round(multiples)) <= _SAME):
            return step
    return 0.0


def least_mean_square(problem: Problem) -> float:
    """Return the mean square below which no residual counts, over that of the target: the rounding of float64, or of
    the digits that the target is written with."""
    written = step_of(problem.y) / problem.y_scale
    return max(ROUNDING**2, written**2 / 12)
