"""What a picture of curves shows: rows by series, and the law with its intervals, within the data and beyond."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ansatz.discovery.asked.options import Options
from ansatz.discovery.curves.chosen import ChosenLaw, fitted, fitted_runs, prepared_again
from ansatz.discovery.curves.fit import CurveFit
from ansatz.discovery.curves.prepare import LR_SUM, PreparedCurves
from ansatz.discovery.curves.sample import Sample
from ansatz.discovery.curves.score import HeldOut
from ansatz.discovery.curves.search import scale_columns
from ansatz.discovery.data.curves import Curves, ValueScale
from ansatz.discovery.expression import Array
from ansatz.discovery.pictures.curve_line import Axis, Line, line_along

_ALONG: Final = ("D", "S", "C", "N")


@dataclass(frozen=True)
class _Limits:
    """Say what is drawn, and how. Chosen by judgement.

    Attributes:
        most_series: that a reader can tell apart by their colours.
        logarithmic: factor that a column spans from which its axis is logarithmic.
    """

    most_series: int = 6
    logarithmic: float = 10.0


_LIMITS: Final = _Limits()


class Mark(StrEnum):
    """What became of a row."""

    FITTED = "fitted"
    HELD_OUT = "held out"
    OUTLIER = "outlier"
    WARM_UP = "warm-up, left out"


@dataclass(frozen=True, eq=False)
class Series:
    """Rows that differ in little but the axis.

    Attributes:
        label: what they have in common.
        x: where they lie, `(n,)`.
        y: their values, `(n,)`.
        rest: what the law leaves of each on the scale of errors, `(n,)`.
        marks: what became of each.
        line: the law there.
    """

    label: str
    x: Array
    y: Array
    rest: Array
    marks: tuple[Mark, ...]
    line: Line


@dataclass(frozen=True, eq=False)
class Picture:
    """Series along one column.

    Attributes:
        across: the column, by the caller's name.
        target: the caller's name of the values.
        title: the law.
        logarithmic: whether the axis of the column is.
        scale: that of errors, on which the values are drawn.
        series: the rows and the law.
    """

    across: str
    target: str
    title: str
    logarithmic: bool
    scale: ValueScale
    series: tuple[Series, ...]


@dataclass(frozen=True, eq=False)
class _Part:
    """Some rows, with the law fitted to them (and others).

    Attributes:
        label: what the rows have in common.
        sample: the rows.
        fit: of the law.
        foretold: the first rows, of the caller's, of those that were held out.
    """

    label: str
    sample: Sample
    fit: CurveFit
    foretold: frozenset[int]


def picture(curves: Curves, law: ChosenLaw, held_out: bool, options: Options) -> Picture:
    """Return what to draw of one law of a report, fitted again; `held_out`: the report held rows out.

    Of many runs or sizes, a few series are shown. Raises InvalidInputError.
    """
    prepared = prepared_again(curves, options)
    if curves.per_run:
        fits = fitted_runs(prepared, law, options)
        shown = [list(fits)[i] for i in _even(len(fits))]
        first = fits[shown[0]]
        across = _across(first, prepared)
        parts = [_Part(run, fits[run].sample, fits[run], _foretold(fits[run], held_out, across)) for run in shown]
        title = f"{first.model.law.title},\nconstants by run; {len(shown)} of {len(fits)} runs"
    else:
        fit = fitted(curves, prepared, law, options)
        across = _across(fit, prepared)
        foretold = _foretold(fit, held_out, *scale_columns(fit.sample, prepared))
        groups = _groups(prepared, fit, across)
        parts = [_Part(label, prepared.sample.only(rows), fit, foretold) for label, rows in groups]
        title = fit.model.law.title
    axis = _axis(across, parts)
    series = tuple(_series(part, axis, law.warm_up_until, len(parts)) for part in parts)
    scale = prepared.sample.scale
    return Picture(prepared.names.get(across, across), curves.target, title, axis.logarithmic, scale, series)


def _axis(across: str, parts: list[_Part]) -> Axis:
    x = np.concatenate([part.sample.columns[across] for part in parts])
    low, high, shares = float(x.min()), float(x.max()), parts[0].fit.model.law.shares
    return Axis(across, low, high, not shares and low > 0 and high / low >= _LIMITS.logarithmic, shares)


def _even(count: int) -> list[int]:
    """Return a few of `count` places, evenly spread."""
    return [int(i) for i in np.unique(np.linspace(0, count - 1, min(count, _LIMITS.most_series)).astype(int))]


def _across(fit: CurveFit, prepared: PreparedCurves) -> str:
    """Return the column to draw along: that of the runs, else data, steps, compute, size, else that of most values."""
    used = dict.fromkeys(fit.model.binding.values())
    if prepared.axis in fit.sample.columns and (not used or {prepared.axis, LR_SUM} & used.keys()):
        return prepared.axis
    meant = [prepared.roles[role] for role in _ALONG if prepared.roles.get(role) in used]
    if meant:
        return meant[0]
    columns = fit.sample.columns
    return max(used or columns, key=lambda name: np.unique(columns[name]).size)


def _foretold(fit: CurveFit, held_out: bool, *scales: str) -> frozenset[int]:
    """Return the first rows of the sample's rows that were held out."""
    parted = HeldOut.of(fit.sample, scales) if held_out else None
    return frozenset(fit.sample.first_row[parted.outer].tolist()) if parted else frozenset()


def _groups(prepared: PreparedCurves, fit: CurveFit, across: str) -> Iterator[tuple[str, NDArray[np.intp]]]:
    """Yield rows by the law's other columns: by each of their values where there are few, else in a few parts.

    Where these columns change along each run, rows are parted by run.
    """
    sample = prepared.sample
    others = [name for name in dict.fromkeys(fit.model.binding.values()) if name != across]
    if not others:
        yield "data", np.arange(sample.rows)
        return
    values = np.column_stack([sample.columns[name] for name in others])
    distinct, kind = np.unique(values, axis=0, return_inverse=True)
    runs = np.unique(sample.run)
    if prepared.run_names and across == prepared.axis and len(distinct) > max(len(runs), _LIMITS.most_series):
        for run in runs[_even(len(runs))]:
            yield prepared.run_names[run], np.flatnonzero(sample.run == run)
    elif len(distinct) <= _LIMITS.most_series:
        for i, row in enumerate(distinct):
            yield _named(others, row, "="), np.flatnonzero(kind.ravel() == i)
    else:
        place = np.sum(np.log(np.maximum(np.abs(values), 1e-300)), axis=1)
        for rows in np.array_split(np.argsort(place, kind="stable"), _LIMITS.most_series):
            yield _named(others, values[rows[rows.size // 2]], "≈"), rows


def _named(names: list[str], values: Array, sign: str) -> str:
    return ", ".join(f"{name} {sign} {value:.3g}" for name, value in zip(names, values, strict=True))


def _series(part: _Part, axis: Axis, warm_up: float | None, parts: int) -> Series:
    sample, fit = part.sample, part.fit
    values = fit.model.values(fit.u[None, :], fit.model.variables_at(sample.columns))[0]
    with np.errstate(all="ignore"):
        rest = sample.z - np.broadcast_to(sample.to_scale(values)[0], sample.z.shape)
    x = sample.columns[axis.column]
    far = np.abs(rest) / sample.spread > fit.outlying
    marks = tuple(
        Mark.WARM_UP if warm_up is not None and x[i] <= warm_up
        else Mark.OUTLIER if far[i]
        else Mark.HELD_OUT if int(sample.first_row[i]) in part.foretold
        else Mark.FITTED
        for i in range(sample.rows)
    )  # fmt: skip
    known = sample if warm_up is None else sample.only(x > warm_up)
    line = line_along(fit, known, axis, parts)
    return Series(part.label, x, sample.y, rest, marks, line)
