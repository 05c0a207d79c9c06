"""What the caller observed of curves: a value against step, tokens, size, in one run or many."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ansatz.discovery.data.columns import MIN_ROWS, Columns, shape_violations, smallness_violations, value_violations
from ansatz.discovery.data.names import Names
from ansatz.discovery.errors import InvalidInputError, Violation

ROLES: Final[Mapping[str, str]] = {
    "N": "parameters of a model",
    "D": "tokens or examples seen",
    "C": "compute, in floating-point operations",
    "S": "step of the optimiser",
    "B": "batch size, in tokens or examples",
    "lr": "learning rate",
}
_USUAL_NAMES: Final[Mapping[str, Sequence[str]]] = {
    "N": ("n", "params", "parameters", "n_params", "num_params", "model_size", "size"),
    "D": ("d", "tokens", "n_tokens", "data", "data_size", "samples", "examples"),
    "C": ("c", "compute", "flops", "flop"),
    "S": ("s", "step", "steps", "iteration", "iter", "it"),
    "B": ("b", "batch", "batch_size", "bs"),
    "lr": ("lr", "learning_rate"),
}
RATE_SUMS: Final = ("lr_sum", "lr_drop")
"""In formulas, the learning rate summed over steps, and what it fell by, summed with momentum."""
_MIN_VALUES = 3
MIN_ROWS_A_RUN = 5
"""Of a run with constants of its own."""


class ValueScale(StrEnum):
    """On which scale errors are counted: relative, absolute, or that of a share of trials."""

    AUTO = "auto"
    LOG = "log"
    LINEAR = "linear"
    SHARE = "share"


@dataclass(frozen=True, eq=False)
class Curves(Columns):
    """Hold values against step or scale, in long form: one row, one value. A table of final values is such curves, too.

    Raises InvalidInputError, with every violation found.

    Attributes:
        columns: of equal length n ≥ 5.
        target: names the value.
        inputs: what may explain it, whether the same all over a run (size, batch) or not (step, tokens); empty: all
            others.
        runs: (n,), the run of each row; empty: every row by itself.
        roles: N, D, C, S, B, lr to columns; those left out are guessed from usual names.
        std_errors: the column of standard errors of the value (> 0).
        trials: the column of numbers of trials (≥ 1) of which the value is the share of successes, in [0, 1].
        scale: auto is share with trials, else log where all values are > 0, else linear.
        per_run: whether each run has constants of its own.
    """

    target: str
    inputs: tuple[str, ...] = ()
    runs: tuple[str, ...] = ()
    roles: Mapping[str, str] = field(default_factory=dict)
    std_errors: str = ""
    trials: str = ""
    scale: ValueScale = ValueScale.AUTO
    per_run: bool = False

    def __post_init__(self) -> None:
        violations = [*shape_violations(self.columns, "curves"), *self._role_violations()]
        violations += [v for column in self.columns for v in value_violations(column, "curves")]
        if not violations:
            small = smallness_violations(self.column(self.target), "curves")
            violations = [*self._value_rules(), *self._variation(), *small]
        if violations:
            raise InvalidInputError(violations)
        object.__setattr__(self, "scale", self._resolved_scale())
        if not self.inputs:
            object.__setattr__(self, "inputs", self._others())
        object.__setattr__(self, "roles", {**self._guessed_roles(), **self.roles})

    @cached_property
    def names(self) -> Names:
        """Return what the inputs are called in formulas, and the target in implicit laws."""
        known = {
            self.trials: "the numbers of trials",
            self.std_errors: "the standard errors",
            self.target: "the target",
        }
        made = Names.of(self.inputs, (self.target,), self.roles_beside(known, self.inputs))
        return made.with_more({name: name for name in RATE_SUMS}) if self.may_sum_rate else made

    @property
    def may_sum_rate(self) -> bool:
        """Return whether laws may speak of sums over the learning rate, as far as columns tell."""
        return {"S", "lr"} <= self.roles.keys() and not {c.name for c in self.columns} & set(RATE_SUMS)

    def _others(self) -> tuple[str, ...]:
        taken = (self.target, self.std_errors, self.trials)
        return tuple(c.name for c in self.columns if c.name not in taken)

    def _guessed_roles(self) -> dict[str, str]:
        free = [name for name in self.inputs if name not in self.roles.values()]
        guessed: dict[str, str] = {}
        for role, usual in _USUAL_NAMES.items():
            matches = [name for name in free if name.lower() in usual]
            if role not in self.roles and len(matches) == 1:
                guessed[role] = matches[0]
        return guessed

    def _role_violations(self) -> list[Violation]:
        names = [c.name for c in self.columns]
        known = ", ".join(map(repr, names[:20])) or "none"
        violations = []
        if not self.target:
            violations.append(Violation("curves.target", f"is not given; name one of the columns: {known}"))
        roles = [("curves.target", self.target), ("curves.std_errors", self.std_errors)]
        roles += [("curves.trials", self.trials)]
        roles += [(f"curves.inputs[{i}]", name) for i, name in enumerate(self.inputs)]
        roles += [(f"curves.roles[{role!r}]", name) for role, name in self.roles.items()]
        violations += [
            Violation(where, f"{name!r} is no column; columns: {known}")
            for where, name in roles
            if name and name not in names
        ]
        listed = "; ".join(f"{role}: {what}" for role, what in ROLES.items())
        for role in self.roles:
            if role not in ROLES:
                violations.append(Violation("curves.roles", f"{role!r} is no role; roles are {listed}"))
        for name in (self.target, self.std_errors, self.trials):
            if name and name in self.inputs:
                violations.append(
                    Violation("curves.inputs", f"{name!r} has a role already; leave it out of the inputs")
                )
        if self.runs and len(self.runs) != self.rows:
            violations.append(Violation("curves.runs", f"holds {len(self.runs)} labels for {self.rows} rows"))
        if self.per_run and not self.runs:
            violations.append(Violation("curves.runs", "is not given; constants per run need the run of each row"))
        if self.per_run and self.runs and max(Counter(self.runs).values()) < MIN_ROWS_A_RUN:
            text = f"name no run of {MIN_ROWS_A_RUN} rows or more, which constants per run need; leave per_run out"
            violations.append(Violation("curves.runs", f"{text}, for one law of all runs"))
        return violations

    def _value_rules(self) -> list[Violation]:
        """Return values that break a rule: shares within [0, 1], errors above 0, nothing below 0 on a log scale."""
        y = self.column(self.target).values
        rules: list[tuple[str, str, NDArray[np.bool_], str]] = []
        if self.std_errors:
            errors = self.column(self.std_errors).values
            rules.append(("curves.std_errors", self.std_errors, errors <= 0, "standard errors must be > 0"))
        if self.trials:
            trials = self.column(self.trials).values
            rules.append(("curves.trials", self.trials, trials < 1, "give at least one trial a row"))
            rules.append(("curves.target", self.target, (y < 0) | (y > 1), "a share of trials lies in [0, 1]"))
        if self.scale is ValueScale.LOG:
            advice = "a law on a log scale needs values > 0: leave such rows out, or ask for the linear scale"
            rules.append(("curves.target", self.target, y <= 0, advice))
        violations = []
        for where, name, broken, advice in rules:
            if np.any(broken):
                row = int(np.argmax(broken))
                more = int(np.count_nonzero(broken)) - 1
                also = f" (and {more} more)" if more else ""
                found = self.column(name).values[row]
                violations.append(Violation(where, f"{name!r} is {found:g} in row {row + 1}{also}; {advice}"))
        if self.scale is ValueScale.SHARE and not self.trials:
            violations.append(Violation("curves.trials", "is not given; the scale of shares needs numbers of trials"))
        if self.std_errors and self.trials:
            violations.append(Violation("curves.std_errors", "and trials are both given; give one of them"))
        return violations

    def _variation(self) -> list[Violation]:
        """Return a law needs an input with at least three different values."""
        counts = {name: np.unique(self.column(name).values).size for name in self.inputs or self._others()}
        if not counts:
            return [Violation("curves.columns", "hold no input; give step, tokens or size beside the value")]
        if max(counts.values()) >= _MIN_VALUES:
            return []
        shown = ", ".join(f"{name!r} has {n}" for name, n in list(counts.items())[:8])
        advice = "add runs of other sizes, or a column of steps or tokens"
        text = f"vary too little for a law: {shown} different value(s) where {_MIN_VALUES} are needed; {advice}"
        return [Violation("curves.inputs", text)]

    def _resolved_scale(self) -> ValueScale:
        if self.scale is not ValueScale.AUTO:
            return self.scale
        if self.trials:
            return ValueScale.SHARE
        positive = bool(np.all(self.column(self.target).values > 0))
        return ValueScale.LOG if positive else ValueScale.LINEAR


__all__ = ["MIN_ROWS", "RATE_SUMS", "ROLES", "Curves", "ValueScale"]
