"""A system as its caller wrote it: every constant once, by its name, wherever it stands."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ansatz.discovery.expression import Node, Number, Variable, add, multiply, variables
from ansatz.discovery.expression.node import rebuild
from ansatz.discovery.trajectories.system import Slot, System

_HIDDEN = "#"
"""Begins the names of constants that the caller did not name; no free constant can have one."""


@dataclass(frozen=True)
class NamedSystem:
    """Right-hand sides of all states, in which constants are variables.

    Attributes:
        formulas: one for each state, in their order.
        values: of the constants, by name, in order of appearance.
        form: the right-hand sides as the caller gave them, by the place of their state: they cost no bits.
    """

    formulas: tuple[Node, ...]
    values: Mapping[str, float]
    form: Mapping[int, Node] = field(default_factory=dict)

    @classmethod
    def of(cls, formulas: Sequence[Node], starts: Mapping[str, float], given: Collection[int]) -> NamedSystem:
        """Return the system of formulas whose constants start at `starts`, with those of `given` states the caller's.

        Numbers that a fit may change get names of their own.
        """
        values = dict(starts)
        found = tuple(_with_names(formula, values) for formula in formulas)
        used = {name for formula in found for name in variables(formula)}
        return cls(found, {name: v for name, v in values.items() if name in used}, {i: found[i] for i in given})

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the constants, in the order of the parameters of `system`."""
        return tuple(self.values)

    def at(self, values: Mapping[str, float]) -> NamedSystem:
        """Return it with its constants at other values; those that are not named stay."""
        return replace(self, values={name: values.get(name, value) for name, value in self.values.items()})

    def joined(self, state: int, coefficient: float, term: Node) -> NamedSystem:
        """Return it with a term more in the equation of a state."""
        values = dict(self.values)
        piece = Number(coefficient) if term == Number(1.0) else multiply(Number(coefficient), term)
        formulas = list(self.formulas)
        formulas[state] = add(formulas[state], _with_names(piece, values))
        return replace(self, formulas=tuple(formulas), values=values)

    def system(self, held: Mapping[str, float] | None = None) -> System:
        """Return it as a system whose parameters are the constants, in their order; those `held` stay at a value."""
        fixed = held or {}
        free = {name: i for i, name in enumerate(n for n in self.values if n not in fixed)}
        slots: dict[tuple[int, int], Slot] = {}
        equations = []
        for e, formula in enumerate(self.formulas):
            place = -1

            def leaf(node: Number | Variable, e: int = e) -> Node:
                nonlocal place
                named = isinstance(node, Variable) and node.name in self.values
                if not (named or isinstance(node, Number)):
                    return node
                place += 1
                if isinstance(node, Number):
                    return node
                if node.name in free:
                    slots[e, place] = Slot(free[node.name])
                return Number(float(fixed.get(node.name, self.values[node.name])))

            equations.append(rebuild(formula, leaf))
        return System(tuple(equations), slots)


def is_named(constant: str) -> bool:
    """Return whether the caller gave a constant its name."""
    return not constant.startswith(_HIDDEN)


def _with_names(formula: Node, values: dict[str, float]) -> Node:
    """Return a formula with a name in the place of each number that a fit may change, and note their values."""

    def leaf(node: Number | Variable) -> Node:
        if isinstance(node, Variable) or not node.is_free:
            return node
        name = f"{_HIDDEN}{len(values)}"
        values[name] = node.value
        return Variable(name)

    return rebuild(formula, leaf)
