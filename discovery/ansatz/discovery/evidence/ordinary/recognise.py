"""Which family of ordinary laws a formula belongs to, however it is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from ansatz.discovery.evidence.ordinary.families import INPUTS, MOST_INPUTS, Family, of_inputs
from ansatz.discovery.evidence.ordinary.shape import shape_of, with_free_exponents
from ansatz.discovery.expression import Node, complexity, variables

_MOST_NODES: Final = 40


@dataclass(frozen=True)
class Recognised:
    """A family, and the formula's inputs in the family's order."""

    family: Family
    inputs: tuple[str, ...]


def recognised(formula: Node) -> Recognised | None:
    """Return the family of a formula; None where it is no ordinary law."""
    names = variables(formula)
    if not 1 <= len(names) <= MOST_INPUTS or complexity(formula) > _MOST_NODES:
        return None
    shape = shape_of(formula, dict(zip(names, INPUTS, strict=False)))
    kept, freed = _tables(len(names))
    found = kept.get(shape.text) or freed.get(with_free_exponents(shape).text)
    if found is None:
        return None
    family, order = found
    return Recognised(family, tuple(names[i] for i in order))


Table = Mapping[str, tuple[Family, tuple[int, ...]]]


@lru_cache(maxsize=MOST_INPUTS)
def _tables(inputs: int) -> tuple[Table, Table]:
    """Families of so many inputs by the text of their shapes, as they are and with free exponents.

    A formula names its inputs as they appear, so that of two inputs each may be the family's first.
    """
    kept: dict[str, tuple[Family, tuple[int, ...]]] = {}
    freed: dict[str, tuple[Family, tuple[int, ...]]] = {}
    orders = [(0, 1), (1, 0)] if inputs == 2 else [tuple(range(inputs))]
    for family in sorted(of_inputs(inputs), key=lambda f: -f.bits):
        for formula in family.written():
            for order in orders:
                shape = shape_of(formula, {INPUTS[i]: INPUTS[at] for i, at in enumerate(order)})
                kept[shape.text] = family, order
                if shape.has_free_exponents:
                    freed[with_free_exponents(shape).text] = family, order
    return kept, freed
