"""|y| = c * product of x_i**p_i * product of phi_j**q_j for a few factors phi_j of a large bank.

It is found by linear algebra in logarithms: every log|x_i| projected out, then an exhaustive scan of pairs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from ansatz.discovery.budget import Budget
from ansatz.discovery.expression import Array, Node, Variable
from ansatz.discovery.problem.problem import Problem
from ansatz.discovery.search.protocol import Emit
from ansatz.discovery.search.structured import build
from ansatz.discovery.search.structured.exponents import EXPONENTS, options
from ansatz.discovery.search.structured.factors import FactorBank, factor_bank
from ansatz.discovery.search.structured.selection import TOLERANCES, Regression, Selection
from ansatz.discovery.search.structured.shortlist import Shortlist


@dataclass(frozen=True)
class _Limits:
    """Bound what is tried, and say what is simple. Chosen by judgement; `python -m bench.recovery` holds them.

    Attributes:
        rows: looked at.
        least_rows: rows below which nothing is searched.
        factors: of a product, found one after the other.
        pairs: best pairs of factors that are tried.
        exact: by how much an exponent may miss a simple fraction where the product is exact.
        noisy: by how much otherwise.
        nearly: times the error of an exact model that is still taken for rounding.
        nothing: size of an exponent that is 0 but for rounding.
    """

    rows: int = 300
    least_rows: int = 5
    factors: int = 4
    pairs: int = 10
    exact: float = 1e-6
    noisy: float = 0.03
    nearly: float = 10.0
    nothing: float = 1e-9


_LIMITS: Final = _Limits()


@dataclass(frozen=True)
class LogBank:
    """Propose products of a power law and a few factors of a bank.

    Attributes:
        name: of the searcher.
        most_factors: of the bank.
        most_pairs: pairs are scanned among so many of the first factors.
        pieces: of work.
    """

    name: str = "structured.factors"
    most_factors: int = 4000
    most_pairs: int = 1500
    pieces: int = 300

    def search(self, problem: Problem, budget: Budget, emit: Emit) -> None:
        small = problem.subsample(_LIMITS.rows)
        keep = np.flatnonzero(small.y != 0)
        if keep.size < _LIMITS.least_rows:
            return
        small = small.rows_only(keep)
        with Shortlist(problem, budget, emit, self.pieces) as shortlist:
            bank = factor_bank(small, self.most_factors)
            scan = _Scan(small, bank)
            for model in self._models(scan, shortlist):
                for formula in scan.formulas(model):
                    shortlist.offer(formula)
                if shortlist.budget.spent:
                    return

    def _models(self, scan: _Scan, shortlist: Shortlist) -> Iterator[Selection]:
        if not scan.bank.factors:
            return
        path = []
        for model in scan.regression.forward(_LIMITS.factors):
            path.append(model)
            yield model
        if not shortlist.budget.spent:
            yield from scan.regression.completed(path, _LIMITS.pairs, self.most_pairs)


class _Scan:
    def __init__(self, problem: Problem, bank: FactorBank) -> None:
        self.problem = problem
        self.bank = bank
        X = problem.X
        self._columns = [j for j in range(X.shape[1]) if np.all(X[:, j] != 0) and np.ptp(np.abs(X[:, j])) > 0]
        known = np.column_stack([np.ones(problem.rows), *(np.log(np.abs(X[:, j])) for j in self._columns)])
        size = np.abs(problem.y)
        # Constant noise in y is noise of relative size 1/y in its logarithm.
        roots = np.clip(size / np.median(size), EXPONENTS.least_emphasis, 1.0)
        if problem.weights is not None:
            roots = roots * np.sqrt(problem.weights)
        self.regression = Regression(np.log(size), bank.logs, known, roots)

    def formulas(self, model: Selection) -> Iterator[Node]:
        k = len(self._columns)
        exponents = model.coefficients[1:]
        exact = model.error < _LIMITS.nearly * TOLERANCES.exact
        tolerance = _LIMITS.exact if exact else _LIMITS.noisy
        for option in options(exponents, np.full(exponents.size, tolerance)):
            if np.any(np.abs(option) > EXPONENTS.largest):
                continue
            yield self._formula(option[:k], model.support, option[k:])

    def _formula(self, powers: Array, support: tuple[int, ...], exponents: Array) -> Node:
        names = [self.problem.names[j] for j in self._columns]
        on_inputs = dict(zip(names, powers.tolist(), strict=True))
        factors: list[tuple[Node, float]] = []
        for index, q in zip(support, exponents.tolist(), strict=True):
            if q == 0:
                continue
            node, moved = self.bank.factors[index].build(q)
            factors.append((node, q))
            for name, e in moved.items():
                on_inputs[name] = on_inputs.get(name, 0.0) + e
        inputs = [(Variable(n), _clean(e)) for n, e in on_inputs.items() if abs(e) > _LIMITS.nothing]
        unit = build.product(1.0, [*inputs, *factors], self.problem.functions)
        return build.scaled(self._coefficient(unit), unit)

    def _coefficient(self, unit: Node) -> float:
        values = self.problem.evaluate(unit)
        usable = np.isfinite(values)
        v, y = values[usable], self.problem.y[usable]
        with np.errstate(all="ignore"):
            scale = float(np.max(np.abs(v))) if v.size else 0.0
            c = float((v / scale) @ y / ((v / scale) @ (v / scale))) / scale if scale else 0.0
        return c if np.isfinite(c) else 0.0


def _clean(exponent: float) -> float:
    return build.number(exponent).value
