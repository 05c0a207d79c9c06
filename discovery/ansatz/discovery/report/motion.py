"""What is known of a system of differential equations beside its scores."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from ansatz.discovery.expression import Node
from ansatz.discovery.report.estimate import Estimate


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


@dataclass(frozen=True)
class Jump:
    """A jump of a state, or with order 2 of its rate, within a run.

    `time` is where the curves through the samples on either side meet (order 2) or the middle between the samples;
    `before` and `after` are what jumps, `position` the state there (order 2; else NaN): all extrapolated from up to
    six samples on either side.
    """

    run: str
    state: str
    time: float
    before: float
    after: float
    position: float = math.nan


@dataclass(frozen=True)
class JumpLaw:
    """What the jumps of a state have in common: means over the jumps with their 95 % intervals. `ratio` is after over
    before: with order 2 less than 0 at a collision, where it is the coefficient of restitution but for its sign."""

    state: str
    count: int
    before: Estimate
    after: Estimate
    ratio: Estimate
    position: Estimate


@dataclass(frozen=True)
class Reversion:
    """dx = rate·(mean - x)·dt + diffusion·dW, of one state in the runs of one group.

    `group` is the group's label, empty where all runs are one; `at` are its constant inputs. `rate` is corrected for
    its bias in small samples, 0 where the data rather want a random walk; its interval holds with 95 % also there. An
    open side is None: a rate without an upper limit is too fast for the samples. `half_life` (unit of time) is
    ln 2/rate; `diffusion` is in the state's unit per square root of the unit of time; `stationary_std` the spread that
    the state settles to, NaN without reversion. `random_walk_p`: how often a random walk looks as much like
    reverting."""

    state: str
    rate: Estimate
    half_life: Estimate
    mean: Estimate
    diffusion: Estimate
    stationary_std: float
    random_walk_p: float
    group: str = ""
    at: Mapping[str, float] | None = None

    @property
    def reverts(self) -> bool:
        """Whether a random walk is refused (at 5 %, one-sided)."""
        return self.random_walk_p < 0.05


@dataclass(frozen=True)
class SlowingDown:
    """How the rate of reversion of a state depends on a parameter that is constant in a run.

    `law` is "linear" (rate = slope·(parameter - zero)) or "root" (rate² = slope·(parameter - zero), as before a
    saddle-node), the likelier; `zero` is the parameter at which the rate reaches 0, an open side where the data do not
    bound it. `p_value`: how often as strong a trend is seen where the rate is the same throughout.
    """

    state: str
    parameter: str
    law: str
    slope: Estimate
    zero: Estimate
    p_value: float


@dataclass(frozen=True)
class Drift:
    """Noise as the driver of a motion. `gain_bits`: by how much its description is shorter than that of the best
    deterministic law, NaN where none was sought; `innovations_p`: how likely as much structure is in what the law did
    not foretell one step ahead, if it were noise."""

    reversions: tuple[Reversion, ...]
    slowing_down: tuple[SlowingDown, ...]
    gain_bits: float
    innovations_p: float
