"""Parts without a formula yet: polynomials of rising degree, fitted together to the target.

A polynomial is a formula like any other. So whatever a form does with its parts (calls one twice, one within another,
under an integral), it is fitted by the same least squares as every formula. Directions that the target does not
determine, such as a factor that moves from one part to another, stay where they were: Levenberg-Marquardt makes no step
along them.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final

import numpy as np

from ansatz.discovery.budget import Budget
from ansatz.discovery.evidence.description_length import is_exact, residual_bits
from ansatz.discovery.expression import Node, Number, Variable, add, call, complexity, divide, multiply, power, subtract
from ansatz.discovery.expression.numbers import numbers, with_numbers
from ansatz.discovery.fit.constants import fit_constants
from ansatz.discovery.problem.problem import Problem
from ansatz.discovery.search.parts.calls import PartView
from ansatz.discovery.search.parts.gauge import Gauge

_MARK: Final = 1.2345678901234567e-301
"""Stands for a coefficient in a formula until its position among the numbers is known."""


@dataclass(frozen=True)
class _Effort:
    """Bound the work of a fit of polynomials. Chosen by judgement; the tests of unknown parts hold them.

    Attributes:
        rows: looked at.
        degrees: that are tried one after the other.
        first: number of degrees on which the kinds of polynomials compete.
        patience: degrees in a row that do not shorten the description before the higher ones are left.
        share: of the rows that there may be coefficients.
        terms: of a polynomial.
        evaluations: in one fit.
        nodes: of the whole formula: a part within a part multiplies them.
        work: nodes times evaluations in one fit.
        singular: share of the largest singular value below which one counts as 0 where a polynomial is started.
    """

    rows: int = 1000
    degrees: tuple[int, ...] = (1, 2, 3, 4, 5, 6, 8, 10, 12, 15)
    first: int = 3
    patience: int = 2
    share: float = 0.3
    terms: int = 60
    evaluations: int = 40
    nodes: int = 2500
    work: int = 40_000
    singular: float = 1e-12


_EFFORT: Final = _Effort()


@dataclass(frozen=True)
class Kind:
    """Choose a polynomial of the arguments or of their logarithms; itself, or its exponential (of one sign)."""

    logarithms: bool
    exponential: bool


_KINDS: Final = tuple(Kind(logarithms, exponential) for exponential, logarithms in product((False, True), repeat=2))


@dataclass(frozen=True, eq=False)
class Smooth:
    """Hold a law with polynomials among its parts; `bits` are those of its residual and of its coefficients."""

    law: Node
    bits: float
    exact: bool


def smooth_fit(
    problem: Problem, start: Node, names: Sequence[str], gauges: Sequence[Gauge], budget: Budget
) -> Smooth | None:
    """Return the law with the parts `names` replaced by the polynomials that describe the target best.

    Its other parts stay as they are. None where none can be fitted. A part with a freedom among `gauges` keeps one
    coefficient as it starts.
    """
    fitter = _Fitter(problem.subsample(_EFFORT.rows), names, Counter(g.fixed for g in gauges), budget)
    best: tuple[Smooth, Kind] | None = None
    for kind in _KINDS:
        found = fitter.risen(start, kind, _EFFORT.degrees[: _EFFORT.first])
        if found is not None and (best is None or found.bits < best[0].bits):
            best = (found, kind)
    if best is None:
        return None
    return fitter.risen(best[0].law, best[1], _EFFORT.degrees[_EFFORT.first :], best[0])


@dataclass(frozen=True, eq=False)
class _Fitter:
    """Fit polynomials for parts.

    Attributes:
        problem: with a form.
        names: of the parts.
        held: how many coefficients of each stay.
        budget: of the fits.
    """

    problem: Problem
    names: Sequence[str]
    held: Counter[str]
    budget: Budget

    def risen(self, law: Node, kind: Kind, degrees: Sequence[int], best: Smooth | None = None) -> Smooth | None:
        """Return the best of the polynomials of these degrees, each fitted from the one before."""
        worse = 0
        for degree in degrees:
            if self.budget.spent or worse >= _EFFORT.patience or (best is not None and best.exact):
                break
            start = self._polynomials(law, kind, degree)
            found = None if start is None else self._fitted(*start)
            if found is None:
                worse += 1
                continue
            law = found.law
            worse = 0 if best is None or found.bits < best.bits else worse + 1
            best = found if worse == 0 else best
        return best

    def _fitted(self, law: Node, free: Sequence[int]) -> Smooth | None:
        rows = self.problem.rows
        if len(free) > _EFFORT.share * rows:
            return None
        size = complexity(self.problem.composed(law))
        if size > _EFFORT.nodes:
            return None
        fit = fit_constants(law, self.problem, free, max_evaluations=min(_EFFORT.evaluations, _EFFORT.work // size))
        if not math.isfinite(fit.rmse):
            return None
        bits = residual_bits(fit.rmse, len(free), self.problem) + 0.5 * math.log2(rows) * len(free)
        return Smooth(fit.formula, bits, is_exact(fit.rmse, self.problem))

    def _polynomials(self, law: Node, kind: Kind, degree: int) -> tuple[Node, tuple[int, ...]] | None:
        """Return the law with polynomials near its parts `names`, and positions of the numbers that are free.

        These are the constants, and the coefficients that are not held. None where the kind does not suit or the degree
        is too high.
        """
        form = self.problem.form
        assert form is not None
        formulas: list[Node] = []
        coefficients: list[float] = []
        free: list[bool] = []
        for part in form.parts:
            if part.name not in self.names:
                formulas.append(form.formulas(law)[part.name])
                continue
            found = _near(PartView(self.problem, law, part), kind, degree)
            if found is None:
                return None
            formulas.append(found[0])
            coefficients += found[1]
            # The largest are far from zero, so that holding them holds the scale as well as the level.
            largest = np.argsort(-np.abs(found[1]), kind="stable")[: self.held[part.name]]
            free += [k not in largest for k in range(len(found[1]))]
        coefficients += form.values(law).values()
        free += [True] * len(form.constants)
        marked = form.law(formulas, [_MARK] * len(form.constants))
        values = numbers(marked)
        positions = np.flatnonzero(values == _MARK)
        values[positions] = coefficients
        chosen = tuple(int(p) for p, is_free in zip(positions, free, strict=True) if is_free)
        return with_numbers(marked, values), chosen


def _near(view: PartView, kind: Kind, degree: int) -> tuple[Node, list[float]] | None:
    """Return a polynomial with marks for coefficients, and coefficients that bring it near the part's formula.

    Near where the form asks it. None where the kind does not suit or the degree is too high.
    """
    points = np.vstack([view.arguments(c) for c in view.calls])
    values = view.at(points)
    if kind.logarithms and not np.all(points > 0):
        return None
    sign = float(np.sign(values[0])) if kind.exponential else 1.0
    if kind.exponential and not np.all(sign * values > 0):
        return None
    with np.errstate(all="ignore"):
        at = np.log(points) if kind.logarithms else points
        target = np.log(sign * values) if kind.exponential else values
    low, high = at.min(axis=0), at.max(axis=0)
    if not (np.all(np.isfinite(at)) and np.all(np.isfinite(target)) and np.all(high > low)):
        return None
    terms = _monomials(at.shape[1], degree)
    if len(terms) > _EFFORT.terms:
        return None
    z = (2 * at - low - high) / (high - low)
    design = np.column_stack([np.prod(z ** np.array(term), axis=1) for term in terms])
    coefficients = np.linalg.lstsq(design, target, rcond=_EFFORT.singular)[0]
    scaled = [_scaled(n, a, b, kind) for n, a, b in zip(view.part.arguments, low, high, strict=True)]
    body = _sum(terms, scaled)
    return _outer(body, kind, sign), [float(c) for c in coefficients]


def _monomials(inputs: int, degree: int) -> list[tuple[int, ...]]:
    """Return exponents of total degree up to `degree`, constants first."""
    every = product(range(degree + 1), repeat=inputs)
    return sorted((e for e in every if sum(e) <= degree), key=lambda e: (sum(e), e))


def _scaled(name: str, low: float, high: float, kind: Kind) -> Node:
    """Return the argument, or its logarithm, brought to [-1, 1]."""
    u: Node = Variable(name)
    u = call("log", u) if kind.logarithms else u
    return divide(subtract(u, Number(float(low + high) / 2)), Number(float(high - low) / 2))


def _sum(terms: Sequence[tuple[int, ...]], inputs: Sequence[Node]) -> Node:
    """Return the sum of marks times monomials, in the order of the terms."""
    total: Node | None = None
    for term in terms:
        node: Node = Number(_MARK)
        for u, exponent in zip(inputs, term, strict=True):
            if exponent:
                node = multiply(node, u if exponent == 1 else power(u, Number(float(exponent))))
        total = node if total is None else add(total, node)
    assert total is not None
    return total


def _outer(body: Node, kind: Kind, sign: float) -> Node:
    if not kind.exponential:
        return body
    return call("exp", body) if sign > 0 else multiply(Number(-1.0), call("exp", body))
