"""The digest of observations, by which a receipt tells what a result was found in."""

from __future__ import annotations

import hashlib
from functools import singledispatch

import numpy as np

from ansatz.discovery.data.columns import Column
from ansatz.discovery.data.curves import Curves
from ansatz.discovery.data.noise import TargetNoise
from ansatz.discovery.data.table import Table
from ansatz.discovery.data.trajectories import Trajectories

Observations = Table | Trajectories | Curves
"""What a discovery may start from."""


@singledispatch
def data_sha256(observations: Observations) -> str:
    """Return the SHA-256, hexadecimal, of names, roles, values, runs or groups, and the units that are given."""
    raise TypeError(f"{type(observations).__name__} is no observations; give a Table, Trajectories or Curves")


@data_sha256.register
def _(table: Table) -> str:
    digest = hashlib.sha256()
    for name in (table.target, *table.inputs, *filter(None, [table.weights])):
        _add(digest, table.column(name))
        if unit := table.column(name).unit:
            digest.update(f"unit:{len(unit)}:{unit}:".encode())
    if table.std_errors:
        digest.update(b"std_errors:")
        _add(digest, table.column(table.std_errors))
    for of, name in sorted(table.input_errors.items()):
        digest.update(f"input_errors:{len(of)}:{of}:".encode())
        _add(digest, table.column(name))
    if table.noise is not TargetNoise.GAUSSIAN:
        digest.update(f"noise:{table.noise}:".encode())
    if table.trials:
        digest.update(b"trials:")
        _add(digest, table.column(table.trials))
    if table.group:
        for label in (table.group, *(table.column(table.group).labels or map(repr, table.column(table.group).values))):
            digest.update(f"group:{len(label)}:{label}:".encode())
    return digest.hexdigest()


@data_sha256.register
def _(trajectories: Trajectories) -> str:
    digest = hashlib.sha256(repr((trajectories.order, trajectories.runs, trajectories.held_out)).encode())
    if trajectories.stochastic:
        digest.update(b"stochastic")
    roles = (trajectories.time, *trajectories.states, *trajectories.derivatives, *trajectories.inputs)
    digest.update(repr((len(trajectories.states), len(trajectories.derivatives))).encode())
    for name in roles:
        _add(digest, trajectories.column(name))
    for name in trajectories.std_errors:
        digest.update(b"std_errors:")
        _add(digest, trajectories.column(name))
    return digest.hexdigest()


@data_sha256.register
def _(curves: Curves) -> str:
    digest = hashlib.sha256()
    for name in (curves.target, *curves.inputs, curves.std_errors, curves.trials):
        if name:
            _add(digest, curves.column(name))
    for run in curves.runs:
        digest.update(f"{len(run)}:{run}".encode())
    digest.update(repr((sorted(curves.roles.items()), str(curves.scale), curves.per_run)).encode())
    return digest.hexdigest()


def _add(digest: hashlib._Hash, column: Column) -> None:
    values = np.ascontiguousarray(column.values, dtype="<f8")
    digest.update(f"{len(column.name)}:{column.name}:{values.size}:".encode())
    digest.update(values.data)
