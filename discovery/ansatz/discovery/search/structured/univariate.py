"""Laws of one input: y as a known function of b*x with an unknown scale b, times a power, plus a constant, under an
outer function. The scale is scanned, everything linear is solved (variable projection, Golub & Pereyra 1973), and the
best are refined."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from ansatz.discovery.budget import Budget
from ansatz.discovery.expression import Array, Node, Variable, add, call, divide, multiply, subtract
from ansatz.discovery.fit.constants import fit_constants
from ansatz.discovery.problem.problem import Problem
from ansatz.discovery.search.protocol import Emit
from ansatz.discovery.search.structured import build
from ansatz.discovery.search.structured.exponents import EXPONENTS
from ansatz.discovery.search.structured.outer import ALGEBRAIC, TRANSCENDENTAL, transformed
from ansatz.discovery.search.structured.selection import Regression
from ansatz.discovery.search.structured.shortlist import Shortlist


@dataclass(frozen=True)
class _Effort:
    """Bound the work of a search. Chosen by judgement; `python -m bench.recovery` and `bench.latency` hold them.

    Attributes:
        rows: looked at.
        least_rows: rows below which nothing is searched.
        scales: number of scales b in the scan, evenly spread in the logarithm.
        least_scale: of b times the usual size of the input.
        most_scale: of b times the usual size of the input.
        refined: best single terms of each outer function that are fitted; of products twice, of refined sums half.
        pairs: best pairs that are fitted.
        paired_factors: pairs of factors are scanned among so many of the first.
        paired_terms: pairs of terms are scanned among so many of the first.
        most_factors: of a product, found one after the other.
        most_terms: of a sum, found one after the other.
        evaluations: of a formula, to refine its scale.
    """

    rows: int = 240
    least_rows: int = 5
    scales: int = 28
    least_scale: float = 0.03
    most_scale: float = 30.0
    refined: int = 4
    pairs: int = 8
    paired_factors: int = 1500
    paired_terms: int = 1200
    most_factors: int = 3
    most_terms: int = 4
    evaluations: int = 40


_EFFORT: Final = _Effort()
_NATURAL: Final = (1.0, 0.5, 2.0, np.pi, 2 * np.pi, 1 / np.pi, 0.5 / np.pi, 1 / 3, 0.25)
_POWERS: Final = (0.0, 1.0, -1.0, 2.0, -2.0, 3.0, -3.0, 0.5, -0.5)
_HALVES: Final = (0.5, -0.5, 1.5, -1.5, 2.5, -2.5, 3.5, -3.5)
_WHOLE: Final = tuple(float(p) for p in range(1, 13))
_ANY: Final = tuple(float(p) for p in np.arange(-6.05, 6.0, 0.31))
"""Powers of the input from which real ones are refined."""


@dataclass(frozen=True)
class _Shape:
    """Give f(u): its values, and a formula of u's formula; `needs` is the function that it uses."""

    values: Callable[[Array], Array]
    node: Callable[[Node], Node]
    needs: str = ""


def _call(name: str) -> Callable[[Node], Node]:
    return lambda u: call(name, u)


def _one(sign: float, u: Node) -> Node:
    """Return 1 + u or 1 - u."""
    return add(build.ONE, u) if sign > 0 else subtract(build.ONE, u)


def _square(u: Node) -> Node:
    return build.raised(u, 2.0)


def _root(sign: float, u: Node) -> Node:
    return build.raised(_one(sign, u), 0.5, {"sqrt"})


def _over(u: Node) -> Node:
    return divide(build.ONE, u)


def _exp(shift: float, u: Node) -> Node:
    """Return exp(u) + 1 or exp(u) - 1."""
    return add(call("exp", u), build.ONE) if shift > 0 else subtract(call("exp", u), build.ONE)


_FACTORS: Final = (
    _Shape(np.exp, _call("exp"), "exp"),
    _Shape(np.expm1, lambda u: _exp(-1, u), "exp"),
    _Shape(lambda u: np.exp(u) + 1, lambda u: _exp(1, u), "exp"),
    _Shape(lambda u: np.exp(-u * u), lambda u: call("exp", build.negated(_square(u))), "exp"),
    _Shape(lambda u: 1 + u, lambda u: _one(1, u)),
    _Shape(lambda u: 1 - u, lambda u: _one(-1, u)),
    _Shape(lambda u: 1 + u * u, lambda u: _one(1, _square(u))),
    _Shape(lambda u: 1 - u * u, lambda u: _one(-1, _square(u))),
    _Shape(np.sin, _call("sin"), "sin"),
    _Shape(np.cos, _call("cos"), "cos"),
    _Shape(np.tan, _call("tan"), "tan"),
    _Shape(np.tanh, _call("tanh"), "tanh"),
    _Shape(np.sinh, _call("sinh"), "sinh"),
    _Shape(np.cosh, _call("cosh"), "cosh"),
    _Shape(np.arctan, _call("atan"), "atan"),
    _Shape(np.arcsin, _call("asin"), "asin"),
    _Shape(np.log1p, lambda u: call("log", _one(1, u)), "log"),
    _Shape(lambda u: np.sqrt(1 + u) - 1, lambda u: subtract(_root(1, u), build.ONE), "sqrt"),
    _Shape(lambda u: np.sqrt(1 + u) + 1, lambda u: add(_root(1, u), build.ONE), "sqrt"),
    _Shape(lambda u: 1 - np.sqrt(1 - u), lambda u: subtract(build.ONE, _root(-1, u)), "sqrt"),
)
_EXTRA: Final = (
    _Shape(lambda u: np.exp(-u), lambda u: call("exp", build.negated(u)), "exp"),
    _Shape(lambda u: 1 / np.expm1(u), lambda u: _over(_exp(-1, u)), "exp"),
    _Shape(lambda u: 1 / (np.exp(u) + 1), lambda u: _over(_exp(1, u)), "exp"),
    _Shape(lambda u: 1 / np.tanh(u), lambda u: _over(call("tanh", u)), "tanh"),
    _Shape(lambda u: 1 / (1 + u), lambda u: _over(_one(1, u))),
    _Shape(lambda u: 1 / (1 - u), lambda u: _over(_one(-1, u))),
    _Shape(lambda u: 1 / (1 + u * u), lambda u: _over(_one(1, _square(u)))),
    _Shape(lambda u: 1 / (1 - u * u), lambda u: _over(_one(-1, _square(u)))),
    _Shape(lambda u: np.sqrt(1 + u), lambda u: _root(1, u), "sqrt"),
    _Shape(lambda u: np.sqrt(1 - u), lambda u: _root(-1, u), "sqrt"),
    _Shape(lambda u: np.sqrt(1 + u * u), lambda u: _root(1, _square(u)), "sqrt"),
    _Shape(lambda u: 1 / np.sqrt(1 - u * u), lambda u: _over(_root(-1, _square(u))), "sqrt"),
    _Shape(lambda u: np.sin(u) ** 2, lambda u: _square(call("sin", u)), "sin"),
    _Shape(lambda u: 1 / np.cosh(u) ** 2, lambda u: _over(_square(call("cosh", u))), "cosh"),
)


_LOG: Final = _Shape(np.log, _call("log"), "log")
"""Of x alone: another scale only adds a constant."""


_Label = tuple[_Shape | None, float, int, float]
"""A shape f, a scale b, a turn e (1 or -1), a power p: x**p * f(b * x**e)."""


@dataclass(frozen=True)
class Univariate:
    """Propose functions of the only input, within `pieces` of work."""

    name: str = "structured.univariate"
    pieces: int = 600

    def search(self, problem: Problem, budget: Budget, emit: Emit) -> None:
        if len(problem.names) != 1 or np.ptp(problem.X[:, 0]) == 0 or problem.rows < _EFFORT.least_rows:
            return
        small = problem.subsample(_EFFORT.rows)
        with Shortlist(problem, budget, emit, self.pieces) as shortlist:
            for formula in _proposals(small):
                shortlist.offer(formula)
                if shortlist.budget.spent:
                    return


def _proposals(problem: Problem) -> Iterator[Node]:
    scan = _Scan(problem)
    yield from scan.products(_NATURAL)
    yield from scan.sums(_NATURAL, pairs=True)
    yield from scan.products(scan.grid)
    yield from scan.sums(scan.grid, pairs=False)


class _Scan:
    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self._x = problem.X[:, 0]
        self._node = Variable(problem.names[0])
        middle = float(np.median(np.abs(self._x))) or float(np.max(np.abs(self._x)))
        self.grid = tuple(np.geomspace(_EFFORT.least_scale, _EFFORT.most_scale, _EFFORT.scales) / middle)

    def _shapes(self, shapes: tuple[_Shape, ...]) -> list[_Shape]:
        return [s for s in shapes if not s.needs or s.needs in self._problem.functions]

    def products(self, scales: tuple[float, ...]) -> Iterator[Node]:
        """Yield y = c * x**s * f(b*x)**q, and laws of a few such factors."""
        problem, x = self._problem, self._x
        keep = np.flatnonzero((problem.y != 0) & (x != 0))
        if keep.size < _EFFORT.least_rows:
            return
        problem = problem.rows_only(keep)
        x = x[keep]
        shapes = self._shapes(_FACTORS)
        labels = [(shape, b, e) for e in (1, -1) for b in scales for shape in shapes]
        with np.errstate(all="ignore"):
            features = np.column_stack([np.log(np.abs(s.values(b * x**e))) for s, b, e in labels])
        size = np.abs(problem.y)
        roots = np.clip(size / np.median(size), EXPONENTS.least_emphasis, 1.0)
        if problem.weights is not None:
            roots = roots * np.sqrt(problem.weights)
        known = np.column_stack([np.ones(keep.size), np.log(np.abs(x))])
        regression = Regression(np.log(size), features, known, roots)
        singles = np.argsort(-regression.gains(()), kind="stable")[: 2 * _EFFORT.refined]
        models = [regression.fit((int(i),)) for i in singles]
        if scales is _NATURAL:
            models += regression.forward(_EFFORT.most_factors)
            models += regression.pairs(_EFFORT.pairs, _EFFORT.paired_factors)
        for model in models:
            for exact in (True, False):
                powers = [round(2 * float(e)) / 2 if exact else float(e) for e in model.coefficients[1:]]
                if any(abs(p) > EXPONENTS.largest for p in powers):
                    continue
                factors = [(self._node, powers[0])] + [
                    (labels[i][0].node(self._argument(labels[i][1], labels[i][2])), q)
                    for i, q in zip(model.support, powers[1:], strict=True)
                    if q
                ]
                unit = build.product(1.0, [f for f in factors if f[1]], problem.functions)
                yield self._refined(build.scaled(self._coefficient(unit), unit), scales)

    def sums(self, scales: tuple[float, ...], pairs: bool) -> Iterator[Node]:
        """Yield T(y) = a + c * x**s * f(b*x), and sums of a few such terms; of log(x) too."""
        problem, x = self._problem, self._x
        shapes = self._shapes(_FACTORS + _EXTRA)
        powers = _POWERS if np.all(x > 0) else tuple(p for p in _POWERS if p >= 0 and p == int(p))
        turns = (1, -1) if np.all(x != 0) else (1,)
        labels: list[_Label] = [(None, 1.0, 1, p) for p in self._orders(simple=pairs)]
        labels += [(s, 1.0, 1, p) for s in self._shapes((_LOG,)) if np.all(x > 0) for p in powers]
        labels += [(s, b, e, p) for e in turns for b in scales for s in shapes for p in powers]
        with np.errstate(all="ignore"):
            features = np.column_stack([x**p * (1.0 if s is None else s.values(b * x**e)) for s, b, e, p in labels])
        most = _EFFORT.refined if pairs else _EFFORT.refined // 2
        for outer in (*ALGEBRAIC, *TRANSCENDENTAL) if pairs else (*ALGEBRAIC[:4], *TRANSCENDENTAL[:1]):
            if (target := transformed(problem, outer)) is None:
                continue
            for known in (np.ones((problem.rows, 1)), np.empty((problem.rows, 0))):
                regression = Regression(target.target, features, known, target.roots)
                best = np.argsort(-regression.gains(()), kind="stable")[:most]
                models = [regression.fit((int(i),)) for i in best]
                if pairs:
                    path = list(regression.forward(_EFFORT.most_terms))
                    models += path
                    if outer in ALGEBRAIC[:4]:
                        models += list(regression.completed(path[:1], _EFFORT.pairs, _EFFORT.paired_terms))
                k = known.shape[1]
                for model in models:
                    nodes = [self._term(*labels[i]) for i in model.support] + [build.ONE] * k
                    total = build.linear([*model.coefficients[k:], *model.coefficients[:k]], nodes)
                    yield self._refined(outer.inverse(total, problem.functions), scales)

    def _orders(self, simple: bool) -> tuple[float, ...]:
        """Return the powers of the input alone: simple ones, or where they exist those to refine real ones from."""
        if not np.all(self._x > 0):
            return _WHOLE
        return (*_WHOLE, *(-p for p in _WHOLE), *_HALVES) if simple else _ANY

    def _argument(self, b: float, e: int) -> Node:
        """Return b*x or b/x."""
        return build.scaled(b, build.raised(self._node, 1.0) if e > 0 else divide(build.ONE, self._node))

    def _term(self, shape: _Shape | None, b: float, e: int, p: float) -> Node:
        if shape is None:
            return build.raised(self._node, p, self._problem.functions)
        body = shape.node(self._argument(b, e))
        if p == 0:
            return body
        if p < 0:
            return divide(body, build.raised(self._node, -p, self._problem.functions))
        return multiply(build.raised(self._node, p, self._problem.functions), body)

    def _refined(self, formula: Node, scales: tuple[float, ...]) -> Node:
        if scales is _NATURAL:
            return formula
        return fit_constants(formula, self._problem, max_evaluations=_EFFORT.evaluations).formula

    def _coefficient(self, unit: Node) -> float:
        values = self._problem.evaluate(unit)
        usable = np.isfinite(values)
        v, y = values[usable], self._problem.y[usable]
        with np.errstate(all="ignore"):
            c = float(v @ y / (v @ v)) if v.size else 0.0
        return c if np.isfinite(c) else 0.0
