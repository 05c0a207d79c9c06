"""The dimensions of a problem, and what they ask of its formulas."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from ansatz.discovery.errors import Violation
from ansatz.discovery.expression.node import Node, Number
from ansatz.discovery.units.consistency import Consistency, consistency
from ansatz.discovery.units.dimension import NONE, Dimension
from ansatz.discovery.units.linear import rank
from ansatz.discovery.units.text import UnitSyntaxError, UnknownUnitError, parse_unit

RIGHT: Final = 0
DOUBTFUL: Final = 1
WRONG: Final = 2


@dataclass(frozen=True, eq=False)
class Dimensions:
    """Dimensions of the target and of the inputs, by their names in formulas.

    `dimensional_constants`: whether numbers that are no integers may carry dimensions. Where no formula of
    dimensionless numbers can have the target's dimension they must, whatever the caller asked.
    """

    target: Dimension
    inputs: Mapping[str, Dimension]
    dimensional_constants: bool = False

    def of(self, formula: Node) -> Consistency:
        """Return how the dimensions of a formula stand."""
        return consistency(formula, self.inputs, self.target)

    def wrongness(self, formula: Node) -> int:
        """0: right; 1: only right if numbers carry dimensions, which they need not; 2: wrong. A constant is in the
        target's own unit."""
        found = self.of(formula)
        if found is Consistency.CONSISTENT or isinstance(formula, Number):
            return RIGHT
        if found is Consistency.INCONSISTENT:
            return WRONG
        return RIGHT if self.dimensional_constants or not self.sufficient else DOUBTFUL

    @cached_property
    def sufficient(self) -> bool:
        """Whether some formula of the inputs and dimensionless numbers has the target's dimension."""
        if self.target == NONE:
            return self.products > 0
        rows = [d.exponents for d in self.inputs.values()]
        return bool(rows) and rank([*rows, self.target.exponents]) == rank(rows)

    @cached_property
    def products(self) -> int:
        """How many independent dimensionless products the inputs have."""
        return len(self.inputs) - rank([d.exponents for d in self.inputs.values()])


def unit_violations(units: Iterable[tuple[str, str]]) -> list[Violation]:
    """Return what is wrong with (column, unit) pairs."""
    violations: list[Violation] = []
    for column, unit in units:
        try:
            parse_unit(unit)
        except (UnitSyntaxError, UnknownUnitError) as error:
            violations.append(Violation(f"table.columns[{column!r}].unit", f"{unit[:40]!r}: {error}"))
    return violations
