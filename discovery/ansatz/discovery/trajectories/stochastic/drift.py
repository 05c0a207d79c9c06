"""What a motion that noise drives shows."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from ansatz.discovery.report.curves import Estimate


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


def half_life(rate: Estimate) -> Estimate:
    """ln 2 over the rate, an open side where the rate may be 0 or is not bounded."""

    def inverse(value: float | None) -> float | None:
        return math.log(2) / value if value else None

    return Estimate(inverse(rate.value), inverse(rate.upper) if rate.upper is not None else 0.0, inverse(rate.lower))
