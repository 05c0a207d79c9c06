"""From messages to observations. All functions raise InvalidInputError where the message, or the library, is wrong."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from ansatz.discovery import (
    Column,
    Curves,
    InvalidInputError,
    Observations,
    Table,
    TargetNoise,
    Trajectories,
    ValueScale,
    Violation,
)
from ansatz.v1 import job_pb2, observations_pb2, problem_pb2

_SCALES = {
    observations_pb2.VALUE_SCALE_UNSPECIFIED: ValueScale.AUTO,
    observations_pb2.VALUE_SCALE_LOG: ValueScale.LOG,
    observations_pb2.VALUE_SCALE_LINEAR: ValueScale.LINEAR,
    observations_pb2.VALUE_SCALE_SHARE: ValueScale.SHARE,
}
_NOISES = {
    observations_pb2.TARGET_NOISE_UNSPECIFIED: TargetNoise.GAUSSIAN,
    observations_pb2.TARGET_NOISE_GAUSSIAN: TargetNoise.GAUSSIAN,
    observations_pb2.TARGET_NOISE_POISSON: TargetNoise.POISSON,
    observations_pb2.TARGET_NOISE_BINOMIAL: TargetNoise.BINOMIAL,
}


def observations_from_proto(problem: problem_pb2.Problem) -> Observations:
    """Return the observations of a problem."""
    match problem.WhichOneof("observations"):
        case "table":
            return table_from_proto(problem.table)
        case "curves":
            return _curves(problem.curves)
        case "trajectories":
            return _trajectories(problem.trajectories)
        case _:
            text = "is not given; a problem needs observations: set table, curves or trajectories"
            raise InvalidInputError([Violation("table", text)])


def table_from_proto(table: observations_pb2.Table) -> Table:
    """Return the table of a message."""
    columns, noise = _columns(table.columns, "table"), _NOISES.get(table.noise)
    if noise is None:
        known = ", ".join(observations_pb2.TargetNoise.keys())
        raise InvalidInputError([Violation("table.noise", f"{table.noise} is no noise; noises: {known}")])
    return Table(
        columns=columns,
        target=table.target,
        inputs=tuple(table.inputs),
        weights=table.weights,
        group=table.group,
        std_errors=table.std_errors,
        input_errors=dict(table.input_errors),
        noise=noise,
        trials=table.trials,
    )


def _curves(curves: observations_pb2.Curves) -> Curves:
    columns, scale = _columns(curves.columns, "curves"), _SCALES.get(curves.scale)
    if scale is None:
        known = ", ".join(observations_pb2.ValueScale.keys())
        raise InvalidInputError([Violation("curves.scale", f"{curves.scale} is no scale; scales: {known}")])
    return Curves(
        columns=columns,
        target=curves.target,
        inputs=tuple(curves.inputs),
        runs=tuple(curves.runs),
        roles=dict(curves.roles),
        std_errors=curves.std_errors,
        trials=curves.trials,
        scale=scale,
        per_run=curves.per_run,
    )


def _trajectories(message: observations_pb2.Trajectories) -> Trajectories:
    return Trajectories(
        columns=_columns(message.columns, "trajectories"),
        time=message.time,
        states=tuple(message.states),
        derivatives=tuple(message.derivatives),
        inputs=tuple(message.inputs),
        runs=tuple(message.runs),
        order=message.order or 1,
        held_out=tuple(message.held_out),
        stochastic=message.stochastic,
        std_errors=tuple(message.std_errors),
    )


def data_summary(observations: Observations) -> job_pb2.DataSummary:
    """Return the size of the data and what is explained by what; the target of a motion is the list of its states."""
    target = ", ".join(observations.states) if isinstance(observations, Trajectories) else observations.target
    return job_pb2.DataSummary(rows=observations.rows, inputs=observations.inputs, target=target)


def _columns(columns: Iterable[observations_pb2.Column], kind: str) -> tuple[Column, ...]:
    """Return the columns of a message; `kind` is how errors call the observations."""
    violations = [v for i, c in enumerate(columns) for v in _violations(f"{kind}.columns[{i}]", c)]
    if violations:
        raise InvalidInputError(violations)
    return tuple(map(_column, columns))


def _violations(field: str, column: observations_pb2.Column) -> Iterable[Violation]:
    if column.packed_values and column.values:
        yield Violation(field, f"{column.name!r} has both packed_values and values; set one of them")
    if column.labels and (column.packed_values or column.values):
        yield Violation(field, f"{column.name!r} has both labels and numbers; set one of them")
    if len(column.packed_values) % 8:
        yield Violation(
            f"{field}.packed_values",
            f"{column.name!r} has {len(column.packed_values)} bytes, no multiple of 8; "
            "pack little-endian float64, 8 bytes a value",
        )


def _column(column: observations_pb2.Column) -> Column:
    if column.labels:
        return Column.of_labels(column.name, column.labels)
    return Column(column.name, _values(column), column.unit)


def _values(column: observations_pb2.Column) -> NDArray[np.float64]:
    if column.packed_values:
        return np.frombuffer(column.packed_values, dtype="<f8").astype(np.float64, copy=False)
    return np.array(column.values, dtype=np.float64)
