"""Where a correction may stand: beside a formula, as a factor of it, or inside its outermost function.

Each mode turns what a formula misses into a problem of its own, and joins what is found there to the formula.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from ansatz.discovery.expression import Apply, Array, Node, Number, add, divide, multiply, subtract, variables
from ansatz.discovery.fit.model import AnsatzModel
from ansatz.discovery.problem.error import weights_by
from ansatz.discovery.problem.problem import Problem

_INVERSE: Final[Mapping[str, Callable[[Array], Array]]] = {
    "exp": np.log, "log": np.exp, "sqrt": np.square, "sinh": np.arcsinh, "tanh": np.arctanh, "atan": np.tan,
    "asin": np.sin, "acos": np.cos, "tan": np.arctan, "sin": np.arcsin, "cos": np.arccos,
}  # fmt: skip


@dataclass(frozen=True)
class _Tolerances:
    """Say where a mode is of use. Chosen by judgement: about the root of the rounding of float64, and some room.

    Attributes:
        smallest: value of a model, over its largest, that the target may be divided by.
        same: by how much a value carried through a function and back may differ, over the usual size of the target.
        step: of a numerical derivative, over the largest argument.
    """

    smallest: float = 1e-6
    same: float = 1e-6
    step: float = 1e-6


_TOLERANCES: Final = _Tolerances()


@dataclass(frozen=True, eq=False)
class Mode:
    """Name a way to correct a model.

    Attributes:
        name: as in the report.
        problem: that of the correction.
        slopes: derivatives of the model's values by those of the correction, of shape `(n,)`.
        nothing: the correction that changes nothing.
        join: puts a correction into the formula.
        added: tells what one formula has beside another.
    """

    name: str
    problem: Problem
    slopes: Array
    nothing: float
    join: Callable[[Node], Node]
    added: Callable[[Node, Node], Node | None]


def modes(model: AnsatzModel, problem: Problem) -> Iterator[Mode]:
    """Yield the modes that a model allows on a problem, the plainest first."""
    formula = model.formula
    prediction = problem.evaluate(model.numeric)
    ones = np.ones(problem.rows)
    rest = _weighted(problem, problem.y - prediction, ones)
    yield Mode("additive", rest, ones, 0.0, lambda g: add(formula, g), subtract)
    with np.errstate(all="ignore"):
        ratio = problem.y / prediction
    smallest = _TOLERANCES.smallest * float(np.max(np.abs(prediction)))
    if np.all(np.abs(prediction) > smallest) and np.all(np.isfinite(ratio)):
        rest = _weighted(problem, ratio, prediction)
        yield Mode("multiplicative", rest, prediction, 1.0, lambda g: multiply(formula, g), divide)
    inside = _inside(model, problem)
    if inside is not None:
        yield inside


def _weighted(problem: Problem, y: Array, slopes: Array) -> Problem:
    """Return the problem of another target, whose errors count as those that they make in the problem's own."""
    unweighted = problem.weights is None and bool(np.all(slopes == 1.0))
    weights = None if unweighted else weights_by(slopes, problem.weights)
    return replace(problem, y=y, weights=weights, dimensions=None)


def _inside(model: AnsatzModel, problem: Problem) -> Mode | None:
    """Return the mode that corrects the argument of the outermost function: what it should have been, minus what it is.

    None where there is no such function, or it cannot be undone on all rows.
    """
    path = _path(model.formula, model)
    if path is None:
        return None
    values = replace(model, formula=_at(model.formula, path)).numeric
    argument = problem.evaluate(values)
    wanted = _undone(model, path, problem)
    with np.errstate(all="ignore"):
        step = _TOLERANCES.step * max(float(np.max(np.abs(argument))), 1e-300)
        above, below = (_outer(model, path, argument + by, problem) for by in (step, -step))
        slopes = (above - below) / (2 * step)
    if wanted is None or not np.all(np.isfinite(wanted)) or not np.all(np.isfinite(slopes)) or not np.any(slopes):
        return None
    rest = _weighted(problem, wanted - argument, slopes)
    formula = model.formula
    return Mode(
        "inside", rest, slopes, 0.0, lambda g: _put(formula, path, add(_at(formula, path), g)),
        lambda new, old: _argument_added(new, old, model),
    )  # fmt: skip


def _argument_added(new: Node, old: Node, model: AnsatzModel) -> Node | None:
    """Return what the argument of the outermost function has beside what it had; None where there is none."""
    ways = [_path(formula, model) for formula in (new, old)]
    if ways[0] is None or ways[1] is None:
        return None
    return subtract(_at(new, ways[0]), _at(old, ways[1]))


def _path(formula: Node, model: AnsatzModel) -> tuple[int, ...] | None:
    """Return the way from the root to the argument of the first function, through operations with constants."""
    inputs = set(variables(formula)) - set(model.values)
    node: Node = formula
    path: list[int] = []
    while isinstance(node, Apply):
        within = [i for i, a in enumerate(node.args) if inputs & set(variables(a))]
        if len(within) != 1:
            return None
        (i,) = within
        path.append(i)
        if node.op in _INVERSE or (node.op == "**" and i == 0):
            return tuple(path)
        node = node.args[i]
    return None


def _at(node: Node, path: tuple[int, ...]) -> Node:
    for i in path:
        assert isinstance(node, Apply)
        node = node.args[i]
    return node


def _put(node: Node, path: tuple[int, ...], new: Node) -> Node:
    if not path:
        return new
    assert isinstance(node, Apply)
    i, *rest = path
    return Apply(node.op, (*node.args[:i], _put(node.args[i], tuple(rest), new), *node.args[i + 1 :]))


_PLACE: Final = "argument"


def _outer(model: AnsatzModel, path: tuple[int, ...], argument: Array, problem: Problem) -> Array:
    """Return the model's values where the argument at the end of the path is as given, of shape `(n,)`."""
    from ansatz.discovery.expression import Variable, evaluate

    name = _PLACE
    while name in problem.columns or name in model.values:
        name += "_"
    outer = replace(model, formula=_put(model.formula, path, Variable(name))).numeric
    return evaluate(outer, {**problem.columns, name: argument}, problem.rows)


def _undone(model: AnsatzModel, path: tuple[int, ...], problem: Problem) -> Array | None:
    """Return the argument for which the model has the target's values, of shape `(n,)`; None where there is none."""
    node = model.numeric
    wanted = problem.y
    for i in path:
        assert isinstance(node, Apply)
        step = _step_back(node, i, wanted, problem)
        if step is None:
            return None
        wanted, node = step, node.args[i]
    with np.errstate(all="ignore"):
        again = _outer(model, path, wanted, problem)
    scale = np.abs(problem.y) + problem.y_scale
    return wanted if np.all(np.abs(again - problem.y) <= _TOLERANCES.same * scale) else None


def _step_back(node: Apply, i: int, wanted: Array, problem: Problem) -> Array | None:
    """Return the value that the i-th argument must have for the node to have the value wanted."""
    with np.errstate(all="ignore"):
        if node.op in _INVERSE:
            return _INVERSE[node.op](wanted)
        if node.op == "neg":
            return -wanted
        other = problem.evaluate(node.args[1 - i]) if len(node.args) == 2 else np.zeros_like(wanted)
        if node.op == "+":
            return wanted - other
        if node.op == "-":
            return wanted + other if i == 0 else other - wanted
        if node.op == "*":
            return wanted / other
        if node.op == "/":
            return wanted * other if i == 0 else other / wanted
        if node.op == "**" and i == 0 and isinstance(node.args[1], Number):
            return np.power(wanted, 1.0 / other)
    return None
