"""From right-hand sides of single states to systems, compared by the trajectories that they give.

Starts from the best of each state, then takes whatever shortens the description: another right-hand side for a state,
a term less, a term more. Terms to add are chosen by what they would explain of the residual to first order, all of
them from one linearised fit.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from ansatz.discovery.budget import Budget
from ansatz.discovery.evidence.description_length import formula_bits
from ansatz.discovery.evidence.naming import Name
from ansatz.discovery.expression import Node, add, complexity, multiply, simplify
from ansatz.discovery.expression.node import Number
from ansatz.discovery.expression.numbers import free_positions, skeleton
from ansatz.discovery.report.origin import Origin
from ansatz.discovery.search.reduction import reductions
from ansatz.discovery.search.structured.selection import Regression
from ansatz.discovery.trajectories.candidates import RightHandSide
from ansatz.discovery.trajectories.dense import dense
from ansatz.discovery.trajectories.integral import IntegralForm, Smoothed
from ansatz.discovery.trajectories.scored import ScoredSystem, scored
from ansatz.discovery.trajectories.settling import Propose, name_one, tie
from ansatz.discovery.trajectories.shooting import Shooting, solve
from ansatz.discovery.trajectories.shortening import small_reductions, weak_parameters
from ansatz.discovery.trajectories.system import System
from ansatz.discovery.trajectories.terms import structure

_COMBINED = 7
_MOST_COMBINATIONS = 50
_NEAR_BITS = 40.0
_FEW_CONSTANTS = (4, 3, 2, 1)
_SWAPPED = 10
_ADDED = 4
_ROUNDS = 6
_HOPELESS_BITS = 150.0
_QUICK = 20
_SETTLED = 3


@dataclass(frozen=True, eq=False)
class Extension:
    """A system's `equations` with `coefficient`·`term` joined to that of one state, and what the fit of it gave."""

    state: int
    term: Node
    coefficient: float
    equations: tuple[Node, ...]
    item: ScoredSystem | None


class Assembly:
    """Systems made of proposals, fitted to trajectories; `found` are all of them, shortest description first."""

    def __init__(
        self, shooting: Shooting, forms: Sequence[IntegralForm], *, max_complexity: int, positive: frozenset[str],
        roots: bool, on_better: Callable[[], None] = lambda: None,
    ) -> None:  # fmt: skip
        """`on_better` is called after each proposal that shortens the best description."""
        self._on_better, self._best_bits = on_better, math.inf
        self._shooting, self._forms = shooting, forms
        self._integral: dict[tuple[int, str], float] = {}
        self._max_complexity = max_complexity
        self._positive, self._roots = positive, roots
        self._proposals: Sequence[Sequence[RightHandSide]] = ()
        self._terms: Sequence[Node] = ()
        self._known: dict[tuple[object, ...], ScoredSystem | None] = {}

    @property
    def found(self) -> list[ScoredSystem]:
        allowed = (s for s in self._known.values() if s is not None and self._allowed(s))
        return sorted(allowed, key=lambda s: (s.bits, s.complexity))

    def _allowed(self, item: ScoredSystem) -> bool:
        return all(complexity(e) <= self._max_complexity for e in item.equations)

    @property
    def best(self) -> ScoredSystem | None:
        return next(iter(self.found), None)

    def shortlist(self, most: int) -> list[ScoredSystem]:
        """The shortest descriptions, each structure once."""
        distinct: dict[tuple[tuple[str, ...], ...], ScoredSystem] = {}
        for item in self.found:
            distinct.setdefault(tuple(map(structure, item.equations)), item)
            if len(distinct) >= most:
                break
        return list(distinct.values())

    def propose(
        self, equations: Sequence[Node], origins: Sequence[Origin], near: ScoredSystem | None = None,
        names: Mapping[float, Name] | None = None, wide: bool = False,
    ) -> ScoredSystem | None:  # fmt: skip
        """Fit a system to the trajectories; None where there is none. What was tried before is not fitted again. A
        `wide` one is left as it is, and may exceed the largest complexity on the way to smaller ones."""
        simple = list(equations) if wide else self.simplified(equations)
        if not wide and any(complexity(e) > self._max_complexity for e in simple):
            return None
        system = System.of(simple, names or ())
        key = (*map(structure, simple), system.size, *sorted(names or ()))
        known = self._known.get(key)
        if key not in self._known or (
            known is not None and self._formula_bits(simple) < self._formula_bits(known.equations)
        ):
            near = known or near
            item = self._known[key] = self._fitted(system, tuple(origins), near, names)
            if item is not None and item.bits < self._best_bits and self._allowed(item):
                self._best_bits = item.bits
                self._on_better()
        return self._known[key]

    def simplified(self, equations: Sequence[Node]) -> list[Node]:
        """The equations as they are fitted."""
        return [simplify(e, self._positive, roots=self._roots) for e in equations]

    def _formula_bits(self, equations: Sequence[Node]) -> float:
        return sum(formula_bits(e, len(self._shooting.record.variables)) for e in equations)

    def _fitted(
        self, system: System, origins: tuple[Origin, ...], near: ScoredSystem | None, names: Mapping[float, Name] | None
    ) -> ScoredSystem | None:
        fit = self._shooting.fit(system, near.fit if near else None)
        if fit is None and near is not None:
            fit = self._shooting.fit(system)
        if fit is None or not fit.converged:
            return None
        item = scored(fit, self._shooting, origins, names)
        return item if np.isfinite(item.bits) else None

    def polynomial(self, smoothed: Smoothed, terms: Sequence[Node]) -> None:
        """The system of all `terms` in every equation, and what is left as they are taken off."""
        sources = [Origin("sparse.trajectory")] * len(self._forms)
        dense(
            smoothed,
            self._shooting,
            self._forms,
            terms,
            lambda equations, near: self.propose(equations, sources, near, wide=True),
        )

    def run(self, proposals: Sequence[Sequence[RightHandSide]], terms: Sequence[Node], budget: Budget) -> None:
        """Assemble and improve until nothing shortens the description; `terms` are those that may be added."""
        self._proposals, self._terms = proposals, terms
        if self.best is None or not self.best.exact:
            self._start(proposals, budget)
        for _ in range(_ROUNDS):
            before = self.best
            for improve in (self._swap, self._shorten, self._extend):
                best = self.best
                if best is None or budget.spent:
                    return
                if not best.exact or improve == self._shorten:
                    improve(best, budget)
            if self.best is before:
                return

    def settle(self, budget: Budget) -> None:
        """Name the constants of the best system and let equations share those that are alike, where that shortens its
        description."""
        for _ in range(_SETTLED):
            best = self.best
            if best is None:
                return
            tie(best, self._propose_like(best), budget)
            if self.best is best:
                break
        refused: set[tuple[float, str]] = set()
        while (best := self.best) is not None and not budget.spent:
            if not name_one(best, self._propose_like(best), refused):
                return

    def _propose_like(self, item: ScoredSystem) -> Propose:
        return lambda equations, names: self.propose(equations, item.origins, item, names)

    def _start(self, proposals: Sequence[Sequence[RightHandSide]], budget: Budget) -> None:
        """The best of each state at several sizes, then combinations of those that come near: equations that are poor
        alone may be good together."""
        for size in (math.inf, *_FEW_CONSTANTS):
            picked = [_best_within(p, size) for p in proposals]
            if budget.spent:
                return
            item = self.propose([p.formula for p in picked], [p.origin for p in picked])
            if item is not None and item.exact:
                return
        for combined in _combinations(proposals):
            if budget.spent or (self.best is not None and self.best.exact):
                return
            self.propose([p.formula for p in combined], [p.origin for p in combined])

    def _swap(self, start: ScoredSystem, budget: Budget) -> None:
        """Try other right-hand sides, one state after the other."""
        best = start
        for i, choices in enumerate(self._proposals):
            for proposal in choices[:_SWAPPED]:
                if budget.spent or best.exact:
                    return
                equations, sources = list(best.equations), list(best.origins)
                equations[i], sources[i] = proposal.formula, proposal.origin
                item = self.propose(equations, sources, best)
                if item is not None and item.bits < best.bits:
                    best = item

    def _shorten(self, start: ScoredSystem, budget: Budget) -> None:
        """Take off terms while that shortens the description."""
        current = self._without_weak(start, budget)
        shorter = self._shorter_exact if current.exact else self._shortest
        while (better := shorter(current, budget)) is not None:
            current = better

    def _shorter_exact(self, current: ScoredSystem, budget: Budget) -> ScoredSystem | None:
        """The first of the small reductions that shortens the description."""
        for i, reduced in small_reductions(current, self._shooting):
            if budget.spent:
                return None
            item = self._reduced(current, i, reduced)
            if item is not None and item.bits < current.bits:
                return item
        return None

    def _shortest(self, current: ScoredSystem, budget: Budget) -> ScoredSystem | None:
        """The reduction that shortens the description most, or the first that is exact."""
        better = current
        for i, equation in enumerate(current.equations):
            for reduced in self._promising(i, equation):
                if budget.spent or better.exact:
                    break
                item = self._reduced(current, i, reduced)
                if item is not None and item.bits < better.bits:
                    better = item
        return None if better is current or budget.spent else better

    def _reduced(self, item: ScoredSystem, state: int, formula: Node) -> ScoredSystem | None:
        equations = list(item.equations)
        equations[state] = formula
        return self.propose(equations, item.origins, item, item.names)

    def _without_weak(self, start: ScoredSystem, budget: Budget) -> ScoredSystem:
        """What is left when the constants that the data hardly tell from zero are zero, as many at once as can be."""
        current = start
        weak = weak_parameters(current, self._shooting)
        while weak and not budget.spent:
            equations = current.fit.system.replaced(dict.fromkeys(weak, 0.0))
            item = self.propose(equations, current.origins, current, current.names)
            if item is not None and item.bits < current.bits:
                current, weak = item, weak_parameters(item, self._shooting)
            else:
                weak = weak[: len(weak) // 2]
        return current

    def _promising(self, state: int, equation: Node) -> list[Node]:
        """Reductions of an equation that are not hopeless in integral form, which is quick to tell."""
        before = self._integral_bits(state, equation)
        found = [(self._integral_bits(state, reduced), reduced) for reduced in reductions(equation)]
        likely = [(bits, reduced) for bits, reduced in found if bits < before + _HOPELESS_BITS]
        return [reduced for _, reduced in sorted(likely, key=lambda item: item[0])]

    def _integral_bits(self, state: int, formula: Node) -> float:
        simple = simplify(formula, self._positive, roots=self._roots)
        key = (state, skeleton(simple))
        if key not in self._integral:
            explained = self._forms[state].fit(simple, _QUICK)
            self._integral[key] = np.inf if explained is None else explained.bits
        return self._integral[key]

    def _extend(self, start: ScoredSystem, budget: Budget) -> None:
        """Add the terms that explain most of the residual to first order."""
        for _ in self.extensions(start, [(i, t) for i in range(len(start.equations)) for t in self._terms], budget):
            pass

    def extensions(self, start: ScoredSystem, extra: Sequence[tuple[int, Node]], budget: Budget) -> Iterator[Extension]:
        """Systems with one of the `extra` (state, term) more, those first that explain most of the residual to first
        order."""
        linear = self._shooting.linearised(start.fit, extra)
        if linear is None or not extra:
            return
        p = start.fit.system.size
        own = np.r_[0:p, p + len(extra) : linear.slopes.shape[1]]
        features = linear.slopes[:, p : p + len(extra)]
        known = linear.slopes[:, own]
        known = known[:, np.linalg.norm(known, axis=0) > 0]
        regression = Regression(linear.residual, features, known, np.ones(linear.residual.size))
        gains = regression.gains(())
        for k in np.argsort(-gains, kind="stable")[:_ADDED]:
            if budget.spent or gains[k] <= 0:
                return
            i, term = extra[int(k)]
            solution = solve(np.column_stack([known, features[:, k]]), linear.residual)
            if solution is None or not solution[-1]:
                continue
            equations, sources = list(start.equations), list(start.origins)
            coefficient = float(solution[-1])
            piece = Number(coefficient) if term == Number(1.0) else multiply(Number(coefficient), term)
            equations[i], sources[i] = add(equations[i], piece), Origin("trajectory.residual")
            yield Extension(i, term, coefficient, tuple(equations), self.propose(equations, sources, start))


def _combinations(proposals: Sequence[Sequence[RightHandSide]]) -> list[tuple[RightHandSide, ...]]:
    """The likeliest combinations, by their descriptions in integral form, within some bits of the best of all."""
    found = [(sum(p.bits for p in picked), picked) for picked in product(*(p[:_COMBINED] for p in proposals))]
    found.sort(key=lambda item: item[0])
    return [picked for bits, picked in found[:_MOST_COMBINATIONS] if bits < found[0][0] + _NEAR_BITS]


def _best_within(proposals: Sequence[RightHandSide], constants: float) -> RightHandSide:
    """The shortest description with at most so many constants, or the one with fewest."""
    sizes = [len(free_positions(p.formula)) for p in proposals]
    return proposals[next((i for i, size in enumerate(sizes) if size <= constants), int(np.argmin(sizes)))]
