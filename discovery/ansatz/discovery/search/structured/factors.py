"""Factors that laws are products of: functions of a monomial, sums of a few terms, with the formula of each at hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np

from ansatz.discovery.expression import Array, Node, Number, Variable, add, call, complexity, divide, subtract
from ansatz.discovery.problem.problem import Problem
from ansatz.discovery.search.structured import build, terms
from ansatz.discovery.search.structured.terms import Bank, Powers

Exponents = dict[str, float]


@dataclass(frozen=True)
class _Limits:
    """Bound the bank, and say which factors are fit for it. Chosen by judgement; `python -m bench.recovery` holds them.

    Attributes:
        least_spread: of a factor's logarithm: below it the factor is constant but for rounding.
        largest_argument: of exponentials, far below 709, where they overflow float64.
        ratios: simplest monomials, and their inverses, that a wave is multiplied with.
        gaps: squared differences of which pairs are summed.
    """

    least_spread: float = 1e-9
    largest_argument: float = 300.0
    ratios: int = 80
    gaps: int = 45


_LIMITS: Final = _Limits()
_EXPONENTIAL: Final = ("exp", "tanh", "sinh", "cosh")


@dataclass(frozen=True)
class Factor:
    """Name a factor phi: its formula raised to q is `build(q)`, a node and exponents of inputs that belong to it."""

    build: Callable[[float], tuple[Node, Exponents]]


@dataclass(frozen=True)
class _Form:
    """Name a function of a monomial u.

    Attributes:
        values: of monomials, of shape `(n, p)`.
        node: makes its formula of that of u.
        needs: the function that the formula calls; empty for none.
        scales: numbers that u is multiplied with.
    """

    values: Callable[[Array], Array]
    node: Callable[[Node], Node]
    needs: str = ""
    scales: tuple[float, ...] = (1.0,)


def _minus_one(u: Node) -> Node:
    return subtract(call("exp", u), build.ONE)


def _root(u: Node) -> Node:
    return build.raised(add(build.ONE, u), 0.5, {"sqrt"})


_FORMS: Final = (
    _Form(np.expm1, _minus_one, "exp"),
    _Form(lambda u: np.exp(u) + 1, lambda u: add(call("exp", u), build.ONE), "exp"),
    _Form(np.exp, lambda u: call("exp", u), "exp"),
    _Form(np.sin, lambda u: call("sin", u), "sin", (1.0, 0.5, 2.0)),
    _Form(np.cos, lambda u: call("cos", u), "cos", (1.0, 0.5, 2.0)),
    _Form(np.tanh, lambda u: call("tanh", u), "tanh"),
    _Form(np.log, lambda u: call("log", u), "log"),
    _Form(np.sinh, lambda u: call("sinh", u), "sinh"),
    _Form(np.cosh, lambda u: call("cosh", u), "cosh"),
    _Form(lambda u: 1 + np.sqrt(1 + u), lambda u: add(build.ONE, _root(u)), "sqrt"),
    _Form(lambda u: np.sqrt(1 + u) - 1, lambda u: subtract(_root(u), build.ONE), "sqrt"),
    _Form(np.arctan, lambda u: call("atan", u), "atan"),
    _Form(np.arcsin, lambda u: call("asin", u), "asin"),
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class FactorBank:
    """Hold log|phi| of factors, of shape `(n, p)`, simple ones first."""

    factors: tuple[Factor, ...]
    logs: Array


def factor_bank(problem: Problem, most: int) -> FactorBank:
    """Return at most `most` factors, those with an infinite or constant logarithm left out."""
    factors: list[Factor] = []
    columns: list[Array] = []
    size = 0
    for group, values in _groups(problem):
        with np.errstate(all="ignore"):
            logs = np.log(np.abs(values))
            usable = np.flatnonzero(np.isfinite(logs.sum(axis=0)) & (np.ptp(logs, axis=0) > _LIMITS.least_spread))
        usable = usable[: most - size]
        factors += [group(int(i)) for i in usable]
        columns.append(logs[:, usable])
        size += usable.size
        if size >= most:
            break
    return FactorBank(tuple(factors), np.hstack(columns) if columns else np.empty((problem.rows, 0)))


_Group = tuple[Callable[[int], Factor], Array]


def _groups(problem: Problem) -> Iterator[_Group]:
    atoms = terms.inputs(problem)
    d = len(atoms)
    for level in (_monomials(d, 1), _monomials(d, 2), _trigonometric, _monomials(d, 3)):
        if callable(level):
            yield from level(problem)
            continue
        bank = terms.bank(problem, atoms, level)
        yield from _sums(bank)
        yield from _functions(bank, problem)
        if not level:
            return
    yield from _norms(problem)
    yield from _sums(terms.bank(problem, atoms, _monomials(d, 5)))


def _monomials(d: int, level: int) -> list[Powers]:
    """Return monomials without those that are another's inverse: x, x/y, x*y, x**2/y**2 first."""
    ranges = {1: ((1, 2), 1, 2), 2: ((-2, -1, 1, 2), 2, 4), 3: ((-2, -1, 1, 2), 4, 5), 5: ((-2, -1, 1, 2), 5, 8)}
    exponents, factors, total = ranges[level]
    found = []
    for term in terms.monomials(d, exponents, factors, total):
        if level >= 2 and (len(term) < 2 or ({abs(e) for _, e in term} == {2} and level != 2)):
            continue
        if level == 3 and len(term) < 3:
            continue
        if term[0][1] > 0:
            found.append(term)
    return found


def _sums(bank: Bank) -> Iterator[_Group]:
    if not bank.terms:
        return
    yield (lambda i: Factor(_sum(bank, i, 1.0))), 1 + bank.values
    yield (lambda i: Factor(_sum(bank, i, -1.0))), 1 - bank.values


def _sum(bank: Bank, index: int, sign: float) -> Callable[[float], tuple[Node, Exponents]]:
    """Return 1 ± m, or with the bar of m multiplied out where that is shorter: (a ± b) / b."""

    def formula(q: float) -> tuple[Node, Exponents]:
        term = bank.terms[index]
        above = [(bank.atoms[a].node, e) for a, e in term if e > 0]
        below = [(bank.atoms[a].node, -e) for a, e in term if e < 0]
        join = add if sign > 0 else subtract
        plain = join(build.ONE, bank.node(index))
        if not below:
            return plain, {}
        top, bottom = build.product(1.0, above, bank.functions), build.product(1.0, below, bank.functions)
        cleared = join(bottom, top)
        if complexity(cleared) >= complexity(plain):
            return plain, {}
        return cleared, {str(n.name): -e * q for n, e in below if isinstance(n, Variable)}

    return formula


def _functions(bank: Bank, problem: Problem) -> Iterator[_Group]:
    with np.errstate(all="ignore"):
        for form in _FORMS:
            if form.needs and form.needs not in problem.functions:
                continue
            for scale in form.scales:
                for invert in (False, True) if form.needs in _EXPONENTIAL else (False,):
                    u = scale * (1 / bank.values if invert else bank.values)
                    if form.needs in _EXPONENTIAL:
                        u = np.where(np.abs(u) < _LIMITS.largest_argument, u, np.nan)
                    yield _applied(bank, form, scale, invert), form.values(u)


def _applied(bank: Bank, form: _Form, scale: float, invert: bool) -> Callable[[int], Factor]:
    def factor(i: int) -> Factor:
        def formula(q: float) -> tuple[Node, Exponents]:
            powers = [(bank.atoms[a].node, -e if invert else e) for a, e in bank.terms[i]]
            return form.node(_halved(scale, build.product(1.0, powers, bank.functions))), {}

        return Factor(formula)

    return factor


def _halved(scale: float, node: Node) -> Node:
    if scale == 0.5:
        return divide(node, Number(2.0))
    return build.scaled(scale, node)


def _trigonometric(problem: Problem) -> Iterator[_Group]:
    """Yield 1 ± m cos x and the like, sines and cosines of differences and sums."""
    atoms = terms.inputs(problem)
    gaps = terms.differences(atoms) + [
        terms.Atom(add(a.node, b.node), a.values + b.values) for i, a in enumerate(atoms) for b in atoms[i + 1 :]
    ]
    for gap_scale in (1.0, 0.5):
        for name in ("sin", "cos"):
            if name in problem.functions and gaps:
                values = getattr(np, name)(gap_scale * np.column_stack([g.values for g in gaps]))
                yield _listed([call(name, _halved(gap_scale, g.node)) for g in gaps]), values
    waves = terms.applied(problem, ("sin", "cos"), atoms + gaps[: len(gaps) // 2])
    ratios = [(), *_monomials(len(atoms), 1), *_monomials(len(atoms), 2)]
    products: list[Powers] = []
    for k in range(len(waves)):
        for ratio in ratios[: _LIMITS.ratios]:
            for turned in {ratio, tuple((a, -e) for a, e in ratio)} if ratio else {ratio}:
                products += [((len(atoms) + k, power), *turned) for power in (1.0, 2.0)]
    bank = terms.bank(problem, [*atoms, *waves], sorted(products, key=lambda t: (len(t), t)))
    yield from _sums(bank)


def _norms(problem: Problem) -> Iterator[_Group]:
    """Yield sums of three inputs, of their squares, and of squared differences."""
    atoms = terms.inputs(problem)
    squares = [terms.Atom(build.raised(a.node, 2.0), a.values**2) for a in atoms]
    gaps = [terms.Atom(build.raised(g.node, 2.0), g.values**2) for g in terms.differences(atoms)]
    for group in (atoms, squares):
        nodes, values = _sums_of(group, 3)
        if nodes:
            yield _listed(nodes), np.column_stack(values)
    nodes, values = _sums_of(gaps[: _LIMITS.gaps], 2)
    if nodes:
        yield _listed(nodes), np.column_stack(values)


def _sums_of(atoms: Sequence[terms.Atom], size: int) -> tuple[list[Node], list[Array]]:
    nodes: list[Node] = []
    values: list[Array] = []
    for chosen in combinations(atoms, size):
        nodes.append(build.linear([1.0] * size, [a.node for a in chosen]))
        values.append(np.sum([a.values for a in chosen], axis=0))
    return nodes, values


def _listed(nodes: Sequence[Node]) -> Callable[[int], Factor]:
    def factor(i: int) -> Factor:
        return Factor(lambda q: (nodes[i], {}))

    return factor
