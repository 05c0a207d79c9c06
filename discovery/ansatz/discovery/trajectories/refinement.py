"""From the caller's right-hand sides to those that the trajectories want: fitted, then joined with what they miss.

The constants of the ansatz are fitted in integral form, all equations in one piece, from many starts, and then on the
trajectories. Terms are added one by one to its equations, all constants fitted anew, for as long as that shortens the
description of the trajectories. This is symbolic residual realignment (VIPER-R1, arXiv:2508.17380) with a joint refit
and an end.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from ansatz.discovery.budget import Budget
from ansatz.discovery.evidence.spread import Spread
from ansatz.discovery.expression import Node, variables
from ansatz.discovery.report.origin import BASELINE, GIVEN, Origin
from ansatz.discovery.report.report import RefinementStep
from ansatz.discovery.search.structured import build
from ansatz.discovery.trajectories.ansatz import MotionAnsatz
from ansatz.discovery.trajectories.extensions import extensions
from ansatz.discovery.trajectories.integral import IntegralForm, Smoothed
from ansatz.discovery.trajectories.named import NamedSystem
from ansatz.discovery.trajectories.own_solution import are_prepared, from_first_states, from_prepared
from ansatz.discovery.trajectories.scored import ScoredSystem, scored
from ansatz.discovery.trajectories.systems import Systems
from ansatz.discovery.trajectories.whole import Range, WholeForm


@dataclass(frozen=True)
class _Steps:
    """Say how an ansatz is refined. Chosen by judgement; `python -m bench.oscillators` holds them.

    Attributes:
        most: terms joined.
        least_gain: bits by which a term must shorten the description of the trajectories.
        followed: optima in integral form that are followed on the trajectories, the best first.
        solved: optima in integral form from which solutions are fitted where no trajectory was found.
        at_bound: share by which a constant may be off its bound and stands at it.
        good: residual over the noise of the states of one that ends this where it is followed.
    """

    most: int = 8
    least_gain: float = 2.0
    followed: int = 4
    solved: int = 2
    at_bound: float = 1e-6
    good: float = 3.0


_STEPS: Final = _Steps()


@dataclass(frozen=True, eq=False)
class RefinedMotion:
    """The systems on the way, the first that of the ansatz alone, each with its constants named."""

    systems: tuple[ScoredSystem, ...] = ()
    steps: tuple[RefinementStep, ...] = ()

    @property
    def is_followed(self) -> bool:
        """Return whether the ansatz could be followed along the trajectories."""
        return bool(self.systems) and self.systems[0].fit.converged


class MotionRefinement:
    """Fit and refine an ansatz of the caller's."""

    def __init__(
        self, ansatz: MotionAnsatz, smoothed: Smoothed, forms: Sequence[IntegralForm], systems: Systems, seed: int
    ) -> None:
        self._ansatz, self._smoothed, self._forms = ansatz, smoothed, forms
        self._states = smoothed.record.states
        self._systems, self._seed = systems, seed
        self._baseline_bits = math.inf

    def run(
        self, others: Sequence[Node], terms: Callable[[ScoredSystem], Sequence[Node]],
        is_noise: Callable[[ScoredSystem], bool], budget: Budget,
    ) -> RefinedMotion:  # fmt: skip
        """Return the systems on the way, from the ansatz alone to one that leaves only noise, or gains nothing more.

        `others` are right-hand sides for states that the ansatz says nothing of; `terms` are what may be joined to it.
        Where the ansatz cannot be followed along the data, it is all there is, as it was fitted in integral form.
        """
        before = self._systems.best
        self._baseline_bits = math.inf if before is None else before.bits
        item = self._fitted(others, budget)
        if item is None:
            return RefinedMotion()
        systems = [item]
        gain = before.bits - item.bits if before is not None and item.fit.converged else 0.0
        steps = [
            RefinementStep(item.equations[i], None, gain if k == 0 else 0.0, state=self._states[i])
            for k, i in enumerate(self._ansatz.equations)
        ]
        while item.fit.converged and len(systems) <= _STEPS.most and not is_noise(item) and not budget.spent:
            found = self._extended(item, terms(item), budget)
            if found is None:
                break
            state, term, coefficient, better = found
            added = build.scaled(coefficient, term)
            missing = tuple(sorted(variables(term)))
            step = RefinementStep(
                better.equations[state], added, item.bits - better.bits, "additive", missing, self._states[state]
            )
            steps.append(step)
            systems.append(better)
            item = better
        return RefinedMotion(tuple(systems), tuple(steps))

    def _extended(
        self, item: ScoredSystem, terms: Sequence[Node], budget: Budget
    ) -> tuple[int, Node, float, ScoredSystem] | None:
        """Return the term that shortens the description most: its state, itself, its coefficient, and the system."""
        places = [(i, term) for i in self._ansatz.equations for term in terms]
        tried = list(extensions(self._systems, item, places, budget))
        best = min(tried, key=lambda e: e.item.bits if e.item else math.inf, default=None)
        if best is None or best.item is None or item.own is None:
            return None
        if best.item.bits - self._systems.free_bits(item.own) > item.bits - _STEPS.least_gain:
            return None
        joined = item.own.joined(best.state, best.coefficient, best.term)
        better = self._systems.follow(joined, best.item.origins, item.held, best.item)
        if better is None or better.own is None or better.bits > item.bits - _STEPS.least_gain:
            return None
        coefficient = better.own.values[joined.names[len(item.own.values)]] if best.coefficient else 0.0
        return best.state, best.term, coefficient, better

    def _ranges(self) -> dict[str, Range]:
        return {p.name: Range(p.start, p.lower, p.upper) for p in self._ansatz.parameters}

    def _fitted(self, others: Sequence[Node], budget: Budget) -> ScoredSystem | None:
        """Return the ansatz fitted on the trajectories, else in integral form; None where it is not finite."""
        equations, ranges = self._ansatz.equations, self._ranges()
        formulas = [equations.get(i, other) for i, other in enumerate(others)]
        own = NamedSystem.of(formulas, {name: r.start or 0.0 for name, r in ranges.items()}, list(equations))
        ranges = {name: ranges.get(name, Range(value)) for name, value in own.values.items()}
        whole = WholeForm(self._smoothed, self._forms, dict(enumerate(own.formulas)), own.names)
        found = whole.fits(ranges, self._seed, budget)
        origins = [GIVEN if i in equations else BASELINE for i in range(len(others))]
        best: ScoredSystem | None = None
        for rms, constants in found[: _STEPS.followed]:
            item = self._followed(own.at(dict(zip(own.names, map(float, constants), strict=True))), origins, ranges)
            if item is not None and (best is None or item.bits < best.bits):
                best = item
            if (best is not None and rms <= _STEPS.good) or budget.spent:
                break
        shooting = self._systems.shooting
        if best is not None and not best.exact and are_prepared(shooting.record):
            return from_prepared(best, shooting, ranges, self._systems.free_bits(own)) or best
        if best is not None or not found:
            return best
        starts = [own.at(dict(zip(own.names, map(float, c), strict=True))) for _, c in found[: _STEPS.solved]]
        starts += self._without_one(own, ranges, budget)
        item = from_first_states(starts, shooting, ranges, origins, self._systems.free_bits(own))
        if item is not None and item.bits < self._baseline_bits:
            return item
        constants = found[0][1]
        own = own.at(dict(zip(own.names, map(float, constants), strict=True)))
        spread = Spread.of(whole.residual_and_slopes(constants)[1])
        fit = shooting.untied(own.system(), whole.followed(constants, shooting.states), spread, whole.pieces)
        item = scored(fit, shooting, tuple(origins))
        return replace(item, bits=item.bits - self._systems.free_bits(own), own=own)

    def _without_one(self, own: NamedSystem, ranges: Mapping[str, Range], budget: Budget) -> Iterator[NamedSystem]:
        """Yield the system fitted in integral form without the equation of one state, each in turn.

        The rate of a state that is always near its equilibrium is a small difference of large terms, which no curve
        through samples tells.
        """
        for left_out in range(len(own.formulas)):
            formulas = {i: f for i, f in enumerate(own.formulas) if i != left_out}
            names = {name for formula in formulas.values() for name in variables(formula)}
            if formulas and names.issuperset(own.names) and not budget.spent:
                whole = WholeForm(self._smoothed, self._forms, formulas, own.names)
                for _, constants in whole.fits(ranges, self._seed, budget)[:1]:
                    yield own.at(dict(zip(own.names, map(float, constants), strict=True)))

    def _followed(
        self, own: NamedSystem, origins: Sequence[Origin], ranges: Mapping[str, Range]
    ) -> ScoredSystem | None:
        """Return the system fitted on the trajectories; constants that leave their bounds are held at them."""
        held: dict[str, float] = {}
        while (item := self._systems.follow(own, origins, held)) is not None and item.own is not None:
            beyond = {
                name: min(max(value, ranges[name].lower), ranges[name].upper)
                for name, value in item.own.values.items()
                if not ranges[name].lower <= value <= ranges[name].upper
            }
            if not beyond:
                return item
            # One that stands at its bound in integral form is held first: others may come back without it.
            first = {name: value for name, value in beyond.items() if _is_near(own.values[name], value)}
            held |= first or beyond
            own = own.at(held)
        return None


def _is_near(value: float, bound: float) -> bool:
    return abs(value - bound) <= _STEPS.at_bound * max(abs(value), abs(bound))
