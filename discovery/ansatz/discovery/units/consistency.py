"""Is a formula dimensionally consistent? An exact check, the same for every origin of formulas."""

from __future__ import annotations

import math
from collections.abc import Mapping
from enum import StrEnum
from fractions import Fraction
from typing import Final

from ansatz.discovery.expression.evaluate import evaluate
from ansatz.discovery.expression.node import (
    INTEGRAL,
    Apply,
    Node,
    Number,
    Variable,
    multiply,
    substitute,
    subtract,
    variables,
)
from ansatz.discovery.units.dimension import BASE_UNITS, NONE, Dimension, rational
from ansatz.discovery.units.linear import Row, solvable

_SAME: Final = ("+", "-", "min", "max")
_UNCHANGED: Final = ("neg", "abs")


class Consistency(StrEnum):
    """How the dimensions of a formula stand.

    consistent: with all numbers dimensionless; dimensional_constants: only if numbers that are no integers, or the unit
    under a logarithm, or an overall factor, carry dimensions; inconsistent: in no way.
    """

    CONSISTENT = "consistent"
    DIMENSIONAL_CONSTANTS = "dimensional_constants"
    INCONSISTENT = "inconsistent"


def consistency(formula: Node, inputs: Mapping[str, Dimension], target: Dimension) -> Consistency:
    """Return how the formula's dimensions agree with each other and with the target's. `inputs` has every variable."""
    formula = _without_integrals(formula)
    try:
        if _Strict(inputs).of_formula(formula) in (None, target):
            return Consistency.CONSISTENT
    except _InconsistentError:
        pass
    try:
        solvable_ = _Free(inputs).solvable(formula)
    except _InconsistentError:
        solvable_ = False
    return Consistency.DIMENSIONAL_CONSTANTS if solvable_ else Consistency.INCONSISTENT


def _without_integrals(node: Node) -> Node:
    """For an integral its body at the lower limit times the window: of the same dimensions."""
    if not isinstance(node, Apply):
        return node
    arguments = tuple(_without_integrals(a) for a in node.args)
    if node.op != INTEGRAL or not isinstance(bound := node.args[1], Variable):
        return Apply(node.op, arguments)
    body, _, low, high = arguments
    return multiply(substitute(body, {bound.name: low}), subtract(high, low))


class _InconsistentError(Exception):
    """The formula adds what does not add, or takes a function of what has a dimension."""


def _number(node: Node) -> float | None:
    """Return the value of a formula without variables, None of others or where it is not finite."""
    if isinstance(node, Number):
        return node.value
    if variables(node):
        return None
    value = float(evaluate(node, {}, 1)[0])
    return value if math.isfinite(value) else None


class _Strict:
    """Dimensions with all numbers dimensionless.

    A logarithm of a quantity with a dimension is dimensionless up to the logarithm of that dimension, carried beside:
    log(a) - log(b) is log(a/b), and exp(2*log(a)) is a**2. None is the dimension of zero: it agrees with any.
    """

    def __init__(self, inputs: Mapping[str, Dimension]) -> None:
        self._inputs = inputs

    def of_formula(self, formula: Node) -> Dimension | None:
        dimension, under_log = self._of(formula)
        _require(under_log == NONE)
        return dimension

    def _of(self, node: Node) -> tuple[Dimension | None, Dimension]:
        if isinstance(node, Variable):
            return self._inputs[node.name], NONE
        if isinstance(node, Number):
            return (NONE if node.value else None), NONE
        if node.op in _UNCHANGED:
            return self._unchanged(node)
        if node.op in _SAME:
            return self._same(node)
        if node.op in ("*", "/"):
            return self._product(node)
        if node.op in ("**", "sqrt"):
            return self._power(node), NONE
        return self._function(node)

    def _unchanged(self, node: Apply) -> tuple[Dimension | None, Dimension]:
        dimension, under_log = self._of(node.args[0])
        _require(node.op == "neg" or under_log == NONE)
        return dimension, (NONE / under_log)

    def _same(self, node: Apply) -> tuple[Dimension | None, Dimension]:
        (left, left_log), (right, right_log) = map(self._of, node.args)
        _require(left is None or right is None or left == right)
        if node.op in ("min", "max"):
            _require(left_log == right_log)
            return left or right, left_log
        return left or right, (left_log * right_log if node.op == "+" else left_log / right_log)

    def _product(self, node: Apply) -> tuple[Dimension | None, Dimension]:
        (left, left_log), (right, right_log) = map(self._of, node.args)
        under_log = self._scaled_log(node, left_log, right_log)
        if left is None or right is None:
            return None, under_log
        return (left * right if node.op == "*" else left / right), under_log

    def _scaled_log(self, node: Apply, left_log: Dimension, right_log: Dimension) -> Dimension:
        """Return of a number times, or below, a logarithm; no other product of a logarithm of a dimension has a
        meaning."""
        if left_log == right_log == NONE:
            return NONE
        a, b = node.args
        log, number = (left_log, _number(b)) if right_log == NONE else (right_log, _number(a))
        _require(number is not None and (node.op == "*" or right_log == NONE))
        assert number is not None
        _require(number != 0)
        return log ** (rational(number) if node.op == "*" else 1 / rational(number))

    def _power(self, node: Apply) -> Dimension | None:
        base, under_log = self._of(node.args[0])
        _require(under_log == NONE)
        if base is None:
            return None
        exponent = 0.5 if node.op == "sqrt" else _number(node.args[1])
        if exponent is None:
            _require(base == NONE and self._of(node.args[1]) in ((NONE, NONE), (None, NONE)))
            return NONE
        return base if base == NONE else base ** rational(exponent)

    def _function(self, node: Apply) -> tuple[Dimension, Dimension]:
        dimension, under_log = self._of(node.args[0])
        if node.op == "sign":
            return NONE, NONE
        if node.op == "log" and dimension is not None:
            _require(under_log == NONE)
            return NONE, dimension
        _require(dimension in (None, NONE))
        if node.op == "exp":
            return under_log, NONE
        _require(under_log == NONE)
        return NONE, NONE


def _require(agrees: bool) -> None:
    if not agrees:
        raise _InconsistentError


class _Free:
    """Dimensions with a dimension for every number that is no integer, or is zero: linear equations for these.

    A dimension is a row: coefficients of the numbers' dimensions, then the known exponents of the base dimensions.
    """

    def __init__(self, inputs: Mapping[str, Dimension]) -> None:
        self._inputs = inputs
        self._unknowns = 0
        self._equations: list[dict[int, Fraction]] = []
        self._width = len(BASE_UNITS)

    def solvable(self, formula: Node) -> bool:
        """Return whether dimensions of the numbers make the formula consistent; an overall factor may have any
        dimension."""
        self._of(formula)
        columns = range(self._width, self._width + self._unknowns)
        rows = [tuple(e.get(c, Fraction(0)) for c in columns) for e in self._equations]
        right: list[Row] = [tuple(-e.get(c, Fraction(0)) for c in range(self._width)) for e in self._equations]
        if not self._unknowns:
            return not any(any(row) for row in right)
        return solvable(rows, right)

    def _of(self, node: Node) -> dict[int, Fraction]:
        if isinstance(node, Variable):
            return {i: e for i, e in enumerate(self._inputs[node.name].exponents) if e}
        if isinstance(node, Number):
            return self._unknown() if node.value == 0 or node.is_free else {}
        if node.op in ("**", "sqrt"):
            return self._power(node)
        arguments = [self._of(a) for a in node.args]
        if node.op in _SAME:
            self._equal(*arguments)
        if node.op in _SAME or node.op in _UNCHANGED:
            return arguments[0]
        if node.op in ("*", "/"):
            return _combined(arguments[0], arguments[1], Fraction(1 if node.op == "*" else -1))
        if node.op not in ("log", "sign"):
            self._equal(arguments[0], {})
        return {}

    def _unknown(self) -> dict[int, Fraction]:
        self._unknowns += 1
        return {self._width + self._unknowns - 1: Fraction(1)}

    def _power(self, node: Apply) -> dict[int, Fraction]:
        base = self._of(node.args[0])
        exponent = 0.5 if node.op == "sqrt" else _number(node.args[1])
        if exponent is None:
            self._equal(base, {})
            self._equal(self._of(node.args[1]), {})
            return {}
        return {i: e * rational(exponent) for i, e in base.items()}

    def _equal(self, left: dict[int, Fraction], right: dict[int, Fraction]) -> None:
        if difference := _combined(left, right, Fraction(-1)):
            self._equations.append(difference)


def _combined(left: dict[int, Fraction], right: dict[int, Fraction], factor: Fraction) -> dict[int, Fraction]:
    total = {i: left.get(i, Fraction(0)) + factor * right.get(i, Fraction(0)) for i in {*left, *right}}
    return {i: e for i, e in total.items() if e}
