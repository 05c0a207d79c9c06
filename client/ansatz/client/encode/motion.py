"""From the caller's runs to the Trajectories of the wire."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

from ansatz.client.encode.columns import pack_column
from ansatz.client.encode.labels import labels
from ansatz.client.errors import InvalidRequest
from ansatz.v1 import observations_pb2


class MotionOptions(TypedDict, total=False):
    """Keywords that go with observed motion."""

    inputs: Sequence[str]
    derivatives: Sequence[str]
    runs: Any
    order: int
    held_out: Sequence[str]
    stochastic: bool
    std_errors: Sequence[str]
    units: Mapping[str, str] | None


def trajectories(
    data: Any,
    time: str,
    states: Sequence[str],
    *,
    inputs: Sequence[str] = (),
    derivatives: Sequence[str] = (),
    runs: Any = None,
    order: int = 1,
    held_out: Sequence[str] = (),
    stochastic: bool = False,
    std_errors: Sequence[str] = (),
    units: Mapping[str, str] | None = None,
) -> observations_pb2.Trajectories:
    """Return the motion in `data`, a mapping of names to columns or a data frame, one row a sample.

    NaN marks a missing sample. `runs`: the name of the column that tells runs apart, or one label a row, shape `(n,)`;
    None: all rows are one run. Raises InvalidRequest where shapes or names do not fit; the server checks the rest.
    """
    lists = {"states": states, "inputs": inputs, "derivatives": derivatives, "std_errors": std_errors}
    for field, names in (*lists.items(), ("held_out", held_out)):
        if isinstance(names, str):
            raise InvalidRequest.of(field, f"is {names!r:.60}; give a list of names")
    packed = {
        name: pack_column(_column(data, name), f"data[{name!r}]")
        for name in (time, *states, *derivatives, *inputs, *std_errors)
    }
    if order not in (1, 2):
        raise InvalidRequest.of("order", f"is {order!r:.40}; give 1 (a law for dx/dt) or 2 (for d²x/dt²)")
    return observations_pb2.Trajectories(
        columns=[
            observations_pb2.Column(name=name, packed_values=values, unit=(units or {}).get(name, ""))
            for name, values in packed.items()
        ],
        time=time,
        states=states,
        derivatives=derivatives,
        inputs=inputs,
        runs=_runs(data, runs),
        order=order,
        held_out=held_out,
        stochastic=stochastic,
        std_errors=std_errors,
    )


def _runs(data: Any, runs: Any) -> list[str]:
    if runs is None:
        return []
    return labels(_column(data, runs) if isinstance(runs, str) else runs, "runs")


def _column(data: Any, name: str) -> Any:
    keys = list(data) if isinstance(data, Mapping) else list(getattr(data, "columns", ()))
    if name not in keys:
        known = ", ".join(repr(str(key)) for key in keys[:20])
        raise InvalidRequest.of("data", f"has no column {name!r}; columns: {known}")
    return data[name]
