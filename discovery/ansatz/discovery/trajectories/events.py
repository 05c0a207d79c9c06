"""What breaks a smooth motion: single wrong samples, and jumps such as collisions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from ansatz.discovery.expression import Array

_NORMAL: Final = 1.4826  # standard deviation over median absolute deviation of a Gaussian
MIN_SEGMENT: Final = 5
"""Samples of each state that a piece of a run must have to tell anything."""


@dataclass(frozen=True)
class _Outliers:
    """Say which samples are plainly wrong. Chosen by judgement, so that no sample of a sharp turn is taken for one.

    Attributes:
        least_samples: of a run; in fewer, neighbours say little.
        most: of a run, one more than one in so many samples.
        sigmas: standard deviations off what the neighbours say.
        share: of the spread of the run, that it is off at least.
        beside: samples on either side, among which all must be well without it.
        healed: share of its size that may be left there then.
        healed_sigmas: standard deviations that may be left there in any case.
    """

    least_samples: int = 12
    most: int = 20
    sigmas: float = 12.0
    share: float = 0.05
    beside: int = 3
    healed: float = 0.2
    healed_sigmas: float = 3.0


@dataclass(frozen=True)
class _Jumps:
    """Say which steps are jumps. Chosen by judgement, so that a fast but smooth motion has none.

    Attributes:
        reach: steps on either side that it is compared with.
        least_steps: that must be there on either side.
        least_more: samples of a run beyond twice the reach.
        ratio: over the largest of these steps.
        share: of the spread of the run.
    """

    reach: int = 4
    least_steps: int = 2
    least_more: int = 4
    ratio: float = 6.0
    share: float = 0.15


_OUTLIERS: Final = _Outliers()
_JUMPS: Final = _Jumps()


@dataclass(frozen=True)
class Jump:
    """A jump between the samples `sample` and `sample` + 1 of a run."""

    sample: int


def outliers(t: Array, x: Array) -> list[int]:
    """Return the samples of one run that lie far from what their neighbours say, where these agree among themselves."""
    if t.size < _OUTLIERS.least_samples:
        return []
    spread = float(np.std(x))
    found: list[int] = []
    kept = np.arange(t.size)
    while len(found) < t.size // _OUTLIERS.most + 1:
        gap = _from_neighbours(t[kept], x[kept])
        typical = _NORMAL * float(np.median(np.abs(gap)))
        k = int(np.argmax(np.abs(gap)))
        size = abs(float(gap[k]))
        if size < max(_OUTLIERS.sigmas * typical, _OUTLIERS.share * spread):
            break
        without = np.delete(kept, k)
        after = np.abs(_from_neighbours(t[without], x[without]))
        left = float(np.max(after[max(k - _OUTLIERS.beside, 0) : k + _OUTLIERS.beside]))
        if left > max(_OUTLIERS.healed * size, _OUTLIERS.healed_sigmas * typical):
            break
        found.append(int(kept[k]))
        kept = without
    return sorted(found)


def _from_neighbours(t: Array, x: Array) -> Array:
    """Return each sample less the cubic through two neighbours on each side; 0 at the ends."""
    gap = np.zeros(t.size)
    middle = t[2:-2]
    nodes = [t[:-4], t[1:-3], t[3:-1], t[4:]]
    values = [x[:-4], x[1:-3], x[3:-1], x[4:]]
    estimate = np.zeros(middle.size)
    for i, (ti, xi) in enumerate(zip(nodes, values, strict=True)):
        weight = np.ones(middle.size)
        for j, tj in enumerate(nodes):
            if j != i:
                weight *= (middle - tj) / (ti - tj)
        estimate += weight * xi
    gap[2:-2] = x[2:-2] - estimate
    return gap


def jumps(t: Array, x: Array, order: int) -> list[Jump]:
    """Return steps of one run far larger than all of those about them: of the state, or with order 2 of its rate."""
    if t.size < 2 * _JUMPS.reach + _JUMPS.least_more:
        return []
    if order == 1:
        return [Jump(i) for i in _steps(x)]
    rate = np.diff(x) / np.diff(t)
    # The interval that holds the collision has a rate between the two.
    return [Jump(i + 1) for i in _steps(rate, skip=2)]


def _steps(x: Array, skip: int = 1) -> list[int]:
    step = np.abs(x[skip:] - x[:-skip])
    single = np.abs(np.diff(x))
    spread = float(np.std(x))
    found: list[int] = []
    for i in range(step.size):
        before = single[max(i - _JUMPS.reach, 0) : i]
        after = single[i + skip : i + skip + _JUMPS.reach]
        if before.size < _JUMPS.least_steps or after.size < _JUMPS.least_steps:
            continue
        about = max(float(before.max()), float(after.max()))
        apart = not found or i - found[-1] > skip
        if apart and step[i] > max(_JUMPS.share * spread, _JUMPS.ratio * about):
            found.append(i)
    return found
