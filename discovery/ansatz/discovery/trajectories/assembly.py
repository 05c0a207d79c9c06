"""From right-hand sides of single states to systems, compared by the trajectories that they give.

Starts from the best of each state, then takes whatever shortens the description: another right-hand side for a state,
a term less, a term more.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final

import numpy as np

from ansatz.discovery.budget import Budget
from ansatz.discovery.expression import Node
from ansatz.discovery.expression.numbers import free_positions, skeleton
from ansatz.discovery.report.origin import Origin
from ansatz.discovery.search.reduction import reductions
from ansatz.discovery.trajectories.candidates import RightHandSide
from ansatz.discovery.trajectories.dense import dense
from ansatz.discovery.trajectories.extensions import extensions
from ansatz.discovery.trajectories.integral import IntegralForm, Smoothed
from ansatz.discovery.trajectories.scored import ScoredSystem
from ansatz.discovery.trajectories.settling import Propose, name_one, tie
from ansatz.discovery.trajectories.shortening import small_reductions, weak_parameters
from ansatz.discovery.trajectories.systems import Systems


@dataclass(frozen=True)
class _First:
    """Say which systems of the candidates are tried first. Chosen by judgement; `python -m bench.odebench` holds them.

    Attributes:
        sizes: the best of each state are put together, then the best with at most so many constants.
        combined: candidates of each state that are combined with all of the others.
        most: combinations tried, the likeliest in integral form.
        near_bits: by which a combination may be longer there than the likeliest.
    """

    sizes: tuple[int, ...] = (4, 3, 2, 1)
    combined: int = 7
    most: int = 50
    near_bits: float = 40.0


@dataclass(frozen=True)
class _Improving:
    """Say how the best system is improved. Chosen by judgement; `python -m bench.odebench` holds them.

    Attributes:
        rounds: of swapping, shortening and extending, at most.
        swapped: candidates of a state that take the place of its equation.
        hopeless_bits: lost in integral form beyond which a reduction is not fitted to the trajectories.
        quick: evaluations of a fit in integral form that tells so.
        settled: rounds in which constants are shared between equations.
    """

    rounds: int = 6
    swapped: int = 10
    hopeless_bits: float = 150.0
    quick: int = 20
    settled: int = 3


_FIRST: Final = _First()
_IMPROVING: Final = _Improving()


class Assembly:
    """Make systems of the candidates of single states, and improve the best of all `systems`."""

    def __init__(self, systems: Systems, forms: Sequence[IntegralForm]) -> None:
        self.systems = systems
        self._shooting, self._forms = systems.shooting, forms
        self._integral: dict[tuple[int, str], float] = {}
        self._proposals: Sequence[Sequence[RightHandSide]] = ()
        self._terms: Sequence[Node] = ()
        self._open: Sequence[int] = range(len(forms))

    def polynomial(self, smoothed: Smoothed, terms: Sequence[Node]) -> None:
        """Propose the system of all `terms` in every equation, and what is left as they are taken off."""
        sources = [Origin("sparse.trajectory")] * len(self._forms)
        dense(
            smoothed,
            self._shooting,
            self._forms,
            terms,
            lambda equations, near: self.systems.propose(equations, sources, near, wide=True),
        )

    def best_of_each(self, proposals: Sequence[Sequence[RightHandSide]]) -> None:
        """Propose the system of the shortest description of each state."""
        if all(proposals):
            self.systems.propose([p[0].formula for p in proposals], [p[0].origin for p in proposals])

    def run(
        self, proposals: Sequence[Sequence[RightHandSide]], terms: Sequence[Node], budget: Budget,
        settled: Collection[int] = (),
    ) -> None:  # fmt: skip
        """Assemble and improve until nothing shortens the description; `terms` are those that may be added.

        Equations of `settled` states are right by themselves: none is bent to carry the fault of another.
        """
        self._proposals, self._terms = proposals, terms
        self._open = [i for i in range(len(proposals)) if i not in settled]
        if self.systems.best is None or not self.systems.best.exact:
            self._start(proposals, budget)
        for _ in range(_IMPROVING.rounds):
            before = self.systems.best
            for improve in (self._swap, self._shorten, self._extend):
                best = self.systems.best
                if best is None or budget.spent:
                    return
                if not best.exact or improve == self._shorten:
                    improve(best, budget)
            if self.systems.best is before:
                return

    def settle(self, budget: Budget) -> None:
        """Name constants of the best system, and let its equations share those that are alike.

        Both are done where that shortens the description.
        """
        for _ in range(_IMPROVING.settled):
            best = self.systems.best
            if best is None:
                return
            tie(best, self._propose_like(best), budget)
            if self.systems.best is best:
                break
        refused: set[tuple[float, str]] = set()
        while (best := self.systems.best) is not None and not budget.spent:
            if not name_one(best, self._propose_like(best), refused):
                return

    def _propose_like(self, item: ScoredSystem) -> Propose:
        return lambda equations, names: self.systems.propose(equations, item.origins, item, names)

    def _start(self, proposals: Sequence[Sequence[RightHandSide]], budget: Budget) -> None:
        """Propose the best of each state at several sizes, then combinations of those that come near.

        Equations that are poor alone may be good together. Nothing is proposed where a state has no equation at all.
        """
        if not all(proposals):
            return
        for size in (math.inf, *_FIRST.sizes):
            picked = [_best_within(p, size) for p in proposals]
            if budget.spent:
                return
            item = self.systems.propose([p.formula for p in picked], [p.origin for p in picked])
            if item is not None and item.exact:
                return
        for combined in _combinations(proposals):
            if budget.spent or (self.systems.best is not None and self.systems.best.exact):
                return
            self.systems.propose([p.formula for p in combined], [p.origin for p in combined])

    def _swap(self, start: ScoredSystem, budget: Budget) -> None:
        """Try other right-hand sides, one state after the other."""
        best = start
        for i in self._open:
            for proposal in self._proposals[i][: _IMPROVING.swapped]:
                if budget.spent or best.exact:
                    return
                equations, sources = list(best.equations), list(best.origins)
                equations[i], sources[i] = proposal.formula, proposal.origin
                item = self.systems.propose(equations, sources, best)
                if item is not None and item.bits < best.bits:
                    best = item

    def _shorten(self, start: ScoredSystem, budget: Budget) -> None:
        """Take off terms while that shortens the description."""
        current = self._without_weak(start, budget)
        shorter = self._shorter_exact if current.exact else self._shortest
        while (better := shorter(current, budget)) is not None:
            current = better

    def _shorter_exact(self, current: ScoredSystem, budget: Budget) -> ScoredSystem | None:
        """Return the first of the small reductions that shortens the description."""
        for i, reduced in small_reductions(current, self._shooting):
            if budget.spent:
                return None
            item = self._reduced(current, i, reduced)
            if item is not None and item.bits < current.bits:
                return item
        return None

    def _shortest(self, current: ScoredSystem, budget: Budget) -> ScoredSystem | None:
        """Return the reduction that shortens the description most, or the first that is exact."""
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
        return self.systems.propose(equations, item.origins, item, item.names)

    def _without_weak(self, start: ScoredSystem, budget: Budget) -> ScoredSystem:
        """Return what is left when the constants that the data hardly tell from zero are zero, as many as can be."""
        current = start
        weak = weak_parameters(current, self._shooting)
        while weak and not budget.spent:
            equations = current.fit.system.replaced(dict.fromkeys(weak, 0.0))
            item = self.systems.propose(equations, current.origins, current, current.names)
            if item is not None and item.bits < current.bits:
                current, weak = item, weak_parameters(item, self._shooting)
            else:
                weak = weak[: len(weak) // 2]
        return current

    def _promising(self, state: int, equation: Node) -> list[Node]:
        """Return reductions of an equation that are not hopeless in integral form, which is quick to tell."""
        before = self._integral_bits(state, equation)
        found = [(self._integral_bits(state, reduced), reduced) for reduced in reductions(equation)]
        likely = [(bits, reduced) for bits, reduced in found if bits < before + _IMPROVING.hopeless_bits]
        return [reduced for _, reduced in sorted(likely, key=lambda item: item[0])]

    def _integral_bits(self, state: int, formula: Node) -> float:
        (simple,) = self.systems.simplified([formula])
        key = (state, skeleton(simple))
        if key not in self._integral:
            explained = self._forms[state].fit(simple, _IMPROVING.quick)
            self._integral[key] = np.inf if explained is None else explained.bits
        return self._integral[key]

    def _extend(self, start: ScoredSystem, budget: Budget) -> None:
        """Add the terms that explain most of the residual to first order."""
        extra = [(i, t) for i in self._open for t in self._terms]
        for _ in extensions(self.systems, start, extra, budget):
            pass


def _combinations(proposals: Sequence[Sequence[RightHandSide]]) -> list[tuple[RightHandSide, ...]]:
    """Return the likeliest combinations, by their descriptions in integral form, within some bits of the best."""
    found = [(sum(p.bits for p in picked), picked) for picked in product(*(p[: _FIRST.combined] for p in proposals))]
    found.sort(key=lambda item: item[0])
    return [picked for bits, picked in found[: _FIRST.most] if bits < found[0][0] + _FIRST.near_bits]


def _best_within(proposals: Sequence[RightHandSide], constants: float) -> RightHandSide:
    """Return the shortest description with at most so many constants, or the one with fewest."""
    sizes = [len(free_positions(p.formula)) for p in proposals]
    return proposals[next((i for i, size in enumerate(sizes) if size <= constants), int(np.argmin(sizes)))]
