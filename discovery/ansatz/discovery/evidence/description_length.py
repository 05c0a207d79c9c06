"""Description length of a formula and of what it leaves unexplained, in bits.

A two-part code: bits for the tree, bits for each number to the precision that the data warrant, bits for the residual.
The residual is that of a Gaussian of unknown width, down to the rounding of float64. Codes of this kind are due to
Rissanen 1978; for formulas to Udrescu & Tegmark 2020, arXiv:1905.11481, and Bartlett, Desmond & Ferreira 2023,
arXiv:2211.11461.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from ansatz.discovery.expression import Apply, Array, Node, Number, Variable, constants, walk
from ansatz.discovery.expression.node import BINARY_OPERATORS, NEGATION, is_integer
from ansatz.discovery.problem.problem import Problem


@dataclass(frozen=True)
class _Rounding:
    """Say what is rounding of float64, in shares of the size of the target. `bench.recovery` without noise holds them.

    Attributes:
        size: residuals below this count alike: some hundred times the rounding of one operation.
        exact: residual in units of `size` up to which a formula is exact.
        free: residual in units of `size` up to which no bits are asked for what rounding adds.
    """

    size: float = 1e-13
    exact: float = 3.0
    free: float = 10.0


@dataclass(frozen=True)
class _Code:
    """Say what the nodes of a tree cost, in bits: a prefix code, so that Kraft's sum over the kinds of nodes is 1.

    Attributes:
        operator: one of six.
        root: the square root, which is more frequent than other functions.
        function: one of a dozen others.
        leaf: that it is a variable, or a number.
        given: the name of a number that is given by a name, as pi. Chosen by judgement, as in `naming`.
    """

    operator: float = 3.5
    root: float = 4.5
    function: float = 6.5
    leaf: float = 2.5
    given: float = 3.0


@dataclass(frozen=True)
class _Precision:
    """Bound the bits of a number's digits.

    Attributes:
        least: bits of a number of which nothing but its size is known. Chosen by judgement.
        most: bits of a number that is known exactly, of the 53 of float64: the last are lost to rounding.
        finest: relative variance that none goes below: beyond `most`, and the square of what numpy tells apart.
    """

    least: float = 1.0
    most: float = 45.0
    finest: float = 1e-36


ROUNDING: Final = _Rounding()
_CODE: Final = _Code()
_PRECISION: Final = _Precision()


def formula_bits(formula: Node, inputs: int) -> float:
    """Return the bits of the tree on so many columns, without the values of numbers that are no integers."""
    variable_bits = _CODE.leaf + math.log2(max(inputs, 1))
    bits = 0.0
    for node in walk(formula):
        if isinstance(node, Variable):
            bits += variable_bits
        elif isinstance(node, Number):
            bits += _CODE.leaf + _said_bits(node)
        else:
            bits += _apply_bits(node)
    return bits


def _said_bits(number: Number) -> float:
    """Return the bits of the value of a number that no fit changes."""
    if number.name:
        return _CODE.given
    return integer_bits(number.value) if is_integer(number.value) else 0.0


def _apply_bits(node: Apply) -> float:
    if node.op in BINARY_OPERATORS or node.op == NEGATION:
        return _CODE.operator
    return _CODE.root if node.op == "sqrt" else _CODE.function


def integer_bits(value: float) -> float:
    """Return the bits of a whole number: its magnitude, and its sign where it is negative."""
    return math.log2(1.0 + abs(value)) + (1.0 if value < 0 else 0.0)


def real_bits(value: float, std_error: float) -> float:
    """Return the bits of a number known to `std_error`: its digits that are known, and its order of magnitude."""
    magnitude = math.log2(1.0 + 0.5 * abs(math.log2(abs(value)))) if value else 0.0
    return precision_bits(value, std_error) + magnitude


def precision_bits(value: float, std_error: float) -> float:
    """Return the bits of the digits of a number that are known."""
    if not std_error > 0:
        return _PRECISION.most
    return min(math.log2(1.0 + abs(value) / std_error) + _PRECISION.least, _PRECISION.most)


def joint_bits(values: Array, covariance: Array) -> float:
    """Return the bits of the digits of numbers `(k,)` that are known together, by their covariance `(k, k)`.

    Half the logarithm of the determinant of what is known of them, each in units of its size: constants that can stand
    in for each other cancel to far more digits than each is known to by itself. Another unit changes nothing.
    """
    k = values.size
    if not k:
        return 0.0
    size = np.where(values != 0, np.abs(values), np.inf)
    with np.errstate(all="ignore"):
        known = _known(covariance / size / size[:, None])
    digits = 0.5 * np.log2(1.0 + np.maximum(known, 0.0))
    return float(np.sum(np.minimum(digits + _PRECISION.least, _PRECISION.most)))


@np.errstate(all="ignore")
def _known(relative: Array) -> Array:
    """Return the eigenvalues of the inverse of a relative covariance `(k, k)`, infinite where there are none.

    By correlations, whose eigenvalues are told apart though some numbers are known far better than others.
    """
    spread = np.sqrt(np.maximum(np.diag(relative), _PRECISION.finest))
    both = np.outer(spread, spread)
    correlation = relative / both
    found: Array = np.full(spread.shape, np.inf)
    with contextlib.suppress(np.linalg.LinAlgError):  # so far apart that nothing converges
        if np.all(np.isfinite(correlation)):
            found = np.linalg.eigvalsh(np.linalg.pinv(correlation, rcond=1e-15, hermitian=True) / both)
    return np.where(np.isfinite(found), found, np.inf)


def gaussian_bits(variance: float, rows: int, least: float) -> float:
    """Return the bits of so many Gaussian errors of a variance, told down to the size `least`."""
    return 0.5 * rows * math.log2(1.0 + variance / least**2)


def residual_bits(rmse: float, fitted: int, problem: Problem) -> float:
    """Return the bits of the residual on all rows, in units of the target's rounding.

    The width of the Gaussian is estimated on n − `fitted` degrees of freedom, as in the marginal likelihood of a
    linear model: on few rows, many constants are no bargain. Infinite where there are as many constants as rows.
    """
    degrees = problem.rows - fitted
    if not math.isfinite(rmse) or degrees < 1:
        return math.inf
    variance = (rmse / problem.y_scale) ** 2 * problem.rows / degrees
    return gaussian_bits(variance, problem.rows, ROUNDING.size)


def added_bits(before: tuple[float, int], after: tuple[float, int], problem: Problem) -> float:
    """Return the bits that a change adds to the residual: none where it leaves nothing but rounding.

    Both are given as the root mean squared error and how many numbers were fitted.
    """
    added = residual_bits(*after, problem) - residual_bits(*before, problem)
    return min(added, 0.0) if after[0] <= ROUNDING.size * ROUNDING.free * problem.y_scale else added


def description_length(
    formula: Node, rmse: float, std_errors: Sequence[float] | Array, names_bits: Sequence[float], problem: Problem
) -> float:
    """Return the bits of formula, constants and residual.

    `std_errors` belong to the numbers that a fit may change, in order of appearance, NaN where the data do not
    determine one. `names_bits` are the bits of their names, NaN where a number has none.
    """
    values = constants(formula)
    bits = formula_bits(formula, len(problem.variables)) + residual_bits(rmse, len(values), problem)
    for value, std_error, name_bits in zip(values, std_errors, names_bits, strict=True):
        bits += real_bits(value, std_error) if math.isnan(name_bits) else name_bits
    return bits


def is_exact(rmse: float, problem: Problem) -> bool:
    """Return whether the residual is at the rounding level of float64."""
    return bool(np.isfinite(rmse)) and rmse <= ROUNDING.exact * ROUNDING.size * problem.y_scale
