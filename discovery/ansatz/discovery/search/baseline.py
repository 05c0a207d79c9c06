"""The baselines: straight lines, plain and in logarithms. "A line is as good" is always on the table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ansatz.discovery.budget import Budget
from ansatz.discovery.expression import Array, Node, Number, Variable, add, multiply, power
from ansatz.discovery.problem.problem import Problem
from ansatz.discovery.search.protocol import Emit


@dataclass(frozen=True)
class _Limits:
    """Bound the lines that are fitted. Chosen by judgement; `python -m bench.big_table` holds the time with them.

    Attributes:
        rows: looked at.
        inputs: that lines of one input are fitted to, and up to which one of all inputs is.
        singular: share of the largest singular value below which one counts as 0: the rounding of float64.
    """

    rows: int = 2000
    inputs: int = 12
    singular: float = 1e-14


_LIMITS: Final = _Limits()


class Baseline:
    """Propose lines in one input (the most correlated first) and in all, plain and log-log."""

    name = "baseline"

    def search(self, problem: Problem, budget: Budget, emit: Emit) -> None:
        problem = problem.subsample(_LIMITS.rows)
        order = _by_correlation(problem.X, problem.y)
        for j in order[: _LIMITS.inputs]:
            self._lines(problem, [int(j)], emit)
        if 1 < order.size <= _LIMITS.inputs:
            self._lines(problem, list(range(order.size)), emit)

    def _lines(self, problem: Problem, inputs: list[int], emit: Emit) -> None:
        emit(_line(problem, inputs, intercept=True))
        emit(_line(problem, inputs, intercept=False))
        if (formula := _log_log_line(problem, inputs)) is not None:
            emit(formula)


def _by_correlation(X: Array, y: Array) -> NDArray[np.intp]:
    with np.errstate(all="ignore"):
        centred = X - X.mean(axis=0)
        z = centred / np.linalg.norm(centred, axis=0)
        correlation = np.abs(z.T @ (y - y.mean()))
    return np.argsort(-np.nan_to_num(correlation), kind="stable")


def _solve(design: Array, target: Array, weights: Array | None) -> Array:
    root = np.ones(target.size) if weights is None else np.sqrt(weights)
    norms = np.linalg.norm(design, axis=0)
    norms = np.where(norms > 0, norms, 1.0)
    weighted = design / norms * root[:, None]
    solution: Array = np.linalg.lstsq(weighted, target * root, rcond=_LIMITS.singular)[0] / norms
    return solution


def _line(problem: Problem, inputs: list[int], intercept: bool) -> Node:
    columns = [problem.X[:, j] for j in inputs]
    if intercept:
        columns.append(np.ones(problem.rows))
    coefficients = _solve(np.column_stack(columns), problem.y, problem.weights)
    terms: list[Node] = [
        multiply(Number(float(c)), Variable(problem.names[j])) for c, j in zip(coefficients, inputs, strict=False)
    ]
    if intercept:
        terms.append(Number(float(coefficients[-1])))
    return _join(terms, add)


def _log_log_line(problem: Problem, inputs: list[int]) -> Node | None:
    X, y = problem.X[:, inputs], problem.y
    sign = np.sign(y[0])
    if not (np.all(X > 0) and np.all(y * sign > 0)):
        return None
    design = np.column_stack([np.log(X), np.ones(problem.rows)])
    *exponents, constant = _solve(design, np.log(y * sign), None)
    factors: list[Node] = [
        power(Variable(problem.names[j]), Number(float(p))) for p, j in zip(exponents, inputs, strict=True)
    ]
    with np.errstate(over="ignore"):
        scale = float(sign * np.exp(constant))
    return _join([Number(scale), *factors], multiply) if np.isfinite(scale) and scale else None


def _join(parts: list[Node], operator: Callable[[Node, Node], Node]) -> Node:
    joined = parts[0]
    for part in parts[1:]:
        joined = operator(joined, part)
    return joined
