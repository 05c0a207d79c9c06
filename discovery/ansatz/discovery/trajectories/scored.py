"""Description length of a system and of the trajectories that it leaves unexplained."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from ansatz.discovery.evidence.description_length import formula_bits, gaussian_bits, joint_bits
from ansatz.discovery.evidence.naming import Name
from ansatz.discovery.expression import Array, Node, complexity
from ansatz.discovery.expression.numbers import numbers
from ansatz.discovery.report.origin import Origin
from ansatz.discovery.trajectories.named import NamedSystem
from ansatz.discovery.trajectories.record import LEAST_RMS
from ansatz.discovery.trajectories.shooting import Shooting, SystemFit


@dataclass(frozen=True)
class Limits:
    """Say what counts of a residual. Chosen by judgement; `python -m bench.odebench` holds the figures.

    Attributes:
        nothing: residual over LEAST_RMS up to which nothing is left.
        state_bits: of a state with which a run that was cut begins anew: the trajectory should have foretold it.
    """

    nothing: float = 3.0
    state_bits: float = 10.0


LIMITS: Final = Limits()


@dataclass(frozen=True, eq=False)
class ScoredSystem:
    """A fitted system and its description length.

    Attributes:
        fit: the system as it was fitted.
        rows: how many values of states it was fitted to.
        bits: description length of the system and of what it leaves.
        origins: who found its right-hand sides.
        names: names of the numbers that stand at named values, by their size.
        exact: whether it leaves nothing but the errors of integration.
        own: the caller's system that it is, its constants named, None for others.
        held: constants of it that stand at a bound.
    """

    fit: SystemFit
    rows: int
    bits: float
    origins: tuple[Origin, ...]
    names: Mapping[float, Name]
    exact: bool
    own: NamedSystem | None = None
    held: Mapping[str, float] = field(default_factory=dict)

    @property
    def equations(self) -> tuple[Node, ...]:
        """Return the right-hand sides with their constants."""
        return self.fit.system.equations

    @property
    def degrees(self) -> int:
        """Return the degrees of freedom that the fit leaves."""
        return self.rows - self.fit.fitted

    @property
    def complexity(self) -> int:
        """Return the number of nodes of all right-hand sides."""
        return sum(complexity(e) for e in self.equations)


def scored(
    fit: SystemFit, shooting: Shooting, origins: tuple[Origin, ...], names: Mapping[float, Name] | None = None
) -> ScoredSystem:
    """Return a fitted system with its description length."""
    named = names or {}
    system = fit.system
    bits = sum(formula_bits(e, len(shooting.record.variables)) for e in system.equations)
    bits += joint_bits(system.values, fit.covariance)
    used = {abs(float(v)) for e in system.equations for v in numbers(e)}
    bits += sum(name.bits for size, name in named.items() if size in used)
    bits += residual_bits(fit, shooting)
    relative = np.where(shooting.counts > 0, fit.rms / shooting.scale, 0.0)
    exact = bool(np.all(relative <= LIMITS.nothing * LEAST_RMS)) and fit.converged
    rows = int(shooting.counts.sum())
    return ScoredSystem(fit, rows, bits, origins, {k: v for k, v in named.items() if k in used}, exact)


def residual_bits(fit: SystemFit, shooting: Shooting) -> float:
    """Return bits of the residuals, each group of samples and each component a Gaussian of its own width.

    The fitted constants cost degrees of freedom in proportion to the samples.
    """
    total = int(shooting.counts.sum())
    spent = fit.fitted
    if total <= spent:
        return math.inf
    bits = 0.0
    for count, rms in zip(shooting.counts.ravel(), (fit.rms / shooting.scale).ravel(), strict=True):
        if count:
            variance = float(rms) ** 2 * total / (total - spent)
            bits += gaussian_bits(variance, int(count), LEAST_RMS)
    extra = (fit.pieces - len(shooting.record.runs)) * len(shooting.record.components)
    return bits + LIMITS.state_bits * max(extra, 0)


def relative_rms(item: ScoredSystem, shooting: Shooting) -> Array:
    """Return the residual of each component over its spread, all groups together, `(D,)`."""
    weight = shooting.counts / np.maximum(shooting.counts.sum(axis=0), 1)
    with np.errstate(invalid="ignore"):
        found: Array = np.sqrt(np.nansum(weight * item.fit.rms**2, axis=0)) / shooting.scale
    return found
