"""Pictures of laws of curves: data, law and its interval, the law beyond the data, and what it leaves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ansatz.discovery.data.curves import ValueScale
from ansatz.discovery.expression import Array
from ansatz.discovery.pictures.curve_line import PROBABILITY
from ansatz.discovery.pictures.curve_picture import Mark, Picture, Series
from ansatz.discovery.pictures.plots import ImageFormat, figure_of, file_of, label

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLOURS: Final = ("tab:blue", "tab:orange", "tab:green", "tab:purple", "tab:brown", "tab:cyan")


@dataclass(frozen=True)
class _Limits:
    """Say what of the values' axis is shown. Chosen by judgement.

    Attributes:
        beyond: of the data's span, that a law which runs away from them is followed.
        margin: of what is shown, left free at either end.
    """

    beyond: float = 0.7
    margin: float = 0.06


_LIMITS: Final = _Limits()
_RESTS: Final = {
    ValueScale.LOG: "log of {0} / law",
    ValueScale.LINEAR: "{0} − law",
    ValueScale.SHARE: "arcsine of {0} − law",
}


def plot_curves(picture: Picture, form: ImageFormat) -> bytes:
    """Draw values against the axis with the law, on logarithmic axes where it is so counted, and what it leaves."""
    figure, (values, rests) = figure_of(2)
    for series, colour in zip(picture.series, _COLOURS, strict=False):
        _line(values, series, colour)
        _points(values, series, series.y, colour)
        _points(rests, series, series.rest, colour)
    rests.axhline(0, color="grey", linewidth=0.8)
    _axes(values, rests, picture)
    _legend(values, picture)
    label(values, picture.across, picture.target, picture.title)
    label(rests, picture.across, _RESTS[picture.scale].format(picture.target), "Residuals")
    return file_of(figure, form)


def _line(axes: Axes, series: Series, colour: str) -> None:
    """Draw the law, dashed where it goes beyond the data, over its interval."""
    line = series.line
    axes.plot(line.x, np.where(line.inside, line.y, np.nan), "-", color=colour)
    last = int(np.flatnonzero(line.inside)[-1]) if line.inside.any() else 0
    axes.plot(line.x[last:], line.y[last:], "--", color=colour)
    axes.fill_between(line.x, line.lower, line.upper, color=colour, alpha=0.2, linewidth=0)


def _points(axes: Axes, series: Series, y: Array, colour: str) -> None:
    looks: dict[Mark, dict[str, Any]] = {
        Mark.FITTED: {"marker": "o", "color": colour, "markersize": 3},
        Mark.HELD_OUT: {"marker": "o", "color": colour, "markersize": 4, "markerfacecolor": "white"},
        Mark.OUTLIER: {"marker": "x", "color": "tab:red", "markersize": 5},
        Mark.WARM_UP: {"marker": ".", "color": "lightgrey", "markersize": 4},
    }
    for mark, look in looks.items():
        chosen = np.array([m is mark for m in series.marks])
        if chosen.any():
            axes.plot(series.x[chosen], y[chosen], linestyle="none", **look)


def _axes(values: Axes, rests: Axes, picture: Picture) -> None:
    if picture.logarithmic:
        values.set_xscale("log")
        rests.set_xscale("log")
    if picture.scale is ValueScale.LOG:
        values.set_yscale("log")
    values.set_ylim(*_limits(picture))


def _limits(picture: Picture) -> tuple[float, float]:
    """Return the lowest and the highest that is shown: the data, and the law as far as it does not run away."""
    logarithmic = picture.scale is ValueScale.LOG
    data = np.concatenate([s.y for s in picture.series])
    law = np.concatenate([s.line.y for s in picture.series])
    law = law[np.isfinite(law) & ((law > 0) | (not logarithmic))]
    if logarithmic:
        data, law = np.log(data), np.log(law)
    low, high = float(data.min()), float(data.max())
    span = (high - low) or 1.0
    beyond = _LIMITS.beyond * span
    low, high = max(min(low, *law), low - beyond), min(max(high, *law), high + beyond)
    margin = _LIMITS.margin * (high - low)
    ends = (low - margin, high + margin)
    return (float(np.exp(ends[0])), float(np.exp(ends[1]))) if logarithmic else ends


def _legend(axes: Axes, picture: Picture) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    grey = "dimgrey"
    marks = {mark for series in picture.series for mark in series.marks}
    kinds = {
        Mark.HELD_OUT: Line2D([], [], marker="o", color=grey, markerfacecolor="white", markersize=4, linestyle="none"),
        Mark.OUTLIER: Line2D([], [], marker="x", color="tab:red", markersize=5, linestyle="none"),
        Mark.WARM_UP: Line2D([], [], marker=".", color="lightgrey", linestyle="none"),
    }
    series = picture.series
    handles = [
        Line2D([], [], marker="o", markersize=3, color=colour, label=one.label)
        for one, colour in zip(series, _COLOURS, strict=False)
    ]
    for mark, handle in kinds.items():
        if mark in marks:
            handle.set_label(str(mark))
            handles.append(handle)
    handles.append(Line2D([], [], color=grey, linestyle="--", label="law, beyond the data"))
    band = Patch(color=grey, alpha=0.2, linewidth=0, label=f"{100 * PROBABILITY:.0f} % interval of the law")
    legend = axes.legend(handles=[*handles, band], fontsize="x-small")
    for text in legend.get_texts():
        text.set_parse_math(False)
