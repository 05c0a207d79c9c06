"""What is known of a system of differential equations beside its scores."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from ansatz.discovery.expression import Node
from ansatz.discovery.report.estimate import Estimate

WALK_LEVEL: Final = 0.05
"""Of the one-sided test that refuses a random walk."""


@dataclass(frozen=True)
class StateScores:
    """Hold errors of one state along the simulated trajectories, in its own unit; NaN where not computed.

    The roll-out is on samples that were not fitted. They are held-out runs, each from a state fitted to its first
    fifth, or else the last quarter of every run, foretold from the others.

    Attributes:
        rmse: on the samples that were fitted, with initial states fitted.
        r2: on these samples.
        rollout_rmse: of the roll-out.
        rollout_r2: of the roll-out.
        own_rmse: of the state's equation by itself, integrated along all states as they were observed.
        told: whether that is no more than the noise about the smooth curves and their error.
    """

    rmse: float
    r2: float
    rollout_rmse: float
    rollout_r2: float
    own_rmse: float = math.nan
    told: bool = False


@dataclass(frozen=True)
class Conserved:
    """Hold a quantity of the states that the equations keep constant.

    `drift` is its spread within a run over the spread along the whole motion that chance would give; near 0 where the
    data keep it too.
    """

    formula: Node
    drift: float


@dataclass(frozen=True)
class Motion:
    """Tell what a system is as a motion.

    Attributes:
        states: scores by state.
        diverges: whether a trajectory from a fitted initial state leaves the observed range a hundredfold, or ends,
            within the observed span.
        unstable_after: time after the start at which that happens first within twice the span, None where it does not.
        order: of the derivatives that the law is for.
        conserved: quantities that the equations keep.
        shared: terms that stand in several equations.
        diffusion: of a stochastic law, the size σ of the noise that drives each state in dx = f dt + σ dW, in the
            state's unit per square root of the unit of time; scores are then of one step ahead.
        followed: whether trajectories of the whole system were fitted to the data. Else every equation was fitted by
            itself, and errors of states are those of their equations by themselves.
    """

    states: Mapping[str, StateScores]
    diverges: bool
    unstable_after: float | None
    order: int = 1
    conserved: tuple[Conserved, ...] = ()
    shared: tuple[str, ...] = ()
    diffusion: Mapping[str, float] = field(default_factory=dict)
    followed: bool = True


@dataclass(frozen=True)
class Jump:
    """Tell a jump of a state, or with order 2 of its rate, within a run.

    What it says is extrapolated from up to six samples on either side.

    Attributes:
        run: its label.
        state: its name.
        time: where the curves through the samples on either side meet (order 2), or the middle between the samples.
        before: of what jumps.
        after: of what jumps.
        position: the state there (order 2; else NaN).
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
    """Tell how a state reverts: dx = rate·(mean - x)·dt + diffusion·dW, in the runs of one group.

    An open side of an interval is None: a rate without an upper limit is too fast for the samples.

    Attributes:
        state: its name.
        rate: corrected for its bias in small samples, 0 where the data rather want a random walk; its interval holds
            with 95 % also there.
        half_life: ln 2/rate, in the unit of time.
        mean: to which it reverts.
        diffusion: in the state's unit per square root of the unit of time.
        stationary_std: the spread that the state settles to, NaN without reversion.
        random_walk_p: how often a random walk looks as much like reverting.
        group: its label, empty where all runs are one.
        at: the group's constant inputs.
    """

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
        return self.random_walk_p < WALK_LEVEL


@dataclass(frozen=True)
class SlowingDown:
    """Tell how the rate of reversion of a state depends on a parameter that is constant in a run.

    Attributes:
        state: its name.
        parameter: its name.
        law: the likelier of "linear" (rate = slope·(parameter - zero)) and "root" (rate² = slope·(parameter - zero), as
            before a saddle-node).
        slope: of that law.
        zero: the parameter at which the rate reaches 0, an open side where the data do not bound it.
        p_value: how often as strong a trend is seen where the rate is the same throughout.
    """

    state: str
    parameter: str
    law: str
    slope: Estimate
    zero: Estimate
    p_value: float


@dataclass(frozen=True)
class Drift:
    """Tell of noise as the driver of a motion.

    Attributes:
        reversions: by state and group.
        slowing_down: trends of their rates.
        gain_bits: by how much its description is shorter than that of the best deterministic law, NaN where none was
            sought.
        innovations_p: how likely as much structure is in what the law did not foretell one step ahead, if it were
            noise.
    """

    reversions: tuple[Reversion, ...]
    slowing_down: tuple[SlowingDown, ...]
    gain_bits: float
    innovations_p: float
