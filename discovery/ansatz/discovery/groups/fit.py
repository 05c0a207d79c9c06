"""Least-squares fit of a structure to all groups at once.

Levenberg-Marquardt on the bordered normal equations: the constants of one group meet those of another only through the
shared ones. So a step costs as much as one small system a group and one for the shared constants (Schur complement;
Golub & Plemmons 1980).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

import numpy as np

from ansatz.discovery.expression import Array
from ansatz.discovery.groups.problem import GroupedProblem
from ansatz.discovery.groups.structure import GroupedFit, Mask, Structure
from ansatz.discovery.problem.error import column_units

MOST_STEPS = 100


@dataclass(frozen=True)
class _Damping:
    """Say how the damping of Levenberg-Marquardt changes (Marquardt 1963), and when a fit ends; bounds by judgement.

    Attributes:
        ftol: relative fall of the cost below which a fit has converged: float64 allows little less.
        first: damping of the first step, over a diagonal of 1.
        least: damping below which a step is one of Gauss and Newton.
        most: damping above which no step gets better.
    """

    ftol: float = 1e-12
    first: float = 1e-3
    least: float = 1e-12
    most: float = 1e10


_DAMPING: Final = _Damping()


def fit_groups(
    structure: Structure,
    problem: GroupedProblem,
    start: Array,
    per_group: Collection[int],
    fixed: Collection[int] = (),
    *,
    max_steps: int = MOST_STEPS,
) -> GroupedFit:
    """Return the structure with its constants at the nearest (weighted) least-squares optimum within their bounds.

    `start` has shape (k, G); a shared constant starts at its first group's value, a fixed one keeps it. The rmse is inf
    where the start is not finite on all rows. An optimum whose exponents the grammar would refuse is none: the start
    stands.
    """
    per_group, fixed = frozenset(per_group) - frozenset(fixed), frozenset(fixed)
    values = np.array(start, dtype=np.float64)
    for j in range(len(values)):
        if j not in per_group:
            values[j] = values[j, 0]
    values = np.clip(values, *structure.bounds)
    unfitted = GroupedFit(structure, values, per_group, np.inf, fixed)
    blocks = _Blocks(tuple(sorted(per_group)), unfitted.shared)
    if blocks.free:
        with np.errstate(all="ignore"):
            found = _minimise(structure, problem, values, blocks, max_steps)
        usable = bool(np.all(np.isfinite(found))) and structure.has_exponents_within(found)
        values = found if usable else values
    rmse = problem.problem.rmse(structure.predict(values, problem))
    return GroupedFit(structure, values, per_group, rmse, fixed)


@dataclass(frozen=True)
class _Blocks:
    """Which constants are fitted: those of each group (p of them) and the shared ones (s)."""

    own: tuple[int, ...]
    shared: tuple[int, ...]

    @property
    def free(self) -> tuple[int, ...]:
        return (*self.own, *self.shared)


@dataclass
class _Point:
    """Hold where a fit stands.

    Attributes:
        residual: (n,), weighted.
        jacobian: (n, p + s), its derivatives.
        cost: (G,), of each unit that steps on its own: every group where nothing is shared, else all groups together.
            It is inf where not finite.
    """

    residual: Array
    jacobian: Array
    cost: Array

    @classmethod
    def at(cls, structure: Structure, problem: GroupedProblem, values: Array, blocks: _Blocks) -> _Point:
        value, jacobian = structure.linearised(values, problem, blocks.free)
        residual = (value - problem.problem.y) * problem.row_scale
        jacobian = jacobian * problem.row_scale[:, None]
        cost = problem.by_group(residual * residual)
        if blocks.shared:
            cost = np.full_like(cost, cost.sum())
        cost = np.where(np.isfinite(cost), cost, np.inf)
        return cls(np.where(np.isfinite(residual), residual, 0.0), np.where(np.isfinite(jacobian), jacobian, 0.0), cost)

    def take(self, other: _Point, better: Mask, problem: GroupedProblem) -> None:
        """Go over to the other point in the groups where it is better."""
        rows = better[problem.index]
        self.residual = np.where(rows, other.residual, self.residual)
        self.jacobian = np.where(rows[:, None], other.jacobian, self.jacobian)
        self.cost = np.where(better, other.cost, self.cost)


def _minimise(structure: Structure, problem: GroupedProblem, values: Array, blocks: _Blocks, max_steps: int) -> Array:
    damping = np.full(problem.groups, _DAMPING.first)
    point = _Point.at(structure, problem, values, blocks)
    done = ~np.isfinite(point.cost)
    lower, upper = structure.bounds
    for _ in range(max_steps):
        if done.all():
            break
        step = _step(problem, point, values, blocks, damping, bounds=(lower, upper))
        trial = values.copy()
        trial[list(blocks.free)] -= np.where(done, 0.0, step)
        trial = np.clip(trial, lower, upper)
        there = _Point.at(structure, problem, trial, blocks)
        better = (there.cost < point.cost) & ~done
        still = better & (point.cost - there.cost <= _DAMPING.ftol * point.cost)
        values = np.where(better, trial, values)
        point.take(there, better, problem)
        damping = np.where(better, np.maximum(damping / 9, _DAMPING.least), damping * 4)
        done |= still | (damping > _DAMPING.most) | (point.cost == 0)
    return values


def _step(
    problem: GroupedProblem,
    point: _Point,
    values: Array,
    blocks: _Blocks,
    damping: Array,
    *,
    bounds: tuple[Array, Array],
) -> Array:
    """Return what to subtract from the free constants, shape (p + s, G)."""
    p, free = len(blocks.own), list(blocks.free)
    units = column_units(point.jacobian)
    J = point.jacobian / units
    gradient = problem.by_group(J * point.residual[:, None])
    curvature = np.empty((problem.groups, len(free), len(free)))
    for i in range(len(free)):
        curvature[:, i, : i + 1] = problem.by_group(J[:, i, None] * J[:, : i + 1])
        curvature[:, : i + 1, i] = curvature[:, i, : i + 1]
    if blocks.shared:
        gradient[:, p:] = gradient[:, p:].sum(axis=0)
        curvature[:, p:, p:] = curvature[:, p:, p:].sum(axis=0)
    # A constant at its bound that would leave it stays where it is.
    at_bound = (values[free] <= bounds[0][free]) & (gradient.T > 0) | (values[free] >= bounds[1][free]) & (
        gradient.T < 0
    )
    gradient = np.where(at_bound.T, 0.0, gradient)
    moves = np.where(at_bound.T, 0.0, 1.0)
    curvature *= moves[:, :, None] * moves[:, None, :]
    # In units in which every diagonal element is 1.
    diagonal = np.diagonal(curvature, axis1=1, axis2=2).copy()
    scale = 1.0 / np.sqrt(np.where(diagonal > 0, diagonal, 1.0))
    if blocks.shared:
        scale[:, p:] = scale[0, p:]
    A = np.nan_to_num(curvature * scale[:, :, None] * scale[:, None, :])
    g = np.nan_to_num(gradient * scale)
    eye = np.eye(len(free))
    A = np.where(eye, np.where(A > 0, A, 1.0), A) + damping[:, None, None] * eye
    return (_solve(A, g, p) * scale / units).T


def _solve(A: Array, g: Array, p: int) -> Array:
    """Return the solution, shape (G, p + s), of the bordered system.

    A, shape (G, p + s, p + s), holds each group's own block, its border, and in every group the sum of the shared
    blocks.
    """
    own = np.linalg.solve(A[:, :p, :p], np.concatenate([A[:, :p, p:], g[:, :p, None]], axis=2))
    border, free = own[:, :, :-1], own[:, :, -1]
    if A.shape[1] == p:
        return free
    schur = A[0, p:, p:] - np.einsum("gpi,gpj->ij", A[:, :p, p:], border)
    right = g[0, p:] - np.einsum("gpi,gp->i", A[:, :p, p:], free)
    shared = np.linalg.lstsq(schur, right, rcond=1e-14)[0]
    return np.concatenate([free - border @ shared, np.broadcast_to(shared, (A.shape[0], shared.size))], axis=1)
