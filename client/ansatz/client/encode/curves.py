"""From the caller's columns to the Curves of the wire."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

from ansatz.client.encode.columns import pack_column
from ansatz.client.encode.labels import labels
from ansatz.client.errors import InvalidRequest
from ansatz.v1 import observations_pb2

_SCALES = {
    "auto": observations_pb2.VALUE_SCALE_UNSPECIFIED,
    "log": observations_pb2.VALUE_SCALE_LOG,
    "linear": observations_pb2.VALUE_SCALE_LINEAR,
    "share": observations_pb2.VALUE_SCALE_SHARE,
}


class CurveOptions(TypedDict, total=False):
    """Keywords that go with the columns of curves."""

    inputs: Sequence[str]
    run: str | Sequence[str] | None
    roles: Mapping[str, str] | None
    std_errors: str | None
    trials: str | None
    scale: str
    per_run: bool


def curves(
    columns: Any,
    target: str,
    *,
    inputs: Sequence[str] = (),
    run: str | Sequence[str] | None = None,
    roles: Mapping[str, str] | None = None,
    std_errors: str | None = None,
    trials: str | None = None,
    scale: str = "auto",
    per_run: bool = False,
) -> observations_pb2.Curves:
    """Return curves in long form: a mapping of names to columns, or a data frame; one row, one value.

    - target: the column of values; inputs: the columns that may explain them (default: all others)
    - run: the column that names the run of each row, or the names themselves, shape `(n,)`
    - roles: N, D, C, S, B, lr -> column (default: by usual names)
    - std_errors, trials: columns of standard errors, of numbers of trials
    - scale: "auto", "log", "linear" or "share"; per_run: each run has constants of its own

    Raises InvalidRequest; the server checks the rest.
    """
    keys = list(columns) if isinstance(columns, Mapping) else list(getattr(columns, "columns", ()))
    by_name = {str(key): columns[key] for key in keys}
    if scale not in _SCALES:
        raise InvalidRequest.of("curves.scale", f"is {scale!r:.60}; give one of {', '.join(_SCALES)}")
    of_run = run if isinstance(run, str) else None
    named = [("curves.target", target), *((f"curves.inputs[{i}]", name) for i, name in enumerate(inputs))]
    for field, name in named if of_run is None else [*named, ("curves.runs", of_run)]:
        if name not in by_name:
            listed = ", ".join(map(repr, list(by_name)[:20]))
            raise InvalidRequest.of(field, f"{name!r} is no column; columns: {listed}")
    wanted = {target, *inputs, std_errors, trials} if inputs else set(by_name)
    return observations_pb2.Curves(
        columns=[
            observations_pb2.Column(name=name, packed_values=pack_column(values, f"columns[{name!r}]"))
            for name, values in by_name.items()
            if name in wanted and name != of_run
        ],
        target=target,
        inputs=inputs,
        runs=_runs(by_name, run),
        roles=dict(roles or {}),
        std_errors=std_errors or "",
        trials=trials or "",
        scale=_SCALES[scale],
        per_run=per_run,
    )


def _runs(by_name: Mapping[str, Any], run: str | Sequence[str] | None) -> list[str]:
    if run is None:
        return []
    return labels(by_name[run], f"columns[{run!r}]") if isinstance(run, str) else labels(run, "run")
