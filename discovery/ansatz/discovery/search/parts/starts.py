"""Simple laws to start from: each part a constant, a line, a power law, and a few shapes more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, product
from typing import Final

import numpy as np

from ansatz.discovery.expression import Node, Number, Variable, add, call, divide, multiply, power
from ansatz.discovery.problem.form import Part
from ansatz.discovery.problem.problem import Problem

_SIGNS: Final = (1.0, -1.0)
_EXPONENTS: Final = (1.0, 2.0, -1.0, 0.5)


@dataclass(frozen=True)
class _Starts:
    """Say where fits begin. Chosen by judgement; the tests of unknown parts hold them.

    Attributes:
        most: combinations of shapes, the simplest.
        draws: of the constants around the parts, beside all of them at 1.
        spread: standard deviation of these draws.
        off: times every number: one that is whole would be taken for structure, and not be fitted.
        offset: of shapes that have one.
    """

    most: int = 120
    draws: int = 2
    spread: float = 2.0
    off: float = 1 + 1e-7
    offset: float = 0.5


_STARTS: Final = _Starts()


def starting_laws(problem: Problem) -> Iterator[Node]:
    """Yield laws whose constants are worth fitting, the simplest first."""
    form = problem.form
    assert form is not None
    rng = np.random.default_rng(problem.seed)
    drawn = rng.normal(0, _STARTS.spread, (_STARTS.draws, len(form.constants)))
    constants = [np.ones(len(form.constants)), *drawn]
    shapes = [_shapes(part, problem) for part in form.parts]
    combinations = list(islice(_by_size(shapes), _STARTS.most))
    for values in constants if form.constants else constants[:1]:
        for formulas in combinations:
            yield form.law(formulas, [float(v) * _STARTS.off for v in values])


def _by_size(shapes: Sequence[Sequence[Node]]) -> Iterator[tuple[Node, ...]]:
    """Yield all combinations, those of early shapes first."""
    positions = product(*(range(len(s)) for s in shapes))
    for chosen in sorted(positions, key=lambda p: (sum(p), p)):
        yield tuple(s[i] for s, i in zip(shapes, chosen, strict=True))


def _shapes(part: Part, problem: Problem) -> list[Node]:
    scale = _scale(problem)
    arguments: list[Node] = [Variable(name) for name in part.arguments]
    shapes: list[Node] = [Number(sign * _STARTS.off) for sign in _SIGNS]
    shapes += [_line(arguments, sign * _STARTS.off / scale) for sign in _SIGNS]
    shapes += [_power_law(arguments, exponent * _STARTS.off) for exponent in _EXPONENTS]
    shapes += [
        add(_power_law(arguments, exponent * _STARTS.off), Number(_STARTS.offset * _STARTS.off))
        for exponent in _EXPONENTS[1:]
    ]
    if len(arguments) == 1:
        shapes += list(_curves(arguments[0], scale, problem.functions))
    return shapes


def _scale(problem: Problem) -> float:
    """Return the usual size of an input."""
    size = float(np.median(np.abs(problem.X))) if problem.X.size else 1.0
    return size if np.isfinite(size) and size > 0 else 1.0


def _line(arguments: Sequence[Node], slope: float) -> Node:
    total: Node = Number(_STARTS.offset * _STARTS.off)
    for argument in arguments:
        total = add(multiply(Number(slope), argument), total)
    return total


def _power_law(arguments: Sequence[Node], exponent: float) -> Node:
    result: Node = Number(_STARTS.off)
    for argument in arguments:
        result = multiply(result, power(argument, Number(exponent)))
    return result


def _curves(u: Node, scale: float, functions: frozenset[str]) -> Iterator[Node]:
    rate, one, half = Number(_STARTS.off / scale), Number(_STARTS.off), Number(_STARTS.offset * _STARTS.off)
    yield add(add(multiply(rate, multiply(u, u)), multiply(rate, u)), half)
    yield divide(one, add(u, Number(scale * _STARTS.off)))
    if "exp" in functions:
        yield multiply(one, call("exp", multiply(Number(-_STARTS.off / scale), u)))
    if "log" in functions:
        yield add(multiply(one, call("log", u)), half)
    if "sin" in functions:
        yield add(multiply(one, call("sin", multiply(rate, u))), half)
