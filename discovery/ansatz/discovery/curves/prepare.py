"""From curves to the sample that laws are fitted to."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ansatz.discovery.curves.sample import Sample
from ansatz.discovery.data.curves import RATE_SUMS, Curves, ValueScale
from ansatz.discovery.expression import Array
from ansatz.discovery.report.report import Warning

LR_SUM, LR_DROP = RATE_SUMS
_MOMENTUM: Final = 0.999
"""By which a fall of the learning rate is forgotten in a step (Tissue et al. 2024, arXiv:2408.11029)."""


@dataclass(frozen=True)
class _Thinning:
    """Say how many rows are fitted. Chosen by judgement; `python -m bench.curves` holds the figures.

    Attributes:
        most_rows: that are fitted: the time of a fit grows in proportion.
        fewest_a_run: bins of each run, at least.
        most_counted: rows of a bin by which its noise is taken to be averaged out: neighbours are alike.
        differing: share of a run's neighbours that must differ in the input that runs along it.
    """

    most_rows: int = 600
    fewest_a_run: int = 30
    most_counted: float = 25.0
    differing: float = 0.5


_THINNING: Final = _Thinning()


@dataclass(frozen=True, eq=False)
class PreparedCurves:
    """Curves made ready.

    Attributes:
        sample: the rows.
        run_names: of its runs, empty where they have none.
        roles: of its columns, by meaning.
        names: in formulas to the caller's, where they differ.
        axis: the input that runs along a curve, empty where there is none.
        target: the name of the values in formulas.
        warnings: what the report must say.
    """

    sample: Sample
    run_names: tuple[str, ...]
    roles: Mapping[str, str]
    names: Mapping[str, str]
    axis: str
    target: str
    warnings: tuple[Warning, ...]


def prepare(curves: Curves, used: Collection[str] = ()) -> PreparedCurves:
    """Return the sample of curves: rows ordered along each run, long runs averaged within bins.

    Inputs that explain nothing are warned of, and left out unless they are among those `used` by the caller's formulas.
    """
    names = curves.names.identifiers
    warnings: list[Warning] = []
    columns = _useful_inputs(curves, names, used, warnings)
    run, run_names = _runs(curves)
    axis = _axis(curves, columns, names, run)
    y = np.array(curves.column(curves.target).values, dtype=np.float64)
    order = np.lexsort((columns[axis], run)) if axis else np.argsort(run, kind="stable")
    sample = Sample(
        columns, y, curves.scale, _spread(curves, y), np.ones(y.size), run, np.arange(y.size),
        np.array(curves.column(curves.trials).values) if curves.trials else None,
    ).only(order)  # fmt: skip
    roles = {role: names[column] for role, column in curves.roles.items() if names[column] in columns}
    if curves.may_sum_rate:
        sample, roles = _with_learning_rate(sample, roles, used)
    if curves.scale is ValueScale.LINEAR and float(y.min()) <= 0:
        row = int(np.argmax(y <= 0)) + 1
        text = f"{curves.target!r} is {y[row - 1]:g} in row {row}: errors are counted on the plain, not the log scale."
        warnings.append(Warning("LINEAR_SCALE", text))
    if sample.rows > _THINNING.most_rows:
        binned = _binned(sample, axis) if axis else _drawn(sample)
        how = "averaged within bins along each run" if axis else "drawn evenly"
        warnings.append(Warning("ROWS_THINNED", f"Of {sample.rows} rows {binned.rows} were fitted, {how}."))
        sample = binned
    return PreparedCurves(sample, run_names, roles, curves.names.renamed, axis, names[curves.target], tuple(warnings))


def _useful_inputs(
    curves: Curves, names: Mapping[str, str], used: Collection[str], warnings: list[Warning]
) -> dict[str, Array]:
    columns: dict[str, Array] = {}
    for name in curves.inputs:
        values = np.array(curves.column(name).values, dtype=np.float64)
        different = np.unique(values).size
        is_kept = names[name] in used
        if different == 1:
            text = f"The input {name!r} is {values[0]:g} in every row; it explains nothing here."
            warnings.append(Warning("CONSTANT_COLUMN", text))
        elif any(np.array_equal(values, other) for other in columns.values()):
            text = f"The input {name!r} repeats another{'.' if is_kept else '; it was left out.'}"
            warnings.append(Warning("DUPLICATE_COLUMN", text))
        else:
            is_kept = True
        if is_kept:
            columns[names[name]] = values
            if different == 2:
                text = f"The input {name!r} has two different values: no law of it can be told from another."
                warnings.append(Warning("FEW_VALUES", text))
    return columns


def _runs(curves: Curves) -> tuple[NDArray[np.intp], tuple[str, ...]]:
    """Return the run of each row, and the runs' names.

    Without labels, all rows are one run where there is one input, else each row is a run.
    """
    if curves.runs:
        labels, run = np.unique(np.array(curves.runs), return_inverse=True)
        return run.astype(np.intp), tuple(map(str, labels))
    if len(curves.inputs) == 1:
        return np.zeros(curves.rows, dtype=np.intp), ()
    return np.arange(curves.rows, dtype=np.intp), ()


def _axis(curves: Curves, columns: Mapping[str, Array], names: Mapping[str, str], run: NDArray[np.intp]) -> str:
    """Return the input that runs along a curve: step, data or compute by role, else the first that differs in runs."""
    candidates = [names[curves.roles[role]] for role in ("S", "D", "C") if role in curves.roles]
    for name in [*candidates, *columns]:
        if name in columns and _differs_within(columns[name], run):
            return name
    return ""


def _differs_within(values: Array, run: NDArray[np.intp]) -> bool:
    order = np.lexsort((values, run))
    same = run[order][1:] == run[order][:-1]
    return bool(np.any(same)) and float(np.mean(np.diff(values[order])[same] > 0)) > _THINNING.differing


def _spread(curves: Curves, y: Array) -> Array:
    """Return standard deviations of rows on the scale, up to a common factor; of shares those of Anscombe 1948."""
    if curves.trials:
        spread = 0.5 / np.sqrt(curves.column(curves.trials).values + 0.5)
    elif curves.std_errors:
        errors = curves.column(curves.std_errors).values
        spread = errors / y if curves.scale is ValueScale.LOG else errors
    else:
        return np.ones(y.size)
    normalised: Array = spread / np.exp(np.mean(np.log(spread)))
    return normalised


def _with_learning_rate(sample: Sample, roles: dict[str, str], used: Collection[str]) -> tuple[Sample, dict[str, str]]:
    """Return both with the sums of the learning rate over steps, and of what it fell by, where it changes within a run.

    They take the place of the learning rate itself, unless that is `used`.
    """
    if not {"S", "lr"} <= roles.keys():
        return sample, roles
    step, rate = sample.columns[roles["S"]], sample.columns[roles["lr"]]
    total, drop = np.zeros(sample.rows), np.zeros(sample.rows)
    varies = False
    for run in np.unique(sample.run):
        rows = np.flatnonzero(sample.run == run)
        varies |= bool(np.ptp(rate[rows]) > 0)
        total[rows], drop[rows] = _rate_sums(step[rows], rate[rows])
    if not varies or not np.all(total > 0):
        return sample, roles
    columns = {**sample.columns, LR_SUM: total, LR_DROP: drop}
    if roles["lr"] not in used:
        columns.pop(roles["lr"])
    return replace(sample, columns=columns), {**roles, LR_SUM: LR_SUM, LR_DROP: LR_DROP}


def _rate_sums(step: Array, rate: Array) -> tuple[Array, Array]:
    """Return S1 = Σ η and S2 = Σ Σ (η_before − η) 0.999^steps of Tissue et al. 2024 at each row."""
    gap = np.diff(step, prepend=min(step[0] - 1, 0.0))
    total = np.cumsum(rate * gap)
    momentum, area = 0.0, np.zeros(step.size)
    for i in range(1, step.size):
        decay = _MOMENTUM ** gap[i]
        fall = (rate[i - 1] - rate[i]) / gap[i] if gap[i] > 0 else 0.0
        # A fall spread evenly over the gap; both sums in closed form.
        geometric = (1 - decay) / (1 - _MOMENTUM)
        area[i] = (
            area[i - 1] + momentum * _MOMENTUM * geometric + fall * (gap[i] - _MOMENTUM * geometric) / (1 - _MOMENTUM)
        )
        momentum = momentum * decay + fall * geometric
    return total, area


def _binned(sample: Sample, axis: str) -> Sample:
    """Average rows over bins of the axis, evenly spaced in its logarithm, within each run."""
    runs = np.unique(sample.run)
    bins = max(_THINNING.most_rows // runs.size, _THINNING.fewest_a_run)
    x = sample.columns[axis]
    labels = np.zeros(sample.rows, dtype=np.intp)
    for k, run in enumerate(runs):
        rows = np.flatnonzero(sample.run == run)
        labels[rows] = k * bins + _log_bins(x[rows], bins)
    _, first, label = np.unique(labels, return_index=True, return_inverse=True)
    count = np.bincount(label).astype(np.float64)

    def mean(values: Array) -> Array:
        averaged: Array = np.bincount(label, values) / count
        return averaged

    counted = np.minimum(count, _THINNING.most_counted)
    return Sample(
        columns={name: mean(column) for name, column in sample.columns.items()},
        y=np.exp(mean(np.log(sample.y))) if sample.scale is ValueScale.LOG else mean(sample.y),
        scale=sample.scale,
        spread=mean(sample.spread) / np.sqrt(counted),
        counts=count,
        run=sample.run[first],
        first_row=sample.first_row[first],
        trials=None if sample.trials is None else mean(sample.trials) * counted,
    )


def _log_bins(x: Array, bins: int) -> NDArray[np.intp]:
    if x.size <= bins:
        return np.arange(x.size)
    shifted = x - min(float(x.min()), 0.0)
    smallest = float(shifted[shifted > 0].min())
    position = np.log(np.maximum(shifted, smallest))
    share = (position - position.min()) / max(float(np.ptp(position)), 1e-300)
    bin_of_row: NDArray[np.intp] = np.minimum((share * bins).astype(np.intp), bins - 1)
    return bin_of_row


def _drawn(sample: Sample) -> Sample:
    return sample.only(np.unique(np.linspace(0, sample.rows - 1, _THINNING.most_rows).astype(np.intp)))
