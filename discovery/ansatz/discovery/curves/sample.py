"""The rows that laws are fitted to, on the scale on which errors are counted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ansatz.discovery.data.curves import ValueScale
from ansatz.discovery.expression import Array

_CONTINUITY = 0.375  # Anscombe 1948


@dataclass(frozen=True, eq=False)
class Sample:
    """Rows of curves.

    `columns` are the inputs by their names in formulas and `y` the values, each of shape (n,); `spread` is the standard
    deviation of each row on the scale, up to a factor common to all; `counts` are the rows of the caller's that each
    row stands for; `run` numbers the run of each row; `first_row` is the caller's row (from 0) it begins with; `trials`
    is given on the scale of shares.
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
        return int(self.y.size)

    @cached_property
    def unit(self) -> float:
        """What values are divided by on the linear scale: their root mean square."""
        if self.scale is not ValueScale.LINEAR:
            return 1.0
        return float(np.sqrt(np.mean(self.y**2))) or 1.0

    @cached_property
    def z(self) -> Array:
        """The observed values on the scale, shape (n,)."""
        return self.to_scale(self.y)[0]

    def to_scale(self, values: Array) -> tuple[Array, Array]:
        """Values of shape (…, n) on the scale, and the slope of the scale there."""
        if self.scale is ValueScale.LOG:
            return np.log(values), 1.0 / values
        if self.scale is ValueScale.LINEAR:
            return values / self.unit, np.full(np.shape(values), 1.0 / self.unit)
        trials = np.inf if self.trials is None else self.trials
        total = 1.0 + 2 * _CONTINUITY / trials
        inside = np.clip(values, 0.0, 1.0)
        share = np.clip((inside + _CONTINUITY / trials) / total, 1e-12, 1 - 1e-12)
        slope = np.where(values == inside, 0.5 / (np.sqrt(share * (1 - share)) * total), 0.0)
        return np.arcsin(np.sqrt(share)), slope

    def from_scale(self, z: Array) -> Array:
        """Values from the scale (of shares: those of many trials)."""
        if self.scale is ValueScale.LOG:
            return np.exp(z)
        if self.scale is ValueScale.LINEAR:
            return z * self.unit
        return np.sin(np.clip(z, 0.0, np.pi / 2)) ** 2

    def only(self, rows: NDArray[np.intp] | NDArray[np.bool_]) -> Sample:
        """Some of the rows."""
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
        return replace(self, y=y)
