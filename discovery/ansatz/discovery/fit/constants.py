"""Fit a formula's constants by least squares, in float64."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from ansatz.discovery.expression import Array, Node
from ansatz.discovery.expression.grammar import has_exponents_within
from ansatz.discovery.expression.node import is_integer
from ansatz.discovery.expression.numbers import free_positions, numbers, set_groups, with_numbers
from ansatz.discovery.fit.marks import UNMARKED, Marks
from ansatz.discovery.fit.minpack import Evaluate, Stop, minimise
from ansatz.discovery.problem.problem import Problem


@dataclass(frozen=True)
class _Effort:
    """Say how far a fit goes. Chosen by judgement; `python -m bench.recovery` holds them.

    Attributes:
        evaluations: of a formula, at most.
        ftol: share by which a step must lower the sum of squares. On exact data it falls by more at every step until
            float64 ends; on noisy data this is enough.
        xtol: share by which a step must move the constants: the rounding of float64.
        outside: residual outside the domain: large enough for the optimiser to turn back, small enough to square.
    """

    evaluations: int = 200
    ftol: float = 1e-12
    xtol: float = 1e-15
    outside: float = 1e30


_EFFORT: Final = _Effort()


@dataclass(frozen=True)
class FormulaFit:
    """A formula with fitted constants.

    Attributes:
        formula: the formula.
        rmse: root of the (weighted) mean squared error in the target's unit; inf where it is not finite on all rows.
        free: positions of the fitted numbers among all numbers of the formula, in order of appearance. Of numbers that
            `marks` say are one constant, the first.
        marks: what the caller has said of the formula's numbers.
    """

    formula: Node
    rmse: float
    free: tuple[int, ...]
    marks: Marks = UNMARKED

    @property
    def open(self) -> tuple[int, ...]:
        """Return the positions of `free` that another fit would change: those of numbers that are no integers."""
        values = numbers(self.formula)
        return tuple(p for p in self.free if not is_integer(values[p]))


def fit_constants(
    formula: Node,
    problem: Problem,
    free: Sequence[int] | None = None,
    max_evaluations: int | None = None,
    marks: Marks = UNMARKED,
) -> FormulaFit:
    """Return the formula with its constants at the nearest (weighted) least-squares optimum.

    `free` are positions among the numbers of the formula; by default those that a fit may change. The fit starts from
    the numbers as they stand. Numbers that `marks` say are one constant stay equal. The result is never worse than the
    formula as given; an optimum whose exponents the grammar would refuse is none.
    """
    positions = marks.leaders(free_positions(formula) if free is None else free)
    start_error = problem.rmse(problem.evaluate(formula))
    unchanged = FormulaFit(formula, start_error, positions, marks)
    if not positions or len(positions) > problem.rows or not np.isfinite(start_error):
        return unchanged
    values, groups = numbers(formula), [marks.together(p) for p in positions]
    found = minimise(
        _objective(formula, problem, groups, values),
        values[list(positions)],
        Stop(_EFFORT.ftol, _EFFORT.xtol, max_evaluations or _EFFORT.evaluations),
    )
    if found is None:
        return unchanged
    best = with_numbers(formula, set_groups(values, groups, found))
    if not has_exponents_within(problem.composed(best)):
        return unchanged
    error = problem.rmse(problem.evaluate(best))
    return FormulaFit(best, error, positions, marks) if error <= start_error else unchanged


def values_and_slopes(
    formula: Node, problem: Problem, groups: Sequence[Sequence[int]], values: Array | None = None
) -> tuple[Array, Array]:
    """Return values of the formula `(n,)` and its derivatives `(n, k)` with respect to k constants.

    Each constant is a group of positions among the numbers of the formula; `values` stand in for all of them where
    given.
    """
    positions = [p for group in groups for p in group]
    value, jacobian = problem.values_and_jacobian(formula, positions, values)
    if len(positions) == len(groups):
        return value, jacobian
    edges = np.cumsum([0, *(len(group) for group in groups)])
    sums = [jacobian[:, a:b].sum(axis=1) for a, b in pairwise(edges)]
    return value, np.column_stack(sums)


def _objective(formula: Node, problem: Problem, groups: Sequence[Sequence[int]], values: Array) -> Evaluate:
    """Return what evaluates the weighted residual and its derivatives, over the scale of y."""
    row_scale = 1.0 / problem.y_scale
    root_weights = row_scale if problem.weights is None else row_scale * np.sqrt(problem.weights)

    def evaluate(constants: Array) -> tuple[Array, Array]:
        trial = set_groups(values, groups, constants)
        if not np.all(np.isfinite(trial)):
            trial = values
        value, jacobian = values_and_slopes(formula, problem, groups, trial)
        r = (value - problem.y) * root_weights
        J = jacobian * np.reshape(root_weights, (-1, 1))
        return np.where(np.isfinite(r), r, _EFFORT.outside), np.where(np.isfinite(J), J, 0.0)

    return evaluate
