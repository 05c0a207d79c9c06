"""The caller's own formula as a law of curves."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ansatz.discovery.asked.options import Options
from ansatz.discovery.asked.parameters import MAX_PARAMETERS, Loss
from ansatz.discovery.curves.batch_tree import batch_values
from ansatz.discovery.curves.laws import Law
from ansatz.discovery.curves.laws.law import Parameter
from ansatz.discovery.curves.prepare import prepare
from ansatz.discovery.data.curves import RATE_SUMS, Curves
from ansatz.discovery.errors import InvalidInputError, Violation
from ansatz.discovery.expression import (
    FUNCTIONS,
    Apply,
    Node,
    Number,
    Variable,
    to_text,
    variables,
    walk,
)
from ansatz.discovery.expression.node import rebuild

_FIELD = "options.ansatz"
_USUAL = (0.02, 2.0)
_TOLERANCE = 1e-9


@dataclass(frozen=True)
class CurveAnsatz:
    """A law whose constants are the caller's free names and the numbers of the formula that are no integers; `starts`
    gives the constants that start somewhere."""

    law: Law
    starts: dict[str, float]

    @property
    def inputs(self) -> tuple[str, ...]:
        """Return the names, in formulas, of the inputs it uses."""
        return self.law.variables


def parse_curve_ansatz(curves: Curves, options: Options) -> CurveAnsatz | None:
    """The caller's ansatz; None where there is none. Raises InvalidInputError."""
    if not options.ansatz:
        return None
    formula = curves.names.parse(options.ansatz, _FIELD, free=True)
    violations = _violations(formula, curves, options)
    if violations:
        raise InvalidInputError(violations)
    ansatz = _as_law(formula, curves.names.usable, options)
    if set(RATE_SUMS) & set(ansatz.inputs):
        prepare(curves, ansatz.inputs)  # says whether there are such sums
    return ansatz


def _violations(formula: Node, curves: Curves, options: Options) -> list[Violation]:
    called = {n.op for n in walk(formula) if isinstance(n, Apply) and n.op in FUNCTIONS}
    found = []
    if refused := sorted(called - set(options.functions)):
        text = f"calls {', '.join(refused)}, which options.functions leaves out; add it there"
        found.append(Violation(_FIELD, text))
    if options.loss is not Loss.SQUARED:
        found.append(Violation("options.loss", "is for tables; laws of curves are always fitted by Huber's loss"))
    used = variables(formula)
    columns = set(curves.names.usable)
    if not columns & set(used):
        found.append(Violation(_FIELD, f"uses no input; inputs: {', '.join(sorted(columns))}"))
    for name in (n for n in used if n in curves.names.roles):
        found.append(Violation(_FIELD, f"uses {name!r}, which is {curves.names.roles[name]}"))
    count = len(set(used) - columns)
    if count > MAX_PARAMETERS or count >= curves.rows:
        found.append(
            Violation(_FIELD, f"has {count} free constants; give at most {min(MAX_PARAMETERS, curves.rows - 1)}")
        )
    return found


def _as_law(formula: Node, columns: tuple[str, ...], options: Options) -> CurveAnsatz:
    starts: dict[str, float] = {p.name: p.start for p in options.parameters if p.start is not None}

    def named(leaf: Number | Variable) -> Node:
        if isinstance(leaf, Variable) or not leaf.is_free or options.fixed_numbers:
            return leaf
        name = f"number{len(starts) + 1}"
        starts[name] = leaf.value
        return Variable(name)

    tree = rebuild(formula, named)
    free = [name for name in variables(tree) if name not in columns]
    linear = _linear(tree, [n for n in free if n not in starts], variables(tree))
    stated = {p.name: p for p in options.parameters}
    parameters = []
    for name in free:
        lower, upper = (stated[name].lower, stated[name].upper) if name in stated else (-math.inf, math.inf)
        parameters.append(_parameter(name, lower, upper, starts.get(name), name in linear))
    used = tuple(name for name in variables(tree) if name in columns)
    law = Law("ansatz", "your own", used, to_text(tree), tuple(parameters), source="given by the caller", tree=tree)
    return CurveAnsatz(law, starts)


def _parameter(name: str, lower: float, upper: float, start: float | None, linear: bool) -> Parameter:
    if linear:
        return Parameter(name, lower, upper, linear=True)
    if start is not None and start < 0:
        return Parameter(name, lower, upper, *_within(2 * start, start / 2, lower, upper))
    if start is None and (upper <= 0 or -math.inf < lower < 0):
        return Parameter(name, lower, upper, *_within(-_USUAL[1], _USUAL[1], lower, upper))
    low, high = (start / 3, start * 3) if start else _USUAL
    # Without a hint a constant that is not linear is an exponent or a rate: positive, and moves by factors.
    lowest, highest = max(lower, 1e-250), min(upper, 1e250)
    return Parameter(name, lowest, highest, *_within(low, high, lowest, highest), logarithmic=True)


def _within(low: float, high: float, lower: float, upper: float) -> tuple[float, float]:
    """Return a range to start from, cut to bounds; where it lies outside them, what of the bounds is nearest."""
    low, high = max(low, lower), min(high, upper)
    if low <= high:
        return low, high
    if low == lower:
        return lower, min(2 * lower, upper)
    return max(upper / 2 if upper > 0 else 2 * upper, lower), upper


def _linear(tree: Node, names: list[str], used: tuple[str, ...]) -> set[str]:
    """The constants in which the formula is linear, all together: tried on numbers."""
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
