"""Tell whether two formulas are the same function, by their values on the rows and on a wider box."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from ansatz.discovery.expression import Array, Node, evaluate
from ansatz.discovery.problem.problem import Problem


@dataclass(frozen=True)
class _Comparison:
    """Say when values are the same. Chosen by judgement; `python -m bench.recovery` holds them.

    Attributes:
        points: rows that are compared, and as many points of the wider box.
        wider: sides of that box over those of the data.
        tolerance: share of a value by which another may differ: far above rounding, far below a term that matters.
        small: share of the median value below which values count as no smaller.
        defined: one point of so many must be within the domain of both formulas, to say anything.
        same_error: share by which the errors of two fits may differ that are the same.
        unsettled: share of that error by which their values may differ: constants that the data do not settle.
    """

    points: int = 64
    wider: float = 2.0
    tolerance: float = 1e-7
    small: float = 1e-3
    defined: int = 2
    same_error: float = 1e-6
    unsettled: float = 1e-3


_COMPARISON: Final = _Comparison()


class Probe:
    """Points at which formulas are compared: some rows, and as many points of a box twice as wide as the data's.

    A column that is never negative (or never positive) keeps to its side in the wider box.
    """

    def __init__(self, problem: Problem) -> None:
        rng = np.random.default_rng(problem.seed)
        rows = rng.permutation(problem.rows)[: _COMPARISON.points]
        low, high = problem.X.min(axis=0), problem.X.max(axis=0)
        middle, reach = 0.5 * low + 0.5 * high, _COMPARISON.wider * (0.5 * high - 0.5 * low)
        wide_low = np.where(low >= 0, np.maximum(middle - reach, low / 2), middle - reach)
        wide_high = np.where(high <= 0, np.minimum(middle + reach, high / 2), middle + reach)
        wide = wide_low + (wide_high - wide_low) * rng.random((_COMPARISON.points, low.size))
        points = np.asfortranarray(np.vstack([problem.X[rows], wide]))
        self._columns = {name: points[:, j] for j, name in enumerate(problem.names)}
        self._size = points.shape[0]
        self._composed = problem.composed

    def values(self, formula: Node) -> Array:
        """Return values of the formula at the points `(m,)`."""
        return evaluate(self._composed(formula), self._columns, self._size)


def same_fit(a: Array, b: Array, rmse_a: float, rmse_b: float) -> bool:
    """Return whether two fits have the same error, and values that differ by far less than it on the rows of a
    probe."""
    if abs(rmse_a - rmse_b) > _COMPARISON.same_error * rmse_a:
        return False
    rows = a.size - _COMPARISON.points
    with np.errstate(all="ignore"):
        return bool(np.all(np.abs(a[:rows] - b[:rows]) <= _COMPARISON.unsettled * rmse_a))


def same_values(a: Array, b: Array) -> bool:
    """Return whether values `(m,)` of two formulas are the same wherever both are finite, at least half of them."""
    both = np.isfinite(a) & np.isfinite(b)
    if np.count_nonzero(both) < max(1, a.size // _COMPARISON.defined):
        return False
    with np.errstate(all="ignore"):
        size = np.maximum(np.abs(a[both]), np.abs(b[both]))
        least = _COMPARISON.small * np.median(size)
        return bool(np.all(np.abs(a[both] - b[both]) <= _COMPARISON.tolerance * np.maximum(size, least)))
