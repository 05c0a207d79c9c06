"""Functions around the whole law: y = f(u) is searched as f's inverse of y = u."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Final

import numpy as np

from ansatz.discovery.expression import Array, Node, Number, call, divide, power, subtract
from ansatz.discovery.problem.problem import Problem
from ansatz.discovery.search.structured.build import ONE, negated, raised


@dataclass(frozen=True)
class _Domains:
    """Bound what outer functions are used on. Chosen by judgement, within the rounding of float64.

    Attributes:
        least_slope: du/dy of a row, over the steepest, at least: its inverse is the row's root weight.
        largest_exponent: of exp(y): beyond it one row outweighs all others.
        nearest_one: distance that |y| keeps from 1 for atanh(y), which is infinite there.
    """

    least_slope: float = 1e-8
    largest_exponent: float = 30.0
    nearest_one: float = 1e-12


_DOMAINS: Final = _Domains()


@dataclass(frozen=True)
class Outer:
    """Name a function of the target, u = forward(y), and its inverse, y = inverse(u).

    Attributes:
        name: as a formula of y.
        forward: from values of y to those of u.
        slope: du/dy, through which noise of y becomes noise of u.
        inverse: makes a formula of y from one of u, with the functions that are allowed.
        holds: whether y is in the domain where the two are inverse to each other.
        needs: the function that the inverse calls; empty for none.
    """

    name: str
    forward: Callable[[Array], Array]
    slope: Callable[[Array], Array]
    inverse: Callable[[Node, Collection[str]], Node]
    holds: Callable[[Array], bool]
    needs: str = ""


def _always(y: Array) -> bool:
    return True


def _nonzero(y: Array) -> bool:
    return bool(np.all(y != 0))


def _positive(y: Array) -> bool:
    return bool(np.all(y > 0))


def _within(low: float, high: float) -> Callable[[Array], bool]:
    return lambda y: bool(np.all((y >= low) & (y <= high)))


IDENTITY: Final = Outer("y", lambda y: y, np.ones_like, lambda u, f: u, _always)
RECIPROCAL: Final = Outer("1/y", lambda y: 1 / y, lambda y: 1 / y**2, lambda u, f: divide(ONE, u), _nonzero)
SQUARE: Final = Outer("y**2", lambda y: y * y, lambda y: 2 * y, lambda u, f: raised(u, 0.5, f), _positive)
INVERSE_SQUARE: Final = Outer(
    "1/y**2", lambda y: y**-2.0, lambda y: 2 / np.abs(y**3), lambda u, f: divide(ONE, raised(u, 0.5, f)), _positive
)
NEGATIVE_SQUARE: Final = Outer(
    "-sqrt", lambda y: y * y, lambda y: 2 * y, lambda u, f: negated(raised(u, 0.5, f)), lambda y: bool(np.all(y < 0))
)
ROOT: Final = Outer("sqrt(y)", np.sqrt, lambda y: 0.5 / np.sqrt(y), lambda u, f: power(u, Number(2.0)), _positive)
INVERSE_ROOT: Final = Outer(
    "1/sqrt(y)", lambda y: y**-0.5, lambda y: 0.5 * y**-1.5, lambda u, f: divide(ONE, power(u, Number(2.0))), _positive
)
LOG: Final = Outer("log(y)", np.log, lambda y: 1 / y, lambda u, f: call("exp", u), _positive, "exp")
LOG_COMPLEMENT: Final = Outer(
    "log(1-y)",
    lambda y: np.log1p(-y),
    lambda y: 1 / (1 - y),
    lambda u, f: subtract(ONE, call("exp", u)),
    lambda y: bool(np.all(y < 1) and np.all(y > -1)),
    "exp",
)
EXP: Final = Outer(
    "exp(y)",
    np.exp,
    np.exp,
    lambda u, f: call("log", u),
    _within(-_DOMAINS.largest_exponent, _DOMAINS.largest_exponent),
    "log",
)
SINE: Final = Outer("sin(y)", np.sin, np.cos, lambda u, f: call("asin", u), _within(-np.pi / 2, np.pi / 2), "asin")
COSINE: Final = Outer("cos(y)", np.cos, np.sin, lambda u, f: call("acos", u), _within(0, np.pi), "acos")
TANGENT: Final = Outer(
    "tan(y)", np.tan, lambda y: 1 / np.cos(y) ** 2, lambda u, f: call("atan", u), _within(-np.pi / 2, np.pi / 2), "atan"
)
ARCTANH: Final = Outer(
    "atanh(y)",
    np.arctanh,
    lambda y: 1 / (1 - y * y),
    lambda u, f: call("tanh", u),
    _within(-1 + _DOMAINS.nearest_one, 1 - _DOMAINS.nearest_one),
    "tanh",
)

ALGEBRAIC: Final = (IDENTITY, RECIPROCAL, SQUARE, INVERSE_SQUARE, ROOT, INVERSE_ROOT, NEGATIVE_SQUARE)
TRANSCENDENTAL: Final = (LOG, EXP, SINE, COSINE, TANGENT, LOG_COMPLEMENT, ARCTANH)


@dataclass(frozen=True, eq=False)
class Transformed:
    """Hold the target under an outer function, and `roots` of the weights of its rows, both of shape `(n,)`."""

    outer: Outer
    target: Array
    roots: Array


def transformed(problem: Problem, outer: Outer) -> Transformed | None:
    """Return the problem's target under the outer function, or None where that is not allowed or not defined."""
    if outer.needs and outer.needs not in problem.functions:
        return None
    y = problem.y
    with np.errstate(all="ignore"):
        if not outer.holds(y):
            return None
        target = outer.forward(y)
        slope = np.abs(outer.slope(y))
        steepest = float(np.max(slope))
        if not (np.all(np.isfinite(target)) and np.ptp(target) > 0 and 0 < steepest < np.inf):
            return None
        roots = 1.0 / np.maximum(slope / steepest, _DOMAINS.least_slope)
        roots = roots / np.sqrt(np.mean(roots**2))
    if problem.weights is not None:
        roots = roots * np.sqrt(problem.weights)
    return Transformed(outer, target, roots)
