"""What the caller observed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ansatz.discovery.errors import InvalidInputError, Violation
from ansatz.discovery.units.dimensions import unit_violations

MIN_ROWS = 5
_SHOWN = 5


@dataclass(frozen=True, eq=False)
class Column:
    """A named column of finite float64 values, shape (n,); `unit` is text, empty for dimensionless by statement."""

    name: str
    values: NDArray[np.float64]
    unit: str = ""


@dataclass(frozen=True, eq=False)
class Table:
    """Independent observations: one row, one observation.

    `columns` are of equal length n ≥ 5. `target` names the column to be explained, `inputs` those that may explain
    it (empty: all that are neither target nor weights), `weights` the column of row weights (1/variance up to a
    common factor, all > 0; empty: all rows count alike).
    Raises InvalidInputError, with every violation found, where a rule is broken.
    """

    columns: tuple[Column, ...]
    target: str
    inputs: tuple[str, ...] = ()
    weights: str = ""

    def __post_init__(self) -> None:
        violations = [*_shape_violations(self.columns), *self._role_violations()]
        violations += [v for column in self.columns for v in _value_violations(column)]
        violations += unit_violations((c.name, c.unit) for c in self.columns if c.name != self.weights)
        if not violations and self.weights and not np.all(self.column(self.weights).values > 0):
            row = int(np.argmin(self.column(self.weights).values > 0))
            found = self.column(self.weights).values[row]
            violations.append(
                Violation("table.weights", f"{self.weights!r} is {found} in row {row + 1}; weights must be > 0")
            )
        if violations:
            raise InvalidInputError(violations)
        if not self.inputs:
            others = (c.name for c in self.columns if c.name not in (self.target, self.weights))
            object.__setattr__(self, "inputs", tuple(others))

    @property
    def rows(self) -> int:
        return int(self.columns[0].values.size)

    def column(self, name: str) -> Column:
        return next(c for c in self.columns if c.name == name)

    def _role_violations(self) -> list[Violation]:
        names = [c.name for c in self.columns]
        known = ", ".join(map(repr, names[:20])) or "none"
        violations: list[Violation] = []
        if not self.target:
            violations.append(Violation("table.target", f"is not given; name one of the columns: {known}"))
        roles = [("table.target", self.target), ("table.weights", self.weights)]
        roles += [(f"table.inputs[{i}]", name) for i, name in enumerate(self.inputs)]
        for field, name in roles:
            if name and name not in names:
                violations.append(Violation(field, f"{name!r} is no column; columns: {known}"))
        if self.target and self.target in self.inputs:
            violations.append(Violation("table.inputs", f"{self.target!r} is the target; leave it out of the inputs"))
        if self.target and self.target == self.weights:
            violations.append(Violation("table.weights", f"{self.target!r} is the target; name another column"))
        if repeated := _repeated(self.inputs):
            violations.append(Violation("table.inputs", f"{repeated[0]!r} is named more than once; name it once"))
        if not self.inputs and not set(names) - {self.target, self.weights}:
            violations.append(Violation("table.columns", "holds no input; give at least one column beside the target"))
        return violations


def _repeated(names: Sequence[str]) -> list[str]:
    return [n for i, n in enumerate(names) if n in names[:i]]


def _shape_violations(columns: Sequence[Column]) -> list[Violation]:
    violations: list[Violation] = []
    for i, column in enumerate(columns):
        if not column.name.strip():
            violations.append(Violation(f"table.columns[{i}].name", "is empty; give every column a name"))
    for name in dict.fromkeys(_repeated([c.name for c in columns])):
        violations.append(Violation("table.columns", f"the name {name!r} stands more than once; make names unique"))
    lengths = {c.name: c.values.size for c in columns}
    if len(set(lengths.values())) > 1:
        shown = ", ".join(f"{name!r} has {n}" for name, n in list(lengths.items())[:8])
        violations.append(Violation("table.columns", f"are of unequal length: {shown}; give every column as many rows"))
    rows = min(lengths.values(), default=0)
    if rows < MIN_ROWS:
        violations.append(Violation("table.columns", f"hold {rows} rows; give at least {MIN_ROWS}"))
    return violations


def _value_violations(column: Column) -> list[Violation]:
    bad = np.flatnonzero(~np.isfinite(column.values))
    if not bad.size:
        return []
    places = ", ".join(f"row {i + 1} is {column.values[i]}" for i in bad[:_SHOWN])
    more = f" and {bad.size - _SHOWN} more" if bad.size > _SHOWN else ""
    return [Violation(f"table.columns[{column.name!r}]", f"{places}{more}; remove or fill rows that are not finite")]
