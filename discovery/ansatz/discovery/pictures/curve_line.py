"""A law along one column, with its interval, as far as the data go and ten times as far."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ansatz.discovery.curves.fit import CurveFit
from ansatz.discovery.curves.intervals import profile, value_quantity
from ansatz.discovery.curves.sample import Sample
from ansatz.discovery.expression import Array

PROBABILITY = 0.8
"""Of the interval."""
HORIZON = 10.0
"""How many times the largest scale a law is drawn to on a logarithmic axis; on a linear one, a quarter of the data's
span."""
_LINEAR_HORIZON = 0.25
_FINE = 160
_PROFILES = 36
_FEWEST_PROFILES = 6


@dataclass(frozen=True, eq=False)
class Line:
    """A law: `x` ascending, `y`, and the ends of its interval (NaN where the data give none), all of shape (k,);
    `inside`: where the series has data."""

    x: Array
    y: Array
    lower: Array
    upper: Array
    inside: NDArray[np.bool_]


@dataclass(frozen=True)
class Axis:
    """What laws are drawn along: a column, from `low` to `high` over all series, logarithmic or not; `ends`: nothing
    can lie beyond the data (shares)."""

    column: str
    low: float
    high: float
    logarithmic: bool
    ends: bool

    def grid(self, start: float) -> Array:
        """Places from `start` to the horizon."""
        if self.ends:
            return np.linspace(start, self.high, _FINE)
        if self.logarithmic:
            return np.geomspace(start, self.high * HORIZON, _FINE)
        return np.linspace(start, self.high + _LINEAR_HORIZON * (self.high - self.low), _FINE)


def line_along(fit: CurveFit, sample: Sample, axis: Axis, lines: int) -> Line:
    """The law for rows of one series, without a warm-up; `lines`: how many series there are.

    The law's other columns stay at those of the middle row, unless they change along a run: then the law is drawn at
    the rows and not beyond, for who knows what they would be there.
    """
    across = axis.column
    own = sample.columns[across]
    columns = _along_rows(fit, sample, across)
    if columns is None:
        x = axis.grid(float(own.min()))
        middle = sample.rows // 2
        columns = {name: np.full(x.size, sample.columns[name][middle]) for name in fit.model.binding.values()}
        columns[across] = x
    x = columns[across]
    values = fit.model.values(fit.u[None, :], fit.model.variables_at(columns))[0]
    with np.errstate(all="ignore"):
        z = np.array(np.broadcast_to(_scaled(fit, values), x.shape))
    below, above = _widths(fit, columns, x.size, max(_PROFILES // lines, _FEWEST_PROFILES))
    with np.errstate(all="ignore"):
        lower, upper = (fit.sample.from_scale(ends) for ends in (z - below, z + above))
    inside = (x >= own.min()) & (x <= own.max())
    return Line(x, np.array(np.broadcast_to(values, x.shape)), lower, upper, inside)


def _along_rows(fit: CurveFit, sample: Sample, across: str) -> dict[str, Array] | None:
    """The law's columns by ascending axis, where others than it change along a single run; None else."""
    others = [name for name in fit.model.binding.values() if name != across]
    if np.unique(sample.run).size > 1 or not any(np.ptp(sample.columns[name]) > 0 for name in others):
        return None
    order = np.argsort(sample.columns[across], kind="stable")
    return {name: sample.columns[name][order] for name in {*others, across}}


def _scaled(fit: CurveFit, values: Array) -> Array:
    """Values on the scale of errors; shares are those of very many trials."""
    if fit.sample.trials is not None:
        return np.asarray(np.arcsin(np.sqrt(np.clip(values, 0.0, 1.0))))
    return fit.sample.to_scale(values)[0]


def _widths(fit: CurveFit, columns: dict[str, Array], size: int, count: int) -> tuple[Array, Array]:
    """How far the interval goes below and above the law, on the scale: profiles at some places, lines between them."""
    places = np.unique(np.linspace(0, size - 1, count).astype(int))
    needed = set(fit.model.binding.values())
    ends = []
    for place in places:
        point = {name: float(columns[name][place]) for name in needed}
        interval = profile(fit, value_quantity(fit, point), PROBABILITY)
        ends.append((interval.value - interval.lower, interval.upper - interval.value))
    below, above = np.where(np.isfinite(ends), ends, np.nan).T
    rows = np.arange(size)
    return np.interp(rows, places, below), np.interp(rows, places, above)
