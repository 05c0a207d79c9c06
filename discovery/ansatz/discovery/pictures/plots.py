"""Pictures of results, as files: a law beside its table, a motion beside its runs."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import numpy as np

from ansatz.discovery.data.table import Table
from ansatz.discovery.data.trajectories import Trajectories
from ansatz.discovery.expression import Array, Node, evaluate
from ansatz.discovery.trajectories.integral import Smoothed
from ansatz.discovery.trajectories.prepare import prepare
from ansatz.discovery.trajectories.record import Record
from ansatz.discovery.trajectories.rollout import Rollout
from ansatz.discovery.trajectories.shooting import Shooting
from ansatz.discovery.trajectories.system import System

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MOST_POINTS = 5000
_MOST_RUNS = 6
_FINE = 400


class ImageFormat(StrEnum):
    """The form of a picture."""

    SVG = "svg"
    PNG = "png"

    @property
    def media_type(self) -> str:
        return "image/svg+xml" if self is ImageFormat.SVG else "image/png"


@dataclass(frozen=True)
class FrontPoint:
    """A candidate of a Pareto front: its nodes, its relative error, whether it is the one drawn, and on the front."""

    complexity: int
    relative_error: float
    drawn: bool
    on_front: bool


def plot_table(table: Table, formula: Node, front: Sequence[FrontPoint], form: ImageFormat) -> bytes:
    """Data against law, residuals and Pareto front. `formula` is in terms of the inputs' names in formulas."""
    columns = {identifier: table.column(c).values for c, identifier in table.names.identifiers.items()}
    y = table.column(table.target).values
    law = evaluate(formula, columns, table.rows)
    rows = np.unique(np.linspace(0, table.rows - 1, min(table.rows, _MOST_POINTS)).astype(int))
    figure, (against, residuals, sizes) = figure_of(3)
    varying = [c for c in table.inputs if np.ptp(table.column(c).values) > 0]
    if len(varying) == 1:
        x = table.column(varying[0]).values
        order = np.argsort(x)
        against.plot(x[rows], y[rows], ".", color="tab:blue", label="data")
        against.plot(x[order], law[order], "-", color="tab:orange", label="law")
        label(against, varying[0], table.target, "Data and law")
    else:
        against.plot(law[rows], y[rows], ".", color="tab:blue", label="data")
        line = [float(np.nanmin(law)), float(np.nanmax(law))]
        against.plot(line, line, "-", color="tab:orange", label="law")
        label(against, "law", table.target, "Data against law")
    against.legend()
    residuals.plot(law[rows], (y - law)[rows], ".", color="tab:blue")
    residuals.axhline(0, color="tab:orange")
    label(residuals, "law", f"{table.target} − law", "Residuals")
    _front(sizes, front)
    return file_of(figure, form)


def _front(axes: Axes, front: Sequence[FrontPoint]) -> None:
    for point in front:
        colour = "tab:orange" if point.drawn else "tab:blue" if point.on_front else "lightgrey"
        axes.plot([point.complexity], [max(point.relative_error, 1e-16)], "o", color=colour)
    axes.set_yscale("log")
    label(axes, "nodes", "relative error", "Pareto front")


def plot_motion(trajectories: Trajectories, equations: Sequence[Node], form: ImageFormat) -> bytes:
    """States over time and the phase portrait, data and simulated trajectories; of at most six runs. `equations` are
    those of the states, in their order, by names in formulas; initial states are fitted."""
    record = prepare(trajectories).learned
    smoothed = Smoothed.of(record)
    figure, axes = figure_of(len(record.states) + 1)
    phase = axes[-1]
    for run, t, z in _simulated(record, smoothed, equations):
        for j, state in enumerate(trajectories.states):
            axes[j].plot(record.t[run], record.x[run, j], ".", color="tab:blue", markersize=3)
            axes[j].plot(t, z[:, j], "-", color="tab:orange")
            label(axes[j], trajectories.time, state, f"{state} over {trajectories.time}")
        across, up, names = _portrait(record, smoothed, run, z)
        phase.plot(*across, ".", color="tab:blue", markersize=3)
        phase.plot(*up, "-", color="tab:orange")
        label(phase, *names, "Phase portrait")
    return file_of(figure, form)


def _simulated(record: Record, smoothed: Smoothed, equations: Sequence[Node]) -> Iterator[tuple[slice, Array, Array]]:
    """For each run times and states from a fitted initial state on."""
    system = System(tuple(equations), {})
    shooting = Shooting(record, smoothed.states, smoothed.noise)
    fit = shooting.fit(system)
    starts = smoothed.states if fit is None else fit.states
    low, high = smoothed.states.min(axis=0), smoothed.states.max(axis=0)
    rollout = Rollout(record, (low + high) / 2, np.where(high > low, (high - low) / 2, 1.0))
    for run in record.runs[:_MOST_RUNS]:
        t = np.linspace(record.t[run][0], record.t[run][-1], _FINE)
        yield run, t, rollout.follow(system, run, starts[run.start], t)


def _portrait(
    record: Record, smoothed: Smoothed, run: slice, z: Array
) -> tuple[tuple[Array, Array], tuple[Array, Array], tuple[str, str]]:
    """Data and trajectory in the plane of the first two components; of one state alone, over its rate."""
    names = record.components
    if len(names) > 1:
        data = smoothed.states[run] if record.order == 2 else record.x[run]
        return (data[:, 0], data[:, 1]), (z[:, 0], z[:, 1]), (names[0], names[1])
    times = np.linspace(record.t[run][0], record.t[run][-1], z.shape[0])
    rates = (record.x[run, 0], smoothed.rates[run, 0]), (z[:, 0], np.gradient(z[:, 0], times))
    return *rates, (names[0], f"d{names[0]}/d{record.time}")


def figure_of(count: int) -> tuple[Figure, Any]:
    from matplotlib.figure import Figure

    columns = min(count, 3)
    figure = Figure(figsize=(4.2 * columns, 3.4 * -(-count // columns)), layout="constrained")
    axes = figure.subplots(-(-count // columns), columns, squeeze=False).ravel()
    for unused in axes[count:]:
        unused.set_visible(False)
    return figure, axes[:count]


def label(axes: Axes, across: str, up: str, title: str) -> None:
    axes.set_xlabel(across, parse_math=False)
    axes.set_ylabel(up, parse_math=False)
    axes.set_title(title, parse_math=False)


def file_of(figure: Figure, form: ImageFormat) -> bytes:
    import matplotlib

    stream = io.BytesIO()
    # Without a date and with a fixed salt the same picture is the same file.
    with matplotlib.rc_context({"svg.hashsalt": "ansatz"}):
        figure.savefig(stream, format=form.value, metadata={"Date": None} if form is ImageFormat.SVG else None, dpi=130)
    return stream.getvalue()
