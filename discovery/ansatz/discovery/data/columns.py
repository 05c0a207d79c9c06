"""Columns of observations, and what may be wrong with them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ansatz.discovery.data.box import MAX_SIZE, MIN_SIZE
from ansatz.discovery.errors import Violation

MIN_ROWS = 5
MAX_LABEL_LENGTH = 200
SHOWN = 5
"""Wrong values that a message names."""


@dataclass(frozen=True, eq=False)
class Column:
    """Hold a named column of finite float64 values, shape (n,); `unit` is text, empty for dimensionless by statement.

    A column of text, which only the group of a table may be, has n `labels`; its values number them.
    """

    name: str
    values: NDArray[np.float64]
    unit: str = ""
    labels: tuple[str, ...] = ()

    @classmethod
    def of_labels(cls, name: str, labels: Sequence[str]) -> Column:
        """Return a column of text."""
        numbers: dict[str, int] = {}
        values = np.array([numbers.setdefault(label, len(numbers)) for label in labels], dtype=np.float64)
        return cls(name, values, labels=tuple(labels))


@dataclass(frozen=True, eq=False)
class Columns:
    """Hold observations in columns of equal length n: one row, one observation."""

    columns: tuple[Column, ...]

    @property
    def rows(self) -> int:
        return int(self.columns[0].values.size) if self.columns else 0

    def column(self, name: str) -> Column:
        return next(c for c in self.columns if c.name == name)

    def roles_beside(self, known: Mapping[str, str], usable: Collection[str]) -> dict[str, str]:
        """Return what each column is that is not `usable` in formulas; `known` says it of some."""
        others = (c.name for c in self.columns if c.name not in usable)
        return {name: known.get(name, "a column but no input") for name in others}


def repeated(names: Sequence[str]) -> list[str]:
    """Return the names that stand there before."""
    return [n for i, n in enumerate(names) if n in names[:i]]


def shape_violations(columns: Sequence[Column], kind: str = "table") -> list[Violation]:
    """Return what is wrong with names, lengths and the number of rows of columns; `kind` is how errors call the
    observations."""
    violations = column_violations(columns, kind)
    rows = min((c.values.size for c in columns), default=0)
    if rows < MIN_ROWS:
        violations.append(Violation(f"{kind}.columns", f"hold {rows} rows; give at least {MIN_ROWS}"))
    return violations


def column_violations(columns: Sequence[Column], kind: str) -> list[Violation]:
    """Return what is wrong with names and lengths of columns; `kind` is how errors call the observations."""
    violations: list[Violation] = []
    for i, column in enumerate(columns):
        if not column.name.strip():
            violations.append(Violation(f"{kind}.columns[{i}].name", "is empty; give every column a name"))
    for name in dict.fromkeys(repeated([c.name for c in columns])):
        violations.append(Violation(f"{kind}.columns", f"the name {name!r} stands more than once; make names unique"))
    lengths = {c.name: c.values.size for c in columns}
    if len(set(lengths.values())) > 1:
        shown = ", ".join(f"{name!r} has {n}" for name, n in list(lengths.items())[:8])
        violations.append(
            Violation(f"{kind}.columns", f"are of unequal length: {shown}; give every column as many rows")
        )
    return violations


def smallness_violations(column: Column, kind: str) -> list[Violation]:
    """Return that all values of a column are so small that their squares are none; missing ones are NaN."""
    size = np.abs(column.values)
    largest = float(np.max(size[np.isfinite(size)], initial=0.0))
    if largest == 0 or largest >= MIN_SIZE:
        return []
    text = f"is {largest:g} at most; give values that reach {MIN_SIZE:g}, in another unit"
    return [Violation(f"{kind}.columns[{column.name!r}]", text)]


def value_violations(column: Column, kind: str = "table") -> list[Violation]:
    """Return what is not finite in a column, or so large that squares are not; `kind` is how errors call the
    observations."""
    bad = np.flatnonzero(~(np.abs(column.values) <= MAX_SIZE))
    if not bad.size:
        return []
    places = ", ".join(f"row {i + 1} is {column.values[i]}" for i in bad[:SHOWN])
    more = f" and {bad.size - SHOWN} more" if bad.size > SHOWN else ""
    finite = np.all(np.isfinite(column.values))
    todo = f"give values within ±{MAX_SIZE:g}, in another unit" if finite else "remove or fill rows that are not finite"
    return [Violation(f"{kind}.columns[{column.name!r}]", f"{places}{more}; {todo}")]
