"""|y| = c * product of x_i**p_i * product of phi_j**q_j for a few factors phi_j of a large bank, by linear algebra in
logarithms: every log|x_i| projected out, then an exhaustive scan of pairs."""

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
from ansatz.discovery.search.structured.exponents import options
from ansatz.discovery.search.structured.factors import FactorBank, factor_bank
from ansatz.discovery.search.structured.selection import EXACT, Regression, Selection
from ansatz.discovery.search.structured.shortlist import Shortlist

_LARGEST: Final = 12.0
_ROWS: Final = 300
_FORWARD: Final = 4
_PAIRS: Final = 10
_LEAST_EMPHASIS: Final = 1e-3


@dataclass(frozen=True)
class LogBank:
    """Products of a power law and a few factors out of `most_factors`; pairs are scanned among the first
    `most_pairs`."""

    name: str = "structured.factors"
    most_factors: int = 4000
    most_pairs: int = 1500
    pieces: int = 300

    def search(self, problem: Problem, budget: Budget, emit: Emit) -> None:
        small = problem.subsample(_ROWS)
        keep = np.flatnonzero(small.y != 0)
        if keep.size < 5:
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
        for model in scan.regression.forward(_FORWARD):
            path.append(model)
            yield model
        if not shortlist.budget.spent:
            yield from scan.regression.completed(path, _PAIRS, self.most_pairs)


class _Scan:
    def __init__(self, problem: Problem, bank: FactorBank) -> None:
        self.problem = problem
        self.bank = bank
        X = problem.X
        self._columns = [j for j in range(X.shape[1]) if np.all(X[:, j] != 0) and np.ptp(np.abs(X[:, j])) > 0]
        known = np.column_stack([np.ones(problem.rows), *(np.log(np.abs(X[:, j])) for j in self._columns)])
        size = np.abs(problem.y)
        # Constant noise in y is noise of relative size 1/y in its logarithm.
        roots = np.clip(size / np.median(size), _LEAST_EMPHASIS, 1.0)
        if problem.weights is not None:
            roots = roots * np.sqrt(problem.weights)
        self.regression = Regression(np.log(size), bank.logs, known, roots)

    def formulas(self, model: Selection) -> Iterator[Node]:
        k = len(self._columns)
        exponents = model.coefficients[1:]
        tolerance = 1e-6 if model.error < EXACT * 10 else 0.03
        for option in options(exponents, np.full(exponents.size, tolerance)):
            if np.any(np.abs(option) > _LARGEST):
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
        inputs = [(Variable(n), _clean(e)) for n, e in on_inputs.items() if abs(e) > 1e-9]
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
