"""T(y) = P(x) / Q(x) with few terms in P and Q: the linear relation T*m = P - T*(Q - m) for a leading term m."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from ansatz.discovery.budget import Budget
from ansatz.discovery.expression import Node, divide
from ansatz.discovery.problem.problem import Problem
from ansatz.discovery.search.protocol import Emit
from ansatz.discovery.search.structured import build, terms
from ansatz.discovery.search.structured.outer import COSINE, IDENTITY, SINE, SQUARE, TANGENT, Transformed, transformed
from ansatz.discovery.search.structured.selection import EFFORT, TOLERANCES, Regression, Selection
from ansatz.discovery.search.structured.shortlist import Shortlist
from ansatz.discovery.search.structured.terms import Bank

_OUTERS: Final = (IDENTITY, SQUARE, COSINE, SINE, TANGENT)
_COMPLETED: Final = (IDENTITY, COSINE)


@dataclass(frozen=True)
class _Limits:
    """Bound banks of terms and what is tried of them. Chosen by judgement; `python -m bench.recovery` holds them.

    Attributes:
        rows: looked at.
        least_rows: rows below which nothing is searched.
        terms: of a quotient, beside its leading one.
        bank: monomials, and their products with waves, the simplest.
        few: simplest terms of which all relations of three are tried.
        completions: pairs that are tried for each beginning of a path.
        least_angle: radians that an input must cover for its sine to be told from a polynomial.
    """

    rows: int = 300
    least_rows: int = 8
    terms: int = 6
    bank: int = 150
    few: int = 24
    completions: int = 4
    least_angle: float = 0.8


_LIMITS: Final = _Limits()


@dataclass(frozen=True)
class Rational:
    """Propose quotients of sums of monomials, sines and cosines among them, within `pieces` of work."""

    name: str = "structured.rational"
    pieces: int = 600

    def search(self, problem: Problem, budget: Budget, emit: Emit) -> None:
        small = problem.subsample(_LIMITS.rows)
        if small.rows < _LIMITS.least_rows:
            return
        with Shortlist(problem, budget, emit, self.pieces) as shortlist:
            for waved in (False, True):
                bank = _bank(small, waved)
                for outer in _OUTERS if bank.terms else ():
                    if (target := transformed(small, outer)) is None:
                        continue
                    for formula in _quotients(small, bank, target):
                        shortlist.offer(formula)
                        if shortlist.budget.spent:
                            return


def _bank(problem: Problem, waved: bool) -> Bank:
    """Return monomials; with sines and cosines of inputs that cover enough of a period to be no polynomials."""
    atoms = terms.inputs(problem)
    d = len(atoms)
    plain = list(terms.monomials(d, (1, 2, 3, 4), 3, 4))
    if not waved:
        return terms.bank(problem, atoms, plain[: _LIMITS.bank])
    waves = terms.applied(problem, ("sin", "cos"), [a for a in atoms if np.ptp(a.values) > _LIMITS.least_angle])
    if not waves:
        return terms.bank(problem, atoms, [])
    products = [(*p, (d + k, 1.0)) for p in [(), *plain] for k in range(len(waves))]
    chosen = sorted([*plain, *products], key=lambda t: sum(abs(e) for _, e in t))[: _LIMITS.bank]
    return terms.bank(problem, [*atoms, *waves], chosen)


def _quotients(problem: Problem, bank: Bank, target: Transformed) -> Iterator[Node]:
    values = np.column_stack([np.ones(problem.rows), bank.values])
    simple = [0, *(i + 1 for i, t in enumerate(bank.terms) if len(t) == 1 and t[0][1] == 1.0)]
    most = min(_LIMITS.terms, max(2, problem.rows // EFFORT.rows_a_term))
    size = float(np.max(np.abs(target.target))) or 1.0
    t = target.target / size
    for lead in simple:
        others = np.delete(values, lead, axis=1)
        features = np.hstack([values, -t[:, None] * others])
        regression = Regression(t * values[:, lead], features, np.empty((problem.rows, 0)), target.roots)
        found = list(regression.forward(most))
        if lead == 0 and target.outer in _COMPLETED and (not found or found[-1].error > TOLERANCES.exact):
            found += list(regression.completed(found, _LIMITS.completions, features.shape[1]))
        for model in found:
            if _is_quotient(model, values.shape[1], size):
                yield target.outer.inverse(_quotient(bank, lead, model, values.shape[1], size), problem.functions)
    if target.outer in _COMPLETED:
        yield from _small_quotients(problem, bank, target)


def _small_quotients(problem: Problem, bank: Bank, target: Transformed) -> Iterator[Node]:
    """Yield all relations of three of the simplest terms."""
    values = np.column_stack([np.ones(problem.rows), bank.values[:, : _LIMITS.few - 1]])
    size = float(np.max(np.abs(target.target))) or 1.0
    t = target.target / size
    features = np.hstack([values, -t[:, None] * values[:, 1:]])
    regression = Regression(t, features, np.empty((t.size, 0)), target.roots)
    for model in regression.triples(0, features.shape[1]):
        if _is_quotient(model, values.shape[1], size):
            yield target.outer.inverse(_quotient(bank, 0, model, values.shape[1], size), problem.functions)


def _is_quotient(model: Selection, p: int, size: float) -> bool:
    above = sum(i < p for i in model.support)
    with np.errstate(over="ignore"):
        return 0 < above < len(model.support) and bool(np.all(np.isfinite(size * model.coefficients)))


def _quotient(bank: Bank, lead: int, model: Selection, p: int, size: float) -> Node:
    positions = [k for k in range(p) if k != lead]
    above = [(size * c, i) for c, i in zip(model.coefficients, model.support, strict=True) if i < p]
    below = [(1.0, lead)] + [
        (c, positions[i - p]) for c, i in zip(model.coefficients, model.support, strict=True) if i >= p
    ]
    return divide(_sum(bank, above), _sum(bank, below))


def _sum(bank: Bank, parts: list[tuple[float, int]]) -> Node:
    return build.linear([float(c) for c, _ in parts], [build.ONE if i == 0 else bank.node(i - 1) for _, i in parts])
