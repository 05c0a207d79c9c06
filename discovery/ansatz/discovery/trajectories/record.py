"""The observations as arrays that the numerics work on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ansatz.discovery.data.names import rate_name
from ansatz.discovery.expression import Array

LEAST_RMS: Final = 1e-7
"""Residuals below this share of a state's spread count alike: below lie the errors of smoothing and integration."""


@dataclass(frozen=True, eq=False)
class Record:
    """All runs one after another: n samples of d states and m inputs.

    Attributes:
        t: times `(n,)`, increasing within each run.
        x: states `(n, d)`, NaN where a sample is missing.
        u: inputs `(n, m)`.
        starts: the first samples of the runs.
        states: their names, identifiers like all names here.
        inputs: their names.
        time: its name.
        order: of the derivatives that the law gives, 1 or 2.
        v: given derivatives `(n, d)`, NaN where there are none; None where none were given.
        errors: standard errors of the states `(n, d)`; None where none were given.
    """

    t: Array
    x: Array
    u: Array
    starts: tuple[int, ...]
    states: tuple[str, ...]
    inputs: tuple[str, ...]
    time: str
    order: int
    v: Array | None = None
    errors: Array | None = None

    @property
    def samples(self) -> int:
        return int(self.t.size)

    @property
    def runs(self) -> list[slice]:
        return [slice(a, b) for a, b in zip(self.starts, (*self.starts[1:], self.samples), strict=True)]

    @cached_property
    def intervals(self) -> NDArray[np.intp]:
        """Return the samples that have a successor in their run."""
        last = np.zeros(self.samples, dtype=bool)
        last[[s - 1 for s in (*self.starts[1:], self.samples)]] = True
        return np.flatnonzero(~last)

    @cached_property
    def scale(self) -> Array:
        """Return the standard deviation of each state, `(d,)`; 1 where it is constant."""
        spread = np.nanstd(self.x, axis=0)
        return np.where(spread > 0, spread, 1.0)

    @property
    def components(self) -> tuple[str, ...]:
        """Return the names of the state vector: the states, and with order 2 their first derivatives."""
        return (*self.states, *(rate_name(s) for s in self.states)) if self.order == 2 else self.states

    @property
    def variables(self) -> tuple[str, ...]:
        """Return the names that a right-hand side may use."""
        return (*self.components, *self.inputs, self.time)

    @cached_property
    def observed(self) -> Array:
        """Return the components as far as they were observed, `(n, D)`."""
        if self.order == 1:
            return self.x
        rates = np.full_like(self.x, np.nan) if self.v is None else self.v
        return np.hstack([self.x, rates])

    @cached_property
    def relative_errors(self) -> Array:
        """Return the standard errors of the components `(n, D)` over their typical size in each component.

        Where they are not given, all are 1.
        """
        found = np.ones_like(self.observed)
        if self.errors is not None:
            seen = np.isfinite(self.x)
            precision = np.where(seen, self.errors, np.nan) ** -2.0
            typical = 1 / np.sqrt(np.nanmean(precision, axis=0))
            found[:, : len(self.states)] = np.where(seen, self.errors, typical) / typical
        return found

    def interpolators(self, run: slice) -> list[Callable[[Array], Array]]:
        """Return each input over the times of a run, monotone cubic between samples; a constant one stays constant."""
        from scipy.interpolate import PchipInterpolator

        found: list[Callable[[Array], Array]] = []
        for column in self.u[run].T:
            constant = np.ptp(column) == 0
            found.append(
                partial(np.full_like, fill_value=column[0]) if constant else PchipInterpolator(self.t[run], column)
            )
        return found

    def inputs_at(self, times: Sequence[Array]) -> list[Array]:
        """Return the inputs at times given for each run: for every run `(k, m)`."""
        return [
            np.column_stack([f(t) for f in self.interpolators(run)]) if self.inputs else np.empty((t.size, 0))
            for run, t in zip(self.runs, times, strict=True)
        ]

    def inputs_inside(self, fractions: Array) -> Array:
        """Return the inputs at fractions `(k,)` of each interval, `(intervals, k, m)`."""
        if not self.inputs:
            return np.empty((self.intervals.size, fractions.size, 0))
        times = []
        for run in self.runs:
            t = self.t[run]
            times.append((t[:-1, None] + np.diff(t)[:, None] * fractions).ravel())
        parts = self.inputs_at(times)
        return np.concatenate([p.reshape(-1, fractions.size, len(self.inputs)) for p in parts])
