"""A law along one column, with its interval, as far as the data go and ten times as far."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ansatz.discovery.curves.fit import CurveFit
from ansatz.discovery.curves.intervals import profile, value_quantity
from ansatz.discovery.curves.sample import Sample
from ansatz.discovery.expression import Array

PROBABILITY: Final = 0.8
"""Of the interval, as predictions have it unless asked otherwise."""


@dataclass(frozen=True)
class _Drawing:
    """Say how far and how finely laws are drawn. Chosen by judgement.

    Attributes:
        factor: of the largest scale, to which a law is drawn on a logarithmic axis.
        share: of the data's span, by which it is drawn beyond them on a linear one.
        places: at which a line is drawn.
        profiles: at which intervals are found, of all lines together: each costs fits.
        fewest_profiles: of one line; between them intervals are interpolated.
    """

    factor: float = 10.0
    share: float = 0.25
    places: int = 160
    profiles: int = 36
    fewest_profiles: int = 6


_DRAWING: Final = _Drawing()


@dataclass(frozen=True, eq=False)
class Line:
    """A law along an axis, all arrays `(k,)`.

    Attributes:
        x: places, ascending.
        y: the law there.
        lower: the lower end of its interval, NaN where the data give none.
        upper: the upper end.
        inside: where the series has data.
    """

    x: Array
    y: Array
    lower: Array
    upper: Array
    inside: NDArray[np.bool_]


@dataclass(frozen=True)
class Axis:
    """What laws are drawn along.

    Attributes:
        column: its name in formulas.
        low: the smallest place of all series.
        high: the largest place of all series.
        logarithmic: whether the axis is.
        ends: whether nothing can lie beyond the data (shares).
    """

    column: str
    low: float
    high: float
    logarithmic: bool
    ends: bool

    def grid(self, start: float) -> Array:
        """Return places from `start` to the horizon."""
        if self.ends:
            return np.linspace(start, self.high, _DRAWING.places)
        if self.logarithmic:
            return np.geomspace(start, self.high * _DRAWING.factor, _DRAWING.places)
        return np.linspace(start, self.high + _DRAWING.share * (self.high - self.low), _DRAWING.places)


def line_along(fit: CurveFit, sample: Sample, axis: Axis, lines: int) -> Line:
    """Return the law for rows of one series, without a warm-up; `lines`: how many series there are.

    The law's other columns stay at those of the middle row, unless they change along a run. Then the law is drawn at
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
    below, above = _widths(fit, columns, x.size, max(_DRAWING.profiles // lines, _DRAWING.fewest_profiles))
    with np.errstate(all="ignore"):
        lower, upper = (fit.sample.from_scale(ends) for ends in (z - below, z + above))
    inside = (x >= own.min()) & (x <= own.max())
    return Line(x, np.array(np.broadcast_to(values, x.shape)), lower, upper, inside)


def _along_rows(fit: CurveFit, sample: Sample, across: str) -> dict[str, Array] | None:
    """Return the law's columns by ascending axis, where others than it change along a single run; None else."""
    others = [name for name in fit.model.binding.values() if name != across]
    if np.unique(sample.run).size > 1 or not any(np.ptp(sample.columns[name]) > 0 for name in others):
        return None
    order = np.argsort(sample.columns[across], kind="stable")
    return {name: sample.columns[name][order] for name in {*others, across}}


def _scaled(fit: CurveFit, values: Array) -> Array:
    """Return values on the scale of errors; shares are those of very many trials."""
    if fit.sample.trials is not None:
        return np.asarray(np.arcsin(np.sqrt(np.clip(values, 0.0, 1.0))))
    return fit.sample.to_scale(values)[0]


def _widths(fit: CurveFit, columns: dict[str, Array], size: int, count: int) -> tuple[Array, Array]:
    """Return how far the interval goes below and above the law, on the scale.

    It is found by profiles at some places, and by lines between them.
    """
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
