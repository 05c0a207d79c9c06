"""T(y) = a sparse sum of terms, for outer functions T."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from ansatz.discovery.budget import Budget
from ansatz.discovery.expression import Node
from ansatz.discovery.problem import Problem
from ansatz.discovery.search.protocol import Emit
from ansatz.discovery.search.structured import build, terms
from ansatz.discovery.search.structured.outer import ALGEBRAIC, TRANSCENDENTAL, Outer, transformed
from ansatz.discovery.search.structured.selection import Regression, Selection
from ansatz.discovery.search.structured.shortlist import Shortlist, sample
from ansatz.discovery.search.structured.terms import Bank

_ROWS: Final = 400


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
            most = min(self.most_terms, max(1, small.rows // 3))
            for outer in self.outers:
                if (target := transformed(small, outer)) is None:
                    continue
                regression = Regression(target.target, bank.values, np.empty((small.rows, 0)), target.roots)
                shifted = Regression(target.target, bank.values, np.ones((small.rows, 1)), target.roots)
                for task in (shifted, regression):
                    for model in self._models(task, most):
                        shortlist.offer(outer.inverse(_node(bank, task, model), problem.functions))
                        if shortlist.budget.spent:
                            return

    def _models(self, task: Regression, most: int):  # type: ignore[no-untyped-def]
        yield from task.forward(most)
        if self.pairs and task.features.shape[1] > 1:
            for pair in task.pairs(self.pairs):
                yield pair
            


def _node(bank: Bank, task: Regression, model: Selection) -> Node:
    k = task.known.shape[1]
    nodes = [bank.node(i) for i in model.support] + [build.ONE] * k
    return build.linear([*model.coefficients[k:], *model.coefficients[:k]], nodes)


def _small(problem: Problem) -> Bank:
    atoms = terms.inputs(problem)
    return terms.bank(problem, atoms, terms.monomials(len(atoms), (1, 2, 3), 3, 3))


def polynomial() -> SparseSum:
    return SparseSum("structured.polynomial", _small, (*ALGEBRAIC, *TRANSCENDENTAL), 6)
