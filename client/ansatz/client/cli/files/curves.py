"""From a file of curves to the arguments of a client: long form from wide, numbers from text."""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ansatz.client.cli.files.delimited import is_number
from ansatz.client.cli.files.text_table import RUN, TextTable, read_text_table
from ansatz.client.encode.labels import labels, numbers_of
from ansatz.client.errors import InvalidRequest


@dataclass(frozen=True)
class CurveFile:
    """What to read of curves.

    Attributes:
        source: the file, or "-" for standard input.
        target: the column of values.
        inputs: the columns that may explain them; none: all others that hold numbers.
        run: the column that names the run of each row.
        std_errors: the column of standard errors of the values.
        trials: the column of numbers of trials.
        wide: what the columns of a file in wide form are headed by; none: the file is in long form.
        roles: what columns are, each as ROLE=COLUMN.
    """

    source: str
    target: str
    inputs: Sequence[str] = ()
    run: str | None = None
    std_errors: str | None = None
    trials: str | None = None
    wide: str | None = None
    roles: Sequence[str] = ()

    def arguments(self) -> tuple[dict[str, Any], int]:
        """Return keywords of Client.submit_curves, and how many rows have no value. Raises InvalidRequest."""
        table = read_text_table(self.source, self.target)
        if self.wide:
            table = _long(table, self.wide, self.target)
        run = self.run or (RUN if RUN in table.columns and self.run is None else None)
        self._check(table, run)
        kept = [i for i in range(table.rows) if table.columns[self.target][i]]
        numeric = [name for name in self._wanted(table, run) if name != run]
        columns: dict[str, Any] = {name: _numbers(table, name, kept) for name in numeric}
        runs = labels(numbers_of([table.columns[run][i] for i in kept]), "curves.runs") if run else None
        chosen = {"run": runs, "std_errors": self.std_errors, "trials": self.trials, "roles": self._roles()}
        return {"columns": columns, "target": self.target, **chosen}, table.rows - len(kept)

    def _wanted(self, table: TextTable, run: str | None) -> list[str]:
        """The columns asked for; with no inputs, all that hold numbers."""
        named = [name for name in (self.target, *self.inputs, self.std_errors, self.trials) if name]
        if self.inputs:
            return list(dict.fromkeys(named))
        rows = [i for i, cell in enumerate(table.columns[self.target]) if cell]
        others = [
            name
            for name, cells in table.columns.items()
            if name not in {*named, run} and all(is_number(cells[i]) for i in rows)
        ]
        return list(dict.fromkeys([*named, *others]))

    def _check(self, table: TextTable, run: str | None) -> None:
        listed = ", ".join(map(repr, list(table.columns)[:20]))
        roles = [("curves.target", self.target), ("curves.runs", run), ("curves.std_errors", self.std_errors)]
        roles += [("curves.trials", self.trials), *((f"curves.inputs[{i}]", n) for i, n in enumerate(self.inputs))]
        for field, name in roles:
            if name and name not in table.columns:
                raise InvalidRequest.of(field, f"{name!r} is no column; columns: {listed}")

    def _roles(self) -> dict[str, str]:
        roles = {}
        for i, text in enumerate(self.roles):
            role, equals, column = text.partition("=")
            if not equals or not role or not column:
                raise InvalidRequest.of(f"--role[{i}]", f"is {text!r}; give ROLE=COLUMN, such as N=params")
            roles[role] = column
        return roles


def _long(table: TextTable, wide: str, target: str) -> TextTable:
    """The long form: a row for each cell under a numeric heading, with the heading as `wide`, the cell as `target`."""
    headings = [name for name in table.columns if is_number(name)]
    if not headings:
        raise InvalidRequest.of("--wide", "needs columns headed by numbers; the header has none")
    for name in (wide, target):
        if name in table.columns:
            raise InvalidRequest.of("--wide", f"{name!r} is a column already; give a name of its own")
    others = [name for name in table.columns if name not in headings]
    columns: dict[str, list[str]] = {name: [] for name in (*others, wide, target)}
    places = []
    for i, place in enumerate(table.places):
        for heading in headings:
            for name in others:
                columns[name].append(table.columns[name][i])
            columns[wide].append(heading)
            columns[target].append(table.columns[heading][i])
            places.append(f"{place}, column {heading}")
    return TextTable(columns, places)


def _numbers(table: TextTable, name: str, rows: Sequence[int]) -> array[float]:
    values = array("d")
    for i in rows:
        cell = table.columns[name][i]
        if not is_number(cell) or not math.isfinite(float(cell)):
            text = f"{table.places[i]} is {cell[:60]!r}, which is no finite number; mend it or remove the row"
            raise InvalidRequest.of(f"curves.columns[{name!r}]", text)
        values.append(float(cell))
    return values
