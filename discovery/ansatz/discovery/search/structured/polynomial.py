"""T(y) = a sparse sum of terms, for outer functions T."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from ansatz.discovery.budget import Budget
from ansatz.discovery.expression import Node
from ansatz.discovery.problem import Problem
from ansatz.discovery.search.protocol import Emit
from ansatz.discovery.search.structured import build, terms
from ansatz.discovery.search.structured.outer import ALGEBRAIC, COSINE, SINE, TRANSCENDENTAL, Outer, transformed
from ansatz.discovery.search.structured.selection import Regression, Selection
from ansatz.discovery.search.structured.shortlist import Shortlist, sample
from ansatz.discovery.search.structured.terms import Bank

_ROWS: Final = 300
_MOST_TERMS: Final = 2000
_MOST_PAIRED: Final = 1000


@dataclass(frozen=True)
class SparseSum:
    """Sums of at most `most_terms` terms of a bank, under each of `outers`; `pairs` scans all pairs first."""

    name: str
    terms_of: Callable[[Problem], Bank]
    outers: Sequence[Outer]
    most_terms: int
    pairs: int = 0
    seconds: float = 2.0

    def search(self, problem: Problem, budget: Budget, emit: Emit) -> None:
        small = sample(problem, _ROWS)
        with Shortlist(problem, budget, emit, self.seconds) as shortlist:
            bank = self.terms_of(small)
            if not bank.terms:
                return
            tasks = list(self._tasks(small, bank))
            most = min(self.most_terms, max(1, small.rows // 3))
            for models in (lambda task: task.forward(most), lambda task: task.pairs(self.pairs, _MOST_PAIRED)):
                for outer, task in tasks:
                    for model in models(task):
                        shortlist.offer(outer.inverse(_node(bank, task, model), problem.functions))
                        if shortlist.budget.spent:
                            return
                if not self.pairs or len(bank.terms) < 2:
                    return

    def _tasks(self, problem: Problem, bank: Bank) -> Iterator[tuple[Outer, Regression]]:
        for outer in self.outers:
            if (target := transformed(problem, outer)) is not None:
                for known in (np.ones((problem.rows, 1)), np.empty((problem.rows, 0))):
                    yield outer, Regression(target.target, bank.values, known, target.roots)


def _node(bank: Bank, task: Regression, model: Selection) -> Node:
    k = task.known.shape[1]
    nodes = [bank.node(i) for i in model.support] + [build.ONE] * k
    return build.linear([*model.coefficients[k:], *model.coefficients[:k]], nodes)


def _small(problem: Problem) -> Bank:
    atoms = terms.inputs(problem)
    return terms.bank(problem, atoms, terms.monomials(len(atoms), (1, 2, 3), 3, 3))


def _wide(problem: Problem) -> Bank:
    atoms = terms.inputs(problem)
    gaps = [terms.Atom(build.raised(g.node, 2.0), g.values**2) for g in terms.differences(atoms)]
    d = len(atoms)
    monomials = list(terms.monomials(d, (-2, -1, 1, 2), 4, 5))[:_MOST_TERMS]
    powers = [((j, e),) for j in range(d) for e in (0.5, -0.5, 3.0, -3.0, 4.0, -4.0)]
    return terms.bank(problem, [*atoms, *gaps], [*powers, *(((d + k, 1.0),) for k in range(len(gaps))), *monomials])


def _waves(problem: Problem) -> Bank:
    atoms = terms.inputs(problem)
    gaps = terms.differences(atoms)
    d = len(atoms)
    waves = terms.applied(problem, ("sin", "cos"), [*atoms, *gaps])
    plain = list(terms.monomials(d, (-2, -1, 0.5, 1, 2), 3, 4))
    amplitudes: list[terms.Powers] = [(), *plain]
    share = max(20, _MOST_TERMS // max(1, 2 * len(waves)))
    waved = [((d + k, e), *a) for a in amplitudes[:share] for k in range(len(waves)) for e in (1.0, 2.0)]
    return terms.bank(problem, [*atoms, *waves], [*plain[: _MOST_TERMS // 4], *waved])


def polynomial() -> SparseSum:
    """Polynomials of degree three under every outer function."""
    return SparseSum("structured.polynomial", _small, (*ALGEBRAIC, *TRANSCENDENTAL), 6)


def monomials() -> SparseSum:
    """Sums of monomials with negative exponents, and of squared differences."""
    return SparseSum("structured.monomials", _wide, (*ALGEBRAIC, *TRANSCENDENTAL), 5, pairs=8)


def waves() -> SparseSum:
    """Sums of monomials times sines and cosines of inputs and of their differences."""
    return SparseSum("structured.waves", _waves, (*ALGEBRAIC, COSINE, SINE), 5, pairs=8)
