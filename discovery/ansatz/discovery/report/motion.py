"""What is known of a system of differential equations beside its scores."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ansatz.discovery.expression import Node


@dataclass(frozen=True)
class StateScores:
    """Errors of one state along the simulated trajectories, in its own unit; NaN where not computed.

    `rmse` and `r2` on the samples that were fitted, with initial states fitted; `rollout_rmse` and `rollout_r2` on
    samples that were not: held-out runs, each from a state fitted to its first fifth, or else the last quarter of
    every run, foretold from the others.
    """

    rmse: float
    r2: float
    rollout_rmse: float
    rollout_r2: float


@dataclass(frozen=True)
class Conserved:
    """A quantity of the states that the equations keep constant; `drift` is its spread along the observed motion
    within a run over its spread along all of it that chance would give (dimensionless, near 0 where the data keep it
    too)."""

    formula: Node
    drift: float


@dataclass(frozen=True)
class Motion:
    """`states` maps states to scores; the law is for derivatives of this `order`. `diverges`: a trajectory from a
    fitted initial state leaves the observed range a hundredfold, or ends, within the observed span; `unstable_after`:
    the time after the start at which that happens first within twice the span, None where it does not. `shared` are
    terms that stand in several equations. `diffusion`: of a stochastic law, the size of the noise that drives each
    state (σ in dx = f dt + σ dW; state's unit per square root of the unit of time); its scores are of one step
    ahead."""

    states: Mapping[str, StateScores]
    diverges: bool
    unstable_after: float | None
    order: int = 1
    conserved: tuple[Conserved, ...] = ()
    shared: tuple[str, ...] = ()
    diffusion: Mapping[str, float] = field(default_factory=dict)
