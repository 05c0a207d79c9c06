"""Terms that right-hand sides are made of, as columns on the nodes of a smoothed record."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement
from typing import Final

import numpy as np

from ansatz.discovery.expression import Array, Node, Number, Variable, add, call, divide, multiply, power
from ansatz.discovery.expression.evaluate import evaluate
from ansatz.discovery.search.structured import build

_POWERS: Final = (-1.0, -0.5, 0.5, 1.5)
"""Of variables, beside whole ones."""


@dataclass(frozen=True)
class _Sizes:
    """Say how large libraries grow. Chosen by judgement; `python -m bench.odebench` holds them.

    Attributes:
        most_terms: of one library; every step of a fit looks at all of them.
        most_plain: low monomials beside which every family of terms is tried.
        degree_alone: of polynomials in one variable.
        most_cubic: variables of which the polynomials are cubic; of more, they are quadratic.
        most_quadratic: variables whose quadratic monomials stand beside other terms; of more, the variables alone.
        most_waves: that are multiplied and divided by each other.
        most_tripled: waves of which products of three are tried as well.
        divisor: the least value of a divisor over its median, so that it has no zero nearby.
        undershoot: a variable below minus this share of its largest value changes its sign.
    """

    most_terms: int = 700
    most_plain: int = 10
    degree_alone: int = 6
    most_cubic: int = 4
    most_quadratic: int = 3
    most_waves: int = 6
    most_tripled: int = 4
    divisor: float = 0.01
    undershoot: float = 0.1


@dataclass(frozen=True)
class _Scales:
    """Say which constants stand inside terms. Chosen by judgement: a fit goes on from them, so they only come near.

    Attributes:
        rates: of exponentials, over the median size of the variable; a rate of 1 is tried as well.
        halves: values of the constant K at which a saturating term is half full.
        low: quantile of the variable's size that counts as its smallest.
        least: share of its largest size that its smallest is at least.
        below: factor of the smallest size from which K is tried.
        above: factor of the largest size up to which K is tried.
        largest: K, whose fourth power must be a number of float64 still.
        exponents: of the variable in saturating terms, beside 1.
        centres: quantiles of the variable at which logistic steps stand.
        widths: of logistic steps, each tried at every centre.
        slowest: rate of a logistic step over the range of the variable.
        fastest: rate of a logistic step over the range of the variable's middle half.
    """

    rates: tuple[float, ...] = (0.3, 1.0, 3.0)
    halves: int = 13
    low: float = 0.02
    least: float = 0.01
    below: float = 0.3
    above: float = 3.0
    largest: float = 1e70
    exponents: tuple[float, ...] = (2.0, 4.0)
    centres: tuple[float, ...] = (0.05, 0.25, 0.5, 0.75, 0.95)
    widths: int = 6
    slowest: float = 1.5
    fastest: float = 15.0


_SIZES: Final = _Sizes()
_SCALES: Final = _Scales()


@dataclass(frozen=True, eq=False)
class Library:
    """Terms with their values.

    Attributes:
        name: of the kind of terms.
        nodes: the p terms.
        values: theirs, `(rows, p)`.
        plain: so many of the first are monomials of low degree.
    """

    name: str
    nodes: tuple[Node, ...]
    values: Array
    plain: int


@dataclass(frozen=True, eq=False)
class Variables:
    """What a library is made of.

    Attributes:
        columns: of what terms are made, by name.
        names: of the variables, in order.
        functions: the only ones allowed.
        all: the columns that explicit terms may use, too.
    """

    columns: dict[str, Array]
    names: tuple[str, ...]
    functions: frozenset[str]
    all: dict[str, Array]

    @property
    def varying(self) -> list[str]:
        """Return the names of those that are not constant."""
        return [n for n, v in self.columns.items() if np.ptp(v) > 0]


def libraries(variables: Variables, explicit: Sequence[Node] = ()) -> Iterator[Library]:
    """Yield libraries of growing reach: polynomials; with waves; with powers and exponentials; with saturating terms.

    Each has the `explicit` terms as well, such as a driving wave.
    """
    names = variables.varying
    d = len(names)
    degree = _SIZES.degree_alone if d == 1 else 3 if d <= _SIZES.most_cubic else 2
    yield _library("polynomial", [*explicit, *_driven(explicit, names), *monomials(names, degree)], variables, 0)
    plain = [*explicit, *monomials(names, 2 if d <= _SIZES.most_quadratic else 1)]
    few = plain[: _SIZES.most_plain]
    waves = list(_waves(names, variables))
    yield _library("waves", [*plain, *_times(waves, names), *_over(waves, names, variables)], variables, len(few))
    yield _library("powers", [*plain, *_times(list(_bent(names, variables)), names)], variables, len(few))
    yield _library("saturating", [*plain, *_times(list(_saturating(names, variables)), names)], variables, len(few))


def _driven(explicit: Sequence[Node], names: list[str]) -> list[Node]:
    """Return explicit terms times variables: a parameter that is driven."""
    return [multiply(Variable(n), e) for e in explicit for n in names]


def monomials(names: list[str], degree: int) -> list[Node]:
    """Return 1 and all products of at most `degree` names."""
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
    """Return products of waves, and waves and products over variables and waves, where the divisor has no zero."""
    if len(waves) > _SIZES.most_waves:
        return []
    rows = next(iter(variables.columns.values())).size
    safe = []
    for node in (*(Variable(n) for n in names), *waves):
        size = np.abs(evaluate(node, variables.columns, rows))
        if float(size.min()) > _SIZES.divisor * float(np.median(size)):
            safe.append(node)
    products = [multiply(a, b) for a, b in combinations_with_replacement(waves, 2)]
    if len(waves) <= _SIZES.most_tripled:
        products += [multiply(multiply(a, b), c) for a, b, c in combinations_with_replacement(waves, 3)]
    return [*products, *(divide(a, b) for a in [*waves, *products] for b in safe if a != b)]


def _bent(names: list[str], variables: Variables) -> Iterator[Node]:
    """Yield broken and negative powers, logarithms, exponentials, absolute values."""
    for name in names:
        x, values = Variable(name), variables.columns[name]
        middle = float(np.median(np.abs(values))) or 1.0
        if np.all(values > 0):
            yield from (build.raised(x, p, variables.functions) for p in _POWERS)
            yield divide(build.ONE, power(x, Number(2.0)))
            if "log" in variables.functions:
                yield call("log", x)
        elif "abs" in variables.functions and float(values.min()) < -_SIZES.undershoot * float(values.max()) < 0:
            yield call("abs", x)
        if "exp" in variables.functions:
            for rate in (1.0, *(r / middle for r in _SCALES.rates)):
                yield from (call("exp", build.scaled(s * rate, x)) for s in (-1.0, 1.0))


def _saturating(names: list[str], variables: Variables) -> Iterator[Node]:
    """Yield x/(K + x), x²/(K + x²), 1/(K + x²) and logistic steps, on a grid of K."""
    for name in names:
        x, values = Variable(name), variables.columns[name]
        size = np.abs(values)
        low, high = float(np.quantile(size, _SCALES.low)), float(size.max())
        low = max(low, _SCALES.least * high)
        grid = np.geomspace(_SCALES.below * low, _SCALES.above * high, _SCALES.halves)
        square = power(x, Number(2.0))
        for k in grid[grid < _SCALES.largest]:
            if np.all(values >= 0):
                yield divide(x, add(Number(float(k)), x))
                yield divide(build.ONE, add(Number(float(k)), x))
            for exponent in _SCALES.exponents:
                node = power(x, Number(exponent))
                yield divide(node, add(Number(float(k**exponent)), node))
            yield divide(build.ONE, add(Number(float(k * k)), square))
        if "exp" in variables.functions:
            narrow = float(np.ptp(np.quantile(values, (0.25, 0.75)))) or float(np.ptp(values))
            for centre in np.quantile(values, _SCALES.centres):
                slowest, fastest = _SCALES.slowest / float(np.ptp(values)), _SCALES.fastest / narrow
                for rate in np.geomspace(slowest, fastest, _SCALES.widths):
                    inside = build.linear([float(rate), -float(rate * centre)], [x, build.ONE])
                    yield divide(build.ONE, add(build.ONE, call("exp", inside)))


def _times(terms: list[Node], names: list[str]) -> list[Node]:
    """Return the terms, and each times every variable."""
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
        if len(nodes) >= _SIZES.most_terms:
            break
    return Library(name, tuple(nodes), np.column_stack(columns), sum(t in nodes for t in terms[:plain]))
