"""How well a smooth function of some inputs can explain a target: polynomials, judged by leaving one row out.

A reduction of a problem merges two inputs, say, or peels off a factor. It is sound if a smooth function of the fewer
inputs explains the target as well as one of all inputs did. The error left is that of a polynomial of the degree that
does best; all degrees come from one factorisation, the leave-one-out residuals from the leverages (PRESS, Allen 1974).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from ansatz.discovery.expression import Array
from ansatz.discovery.fit.chebyshev import basis
from ansatz.discovery.problem.problem import Problem


@dataclass(frozen=True)
class SmoothFit:
    """Bound the polynomials of smooth fits. Chosen by judgement; `python -m bench.recovery` holds them.

    Attributes:
        rows: looked at by those who ask how smooth a problem is.
        share: of the rows that there may be terms.
        most_terms: of a polynomial.
        log_ratio: of an input's largest to its least value, from which on its logarithm may be the smoother input.
        largest_leverage: of a row: one that the fit goes through would have an infinite leave-one-out residual.
        largest_root: root weight that a row of the logarithm of the target has at most.
        largest_exponent: of exp(y), just below 709.8, where float64 overflows.
        step: of a numerical derivative, over the range of the input.
        singular: share of the largest singular value below which one counts as 0.
    """

    rows: int = 240
    share: float = 0.45
    most_terms: int = 110
    log_ratio: float = 2.0
    largest_leverage: float = 0.999
    largest_root: float = 10.0
    largest_exponent: float = 700.0
    step: float = 1e-4
    singular: float = 1e-13


SMOOTH_FIT: Final = SmoothFit()


@dataclass(frozen=True, eq=False)
class Fitted:
    """Hold what is known of the best polynomial.

    Attributes:
        error: of leaving one row out.
        coefficients: of the extra columns.
        terms: how many it has.
    """

    error: float
    coefficients: Array
    terms: int


def fit(columns: Sequence[Array], target: Array, roots: Array, extra: Sequence[Array] = ()) -> Fitted:
    """Return the polynomial of the columns, and the multiple of each of `extra`, of the least leave-one-out error.

    Errors count times `roots`, row by row.
    """
    n = target.size
    weighted = target * roots
    parts, ends = (
        basis(columns, min(SMOOTH_FIT.most_terms, int(SMOOTH_FIT.share * n))) if columns else (np.ones((n, 1)), (1,))
    )
    k = len(extra)
    design = np.column_stack([*extra, parts])
    q = np.linalg.qr(design * roots[:, None])[0]
    projections = q.T @ weighted
    best: tuple[float, int] = (np.inf, 1)
    for end in (k + e for e in ends):
        residual = weighted - q[:, :end] @ projections[:end]
        leverage = np.minimum(np.einsum("ij,ij->i", q[:, :end], q[:, :end]), SMOOTH_FIT.largest_leverage)
        error = float(np.sqrt(np.mean((residual / (1 - leverage)) ** 2)))
        if error < best[0]:
            best = (error, end)
    end = best[1]
    coefficients = np.empty(0)
    if k:
        coefficients = np.asarray(np.linalg.lstsq(design[:, :end] * roots[:, None], weighted, rcond=None)[0][:k])
    return Fitted(best[0], coefficients, end - k)


def _slopes(columns: Sequence[Array], target: Array, roots: Array, terms: int) -> tuple[Array, Array]:
    """Return derivatives by each column, of shape `(n, d)`, and values of the polynomial of `terms` terms."""
    most = min(SMOOTH_FIT.most_terms, int(SMOOTH_FIT.share * target.size))
    design = basis(columns, most)[0][:, :terms]
    solution = np.linalg.lstsq(design * roots[:, None], target * roots, rcond=SMOOTH_FIT.singular)[0]
    ranges = [(float(c.min()), float(c.max())) for c in columns]
    slopes = np.zeros((target.size, len(columns)))
    for j, (low, high) in enumerate(ranges):
        step = SMOOTH_FIT.step * (high - low)
        if step == 0:
            continue
        moved = []
        for sign in (1.0, -1.0):
            shifted = [(c + sign * step if k == j else c) for k, c in enumerate(columns)]
            moved.append(basis(shifted, most, ranges)[0][:, :terms] @ solution)
        slopes[:, j] = (moved[0] - moved[1]) / (2 * step)
    return slopes, design @ solution


@dataclass(frozen=True, eq=False)
class View:
    """Say how a problem is looked at.

    Attributes:
        log_target: whether the target is taken in logarithms.
        relative: whether errors are then relative to y.
        log_inputs: whether positive inputs are taken in logarithms.
    """

    log_target: bool
    relative: bool
    log_inputs: bool

    def target(self, problem: Problem) -> tuple[Array, Array]:
        """Return the target and the roots of its row weights."""
        roots = np.ones(problem.rows) if problem.weights is None else np.sqrt(problem.weights)
        if not self.log_target:
            return problem.y / problem.y_scale, roots
        size = np.abs(problem.y)
        if self.relative:
            return np.log(size), np.ones(problem.rows)
        return np.log(size), np.minimum(roots * size / problem.y_scale, SMOOTH_FIT.largest_root)

    def column(self, values: Array) -> Array:
        """Return the values of an input, or their logarithms."""
        low = float(values.min())
        return (
            np.log(values)
            if self.log_inputs and low > 0 and float(values.max()) > SMOOTH_FIT.log_ratio * low
            else values
        )

    def fit(self, problem: Problem, extra: Sequence[Array] = ()) -> Fitted:
        """Return the surrogate of the problem."""
        return self.fit_columns([self.column(v) for v in problem.columns.values()], problem, extra)

    def error(self, problem: Problem, extra: Sequence[Array] = ()) -> float:
        """Return the leave-one-out error, with inputs in logarithms or not, whichever does better."""
        return min(replace(self, log_inputs=log).fit(problem, extra).error for log in (True, False))

    def fit_columns(self, columns: Sequence[Array], problem: Problem, extra: Sequence[Array] = ()) -> Fitted:
        """Return a polynomial of other columns for the problem's target."""
        target, roots = self.target(problem)
        return fit(columns, target, roots, extra)

    @np.errstate(all="ignore")
    def gradient(self, problem: Problem) -> tuple[Array, Array]:
        """Return x_i * dy/dx_i of the surrogate, of shape `(n, d)`, and y, of shape `(n,)`, over the scale of y; inf
        or NaN where that is beyond float64."""
        target, roots = self.target(problem)
        columns = [self.column(v) for v in problem.columns.values()]
        end = fit(columns, target, roots).terms
        slopes, value = _slopes(columns, target, roots, end)
        for j, values in enumerate(problem.columns.values()):
            if columns[j] is values:
                slopes[:, j] *= values
        if self.log_target:
            size = np.ones(problem.rows)
            if not self.relative:
                size = np.exp(np.minimum(value, SMOOTH_FIT.largest_exponent)) / problem.y_scale
            return slopes * size[:, None], size
        return slopes, value

    def share(self, problem: Problem, error: float) -> float:
        """Return an error over the spread of the target."""
        target, roots = self.target(problem)
        mean = np.average(target, weights=roots**2)
        return error / (float(np.sqrt(np.mean(((target - mean) * roots) ** 2))) or 1.0)


def best_view(problem: Problem) -> tuple[View, float]:
    """Return the view under which a polynomial explains most of the target, and its leave-one-out error."""
    one_sign = bool(np.all(problem.y > 0) or np.all(problem.y < 0))
    targets = [(False, False), *([(True, False), (True, True)] if one_sign else [])]
    views = [View(t, r, i) for t, r in targets for i in (True, False)]
    errors = [view.fit(problem).error for view in views]
    best = min(range(len(views)), key=lambda k: views[k].share(problem, errors[k]))
    return views[best], errors[best]
