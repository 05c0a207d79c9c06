"""The numbers of a formula: which they are, which may be fitted, and the formula with others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ansatz.discovery.expression import (
    Array,
    Node,
    to_text,
    walk,
)
from ansatz.discovery.expression.node import Number, exponent_positions, is_integer, rebuild

_SMALL_INTEGER = 10


def numbers(formula: Node) -> Array:
    """Every number of the formula, integers included, in order of appearance."""
    return np.array([n.value for n in walk(formula) if isinstance(n, Number)])


def with_numbers(formula: Node, values: Sequence[float] | Array) -> Node:
    """The formula with all its numbers replaced, in order of appearance."""
    queue = iter(values)
    return rebuild(formula, lambda leaf: Number(float(next(queue))) if isinstance(leaf, Number) else leaf)


def free_positions(formula: Node) -> tuple[int, ...]:
    """Positions of the numbers that are no integers: those a fit may change."""
    return tuple(i for i, value in enumerate(numbers(formula)) if not is_integer(value))


def set_groups(values: Array, groups: Sequence[Sequence[int]], constants: Sequence[float] | Array) -> Array:
    """A copy of all numbers in which each group of positions has the value of its constant."""
    values = values.copy()
    for group, constant in zip(groups, constants, strict=True):
        values[list(group)] = constant
    return values


def fitted_positions(formula: Node) -> tuple[int, ...]:
    """Numbers that are no integers, and large integers that are no exponents: a searcher's rounding, not structure."""
    exponents = exponent_positions(formula)
    return tuple(
        i
        for i, value in enumerate(numbers(formula))
        if not is_integer(value) or (abs(value) > _SMALL_INTEGER and i not in exponents)
    )


def skeleton(formula: Node) -> str:
    """The formula with every number that is no integer blanked: what is left when constants are free."""
    values = [n.value if is_integer(n.value) else 0.5 for n in walk(formula) if isinstance(n, Number)]
    return to_text(with_numbers(formula, values))
