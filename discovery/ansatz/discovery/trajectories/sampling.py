"""Whether samples are dense enough for the motion seen."""

from __future__ import annotations

import numpy as np

from ansatz.discovery.expression import Array
from ansatz.discovery.report.report import Warning
from ansatz.discovery.trajectories.record import Record

ENOUGH = 8.0
"""Samples a period below which derivatives are guesswork; below 2 the motion itself is ambiguous."""
_PROMINENT = 0.1


def samples_a_period(x: Array) -> float:
    """Of the fastest oscillation seen (median over the shortest quarter of half periods); inf where there is none."""
    spread = float(np.std(x))
    turns = [0]
    for i in range(1, x.size):
        if len(turns) >= 2 and (x[turns[-1]] - x[turns[-2]]) * (x[i] - x[turns[-1]]) >= 0:
            turns[-1] = i
        elif abs(x[i] - x[turns[-1]]) > _PROMINENT * spread:
            turns.append(i)
    if len(turns) < 5:
        return float("inf")
    half = np.sort(np.diff(turns[1:-1]))
    return 2.0 * float(np.median(half[: max(1, half.size // 4)]))


def sampling_warnings(record: Record, states: Array) -> list[Warning]:
    """Where the smoothed states (n, D) turn too fast for their samples."""
    warnings = []
    for j, name in enumerate(record.states):
        fewest = min(samples_a_period(states[run, j]) for run in record.runs)
        if fewest < ENOUGH:
            text = (
                f"The fastest motion of {name!r} has about {fewest:.0f} samples a period; with fewer than 2 it cannot "
                f"be told from a slower one. Sample at least {ENOUGH:.0f} times a period."
            )
            warnings.append(Warning("UNDERSAMPLED", text))
    return warnings
