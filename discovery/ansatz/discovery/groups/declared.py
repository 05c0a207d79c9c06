"""A caller's ansatz as a structure, and what the caller says of its constants."""

from __future__ import annotations

from ansatz.discovery.asked.ansatz import Ansatz
from ansatz.discovery.expression import Node, Number, Variable
from ansatz.discovery.expression.node import rebuild
from ansatz.discovery.groups.structure import Constant, Structure


def structure_of(ansatz: Ansatz) -> Structure:
    """Return the ansatz with its free constants, and its numbers unless they are fixed, to be fitted; a free constant
    that stands in several places is one."""
    named = {p.name: p for p in ansatz.parameters}
    to_fit = set(ansatz.coefficients)
    places: dict[str, list[int]] = {}
    numbers: list[tuple[int, float]] = []
    at = -1
    seen = -1

    def leaf(node: Number | Variable) -> Node:
        nonlocal at, seen
        if isinstance(node, Variable) and node.name not in named:
            return node
        at += 1
        if isinstance(node, Variable):
            places.setdefault(node.name, []).append(at)
            start = named[node.name].start
            return Number(1.0 if start is None else start)
        seen += 1
        if seen in to_fit:
            numbers.append((at, node.value))
        return node

    formula = rebuild(ansatz.formula, leaf)
    constants = [
        Constant(tuple(positions), name, named[name].start, named[name].lower, named[name].upper)
        for name, positions in places.items()
    ]
    constants += [Constant((position,), start=value) for position, value in numbers]
    return Structure(formula, tuple(sorted(constants, key=lambda c: c.positions)))


def settled(structure: Structure, per_group: tuple[str, ...]) -> dict[int, bool]:
    """Return of each constant, whether it is per group, as the caller says; nothing where the caller names none."""
    return {j: c.name in per_group for j, c in enumerate(structure.constants)} if per_group else {}


__all__ = ["settled", "structure_of"]
