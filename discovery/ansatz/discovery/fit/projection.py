"""Variable projection: the linear constants of a formula in closed form for any values of the others.

Golub & Pereyra 1973; the derivative is that of Kaufman 1975.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from ansatz.discovery.expression import Array, Node
from ansatz.discovery.expression.grammar import has_exponents_within
from ansatz.discovery.expression.numbers import numbers, set_groups, with_numbers
from ansatz.discovery.fit.constants import values_and_slopes
from ansatz.discovery.fit.linear import linear_slots
from ansatz.discovery.fit.model import Slot
from ansatz.discovery.problem.problem import Problem


@dataclass(frozen=True)
class _Limits:
    """Bound residuals, and what counts as rounding. Chosen by judgement.

    Attributes:
        outside: residual over the scale of y outside the domain, or beyond: its square is still far from overflow.
        independent: share of the largest singular value below which a linear constant is not solved for: rounding.
        halvings: of the way back to exponents that the grammar takes: more would not move a float64 that matters.
    """

    outside: float = 1e15
    independent: float = 1e-14
    halvings: int = 40


_LIMITS: Final = _Limits()


@dataclass(frozen=True, eq=False)
class Projection:
    """A formula with constants to be fitted, its slots, on a problem."""

    formula: Node
    slots: Sequence[Slot]
    problem: Problem

    @cached_property
    def linear(self) -> tuple[int, ...]:
        """Return the indices of the slots in which the formula is affine together."""
        return linear_slots(self.formula, [s.positions for s in self.slots])

    @cached_property
    def bent(self) -> tuple[int, ...]:
        """Return the indices of the other slots."""
        return tuple(i for i in range(len(self.slots)) if i not in self.linear)

    def bent_values(self, values: Array) -> Array:
        """Return the bent constants among all numbers of the formula."""
        return values[[self.slots[i].positions[0] for i in self.bent]] if self.bent else np.empty(0)

    def solved(self, bent_values: Sequence[float] | Array) -> Array:
        """Return all numbers of the formula, the linear ones at their (bounded) least-squares optimum."""
        values = set_groups(self._numbers, self._groups(self.bent), bent_values)
        if not self.linear:
            return values
        groups = self._groups(self.linear)
        base = set_groups(values, groups, np.zeros(len(groups)))
        offset, design = values_and_slopes(self.formula, self.problem, groups, base)
        offset, design = offset * self._roots, design * self._roots[:, None]
        target = self.problem.y * self._roots - offset
        if not (np.all(np.isfinite(design)) and np.all(np.isfinite(target))):
            return values
        return set_groups(values, groups, self._least_squares(design, target))

    def brought_back(self, values: Array) -> Array:
        """Return all numbers, the bent ones moved back to where they stood until the grammar takes the exponents."""
        start = self._numbers
        if self._can_be_written(values) or not self._can_be_written(start):
            return values
        share = 0.0
        for step in 0.5 ** np.arange(1, _LIMITS.halvings):
            share += step if self._can_be_written(start + (share + step) * (values - start)) else 0.0
        moved = start + share * (values - start)
        return self.solved([moved[self.slots[i].positions[0]] for i in self.bent])

    def _can_be_written(self, values: Array) -> bool:
        if not np.all(np.isfinite(values)):
            return False
        return has_exponents_within(self.problem.composed(with_numbers(self.formula, values)))

    def residual(self, values: Array) -> Array:
        """Return the weighted residual `(n,)` over the scale of y."""
        value, _ = values_and_slopes(self.formula, self.problem, [], values)
        with np.errstate(all="ignore"):
            left = (value - self.problem.y) * self._roots
        return np.where(np.isfinite(left) & (np.abs(left) < _LIMITS.outside), left, _LIMITS.outside)

    def cost(self, bent_values: Sequence[float] | Array) -> float:
        """Return the mean squared residual at the best linear constants."""
        return float(np.mean(np.minimum(np.abs(self.residual(self.solved(bent_values))), _LIMITS.outside) ** 2))

    def slopes(self, values: Array) -> Array:
        """Return derivatives `(n, k)` of the projected residual with respect to the k bent constants."""
        _, jacobian = values_and_slopes(self.formula, self.problem, self._groups(self.bent), values)
        jacobian = np.nan_to_num(jacobian * self._roots[:, None], posinf=0.0, neginf=0.0)
        if not self.linear:
            return jacobian
        _, design = values_and_slopes(self.formula, self.problem, self._groups(self.linear), values)
        design = np.nan_to_num(design * self._roots[:, None], posinf=0.0, neginf=0.0)
        norms = np.linalg.norm(design, axis=0)
        basis = np.linalg.qr(design / np.where(norms > 0, norms, 1.0))[0]
        projected: Array = jacobian - basis @ (basis.T @ jacobian)
        return projected

    def _least_squares(self, design: Array, target: Array) -> Array:
        from scipy.optimize import lsq_linear

        lower = np.array([self.slots[i].lower for i in self.linear])
        upper = np.array([self.slots[i].upper for i in self.linear])
        norms = np.linalg.norm(design, axis=0)
        norms = np.where(norms > 0, norms, 1.0)
        solution: Array = np.linalg.lstsq(design / norms, target, rcond=_LIMITS.independent)[0] / norms
        if np.all((lower <= solution) & (solution <= upper)):
            return solution
        bounded: Array = lsq_linear(design / norms, target, (lower * norms, upper * norms), method="bvls").x
        return np.clip(bounded / norms, lower, upper)

    def _groups(self, indices: Sequence[int]) -> list[tuple[int, ...]]:
        return [self.slots[i].positions for i in indices]

    @cached_property
    def _numbers(self) -> Array:
        return numbers(self.formula)

    @cached_property
    def _roots(self) -> Array:
        scale = 1.0 / self.problem.y_scale
        if self.problem.weights is None:
            return np.full(self.problem.rows, scale)
        return scale * np.sqrt(self.problem.weights)
