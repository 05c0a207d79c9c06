"""From the caller's X and y to the Table of the wire."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

from ansatz.client.encode.columns import pack_column, pack_matrix
from ansatz.client.encode.labels import labels_or_numbers
from ansatz.client.errors import InvalidRequest
from ansatz.client.results.options import TargetNoise
from ansatz.v1 import observations_pb2


class TableOptions(TypedDict, total=False):
    """Keywords that go with X and y."""

    names: Sequence[str] | None
    target_name: str | None
    inputs: Sequence[str]
    weights: Any
    std_errors: Any
    input_errors: Mapping[str, Any] | None
    noise: TargetNoise | str | None
    trials: Any
    units: Mapping[str, str] | None
    group: Any


_Columns = dict[str, bytes | list[str]]
"""Packed numbers, or text, by name."""


def table(
    X: Any,
    y: Any,
    *,
    names: Sequence[str] | None = None,
    target_name: str | None = None,
    inputs: Sequence[str] = (),
    weights: Any = None,
    std_errors: Any = None,
    input_errors: Mapping[str, Any] | None = None,
    noise: TargetNoise | str | None = None,
    trials: Any = None,
    units: Mapping[str, str] | None = None,
    group: Any = None,
) -> observations_pb2.Table:
    """Return the table of inputs X and target y. Raises InvalidRequest where shapes or names do not fit.

    - X: rows of d inputs, shape `(n, d)`, one input, shape `(n,)`, a mapping of names to columns, or a data frame
    - y: the target, shape `(n,)`, or the name of a column of X
    - names: of X's columns (default: its own, else x0, x1, …)
    - target_name: of y (default: its own, else "y")
    - inputs: the columns of X that may explain y (default: all that are nothing else, nor called like its error)
    - weights: 1/variance up to a common factor, shape `(n,)`, or the name of a column of X
    - std_errors: standard errors of y, in its unit, in place of weights; shape `(n,)`, or the name of a column of X
    - input_errors: standard errors of inputs, {"x": …}, each of shape `(n,)`, or the name of a column of X
    - noise: "gaussian"; "poisson" where y counts events; "binomial" where y holds successes, or their share
    - trials: of binomial noise, how many trials each row stands for (default: one); shape `(n,)`, or a name
    - units: name -> text such as "m/s^2"
    - group: which rows belong together, numbers or text of shape `(n,)`, or the name of a column of X
    """
    beside = {"weights": weights, "std_errors": std_errors, "trials": trials, "group": group}
    of_inputs = dict(input_errors or {})
    columns = _input_columns(X, names, group if isinstance(group, str) else None)
    known = list(columns)
    if inputs:
        _check_inputs(inputs, columns)
        used = [name for name in (*inputs, y, *beside.values(), *of_inputs.values()) if isinstance(name, str)]
        columns = {name: values for name, values in columns.items() if name in used}
    target = _role("y", y, columns, target_name or _own_name(y) or "y")
    roles = {
        field: _role(field, values, columns, _unused(field, columns))
        for field, values in beside.items()
        if values is not None
    }
    errors = {
        of: _role("input_errors", values, columns, _unused(f"{of}_error", columns)) for of, values in of_inputs.items()
    }
    _check_lengths(columns, target)
    for name in units or {}:
        if name not in columns and name not in known:
            raise InvalidRequest.of("units", f"names {name!r}, which is no column; columns: {_listed(columns)}")
    return observations_pb2.Table(
        columns=[_column(name, values, (units or {}).get(name, "")) for name, values in columns.items()],
        target=target,
        inputs=inputs,
        input_errors=errors,
        noise=_noise(noise or TargetNoise.GAUSSIAN),
        **roles,
    )


def _noise(name: str) -> observations_pb2.TargetNoise.ValueType:
    try:
        return observations_pb2.TargetNoise.Value(f"TARGET_NOISE_{TargetNoise(name).name}")
    except ValueError:
        known = ", ".join(TargetNoise)
        raise InvalidRequest.of("table.noise", f"is {name!r:.60}; give one of {known}") from None


def _column(name: str, values: bytes | list[str], unit: str) -> observations_pb2.Column:
    if isinstance(values, bytes):
        return observations_pb2.Column(name=name, packed_values=values, unit=unit)
    return observations_pb2.Column(name=name, labels=values)


def _packed(values: Any, field: str, is_group: bool) -> bytes | list[str]:
    """Return a column of numbers; a group's may be of text."""
    return labels_or_numbers(values, field) if is_group else pack_column(values, field)


def _input_columns(X: Any, names: Sequence[str] | None, group: str | None) -> _Columns:
    keys = list(X) if isinstance(X, Mapping) else list(getattr(X, "columns", ()))
    if keys:
        shown = _checked_names(names or [str(key) for key in keys], len(keys))
        return {
            name: _packed(X[key], f"X[{name!r}]", is_group=name == group) for name, key in zip(shown, keys, strict=True)
        }
    packed = pack_matrix(X, "X")
    shown = _checked_names(names or [f"x{j}" for j in range(len(packed))], len(packed))
    return dict(zip(shown, packed, strict=True))


def _checked_names(names: Sequence[str], width: int) -> Sequence[str]:
    if isinstance(names, str) or len(names) != width:
        raise InvalidRequest.of("names", f"is {names!r:.200}; X has {width} columns, give a name for each")
    for i, name in enumerate(names):
        if name in names[:i]:
            raise InvalidRequest.of("names", f"holds {name!r} more than once; make names unique")
    return names


def _role(field: str, values: Any, columns: _Columns, name: str) -> str:
    """Return the column that plays a role: one of `columns`, or `values` added to them under `name`."""
    if isinstance(values, str):
        if values not in columns:
            raise InvalidRequest.of(field, f"names {values!r}, which is no column; columns: {_listed(columns)}")
        return values
    if name in columns:
        raise InvalidRequest.of("target_name", f"{name!r} is also an input; give the target a name of its own")
    columns[name] = _packed(values, field, is_group=field == "group")
    return name


def _check_inputs(inputs: Sequence[str], columns: _Columns) -> None:
    if isinstance(inputs, str):
        raise InvalidRequest.of("inputs", f"is the text {inputs!r:.60}; give a list of names")
    for i, name in enumerate(inputs):
        if name not in columns:
            raise InvalidRequest.of(f"table.inputs[{i}]", f"{name!r} is no column; columns: {_listed(columns)}")


def _check_lengths(columns: _Columns, target: str) -> None:
    rows = _rows(columns[target])
    for name, values in columns.items():
        if _rows(values) != rows:
            raise InvalidRequest.of(
                name, f"has {_rows(values)} rows where {target} has {rows}; give every column as many"
            )


def _rows(values: bytes | list[str]) -> int:
    return len(values) // 8 if isinstance(values, bytes) else len(values)


def _own_name(y: Any) -> str:
    name = getattr(y, "name", None)
    return name if isinstance(name, str) else ""


def _unused(name: str, columns: _Columns) -> str:
    while name in columns:
        name += "_"
    return name


def _listed(columns: _Columns) -> str:
    return ", ".join(map(repr, list(columns)[:20]))
