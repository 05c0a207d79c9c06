"""The caller's own formula as a law of curves."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

import numpy as np

from ansatz.discovery.asked.options import Options
from ansatz.discovery.asked.parameters import Parameter
from ansatz.discovery.asked.reading import FIELD, Reading, read, size_violations
from ansatz.discovery.asked.reading import violations as reading_violations
from ansatz.discovery.curves.batch_tree import batch_values
from ansatz.discovery.curves.laws import Law
from ansatz.discovery.curves.laws.law import Parameter as LawParameter
from ansatz.discovery.curves.prepare import prepare
from ansatz.discovery.data.curves import RATE_SUMS, Curves
from ansatz.discovery.errors import InvalidInputError, Violation
from ansatz.discovery.expression import Node, Number, Variable, to_text, variables
from ansatz.discovery.expression.node import rebuild

_USUAL = (0.02, 2.0)
_TOLERANCE = 1e-9


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
        *size_violations(reading, len(ansatz.law.parameters), curves.rows, options),
        *_input_violations(ansatz, curves),
    ]
    if violations:
        raise InvalidInputError(violations)
    return ansatz


def _input_violations(ansatz: CurveAnsatz, curves: Curves) -> Iterator[Violation]:
    if not ansatz.inputs:
        yield Violation(FIELD, f"uses no input; inputs: {', '.join(sorted(curves.names.usable))}")
    sums = [name for name in RATE_SUMS if name in ansatz.inputs]
    if sums and not set(sums) <= prepare(curves).sample.columns.keys():
        text = f"uses {', '.join(sums)}, which need a learning rate that changes within runs; leave it out"
        yield Violation(FIELD, text)


def _as_law(reading: Reading, options: Options) -> CurveAnsatz:
    """Return a formula as a law: its numbers that a fit may change are constants beside the free ones."""
    (formula,) = reading.formulas
    starts = {p.name: p.start for p in reading.parameters if p.start is not None}
    parameters = {p.name: p for p in reading.parameters}
    fresh = (name for i in count(1) if (name := f"number{i}") not in variables(formula))

    def named(leaf: Number | Variable) -> Node:
        if isinstance(leaf, Variable) or not leaf.is_free or options.fixed_numbers:
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
        return LawParameter(name, lower, upper, *_within(2 * start, start / 2, lower, upper))
    if start is None and (upper <= 0 or -math.inf < lower < 0):
        return LawParameter(name, lower, upper, *_within(-_USUAL[1], _USUAL[1], lower, upper))
    low, high = (start / 3, start * 3) if start else _USUAL
    # Without a hint a constant that is not linear is an exponent or a rate: positive, and moves by factors.
    lowest, highest = max(lower, 1e-250), min(upper, 1e250)
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
    base = {name: rng.uniform(1.1, 1.9, (1, 5)) for name in used}
    direction = {name: rng.uniform(0.5, 1.5) for name in names}
    for name in names:
        tried = [*chosen, name]
        with np.errstate(all="ignore"):
            at = [
                batch_values(tree, {**base, **{n: base[n] + step * direction[n] for n in tried}}) for step in (0, 1, 2)
            ]
        bend = np.abs(at[2] - 2 * at[1] + at[0])
        if np.all(bend <= _TOLERANCE * (np.abs(at[2]) + np.abs(at[0]))):
            chosen = tried
    return set(chosen)
