"""The noise of observed components: of one size in all runs, or run by run where runs are long enough to tell."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ansatz.discovery.expression import Array
from ansatz.discovery.trajectories.record import Record


@dataclass(frozen=True)
class _Limits:
    """Say what noise can be told.

    Attributes:
        many: samples of the shortest run from which the noise of each is told alone. Chosen by judgement: a standard
            deviation of 30 values is known to 13 %.
        rounding: share of a state's spread below which residuals are rounding, of the data or of the integration.
    """

    many: int = 30
    rounding: float = 1e-11


_LIMITS: Final = _Limits()


@dataclass(frozen=True, eq=False)
class NoiseGroups:
    """Slices of the samples that share a noise.

    Attributes:
        slices: one after another, together all samples.
        by_run: whether each run is one.
        seen: which components were observed, `(n, D)`.
        scale: of the components, `(D,)`.
        relative: size of the noise of each value beside the group's, `(n, D)`: 1 where no errors were given.
    """

    slices: tuple[slice, ...]
    by_run: bool
    seen: NDArray[np.bool_]
    scale: Array
    relative: Array

    @classmethod
    def of(cls, record: Record, seen: NDArray[np.bool_], scale: Array) -> NoiseGroups:
        """Return the groups of a record: its runs where every one is long enough, else all in one."""
        by_run = min(run.stop - run.start for run in record.runs) >= _LIMITS.many
        return cls(
            tuple(record.runs) if by_run else (slice(0, record.samples),), by_run, seen, scale, record.relative_errors
        )

    @cached_property
    def counts(self) -> Array:
        """Return how many values of each component were observed in each group, `(groups, D)`."""
        return np.array([self.seen[g].sum(axis=0) for g in self.slices])

    def of_runs(self, noise: Array) -> Array:
        """Return noise `(groups, D)`, given that of the runs `(runs, D)`."""
        return noise if self.by_run else noise.mean(axis=0, keepdims=True)

    def rms(self, residual: Array) -> Array:
        """Return the root mean square of a residual `(n, D)`, `(groups, D)`, over the size of each value's noise beside
        the group's; NaN where nothing was observed."""
        residual = residual / self.relative
        with np.errstate(invalid="ignore"):
            rms = np.array([np.sqrt(np.nansum(residual[g] ** 2, axis=0)) for g in self.slices])
            found: Array = rms / np.sqrt(np.where(self.counts > 0, self.counts, np.nan))
        return found

    def per_sample(self, noise: Array) -> Array:
        """Return noise `(groups, D)` as that of every sample `(n, D)`, never below rounding."""
        found = np.empty(self.seen.shape)
        for g, sigma in zip(self.slices, self._completed(noise), strict=True):
            found[g] = np.maximum(sigma, _LIMITS.rounding * self.scale) * self.relative[g]
        return found

    def _completed(self, noise: Array) -> Array:
        """Return noise `(groups, D)`, with the others' relative noise for components that were never seen."""
        whole = np.full((noise.shape[0], self.scale.size), np.nan)
        whole[:, : noise.shape[1]] = noise
        with np.errstate(invalid="ignore"):
            relative = whole / self.scale
        known = relative[np.isfinite(relative)]
        typical = float(np.mean(known)) if known.size else 0.0
        completed: Array = np.where(np.isfinite(whole), whole, typical * self.scale)
        return completed
