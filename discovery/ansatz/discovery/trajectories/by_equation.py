"""What each equation of a system leaves by itself, and the system of the best of each where none is followed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from ansatz.discovery.evidence.spread import Spread
from ansatz.discovery.expression import Array, Node
from ansatz.discovery.expression.numbers import free_positions
from ansatz.discovery.report.origin import Origin
from ansatz.discovery.trajectories.integral import IntegralForm
from ansatz.discovery.trajectories.runge_kutta import METHODS
from ansatz.discovery.trajectories.scored import ScoredSystem, scored
from ansatz.discovery.trajectories.shooting import Shooting, SystemFit
from ansatz.discovery.trajectories.system import System


@dataclass(frozen=True)
class _Limits:
    """Say when an equation by itself is told. Chosen by judgement; `tests/…/test_by_equation.py` holds them.

    Attributes:
        told: times the noise up to which an equation leaves nothing more. Integrals add what the curves err.
        better: times what an equation leaves of which another that is clearly better leaves less.
        alike: times what an equation leaves of which another that is no worse leaves at most.
    """

    told: float = 1.5
    better: float = 1.0 / 3.0
    alike: float = 1.05


_LIMITS: Final = _Limits()


@dataclass(frozen=True)
class Own:
    """What an equation leaves of its state by itself, in the state's unit, and whether that is no more than noise."""

    rmse: float
    told: bool


class ByEquation:
    """Judge equations one by one, integrated along all states as they were observed."""

    def __init__(self, forms: Sequence[IntegralForm], shooting: Shooting) -> None:
        self._forms, self._shooting = forms, shooting

    def own(self, equations: Sequence[Node]) -> list[Own]:
        """Return what each equation leaves, by state."""
        found = []
        for form, equation in zip(self._forms, equations, strict=True):
            rmse = float(np.sqrt(np.mean(form.linearised(equation)[0] ** 2)))
            found.append(Own(rmse, rmse <= _LIMITS.told * form.noise))
        return found

    def system(self, equations: Sequence[Node], origins: Sequence[Origin]) -> ScoredSystem:
        """Return a system of equations that were each fitted by itself, as one that was not followed."""
        shooting = self._shooting
        system = System.of(equations)
        own = self.own(equations)
        rms = shooting.residual(shooting.states)
        rms[:, : len(own)] = [o.rmse for o in own]
        spread = Spread.of(self._slopes(system, own))
        runs = len(shooting.record.runs)
        fit = SystemFit(
            system, shooting.states, rms, spread.standard_errors(1.0), spread.covariance, runs, False, METHODS[0]
        )
        return scored(fit, shooting, tuple(origins))

    def _slopes(self, system: System, own: Sequence[Own]) -> Array:
        """Return the derivatives of all equations' integrals by the parameters, in units of what each leaves."""
        blocks = []
        for i, (form, equation) in enumerate(zip(self._forms, system.equations, strict=True)):
            slopes = form.linearised(equation)[1]
            block = np.zeros((slopes.shape[0], system.size))
            for column, position in enumerate(free_positions(equation)):
                slot = system.slots[i, position]
                block[:, slot.parameter] += slot.sign * slopes[:, column] / max(own[i].rmse, form.noise)
            blocks.append(block)
        return np.vstack(blocks)

    def explains_more(self, equations: Sequence[Node], others: Sequence[Node]) -> bool:
        """Return whether equations leave clearly less of some state than others by themselves, and of none more."""
        pairs = [(a.rmse, b.rmse) for a, b in zip(self.own(equations), self.own(others), strict=True)]
        return all(a <= _LIMITS.alike * b for a, b in pairs) and any(a < _LIMITS.better * b for a, b in pairs)
