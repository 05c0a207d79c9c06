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

_ROWS: Final = 120
_MOST_INPUTS: Final = 4
_UNSMOOTH: Final = 0.3
_MOST_MONOMIALS: Final = 100
_FREQUENCIES: Final = 300
_HALF_PERIODS: Final = 120
_SOLVED: Final = 3
_PIECES: Final = 2500


@dataclass(frozen=True)
class Periodic:
    """Where a smooth fit explains little: the target over a factor, as a function of the monomial in which it is most
    nearly a wave, handed to `solvers`."""

    solvers: Sequence[Searcher]
    name: str = "structured.periodic"

    def search(self, problem: Problem, budget: Budget, emit: Emit) -> None:
        small = problem.subsample(_ROWS)
        if not 1 < len(problem.names) <= _MOST_INPUTS or small.rows < 30 or not {"sin", "cos"} & problem.functions:
            return
        view, error = best_view(small)
        if view.share(small, error) < _UNSMOOTH:
            return
        with Shortlist(problem, budget, emit, _PIECES) as shortlist:
            found = [(gain, k, r) for k, (gain, r) in enumerate(_indices(small, shortlist.budget))]
            found.sort(key=lambda item: (-item[0], item[1]))
            for _, _, reduction in found[:_SOLVED]:
                for solver in self.solvers:
                    if shortlist.budget.spent:
                        return
                    solver.search(reduction.problem, shortlist.budget, reduction.emit(shortlist.take))


def _indices(problem: Problem, budget: Budget) -> Iterator[tuple[float, Reduction]]:
    """Problems of one input, each with the share of the target that a wave of the best frequency explains."""
    for front in _fronts(problem):
        atoms = terms.inputs(front.problem)
        listed = terms.simplest(terms.monomials(len(atoms), (-2, -1, 1, 2), 3, 4), _MOST_MONOMIALS, len(atoms))
        bank = terms.bank(front.problem, atoms, listed)
        for k in range(len(bank.terms)):
            if budget.spent:
                return
            x = bank.values[:, k]
            half = np.pi / np.ptp(x)
            gain = float(np.max(wave_gains(front.problem, x, np.linspace(half, _HALF_PERIODS * half, _FREQUENCIES))))
            yield gain, _one_input(front, bank, k)


def _one_input(front: Reduction, bank: terms.Bank, k: int) -> Reduction:
    name = next(fresh_names(front.problem))
    node = bank.node(k)
    return Reduction(
        replaced(front.problem, [bank.values[:, k]], [name]),
        lambda formula: front.restore(substitute(formula, {name: node})),
        f"wave of {name}",
    )


def _fronts(problem: Problem) -> Iterator[Reduction]:
    """The problem, and over each input."""
    yield Reduction(problem, lambda formula: formula, "whole")
    for j, name in enumerate(problem.names):
        if np.all(problem.X[:, j] != 0) and (reduction := peeled(problem, Variable(name))) is not None:
            yield reduction
