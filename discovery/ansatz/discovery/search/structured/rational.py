"""T(y) = P(x) / Q(x) with few terms in P and Q, found as the linear relation T*m = P - T*(Q - m) for a leading term m."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from ansatz.discovery.budget import Budget
from ansatz.discovery.expression import Array, Node, divide
from ansatz.discovery.problem import Problem
from ansatz.discovery.search.protocol import Emit
from ansatz.discovery.search.structured import build, terms
from ansatz.discovery.search.structured.outer import COSINE, IDENTITY, SINE, SQUARE, TANGENT, Transformed, transformed
from ansatz.discovery.search.structured.selection import Regression, Selection
from ansatz.discovery.search.structured.shortlist import Shortlist, sample
from ansatz.discovery.search.structured.terms import Bank

_ROWS: Final = 300
_OUTERS: Final = (IDENTITY, SQUARE, COSINE, SINE, TANGENT)
_MOST_TERMS: Final = 6
_MOST_BANK: Final = 220


@dataclass(frozen=True)
class Rational:
    """Quotients of sums of monomials, sines and cosines among them."""

    name: str = "structured.rational"
    seconds: float = 1.5

    def search(self, problem: Problem, budget: Budget, emit: Emit) -> None:
        small = sample(problem, _ROWS)
        if small.rows < 8:
            return
        with Shortlist(problem, budget, emit, self.seconds) as shortlist:
            bank = _bank(small)
            if not bank.terms:
                return
            for outer in _OUTERS:
                if (target := transformed(small, outer)) is None:
                    continue
                for formula in _quotients(small, bank, target):
                    shortlist.offer(formula)
                    if shortlist.budget.spent:
                        return


def _bank(problem: Problem) -> Bank:
    atoms = terms.inputs(problem)
    d = len(atoms)
    waves = terms.applied(problem, ("sin", "cos"), atoms)
    plain = list(terms.monomials(d, (1, 2, 3), 3, 3))
    waved = [((d + k, 1.0),) for k in range(len(waves))] + [((j, 1.0), (d + k, 1.0)) for j in range(d) for k in range(len(waves))]
    chosen = sorted([*plain, *waved], key=lambda t: sum(abs(e) for _, e in t))[:_MOST_BANK]
    return terms.bank(problem, [*atoms, *waves], chosen)


def _quotients(problem: Problem, bank: Bank, target: Transformed) -> Iterator[Node]:
    values = np.column_stack([np.ones(problem.rows), bank.values])
    simple = [0, *(i + 1 for i, t in enumerate(bank.terms) if len(t) == 1 and t[0][1] == 1.0)]
    most = min(_MOST_TERMS, max(2, problem.rows // 3))
    t = target.target / (np.max(np.abs(target.target)) or 1.0)
    size = float(np.max(np.abs(target.target))) or 1.0
    for lead in simple:
        others = np.delete(values, lead, axis=1)
        features = np.hstack([values, -t[:, None] * others])
        regression = Regression(t * values[:, lead], features, np.empty((problem.rows, 0)), target.roots)
        for model in regression.forward(most):
            if any(i >= values.shape[1] for i in model.support):
                yield target.outer.inverse(_quotient(bank, lead, model, values, size), problem.functions)


def _quotient(bank: Bank, lead: int, model: Selection, values: Array, size: float) -> Node:
    p = values.shape[1]
    positions = [k for k in range(p) if k != lead]
    above = [(size * c, i) for c, i in zip(model.coefficients, model.support, strict=True) if i < p]
    below = [(1.0, lead)] + [
        (c, positions[i - p]) for c, i in zip(model.coefficients, model.support, strict=True) if i >= p
    ]
    if not above:
        return build.ONE
    return divide(_sum(bank, above), _sum(bank, below))


def _sum(bank: Bank, parts: list[tuple[float, int]]) -> Node:
    return build.linear(
        [float(c) for c, _ in parts], [build.ONE if i == 0 else bank.node(i - 1) for _, i in parts]
    )
