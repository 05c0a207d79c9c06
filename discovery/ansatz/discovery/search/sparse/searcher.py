"""The target as a sparse sum of terms from a library, and of waves of unknown frequency."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from ansatz.discovery.budget import Budget
from ansatz.discovery.evidence.noise import Answer, NoiseQuestion
from ansatz.discovery.expression import Array, Number, variables
from ansatz.discovery.problem.error import unit_of
from ansatz.discovery.problem.problem import Problem
from ansatz.discovery.search.protocol import Emit
from ansatz.discovery.search.sparse.library import Term, library
from ansatz.discovery.search.sparse.model import Part, SparseModel, Target
from ansatz.discovery.search.sparse.pursuit import Pursuit
from ansatz.discovery.search.sparse.waves import clocks, others, scans


@dataclass(frozen=True)
class _Effort:
    """Bound the work of a search. Chosen by judgement; `python -m bench.recovery` holds them.

    Attributes:
        rows: looked at.
        least_rows: rows below which nothing is searched.
        parts: terms and waves of a sum.
        starts: paths in each stage.
    """

    rows: int = 1000
    least_rows: int = 20
    parts: int = 8
    starts: int = 6


_EFFORT: Final = _Effort()


@dataclass(frozen=True)
class SparseRegression:
    """Propose sums of at most eight terms, and of waves in inputs that are evenly spread, as times are."""

    name: str = "sparse"

    def search(self, problem: Problem, budget: Budget, emit: Emit) -> None:
        for model in pursue(problem, np.empty((problem.rows, 0)), budget, waves_anywhere=False):
            emit(model.formula())
            if budget.spent:
                return


def pursue(problem: Problem, known: Array, budget: Budget, waves_anywhere: bool) -> Iterator[SparseModel]:
    """Yield sums that explain the target beside the columns `known`, of shape `(n, k)`, whose coefficients are free.

    First of terms alone; then, while there is something left to explain, with waves in evenly spread inputs, and if
    wanted in any input.
    """
    if problem.rows < _EFFORT.least_rows or not problem.names:
        return
    rows = _chosen_rows(problem)
    small = problem.rows_only(rows)
    roots = np.ones(small.rows) if small.weights is None else np.sqrt(small.weights)
    terms = [Term(Number(1.0), np.ones(small.rows)), *library(small)]
    unit = unit_of(small.y_scale)
    target = Target(small.y / unit * roots, known[rows] * roots[:, None], roots, unit)
    best: SparseModel | None = None
    met: dict[int, Part] = {}
    stages: list[tuple[list[Term], Sequence[str]]] = [(terms, ())]
    if even := clocks(small):
        stages.append(([t for t in terms if not set(variables(t.node)) & set(even)], even))
    if waves_anywhere and others(small):
        stages.append((terms, small.names))
    noise = NoiseQuestion(small)
    for listed, waved in stages:
        pursuit = Pursuit(target, listed, scans(small, roots, waved), _EFFORT.parts)
        for i, start in enumerate(pursuit.starts()[: _EFFORT.starts]):
            if best is not None and i != 1 and _leaves_noise(best, small, noise) and not pursuit.improves(best):
                break
            for model in pursuit.models(start, budget):
                if model.parts:
                    yield model
                if budget.spent:
                    return
                met |= {id(part): part for part in model.parts}
                if best is None or model.score < best.score:
                    best = model
    if best is not None and best.parts:
        yield from pursuit.subsets(best, met.values())


def _leaves_noise(model: SparseModel, problem: Problem, noise: NoiseQuestion) -> bool:
    """Tell whether no structure is seen in what the model leaves: then waves have nothing to explain."""
    basis, residual = model.basis()
    roots = model.target.roots
    verdict = noise.of_values(problem.y - residual / roots, basis / roots[:, None])
    return verdict.answer is not Answer.STRUCTURE


def _chosen_rows(problem: Problem) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    if problem.rows <= _EFFORT.rows:
        return np.arange(problem.rows)
    return np.sort(np.random.default_rng(problem.seed).choice(problem.rows, _EFFORT.rows, replace=False))
