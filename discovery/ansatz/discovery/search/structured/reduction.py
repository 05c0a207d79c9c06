"""Reductions: a problem made simpler, with the way back for the formulas found."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, count
from typing import Final

import numpy as np

from ansatz.discovery.expression import Array, Node, Variable, add, complexity, substitute, subtract, to_text
from ansatz.discovery.problem.problem import Problem
from ansatz.discovery.search.protocol import Emit
from ansatz.discovery.search.structured import build


@dataclass(frozen=True)
class Room:
    """Say how long formulas of simpler problems may be. Chosen by judgement; `python -m bench.recovery` holds it.

    Attributes:
        nodes: that a formula may have more than the problem's bound before what was found is joined and simplified.
    """

    nodes: int = 10


ROOM: Final = Room()


@dataclass(frozen=True, eq=False)
class Reduction:
    """Hold a simpler problem; `restore` makes a formula for the problem it came from of one for `problem`."""

    problem: Problem
    restore: Callable[[Node], Node]
    label: str

    @property
    def size(self) -> int:
        """Return how many nodes the way back adds to a formula of one input."""
        return complexity(self.restore(self._probe)) - 1

    @property
    def _probe(self) -> Node:
        nodes = [Variable(name) for name in self.problem.names]
        return build.linear([1.0] * len(nodes), nodes)

    def emit(self, outer: Emit) -> Emit:
        """Return where proposals for the simpler problem go."""
        return lambda formula: outer(self.restore(formula))


@dataclass(frozen=True)
class Merge:
    """Make two inputs one: values and formula of `u = f(a, b)`."""

    label: str
    values: Callable[[Array, Array], Array]
    node: Callable[[Node, Node], Node]


MERGES: Final = (
    Merge("difference", lambda a, b: a - b, subtract),
    Merge("sum", lambda a, b: a + b, add),
    Merge("norm2", lambda a, b: a * a + b * b, lambda a, b: add(build.raised(a, 2), build.raised(b, 2))),
    Merge("gap2", lambda a, b: a * a - b * b, lambda a, b: subtract(build.raised(a, 2), build.raised(b, 2))),
)


def fresh_names(problem: Problem) -> Iterator[str]:
    """Return names that no input has, one after the other."""
    return (name for k in count() if (name := f"u{k}_") not in problem.names)


def merged(problem: Problem, i: int, j: int, merge: Merge) -> Reduction | None:
    """Return the problem with inputs i and j replaced by one; None where that is not finite."""
    with np.errstate(all="ignore"):
        values = merge.values(problem.X[:, i], problem.X[:, j])
    if not _varies(values):
        return None
    name = next(fresh_names(problem))
    node = merge.node(Variable(problem.names[i]), Variable(problem.names[j]))
    keep = [k for k in range(len(problem.names)) if k not in (i, j)]
    X = np.asfortranarray(np.column_stack([values, problem.X[:, keep]]))
    names = (name, *(problem.names[k] for k in keep))
    return Reduction(
        replace(problem, X=X, names=names, max_complexity=problem.max_complexity + ROOM.nodes),
        lambda formula: substitute(formula, {name: node}),
        f"{merge.label}({problem.names[i]},{problem.names[j]})",
    )


def _varies(values: Array) -> bool:
    return bool(np.all(np.isfinite(values)) and values.min() < values.max())


def merges(problem: Problem) -> Iterator[tuple[Merge, int, int]]:
    """Yield all pairs of inputs with all ways to merge them."""
    d = len(problem.names)
    for merge in MERGES:
        for i, j in combinations(range(d), 2):
            yield merge, i, j


def replaced(problem: Problem, columns: Sequence[Array], names: Sequence[str]) -> Problem:
    """Return the problem with other inputs."""
    X = np.asfortranarray(np.column_stack(columns)) if columns else np.empty((problem.rows, 0))
    return replace(problem, X=X, names=tuple(names))


def _without(problem: Problem, drop: Sequence[int]) -> Problem:
    return problem.inputs_only([name for k, name in enumerate(problem.names) if k not in drop])


def dropped(problem: Problem, j: int) -> Reduction:
    """Return the problem without input j."""
    return Reduction(_without(problem, [j]), lambda formula: formula, f"drop {problem.names[j]}")


def peeled(problem: Problem, factor: Node, drop: Sequence[int] = ()) -> Reduction | None:
    """Return the problem of y / factor, without the inputs `drop`; None where that is not finite."""
    smaller = peeled_values(problem, problem.evaluate(factor), drop)
    if smaller is None:
        return None
    return Reduction(smaller, lambda formula: build.times(factor, formula), f"peel {to_text(factor)}")


def peeled_values(problem: Problem, values: Array, drop: Sequence[int] = ()) -> Problem | None:
    """Return the problem of y / values, so weighted that errors keep their size in y, without the inputs `drop`."""
    with np.errstate(all="ignore"):
        y = problem.y / values
        weights = values**2 if problem.weights is None else problem.weights * values**2
        mean = float(np.mean(weights))
    if not (np.isfinite(mean) and mean > 0) or not _varies(y):
        return None
    return replace(_without(problem, drop), y=y, weights=weights / mean)


def shifted(problem: Problem, term: Node, drop: Sequence[int] = ()) -> Reduction | None:
    """Return the problem of y - term, without the inputs `drop`; None where that is not finite."""
    with np.errstate(all="ignore"):
        y = problem.y - problem.evaluate(term)
    if not _varies(y):
        return None
    smaller = replace(_without(problem, drop), y=y)
    return Reduction(smaller, lambda formula: add(term, formula), f"shift {to_text(term)}")
