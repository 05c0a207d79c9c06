"""The numbers of a formula: which they are, which may be fitted, and the formula with others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import count

import numpy as np

from ansatz.discovery.expression import (
    Array,
    Node,
    to_text,
    walk,
)
from ansatz.discovery.expression.node import KEPT, Number, Variable, exponent_positions, is_integer, rebuild

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
    """Return the positions of the numbers that were given and stay, with their names: pi has one, literals none."""
    given = ((i, number.name) for i, number in enumerate(_leaves(formula)) if number.name)
    return {i: "" if name == KEPT else name for i, name in given}


def kept(formula: Node) -> Node:
    """Return the formula with its numbers as they are given: no fit changes them, and no simplifying merges them.

    Whole exponents, 0, 1 and -1 are structure, and need no keeping.
    """
    return _kept(formula, lambda value, is_exponent: not is_integer(value) or not (is_exponent or abs(value) <= 1))


def kept_whole(formula: Node) -> Node:
    """Return the formula with its whole numbers as they are given, so that pi/2 stays one number of its caller's."""
    return _kept(formula, lambda value, is_exponent: is_integer(value) and not (is_exponent or abs(value) <= 1))


def _kept(formula: Node, keep: Callable[[float, bool], bool]) -> Node:
    exponents, places = exponent_positions(formula), count()

    def leaf(node: Number | Variable) -> Node:
        if not isinstance(node, Number):
            return node
        stays = keep(node.value, next(places) in exponents)
        return Number(node.value, KEPT) if stays and not node.name else node

    return rebuild(formula, leaf)


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
