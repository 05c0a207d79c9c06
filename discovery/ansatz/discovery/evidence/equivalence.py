"""Whether two formulas are the same function, seen numerically on the rows and on a wider box."""

from __future__ import annotations

import numpy as np

from ansatz.discovery.expression import Array, Node, evaluate
from ansatz.discovery.problem.problem import Problem

_POINTS = 64
_TOLERANCE = 1e-7
_SAME_ERROR = 1e-6
_UNSETTLED = 1e-3  # of the error


class Probe:
    """Points at which formulas are compared: some rows, and as many points of a box twice as wide as the data's.

    A column that is never negative (or never positive) keeps to its side in the wider box.
    """

    def __init__(self, problem: Problem) -> None:
        rng = np.random.default_rng(problem.seed)
        rows = rng.permutation(problem.rows)[:_POINTS]
        low, high = problem.X.min(axis=0), problem.X.max(axis=0)
        middle, half = 0.5 * low + 0.5 * high, 0.5 * high - 0.5 * low
        wide_low = np.where(low >= 0, np.maximum(middle - 2 * half, low / 2), middle - 2 * half)
        wide_high = np.where(high <= 0, np.minimum(middle + 2 * half, high / 2), middle + 2 * half)
        wide = wide_low + (wide_high - wide_low) * rng.random((_POINTS, low.size))
        points = np.asfortranarray(np.vstack([problem.X[rows], wide]))
        self._columns = {name: points[:, j] for j, name in enumerate(problem.names)}
        self._size = points.shape[0]
        self._composed = problem.composed

    def values(self, formula: Node) -> Array:
        return evaluate(self._composed(formula), self._columns, self._size)


def same_fit(a: Array, b: Array, rmse_a: float, rmse_b: float) -> bool:
    """Whether two fits have the same error, and values that differ by far less than it on the rows of a probe."""
    if abs(rmse_a - rmse_b) > _SAME_ERROR * rmse_a:
        return False
    rows = a.size - _POINTS
    with np.errstate(all="ignore"):
        return bool(np.all(np.abs(a[:rows] - b[:rows]) <= _UNSETTLED * rmse_a))


def same_values(a: Array, b: Array) -> bool:
    """Whether two formulas have the same values wherever both are finite (at least half of the points)."""
    both = np.isfinite(a) & np.isfinite(b)
    if np.count_nonzero(both) < max(1, a.size // 2):
        return False
    with np.errstate(all="ignore"):
        size = np.maximum(np.abs(a[both]), np.abs(b[both]))
        return bool(np.all(np.abs(a[both] - b[both]) <= _TOLERANCE * np.maximum(size, 1e-3 * np.median(size))))
