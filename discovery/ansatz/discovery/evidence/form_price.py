"""What the form of a formula costs, in bits: what was to be believed of it before any data."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from ansatz.discovery.evidence.description_length import formula_bits, integer_bits
from ansatz.discovery.evidence.ordinary.families import Family, of_inputs
from ansatz.discovery.evidence.ordinary.recognise import recognised
from ansatz.discovery.expression import Apply, Array, Node, Number, evaluate, variables
from ansatz.discovery.expression.node import calls, is_integer
from ansatz.discovery.expression.numbers import numbers
from ansatz.discovery.problem.problem import Problem

TREE_BITS: Final = 3.0
"""Bits for a formula being no ordinary law: one law in eight."""
TREE_SHARE: Final = 0.75
"""A search tries so many formulas that the best gains half the bits of its tree on noise, and more beside a law."""
_WAVES: Final = ("sin", "cos", "tan")
_FAST_BITS: Final = 25.0
_POLE_BITS: Final = 8.0
_WHOLE_BITS: Final = 1.5
_HALF_TURN: Final = math.pi
# All families of one input together weigh 2 to the power of this: what their bits lack to be a distribution.
_ORDINARY_BITS: Final = float(np.logaddexp2.reduce([-f.bits for f in of_inputs(1)]))


def form_bits(formula: Node, free: int, names_bits: float, problem: Problem) -> float:
    """Return the bits of a form in which `free` numbers are fitted, and others are named for so many bits.

    An ordinary law costs what its family does, and the whole numbers that stand where the family has free constants;
    any other formula half the bits of its tree; a constant nothing. Waves pay for their periods within the data.
    """
    if not variables(formula):
        return 0.0
    inputs = len(problem.variables)
    tree = TREE_SHARE * formula_bits(formula, inputs) + TREE_BITS
    ordinary = _ordinary_bits(formula, free, inputs)
    return min(tree, ordinary) + names_bits + _reasonable_bits(formula, problem)


def _ordinary_bits(formula: Node, free: int, inputs: int) -> float:
    """Bits of an ordinary law; infinite for what is none."""
    found = recognised(formula)
    if found is None or free > found.family.constants:
        return math.inf
    count = found.family.inputs
    choice = math.log2(max(inputs, 1)) + (math.log2(math.comb(max(inputs, count), count)) if count > 1 else 0.0)
    return found.family.bits + _ORDINARY_BITS + choice + _whole_bits(formula, free, found.family)


def _whole_bits(formula: Node, free: int, family: Family) -> float:
    """Bits of the whole numbers that stand, or are left out as ones, where the family has free constants."""
    spare = [float(v) for v in numbers(formula) if is_integer(float(v))]
    for value in (float(v) for term in family.nodes() if term != Number(1.0) for v in numbers(term)):
        if value in spare:
            spare.remove(value)
    places = max(family.constants - free, 0)
    written = sorted((integer_bits(v) + _WHOLE_BITS for v in spare), reverse=True)[:places]
    return sum(written) + places - len(written)


def _reasonable_bits(formula: Node, problem: Problem) -> float:
    """Bits for periods within the data, for waves that turn faster than the rows, and for poles between rows."""
    whole = problem.composed(formula)
    bits = sum(_turning_bits(problem, call) for call in calls(whole, *_WAVES))
    return bits + sum(_POLE_BITS for call in calls(whole, "/") if _changes_sign(problem, call))


def _turning_bits(problem: Problem, call: Apply) -> float:
    angle = _values(problem, call.args[0])
    if angle is None:
        return 0.0
    turns = float(np.ptp(angle)) / (2 * math.pi)
    if turns <= 1:
        return 0.0
    gaps = np.diff(np.unique(angle))
    return math.log2(turns) + (_FAST_BITS if float(np.median(gaps)) > _HALF_TURN else 0.0)


def _changes_sign(problem: Problem, call: Apply) -> bool:
    """Whether a denominator that is more than a product changes its sign within the data."""
    if not any(True for _ in calls(call.args[1], "+", "-")):
        return False
    below = _values(problem, call.args[1])
    return below is not None and float(below.min()) < 0 < float(below.max())


def _values(problem: Problem, node: Node) -> Array | None:
    """Values on the rows; None where they are not finite, or the node belongs to an integral."""
    if not set(variables(node)) <= set(problem.names):
        return None
    values = evaluate(node, problem.columns, problem.rows)
    return values if np.all(np.isfinite(values)) else None
