"""The conditions between intervals, linearised and eliminated from the least squares of lifted multiple shooting.

Of the changes of all states only those of the initial states remain, one of each piece of a run. A piece ends where the
sensitivity to its initial state outgrows what float64 can carry, as in chaos.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from ansatz.discovery.expression import Array
from ansatz.discovery.trajectories.record import Record


@dataclass(frozen=True)
class _Limits:
    """Tune how conditions are eliminated.

    Attributes:
        growth: of a change of the initial state, in units of the scales, at which a piece ends. Chosen by judgement:
            rounding is 1e-12 of the scale there, far below what counts.
        least_constant: added to a constant's size when its change is compared with it; chosen by judgement.
        condition: directions of the least squares below this share of the largest are not determined in float64.
    """

    growth: float = 1e4
    least_constant: float = 1e-6
    condition: float = 1e-11


_LIMITS: Final = _Limits()


@dataclass(frozen=True, eq=False)
class Point:
    """Where an iteration stands.

    Attributes:
        states: at all samples, `(n, D)`.
        constants: `(p,)`.
        ends: of the N intervals that start from the states, `(D, N)`.
        slopes: of the ends by start and constants, `(D, D + p, N)`.
    """

    states: Array
    constants: Array
    ends: Array
    slopes: Array


@dataclass(frozen=True, eq=False)
class Condensed:
    """How states change once the gaps between intervals close.

    `change` `(n, D, 1 + p + D)` is that of each state: by closing the gaps, by the constants, by the initial state of
    its piece. `cuts` are the pieces.
    """

    change: Array
    cuts: list[slice]


@dataclass(frozen=True, eq=False)
class Step:
    """A change of states `(n, D)` and constants `(p,)`."""

    states: Array
    constants: Array

    def states_size(self, scale: Array) -> float:
        """Return the largest change of a state over its scale `(D,)`."""
        return float(np.max(np.abs(self.states) / scale))

    def constants_size(self, constants: Array) -> float:
        """Return the largest change of a constant over its size."""
        return float(np.max(np.abs(self.constants) / (np.abs(constants) + _LIMITS.least_constant), initial=0.0))


class Condensing:
    """Eliminate the conditions between the intervals of a record.

    `observed` `(n, D)` are its components, NaN where they were not; `scale` `(D,)` theirs.
    """

    def __init__(self, record: Record, observed: Array, scale: Array) -> None:
        self._record, self._observed, self._scale = record, observed, scale
        self._seen = np.isfinite(observed)

    def defects(self, ends: Array, s: Array) -> Array:
        """Return the gaps `(D, N)` between the ends of intervals and the states `(n, D)` where the next begin."""
        return ends - s[self._record.intervals + 1].T

    def tied(self, cuts: list[slice]) -> Array:
        """Return which intervals must end where the next begins, as 1 and 0 `(N,)`.

        These are all but the last of a piece that ends inside a run.
        """
        tied = np.ones(self._record.intervals.size)
        tied[np.isin(self._record.intervals, [cut.stop - 1 for cut in cuts])] = 0.0
        return tied

    def cuts(self, slopes: Array) -> list[slice]:
        """Return pieces of the runs within which the sensitivity to the initial state stays within bounds."""
        pieces = []
        d = slopes.shape[0]
        interval = 0
        for run in self._record.runs:
            start = run.start
            growth = np.eye(d)
            for i in range(run.start, run.stop - 1):
                growth = slopes[:, :d, interval] @ growth
                interval += 1
                largest = np.max(np.abs(growth) / self._scale[:, None] * self._scale)
                if largest > _LIMITS.growth and i + 1 < run.stop - 1:
                    pieces.append(slice(start, i + 1))
                    start, growth = i + 1, np.eye(d)
            pieces.append(slice(start, run.stop))
        return pieces

    def condensed(self, point: Point, cuts: list[slice]) -> Condensed:
        """Return how each state changes with the constants and the initial state of its piece, once the gaps close."""
        d, columns, _ = point.slopes.shape
        p, n = columns - d, self._record.samples
        change = np.zeros((n, d, 1 + p + d))
        defects = self.defects(point.ends, point.states)
        position = np.full(n, -1)
        position[self._record.intervals] = np.arange(self._record.intervals.size)
        for cut in cuts:
            current = np.zeros((d, 1 + p + d))
            current[:, 1 + p :] = np.eye(d)
            change[cut.start] = current
            for i in range(cut.start, cut.stop - 1):
                k = position[i]
                following = point.slopes[:, :d, k] @ current
                following[:, 0] += defects[:, k]
                following[:, 1 : 1 + p] += point.slopes[:, d:, k]
                change[i + 1] = current = following
        return Condensed(change, cuts)

    def design(self, condensed: Condensed, point: Point, sigma: Array) -> tuple[Array, Array]:
        """Return slopes `(R, p + pieces·D)` and residual `(R,)` of the R observed values, in units of the noise."""
        rows, components = np.nonzero(self._seen)
        d, p = self._scale.size, point.constants.size
        weight = 1.0 / sigma[rows, components]
        own = condensed.change[rows, components] * weight[:, None]
        residual = (self._observed - point.states)[rows, components] * weight - own[:, 0]
        design = np.zeros((rows.size, p + len(condensed.cuts) * d))
        design[:, :p] = own[:, 1 : 1 + p]
        piece = np.zeros(self._record.samples, dtype=int)
        for q, cut in enumerate(condensed.cuts):
            piece[cut] = q
        for j in range(d):
            design[np.arange(rows.size), p + piece[rows] * d + j] = own[:, 1 + p + j]
        return design, residual

    def step(self, condensed: Condensed, solution: Array, point: Point) -> Step | None:
        """Return the step of all states by a solution of the least squares; None where it leaves float64."""
        p, d = point.constants.size, self._scale.size
        ds = np.empty_like(point.states)
        for q, cut in enumerate(condensed.cuts):
            own = np.concatenate([[1.0], solution[:p], solution[p + q * d : p + (q + 1) * d]])
            ds[cut] = condensed.change[cut] @ own
        return Step(ds, solution[:p]) if np.all(np.isfinite(ds)) else None


def solve(design: Array, target: Array) -> Array | None:
    """Solve least squares with columns brought to unit length; directions that the data do not determine stay put."""
    norms = np.linalg.norm(design, axis=0)
    if not np.all(np.isfinite(norms)):
        return None
    norms = np.where(norms > 0, norms, 1.0)
    try:
        solution: Array = np.linalg.lstsq(design / norms, target, rcond=_LIMITS.condition)[0] / norms
    except np.linalg.LinAlgError:
        return None
    return solution
