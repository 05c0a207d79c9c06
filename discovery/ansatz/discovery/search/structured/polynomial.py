"""T(y) = a sparse sum of terms, for outer functions T."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from ansatz.discovery.budget import Budget
from ansatz.discovery.expression import Array
from ansatz.discovery.problem.problem import Problem
from ansatz.discovery.search.protocol import Emit
from ansatz.discovery.search.structured import build, squares, terms
from ansatz.discovery.search.structured.outer import ALGEBRAIC, COSINE, LOG, SINE, TRANSCENDENTAL, Outer, transformed
from ansatz.discovery.search.structured.selection import EFFORT, TOLERANCES, Regression, Selection
from ansatz.discovery.search.structured.shortlist import Shortlist
from ansatz.discovery.search.structured.terms import Bank


@dataclass(frozen=True)
class _Limits:
    """Bound banks of terms and what is tried of them. Chosen by judgement; `python -m bench.recovery` holds them.

    Attributes:
        rows: looked at.
        bank: terms of the wider banks, the simplest.
        waved: products of a monomial and a wave that are listed, before the simplest are chosen.
        multiplied: inputs whose products are arguments of waves too; with more inputs they would fill the bank.
        completions: pairs that are tried for each beginning of a path.
    """

    rows: int = 300
    bank: int = 2000
    waved: int = 20_000
    multiplied: int = 3
    completions: int = 6


_LIMITS: Final = _Limits()


@dataclass(frozen=True)
class SparseSum:
    """Propose sums of few terms of a bank, under outer functions.

    Attributes:
        name: of the searcher.
        terms_of: makes the bank for a problem.
        outers: functions T of the target that are tried.
        most_terms: of a sum.
        most_paired: pairs are completed among so many of the first terms.
        pieces: of work.
    """

    name: str
    terms_of: Callable[[Problem], Bank]
    outers: Sequence[Outer]
    most_terms: int
    most_paired: int
    pieces: int = 700

    def search(self, problem: Problem, budget: Budget, emit: Emit) -> None:
        small = problem.subsample(_LIMITS.rows)
        with Shortlist(problem, budget, emit, self.pieces) as shortlist:
            bank = self.terms_of(small)
            if not bank.terms:
                return
            tasks = list(self._tasks(small, bank))
            most = min(self.most_terms, max(1, small.rows // EFFORT.rows_a_term))
            paths: list[list[Selection]] = []
            for task in tasks:
                paths.append([])
                for model in task.regression.forward(most):
                    paths[-1].append(model)
                    task.offer(model, shortlist)
                    if shortlist.budget.spent:
                        return
            for task, path in zip(tasks, paths, strict=True):
                for model in task.regression.completed(path, _LIMITS.completions, self.most_paired):
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
    """Hold one outer function of the target, and the regression of that on a bank.

    Attributes:
        problem: whose target it is.
        outer: the function.
        bank: terms of the sums.
        regression: of the function of the target on the terms.
    """

    problem: Problem
    outer: Outer
    bank: Bank
    regression: Regression

    def offer(self, model: Selection, shortlist: Shortlist) -> None:
        """Offer the model with its constant and without."""
        self._offer(model.coefficients, model.support, shortlist)
        if model.error > TOLERANCES.exact:
            features = self.regression.features[:, list(model.support)]
            bare = np.linalg.lstsq(features, self.regression.target, rcond=TOLERANCES.singular)[0]
            with np.errstate(all="ignore"):
                bare *= self.regression.size / self.regression.norms[list(model.support)]
            if not np.all(np.isfinite(bare)):
                return
            self._offer(np.array([0.0, *bare]), model.support, shortlist)

    def _offer(self, coefficients: Array, support: tuple[int, ...], shortlist: Shortlist) -> None:
        parts: list[squares.Part] = [
            (float(c), self.bank.terms[i]) for c, i in zip(coefficients[1:], support, strict=True)
        ]
        if coefficients[0]:
            parts.append((float(coefficients[0]), ()))
        if (whole := squares.completed(parts, self.bank)) is not None:
            shortlist.offer(self.outer.inverse(whole, self.problem.functions))
        total = build.linear([c for c, _ in parts], [self.bank.formula(t) for _, t in parts])
        shortlist.offer(self.outer.inverse(total, self.problem.functions))


def _small(problem: Problem) -> Bank:
    atoms = terms.inputs(problem)
    return terms.bank(problem, atoms, terms.monomials(len(atoms), (1, 2, 3), 3, 3))


def _wide(problem: Problem) -> Bank:
    atoms = terms.inputs(problem)
    with np.errstate(over="ignore"):
        gaps = [terms.Atom(build.raised(g.node, 2.0), g.values**2) for g in terms.differences(atoms)]
    d = len(atoms)
    monomials = terms.monomials(d, (-2, -1, 1, 2), 4, 5)
    powers = [((j, e),) for j in range(d) for e in (0.5, -0.5, 3.0, -3.0, 4.0, -4.0)]
    squares = [((d + k, 1.0),) for k in range(len(gaps))]
    return terms.bank(problem, [*atoms, *gaps], terms.simplest([*powers, *squares, *monomials], _LIMITS.bank, d))


def _waves(problem: Problem) -> Bank:
    atoms = terms.inputs(problem)
    d = len(atoms)
    products = terms.products(atoms) if d <= _LIMITS.multiplied else []
    waves = terms.applied(problem, ("sin", "cos"), [*atoms, *terms.differences(atoms), *products])
    plain = list(terms.monomials(d, (-3, -2, -1, 0.5, 1, 2, 3), 3, 4))
    short = plain[: _LIMITS.waved // max(len(waves), 1)]
    waved = [((d + k, e), *a) for a in [(), *short] for k in range(len(waves)) for e in (1.0, 2.0)]
    return terms.bank(problem, [*atoms, *waves], terms.simplest([*plain, *waved], _LIMITS.bank, d))


def polynomial() -> SparseSum:
    """Return the search for polynomials of degree three under every outer function."""
    return SparseSum("structured.polynomial", _small, (*ALGEBRAIC, *TRANSCENDENTAL), 6, 120)


def monomials() -> SparseSum:
    """Return the search for sums of monomials with negative exponents, and of squared differences."""
    return SparseSum("structured.monomials", _wide, (*ALGEBRAIC[:4], LOG, COSINE), 5, 800)


def waves() -> SparseSum:
    """Return the search for sums of monomials times sines and cosines of inputs and of their differences."""
    return SparseSum("structured.waves", _waves, (*ALGEBRAIC[:4], COSINE, SINE), 5, 800)
