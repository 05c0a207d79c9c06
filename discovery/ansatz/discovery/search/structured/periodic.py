"""Fast oscillations in a monomial of the inputs, which no smooth fit follows: a scan of monomials and frequencies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from ansatz.discovery.budget import Budget
from ansatz.discovery.expression import Variable, substitute
from ansatz.discovery.problem.problem import Problem
from ansatz.discovery.search.protocol import Emit, Searcher
from ansatz.discovery.search.structured import terms
from ansatz.discovery.search.structured.reduction import Reduction, fresh_names, peeled, replaced
from ansatz.discovery.search.structured.shortlist import Shortlist
from ansatz.discovery.search.structured.surrogate import best_view
from ansatz.discovery.search.structured.templates import wave_gains


@dataclass(frozen=True)
class _Limits:
    """Say when waves are looked for, and bound the scan. Chosen by judgement; `python -m bench.recovery` holds them.

    Attributes:
        rows: looked at.
        least_rows: rows below which nothing is searched: any of so many frequencies fits a few.
        most_inputs: of a problem that is searched.
        unsmooth: share of the target's spread that a smooth fit must leave.
        monomials: that are scanned, the simplest.
        frequencies: of each scan.
        half_periods: over the range of the monomial, of the fastest wave.
        solved: best monomials that are handed on.
    """

    rows: int = 120
    least_rows: int = 30
    most_inputs: int = 4
    unsmooth: float = 0.3
    monomials: int = 100
    frequencies: int = 300
    half_periods: int = 120
    solved: int = 3


_LIMITS: Final = _Limits()


@dataclass(frozen=True)
class Periodic:
    """Hand on the target, over a factor, as a function of the monomial in which it is most nearly a wave.

    Only where a smooth fit explains little.

    Attributes:
        solvers: search the problems of one input.
        name: of the searcher.
        pieces: of work.
    """

    solvers: Sequence[Searcher]
    name: str = "structured.periodic"
    pieces: int = 2500

    def search(self, problem: Problem, budget: Budget, emit: Emit) -> None:
        small = problem.subsample(_LIMITS.rows)
        if not 1 < len(problem.names) <= _LIMITS.most_inputs or small.rows < _LIMITS.least_rows:
            return
        if not {"sin", "cos"} & problem.functions:
            return
        view, error = best_view(small)
        if view.share(small, error) < _LIMITS.unsmooth:
            return
        with Shortlist(problem, budget, emit, self.pieces) as shortlist:
            found = [(gain, k, r) for k, (gain, r) in enumerate(_indices(small, shortlist.budget))]
            found.sort(key=lambda item: (-item[0], item[1]))
            for _, _, reduction in found[: _LIMITS.solved]:
                for solver in self.solvers:
                    if shortlist.budget.spent:
                        return
                    solver.search(reduction.problem, shortlist.budget, reduction.emit(shortlist.take))


def _indices(problem: Problem, budget: Budget) -> Iterator[tuple[float, Reduction]]:
    """Yield problems of one input, each with the share of the target that a wave of the best frequency explains."""
    for front in _fronts(problem):
        atoms = terms.inputs(front.problem)
        listed = terms.simplest(terms.monomials(len(atoms), (-2, -1, 1, 2), 3, 4), _LIMITS.monomials, len(atoms))
        bank = terms.bank(front.problem, atoms, listed)
        for k in range(len(bank.terms)):
            if budget.spent:
                return
            x = bank.values[:, k]
            half = np.pi / np.ptp(x)
            grid = np.linspace(half, _LIMITS.half_periods * half, _LIMITS.frequencies)
            yield float(np.max(wave_gains(front.problem, x, grid))), _one_input(front, bank, k)


def _one_input(front: Reduction, bank: terms.Bank, k: int) -> Reduction:
    name = next(fresh_names(front.problem))
    node = bank.node(k)
    return Reduction(
        replaced(front.problem, [bank.values[:, k]], [name]),
        lambda formula: front.restore(substitute(formula, {name: node})),
        f"wave of {name}",
    )


def _fronts(problem: Problem) -> Iterator[Reduction]:
    """Yield the problem, and the problem over each input."""
    yield Reduction(problem, lambda formula: formula, "whole")
    for j, name in enumerate(problem.names):
        if np.all(problem.X[:, j] != 0) and (reduction := peeled(problem, Variable(name))) is not None:
            yield reduction
