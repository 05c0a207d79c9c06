"""Terms that right-hand sides are made of, as columns on the nodes of a smoothed record."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement

import numpy as np

from ansatz.discovery.expression import Array, Node, Number, Variable, add, call, divide, multiply, power
from ansatz.discovery.expression.evaluate import evaluate
from ansatz.discovery.search.structured import build

_MOST_TERMS = 700
_GRID = 13
_MOST_PLAIN = 10
_POWERS = (-1.0, -0.5, 0.5, 1.5)


@dataclass(frozen=True, eq=False)
class Library:
    """`nodes` are p terms, `values` (rows, p); the first `plain` are monomials of low degree."""

    name: str
    nodes: tuple[Node, ...]
    values: Array
    plain: int


@dataclass(frozen=True, eq=False)
class Variables:
    """What a library is made of: the columns by name that terms are made of, and `all`, which explicit terms may use
    too."""

    columns: dict[str, Array]
    names: tuple[str, ...]
    functions: frozenset[str]
    all: dict[str, Array]

    @property
    def varying(self) -> list[str]:
        return [n for n, v in self.columns.items() if np.ptp(v) > 0]


def libraries(variables: Variables, explicit: Sequence[Node] = ()) -> Iterator[Library]:
    """Libraries of growing reach: polynomials; with waves; with powers and exponentials; with saturating terms. Each
    has the `explicit` terms as well, such as a driving wave."""
    names = variables.varying
    d = len(names)
    yield _library(
        "polynomial",
        [*explicit, *_driven(explicit, names), *monomials(names, 6 if d == 1 else 3 if d <= 4 else 2)],
        variables,
        0,
    )
    plain = [*explicit, *monomials(names, 2 if d <= 3 else 1)]
    few = plain[:_MOST_PLAIN]
    waves = list(_waves(names, variables))
    yield _library("waves", [*plain, *_times(waves, names), *_over(waves, names, variables)], variables, len(few))
    yield _library("powers", [*plain, *_times(list(_bent(names, variables)), names)], variables, len(few))
    yield _library("saturating", [*plain, *_times(list(_saturating(names, variables)), names)], variables, len(few))


def _driven(explicit: Sequence[Node], names: list[str]) -> list[Node]:
    """Explicit terms times variables: a parameter that is driven."""
    return [multiply(Variable(n), e) for e in explicit for n in names]


def monomials(names: list[str], degree: int) -> list[Node]:
    """1 and all products of at most `degree` names."""
    found: list[Node] = [build.ONE]
    for k in range(1, degree + 1):
        for chosen in combinations_with_replacement(names, k):
            exponents = {n: chosen.count(n) for n in dict.fromkeys(chosen)}
            found.append(build.product(1.0, [(Variable(n), float(e)) for n, e in exponents.items()]))
    return found


def _waves(names: list[str], variables: Variables) -> Iterator[Node]:
    for function in ("sin", "cos"):
        if function in variables.functions:
            yield from (call(function, Variable(n)) for n in names)


def _over(waves: list[Node], names: list[str], variables: Variables) -> list[Node]:
    """Products of two waves, waves over variables, and waves over waves, these times waves, where the divisor has no
    zero."""
    if len(waves) > 6:
        return []
    rows = next(iter(variables.columns.values())).size
    safe = []
    for node in (*(Variable(n) for n in names), *waves):
        size = np.abs(evaluate(node, variables.columns, rows))
        if float(size.min()) > 0.01 * float(np.median(size)):
            safe.append(node)
    products = [multiply(a, b) for a, b in combinations_with_replacement(waves, 2)]
    if len(waves) <= 4:
        products += [multiply(multiply(a, b), c) for a, b, c in combinations_with_replacement(waves, 3)]
    return [*products, *(divide(a, b) for a in [*waves, *products] for b in safe if a != b)]


def _bent(names: list[str], variables: Variables) -> Iterator[Node]:
    """Broken and negative powers, logarithms, exponentials, absolute values."""
    for name in names:
        x, values = Variable(name), variables.columns[name]
        middle = float(np.median(np.abs(values))) or 1.0
        if np.all(values > 0):
            yield from (build.raised(x, p, variables.functions) for p in _POWERS)
            yield divide(build.ONE, power(x, Number(2.0)))
            if "log" in variables.functions:
                yield call("log", x)
        elif "abs" in variables.functions and float(values.min()) < -0.1 * float(values.max()) < 0:
            yield call("abs", x)
        if "exp" in variables.functions:
            for rate in (1.0, 0.3 / middle, 1.0 / middle, 3.0 / middle):
                yield from (call("exp", build.scaled(s * rate, x)) for s in (-1.0, 1.0))


def _saturating(names: list[str], variables: Variables) -> Iterator[Node]:
    """x/(K + x), x²/(K + x²), 1/(K + x²) and logistic steps, on a grid of K."""
    for name in names:
        x, values = Variable(name), variables.columns[name]
        size = np.abs(values)
        low, high = float(np.quantile(size, 0.02)), float(size.max())
        low = max(low, 0.01 * high)
        grid = np.geomspace(0.3 * low, 3.0 * high, _GRID)
        square = power(x, Number(2.0))
        for k in grid:
            if np.all(values >= 0):
                yield divide(x, add(Number(float(k)), x))
                yield divide(build.ONE, add(Number(float(k)), x))
            for exponent in (2.0, 4.0):
                node = power(x, Number(exponent))
                yield divide(node, add(Number(float(k**exponent)), node))
            yield divide(build.ONE, add(Number(float(k * k)), square))
        if "exp" in variables.functions:
            narrow = float(np.ptp(np.quantile(values, (0.25, 0.75)))) or float(np.ptp(values))
            for centre in np.quantile(values, (0.05, 0.25, 0.5, 0.75, 0.95)):
                for rate in np.geomspace(1.5 / float(np.ptp(values)), 15.0 / narrow, 6):
                    inside = build.linear([float(rate), -float(rate * centre)], [x, build.ONE])
                    yield divide(build.ONE, add(build.ONE, call("exp", inside)))


def _times(terms: list[Node], names: list[str]) -> list[Node]:
    """The terms, and each times every variable."""
    return [*terms, *(build.times(Variable(n), t) for t in terms for n in names)]


def _library(name: str, terms: list[Node], variables: Variables, plain: int) -> Library:
    rows = next(iter(variables.columns.values())).size
    nodes: list[Node] = []
    columns: list[Array] = []
    for term in dict.fromkeys(terms):
        values = evaluate(term, variables.all, rows)
        if np.all(np.isfinite(values)) and (term == build.ONE or np.ptp(values) > 0):
            nodes.append(term)
            columns.append(values)
        if len(nodes) >= _MOST_TERMS:
            break
    return Library(name, tuple(nodes), np.column_stack(columns), sum(t in nodes for t in terms[:plain]))
