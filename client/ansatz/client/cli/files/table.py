"""From a table in a file to the arguments of a client."""

from __future__ import annotations

import json
from array import array
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansatz.client.cli.files.columns import check_columns, listed, read_columns, shown
from ansatz.client.errors import InvalidRequest


@dataclass(frozen=True)
class ErrorColumns:
    """What is known of errors of measurement.

    Attributes:
        std_errors: the column of standard errors of the target.
        of_inputs: columns of standard errors of inputs, each as INPUT=COLUMN.
        noise: how the target scatters.
        trials: the column of numbers of trials.
    """

    std_errors: str | None = None
    of_inputs: Sequence[str] = ()
    noise: str | None = None
    trials: str | None = None

    def by_input(self) -> dict[str, str]:
        """Return the columns of standard errors of inputs. Raises InvalidRequest."""
        found = {}
        for i, text in enumerate(self.of_inputs):
            name, equals, column = text.partition("=")
            if not equals or not name or not column:
                raise InvalidRequest.of(f"--input-errors[{i}]", f"is {text!r}; give INPUT=COLUMN, such as x=x_err")
            found[name] = column
        return found


@dataclass(frozen=True)
class TableFile:
    """What to read of a table.

    Attributes:
        source: the file, or "-" for standard input.
        target: the column to be explained.
        inputs: the columns that may explain it; none: all others.
        weights: the column of row weights.
        units: a JSON file of units by column.
        group: the column that says which rows belong together, of numbers or text.
        errors: what is known of errors of measurement.
    """

    source: str
    target: str
    inputs: Sequence[str] = ()
    weights: str | None = None
    units: Path | None = None
    group: str | None = None
    errors: ErrorColumns = ErrorColumns()

    def arguments(self) -> dict[str, Any]:
        """Return keywords of Client.submit and Client.evaluate. Raises InvalidRequest."""
        known: list[str] = []

        def choose(names: Sequence[str]) -> Sequence[str]:
            known.extend(names)
            return self._chosen(names)

        columns = read_columns(self.source, choose, self.group)
        if not columns[self.target]:
            raise InvalidRequest.of("data", f"{shown(self.source)} has a header but no rows; give at least 5")
        units = _units(self.units, known, columns) if self.units else {}
        errors = {"input_errors": self.errors.by_input(), "noise": self.errors.noise}
        return {"X": columns, "y": self.target, "inputs": self.inputs, "units": units, **errors, **self._roles()}

    def _roles(self) -> dict[str, str | None]:
        """The columns beside the inputs, by role."""
        errors = self.errors
        return {
            "weights": self.weights, "std_errors": errors.std_errors, "trials": errors.trials, "group": self.group,
        }  # fmt: skip

    def _chosen(self, names: Sequence[str]) -> list[str]:
        """The columns in use. Raises InvalidRequest where roles and columns do not fit."""
        roles = [("table.target", self.target), *((f"table.inputs[{i}]", name) for i, name in enumerate(self.inputs))]
        roles += [(f"table.{role}", name) for role, name in self._roles().items() if name is not None]
        for of, name in self.errors.by_input().items():
            roles += [("table.input_errors", of), ("table.input_errors", name)]
        check_columns(roles, names)
        self._check_roles()
        chosen = list(dict.fromkeys(name for _, name in roles)) if self.inputs else list(names)
        for i, name in enumerate(chosen):
            if not name:
                text = f"column {i + 1} has no name; give it one, or name the ones to use with --inputs"
                raise InvalidRequest.of(f"table.columns[{i}].name", text)
        return chosen

    def _check_roles(self) -> None:
        """Raises InvalidRequest where a column has two roles."""
        for i, name in enumerate(self.inputs):
            if name in (self.target, *self._roles().values()) or name in self.inputs[:i]:
                raise InvalidRequest.of(f"table.inputs[{i}]", f"{name!r} has a role already; name it once")
        for role, column in self._roles().items():
            if column == self.target and role != "group":
                raise InvalidRequest.of(f"table.{role}", f"{self.target!r} is the target; name another column")
        if self.weights is not None and self.errors.std_errors is not None:
            raise InvalidRequest.of("table.std_errors", "and table.weights are both given; give one of them")
        if self.group is not None and self.group in (
            self.target,
            self.weights,
            self.errors.std_errors,
            self.errors.trials,
        ):
            raise InvalidRequest.of("table.group", f"{self.group!r} has a role already; name another column")


def read_numbers(source: str, wanted: Sequence[str]) -> dict[str, array[float]]:
    """Return columns of a table by name, none of them with a role; with nothing wanted, all. Raises InvalidRequest."""

    def choose(names: Sequence[str]) -> Sequence[str]:
        check_columns(((f"--inputs[{i}]", name) for i, name in enumerate(wanted)), names)
        return list(dict.fromkeys(wanted or names))

    columns = read_columns(source, choose)
    if not all(columns.values()):
        raise InvalidRequest.of("data", f"{shown(source)} has a header but no rows; give at least one")
    return {name: values for name, values in columns.items() if isinstance(values, array)}


def _units(path: Path, known: Sequence[str], used: Collection[str]) -> dict[str, str]:
    """The units of the columns in use. Raises InvalidRequest."""
    try:
        units = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InvalidRequest.of("--units", f"{str(path)!r} cannot be read as JSON: {error}") from None
    if not isinstance(units, dict) or not all(isinstance(unit, str) for unit in units.values()):
        raise InvalidRequest.of("--units", f'{str(path)!r} must be one object of texts, as {{"v": "m/s"}}')
    for name in units:
        if name not in known:
            raise InvalidRequest.of("--units", f"{name!r} is no column; columns: {listed(known)}")
    return {name: unit for name, unit in units.items() if name in used}
