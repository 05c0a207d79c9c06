"""What breaks a smooth motion: single wrong samples, and jumps such as collisions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ansatz.discovery.expression import Array

_OUTLIER_SIGMAS = 12.0
_OUTLIER_SHARE = 0.05
_HEALED = 0.2
_JUMP_RATIO = 6.0
_JUMP_SHARE = 0.15
_REACH = 4
MIN_SEGMENT = 5


@dataclass(frozen=True)
class Jump:
    """A jump between the samples `sample` and `sample` + 1 of a run."""

    sample: int


def outliers(t: Array, x: Array) -> list[int]:
    """Samples of one run that lie far from what their neighbours say, where these agree among themselves."""
    if t.size < 12:
        return []
    spread = float(np.std(x))
    found: list[int] = []
    kept = np.arange(t.size)
    while len(found) < t.size // 20 + 1:
        gap = _from_neighbours(t[kept], x[kept])
        typical = 1.4826 * float(np.median(np.abs(gap)))
        k = int(np.argmax(np.abs(gap)))
        size = abs(float(gap[k]))
        if size < max(_OUTLIER_SIGMAS * typical, _OUTLIER_SHARE * spread):
            break
        without = np.delete(kept, k)
        after = np.abs(_from_neighbours(t[without], x[without]))
        if float(np.max(after[max(k - 3, 0) : k + 3])) > max(_HEALED * size, 3 * typical):
            break
        found.append(int(kept[k]))
        kept = without
    return sorted(found)


def _from_neighbours(t: Array, x: Array) -> Array:
    """Each sample less the cubic through two neighbours on each side; 0 at the ends."""
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
    """Steps of one run far larger than all of those about them: of the state, or with order 2 of its rate."""
    if t.size < 2 * _REACH + 4:
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
        before = single[max(i - _REACH, 0) : i]
        after = single[i + skip : i + skip + _REACH]
        if before.size < 2 or after.size < 2:
            continue
        about = max(float(before.max()), float(after.max()))
        apart = not found or i - found[-1] > skip
        if apart and step[i] > max(_JUMP_SHARE * spread, _JUMP_RATIO * about):
            found.append(i)
    return found
