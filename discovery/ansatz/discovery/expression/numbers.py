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
from ansatz.discovery.expression.node import Number, Variable, exponent_positions, rebuild

_SMALL_INTEGER = 10


def numbers(formula: Node) -> Array:
    """Return every number of the formula, integers included, in order of appearance."""
    return np.array([n.value for n in _leaves(formula)])


def with_numbers(formula: Node, values: Sequence[float] | Array) -> Node:
    """Return the formula with its numbers replaced, in order of appearance; those given by a name stay."""
    queue = iter(values)

    def leaf(node: Number | Variable) -> Node:
        if isinstance(node, Variable):
            return node
        value = float(next(queue))
        return node if node.name else Number(value)

    return rebuild(formula, leaf)


def free_positions(formula: Node) -> tuple[int, ...]:
    """Return the positions of the numbers that a fit may change: no integers, and not given by a name."""
    return tuple(i for i, number in enumerate(_leaves(formula)) if number.is_free)


def given_numbers(formula: Node) -> dict[int, str]:
    """Return the positions of the numbers that were given by a name, as pi, with the names."""
    return {i: number.name for i, number in enumerate(_leaves(formula)) if number.name}


def _leaves(formula: Node) -> list[Number]:
    return [n for n in walk(formula) if isinstance(n, Number)]


def set_groups(values: Array, groups: Sequence[Sequence[int]], constants: Sequence[float] | Array) -> Array:
    """Return a copy of all numbers in which each group of positions has the value of its constant."""
    values = values.copy()
    for group, constant in zip(groups, constants, strict=True):
        values[list(group)] = constant
    return values


def fitted_positions(formula: Node) -> tuple[int, ...]:
    """Return numbers that are no integers, and large integers that are no exponents: a searcher's rounding, not
    structure."""
    exponents = exponent_positions(formula)
    return tuple(
        i
        for i, number in enumerate(_leaves(formula))
        if number.is_free or (not number.name and abs(number.value) > _SMALL_INTEGER and i not in exponents)
    )


def skeleton(formula: Node) -> str:
    """Return the formula with every number blanked that a fit may change: what is left when constants are free."""
    values = [0.5 if n.is_free else n.value for n in _leaves(formula)]
    return to_text(with_numbers(formula, values))
