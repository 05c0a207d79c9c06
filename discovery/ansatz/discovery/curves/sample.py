"""The rows that laws are fitted to, on the scale on which errors are counted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ansatz.discovery.data.curves import ValueScale
from ansatz.discovery.expression import Array


@dataclass(frozen=True)
class Shares:
    """Tune the scale of shares, the arcsine of their root.

    Attributes:
        continuity: successes and failures added to those of the trials (Anscombe 1948).
        least: distance of a share from 0 and 1, so that slopes stay finite; far below 1 in any number of trials.
    """

    continuity: float = 0.375
    least: float = 1e-12


SHARES: Final = Shares()


@dataclass(frozen=True, eq=False)
class Sample:
    """Rows of curves.

    Attributes:
        columns: the inputs by their names in formulas, each `(n,)`.
        y: the values, `(n,)`.
        scale: on which errors are counted.
        spread: standard deviation of each row on the scale, up to a factor common to all, `(n,)`.
        counts: rows of the caller's that each row stands for, `(n,)`.
        run: number of the run of each row, `(n,)`.
        first_row: the caller's row (from 0) that each row begins with, `(n,)`.
        trials: of each row on the scale of shares, `(n,)`; None else.
    """

    columns: Mapping[str, Array]
    y: Array
    scale: ValueScale
    spread: Array
    counts: Array
    run: NDArray[np.intp]
    first_row: NDArray[np.intp]
    trials: Array | None = None

    @property
    def rows(self) -> int:
        """Return the number of rows."""
        return int(self.y.size)

    @cached_property
    def unit(self) -> float:
        """Return what values are divided by on the linear scale: their root mean square."""
        if self.scale is not ValueScale.LINEAR:
            return 1.0
        return float(np.sqrt(np.mean(self.y**2))) or 1.0

    @cached_property
    def z(self) -> Array:
        """Return the observed values on the scale, `(n,)`."""
        return self.to_scale(self.y)[0]

    def to_scale(self, values: Array) -> tuple[Array, Array]:
        """Return values `(…, n)` on the scale, and the slope of the scale there."""
        if self.scale is ValueScale.LOG:
            return np.log(values), 1.0 / values
        if self.scale is ValueScale.LINEAR:
            return values / self.unit, np.full(np.shape(values), 1.0 / self.unit)
        trials = np.inf if self.trials is None else self.trials
        total = 1.0 + 2 * SHARES.continuity / trials
        inside = np.clip(values, 0.0, 1.0)
        share = np.clip((inside + SHARES.continuity / trials) / total, SHARES.least, 1 - SHARES.least)
        slope = np.where(values == inside, 0.5 / (np.sqrt(share * (1 - share)) * total), 0.0)
        return np.arcsin(np.sqrt(share)), slope

    def from_scale(self, z: Array) -> Array:
        """Return values from the scale (of shares: those of many trials)."""
        if self.scale is ValueScale.LOG:
            return np.exp(z)
        if self.scale is ValueScale.LINEAR:
            return z * self.unit
        return np.sin(np.clip(z, 0.0, np.pi / 2)) ** 2

    def only(self, rows: NDArray[np.intp] | NDArray[np.bool_]) -> Sample:
        """Return some of the rows."""
        return replace(
            self,
            columns={name: column[rows] for name, column in self.columns.items()},
            y=self.y[rows],
            spread=self.spread[rows],
            counts=self.counts[rows],
            run=self.run[rows],
            first_row=self.first_row[rows],
            trials=None if self.trials is None else self.trials[rows],
        )

    def with_values(self, y: Array) -> Sample:
        """Return the same rows with other values."""
        return replace(self, y=y)
