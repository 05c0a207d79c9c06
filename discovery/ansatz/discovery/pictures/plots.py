"""Pictures of results, as files: a law beside its table, a motion beside its runs."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from ansatz.discovery.data.noise import TargetNoise
from ansatz.discovery.data.table import Groups, Table
from ansatz.discovery.data.trajectories import Trajectories
from ansatz.discovery.expression import Array, Node, evaluate
from ansatz.discovery.report.by_group import differs, in_group
from ansatz.discovery.report.report import Constant
from ansatz.discovery.trajectories.integral import Smoothed
from ansatz.discovery.trajectories.prepare import prepare
from ansatz.discovery.trajectories.record import Record
from ansatz.discovery.trajectories.rollout import Rollout
from ansatz.discovery.trajectories.shooting import Shooting
from ansatz.discovery.trajectories.system import System

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class _Drawing:
    """Say how much is drawn. Chosen by judgement.

    Attributes:
        most_points: rows of a table: more hide each other and make files large.
        most_runs: of a motion.
        most_groups: of a table, that a line each is drawn for, the largest.
        places: at which a trajectory is drawn.
        least_error: relative, that a logarithmic axis shows: about the rounding of float64.
        columns: plots beside each other.
        width: of one plot, in inches.
        height: of one plot, in inches.
        dots: an inch, of a PNG.
    """

    most_points: int = 5000
    most_runs: int = 6
    most_groups: int = 30
    places: int = 400
    least_error: float = 1e-16
    columns: int = 3
    width: float = 4.2
    height: float = 3.4
    dots: int = 130


_DRAWING: Final = _Drawing()


class ImageFormat(StrEnum):
    """The form of a picture."""

    SVG = "svg"
    PNG = "png"

    @property
    def media_type(self) -> str:
        """Return the media type of such a file."""
        return "image/svg+xml" if self is ImageFormat.SVG else "image/png"


@dataclass(frozen=True)
class FrontPoint:
    """A candidate beside a Pareto front.

    Attributes:
        complexity: its nodes.
        relative_error: root mean squared error over the size of the target.
        drawn: whether it is the one drawn.
        on_front: whether no simpler one beats it.
    """

    complexity: int
    relative_error: float
    drawn: bool
    on_front: bool


def plot_table(
    table: Table, formula: Node, front: Sequence[FrontPoint], form: ImageFormat, constants: Sequence[Constant] = ()
) -> bytes:
    """Draw data against law, residuals and Pareto front. `formula` is in terms of the inputs' names in formulas.

    Where `constants` of grouped data differ from group to group, the law of each row is that of its group.
    """
    y, target = table.explained, _explained_name(table)
    groups = _groups(table) if differs(constants) else {"": np.arange(table.rows)}
    law = _values(table, formula, constants, groups)
    rows = np.unique(np.linspace(0, table.rows - 1, min(table.rows, _DRAWING.most_points)).astype(int))
    figure, (against, residuals, sizes) = figure_of(3)
    varying = [c for c in table.inputs if any(np.ptp(table.column(c).values[m]) > 0 for m in groups.values())]
    if len(varying) == 1:
        x = table.column(varying[0]).values
        against.plot(x[rows], y[rows], ".", color="tab:blue", label="data")
        for i, members in enumerate(list(groups.values())[: _DRAWING.most_groups]):
            order = members[np.argsort(x[members], kind="stable")]
            against.plot(x[order], law[order], "-", color="tab:orange", label="" if i else "law")
        label(against, varying[0], target, "Data and law")
    else:
        against.plot(law[rows], y[rows], ".", color="tab:blue", label="data")
        line = [float(np.nanmin(law)), float(np.nanmax(law))]
        against.plot(line, line, "-", color="tab:orange", label="law")
        label(against, "law", target, "Data against law")
    against.legend()
    residuals.plot(law[rows], (y - law)[rows], ".", color="tab:blue")
    residuals.axhline(0, color="tab:orange")
    label(residuals, "law", f"{target} − law", "Residuals")
    _front(sizes, front)
    return file_of(figure, form)


def _explained_name(table: Table) -> str:
    return f"share of {table.target}" if table.noise is TargetNoise.BINOMIAL else table.target


def _groups(table: Table) -> dict[str, NDArray[np.intp]]:
    """Return the rows of each group, by label, the largest groups first."""
    groups = Groups.of(table.column(table.group))
    largest = np.argsort(-np.bincount(groups.index), kind="stable")
    return {groups.labels[g]: np.flatnonzero(groups.index == g) for g in largest}


def _values(
    table: Table, formula: Node, constants: Sequence[Constant], groups: Mapping[str, NDArray[np.intp]]
) -> Array:
    """Return the law on every row, with the constants of its group."""
    columns = {identifier: table.column(c).values for c, identifier in table.names.identifiers.items()}
    law = np.empty(table.rows)
    for label, members in groups.items():
        own = {name: values[members] for name, values in columns.items()}
        law[members] = evaluate(in_group(formula, constants, label), own, members.size)
    return law


def _front(axes: Axes, front: Sequence[FrontPoint]) -> None:
    for point in front:
        colour = "tab:orange" if point.drawn else "tab:blue" if point.on_front else "lightgrey"
        axes.plot([point.complexity], [max(point.relative_error, _DRAWING.least_error)], "o", color=colour)
    axes.set_yscale("log")
    label(axes, "nodes", "relative error", "Pareto front")


def plot_motion(trajectories: Trajectories, equations: Sequence[Node], form: ImageFormat) -> bytes:
    """Draw states over time and the phase portrait, data and simulated trajectories, of a few runs.

    `equations` are those of the states, in their order, by names in formulas; initial states are fitted.
    """
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
    """Yield for each run times and states from a fitted initial state on."""
    system = System(tuple(equations), {})
    shooting = Shooting(record, smoothed.states, smoothed.noise)
    fit = shooting.fit(system)
    starts = smoothed.states if fit is None else fit.states
    low, high = smoothed.states.min(axis=0), smoothed.states.max(axis=0)
    rollout = Rollout(record, (low + high) / 2, np.where(high > low, (high - low) / 2, 1.0))
    for run in record.runs[: _DRAWING.most_runs]:
        t = np.linspace(record.t[run][0], record.t[run][-1], _DRAWING.places)
        yield run, t, rollout.follow(system, run, starts[run.start], t)


def _portrait(
    record: Record, smoothed: Smoothed, run: slice, z: Array
) -> tuple[tuple[Array, Array], tuple[Array, Array], tuple[str, str]]:
    """Return data and trajectory in the plane of the first two components; of one state alone, over its rate."""
    names = record.components
    if len(names) > 1:
        data = smoothed.states[run] if record.order == 2 else record.x[run]
        return (data[:, 0], data[:, 1]), (z[:, 0], z[:, 1]), (names[0], names[1])
    times = np.linspace(record.t[run][0], record.t[run][-1], z.shape[0])
    rates = (record.x[run, 0], smoothed.rates[run, 0]), (z[:, 0], np.gradient(z[:, 0], times))
    return *rates, (names[0], f"d{names[0]}/d{record.time}")


def figure_of(count: int) -> tuple[Figure, Any]:
    """Return a figure of so many plots, and their axes."""
    from matplotlib.figure import Figure

    columns = min(count, _DRAWING.columns)
    lines = -(-count // columns)
    figure = Figure(figsize=(_DRAWING.width * columns, _DRAWING.height * lines), layout="constrained")
    axes = figure.subplots(lines, columns, squeeze=False).ravel()
    for unused in axes[count:]:
        unused.set_visible(False)
    return figure, axes[:count]


def label(axes: Axes, across: str, up: str, title: str) -> None:
    """Write what is across and up, and the title; none of it is read as mathematics."""
    axes.set_xlabel(across, parse_math=False)
    axes.set_ylabel(up, parse_math=False)
    axes.set_title(title, parse_math=False)


def file_of(figure: Figure, form: ImageFormat) -> bytes:
    """Return the figure as a file."""
    import matplotlib

    stream = io.BytesIO()
    # Without a date and with a fixed salt the same picture is the same file.
    metadata = {"Date": None} if form is ImageFormat.SVG else None
    with matplotlib.rc_context({"svg.hashsalt": "ansatz"}):
        figure.savefig(stream, format=form.value, metadata=metadata, dpi=_DRAWING.dots)
    return stream.getvalue()
