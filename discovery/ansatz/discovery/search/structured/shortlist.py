"""Keeps a searcher's proposals few: those that are exact at once, of the others the best for their size."""

from __future__ import annotations

from types import TracebackType
from typing import Final, Self

import numpy as np

from ansatz.discovery.budget import Budget
from ansatz.discovery.evidence.description_length import is_exact
from ansatz.discovery.expression import Node, complexity, simplify
from ansatz.discovery.expression.numbers import free_positions
from ansatz.discovery.fit.constants import fit_constants
from ansatz.discovery.problem.problem import Problem
from ansatz.discovery.search.protocol import Emit

_PER_SIZE: Final = 3
_MOST: Final = 24
_ROWS: Final = 1000
_NEARLY: Final = 1e-4
_CONVINCING: Final = 4
_ENOUGH_ROWS: Final = 1.5
_UNSIMPLIFIED: Final = 3


class Shortlist:
    """A filter between a searcher and `emit`, for one search; leaving the context passes on what is worth it.

    At most `pieces` of work are done.

    A formula that is exact on the sample, with few constants, goes out at once and makes `exact` true, which also
    spends `budget`.
    """

    def __init__(self, problem: Problem, budget: Budget, emit: Emit, pieces: float = float("inf")) -> None:
        self._problem = problem.subsample(_ROWS)
        self._emit = emit
        self._best: dict[int, list[tuple[float, int, Node]]] = {}
        self._seen: set[Node] = set()
        self._count = 0
        self.exact = False
        self.budget = budget.part(also_stop=lambda: self.exact, pieces=pieces)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if kind is None and not self.exact:
            for formula in self.best():
                self._emit(formula)

    def offer(self, formula: Node) -> float:
        """The formula's error on the sample, over the scale of y, after a refit where it is nearly exact."""
        problem = self._problem
        size = complexity(formula)
        if size > _UNSIMPLIFIED * problem.max_complexity or formula in self._seen:
            return float("inf")
        self._seen.add(formula)
        error = problem.rmse(problem.evaluate(formula))
        if size > problem.max_complexity and error < _NEARLY * problem.y_scale:
            # The way back from a reduced problem writes at length what is short.
            formula = simplify(formula, problem.positive, roots="sqrt" in problem.functions)
            size = complexity(formula)
        if not np.isfinite(error) or size > problem.max_complexity:
            return float("inf")
        if len(free_positions(formula)) * _ENOUGH_ROWS < problem.rows:
            if error < _NEARLY * problem.y_scale and not is_exact(error, problem):
                fit = fit_constants(formula, problem)
                formula, error = fit.formula, fit.rmse
            if is_exact(error, problem):
                if len(free_positions(formula)) <= _CONVINCING:
                    self.exact = True
                    self._emit(formula)
                    return 0.0
                error = 0.0
        self._keep(size, error, formula)
        return error / problem.y_scale

    def take(self, formula: Node) -> None:
        """An `Emit`."""
        self.offer(formula)

    def _keep(self, size: int, error: float, formula: Node) -> None:
        kept = self._best.setdefault(size, [])
        self._count += 1
        kept.append((error, self._count, formula))
        kept.sort(key=lambda item: item[:2])
        del kept[_PER_SIZE:]

    def best(self) -> list[Node]:
        """The best formulas: those better than every simpler one, then runners-up of their size; by size."""
        front: list[tuple[float, int, Node]] = []
        others: list[tuple[float, int, Node]] = []
        least = float("inf")
        for size in sorted(self._best):
            for error, order, formula in self._best[size]:
                if error < 0.999 * least:
                    front.append((error, order, formula))
                    least = error
                elif error < 1.3 * least:
                    others.append((error, order, formula))
        others.sort(key=lambda item: item[:2])
        chosen = front[-_MOST:] + others[: max(0, _MOST // 2 - len(front) // 2)]
        return [formula for _, _, formula in chosen]
