"""Rate laws as people have them, by families: saturation, inhibition, cooperation, Arrhenius, radial forces.

A family is one form whose constants inside are free. Its grid of constants only comes near; a fit goes on from there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations, product
from typing import Final

import numpy as np

from ansatz.discovery.data.names import rate_name
from ansatz.discovery.expression import Array, Node, Number, Variable, add, call, divide, multiply, power, subtract
from ansatz.discovery.search.structured import build


@dataclass(frozen=True)
class _Grid:
    """Say which constants stand inside rate laws at first. Chosen by judgement: a fit goes on from them.

    Attributes:
        exponents: of a variable in a saturating law.
        steepest: exponent, at most.
        halves: values of the constant at which a law of one variable is half full.
        pairs: the same for each of two constants.
        few_pairs: the same where variables are many.
        many: variables from which on there are few.
        crowd: variables beyond which no law of two is tried.
        below: factor of the smallest size from which such constants are tried.
        above: factor of the largest size up to which they are.
        low: quantile of a variable that counts as its smallest size.
        least: share of its largest size that its smallest is at least.
        rates: of exponentials, over the range of the variable.
        activations: of exp(-E/x), over the largest x.
        ceilings: values over the largest x of what x may reach at most.
        radial: powers of a sum of squares.
        largest: size of a constant, which must be a number of float64 when it is multiplied.
        overflow: exponent of an exponential, at most.
        positive: share of its largest value below zero down to which a variable counts as positive.
    """

    exponents: tuple[float, ...] = (1.0, 1.5, 2.5, 3.5, 5.5, 8.5)
    steepest: float = 40.0
    halves: int = 11
    pairs: int = 6
    few_pairs: int = 4
    many: int = 4
    crowd: int = 6
    below: float = 0.3
    above: float = 3.0
    low: float = 0.02
    least: float = 1e-3
    rates: tuple[float, ...] = (-8.0, -4.0, -2.0, -1.0, 1.0, 2.0, 4.0, 8.0, 16.0)
    activations: tuple[float, ...] = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 60.0)
    ceilings: tuple[float, ...] = (1.01, 1.03, 1.1, 1.3, 2.0, 4.0)
    radial: tuple[float, ...] = (-2.5, -1.5, -0.5, 0.5, 1.5)
    largest: float = 1e70
    overflow: float = 60.0
    positive: float = 0.05


_GRID: Final = _Grid()
Values = Callable[[Array], Array]
"""From constants `(k,)` to the values of a law at all nodes `(n,)`."""


@dataclass(frozen=True, eq=False)
class Family:
    """Hold the rate laws of one form.

    Attributes:
        kind: the form and its variables; of families of one kind only the best counts.
        node: the law with given constants, as a formula.
        values: the same as numbers, up to a factor.
        grid: constants tried at first, `(m, k)`, none of them 0.
    """

    kind: tuple[str, ...]
    node: Callable[[Array], Node]
    values: Values
    grid: Array


def rate_laws(columns: Mapping[str, Array], names: Sequence[str], functions: frozenset[str]) -> Iterator[Family]:
    """Yield the families of the named variables; `functions` are the only ones allowed."""
    positive = [n for n in names if is_positive(columns[n])]
    for name in positive:
        x = np.maximum(columns[name], 0.0)
        yield from saturating(name, Variable(name), x)
        yield _haldane(name, x, _GRID.pairs)
        yield _ceiling(name, x)
        if np.all(columns[name] > 0):
            yield from _bent(name, x, functions)
    if "exp" in functions:
        yield from (_exponential(n, columns[n]) for n in names)
    yield from _radial(columns, names)
    if len(positive) <= _GRID.crowd:
        pairs = _GRID.pairs if len(positive) < _GRID.many else _GRID.few_pairs
        for a, b in combinations(positive, 2):
            yield from _of_two(a, b, columns, pairs)


def is_positive(values: Array) -> bool:
    """Return whether a variable is a quantity that does not fall below zero, within the noise."""
    return bool(values.max() > 0 and values.min() >= -_GRID.positive * values.max())


def saturating(
    name: str, x: Node, values: Array, kind: str = "", exponents: Sequence[float] = _GRID.exponents
) -> Iterator[Family]:
    """Yield x**n/(K**n + x**n) and 1/(K**n + x**n), with n = 1 and free."""
    halves = _halves(values, _GRID.halves)
    size = float(values.max())
    for rising, n in product((True, False), exponents):
        usable = halves[np.abs(n * np.log(halves)) < np.log(_GRID.largest) / 2]
        if not usable.size:
            continue
        # The exponent 1 is most common by far, and must not be lost beside one that is free.
        steep = n != 1.0
        grid = np.column_stack([usable, np.full(usable.size, n)]) if steep else usable[:, None]
        label = (f"{kind}{'rising' if rising else 'falling'}", *(("steep",) if steep else ()), name)
        yield Family(label, partial(_hill_node, x, rising), partial(_hill, values / size, size, rising), grid)


def _hill_node(x: Node, rising: bool, constants: Array) -> Node:
    half, n = (float(constants[0]), float(constants[1]) if constants.size > 1 else 1.0)
    raised = x if n == 1.0 else power(x, Number(n))
    return divide(raised if rising else build.ONE, add(Number(half**n), raised))


def _hill(x: Array, size: float, rising: bool, constants: Array) -> Array:
    n = float(constants[1]) if constants.size > 1 else 1.0
    if n > _GRID.steepest or abs(n * np.log(constants[0])) > np.log(_GRID.largest):
        return np.full_like(x, np.nan)
    raised = x**n
    found: Array = (raised if rising else 1.0) / ((constants[0] / size) ** n + raised)
    return found


def _halves(x: Array, count: int) -> Array:
    high = float(x.max())
    low = max(float(np.quantile(x, _GRID.low)), _GRID.least * high)
    return np.geomspace(_GRID.below * low, _GRID.above * high, count)


def _squared(first: Array, second: Array) -> Array:
    """Return all pairs of two rows of constants, `(m, 2)`."""
    return np.array(list(product(first, second)))


def _haldane(name: str, x: Array, count: int) -> Family:
    """Return x/(K + x + x²/L): inhibition by too much of the substrate (Haldane 1930, Andrews 1968)."""
    v, halves = Variable(name), _halves(x, count)

    def node(c: Array) -> Node:
        square = multiply(Number(1.0 / float(c[1])), power(v, Number(2.0)))
        return divide(v, add(add(Number(float(c[0])), v), square))

    return Family(("haldane", name), node, lambda c: x / (c[0] + x + x * x / c[1]), _squared(halves, halves))


def _ceiling(name: str, x: Array) -> Family:
    """Return 1/(C - x): a share that others leave, as in (C - x)/(K + C - x)."""
    grid = np.array(_GRID.ceilings)[:, None] * float(x.max())
    return Family(
        ("ceiling", name),
        lambda c: divide(build.ONE, subtract(Number(float(c[0])), Variable(name))),
        lambda c: 1.0 / (c[0] - x),
        grid,
    )


def _bent(name: str, x: Array, functions: frozenset[str]) -> Iterator[Family]:
    """Yield powers and functions of a variable that is never zero."""
    v, size = Variable(name), float(x.max())
    exponents = np.array([-1.5, -0.5, 0.5, 1.5])[:, None]
    yield Family(
        ("power", name), lambda c: build.raised(v, float(c[0]), functions), lambda c: (x / size) ** c[0], exponents
    )
    none = np.empty((1, 0))
    if "sqrt" in functions:
        yield Family(("sqrt", name), lambda _: call("sqrt", v), lambda _: np.sqrt(x), none)
    if "log" in functions:
        yield Family(("log", name), lambda _: call("log", v), lambda _: np.log(x), none)
    if "exp" in functions:
        # Centred at the largest x, or the size and the activation energy are one direction.
        yield Family(
            ("arrhenius", name),
            lambda c: call("exp", divide(Number(-float(c[0])), v)),
            lambda c: np.exp(c[0] / size - c[0] / x),
            np.array(_GRID.activations)[:, None] * size,
        )


def _exponential(name: str, x: Array) -> Family:
    centre = float(np.median(x))
    return Family(
        ("exp", name),
        lambda c: call("exp", multiply(Number(float(c[0])), Variable(name))),
        lambda c: np.exp(np.clip(c[0] * (x - centre), -_GRID.overflow, _GRID.overflow)),
        np.array(_GRID.rates)[:, None] / float(np.ptp(x)),
    )


def _radial(columns: Mapping[str, Array], names: Sequence[str]) -> Iterator[Family]:
    """Yield powers of the squared length of vectors: of all places, and of all rates, where the order is 2."""
    places = [n for n in names if rate_name(n) in names]
    for group in (places, [rate_name(n) for n in places]):
        squares = sum((columns[n] ** 2 for n in group), np.zeros(1))
        if len(group) < 2 or not np.all(squares > 0):
            continue
        node = power(Variable(group[0]), Number(2.0))
        for n in group[1:]:
            node = add(node, power(Variable(n), Number(2.0)))
        relative = squares / float(np.median(squares))
        yield Family(
            ("radial", *group),
            partial(lambda base, c: power(base, Number(float(c[0]))), node),
            partial(lambda base, c: base ** c[0], relative),
            np.array(_GRID.radial)[:, None],
        )


def _of_two(a: str, b: str, columns: Mapping[str, Array], count: int) -> Iterator[Family]:
    """Yield products of two saturations, and competition for one place."""
    xs = {n: np.maximum(columns[n], 0.0) for n in (a, b)}
    halves = {n: _halves(x, count) for n, x in xs.items()}
    for up_a, up_b in product((True, False), repeat=2):

        def node(ups: tuple[bool, bool], c: Array) -> Node:
            return multiply(_hill_node(Variable(a), ups[0], c[:1]), _hill_node(Variable(b), ups[1], c[1:]))

        def values(ups: tuple[bool, bool], c: Array) -> Array:
            first, second = (xs[n] if up else 1.0 for n, up in zip((a, b), ups, strict=True))
            found: Array = first / (c[0] + xs[a]) * second / (c[1] + xs[b])
            return found

        ups = (up_a, up_b)
        label = (f"{'rising' if up_a else 'falling'}-{'rising' if up_b else 'falling'}", a, b)
        yield Family(label, partial(node, ups), partial(values, ups), _squared(halves[a], halves[b]))
    for p, q in ((a, b), (b, a)):
        grid = _squared(halves[p], halves[q])
        grid[:, 1] = grid[:, 0] / grid[:, 1]
        yield Family(("competing", p, q), partial(_competing_node, p, q), partial(_competing, xs[p], xs[q]), grid)


def _competing_node(p: str, q: str, c: Array) -> Node:
    other = multiply(Number(float(c[1])), Variable(q))
    return divide(Variable(p), add(add(Number(float(c[0])), Variable(p)), other))


def _competing(xp: Array, xq: Array, c: Array) -> Array:
    found: Array = xp / (c[0] + xp + c[1] * xq)
    return found
