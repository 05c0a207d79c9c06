"""Description length of a formula and of what it leaves unexplained, in bits.

A two-part code (Rissanen 1978; for formulas Udrescu & Tegmark 2020, arXiv:1905.11481, and Bartlett, Desmond & Ferreira
2023, arXiv:2211.11461): bits for the tree, bits for each number to the precision that the data warrant, bits for the
residual of a Gaussian of unknown width, down to the rounding of float64.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from ansatz.discovery.expression import Apply, Array, Node, Number, Variable, constants, walk
from ansatz.discovery.expression.node import BINARY_OPERATORS, NEGATION, is_integer
from ansatz.discovery.problem.problem import Problem

ROUNDING = 1e-13
"""Relative size of a residual below which a formula is as exact as float64 allows."""

# A prefix code over the kinds of nodes (Kraft's sum is 1): six operators, a root, a dozen functions, variable, number.
_OPERATOR_BITS = 3.5
_FUNCTION_BITS = 6.5
_ROOT_BITS = 4.5
_LEAF_BITS = 2.5
_GIVEN_BITS = 3.0
"""For a number given by a name, as pi: what it takes to say the name."""
_MAX_PRECISION_BITS = 45.0
_MIN_PRECISION_BITS = 1.0


def formula_bits(formula: Node, inputs: int) -> float:
    """Bits for the tree without the values of numbers that are no integers; `inputs` is the number of columns."""
    variable_bits = _LEAF_BITS + math.log2(max(inputs, 1))
    bits = 0.0
    for node in walk(formula):
        if isinstance(node, Variable):
            bits += variable_bits
        elif isinstance(node, Number):
            bits += _LEAF_BITS + _said_bits(node)
        else:
            bits += _apply_bits(node)
    return bits


def _said_bits(number: Number) -> float:
    """Bits for the value of a number that no fit changes."""
    if number.name:
        return _GIVEN_BITS
    return integer_bits(number.value) if is_integer(number.value) else 0.0


def _apply_bits(node: Apply) -> float:
    if node.op in BINARY_OPERATORS or node.op == NEGATION:
        return _OPERATOR_BITS
    return _ROOT_BITS if node.op == "sqrt" else _FUNCTION_BITS


def integer_bits(value: float) -> float:
    """Bits for a whole number: its magnitude, and its sign where it is negative."""
    return math.log2(1.0 + abs(value)) + (1.0 if value < 0 else 0.0)


def real_bits(value: float, std_error: float) -> float:
    """Bits for a number known to `std_error`: its precision relative to its size, and its order of magnitude."""
    magnitude = math.log2(1.0 + 0.5 * abs(math.log2(abs(value)))) if value else 0.0
    return precision_bits(value, std_error) + magnitude


def precision_bits(value: float, std_error: float) -> float:
    """Bits for the digits of a number that are known."""
    if not std_error > 0:
        return _MAX_PRECISION_BITS
    return min(math.log2(1.0 + abs(value) / std_error) + _MIN_PRECISION_BITS, _MAX_PRECISION_BITS)


def residual_bits(rmse: float, fitted: int, problem: Problem) -> float:
    """Bits for the residual on all rows, in units of the target's rounding.

    The width of the Gaussian is estimated on n − `fitted` degrees of freedom, as in the marginal likelihood of a
    linear model: on few rows, many constants are no bargain. Infinite where there are as many constants as rows.
    """
    degrees = problem.rows - fitted
    if not math.isfinite(rmse) or degrees < 1:
        return math.inf
    variance = (rmse / problem.y_scale) ** 2 * problem.rows / degrees
    return problem.rows * 0.5 * math.log2(1.0 + variance / ROUNDING**2)


def description_length(
    formula: Node, rmse: float, std_errors: Sequence[float] | Array, names_bits: Sequence[float], problem: Problem
) -> float:
    """Bits of formula, constants and residual.

    `std_errors` belong to the numbers that a fit may change, in order of appearance, NaN where the data do not
    determine one; `names_bits` are the bits of their names, NaN where a number has none.
    """
    values = constants(formula)
    bits = formula_bits(formula, len(problem.variables)) + residual_bits(rmse, len(values), problem)
    for value, std_error, name_bits in zip(values, std_errors, names_bits, strict=True):
        bits += real_bits(value, std_error) if math.isnan(name_bits) else name_bits
    return bits


def is_exact(rmse: float, problem: Problem) -> bool:
    """Whether the residual is at the rounding level of float64."""
    return bool(np.isfinite(rmse)) and rmse <= 3 * ROUNDING * problem.y_scale
