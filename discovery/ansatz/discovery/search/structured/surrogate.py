"""How well a smooth function of some inputs can explain a target: polynomials, judged by leaving one row out.

A reduction of a problem (two inputs merged, a factor peeled off) is sound if a smooth function of the fewer inputs
explains the target as well as one of all inputs did. The error left is that of a polynomial of the degree that does
best; all degrees come from one factorisation, the leave-one-out residuals from the leverages (PRESS, Allen 1974).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations_with_replacement
from typing import Final

import numpy as np

from ansatz.discovery.expression import Array
from ansatz.discovery.problem import Problem

_ROWS: Final = 240
_SHARE: Final = 0.45
_MOST_TERMS: Final = 110
_MOST_DEGREE: Final = 14
_LOG_RATIO: Final = 2.0


@lru_cache(maxsize=256)
def _degrees(inputs: int, most: int) -> tuple[tuple[tuple[int, ...], ...], ...]:
    """Monomials of each total degree, as sorted positions of inputs; at most `most` in all."""
    levels: list[tuple[tuple[int, ...], ...]] = []
    count = 1
    for degree in range(1, _MOST_DEGREE + 1):
        level = tuple(combinations_with_replacement(range(inputs), degree))
        count += len(level)
        if count > most:
            break
        levels.append(level)
    return tuple(levels)


def basis(columns: Sequence[Array], most: int) -> tuple[Array, tuple[int, ...]]:
    """Chebyshev products of columns scaled to [-1, 1], shape (n, p), by total degree, and where each degree ends."""
    n = columns[0].size if columns else 0
    levels = _degrees(len(columns), most)
    tables = [_chebyshev(c, len(levels)) for c in columns]
    parts = [np.ones(n)]
    ends = [1]
    for level in levels:
        for term in level:
            value: Array | None = None
            for column in dict.fromkeys(term):
                factor = tables[column][term.count(column)]
                value = factor if value is None else value * factor
            assert value is not None
            parts.append(value)
        ends.append(len(parts))
    return np.column_stack(parts), tuple(ends)


def _chebyshev(column: Array, degree: int) -> list[Array]:
    low, high = float(column.min()), float(column.max())
    z = (2 * column - low - high) / (high - low) if high > low else np.zeros_like(column)
    table = [np.ones_like(z), z]
    for _ in range(degree - 1):
        table.append(2 * z * table[-1] - table[-2])
    return table


@dataclass(frozen=True, eq=False)
class Fitted:
    """The best polynomial: its leave-one-out error over the scale of y, an orthonormal basis (n, p), the residual."""

    error: float
    basis: Array
    residual: Array


def fit(columns: Sequence[Array], target: Array, roots: Array) -> Fitted:
    """The polynomial of the columns whose leave-one-out error, times `roots` row by row, is least."""
    n = target.size
    weighted = target * roots
    if not columns:
        design, ends = np.ones((n, 1)), (1,)
    else:
        design, ends = basis(columns, min(_MOST_TERMS, int(_SHARE * n)))
    q = np.linalg.qr(design * roots[:, None])[0]
    projections = q.T @ weighted
    best: tuple[float, int] = (np.inf, 1)
    for end in ends:
        residual = weighted - q[:, :end] @ projections[:end]
        leverage = np.minimum(np.einsum("ij,ij->i", q[:, :end], q[:, :end]), 0.999)
        error = float(np.sqrt(np.mean((residual / (1 - leverage)) ** 2)))
        if error < best[0]:
            best = (error, end)
    end = best[1]
    return Fitted(best[0], q[:, :end], weighted - q[:, :end] @ projections[:end])


@dataclass(frozen=True, eq=False)
class View:
    """How a problem is looked at: the target in logarithms or not, positive inputs in logarithms or not."""

    log_target: bool
    log_inputs: bool

    def target(self, problem: Problem) -> tuple[Array, Array]:
        """The target and the roots of its row weights, so that residuals are over the scale of y."""
        roots = np.ones(problem.rows) if problem.weights is None else np.sqrt(problem.weights)
        if self.log_target:
            size = np.abs(problem.y)
            return np.log(size), roots * np.minimum(size / problem.y_scale, 10.0)
        return problem.y / problem.y_scale, roots

    def column(self, values: Array) -> Array:
        low = float(values.min())
        return np.log(values) if self.log_inputs and low > 0 and float(values.max()) > _LOG_RATIO * low else values

    def fit(self, problem: Problem) -> Fitted:
        """The surrogate of the problem."""
        target, roots = self.target(problem)
        return fit([self.column(v) for v in problem.columns.values()], target, roots)


def best_view(problem: Problem) -> tuple[View, Fitted]:
    """The view under which a polynomial explains the problem best."""
    one_sign = bool(np.all(problem.y > 0) or np.all(problem.y < 0))
    views = [View(t, i) for t in ((True, False) if one_sign else (False,)) for i in (True, False)]
    fits = [(view, view.fit(problem)) for view in views]
    return min(fits, key=lambda item: item[1].error)
