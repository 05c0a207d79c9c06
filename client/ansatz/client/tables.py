"""From the caller's X and y to the Table of the wire."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

from ansatz.client.columns import pack_column, pack_matrix
from ansatz.client.errors import InvalidRequest
from ansatz.v1 import observations_pb2


class TableOptions(TypedDict, total=False):
    """Keywords that go with X and y."""

    names: Sequence[str] | None
    target_name: str | None
    weights: Any
    units: Mapping[str, str] | None


def table(
    X: Any,
    y: Any,
    *,
    names: Sequence[str] | None = None,
    target_name: str | None = None,
    weights: Any = None,
    units: Mapping[str, str] | None = None,
) -> observations_pb2.Table:
    """The table of inputs X and target y.

    X: rows of d inputs, shape (n, d), or one input, shape (n,), or a mapping of names to columns, or a data frame.
    y: the target, shape (n,), or the name of a column of X. `names` are those of X's columns (default: its own, else
    x0, x1, …), `target_name` that of y (default: its own, else "y"). `weights`: 1/variance up to a common factor, shape
    (n,), or the name of a column of X. `units` maps names to text such as "m/s^2".
    Raises InvalidRequest where shapes or names do not fit; the server checks the rest.
    """
    columns = _input_columns(X, names)
    target = _role("y", y, columns, target_name or _own_name(y) or "y")
    weights_name = "" if weights is None else _role("weights", weights, columns, _unused("weights", columns))
    _check_lengths(columns, target)
    for name in units or {}:
        if name not in columns:
            raise InvalidRequest.of("units", f"names {name!r}, which is no column; columns: {_listed(columns)}")
    inputs = [name for name in columns if name not in (target, weights_name)]
    return observations_pb2.Table(
        columns=[
            observations_pb2.Column(name=name, packed_values=packed, unit=(units or {}).get(name, ""))
            for name, packed in columns.items()
        ],
        target=target,
        inputs=inputs,
        weights=weights_name,
    )


def _input_columns(X: Any, names: Sequence[str] | None) -> dict[str, bytes]:
    keys = list(X) if isinstance(X, Mapping) else list(getattr(X, "columns", ()))
    if keys:
        shown = _checked_names(names or [str(key) for key in keys], len(keys))
        return {name: pack_column(X[key], f"X[{name!r}]") for name, key in zip(shown, keys, strict=True)}
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


def _role(field: str, values: Any, columns: dict[str, bytes], name: str) -> str:
    """The column that plays a role: one of `columns`, or `values` added to them under `name`."""
    if isinstance(values, str):
        if values not in columns:
            raise InvalidRequest.of(field, f"names {values!r}, which is no column; columns: {_listed(columns)}")
        return values
    if name in columns:
        raise InvalidRequest.of("target_name", f"{name!r} is also an input; give the target a name of its own")
    columns[name] = pack_column(values, field)
    return name


def _check_lengths(columns: dict[str, bytes], target: str) -> None:
    rows = len(columns[target]) // 8
    for name, packed in columns.items():
        if len(packed) // 8 != rows:
            raise InvalidRequest.of(
                name, f"has {len(packed) // 8} rows where {target} has {rows}; give every column as many"
            )


def _own_name(y: Any) -> str:
    name = getattr(y, "name", None)
    return name if isinstance(name, str) else ""


def _unused(name: str, columns: dict[str, bytes]) -> str:
    while name in columns:
        name += "_"
    return name


def _listed(columns: dict[str, bytes]) -> str:
    return ", ".join(map(repr, list(columns)[:20]))
