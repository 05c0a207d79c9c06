"""A least-squares fit to the last digit: Gauss-Newton steps, which need no sum of squares to compare.

The sum of squares is flat at its minimum: it tells constants to half the digits of float64, the gradient to nearly all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from ansatz.discovery.expression import Array
from ansatz.discovery.expression.grammar import has_exponents_within
from ansatz.discovery.expression.numbers import numbers, set_groups, with_numbers
from ansatz.discovery.fit.constants import FormulaFit, values_and_slopes
from ansatz.discovery.problem.problem import Problem


@dataclass(frozen=True)
class _Polish:
    """Say when a fit is as sharp as it gets.

    Attributes:
        steps: at most.
        settled: step over the size of a constant below which it is done: some hundred roundings of float64.
        worse: share by which a step may raise the error: its rounding.
        shrinking: share of the step before that a step must stay below: near the optimum steps shrink.
        independent: share of the largest singular value below which a direction is not stepped along.
    """

    steps: int = 30
    settled: float = 1e-14
    worse: float = 1e-9
    shrinking: float = 0.9
    independent: float = 1e-13


_POLISH: Final = _Polish()


@np.errstate(all="ignore")
def polished(fit: FormulaFit, problem: Problem) -> FormulaFit:
    """Return the fit with its open constants where the gradient of the (weighted) sum of squares vanishes.

    It starts near the optimum, and stays where it is if the steps do not shrink, or lead to exponents that the grammar
    does not take.
    """
    groups = [fit.marks.together(p) for p in fit.open]
    if not groups or len(groups) >= problem.rows or not np.isfinite(fit.rmse):
        return fit
    values, last = numbers(fit.formula), np.inf
    best, error = values, fit.rmse
    for _ in range(_POLISH.steps):
        step = _step(fit, problem, groups, values)
        at = values[[g[0] for g in groups]]
        size = float(np.max(np.abs(step) / np.maximum(np.abs(at), np.finfo(float).tiny)))
        if not size < _POLISH.shrinking * last:
            break
        trial = set_groups(values, groups, at + step)
        moved = with_numbers(fit.formula, trial)
        rmse = problem.rmse(problem.evaluate(moved))
        if not rmse <= error * (1 + _POLISH.worse) or not has_exponents_within(problem.composed(moved)):
            break
        values, best, error, last = trial, trial, min(rmse, error), size
        if size < _POLISH.settled:
            break
    formula = with_numbers(fit.formula, best)
    return FormulaFit(formula, problem.rmse(problem.evaluate(formula)), fit.free, fit.marks)


def _step(fit: FormulaFit, problem: Problem, groups: list[tuple[int, ...]], values: Array) -> Array:
    value, jacobian = values_and_slopes(fit.formula, problem, groups, values)
    roots = np.ones(problem.rows) if problem.weights is None else np.sqrt(problem.weights)
    left, jacobian = (problem.y - value) * roots, jacobian * roots[:, None]
    norms = np.linalg.norm(jacobian, axis=0)
    if not (np.all(np.isfinite(jacobian)) and np.all(np.isfinite(left))):
        return np.full(len(groups), np.inf)
    norms = np.where(norms > 0, norms, 1.0)
    found: Array = np.linalg.lstsq(jacobian / norms, left, rcond=_POLISH.independent)[0] / norms
    return found


__all__ = ["polished"]
