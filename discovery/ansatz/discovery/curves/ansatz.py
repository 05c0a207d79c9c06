"""The caller's own formula as a law of curves."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import Final

import numpy as np

from ansatz.discovery.asked.options import Options
from ansatz.discovery.asked.parameters import Parameter
from ansatz.discovery.asked.reading import FIELD, Reading, read, size_violations
from ansatz.discovery.asked.reading import violations as reading_violations
from ansatz.discovery.curves.batch_tree import batch_values
from ansatz.discovery.curves.laws import BOUNDS, Law
from ansatz.discovery.curves.laws.law import Parameter as LawParameter
from ansatz.discovery.curves.prepare import prepare
from ansatz.discovery.data.curves import RATE_SUMS, Curves
from ansatz.discovery.errors import InvalidInputError, Violation
from ansatz.discovery.expression import Node, Number, Variable, to_text, variables
from ansatz.discovery.expression.node import rebuild


@dataclass(frozen=True)
class _Starts:
    """Say where the search for a constant starts, beside the value that the caller gives. Chosen by judgement.

    Attributes:
        factor: either way, of a constant that moves by factors.
        negative: the same of a negative one, which does not.
    """

    factor: float = 3.0
    negative: float = 2.0


@dataclass(frozen=True)
class _Probing:
    """Say on which numbers a formula is tried for straight lines. Chosen by judgement.

    Attributes:
        points: at which it is tried.
        values: of its names there: none is special, and roots and logarithms exist.
        steps: of its constants, twice, in directions of such sizes.
        rounding: second difference over the values that is that of float64.
    """

    points: int = 5
    values: tuple[float, float] = (1.1, 1.9)
    steps: tuple[float, float] = (0.5, 1.5)
    rounding: float = 1e-9


_STARTS: Final = _Starts()
_PROBING: Final = _Probing()


@dataclass(frozen=True)
class CurveAnsatz:
    """The caller's formula as a law; `starts` gives the constants that start somewhere.

    Its constants are the free constants of the formula, and its numbers that a fit may change.
    """

    law: Law
    starts: dict[str, float]

    @property
    def inputs(self) -> tuple[str, ...]:
        """Return the names, in formulas, of the inputs it uses."""
        return self.law.variables


def parse_curve_ansatz(curves: Curves, options: Options) -> CurveAnsatz | None:
    """Return the caller's ansatz; None where there is none. Raises InvalidInputError."""
    if not options.ansatz:
        return None
    reading = read([options.ansatz], curves.names, options)
    ansatz = _as_law(reading, options)
    violations = [
        *reading_violations(reading, curves.names, options),
        *size_violations(reading, len(ansatz.law.parameters), curves.rows),
        *_input_violations(ansatz, curves),
    ]
    if violations:
        raise InvalidInputError(violations)
    return ansatz


def _input_violations(ansatz: CurveAnsatz, curves: Curves) -> Iterator[Violation]:
    if not ansatz.inputs and not ansatz.law.parameters:
        known = ", ".join(sorted(curves.names.usable))
        yield Violation(FIELD, f"uses no input, and has no constant to fit; inputs: {known}")
    sums = [name for name in RATE_SUMS if name in ansatz.inputs]
    if sums and not set(sums) <= prepare(curves).sample.columns.keys():
        text = f"uses {', '.join(sums)}, which need a learning rate that changes within runs; leave it out"
        yield Violation(FIELD, text)


def _as_law(reading: Reading, options: Options) -> CurveAnsatz:
    """Return a formula as a law: its numbers that a fit may change are constants beside the free ones.

    Where it is of nothing else, as a constant is, whole numbers are, too.
    """
    (formula,) = reading.formulas
    starts = {p.name: p.start for p in reading.parameters if p.start is not None}
    parameters = {p.name: p for p in reading.parameters}
    bare = not variables(formula)
    fresh = (name for i in count(1) if (name := f"number{i}") not in variables(formula))

    def named(leaf: Number | Variable) -> Node:
        if isinstance(leaf, Variable) or options.fixed_numbers or not (leaf.is_free or (bare and not leaf.name)):
            return leaf
        name = next(fresh)
        starts[name] = leaf.value
        parameters[name] = Parameter(name, leaf.value)
        return Variable(name)

    tree = rebuild(formula, named)
    used = variables(tree)
    linear = _linear(tree, [name for name in used if name in parameters and name not in starts], used)
    inputs = tuple(name for name in used if name not in parameters)
    constants = tuple(_of_law(parameters[name], name in linear) for name in used if name in parameters)
    law = Law(
        "ansatz", "your own", inputs, to_text(tree), constants, "given by the caller", tree=tree, own=reading.free
    )
    return CurveAnsatz(law, starts)


def _of_law(parameter: Parameter, linear: bool) -> LawParameter:
    """Return a free constant as a law declares its constants."""
    name, start, lower, upper = parameter.name, parameter.start, parameter.lower, parameter.upper
    if linear:
        return LawParameter(name, lower, upper, linear=True)
    if start is not None and start < 0:
        factor = _STARTS.negative
        return LawParameter(name, lower, upper, *_within(factor * start, start / factor, lower, upper))
    usual = BOUNDS.usual
    if start is None and (upper <= 0 or -math.inf < lower < 0):
        return LawParameter(name, lower, upper, *_within(-usual[1], usual[1], lower, upper))
    low, high = (start / _STARTS.factor, start * _STARTS.factor) if start else usual
    # Without a hint a constant that is not linear is an exponent or a rate: positive, and moves by factors.
    lowest, highest = max(lower, BOUNDS.own[0]), min(upper, BOUNDS.own[1])
    return LawParameter(name, lowest, highest, *_within(low, high, lowest, highest), logarithmic=True)


def _within(low: float, high: float, lower: float, upper: float) -> tuple[float, float]:
    """Return a range to start from, cut to bounds; where it lies outside them, what of the bounds is nearest."""
    low, high = max(low, lower), min(high, upper)
    if low <= high:
        return low, high
    if low == lower:
        return lower, min(2 * lower, upper)
    return max(upper / 2 if upper > 0 else 2 * upper, lower), upper


def _linear(tree: Node, names: list[str], used: tuple[str, ...]) -> set[str]:
    """Return the constants in which the formula is linear, all together: tried on numbers."""
    chosen: list[str] = []
    rng = np.random.default_rng(0)
    base = {name: rng.uniform(*_PROBING.values, (1, _PROBING.points)) for name in used}
    direction = {name: rng.uniform(*_PROBING.steps) for name in names}
    for name in names:
        tried = [*chosen, name]
        with np.errstate(all="ignore"):
            at = [
                batch_values(tree, {**base, **{n: base[n] + step * direction[n] for n in tried}}) for step in (0, 1, 2)
            ]
        bend = np.abs(at[2] - 2 * at[1] + at[0])
        if np.all(bend <= _PROBING.rounding * (np.abs(at[2]) + np.abs(at[0]))):
            chosen = tried
    return set(chosen)
