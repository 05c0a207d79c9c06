"""The families of ordinary laws, each with its prior weight in bits and starts for its nonlinear constants.

A family is c0·term0 + c1·term1 + …, with terms in the inputs x, z, … and bent constants s, t. Weights say how often
such a law describes measured data: a line more often than a Gompertz curve. They were set before any data were looked
at, and none was changed by what came out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations, product
from typing import Final

import numpy as np

from ansatz.discovery.expression import Array, Node, Number, add, multiply, parse, substitute

INPUTS: Final = ("x", "z", "u", "v", "w")
BENT: Final = ("s", "t", "p", "q", "r")
MOST_INPUTS: Final = len(INPUTS)

Starts = Callable[[Array], Array]
"""From inputs, shape (n, inputs), to trial values of the bent constants, shape (trials, bent)."""


@dataclass(frozen=True, eq=False)
class Family:
    """A family of laws.

    Attributes:
        terms: what its linear constants multiply, in inputs and bent constants.
        bits: minus the logarithm of its weight, before the choice of inputs.
        starts: trial values of the bent constants; None where all constants are linear.
        inputs: how many inputs it has.
        bent: how many bent constants.
        positive: whether all its inputs must be positive.
        waves: whether the number of its periods within the data is to be paid for.
        also: other ways to write it, with any numbers for its linear constants.
    """

    terms: tuple[str, ...]
    bits: float
    starts: Starts | None = None
    inputs: int = 1
    bent: int = 0
    positive: bool = False
    waves: bool = False
    also: tuple[str, ...] = ()

    @property
    def constants(self) -> int:
        return len(self.terms) + self.bent

    def nodes(self) -> tuple[Node, ...]:
        """Return the terms as trees of inputs and bent constants."""
        return tuple(_parsed(term) for term in self.terms)

    def written(self) -> Iterator[Node]:
        """Return the ways to write it, with constants that are no numbers of any meaning."""
        bent = {b: Number(2.61 + 0.13 * i) for i, b in enumerate(BENT)}
        linear = np.linspace(1.37, 2.41, len(self.terms))
        yield self.formula(INPUTS[: self.inputs], linear, np.array([v.value for v in bent.values()]))
        yield from (substitute(_parsed(text), bent) for text in self.also)

    def formula(self, names: tuple[str, ...], linear: Array, bent: Array) -> Node:
        """Return the formula in the inputs of these names with these constants."""
        values: dict[str, Node] = {b: Number(float(v)) for b, v in zip(BENT, bent, strict=False)}
        values |= {own: _variable(name) for own, name in zip(INPUTS, names, strict=False)}
        whole: Node | None = None
        for constant, term in zip(linear, self.nodes(), strict=True):
            part = substitute(term, values)
            part = Number(float(constant)) if part == Number(1.0) else multiply(Number(float(constant)), part)
            whole = part if whole is None else add(whole, part)
        assert whole is not None
        return whole


@lru_cache(maxsize=256)
def _parsed(text: str) -> Node:
    return parse(text, [*INPUTS, *BENT])


def _variable(name: str) -> Node:
    return parse(name, [name])


def _sizes(low: float, high: float, count: int) -> Array:
    return np.geomspace(low, high, count)


def _both(low: float, high: float, count: int) -> Array:
    sizes = _sizes(low, high, count)
    return np.concatenate([-sizes[::-1], sizes])


def _grid(*axes: Array) -> Array:
    return np.array(list(product(*axes)))


def _exponents(X: Array) -> Array:
    return _both(0.02, 8, 40)[:, None]


def _rates(X: Array) -> Array:
    return _both(0.03, 40, 40)[:, None] / np.ptp(X)


def _halves(X: Array) -> Array:
    return _sizes(X.min() * 1e-2, X.max() * 1e2, 60)[:, None]


def _barriers(X: Array) -> Array:
    return _both(0.03 * X.min(), 30 * X.max(), 40)[:, None]


def _steps(X: Array) -> Array:
    width = np.ptp(X)
    return _grid(X.min() + width * np.linspace(-0.5, 1.5, 21), _both(1, 60, 9) / width)


def _bells(X: Array) -> Array:
    width = np.ptp(X)
    return _grid(X.min() + width * np.linspace(-0.2, 1.2, 25), width * _sizes(0.02, 2, 11))


def _hills(X: Array) -> Array:
    return _grid(_sizes(X.min() * 0.2, X.max() * 5, 20), _both(0.3, 12, 7))


def _stretched(X: Array) -> Array:
    return _grid(_sizes(X.min() * 0.2, X.max() * 5, 20), _sizes(0.25, 4, 9))


def _power_rates(X: Array) -> Array:
    return _grid(_both(0.25, 6, 7), _both(0.3, 15, 7) / np.ptp(X))


def _two_scales(X: Array) -> Array:
    return _grid(_sizes(X.min() * 0.1, X.max() * 10, 14), _sizes(X.min() * 0.1, X.max() * 10, 14))


def _two_rates(X: Array) -> Array:
    rates = _sizes(0.2, 40, 12) / np.ptp(X)
    return np.array(list(combinations(rates, 2)))


def _poles(X: Array) -> Array:
    width = np.ptp(X)
    return np.array([
        (X.min() - width * away, size * width * away) for away in _sizes(0.1, 20, 10) for size in _both(0.3, 40, 9)
    ])  # fmt: skip


def _frequencies(X: Array) -> Array:
    turns = np.arange(0.3, max(np.unique(X).size / 2, 1.0), 0.15)[:400]
    return 2 * np.pi * turns[:, None] / np.ptp(X)


def _several_exponents(X: Array) -> Array:
    d = X.shape[1]
    return _grid(*[_both(0.25, 4, 5) if d == 2 else np.array([-2, -1, -0.5, 0.5, 1, 2])] * d)


ONE_INPUT: Final = (
    Family(("1", "x"), 2.5),
    Family(("x",), 3.0),
    Family(("x**s",), 3.0, _exponents, bent=1, positive=True),
    Family(("exp(s*x)",), 3.5, _rates, bent=1),
    Family(("1", "x", "x**2"), 4.0),
    Family(("1", "log(x)"), 4.0, positive=True),
    Family(("1", "exp(s*x)"), 4.0, _rates, bent=1),
    Family(("x/(s + x)",), 4.0, _halves, bent=1, positive=True),
    Family(("1", "x**s"), 4.5, _exponents, bent=1, positive=True),
    Family(("exp(s/x)",), 4.5, _barriers, bent=1, positive=True),
    Family(("1/(1 + exp((s - x)*t))",), 4.5, _steps, bent=2, also=("exp(s*x)/(2.3 + exp(s*x))",)),
    Family(("x**2",), 5.0),
    Family(("1", "x**2"), 5.0),
    Family(("1/x",), 5.0, positive=True),
    Family(("1", "1/x"), 5.0, positive=True),
    Family(("sqrt(x)",), 5.0, positive=True),
    Family(("1", "sqrt(x)"), 5.0, positive=True),
    Family(("1/(s + x)",), 5.0, _halves, bent=1, positive=True),
    Family(("1 - exp(-s*x)",), 5.0, lambda X: _sizes(0.03 / X.max(), 40 / X.min(), 50)[:, None], bent=1, positive=True),
    Family(("1", "1/(1 + exp((s - x)*t))"), 5.5, _steps, bent=2, also=("1.3 + 2.4*tanh(s*x + t)",)),
    Family(("1/(1 + (x/s)**(-t))",), 5.5, _hills, bent=2, positive=True, also=("x**s/(2.3 + x**s)",)),
    Family(("exp(-((x - s)/t)**2)",), 5.5, _bells, bent=2, also=("exp(s*x + t*x**2)",)),
    Family(("1", "sin(s*x)", "cos(s*x)"), 5.5, _frequencies, bent=1, waves=True),
    Family(("sin(s*x)", "cos(s*x)"), 6.0, _frequencies, bent=1, waves=True),
    Family(("1", "x", "x**2", "x**3"), 6.0),
    Family(("1", "x/(s + x)"), 6.0, _halves, bent=1, positive=True),
    Family(("exp(-exp((s - x)*t))",), 6.0, _steps, bent=2),
    Family(("1", "exp(-((x - s)/t)**2)"), 6.0, _bells, bent=2, also=("1.3 + exp(s*x + t*x**2)",)),
    Family(("exp(-(x/s)**t)",), 6.0, _stretched, bent=2, positive=True),
    Family(("x**s*exp(t*x)",), 6.0, _power_rates, bent=2, positive=True),
    Family(("1/(1 + ((x - s)/t)**2)",), 6.5, _bells, bent=2, also=("1/(1.3 + s*x + t*x**2)",)),
    Family(("exp(t/(x - s))",), 6.5, _poles, bent=2),
    Family(("exp(-s*x)", "exp(-t*x)"), 6.5, _two_rates, bent=2),
    Family(("x/(s + x + x**2/t)",), 7.0, _two_scales, bent=2, positive=True),
)  # fmt: skip


def of_inputs(count: int) -> Iterator[Family]:
    """Return the families of exactly so many inputs."""
    if count == 1:
        yield from ONE_INPUT
        return
    own = INPUTS[:count]
    yield Family(("1", *own), 3.0, inputs=count)
    yield Family(("1", *(f"log({x})" for x in own)), 5.0, inputs=count, positive=True)
    if count <= 3:
        powers = "*".join(f"{x}**{s}" for x, s in zip(own, BENT, strict=False))
        yield Family((powers,), 4.0, _several_exponents, inputs=count, bent=count, positive=True)
    if count == 2:
        yield Family(("x*z",), 5.0, inputs=2)
        yield Family(("1", "x", "z", "x*z"), 5.0, inputs=2)
        yield Family(("x/z",), 6.0, inputs=2, positive=True)
        yield Family(("z/x",), 6.0, inputs=2, positive=True)
        yield Family(("1", "x", "z", "x*z", "x**2", "z**2"), 6.5, inputs=2)
