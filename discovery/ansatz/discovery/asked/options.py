"""How to search."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Final

from ansatz.discovery.asked.metric import violations as metric_violations
from ansatz.discovery.asked.parameters import Loss, Parameter
from ansatz.discovery.asked.parameters import violations as parameter_violations
from ansatz.discovery.errors import InvalidInputError, Violation
from ansatz.discovery.expression.node import FUNCTIONS

DEFAULT_FUNCTIONS: Final = (
    "exp", "log", "sqrt", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "abs",
)  # fmt: skip
DEFAULT_BUDGET_SECONDS: Final = 30.0
MAX_BUDGET_SECONDS: Final = 3600.0
DEFAULT_MAX_COMPLEXITY: Final = 40
MAX_COMPLEXITY: Final = 100
MAX_START_FORMULAS: Final = 100


OF_ANSATZ: Final = ("parameters", "fixed_numbers", "free_numbers", "loss", "per_group")
"""The options that are about an ansatz, and go with it."""


class Engine(StrEnum):
    """The evolutionary engine that searches beside the built-in searchers."""

    AUTO = "auto"
    PYSR = "pysr"
    OPERON = "operon"
    NONE = "none"


@dataclass(frozen=True)
class Options:
    """Say how to search. Raises InvalidInputError, with every violation found.

    Attributes:
        functions: the only functions allowed in formulas.
        engine: the evolutionary engine beside the searchers.
        budget_seconds: wall clock, in (0, 3600].
        seed: in [0, 2**32).
        max_complexity: nodes of a formula that is searched for, in [1, 100]; what is given may be larger.
        ansatz: the caller's own formula as text, empty for none.
        dimensional_constants: whether numbers that are no integers may carry dimensions where units are given.
        parameters: where the free constants of the ansatz start, and how they are bounded.
        fixed_numbers: whether the numbers of the ansatz stay as given.
        free_numbers: whether they are fitted beside named constants, too, whole ones apart; not beside fixed_numbers.
        loss: what its fit minimises.
        per_group: the free constants that differ from group to group of grouped data; empty: which they are is found.
        start_formulas: formulas to try first, such as those of an earlier search, at most 100.
        metric: the space in which the law is sought: "" for the target itself, "log", "log-log", "logit", "guess:G",
            "auto".
    """

    functions: tuple[str, ...] = DEFAULT_FUNCTIONS
    engine: Engine = Engine.AUTO
    budget_seconds: float = DEFAULT_BUDGET_SECONDS
    seed: int = 0
    max_complexity: int = DEFAULT_MAX_COMPLEXITY
    ansatz: str = ""
    dimensional_constants: bool = False
    parameters: tuple[Parameter, ...] = ()
    fixed_numbers: bool = False
    free_numbers: bool = False
    loss: Loss = Loss.SQUARED
    per_group: tuple[str, ...] = ()
    start_formulas: tuple[str, ...] = ()
    metric: str = ""

    def __post_init__(self) -> None:
        violations: list[Violation] = []
        for i, name in enumerate(self.functions):
            if name not in FUNCTIONS:
                known = ", ".join(FUNCTIONS)
                violations.append(
                    Violation(f"options.functions[{i}]", f"{name[:80]!r} is no function; functions: {known}")
                )
        if not (math.isfinite(self.budget_seconds) and 0 < self.budget_seconds <= MAX_BUDGET_SECONDS):
            violations.append(
                Violation(
                    "options.budget",
                    f"is {self.budget_seconds:g} s; give more than 0 and at most {MAX_BUDGET_SECONDS:g} s",
                )
            )
        if not 0 <= self.seed < 2**32:
            violations.append(Violation("options.seed", f"is {self.seed}; give a whole number from 0 to {2**32 - 1}"))
        if not 1 <= self.max_complexity <= MAX_COMPLEXITY:
            violations.append(
                Violation("options.max_complexity", f"is {self.max_complexity}; give 1 to {MAX_COMPLEXITY}")
            )
        violations += parameter_violations(self.parameters, "options.parameters")
        violations += self._without_ansatz()
        if self.fixed_numbers and self.free_numbers:
            text = "is given beside options.fixed_numbers, which says the opposite; give one of the two"
            violations.append(Violation("options.free_numbers", text))
        if (given := len(self.start_formulas)) > MAX_START_FORMULAS:
            violations.append(Violation("options.start_formulas", f"holds {given}; give at most {MAX_START_FORMULAS}"))
        violations += metric_violations(self.metric, self.ansatz, self.functions)
        if violations:
            raise InvalidInputError(violations)

    @property
    def given(self) -> tuple[str, ...]:
        """Return the names of the options that are not at their defaults."""
        return tuple(f.name for f in fields(self) if getattr(self, f.name) != f.default)

    def _without_ansatz(self) -> Iterator[Violation]:
        """Return what is said of an ansatz that is not there."""
        for name in (name for name in self.given if name in OF_ANSATZ and not self.ansatz):
            yield Violation(f"options.{name}", "is about an ansatz, and none is given; give options.ansatz")
