"""What the motion of a system shows. None stands for what is not finite, not defined or not set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ansatz.client.results.estimate import Estimate


@dataclass(frozen=True)
class StateScores:
    """Errors of one state along simulated trajectories, in the state's own unit.

    Attributes:
        rmse, r2: on the samples that were fitted
        rollout_rmse, rollout_r2: on samples that were not: held-out runs, or else the last quarter of every run,
            foretold from the others
        own_rmse: of the state's equation by itself, integrated along all states as they were observed
        told: whether that is no more than the noise: this equation misses nothing, whatever the others do
    """

    rmse: float | None
    r2: float | None
    rollout_rmse: float | None
    rollout_r2: float | None
    own_rmse: float | None
    told: bool


@dataclass(frozen=True)
class ConservedQuantity:
    """A quantity of the states that the equations keep constant; `drift`: its spread within a run over what it would be
    by chance, along the observed motion (0 is perfect)."""

    formula: str
    drift: float | None


@dataclass(frozen=True)
class Motion:
    """What the trajectories of a system show.

    Attributes:
        states: state -> its errors; of a stochastic law, those of one step ahead
        diverges: from a fitted initial state it runs away within the observed span
        unstable_after: the time after which it runs away within twice the span; None where it does not
        conserved: quantities that the equations keep
        shared_terms: terms that stand in several equations
        order: 1: equations for dx/dt; 2: for d²x/dt², in which x_t names dx/dt
        diffusion: of a stochastic law, state -> σ in dx = f dt + σ dW, in the state's unit per square root of the unit
            of time
        followed: trajectories of the whole system were fitted to the data; else every equation was fitted by itself,
            and the errors of states are those of their equations by themselves
    """

    states: Mapping[str, StateScores]
    diverges: bool
    unstable_after: float | None
    conserved: tuple[ConservedQuantity, ...]
    shared_terms: tuple[str, ...]
    order: int
    diffusion: Mapping[str, float]
    followed: bool


@dataclass(frozen=True)
class Reversion:
    """dx = rate·(mean - x)·dt + diffusion·dW, of one state in the runs of one group. Intervals are of 95 %.

    Attributes:
        state: the state
        group: which runs, empty for all
        at: the constant inputs of these runs
        rate: per unit of time, corrected for its bias in small samples; 0 where the data rather want a random walk
        half_life: ln 2/rate, in the unit of time
        mean: where the state settles, in its own unit
        diffusion: in the state's unit per square root of the unit of time
        stationary_std: the spread that the state settles to
        random_walk_p: how often a random walk looks as much like reverting
    """

    state: str
    group: str
    at: Mapping[str, float]
    rate: Estimate
    half_life: Estimate
    mean: Estimate
    diffusion: Estimate
    stationary_std: float | None
    random_walk_p: float


@dataclass(frozen=True)
class SlowingDown:
    """How the rate of reversion of a state depends on a parameter that is constant in a run.

    Attributes:
        state, parameter: by name
        law: "linear": rate = slope·(parameter - zero); "root": rate² = slope·(parameter - zero)
        slope: change of the rate, or of its square, by the parameter
        zero: the parameter at which the rate reaches 0
        p_value: how often as strong a trend is seen where the rate is the same throughout
    """

    state: str
    parameter: str
    law: str
    slope: Estimate
    zero: Estimate
    p_value: float


@dataclass(frozen=True)
class Jump:
    """A jump within a run of a state or, with order 2, of its rate.

    Attributes:
        run, state: where
        time: when
        before, after: what jumps, on either side
        position: with order 2, the state there
    """

    run: str
    state: str
    time: float
    before: float
    after: float
    position: float | None


@dataclass(frozen=True)
class JumpLaw:
    """What the jumps of a state have in common: means over the jumps with their 95 % intervals.

    Attributes:
        state: the state
        count: how often it jumps
        before, after: what jumps, on either side
        ratio: after over before; with order 2 less than 0 at a collision, the coefficient of restitution but for its
            sign
        position: with order 2, the state where it jumps
    """

    state: str
    count: int
    before: Estimate
    after: Estimate
    ratio: Estimate
    position: Estimate


@dataclass(frozen=True)
class Drift:
    """What a motion that noise drives shows.

    Attributes:
        reversions: how states revert to their means
        slowing_down: how that depends on parameters
        gain_bits: by how much the description is shorter than that of the best deterministic law
        innovations_p: how likely as much structure is in what is not foretold one step ahead, if that were noise
    """

    reversions: tuple[Reversion, ...]
    slowing_down: tuple[SlowingDown, ...]
    gain_bits: float | None
    innovations_p: float
