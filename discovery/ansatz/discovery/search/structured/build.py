"""Formulas built from numbers found by linear algebra: products of powers, linear combinations, roots."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, TypeGuard

from ansatz.discovery.expression import Node, Number, add, call, divide, multiply, power, subtract
from ansatz.discovery.expression.node import NEGATION, Apply

ONE: Final = Number(1.0)


@dataclass(frozen=True)
class _Tolerances:
    """Take the rounding of fits off numbers. Chosen by judgement, above the rounding of float64.

    Attributes:
        whole: distance from a whole number, over the number.
        largest_whole: number beyond which none is made whole: float64 holds whole numbers up to 9e15 only.
        no_power: size of an exponent that is 0.
    """

    whole: float = 1e-9
    largest_whole: float = 1e15
    no_power: float = 1e-12


_TOLERANCES: Final = _Tolerances()


def number(value: float) -> Number:
    """Return a number; one that is whole up to the rounding of a fit becomes whole.

    How small is nothing depends on what it multiplies: no number becomes 0.
    """
    value = float(value)
    nearest = float(round(value)) if 0.5 < abs(value) < _TOLERANCES.largest_whole else value
    return Number(nearest if abs(value - nearest) <= _TOLERANCES.whole * abs(value) else value)


def negated(node: Node) -> Node:
    """Return the negative of a node."""
    return Number(-node.value) if isinstance(node, Number) else Apply(NEGATION, (node,))


def scaled(coefficient: float, node: Node) -> Node:
    """Return coefficient * node."""
    factor = number(coefficient)
    if isinstance(node, Number):
        return number(coefficient * node.value)
    if factor.value == 1.0:
        return node
    if factor.value == -1.0:
        return negated(node)
    if isinstance(node, Apply) and node.op == "/" and node.args[0] == ONE:
        return divide(factor, node.args[1])
    return multiply(factor, node)


def raised(base: Node, exponent: float, functions: Collection[str] = ()) -> Node:
    """Return base ** exponent; a square root by its name where that is allowed."""
    exponent = number(exponent).value
    if abs(exponent) < _TOLERANCES.no_power:
        return ONE
    if exponent == 1.0:
        return base
    if _is_exponential(base):
        return call("exp", scaled(exponent, base.args[0]))
    if exponent == 0.5 and "sqrt" in functions:
        return call("sqrt", base)
    return power(base, Number(exponent))


def _is_exponential(node: Node) -> TypeGuard[Apply]:
    return isinstance(node, Apply) and node.op == "exp"


def product(coefficient: float, factors: Iterable[tuple[Node, float]], functions: Collection[str] = ()) -> Node:
    """Return coefficient times the product of base**exponent, negative exponents below a single bar."""
    parts = list(factors)
    above = [raised(b, e, functions) for b, e in parts if e > 0 or (e < 0 and _is_exponential(b))]
    below = [raised(b, -e, functions) for b, e in parts if e < 0 and not _is_exponential(b)]
    sign = coefficient == -1.0 and bool(above)
    if not above or (number(coefficient).value != 1.0 and not sign):
        above.insert(0, number(coefficient))
    top = _chain(above)
    node = divide(top, _chain(below)) if below else top
    return negated(node) if sign else node


def _chain(nodes: Sequence[Node]) -> Node:
    result = nodes[0]
    for node in nodes[1:]:
        result = multiply(result, node)
    return result


def linear(coefficients: Iterable[float], nodes: Iterable[Node]) -> Node:
    """Return the sum of coefficient * node; terms of coefficient 0 are left out."""
    result: Node | None = None
    for coefficient, node in zip(coefficients, nodes, strict=True):
        if coefficient == 0.0:
            continue
        if result is None:
            result = scaled(coefficient, node)
        elif coefficient < 0:
            result = subtract(result, scaled(-coefficient, node))
        else:
            result = add(result, scaled(coefficient, node))
    return Number(0.0) if result is None else result


def times(factor: Node, node: Node) -> Node:
    """Return factor * node, a quotient multiplied into its numerator."""
    if node == ONE:
        return factor
    if isinstance(node, Number):
        return scaled(node.value, factor)
    if isinstance(factor, Apply) and factor.op == "/":
        return divide(times(factor.args[0], node), factor.args[1])
    return node if factor == ONE else multiply(factor, node)
