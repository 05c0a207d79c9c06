"""The form turned inside out: what a part must answer, row by row, for the target to be as it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from ansatz.discovery.expression import Apply, Array, Node, evaluate, variables
from ansatz.discovery.expression.node import INTEGRAL, calls
from ansatz.discovery.problem.problem import Problem
from ansatz.discovery.search.parts.calls import PartView, part_problem

_BRANCHES: Final[dict[str, Callable[[Array], Sequence[Array]]]] = {
    "neg": lambda v: (-v,),
    "exp": lambda v: (np.log(v),),
    "log": lambda v: (np.exp(v),),
    "sqrt": lambda v: (np.where(v >= 0, v * v, np.nan),),
    "sin": lambda v: (np.arcsin(v), np.pi - np.arcsin(v)),
    "cos": lambda v: (np.arccos(v), -np.arccos(v)),
    "tan": lambda v: (np.arctan(v),),
    "asin": lambda v: (np.sin(v),),
    "acos": lambda v: (np.cos(v),),
    "atan": lambda v: (np.tan(v),),
    "sinh": lambda v: (np.arcsinh(v),),
    "cosh": lambda v: (np.arccosh(v), -np.arccosh(v)),
    "tanh": lambda v: (np.arctanh(v),),
    "abs": lambda v: (np.where(v >= 0, v, np.nan), np.where(v >= 0, -v, np.nan)),
}


@dataclass(frozen=True)
class _Limits:
    """Bound the work of turning a form inside out. Chosen by judgement.

    Attributes:
        branches: of the inverse that are followed: each function with two doubles them.
    """

    branches: int = 8


_LIMITS: Final = _Limits()


def isolated(view: PartView, known: bool) -> Iterator[Problem]:
    """Yield the problems of the view's part alone, one a branch of the inverse; none where the form has none for it.

    Where the part is `known` approximately there is one: in each row the branch that is nearest to what it has there.
    Weights are those of the target carried over by the slope of the form.
    """
    outer, name = view.outer, view.part.name
    found = list(calls(outer, name))
    if len(found) != 1 or any(list(calls(n, name)) for n in calls(outer, INTEGRAL)):
        return
    call = found[0]
    if any(list(calls(a, name)) for a in call.args):
        return
    points = view.arguments(call)
    with np.errstate(all="ignore"):
        answers = _solved(outer, call, view.problem.y, view.problem)
        for answer in [_nearest(answers, view.at(points))] if known and answers else answers:
            weights = view.slope(call, answer) ** 2
            if view.problem.weights is not None:
                weights = weights * view.problem.weights
            problem = part_problem(view.problem, view.part, points, answer, weights)
            if problem is not None:
                yield problem


def _nearest(branches: Sequence[Array], present: Array) -> Array:
    every = np.array(branches)
    distance = np.abs(every - present)
    chosen = np.argmin(np.where(np.isfinite(distance), distance, np.inf), axis=0)
    return np.asarray(every[chosen, np.arange(present.size)])


def _solved(node: Node, call: Apply, value: Array, problem: Problem) -> list[Array]:
    """Return what the call must be for the node to have the value: one array a branch."""
    if node == call:
        return [value]
    assert isinstance(node, Apply)
    inner = next(i for i, argument in enumerate(node.args) if list(calls(argument, call.op)))
    others = [evaluate(a, problem.columns, problem.rows) for i, a in enumerate(node.args) if i != inner]
    found = [a for v in _undone(node, inner, others, value) for a in _solved(node.args[inner], call, v, problem)]
    return found[: _LIMITS.branches]


def _undone(node: Apply, inner: int, others: Sequence[Array], value: Array) -> Sequence[Array]:
    """Return values of argument `inner` for which the node has the value; none where it cannot be told."""
    if node.op in _BRANCHES:
        return _BRANCHES[node.op](value)
    if len(others) != 1:
        return ()
    other = others[0]
    if node.op == "+":
        return (value - other,)
    if node.op == "-":
        return (value + other,) if inner == 0 else (other - value,)
    if node.op == "*":
        return (value / other,)
    if node.op == "/":
        return (value * other,) if inner == 0 else (other / value,)
    if node.op == "**":
        return _base(node.args[1], other, value) if inner == 0 else (np.log(value) / np.log(other),)
    return ()


def _base(exponent: Node, values: Array, power: Array) -> Sequence[Array]:
    """Return bases whose power this is: both signs for a whole exponent that is even."""
    positive = np.where(power >= 0, np.abs(power) ** (1 / values), np.nan)
    if variables(exponent) or not float(values[0]).is_integer():
        return (positive,)
    if values[0] % 2:
        return (np.sign(power) * np.abs(power) ** (1 / values),)
    return positive, -positive
