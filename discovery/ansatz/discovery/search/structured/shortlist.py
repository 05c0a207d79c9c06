"""Keeps a searcher's proposals few: those that are exact at once, of the others the best for their size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True)
class _Limits:
    """Say which proposals are worth a fit by the archive. Chosen by judgement; `python -m bench.recovery` holds them.

    Attributes:
        rows: on which formulas are compared.
        a_size: formulas that are kept of each size.
        most: formulas of the front that are passed on, the largest; of runners-up half as many in all.
        better: of the error of every simpler formula that one on the front has at most.
        runner_up: times the front's error so far that a runner-up has at most.
        flushed: of the best, how many are passed on before the search ends.
    """

    rows: int = 1000
    a_size: int = 3
    most: int = 24
    better: float = 0.999
    runner_up: float = 1.3
    flushed: int = 6


@dataclass(frozen=True)
class _Exactness:
    """Say when a formula ends the search. Chosen by judgement; `python -m bench.recovery` holds them.

    Attributes:
        nearly: error over the scale of y below which constants are fitted, to see whether the formula is exact.
        convincing: most constants of an exact formula that is taken for the law; more could bend to anything smooth.
        rows_a_constant: fewest rows for each constant, below which any formula would be exact.
        unsimplified: times the largest size that a formula may have before it is simplified.
    """

    nearly: float = 1e-4
    convincing: int = 4
    rows_a_constant: float = 1.5
    unsimplified: int = 3


_LIMITS: Final = _Limits()
_EXACTNESS: Final = _Exactness()


class Shortlist:
    """Filter what a searcher proposes, for one search; leaving the context passes on what is worth it.

    At most `pieces` of work are done.

    A formula that is exact on the sample, with few constants, goes out at once and makes `exact` true, which also
    spends `budget`.
    """

    def __init__(self, problem: Problem, budget: Budget, emit: Emit, pieces: float = float("inf")) -> None:
        self._problem = problem.subsample(_LIMITS.rows)
        self._emit = emit
        self._best: dict[int, list[tuple[float, int, Node]]] = {}
        self._seen: set[Node] = set()
        self._sent: set[Node] = set()
        self._count = 0
        self.exact = False
        self.budget = budget.part(also_stop=lambda: self.exact, pieces=pieces)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if kind is None and not self.exact:
            self._pass_on(self.best())

    def flush(self) -> None:
        """Pass on the last of the best by size that were not passed on yet, before the search ends."""
        if not self.exact:
            self._pass_on(self.best()[-_LIMITS.flushed :])

    def _pass_on(self, formulas: Sequence[Node]) -> None:
        for formula in formulas:
            if formula not in self._sent:
                self._sent.add(formula)
                self._emit(formula)

    def offer(self, formula: Node) -> float:
        """Return the formula's error on the sample, over the scale of y, after a refit where it is nearly exact."""
        problem = self._problem
        size = complexity(formula)
        if size > _EXACTNESS.unsimplified * problem.max_complexity or formula in self._seen:
            return float("inf")
        self._seen.add(formula)
        error = problem.rmse(problem.evaluate(formula))
        if size > problem.max_complexity and error < _EXACTNESS.nearly * problem.y_scale:
            # The way back from a reduced problem writes at length what is short.
            formula = simplify(formula, problem.positive, roots="sqrt" in problem.functions)
            size = complexity(formula)
        if not np.isfinite(error) or size > problem.max_complexity:
            return float("inf")
        if len(free_positions(formula)) * _EXACTNESS.rows_a_constant < problem.rows:
            if error < _EXACTNESS.nearly * problem.y_scale and not is_exact(error, problem):
                fit = fit_constants(formula, problem)
                formula, error = fit.formula, fit.rmse
            if is_exact(error, problem):
                if len(free_positions(formula)) <= _EXACTNESS.convincing:
                    self.exact = True
                    self._emit(formula)
                    return 0.0
                error = 0.0
        self._keep(size, error, formula)
        return error / problem.y_scale

    def take(self, formula: Node) -> None:
        """Take a formula, as an `Emit` does."""
        self.offer(formula)

    def _keep(self, size: int, error: float, formula: Node) -> None:
        kept = self._best.setdefault(size, [])
        self._count += 1
        kept.append((error, self._count, formula))
        kept.sort(key=lambda item: item[:2])
        del kept[_LIMITS.a_size :]

    def best(self) -> list[Node]:
        """Return the best formulas: those better than every simpler one, then runners-up of their size; by size."""
        front: list[tuple[float, int, Node]] = []
        others: list[tuple[float, int, Node]] = []
        least = float("inf")
        for size in sorted(self._best):
            for error, order, formula in self._best[size]:
                if error < _LIMITS.better * least:
                    front.append((error, order, formula))
                    least = error
                elif error < _LIMITS.runner_up * least:
                    others.append((error, order, formula))
        others.sort(key=lambda item: item[:2])
        chosen = front[-_LIMITS.most :] + others[: max(0, _LIMITS.most // 2 - len(front) // 2)]
        return [formula for _, _, formula in chosen]
