"""Whether samples are dense enough for the motion seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from ansatz.discovery.expression import Array
from ansatz.discovery.report.report import Warning
from ansatz.discovery.trajectories.record import Record


@dataclass(frozen=True)
class _Limits:
    """Say when a motion is too fast for its samples. Chosen by judgement.

    Attributes:
        enough: samples a period below which derivatives are guesswork; below 2 the motion itself is ambiguous.
        prominent: share of the spread that the state moves between turns; less is taken for noise.
        least_turns: fewer turns, the ends included, are no oscillation.
        fastest: the shortest one in so many half periods count.
    """

    enough: float = 8.0
    prominent: float = 0.1
    least_turns: int = 5
    fastest: int = 4


_LIMITS: Final = _Limits()


def samples_a_period(x: Array) -> float:
    """Return the samples a period of the fastest oscillation seen; inf where there is none.

    Its half period is the median over the shortest quarter of them.
    """
    spread = float(np.std(x))
    turns = [0]
    for i in range(1, x.size):
        if len(turns) >= 2 and (x[turns[-1]] - x[turns[-2]]) * (x[i] - x[turns[-1]]) >= 0:
            turns[-1] = i
        elif abs(x[i] - x[turns[-1]]) > _LIMITS.prominent * spread:
            turns.append(i)
    if len(turns) < _LIMITS.least_turns:
        return float("inf")
    half = np.sort(np.diff(turns[1:-1]))
    return 2.0 * float(np.median(half[: max(1, half.size // _LIMITS.fastest)]))


def sampling_warnings(record: Record, states: Array) -> list[Warning]:
    """Return warnings where the smoothed states `(n, D)` turn too fast for their samples."""
    warnings = []
    for j, name in enumerate(record.states):
        fewest = min(samples_a_period(states[run, j]) for run in record.runs)
        if fewest < _LIMITS.enough:
            text = (
                f"The fastest motion of {name!r} has about {fewest:.0f} samples a period; with fewer than 2 it cannot "
                f"be told from a slower one. Sample at least {_LIMITS.enough:.0f} times a period."
            )
            warnings.append(Warning("UNDERSAMPLED", text))
    return warnings
