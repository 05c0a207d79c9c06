"""A formula whose constants may differ from group to group."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ansatz.discovery.expression import Array, Node, Number, Variable, simplify, values_and_jacobian
from ansatz.discovery.expression.grammar import MAX_EXPONENT, has_exponents_within
from ansatz.discovery.expression.node import exponent_positions, rebuild
from ansatz.discovery.expression.numbers import numbers, with_numbers
from ansatz.discovery.groups.problem import GroupedProblem

Mask = NDArray[np.bool_]

_HIDDEN = "0 constant "
"""Begins the names that stand for constants while a formula is simplified; no column's name in formulas does."""


@dataclass(frozen=True)
class Constant:
    """A constant of a structure: it stands at `positions` among the numbers of the formula.

    `name` is the caller's for it, else empty; `start` where its fit starts, None: wherever the fit finds best; `lower`
    and `upper` bound it.
    """

    positions: tuple[int, ...]
    name: str = ""
    start: float | None = None
    lower: float = -math.inf
    upper: float = math.inf


@dataclass(frozen=True)
class Structure:
    """A formula and which of its numbers are constants to be fitted (k of them); the other numbers belong to it."""

    formula: Node
    constants: tuple[Constant, ...]

    @property
    def bounds(self) -> tuple[Array, Array]:
        """Lower and upper bounds, each of shape (k, 1); exponents stay within what the grammar takes."""
        exponents = exponent_positions(self.formula)
        limits = [MAX_EXPONENT if exponents & set(c.positions) else np.inf for c in self.constants]
        lower = np.maximum([c.lower for c in self.constants], np.negative(limits))
        upper = np.minimum([c.upper for c in self.constants], limits)
        return np.reshape(lower, (-1, 1)), np.reshape(upper, (-1, 1))

    def initial(self) -> Array:
        """Return the numbers as they stand, shape (k,)."""
        values = numbers(self.formula)
        return np.array([values[c.positions[0]] for c in self.constants], dtype=np.float64)

    def predict(self, values: Array, problem: GroupedProblem) -> Array:
        """Return values on the rows, shape (n,), of constants of shape (k, G)."""
        return self.linearised(values, problem, ())[0]

    def linearised(self, values: Array, problem: GroupedProblem, free: Sequence[int]) -> tuple[Array, Array]:
        """Values, shape (n,), and derivatives with respect to the constants `free`, shape (n, len(free))."""
        trial: list[Array] = [np.asarray(v) for v in numbers(self.formula)]
        for constant, by_group in zip(self.constants, values, strict=True):
            shared = bool(np.all(by_group == by_group[0]))
            value = np.asarray(by_group[0]) if shared else by_group[problem.index]
            for position in constant.positions:
                trial[position] = value
        positions = [p for j in free for p in self.constants[j].positions]
        value, slopes = values_and_jacobian(
            self.formula, problem.problem.columns, problem.problem.rows, positions, trial
        )
        if len(positions) == len(free):
            return value, slopes
        jacobian, at = np.empty((slopes.shape[0], len(free)), order="F"), 0
        for i, j in enumerate(free):
            width = len(self.constants[j].positions)
            jacobian[:, i] = slopes[:, at : at + width].sum(axis=1)
            at += width
        return value, jacobian

    def without(self, j: int, positive: Collection[str], roots: bool) -> tuple[Structure, tuple[int, ...]]:
        """Return the structure with constant j at zero, simplified, and which constants are left, in their new order.

        `positive` and `roots` as in `simplify`.
        """
        where = {p: i for i, constant in enumerate(self.constants) for p in constant.positions}
        count = iter(range(len(numbers(self.formula))))

        def hide(leaf: Number | Variable) -> Node:
            if not isinstance(leaf, Number):
                return leaf
            i = where.get(next(count))
            return leaf if i is None else Number(0.0) if i == j else Variable(f"{_HIDDEN}{i}")

        bare = simplify(rebuild(self.formula, hide), positive, roots)
        initial, places, at = self.initial(), dict[int, list[int]](), -1

        def show(leaf: Number | Variable) -> Node:
            nonlocal at
            hidden = isinstance(leaf, Variable) and leaf.name.startswith(_HIDDEN)
            at += hidden or isinstance(leaf, Number)
            if not isinstance(leaf, Variable) or not hidden:
                return leaf
            i = int(leaf.name.removeprefix(_HIDDEN))
            places.setdefault(i, []).append(at)
            return Number(float(initial[i]))

        formula = rebuild(bare, show)
        constants = tuple(replace(self.constants[i], positions=tuple(p)) for i, p in places.items())
        return Structure(formula, constants), tuple(places)

    def has_exponents_within(self, values: Array) -> bool:
        """Return whether the grammar takes every exponent, at the least and the largest of the groups' constants."""
        ends = (values.min(axis=1), values.max(axis=1))
        return all(has_exponents_within(self.at(end)) for end in ends)

    def at(self, values: Array) -> Node:
        """Return the formula with one number for each constant, shape (k,)."""
        filled = numbers(self.formula)
        for constant, value in zip(self.constants, values, strict=True):
            filled[list(constant.positions)] = value
        return with_numbers(self.formula, filled)


@dataclass(frozen=True, eq=False)
class GroupedFit:
    """A structure with fitted constants: `values` have shape (k, G).

    The constants `per_group` have a value for each group, the others one for all; those `fixed` were not fitted. `rmse`
    is the root of the (weighted) mean squared error over all rows, inf where not finite.
    """

    structure: Structure
    values: Array
    per_group: frozenset[int]
    rmse: float
    fixed: frozenset[int] = frozenset()

    @property
    def shared(self) -> tuple[int, ...]:
        """The fitted constants that all groups share."""
        return tuple(j for j in range(len(self.values)) if j not in self.per_group | self.fixed)

    @property
    def fitted(self) -> int:
        """How many numbers were fitted."""
        return len(self.shared) + len(self.per_group) * int(self.values.shape[1])

    @property
    def formula(self) -> Node:
        """The formula with the median over the groups of each constant."""
        return self.structure.at(np.median(self.values, axis=1))
