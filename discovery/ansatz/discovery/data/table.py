"""Independent observations in a table, and groups of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ansatz.discovery.data.columns import (
    MAX_LABEL_LENGTH,
    SHOWN,
    Column,
    Columns,
    repeated,
    shape_violations,
    value_violations,
)
from ansatz.discovery.data.error_names import is_called_error_of
from ansatz.discovery.data.names import Names
from ansatz.discovery.errors import InvalidInputError, Violation
from ansatz.discovery.expression.printing import number_text
from ansatz.discovery.units.dimensions import unit_violations

MIN_GROUP_ROWS = 3
MAX_GROUPS = 1000


@dataclass(frozen=True, eq=False)
class Groups:
    """The groups of a table, in order of appearance: their `labels`, and in `index`, shape (n,), that of each row."""

    labels: tuple[str, ...]
    index: NDArray[np.intp]

    @classmethod
    def of(cls, column: Column) -> Groups:
        """Return rows of the same label, or the same number, are a group."""
        _, first, index = np.unique(column.values, return_index=True, return_inverse=True)
        rank = np.argsort(np.argsort(first))
        rows = np.sort(first)
        labels = (column.labels[r] if column.labels else number_text(float(column.values[r])) for r in rows)
        return cls(tuple(labels), rank[index])


@dataclass(frozen=True, eq=False)
class Table(Columns):
    """Hold independent observations: one row, one observation.

    Raises InvalidInputError, with every violation found, where a rule is broken.

    Attributes:
        columns: of equal length n ≥ 5.
        target: the column to be explained.
        inputs: the columns that may explain it; empty: all that have no other role and are
            not `called_errors`.
        weights: the column of row weights, 1/variance up to a common factor, all > 0; empty: all rows count alike.
        group: the column that says which rows belong together: 2 to 1,000 groups of at least 3 rows. It is no input
            unless `inputs` names it; empty: all rows are alike.
        std_errors: the column of standard errors of the target, in its unit, all > 0; not with `weights`; empty: they
            are not known.
    """

    target: str
    inputs: tuple[str, ...] = ()
    weights: str = ""
    group: str = ""
    std_errors: str = ""

    def __post_init__(self) -> None:
        violations = [*shape_violations(self.columns), *self._role_violations()]
        violations += [v for column in self.columns for v in value_violations(column)]
        violations += unit_violations((c.name, c.unit) for c in self.columns if c.name != self.weights)
        if not violations:
            violations += self._size_violations()
        if not violations and self.group:
            violations += _group_violations(self.group, Groups.of(self.column(self.group)))
        if violations:
            raise InvalidInputError(violations)
        if not self.inputs:
            free = self._without_role()
            object.__setattr__(self, "inputs", tuple(n for n in free if not self._is_called_error(n)) or free)

    @cached_property
    def names(self) -> Names:
        """Return what the inputs are called in formulas."""
        known = {
            **dict.fromkeys(self.called_errors, "called like the error of the target and no input unless named as one"),
            self.weights: "the weights",
            self.std_errors: "the standard errors",
            self.group: "the group",
            self.target: "the target",
        }
        return Names.of(self.inputs, roles=self.roles_beside(known, self.inputs))

    @property
    def called_errors(self) -> tuple[str, ...]:
        """Return the columns that have no role, and are called and sized like errors of the target."""
        return tuple(n for n in self._without_role() if n not in self.inputs and self._is_called_error(n))

    def _without_role(self) -> tuple[str, ...]:
        taken = (self.target, self.weights, self.std_errors, self.group)
        return tuple(c.name for c in self.columns if c.name not in taken)

    def _is_called_error(self, name: str) -> bool:
        """Return whether a column is called like the target's error, and could be it: not negative, and smaller than
        what the target spans."""
        values = self.column(name).values
        if not is_called_error_of(name, self.target) or float(values.min()) < 0:
            return False
        return 0 < float(np.median(values)) < float(np.ptp(self.column(self.target).values))

    def _size_violations(self) -> Iterator[Violation]:
        """What must be > 0, or in the target's unit, and is not."""
        for field, name, what in (
            ("table.weights", self.weights, "weights"),
            ("table.std_errors", self.std_errors, "standard errors"),
        ):
            if name and not np.all(self.column(name).values > 0):
                row = int(np.argmin(self.column(name).values > 0))
                found = self.column(name).values[row]
                yield Violation(field, f"{name!r} is {found} in row {row + 1}; {what} must be > 0")
        unit = self.column(self.std_errors).unit.strip() if self.std_errors else ""
        wanted = self.column(self.target).unit.strip()
        if unit and unit != wanted:
            text = (
                f"{self.std_errors!r} is in {unit!r}, the target in {wanted or '1'!r}; give errors in the target's unit"
            )
            yield Violation("table.std_errors", text)

    def _role_violations(self) -> list[Violation]:
        names = [c.name for c in self.columns]
        known = ", ".join(map(repr, names[:20])) or "none"
        violations: list[Violation] = []
        if not self.target:
            violations.append(Violation("table.target", f"is not given; name one of the columns: {known}"))
        taken = {
            "table.target": self.target,
            "table.weights": self.weights,
            "table.std_errors": self.std_errors,
            "table.group": self.group,
        }
        roles = [*taken.items(), *((f"table.inputs[{i}]", name) for i, name in enumerate(self.inputs))]
        for field, name in roles:
            if name and name not in names:
                violations.append(Violation(field, f"{name!r} is no column; columns: {known}"))
        if self.target and self.target in self.inputs:
            violations.append(Violation("table.inputs", f"{self.target!r} is the target; leave it out of the inputs"))
        violations += self._doubled_roles()
        violations += [_text_violation(c) for c in self.columns if c.labels and self._needs_numbers(c.name)]
        if twice := repeated(self.inputs):
            violations.append(Violation("table.inputs", f"{twice[0]!r} is named more than once; name it once"))
        if not self.inputs and not set(names) - set(taken.values()):
            violations.append(Violation("table.columns", "holds no input; give at least one column beside the target"))
        return violations

    def _doubled_roles(self) -> Iterator[Violation]:
        """Columns with two roles, and roles that exclude each other."""
        roles = {"weights": self.weights, "std_errors": self.std_errors}
        for role, name in roles.items():
            if self.target and self.target == name:
                yield Violation(f"table.{role}", f"{name!r} is the target; name another column")
        if self.weights and self.std_errors:
            text = "and table.weights are both given; give one of them: standard errors are weights of 1/std_errors**2"
            yield Violation("table.std_errors", text)
        elif self.std_errors and self.std_errors in self.inputs:
            text = f"{self.std_errors!r} has the role std_errors; leave it out of the inputs"
            yield Violation("table.inputs", text)
        for role, name in {"target": self.target, **roles}.items():
            if self.group and self.group == name:
                yield Violation("table.group", f"{name!r} has the role {role}; name another column")
                return

    def _needs_numbers(self, name: str) -> bool:
        return name != self.group or name in (self.target, self.weights, self.std_errors, *self.inputs)


def _text_violation(column: Column) -> Violation:
    text = f"holds text ({column.labels[0][:40]!r}, …), which only the group may; leave it out, or make it the group"
    return Violation(f"table.columns[{column.name!r}]", text)


def _group_violations(name: str, groups: Groups) -> list[Violation]:
    count, sizes = len(groups.labels), np.bincount(groups.index)
    violations: list[Violation] = []
    if not 2 <= count <= MAX_GROUPS:
        violations.append(Violation("table.group", f"{name!r} makes {count} groups; give 2 to {MAX_GROUPS}"))
    small = np.flatnonzero(sizes < MIN_GROUP_ROWS)
    if small.size and count > 1:
        shown = ", ".join(f"{groups.labels[g][:40]!r} has {sizes[g]}" for g in small[:SHOWN])
        more = f" and {small.size - SHOWN} more" if small.size > SHOWN else ""
        text = f"{name!r}: {shown} rows{more}; give every group at least {MIN_GROUP_ROWS} rows"
        violations.append(Violation("table.group", text))
    long = [label for label in groups.labels if not 0 < len(label.strip()) <= MAX_LABEL_LENGTH]
    if long:
        fault = f"the label {long[0][:40]!r}… of {len(long[0])} characters" if long[0].strip() else "an empty label"
        text = f"{name!r} holds {fault}; give 1 to {MAX_LABEL_LENGTH} characters"
        violations.append(Violation("table.group", text))
    return violations
