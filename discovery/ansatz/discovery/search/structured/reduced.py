"""Search of reduced problems: inputs merged, factors peeled off, as long as a smooth function still explains the target.

What AI Feynman (Udrescu & Tegmark 2020, arXiv:1905.11481) tests on a neural network, symmetries and separability, is
tested here on polynomials: a reduction stands if the leave-one-out error does not grow. The searchers given then see
the smaller problem, and their formulas are carried back.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from ansatz.discovery.budget import Budget
from ansatz.discovery.expression import Node, Variable, call
from ansatz.discovery.problem import Problem
from ansatz.discovery.search.protocol import Emit, Searcher
from ansatz.discovery.search.structured import build
from ansatz.discovery.search.structured.exponents import snapped
from ansatz.discovery.search.structured.reduction import Reduction, merged, merges, peeled, peeled_values
from ansatz.discovery.search.structured.shortlist import Shortlist, sample
from ansatz.discovery.search.structured.surrogate import View, best_view

_ROWS: Final = 240
_MOST_INPUTS: Final = 10
_NO_WORSE: Final = 1.03
_HOPELESS: Final = 0.9
_BRANCHES: Final = (2, 1, 1, 1, 1, 1, 1, 1)
_MOST_SOLVED: Final = 8
_EXPONENT_TOLERANCE: Final = 0.05
_FACTOR_EXPONENTS: Final = (1.0, -1.0, 2.0, -2.0, 0.5, -0.5, 3.0, -3.0, 4.0, -4.0)


@dataclass(frozen=True, eq=False)
class _State:
    """A problem on the way down, with where its proposals go."""

    problem: Problem
    emit: Emit
    trail: tuple[str, ...]


@dataclass(frozen=True)
class Reduced:
    """Reduces a problem as far as it goes and hands the smallest ones to `solvers`, smallest first."""

    solvers: Sequence[Searcher]
    name: str = "structured.reduced"
    seconds: float = 4.0

    def search(self, problem: Problem, budget: Budget, emit: Emit) -> None:
        small = sample(problem, _ROWS)
        if not 2 <= len(problem.names) <= _MOST_INPUTS or small.rows < 12:
            return
        with Shortlist(problem, budget, emit, self.seconds) as shortlist:
            seen: set[str] = set()
            start = _State(small, lambda f: void(shortlist.offer(f)), ())
            for state in list(self._descend(start, 0, seen, shortlist.budget))[:_MOST_SOLVED]:
                for solver in self.solvers:
                    if shortlist.budget.spent:
                        return
                    solver.search(state.problem, shortlist.budget, state.emit)

    def _descend(self, state: _State, depth: int, seen: set[str], budget: Budget) -> Iterator[_State]:
        """Reduced problems, the smallest of each path first."""
        if depth >= len(_BRANCHES) or budget.spent:
            return
        if len(state.problem.names) < 2:
            return
        view, error = best_view(state.problem)
        if view.share(state.problem, error) > _HOPELESS:
            return
        for reduction in _sound(state.problem, view, error, budget)[: _BRANCHES[depth]]:
            child = _State(reduction.problem, reduction.emit(state.emit), (*state.trail, reduction.label))
            key = "; ".join(sorted(child.trail))
            if key in seen:
                continue
            seen.add(key)
            yield from self._descend(child, depth + 1, seen, budget)
            yield child


def void(value: object) -> None:
    """For callbacks of which only the effect is wanted."""


def _sound(problem: Problem, view: View, error: float, budget: Budget) -> list[Reduction]:
    """Reductions that lose nothing, the best first."""
    found: list[tuple[float, int, Reduction]] = []
    for order, (left, reduction) in enumerate(_judged(problem, view)):
        if budget.spent:
            break
        if left <= _NO_WORSE * error:
            found.append((left, order, reduction))
    found.sort(key=lambda item: item[:2])
    return [reduction for _, _, reduction in found]


def _judged(problem: Problem, view: View) -> Iterator[tuple[float, Reduction]]:
    """Reductions, each with the error that a polynomial of the fewer inputs leaves."""
    for reduction in _peels(problem):
        y = reduction.problem.y
        if not view.log_target or np.all(y > 0) or np.all(y < 0):
            yield view.fit(reduction.problem).error, reduction
    for merge, i, j in merges(problem):
        if (reduction := merged(problem, i, j, merge)) is None:
            continue
        yield view.fit(reduction.problem).error, reduction
        if view.log_target and merge.of_powers and np.all(problem.X[:, [i, j]] > 0):
            yield from _scaled_merge(problem, view, reduction, i)


def _scaled_merge(problem: Problem, view: View, merge: Reduction, i: int) -> Iterator[tuple[float, Reduction]]:
    """y = x_i**p * g(merged input, others)."""
    fitted = view.fit(merge.problem, [np.log(problem.X[:, i])])
    p = snapped(float(fitted.coefficients[0]), _EXPONENT_TOLERANCE, 2)
    if p == 0 or abs(p) > 12:
        return
    factor = build.product(1.0, [(Variable(problem.names[i]), p)], problem.functions)
    values = problem.evaluate(factor)
    if (first := peeled(problem, factor)) is not None and np.all(np.isfinite(values)):
        smaller = peeled_values(merge.problem, values)
        if smaller is not None:
            yield fitted.error, Reduction(
                smaller, lambda f: first.restore(merge.restore(f)), f"{merge.label} of {first.label}"
            )


def _peels(problem: Problem) -> Iterator[Reduction]:
    for j in range(len(problem.names)):
        for factor in _factors(problem, j):
            if (reduction := peeled(problem, factor, [j])) is not None:
                yield reduction


def _factors(problem: Problem, j: int) -> Iterator[Node]:
    """Factors of one input that a law may carry in front."""
    x = Variable(problem.names[j])
    values = problem.X[:, j]
    if np.all(values != 0):
        for p in _FACTOR_EXPONENTS:
            if p == int(p) or np.all(values > 0):
                yield build.product(1.0, [(x, p)], problem.functions)
    for name in ("sin", "cos", "exp"):
        if name in problem.functions:
            yield call(name, x)
