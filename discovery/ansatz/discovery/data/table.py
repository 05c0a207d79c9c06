"""Independent observations in a table, and groups of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as field_of
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
from ansatz.discovery.data.noise import TargetNoise, count_violations, share_violations, shares
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
        input_errors: columns of standard errors of inputs, in their units, all > 0, by the input; not with `weights`,
            `group` or `noise`.
        noise: how the target scatters; counts and shares tell their errors themselves, and take no others.
        trials: the column of numbers of trials (whole, ≥ 1) of which a target of binomial noise holds the successes, or
            their share; empty: one in each row.
    """

    target: str
    inputs: tuple[str, ...] = ()
    weights: str = ""
    group: str = ""
    std_errors: str = ""
    input_errors: Mapping[str, str] = field_of(default_factory=dict)
    noise: TargetNoise = TargetNoise.GAUSSIAN
    trials: str = ""

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
            **{name: f"the standard errors of {of!r}" for of, name in self.input_errors.items()},
            self.trials: "the trials",
            self.group: "the group",
            self.target: "the target",
        }
        return Names.of(self.inputs, roles=self.roles_beside(known, self.inputs))

    @property
    def called_errors(self) -> tuple[str, ...]:
        """Return the columns that have no role, and are called and sized like errors of the target."""
        return tuple(n for n in self._without_role() if n not in self.inputs and self._is_called_error(n))

    def _without_role(self) -> tuple[str, ...]:
        taken = (self.target, self.weights, self.std_errors, *self.input_errors.values(), self.trials, self.group)
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
            *((f"table.input_errors[{of!r}]", name, "standard errors") for of, name in self.input_errors.items()),
        ):
            if name and not np.all(self.column(name).values > 0):
                row = int(np.argmin(self.column(name).values > 0))
                found = self.column(name).values[row]
                yield Violation(field, f"{name!r} is {found} in row {row + 1}; {what} must be > 0")
        yield from self._unit_violations("table.std_errors", self.target, self.std_errors, "the target")
        for of, name in self.input_errors.items():
            yield from self._unit_violations(f"table.input_errors[{of!r}]", of, name, repr(of))
        if self.noise is TargetNoise.POISSON:
            yield from count_violations(self.target, self.column(self.target).values)
        elif self.noise is TargetNoise.BINOMIAL:
            yield from share_violations(self.target, self.column(self.target).values, self.trials_of_rows)

    @property
    def trials_of_rows(self) -> NDArray[np.float64]:
        """Return how many trials each row stands for, `(n,)`."""
        return self.column(self.trials).values if self.trials else np.ones(self.rows)

    @property
    def explained(self) -> NDArray[np.float64]:
        """Return what formulas explain, `(n,)`: the target, or of binomial noise the share of successes."""
        target = np.array(self.column(self.target).values, dtype=np.float64)
        return shares(target, self.trials_of_rows) if self.noise is TargetNoise.BINOMIAL else target

    def _unit_violations(self, field: str, of: str, errors: str, called: str) -> Iterator[Violation]:
        """Standard errors that are in another unit than what they are of."""
        unit = self.column(errors).unit.strip() if errors else ""
        wanted = self.column(of).unit.strip()
        if unit and unit != wanted:
            owner = "the target" if of == self.target else "the input"
            text = f"{errors!r} is in {unit!r}, {called} in {wanted or '1'!r}; give errors in {owner}'s unit"
            yield Violation(field, text)

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
            **{f"table.input_errors[{of!r}]": name for of, name in self.input_errors.items()},
            "table.trials": self.trials,
            "table.group": self.group,
        }
        roles = [*taken.items(), *((f"table.inputs[{i}]", name) for i, name in enumerate(self.inputs))]
        for field, name in roles:
            if name and name not in names:
                violations.append(Violation(field, f"{name!r} is no column; columns: {known}"))
        if self.target and self.target in self.inputs:
            violations.append(Violation("table.inputs", f"{self.target!r} is the target; leave it out of the inputs"))
        violations += [*self._doubled_roles(), *self._noise_violations(names)]
        violations += [_text_violation(c) for c in self.columns if c.labels and self._needs_numbers(c.name)]
        if twice := repeated(self.inputs):
            violations.append(Violation("table.inputs", f"{twice[0]!r} is named more than once; name it once"))
        if not self.inputs and not set(names) - set(taken.values()):
            violations.append(Violation("table.columns", "holds no input; give at least one column beside the target"))
        return violations

    def _doubled_roles(self) -> Iterator[Violation]:
        """Columns with two roles, and roles that exclude each other."""
        roles = {"weights": self.weights, "std_errors": self.std_errors, "trials": self.trials}
        roles |= {f"input_errors[{of!r}]": name for of, name in self.input_errors.items()}
        for role, name in roles.items():
            if self.target and self.target == name:
                yield Violation(f"table.{role}", f"{name!r} is the target; name another column")
        if self.weights and self.std_errors:
            text = "and table.weights are both given; give one of them: standard errors are weights of 1/std_errors**2"
            yield Violation("table.std_errors", text)
        for role, name in roles.items():
            if name and role != "weights" and name in self.inputs:
                yield Violation("table.inputs", f"{name!r} has the role {role}; leave it out of the inputs")
        for role, name in {"target": self.target, **roles}.items():
            if self.group and self.group == name:
                yield Violation("table.group", f"{name!r} has the role {role}; name another column")
                return

    def _noise_violations(self, names: Sequence[str]) -> Iterator[Violation]:
        """Errors of inputs, trials and noises that are not for this table."""
        for of in self.input_errors:
            if of not in (self.inputs or names) or of == self.target:
                yield Violation("table.input_errors", f"names {of!r}, which is no input; name one of the inputs")
        beside = {"weights": self.weights, "group": self.group, "std_errors": self.std_errors}
        if self.input_errors:
            for other in ("weights", "group"):
                if beside[other]:
                    advice = "give std_errors in their place" if other == "weights" else "leave one of them out"
                    yield Violation("table.input_errors", f"and table.{other} are both given; {advice}")
        if self.trials and self.noise is not TargetNoise.BINOMIAL:
            yield Violation("table.trials", f"are for binomial noise, and the noise is {self.noise}; give binomial")
        if self.noise is TargetNoise.GAUSSIAN:
            return
        for other, given in {**beside, "input_errors": self.input_errors}.items():
            if given:
                text = f"is {self.noise}, which tells the errors itself, and table.{other} is given; leave that out"
                if other == "group":
                    text = f"is {self.noise}, which is not for groups; leave it out, or the group"
                yield Violation("table.noise", text)

    def _needs_numbers(self, name: str) -> bool:
        taken = (self.target, self.weights, self.std_errors, self.trials, *self.input_errors.values(), *self.inputs)
        return name != self.group or name in taken


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
