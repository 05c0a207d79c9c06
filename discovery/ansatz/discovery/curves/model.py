"""A law bound to columns: its values and their derivatives, for many settings of its constants at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ansatz.discovery.curves.batch_tree import batch_dual, batch_values
from ansatz.discovery.curves.laws import SELF, Law
from ansatz.discovery.expression import Apply, Array, Node, Number, Variable, substitute
from ansatz.discovery.expression.grammar import MAX_EXPONENT, read_back
from ansatz.discovery.expression.node import calls

_LARGEST_EXPONENT: Final = MAX_EXPONENT * (1 - 1e-12)
"""So that the logarithm and back, which round, lead to no larger one than the grammar takes."""


@dataclass(frozen=True)
class _Newton:
    """Tune how an implicit law is solved for its own value.

    Attributes:
        start: far above all values; what a law adds to them there vanishes.
        steps: at most; from there to a value of 1 a division by `falls` takes 30.
        falls: by at most this factor in a step, so that none leaves the domain.
        tolerance: of a step over the value: some roundings of float64.
    """

    start: float = 1e30
    steps: int = 60
    falls: float = 10.0
    tolerance: float = 1e-13


_NEWTON: Final = _Newton()


@dataclass(frozen=True, eq=False)
class CurveModel:
    """A law, the column each of its variables stands for, and the scale that each is divided by (1 where none is).

    Settings are arrays `(s, p)`, in the coordinates u in which searches move: the logarithm of a parameter that moves
    by factors, else the parameter itself.
    """

    law: Law
    binding: Mapping[str, str]
    scales: Mapping[str, float]

    @classmethod
    def on(cls, law: Law, binding: Mapping[str, str], columns: Mapping[str, Array]) -> CurveModel:
        """Return the law on columns, scaled where it wants to be."""
        return cls(law, binding, {v: scale_of(columns[binding[v]]) if v in law.scaled else 1.0 for v in law.variables})

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Return the names of the p parameters."""
        return tuple(p.name for p in self.law.parameters)

    @cached_property
    def logarithmic(self) -> NDArray[np.bool_]:
        """Return which of them move by factors, `(p,)`."""
        return np.array([p.logarithmic for p in self.law.parameters])

    @cached_property
    def linear(self) -> NDArray[np.bool_]:
        """Return in which of them the law is linear, `(p,)`."""
        return np.array([p.linear for p in self.law.parameters])

    @cached_property
    def bounds(self) -> tuple[Array, Array]:
        """Return lower and upper bounds of u, each `(p,)`; exponents stay within what the grammar takes."""
        limits = [_LARGEST_EXPONENT if name in self.law.exponents else np.inf for name in self.names]
        lower = self.inward(np.maximum([p.lower for p in self.law.parameters], np.negative(limits)))
        upper = self.inward(np.minimum([p.upper for p in self.law.parameters], limits))
        return lower, upper

    def inward(self, theta: Array) -> Array:
        """Return u, given parameters."""
        with np.errstate(all="ignore"):
            return np.where(self.logarithmic, np.log(np.where(self.logarithmic, theta, 1.0)), theta)

    def outward(self, u: Array) -> Array:
        """Return parameters, given u."""
        with np.errstate(all="ignore"):
            return np.where(self.logarithmic, np.exp(np.where(self.logarithmic, u, 0.0)), u)

    def variables_at(self, columns: Mapping[str, Array]) -> dict[str, Array]:
        """Return the law's variables from columns, scaled."""
        return {v: columns[column] / self.scales[v] for v, column in self.binding.items()}

    def values(self, u: Array, variables: Mapping[str, Array], own: Array | None = None) -> Array:
        """Return values `(s, n)`, NaN outside the domain. `own` stands in for an implicit law's own value."""
        theta = self.outward(u)
        given = {**variables, **{name: theta[:, j, None] for j, name in enumerate(self.names)}}
        shape = (u.shape[0], next(iter(variables.values())).size if variables else 1)
        with np.errstate(all="ignore"):
            if not self.law.implicit:
                return np.broadcast_to(batch_values(self.law.fit_tree, given), shape)
            if own is not None:
                return np.broadcast_to(batch_values(self.law.fit_tree, {**given, SELF: own}), shape)
            return self._fixed_point(given, shape)

    def values_and_slopes(self, u: Array, variables: Mapping[str, Array]) -> tuple[Array, Array]:
        """Return values `(s, n)` and their derivatives with respect to u, `(s, n, p)`."""
        theta = self.outward(u)
        given = {**variables, **{name: theta[:, j, None] for j, name in enumerate(self.names)}}
        shape = (u.shape[0], next(iter(variables.values())).size if variables else 1)
        wanted = {*self.names, *([SELF] if self.law.implicit else [])}
        with np.errstate(all="ignore"):
            if self.law.implicit:
                given[SELF] = self._fixed_point(given, shape)
            value, slopes = batch_dual(self.law.fit_tree, given, frozenset(wanted))
            own = 1.0 - slopes[SELF] if self.law.implicit else 1.0
            jacobian = np.zeros((*shape, len(self.names)))
            for j, name in enumerate(self.names):
                if name in slopes:
                    chain = theta[:, j, None] if self.logarithmic[j] else 1.0
                    jacobian[:, :, j] = slopes[name] * chain / own
        return np.broadcast_to(given[SELF] if self.law.implicit else value, shape), jacobian

    def _fixed_point(self, given: Mapping[str, Array], shape: tuple[int, int]) -> Array:
        """Return the value y with y = f(y), by Newton's method from far above, where the correction vanishes."""
        y = np.broadcast_to(batch_values(self.law.fit_tree, {**given, SELF: np.full((1, 1), _NEWTON.start)}), shape)
        for _ in range(_NEWTON.steps):
            value, slopes = batch_dual(self.law.fit_tree, {**given, SELF: y}, frozenset({SELF}))
            step = (value - y) / (1.0 - slopes[SELF])
            y = np.where(np.isfinite(step), np.maximum(y + step, y / _NEWTON.falls), y)
            if np.all(np.abs(step) <= _NEWTON.tolerance * np.abs(y)):
                break
        return y

    def constants(self, u: Array) -> dict[str, float]:
        """Return the published constants at one setting u `(p,)`."""
        theta = self.outward(u[None, :])[0]
        given = {f"{v}_": np.float64(scale) for v, scale in self.scales.items()}
        given |= {name: np.float64(theta[j]) for j, name in enumerate(self.names)}
        with np.errstate(all="ignore"):
            return {c: float(batch_values(tree, given)) for c, tree in self.law.published_trees.items()}  # type: ignore[arg-type]

    def formula(self, u: Array, target: str) -> Node | None:
        """Return the law in terms of columns, with its published constants, as the grammar reads it.

        Terms of the catalogue's laws that are 0 are left out. None where a constant is not finite, one that the law is
        divided by is 0, or the grammar would refuse the formula. An implicit law calls its value `target`.
        """
        constants = self.constants(u)
        if not all(np.isfinite(value) for value in constants.values()):
            return None
        replaced: dict[str, Node] = {name: Number(value) for name, value in constants.items()}
        replaced |= {v: Variable(column) for v, column in self.binding.items()}
        if self.law.implicit:
            replaced[SELF] = Variable(target)
        formula = substitute(self.law.formula_tree, replaced)
        if any(divisor == Number(0.0) for divisor in (n.args[1] for n in calls(formula, "/"))):
            return None
        return read_back(formula if self.law.own else _without_nothing(formula))


def _without_nothing(node: Node) -> Node:
    """Return a formula without terms that are 0."""
    if not isinstance(node, Apply):
        return node
    args = tuple(_without_nothing(a) for a in node.args)
    nothing = Number(0.0)
    if node.op == "+" and nothing in args:
        return args[1] if args[0] == nothing else args[0]
    if node.op == "-" and args[1] == nothing:
        return args[0]
    return Apply(node.op, args)


def scale_of(column: Array) -> float:
    """Return the geometric mean of a positive column; of one that holds zeros, the mean of its absolute values."""
    if float(column.min()) > 0:
        return float(np.exp(np.mean(np.log(column))))
    return float(np.mean(np.abs(column))) or 1.0
