"""Error of a formula on the outermost rows, with its constants fitted on the others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from ansatz.discovery.expression import Node
from ansatz.discovery.fit.constants import FormulaFit, fit_constants
from ansatz.discovery.problem.problem import Problem


@dataclass(frozen=True)
class _Held:
    """Say which rows are held out.

    Attributes:
        share: of the rows, those farthest out; a fifth, as for groups.
        fewest_rows: below which nothing is held out.
        most_rows: that are looked at: a bound on time.
    """

    share: float = 0.2
    fewest_rows: int = 10
    most_rows: int = 100_000


_HELD: Final = _Held()


class Extrapolation:
    """Hold out the fifth of the rows that lies farthest from the median input, in each input's own spread.

    Of more than 100,000 rows, as many are drawn by the seed. `measure` is the error of a formula on a problem's rows;
    by default the root of its mean squared error.
    """

    def __init__(self, problem: Problem, measure: Callable[[Problem, Node], float] | None = None) -> None:
        self._problem = problem.subsample(_HELD.most_rows)
        self._measure = measure or (lambda outer, formula: outer.rmse(outer.evaluate(formula)))

    @cached_property
    def _parts(self) -> tuple[Problem, Problem] | None:
        problem = self._problem
        if problem.rows < _HELD.fewest_rows:
            return None
        middle = np.median(problem.X, axis=0)
        deviation = np.abs(problem.X - middle)
        spread = np.median(deviation, axis=0)
        distance = np.sum((deviation / np.where(spread > 0, spread, 1.0)) ** 2, axis=1)
        order = np.argsort(distance, kind="stable")
        inner = problem.rows - int(problem.rows * _HELD.share)
        return problem.rows_only(order[:inner]), problem.rows_only(order[inner:])

    def rmse(self, fit: FormulaFit, free: tuple[int, ...]) -> float:
        """Return root of the (weighted) mean squared error on the held-out rows, in the target's unit; NaN if
        undefined."""
        if self._parts is None:
            return float("nan")
        inner, outer = self._parts
        if inner.rows <= len(free):
            return float("nan")
        refitted = fit_constants(fit.formula, inner, free, marks=fit.marks)
        error = self._measure(outer, refitted.formula)
        return error if np.isfinite(error) else float("nan")
