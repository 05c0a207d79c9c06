"""From the caller's right-hand sides to those that the trajectories want: fitted, then joined with what they miss.

The constants of the ansatz are fitted in integral form from many starts and then on the trajectories. Terms are added
one by one to its equations, all constants fitted anew, for as long as that shortens the description of the
trajectories. This is symbolic residual realignment (VIPER-R1, arXiv:2508.17380) with a joint refit and an end.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from ansatz.discovery.budget import Budget
from ansatz.discovery.expression import Node, Number, substitute, variables
from ansatz.discovery.expression.numbers import numbers, skeleton
from ansatz.discovery.report.origin import BASELINE, GIVEN
from ansatz.discovery.report.report import Candidate, RefinementStep
from ansatz.discovery.search.structured import build
from ansatz.discovery.trajectories.ansatz import MotionAnsatz
from ansatz.discovery.trajectories.extensions import extensions
from ansatz.discovery.trajectories.integral import IntegralForm
from ansatz.discovery.trajectories.scored import ScoredSystem
from ansatz.discovery.trajectories.systems import Systems
from ansatz.discovery.trajectories.terms import structure

_COEFFICIENT: Final = "#"
"""The name of a joined term's coefficient; no free constant can have it."""


@dataclass(frozen=True)
class _Starts:
    """Say where the fit of an ansatz begins. Chosen by judgement; `python -m bench.oscillators` holds them.

    Attributes:
        count: starts tried for each equation.
        decades: constants are drawn between 10 to the power of minus and plus this, of either sign.
        off_relative: a given start is moved by this share, since a whole number would be taken for structure.
        off_absolute: the same for a start of 0.
        better: share by which another start must lessen the residual to be taken.
    """

    count: int = 24
    decades: float = 1.5
    off_relative: float = 1e-6
    off_absolute: float = 1e-12
    better: float = 1e-6


@dataclass(frozen=True)
class _Steps:
    """Say how an ansatz is refined. Chosen by judgement; `python -m bench.oscillators` holds them.

    Attributes:
        most: terms joined.
        least_gain: bits by which a term must shorten the description of the trajectories.
        alike: share within which a constant of a candidate is taken for one of the ansatz.
    """

    most: int = 8
    least_gain: float = 2.0
    alike: float = 0.02


_STARTS: Final = _Starts()
_STEPS: Final = _Steps()


@dataclass(frozen=True, eq=False)
class RefinedMotion:
    """The systems on the way, the first that of the ansatz alone, with the values of its free constants in each."""

    systems: tuple[ScoredSystem, ...] = ()
    constants: tuple[Mapping[str, float], ...] = ()
    steps: tuple[RefinementStep, ...] = ()

    def marked(self, candidate: Candidate, item: ScoredSystem) -> Candidate:
        """Return the candidate with the free constants of the ansatz told among its own.

        A minus stands before those that have the other sign there.
        """
        own = tuple(map(structure, item.equations))
        for system, values in zip(self.systems, self.constants, strict=True):
            if tuple(map(structure, system.equations)) == own:
                constants = list(candidate.constants)
                for name, value in values.items():
                    for i, constant in enumerate(constants):
                        alike = abs(abs(constant.value) - abs(value)) <= _STEPS.alike * abs(value)
                        if alike and not constant.parameter and not constant.is_given:
                            sign = "" if constant.value * value > 0 else "-"
                            constants[i] = replace(constant, parameter=f"{sign}{name}")
                return replace(candidate, constants=tuple(constants))
        return candidate


class MotionRefinement:
    """Fit and refine an ansatz of the caller's."""

    def __init__(
        self, ansatz: MotionAnsatz, forms: Sequence[IntegralForm], states: Sequence[str], systems: Systems, seed: int
    ) -> None:
        self._ansatz, self._forms, self._states = ansatz, forms, states
        self._systems = systems
        self._rng = np.random.default_rng(seed)

    def run(
        self, others: Sequence[Node], terms: Callable[[ScoredSystem], Sequence[Node]],
        is_noise: Callable[[ScoredSystem], bool], budget: Budget,
    ) -> RefinedMotion:  # fmt: skip
        """Return the systems on the way, from the ansatz alone to one that leaves only noise, or gains nothing more.

        `others` are right-hand sides for states that the ansatz says nothing of; `terms` are what may be joined to it.
        """
        before = self._systems.best
        guesses = {i: self._guess(i) for i in self._ansatz.equations}
        found = self._fitted(others, guesses)
        if found is None:
            return RefinedMotion()
        item, values = found
        systems, constants = [item], [values]
        gain = before.bits - item.bits if before is not None else 0.0
        steps = [
            RefinementStep(item.equations[i], None, gain if k == 0 else 0.0, state=self._states[i])
            for k, i in enumerate(self._ansatz.equations)
        ]
        while len(systems) <= _STEPS.most and not is_noise(item) and not budget.spent:
            tried = list(extensions(self._systems, item, self._places(terms(item)), budget))
            best = min(tried, key=lambda e: e.item.bits if e.item else math.inf, default=None)
            if best is None or best.item is None or best.item.bits > item.bits - _STEPS.least_gain:
                break
            values = self._followed({**values, _COEFFICIENT: best.coefficient}, best.equations, best.item)
            added = build.scaled(values.pop(_COEFFICIENT, best.coefficient), best.term)
            gain, missing = item.bits - best.item.bits, tuple(sorted(variables(best.term)))
            item = best.item
            equation = item.equations[best.state]
            steps.append(RefinementStep(equation, added, gain, "additive", missing, self._states[best.state]))
            systems.append(item)
            constants.append(values)
        return RefinedMotion(tuple(systems), tuple(constants), tuple(steps))

    def _places(self, terms: Sequence[Node]) -> list[tuple[int, Node]]:
        return [(i, term) for i in self._ansatz.equations for term in terms]

    def _guess(self, i: int) -> dict[str, float]:
        """Return the constants of one equation, fitted in integral form from many starts."""
        formula = self._ansatz.equations[i]
        names = [n for n in self._ansatz.starts if n in variables(formula)]
        best: tuple[float, dict[str, float]] = (math.inf, {n: self._drawn(n) for n in names})
        for _ in range(_STARTS.count if names else 0):
            start = {n: self._drawn(n) for n in names}
            tree = substitute(formula, {n: Number(v) for n, v in start.items()})
            explained = self._forms[i].fit(tree)
            if explained is not None and explained.rms < best[0] * (1 - _STARTS.better):
                fitted = dict(zip(map(float, numbers(tree)), map(float, numbers(explained.formula)), strict=True))
                best = explained.rms, {n: fitted[v] for n, v in start.items()}
        return best[1]

    def _drawn(self, name: str) -> float:
        start = self._ansatz.starts[name]
        if start is not None:
            moved = start * (1 + _STARTS.off_relative * self._rng.standard_normal())
            return moved + _STARTS.off_absolute * self._rng.standard_normal()
        return float(self._rng.choice((-1.0, 1.0)) * 10 ** self._rng.uniform(-_STARTS.decades, _STARTS.decades))

    def _fitted(
        self, others: Sequence[Node], guesses: Mapping[int, Mapping[str, float]]
    ) -> tuple[ScoredSystem, dict[str, float]] | None:
        """Fit the ansatz on the trajectories; a constant of several equations starts from the guess of each in turn."""
        best: tuple[ScoredSystem, dict[str, float]] | None = None
        for first in guesses:
            values: dict[str, float] = {}
            for i in (first, *guesses):
                values = {**guesses[i], **values}
            replaced = {n: Number(v) for n, v in values.items()}
            equations = [
                substitute(self._ansatz.equations[i], replaced) if i in self._ansatz.equations else other
                for i, other in enumerate(others)
            ]
            sources = [GIVEN if i in self._ansatz.equations else BASELINE for i in range(len(others))]
            item = self._systems.propose(equations, sources)
            if item is not None and (best is None or item.bits < best[0].bits):
                best = item, self._followed(values, equations, item)
        return best

    def _followed(self, values: Mapping[str, float], equations: Sequence[Node], item: ScoredSystem) -> dict[str, float]:
        """Return what constants became by the fit that made the system of equations in which they stood."""
        found: dict[str, float] = {}
        for e, equation in enumerate(self._systems.simplified(equations)):
            if skeleton(equation) != skeleton(item.equations[e]):
                continue
            for before, after in zip(numbers(equation), numbers(item.equations[e]), strict=True):
                for name, value in values.items():
                    if value and abs(before) == abs(value):
                        found[name] = float(after * before / value)
        return found
