"""Search of reduced problems: inputs merged, factors peeled off, while a smooth function still explains the target.

What AI Feynman (Udrescu & Tegmark 2020, arXiv:1905.11481) tests on a neural network, symmetries and separability, is
tested here on polynomials: a reduction stands if the leave-one-out error does not grow. The searchers given then see
the smaller problem, and their formulas are carried back.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from ansatz.discovery.budget import Budget
from ansatz.discovery.expression import Array, Node, Variable, call
from ansatz.discovery.problem.problem import Problem
from ansatz.discovery.search.protocol import Emit, Searcher
from ansatz.discovery.search.structured import build
from ansatz.discovery.search.structured.exponents import snapped
from ansatz.discovery.search.structured.isolate import isolated
from ansatz.discovery.search.structured.reduction import MERGES, Reduction, dropped, merged, merges, peeled, shifted
from ansatz.discovery.search.structured.scaling import scaled, symmetries
from ansatz.discovery.search.structured.shortlist import Shortlist
from ansatz.discovery.search.structured.surrogate import View, best_view

_ROWS: Final = 240
_MOST_INPUTS: Final = 10
_NO_WORSE: Final = 1.03
_BETTER: Final = 0.93
_SMOOTH: Final = 0.6
_HOPELESS: Final = 1.1
_BRANCHES: Final = (2, 1, 1, 1, 1, 1, 1, 1)
_MOST_SOLVED: Final = 6
_SMALL: Final = 3
_LIKELY: Final = 2
_UNSURE: Final = 0.1
_EXPONENT_TOLERANCE: Final = 0.05
_SYMMETRIES: Final = 12
_MOST_EXPONENT: Final = 12.0
_PER_NODE: Final = 0.03
_ISOLATED: Final = 4.0
_TRUSTED: Final = 0.3
_MOST_SOLVED_INPUTS: Final = 5
_FACTOR_EXPONENTS: Final = (1.0, -1.0, 2.0, -2.0)


@dataclass(frozen=True, eq=False)
class _State:
    """A problem on the way down, where its proposals go, and the share of the target that a smooth fit leaves."""

    problem: Problem
    emit: Emit
    share: float


@dataclass(frozen=True)
class Reduced:
    """Reduces a problem as far as it goes and hands the reduced ones to the solvers, smallest first."""

    cheap: Sequence[Searcher]
    wide: Sequence[Searcher]
    name: str = "structured.reduced"
    pieces: int = 6000

    def search(self, problem: Problem, budget: Budget, emit: Emit) -> None:
        small = problem.subsample(_ROWS)
        if not 2 <= len(problem.names) <= _MOST_INPUTS or small.rows < 12:
            return
        with Shortlist(problem, budget, emit, self.pieces) as shortlist:
            start = _State(small, shortlist.take, 1.0)
            states = list(self._descend(start, 0, set(), shortlist.budget))
            states.sort(key=_promise)
            for state, solver in self._schedule(states[:_MOST_SOLVED]):
                if shortlist.budget.spent:
                    return
                solver.search(state.problem, shortlist.budget, state.emit)

    def _schedule(self, states: Sequence[_State]) -> Iterator[tuple[_State, Searcher]]:
        """By groups, the likeliest first, the cheap solvers on all problems of the group, then the wide ones."""
        small = [s for s in states if len(s.problem.names) <= _SMALL]
        large = [s for s in states if len(s.problem.names) > _SMALL]
        for group in (small[:_LIKELY], small[_LIKELY:], large):
            yield from ((state, solver) for solvers in (self.cheap, self.wide) for state in group for solver in solvers)

    def _descend(self, state: _State, depth: int, seen: set[tuple[float, ...]], budget: Budget) -> Iterator[_State]:
        """Reduced problems, the smallest of each path first; each once, whatever the way to it."""
        if depth >= len(_BRANCHES) or budget.spent:
            return
        if len(state.problem.names) < 2:
            return
        view, error = best_view(state.problem)
        if view.share(state.problem, error) > _HOPELESS:
            return
        branches = 0
        for reduction in _sound(state.problem, view, error, budget):
            if branches >= _BRANCHES[depth]:
                return
            left = view.error(reduction.problem)
            child = _State(reduction.problem, reduction.emit(state.emit), view.share(state.problem, left))
            if (key := _fingerprint(child.problem)) in seen:
                continue
            seen.add(key)
            branches += 1
            yield from self._descend(child, depth + 1, seen, budget)
            if len(child.problem.names) <= _MOST_SOLVED_INPUTS:
                yield child


def _promise(state: _State) -> tuple[bool, int]:
    """The smallest problem first; where a smooth fit says little, the one that was changed least."""
    unsure = state.share > _UNSURE
    return unsure, len(state.problem.names) * (-1 if unsure else 1)


def _fingerprint(problem: Problem) -> tuple[float, ...]:
    """The same for the same target and inputs, whatever their order, scale and sign."""

    def of(values: Array) -> float:
        size = float(np.max(np.abs(values))) or 1.0
        return float(np.round(np.mean(np.abs(values) / size), 9))

    return (of(problem.y), *sorted(of(v) for v in problem.columns.values()))


def _sound(problem: Problem, view: View, error: float, budget: Budget) -> list[Reduction]:
    """Reductions that lose nothing, the best first."""
    found: list[tuple[float, int, Reduction]] = []
    # Where a smooth fit explains little, only a reduction that helps it is believed.
    most = error * (_NO_WORSE if view.share(problem, error) < _SMOOTH else _BETTER)
    for order, (left, reduction) in enumerate(_judged(problem, view, error)):
        if budget.spent:
            break
        if left <= most:
            # Of reductions that do about as well the simple one is true.
            found.append((left * (1 + _PER_NODE * reduction.size), order, reduction))
    found.sort(key=lambda item: item[:2])
    return [reduction for _, _, reduction in found]


def _judged(problem: Problem, view: View, error: float) -> Iterator[tuple[float, Reduction]]:
    """Reductions, each with the error that a polynomial of the fewer inputs leaves."""
    for j in range(len(problem.names)):
        without = dropped(problem, j)
        yield view.error(without.problem), without
    for a, b in symmetries(problem, view, _SYMMETRIES):
        if (reduction := scaled(problem, a, b)) is not None:
            yield view.error(reduction.problem), reduction
    for reduction in _peels(problem):
        y = reduction.problem.y
        if not view.log_target or np.all(y > 0) or np.all(y < 0):
            yield view.error(reduction.problem), reduction
    for merge, i, j in merges(problem):
        if (reduction := merged(problem, i, j, merge)) is not None:
            yield view.error(reduction.problem), reduction
            if merge is MERGES[0] and not view.log_target:
                yield from _moving_merge(problem, view, reduction, i)
    plain = View(False, False, view.log_inputs)
    base = plain.fit(problem).error
    share = plain.share(problem, base)
    if share < _ISOLATED * view.share(problem, error) and share < _TRUSTED:
        for left, reduction in isolated(problem, plain):
            yield left * error / base, reduction


def _moving_merge(problem: Problem, view: View, merge: Reduction, i: int) -> Iterator[tuple[float, Reduction]]:
    """y = c*x_i + g(x_i - x_j, others), with a simple c."""
    fitted = view.fit(merge.problem, [problem.X[:, i]])
    c = snapped(float(fitted.coefficients[0]) * problem.y_scale, _EXPONENT_TOLERANCE, 2)
    if c == 0 or (shift := shifted(problem, build.scaled(c, Variable(problem.names[i])))) is None:
        return
    smaller = replace(merge.problem, y=shift.problem.y)
    yield fitted.error, Reduction(smaller, lambda f: shift.restore(merge.restore(f)), f"{merge.label}, {shift.label}")


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
            yield build.product(1.0, [(x, p)], problem.functions)
    for name in ("sin", "cos"):
        if name in problem.functions:
            yield call(name, x)
    if "exp" in problem.functions and np.ptp(values) < _MOST_EXPONENT:
        yield call("exp", x)
        yield call("exp", build.negated(x))
