"""T(y) = a sparse sum of terms, for outer functions T."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from ansatz.discovery.budget import Budget
from ansatz.discovery.expression import Array
from ansatz.discovery.problem import Problem
from ansatz.discovery.search.protocol import Emit
from ansatz.discovery.search.structured import build, terms
from ansatz.discovery.search.structured.outer import ALGEBRAIC, COSINE, LOG, SINE, TRANSCENDENTAL, Outer, transformed
from ansatz.discovery.search.structured.selection import EXACT, Regression, Selection
from ansatz.discovery.search.structured.shortlist import Shortlist, sample
from ansatz.discovery.search.structured.terms import Bank

_ROWS: Final = 300
_MOST_TERMS: Final = 2000
_COMPLETIONS: Final = 6


@dataclass(frozen=True)
class SparseSum:
    """Sums of at most `most_terms` terms of a bank, under each of `outers`; pairs are completed
    among the first `most_paired`."""

    name: str
    terms_of: Callable[[Problem], Bank]
    outers: Sequence[Outer]
    most_terms: int
    most_paired: int
    seconds: float = 2.0

    def search(self, problem: Problem, budget: Budget, emit: Emit) -> None:
        small = sample(problem, _ROWS)
        with Shortlist(problem, budget, emit, self.seconds) as shortlist:
            bank = self.terms_of(small)
            if not bank.terms:
                return
            tasks = list(self._tasks(small, bank))
            paths: list[list[Selection]] = []
            for task in tasks:
                paths.append([])
                for model in task.regression.forward(min(self.most_terms, max(1, small.rows // 3))):
                    paths[-1].append(model)
                    task.offer(model, shortlist)
                    if shortlist.budget.spent:
                        return
            for task, path in zip(tasks, paths, strict=True):
                for model in task.regression.completed(path, _COMPLETIONS, self.most_paired):
                    task.offer(model, shortlist)
                    if shortlist.budget.spent:
                        return

    def _tasks(self, problem: Problem, bank: Bank) -> Iterator[_Task]:
        for outer in self.outers:
            if (target := transformed(problem, outer)) is not None:
                ones = np.ones((problem.rows, 1))
                yield _Task(problem, outer, bank, Regression(target.target, bank.values, ones, target.roots))


@dataclass(frozen=True, eq=False)
class _Task:
    """One outer function."""

    problem: Problem
    outer: Outer
    bank: Bank
    regression: Regression

    def offer(self, model: Selection, shortlist: Shortlist) -> None:
        """The model with its constant and without."""
        self._offer(model.coefficients, model.support, shortlist)
        if model.error > EXACT:
            features = self.regression.features[:, list(model.support)]
            bare = np.linalg.lstsq(features, self.regression.target, rcond=1e-14)[0]
            bare *= self.regression.size / self.regression.norms[list(model.support)]
            self._offer(np.array([0.0, *bare]), model.support, shortlist)

    def _offer(self, coefficients: Array, support: tuple[int, ...], shortlist: Shortlist) -> None:
        nodes = [*(self.bank.node(i) for i in support), build.ONE]
        total = build.linear([*coefficients[1:].tolist(), float(coefficients[0])], nodes)
        shortlist.offer(self.outer.inverse(total, self.problem.functions))


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
    products = terms.products(atoms) if d <= 3 else []
    waves = terms.applied(problem, ("sin", "cos"), [*atoms, *gaps, *products])
    plain = list(terms.monomials(d, (-2, -1, 0.5, 1, 2, 3), 3, 4))
    amplitudes: list[terms.Powers] = [(), *plain]
    share = max(20, _MOST_TERMS // max(1, 2 * len(waves)))
    waved = [((d + k, e), *a) for a in amplitudes[:share] for k in range(len(waves)) for e in (1.0, 2.0)]
    return terms.bank(problem, [*atoms, *waves], [*plain[: _MOST_TERMS // 4], *waved])


def polynomial() -> SparseSum:
    """Polynomials of degree three under every outer function."""
    return SparseSum("structured.polynomial", _small, (*ALGEBRAIC, *TRANSCENDENTAL), 6, 120)


def monomials() -> SparseSum:
    """Sums of monomials with negative exponents, and of squared differences."""
    return SparseSum("structured.monomials", _wide, (*ALGEBRAIC[:4], LOG, COSINE), 5, 700)


def waves() -> SparseSum:
    """Sums of monomials times sines and cosines of inputs and of their differences."""
    return SparseSum("structured.waves", _waves, (*ALGEBRAIC[:4], COSINE, SINE), 5, 700)
