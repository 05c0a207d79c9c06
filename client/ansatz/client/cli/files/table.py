"""From a data file to the arguments of a client."""

from __future__ import annotations

import json
import sys
from array import array
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansatz.client.cli.files.delimited import Columns, read_delimited
from ansatz.client.cli.files.parquet import read_parquet
from ansatz.client.encode.motion import label_text
from ansatz.client.errors import InvalidRequest


@dataclass(frozen=True)
class Data:
    """Columns by name, of float64, the group's maybe of text, and which of them play a role."""

    columns: Columns
    target: str
    weights: str | None
    units: dict[str, str]
    group: str | None = None

    def arguments(self) -> dict[str, Any]:
        """As keywords of Client.submit and Client.evaluate."""
        return {"X": self.columns, "y": self.target, "weights": self.weights, "units": self.units, "group": self.group}


def read_data(
    source: str,
    target: str,
    inputs: Sequence[str],
    weights: str | None,
    units: Path | None,
    *,
    group: str | None = None,
) -> Data:
    """The columns asked for; with no `inputs`, all. Raises InvalidRequest that names field, place and remedy."""
    known: list[str] = []

    def choose(names: Sequence[str]) -> Sequence[str]:
        known.extend(names)
        return _chosen(names, target, inputs, weights, group)

    columns = _read(source, choose, group)
    if not columns[target]:
        raise InvalidRequest.of("data", f"{_shown(source)} has a header but no rows; give at least 5")
    return Data(columns, target, weights, _units(units, known, columns) if units else {}, group)


def read_columns(source: str, wanted: Sequence[str]) -> dict[str, array[float]]:
    """Columns of a table by name, none of them with a role; with nothing `wanted`, all. Raises InvalidRequest."""

    def choose(names: Sequence[str]) -> Sequence[str]:
        for i, name in enumerate(wanted):
            if name not in names:
                listed = ", ".join(map(repr, names[:20]))
                raise InvalidRequest.of(f"--inputs[{i}]", f"{name!r} is no column; columns: {listed}")
        return list(dict.fromkeys(wanted or names))

    columns = _read(source, choose, None)
    if not all(columns.values()):
        raise InvalidRequest.of("data", f"{_shown(source)} has a header but no rows; give at least one")
    return {name: values for name, values in columns.items() if isinstance(values, array)}


def read_motion(
    source: str, roles: Sequence[tuple[str, str]], may_miss: Collection[str], group: str | None
) -> tuple[dict[str, array[float]], list[str]]:
    """The columns that play a role, given as (field, name), in which those of `may_miss` have NaN for an empty cell;
    and the label of each row, none without a group. Raises InvalidRequest that names field, place and remedy."""

    def choose(names: Sequence[str]) -> Sequence[str]:
        listed = ", ".join(repr(name) for name in names[:20]) + (", …" if len(names) > 20 else "")
        for field, name in roles:
            if name not in names or not name:
                raise InvalidRequest.of(field, f"{name!r} is no column; columns: {listed}")
        return list(dict.fromkeys(name for _, name in roles))

    columns = _read(source, choose, group, may_miss)
    labels = [label_text(value) for value in columns.pop(group)] if group else []
    return {name: values for name, values in columns.items() if isinstance(values, array)}, labels


def _read(source: str, choose: Any, text: str | None, may_miss: Collection[str] = ()) -> Columns:
    if source == "-":
        return read_delimited(sys.stdin.buffer, _shown(source), choose, text=text, may_miss=may_miss)
    path = Path(source)
    if path.is_dir() or not path.exists():
        raise InvalidRequest.of(
            "data", f"{source!r} is no file; name a CSV, TSV or Parquet file, or - for standard input"
        )
    try:
        if path.suffix.lower() in (".parquet", ".pq"):
            return read_parquet(source, choose, text, may_miss)
        with path.open("rb") as stream:
            tab = "\t" if path.suffix.lower() in (".tsv", ".tab") else None
            return read_delimited(stream, _shown(source), choose, tab, text, may_miss)
    except OSError as error:
        raise InvalidRequest.of("data", f"{source!r} cannot be read: {error.strerror or error}") from None


def _shown(source: str) -> str:
    return "standard input" if source == "-" else repr(source)


def _chosen(
    names: Sequence[str], target: str, inputs: Sequence[str], weights: str | None, group: str | None
) -> list[str]:
    roles = [("table.target", target), *((f"table.inputs[{i}]", name) for i, name in enumerate(inputs))]
    if weights is not None:
        roles.append(("table.weights", weights))
    if group is not None:
        roles.append(("table.group", group))
    listed = ", ".join(repr(name) for name in names[:20]) + (", …" if len(names) > 20 else "")
    for field, name in roles:
        if name not in names or not name:
            raise InvalidRequest.of(field, f"{name!r} is no column; columns: {listed}")
    for i, name in enumerate(inputs):
        if name in (target, weights, group) or name in inputs[:i]:
            raise InvalidRequest.of(f"table.inputs[{i}]", f"{name!r} has a role already; name it once")
    if weights == target:
        raise InvalidRequest.of("table.weights", f"{target!r} is the target; name another column")
    if group is not None and group in (target, weights):
        raise InvalidRequest.of("table.group", f"{group!r} has a role already; name another column")
    chosen = list(dict.fromkeys(name for _, name in roles)) if inputs else list(names)
    for i, name in enumerate(chosen):
        if not name:
            raise InvalidRequest.of(
                f"table.columns[{i}].name",
                f"column {i + 1} has no name; give it one, or name the ones to use with --inputs",
            )
    return chosen


def _units(path: Path, known: Sequence[str], columns: Columns) -> dict[str, str]:
    try:
        units = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InvalidRequest.of("--units", f"{str(path)!r} cannot be read as JSON: {error}") from None
    if not isinstance(units, dict) or not all(isinstance(unit, str) for unit in units.values()):
        raise InvalidRequest.of("--units", f'{str(path)!r} must be one object of texts, as {{"v": "m/s"}}')
    for name in units:
        if name not in known:
            raise InvalidRequest.of("--units", f"{name!r} is no column; columns: {', '.join(map(repr, known[:20]))}")
    return {name: unit for name, unit in units.items() if name in columns}
