"""Times in mixed units, told by steps that change by the factor between two units."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

_FACTORS = (60.0, 1e3, 3600.0, 86400.0, 1e6, 1e9)


@dataclass(frozen=True)
class _Telling:
    """Say when two units of time are told. Chosen by judgement.

    Attributes:
        near: relative difference from a factor between units of time, at most.
        alike: largest over smallest step of a run that is sampled evenly, at most.
        least: steps on either side, at least.
    """

    near: float = 0.02
    alike: float = 1.5
    least: int = 2


_TELLING: Final = _Telling()


def mixed_units(times: Mapping[str, NDArray[np.float64]]) -> tuple[str, int, float] | None:
    """Return where the unit changes: run, index of the first sample in the other unit, factor; None where it does not.

    Only even steps are judged: those that vary among themselves say nothing of a unit.
    """
    previous: float | None = None
    for run, t in times.items():
        steps = np.diff(t)
        for cut in _jumps(steps):
            before, after = steps[:cut], steps[cut + 1 :] if _even(steps[cut + 1 :]) else steps[cut:]
            if before.size >= _TELLING.least and after.size >= _TELLING.least and _even(before) and _even(after):
                factor = _factor(float(np.median(before)), float(np.median(after)))
                if factor is not None:
                    return run, cut + 1, factor
        if steps.size >= _TELLING.least and _even(steps):
            own = float(np.median(steps))
            if previous is not None and (factor := _factor(previous, own)) is not None:
                return run, 0, factor
            previous = own
    return None


def _jumps(steps: NDArray[np.float64]) -> list[int]:
    """Return where neighbouring steps differ most."""
    if steps.size < 2 * _TELLING.least:
        return []
    ratio = np.abs(np.diff(np.log(steps)))
    return [int(np.argmax(ratio)) + 1] if ratio.max() > np.log(0.9 * _FACTORS[0]) else []


def _even(steps: NDArray[np.float64]) -> bool:
    return steps.size > 0 and float(steps.max()) <= _TELLING.alike * float(steps.min())


def _factor(a: float, b: float) -> float | None:
    ratio = max(a, b) / min(a, b)
    return next((f for f in _FACTORS if abs(ratio / f - 1) <= _TELLING.near), None)
