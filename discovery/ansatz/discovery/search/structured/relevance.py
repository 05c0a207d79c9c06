"""Which inputs matter, where there are many: forward selection by the leave-one-out error of a polynomial."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from ansatz.discovery.budget import Budget
from ansatz.discovery.problem.problem import Problem
from ansatz.discovery.search.protocol import Emit, Searcher
from ansatz.discovery.search.structured.surrogate import SMOOTH_FIT, View, best_view


@dataclass(frozen=True)
class _Limits:
    """Say when inputs are left out. Chosen by judgement; `python -m bench.recovery --junk 10` holds them.

    Attributes:
        least_rows: rows below which the errors of fits tell nothing.
        few: inputs up to which all are searched.
        most: inputs that are chosen.
        improves: of the error so far that a further input leaves at most.
        must_explain: share of the target's spread that the chosen inputs leave unexplained at most.
        loses: times the share left by a fit of all inputs that the chosen ones leave at most.
        nothing: share that is added to that bound, for targets that either explains.
    """

    least_rows: int = 30
    few: int = 5
    most: int = 9
    improves: float = 0.98
    must_explain: float = 0.8
    loses: float = 1.2
    nothing: float = 1e-3


_LIMITS: Final = _Limits()


@dataclass(frozen=True)
class Relevant:
    """Hand the problem without its irrelevant inputs to `searchers`, where there are more than five and some are."""

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


def without_irrelevant(problem: Problem, budget: Budget, few: int = _LIMITS.few) -> Problem | None:
    """Return the problem with the inputs that a smooth fit needs.

    None where these are all, or explain nothing, or where it has no more than `few`.
    """
    if len(problem.names) <= few or problem.rows < _LIMITS.least_rows:
        return None
    small = problem.subsample(SMOOTH_FIT.rows)
    one_sign = bool(np.all(small.y > 0) or np.all(small.y < 0))
    views = [View(False, False, False), *([View(True, False, True), View(True, True, True)] if one_sign else [])]
    best: tuple[float, list[int]] = (_LIMITS.must_explain, [])
    for view in views:
        share, chosen = _forward(small, view, budget)
        if share < best[0]:
            best = (share, chosen)
    chosen = sorted(best[1])
    if not chosen or len(chosen) == len(problem.names):
        return None
    view, error = best_view(small)
    if best[0] > _LIMITS.loses * view.share(small, error) + _LIMITS.nothing:
        return None
    return problem.inputs_only([problem.names[j] for j in chosen])


def _forward(problem: Problem, view: View, budget: Budget) -> tuple[float, list[int]]:
    """Return the share of the target that the chosen inputs leave unexplained, and the inputs."""
    columns = [view.column(problem.X[:, j]) for j in range(len(problem.names))]
    chosen: list[int] = []
    error = view.fit_columns([], problem).error
    while len(chosen) < _LIMITS.most and not budget.spent:
        others = [j for j in range(len(columns)) if j not in chosen and np.ptp(columns[j]) > 0]
        if not others:
            break
        errors = [view.fit_columns([columns[k] for k in (*chosen, j)], problem).error for j in others]
        best = int(np.argmin(errors))
        if errors[best] > _LIMITS.improves * error:
            break
        chosen.append(others[best])
        error = errors[best]
    return view.share(problem, error), chosen
