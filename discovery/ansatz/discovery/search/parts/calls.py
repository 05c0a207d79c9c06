"""The calls of an unknown part in its form: where it is asked, and how the target depends on its answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from ansatz.discovery.expression import Apply, Array, Node, Number, Variable, add, evaluate, values_and_jacobian, walk
from ansatz.discovery.expression.node import INTEGRAL, calls
from ansatz.discovery.problem.form import Form, Part
from ansatz.discovery.problem.problem import Problem

_MARK: Final = 1.2345678901234567e-300
"""Stands for what is added to the answer of a call until its position among the numbers is known."""


@dataclass(frozen=True)
class _Windows:
    """Say where within an integral a part is looked at. Chosen by judgement.

    Attributes:
        places: shares of the window, from its lower limit on: nearly the whole, but not its ends, which may be poles.
    """

    places: tuple[float, ...] = (0.02, 0.25, 0.5, 0.75, 0.98)


_WINDOWS: Final = _Windows()


@dataclass(frozen=True, eq=False)
class PartView:
    """See one part of a problem with a form, the others (and the constants) as in `law`."""

    problem: Problem
    law: Node
    part: Part

    @property
    def form(self) -> Form:
        """Return the form around the parts."""
        assert self.problem.form is not None
        return self.problem.form

    @property
    def formula(self) -> Node:
        """Return the part's own formula in the law."""
        return self.form.formulas(self.law)[self.part.name]

    @property
    def outer(self) -> Node:
        """Return the form with all but this part filled in."""
        others = {n: f for n, f in self.form.formulas(self.law).items() if n != self.part.name}
        return self.form.fill(self.form.outer, others, self.form.values(self.law))

    @property
    def calls(self) -> tuple[Apply, ...]:
        """Return the calls that differ in their arguments."""
        return tuple(dict.fromkeys(calls(self.outer, self.part.name)))

    def filled(self, node: Node) -> Node:
        """Return a tree with the part's own formula for its calls."""
        return self.form.fill(node, {self.part.name: self.formula}, {})

    def arguments(self, call: Apply) -> Array:
        """Return where the part is asked, of shape `(n, arguments)`; several points a row within an integral."""
        nodes = [self.filled(a) for a in call.args]
        return np.vstack([
            np.column_stack([evaluate(n, columns, self.problem.rows) for n in nodes])
            for columns in _places(self.outer, call, self.problem.columns, self.filled)
        ])  # fmt: skip

    def in_integral(self, call: Apply) -> bool:
        """Tell whether the call stands within an integral."""
        return any(call in walk(node.args[0]) for node in calls(self.outer, INTEGRAL))

    def responses(self) -> Problem | None:
        """Return the problem of finding the part: at each call its present value, corrected for what the law misses.

        The correction is to first order in what it misses, shared by the calls of a row by their weight in it.
        """
        points: list[Array] = []
        values: list[Array] = []
        weights: list[Array] = []
        slopes = [None if self.in_integral(c) else self.slope(c) for c in self.calls]
        with np.errstate(all="ignore"):
            total = sum((s * s for s in slopes if s is not None), np.zeros(self.problem.rows))
            rest = self.problem.y - self.problem.evaluate(self.law)
            for call, slope in zip(self.calls, slopes, strict=True):
                at = self.arguments(call)
                value = self.at(at)
                points.append(at)
                values.append(value if slope is None else value + rest * slope / total)
                weights.append(np.ones(value.size) if slope is None else slope * slope * _row_weights(self.problem))
        return part_problem(self.problem, self.part, np.vstack(points), np.concatenate(values), np.concatenate(weights))

    def at(self, points: Array) -> Array:
        """Return values of the part's formula, of shape `(n,)`, at points of shape `(n, arguments)`."""
        columns = {name: points[:, j] for j, name in enumerate(self.part.arguments)}
        return evaluate(self.formula, columns, points.shape[0])

    def slope(self, call: Apply, value: Array | None = None) -> Array:
        """Return the target's derivative by what the call answers, of shape `(n,)`.

        With `value` it is taken where the answer is that, instead of its formula's.
        """
        answer: Node = self.filled(call) if value is None else Variable("answer_")
        tree = self.filled(_with_answer(self.outer, call, add(answer, Number(_MARK))))
        numbers = np.array([n.value for n in walk(tree) if isinstance(n, Number)])
        marks = np.flatnonzero(numbers == _MARK)
        numbers[marks] = 0.0
        columns = dict(self.problem.columns) if value is None else {**self.problem.columns, "answer_": value}
        slopes = values_and_jacobian(tree, columns, self.problem.rows, [int(m) for m in marks], numbers)[1]
        return np.asarray(slopes.sum(axis=1))


def part_problem(problem: Problem, part: Part, points: Array, values: Array, weights: Array) -> Problem | None:
    """Return the problem of a part with these values at these points, on the usable rows; None where most are not."""
    with np.errstate(all="ignore"):
        usable = np.isfinite(values) & np.isfinite(weights) & (weights > 0) & np.all(np.isfinite(points), axis=1)
        if 2 * np.count_nonzero(usable) < usable.size or np.ptp(values[usable]) == 0:
            return None
        weights = weights[usable] / np.max(weights[usable])
    return replace(
        problem,
        X=np.asfortranarray(points[usable]),
        y=values[usable],
        names=part.arguments,
        weights=None if np.ptp(weights) == 0 else weights / weights.mean(),
        dimensions=None,
        form=None,
    )


def _row_weights(problem: Problem) -> Array:
    return np.ones(problem.rows) if problem.weights is None else problem.weights


def _with_answer(node: Node, call: Apply, answer: Node) -> Node:
    if node == call:
        return answer
    return Apply(node.op, tuple(_with_answer(a, call, answer) for a in node.args)) if isinstance(node, Apply) else node


def _places(
    outer: Node, call: Apply, columns: Mapping[str, Array], filled: Callable[[Node], Node]
) -> Iterator[Mapping[str, Array]]:
    """Yield the columns, with the variable of an integral around the call at a few places of its window."""
    around = [node for node in calls(outer, INTEGRAL) if call in walk(node.args[0])]
    if not around:
        yield columns
    for node in around:
        rows = next(iter(columns.values())).size
        variable = node.args[1]
        assert isinstance(variable, Variable)
        low, high = (evaluate(filled(a), columns, rows) for a in node.args[2:])
        for place in _WINDOWS.places:
            yield {**columns, variable.name: low + place * (high - low)}
