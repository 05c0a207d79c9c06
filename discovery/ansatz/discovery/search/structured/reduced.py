"""Search of reduced problems: inputs merged, factors peeled off, while a smooth function still explains the target.

AI Feynman (Udrescu & Tegmark 2020, arXiv:1905.11481) tests symmetries and separability on a neural network. Here they
are tested on polynomials: a reduction stands if the leave-one-out error does not grow. The searchers given then see the
smaller problem, and their formulas are carried back.
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
from ansatz.discovery.search.structured.surrogate import SMOOTH_FIT, View, best_view

_FACTOR_EXPONENTS: Final = (1.0, -1.0, 2.0, -2.0)


@dataclass(frozen=True)
class _Effort:
    """Bound the work of a search. Chosen by judgement; `python -m bench.recovery` holds them.

    Attributes:
        least_rows: rows below which nothing is searched.
        most_inputs: of a problem that is reduced.
        branches: reductions that are followed, by the number of those before.
        solved: reduced problems that are searched.
        solved_inputs: of a reduced problem that is searched.
        small: inputs up to which a reduced problem is searched before the larger ones.
        likely: small problems that are searched by all solvers before the others.
        symmetries: that are tried, the likeliest.
    """

    least_rows: int = 12
    most_inputs: int = 10
    branches: tuple[int, ...] = (2, 1, 1, 1, 1, 1, 1, 1)
    solved: int = 6
    solved_inputs: int = 5
    small: int = 3
    likely: int = 2
    symmetries: int = 12


@dataclass(frozen=True)
class _Belief:
    """Say which reductions are believed. Chosen by judgement; `python -m bench.recovery` holds them.

    Shares are errors of a smooth fit over the spread of the target.

    Attributes:
        no_worse: times the error before a reduction that it leaves at most.
        better: the same where a smooth fit explains little, since only a reduction that helps it is believed there.
        smooth: share below which a smooth fit explains much.
        hopeless: share above which nothing is reduced.
        unsure: share above which the problem that was changed least goes first.
        a_node: by which share each node of the way back makes an error count for more.
        isolated: times the share of the best view up to which single terms are isolated in the plain one.
        trusted: share up to which they are.
        fraction: by how much a coefficient may miss a half.
        most_exponent: range of an input whose exponential may be a factor.
        decimals: to which problems are told apart, of means over the largest value.
    """

    no_worse: float = 1.03
    better: float = 0.93
    smooth: float = 0.6
    hopeless: float = 1.1
    unsure: float = 0.1
    a_node: float = 0.03
    isolated: float = 4.0
    trusted: float = 0.3
    fraction: float = 0.05
    most_exponent: float = 12.0
    decimals: int = 9


_EFFORT: Final = _Effort()
_BELIEF: Final = _Belief()


@dataclass(frozen=True, eq=False)
class _State:
    """Hold a problem on the way down, where its proposals go, and the share of the target that a smooth fit leaves."""

    problem: Problem
    emit: Emit
    share: float


@dataclass(frozen=True)
class Reduced:
    """Reduce a problem as far as it goes and hand the reduced ones to the solvers, smallest first.

    Attributes:
        cheap: solvers that see all problems of a group first.
        wide: solvers that see them then.
        name: of the searcher.
        pieces: of work.
    """

    cheap: Sequence[Searcher]
    wide: Sequence[Searcher]
    name: str = "structured.reduced"
    pieces: int = 6000

    def search(self, problem: Problem, budget: Budget, emit: Emit) -> None:
        small = problem.subsample(SMOOTH_FIT.rows)
        if not 2 <= len(problem.names) <= _EFFORT.most_inputs or small.rows < _EFFORT.least_rows:
            return
        with Shortlist(problem, budget, emit, self.pieces) as shortlist:
            start = _State(small, shortlist.take, 1.0)
            states = list(self._descend(start, 0, set(), shortlist.budget))
            states.sort(key=_promise)
            for state, solver in self._schedule(states[: _EFFORT.solved]):
                if shortlist.budget.spent:
                    return
                solver.search(state.problem, shortlist.budget, state.emit)
                # A law that was found early may end the search early.
                shortlist.flush()

    def _schedule(self, states: Sequence[_State]) -> Iterator[tuple[_State, Searcher]]:
        """Yield by groups, the likeliest first, the cheap solvers on all problems of the group, then the wide ones."""
        small = [s for s in states if len(s.problem.names) <= _EFFORT.small]
        large = [s for s in states if len(s.problem.names) > _EFFORT.small]
        for group in (small[: _EFFORT.likely], small[_EFFORT.likely :], large):
            yield from ((state, solver) for solvers in (self.cheap, self.wide) for state in group for solver in solvers)

    def _descend(self, state: _State, depth: int, seen: set[tuple[float, ...]], budget: Budget) -> Iterator[_State]:
        """Yield reduced problems, the smallest of each path first; each once, whatever the way to it."""
        if depth >= len(_EFFORT.branches) or budget.spent:
            return
        if len(state.problem.names) < 2:
            return
        view, error = best_view(state.problem)
        if view.share(state.problem, error) > _BELIEF.hopeless:
            return
        branches = 0
        for reduction in _sound(state.problem, view, error, budget):
            if branches >= _EFFORT.branches[depth]:
                return
            left = view.error(reduction.problem)
            child = _State(reduction.problem, reduction.emit(state.emit), view.share(state.problem, left))
            if (key := _fingerprint(child.problem)) in seen:
                continue
            seen.add(key)
            branches += 1
            yield from self._descend(child, depth + 1, seen, budget)
            if len(child.problem.names) <= _EFFORT.solved_inputs:
                yield child


def _promise(state: _State) -> tuple[bool, int]:
    """Return a key for sorting: the smallest problem first; where a smooth fit says little, the least changed."""
    unsure = state.share > _BELIEF.unsure
    return unsure, len(state.problem.names) * (-1 if unsure else 1)


def _fingerprint(problem: Problem) -> tuple[float, ...]:
    """Return what is the same for the same target and inputs, whatever their order, scale and sign."""

    def of(values: Array) -> float:
        size = float(np.max(np.abs(values))) or 1.0
        return float(np.round(np.mean(np.abs(values) / size), _BELIEF.decimals))

    return (of(problem.y), *sorted(of(v) for v in problem.columns.values()))


def _sound(problem: Problem, view: View, error: float, budget: Budget) -> list[Reduction]:
    """Return reductions that lose nothing, the best first."""
    found: list[tuple[float, int, Reduction]] = []
    most = error * (_BELIEF.no_worse if view.share(problem, error) < _BELIEF.smooth else _BELIEF.better)
    for order, (left, reduction) in enumerate(_judged(problem, view, error)):
        if budget.spent:
            break
        if left <= most:
            # Of reductions that do about as well the simple one is true.
            found.append((left * (1 + _BELIEF.a_node * reduction.size), order, reduction))
    found.sort(key=lambda item: item[:2])
    return [reduction for _, _, reduction in found]


def _judged(problem: Problem, view: View, error: float) -> Iterator[tuple[float, Reduction]]:
    """Yield reductions, each with the error that a polynomial of the fewer inputs leaves."""
    for j in range(len(problem.names)):
        without = dropped(problem, j)
        yield view.error(without.problem), without
    for a, b in symmetries(problem, view, _EFFORT.symmetries):
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
    if share < _BELIEF.isolated * view.share(problem, error) and share < _BELIEF.trusted:
        for left, reduction in isolated(problem, plain):
            yield left * error / base, reduction


def _moving_merge(problem: Problem, view: View, merge: Reduction, i: int) -> Iterator[tuple[float, Reduction]]:
    """Yield y = c*x_i + g(x_i - x_j, others), with a simple c."""
    fitted = view.fit(merge.problem, [problem.X[:, i]])
    c = snapped(float(fitted.coefficients[0]) * problem.y_scale, _BELIEF.fraction, 2)
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
    """Yield factors of one input that a law may carry in front."""
    x = Variable(problem.names[j])
    values = problem.X[:, j]
    if np.all(values != 0):
        for p in _FACTOR_EXPONENTS:
            yield build.product(1.0, [(x, p)], problem.functions)
    for name in ("sin", "cos"):
        if name in problem.functions:
            yield call(name, x)
    if "exp" in problem.functions and np.ptp(values) < _BELIEF.most_exponent:
        yield call("exp", x)
        yield call("exp", build.negated(x))
