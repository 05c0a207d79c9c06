"""How the target of a table scatters about a law: by normal errors, as counts, or as shares of trials."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ansatz.discovery.errors import Violation

_WHOLE: Final = 1e-6
"""How far a number of successes may lie off a whole number, for each trial: shares are written with few digits."""


class TargetNoise(StrEnum):
    """How the target scatters about the law.

    GAUSSIAN: normal errors, of the size that weights or standard errors say, else of one size. POISSON: the target
    counts events, so that its variance is the law. BINOMIAL: of so many trials in each row the target is the successes,
    or their share; the law is that of the share p, whose variance is p(1 - p)/trials.
    """

    GAUSSIAN = "gaussian"
    POISSON = "poisson"
    BINOMIAL = "binomial"


def count_violations(name: str, values: NDArray[np.float64]) -> Iterator[Violation]:
    """Yield what is wrong with a target that counts events: all must be whole numbers ≥ 0, one of them above 0."""
    wrong = np.flatnonzero((values < 0) | (values != np.round(values)))
    if wrong.size:
        row = int(wrong[0])
        text = f"{name!r} is {values[row]:g} in row {row + 1}; poisson noise is of counts: give whole numbers ≥ 0"
        yield Violation("table.noise", text)
    elif not np.any(values > 0):
        yield Violation("table.noise", f"{name!r} is 0 in every row; poisson noise needs events to count")


def share_violations(name: str, values: NDArray[np.float64], trials: NDArray[np.float64]) -> Iterator[Violation]:
    """Yield what is wrong with a target of successes, or shares of them, among `trials`."""
    bad = np.flatnonzero((trials < 1) | (trials != np.round(trials)))
    if bad.size:
        row = int(bad[0])
        yield Violation("table.trials", f"are {trials[row]:g} in row {row + 1}; give whole numbers ≥ 1")
        return
    counted = is_counted(values)
    most, what = (trials, "successes") if counted else (np.ones_like(trials), "shares of them")
    wrong = np.flatnonzero((values < 0) | (values > most))
    if not wrong.size and not counted:
        wrong = np.flatnonzero(np.abs(values * trials - np.round(values * trials)) > _tolerance(trials))
        what = "whole numbers of successes, or shares that make them"
    if wrong.size:
        row = int(wrong[0])
        text = f"{name!r} is {values[row]:g} in row {row + 1}, of {trials[row]:g} trials; give {what}"
        yield Violation("table.noise", text)


def is_counted(values: NDArray[np.float64]) -> bool:
    """Return whether a target of successes is whole numbers, else shares of the trials."""
    return bool(np.all(values == np.round(values)))


def shares(values: NDArray[np.float64], trials: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the share of successes among the trials, in [0, 1]."""
    found: NDArray[np.float64] = (values if is_counted(values) else np.round(values * trials)) / trials
    return found


def _tolerance(trials: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how far successes may lie off whole numbers: shares of many trials are seldom written in full."""
    tolerance: NDArray[np.float64] = np.maximum(_WHOLE * trials, 0.05)
    return tolerance
