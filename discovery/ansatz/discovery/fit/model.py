"""A formula with free constants, by name: what an ansatz is while it is refined."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ansatz.discovery.asked.ansatz import Ansatz
from ansatz.discovery.asked.parameters import Parameter
from ansatz.discovery.expression import Array, Node, Number, Variable, substitute, variables, walk
from ansatz.discovery.expression.grammar import is_name
from ansatz.discovery.expression.node import rebuild
from ansatz.discovery.expression.numbers import numbers, with_numbers
from ansatz.discovery.fit.marks import Marks

_NUMBER = "number {}"
"""No name of the grammar: it cannot clash with one."""


@dataclass(frozen=True)
class Slot:
    """A constant to be fitted.

    Attributes:
        positions: where it stands among all numbers of a formula.
        lower: its lower bound, which may be infinite.
        upper: its upper bound, which may be infinite.
        stated: whether its value is a start worth trying; else it may start anywhere.
    """

    positions: tuple[int, ...]
    lower: float
    upper: float
    stated: bool

    @property
    def is_open(self) -> bool:
        """Return whether the caller says nothing of it."""
        return not self.stated and self.lower == -math.inf and self.upper == math.inf


@dataclass(frozen=True)
class AnsatzModel:
    """A formula in which free constants are variables with `values`, and so are the ansatz's own numbers.

    `parameters` are those that are fitted, with their bounds; the others stay. Of the numbers that are left in the
    formula, those that a fit may change are fitted as well.
    """

    formula: Node
    parameters: Mapping[str, Parameter]
    values: Mapping[str, float]

    @classmethod
    def of(cls, ansatz: Ansatz) -> AnsatzModel:
        """Return the model of an ansatz, at its starts."""
        given = numbers(ansatz.formula)
        names = {p: _NUMBER.format(i) for i, p in enumerate(ansatz.coefficients)}
        own = (Parameter(n, float(given[p])) for p, n in names.items())
        parameters = {p.name: p for p in (*ansatz.parameters, *own)}
        values = {n: _start(p) for n, p in parameters.items()}
        return cls(_with_variables(ansatz.formula, names), parameters, values)

    @property
    def is_marked(self) -> bool:
        """Return whether some of its numbers are named or fixed by the caller."""
        return self.marks.any

    @property
    def numeric(self) -> Node:
        """Return the formula with the values in place."""
        return substitute(self.formula, {name: Number(self.values[name]) for name in self._used})

    @property
    def marks(self) -> Marks:
        """Return what stands where in the numeric formula."""
        named: dict[int, str] = {}
        fixed: set[int] = set()
        for position, leaf in enumerate(self._leaves()):
            if isinstance(leaf, Number):
                fixed |= {position} if leaf.name else set()
                continue
            if is_name(leaf.name):
                named[position] = leaf.name
            if leaf.name not in self.parameters or self.at_bound(leaf.name):
                fixed.add(position)
        return Marks(named, frozenset(fixed))

    def slots(self) -> tuple[Slot, ...]:
        """Return the constants to be fitted, of the numeric formula."""
        places: dict[str, list[int]] = {}
        bare: list[Slot] = []
        for position, leaf in enumerate(self._leaves()):
            if isinstance(leaf, Variable) and leaf.name in self.parameters:
                places.setdefault(leaf.name, []).append(position)
            elif isinstance(leaf, Number) and leaf.is_free:
                bare.append(Slot((position,), -math.inf, math.inf, True))
        named = (self._slot(name, at) for name, at in places.items())
        return (*named, *bare)

    def _slot(self, name: str, positions: Sequence[int]) -> Slot:
        parameter = self.parameters[name]
        return Slot(tuple(positions), parameter.lower, parameter.upper, parameter.start is not None)

    def with_numbers(self, values: Sequence[float] | Array) -> AnsatzModel:
        """Return the model with the numbers of its numeric formula replaced."""
        leaves = self._leaves()
        found = {n.name: float(v) for n, v in zip(leaves, values, strict=True) if isinstance(n, Variable)}
        own = [float(v) for n, v in zip(leaves, values, strict=True) if isinstance(n, Number)]
        return replace(self, formula=with_numbers(self.formula, own), values={**self.values, **found})

    def at_bound(self, name: str) -> bool:
        """Return whether a free constant stands at one of its bounds."""
        parameter, value = self.parameters[name], self.values[name]
        return value in (parameter.lower, parameter.upper)

    @property
    def _used(self) -> tuple[str, ...]:
        return tuple(name for name in variables(self.formula) if name in self.values)

    def _leaves(self) -> list[Number | Variable]:
        """Return what becomes the numbers of the numeric formula, in their order."""
        return [
            n for n in walk(self.formula)
            if isinstance(n, Number) or (isinstance(n, Variable) and n.name in self.values)
        ]  # fmt: skip


def _start(parameter: Parameter) -> float:
    """Return where a constant stands before any fit: as stated, else at 1 or the bound nearest to it."""
    if parameter.start is not None:
        return parameter.start
    if parameter.lower <= 1.0 <= parameter.upper:
        return 1.0
    return parameter.lower if parameter.lower > 1.0 else parameter.upper


def _with_variables(formula: Node, names: Mapping[int, str]) -> Node:
    """Return the formula with the numbers at some positions replaced by variables."""
    position = -1

    def leaf(node: Number | Variable) -> Node:
        nonlocal position
        if not isinstance(node, Number):
            return node
        position += 1
        return Variable(names[position]) if position in names else node

    return rebuild(formula, leaf)
