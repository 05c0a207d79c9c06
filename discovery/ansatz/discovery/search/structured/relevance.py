"""Which inputs matter, where there are many: forward selection by the leave-one-out error of a polynomial."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from ansatz.discovery.budget import Budget
from ansatz.discovery.problem.problem import Problem
from ansatz.discovery.search.protocol import Emit, Searcher
from ansatz.discovery.search.structured.surrogate import View, best_view

_ROWS: Final = 240
_FEW: Final = 5
_MOST: Final = 9
_IMPROVES: Final = 0.98
_MUST_EXPLAIN: Final = 0.8
_LOSES: Final = 1.2
_NOTHING: Final = 1e-3


@dataclass(frozen=True)
class Relevant:
    """Hands the problem without its irrelevant inputs to `searchers`, where there are more than five and some are."""

    searchers: Sequence[Searcher]
    name: str = "structured.relevant"

    def search(self, problem: Problem, budget: Budget, emit: Emit) -> None:
        smaller = without_irrelevant(problem, budget)
        if smaller is None:
            return
        for searcher in self.searchers:
            if budget.spent:
                return
            searcher.search(smaller, budget, emit)


def without_irrelevant(problem: Problem, budget: Budget, few: int = _FEW) -> Problem | None:
    """The problem with the inputs that a smooth fit needs, or None where these are all or explain nothing, or where it
    has no more than `few`."""
    if len(problem.names) <= few or problem.rows < 30:
        return None
    small = problem.subsample(_ROWS)
    one_sign = bool(np.all(small.y > 0) or np.all(small.y < 0))
    views = [View(False, False, False), *([View(True, False, True), View(True, True, True)] if one_sign else [])]
    best: tuple[float, list[int]] = (_MUST_EXPLAIN, [])
    for view in views:
        share, chosen = _forward(small, view, budget)
        if share < best[0]:
            best = (share, chosen)
    chosen = sorted(best[1])
    if not chosen or len(chosen) == len(problem.names):
        return None
    view, error = best_view(small)
    if best[0] > _LOSES * view.share(small, error) + _NOTHING:
        return None
    return problem.inputs_only([problem.names[j] for j in chosen])


def _forward(problem: Problem, view: View, budget: Budget) -> tuple[float, list[int]]:
    """The share of the target that the chosen inputs leave unexplained, and the inputs."""
    columns = [view.column(problem.X[:, j]) for j in range(len(problem.names))]
    chosen: list[int] = []
    error = view.fit_columns([], problem).error
    while len(chosen) < _MOST and not budget.spent:
        others = [j for j in range(len(columns)) if j not in chosen and np.ptp(columns[j]) > 0]
        if not others:
            break
        errors = [view.fit_columns([columns[k] for k in (*chosen, j)], problem).error for j in others]
        best = int(np.argmin(errors))
        if errors[best] > _IMPROVES * error:
            break
        chosen.append(others[best])
        error = errors[best]
    return view.share(problem, error), chosen
