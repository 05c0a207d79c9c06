"""Formulas of others as an engine's first ones: in its scales, with the operators that engines have."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from ansatz.discovery.expression import (
    FUNCTIONS,
    Apply,
    Node,
    Number,
    Variable,
    call,
    complexity,
    divide,
    multiply,
    power,
    simplify,
    substitute,
    variables,
    walk,
)  # fmt: skip
from ansatz.discovery.expression.node import is_integer
from ansatz.discovery.problem.problem import Problem

_ONE: Final = Number(1.0)
_TWO: Final = Number(2.0)


@dataclass(frozen=True)
class _Limits:
    """Say which formulas an engine can begin with. By float32, in which engines compute, and by judgement.

    Attributes:
        least: size of a number: float32 ends at 1e-38.
        most: size of a number: float32 ends at 3e38.
        whole: exponent that is written as products: they grow with it, where exp(p*log(x)) does not.
    """

    least: float = 1e-30
    most: float = 1e30
    whole: int = 8


_LIMITS: Final = _Limits()


def seed_formulas(
    problem: Problem, scales: Sequence[float], seeds: Sequence[Node], functions: frozenset[str]
) -> Iterator[Node]:
    """Yield the seeds as formulas for y / y_scale, in the problem's names for inputs divided by `scales`.

    The scales are of shape `(d,)`. The formulas' only powers are squares. Left out are those that are constant, use
    another function or an input that the problem lacks, are larger than it allows, or hold a number beyond single
    precision.
    """
    scaled = {
        name: Variable(name) if scale == 1 else multiply(Number(scale), Variable(name))
        for name, scale in zip(problem.names, scales, strict=True)
    }
    for seed in seeds:
        if not variables(seed) or not set(variables(seed)) <= scaled.keys():
            continue
        try:
            # Simplified, so that the scales of a product become one number.
            whole = simplify(divide(substitute(seed, scaled), Number(problem.y_scale)), problem.positive)
            formula = without_powers(whole)
        except ValueError:
            continue
        if _fits(formula, functions, problem.max_complexity):
            yield formula


def _fits(formula: Node, functions: frozenset[str], max_complexity: int) -> bool:
    nodes = list(walk(formula))
    called = {n.op for n in nodes if isinstance(n, Apply) and n.op in FUNCTIONS}
    sizes = (abs(n.value) for n in nodes if isinstance(n, Number))
    held = all(size == 0 or _LIMITS.least < size < _LIMITS.most for size in sizes)
    return called <= functions and held and complexity(formula) <= max_complexity


def without_powers(formula: Node) -> Node:
    """Return an equal formula whose only powers are squares: products, quotients, roots, or exp(p*log(x)).

    The last is defined for x > 0 only. Raises ValueError where a number of it is beyond float64.
    """
    if not isinstance(formula, Apply):
        return formula
    arguments = tuple(without_powers(a) for a in formula.args)
    if formula.op != "**":
        return Apply(formula.op, arguments)
    base, exponent = arguments
    if isinstance(exponent, Number) and is_integer(2 * exponent.value) and abs(exponent.value) <= _LIMITS.whole:
        return _half_power(base, exponent.value)
    return call("exp", multiply(exponent, call("log", base)))


def _half_power(base: Node, exponent: float) -> Node:
    """Return a whole or half power."""
    if exponent < 0:
        return divide(_ONE, _half_power(base, -exponent))
    whole = math.floor(exponent)
    if exponent != whole:
        root = call("sqrt", base)
        return multiply(_whole_power(base, whole), root) if whole else root
    return _whole_power(base, whole)


def _whole_power(base: Node, exponent: int) -> Node:
    if exponent == 0:
        return _ONE
    if exponent == 1:
        return base
    if exponent % 2:
        return multiply(base, _whole_power(base, exponent - 1))
    return power(_whole_power(base, exponent // 2), _TWO)
