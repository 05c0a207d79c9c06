"""Robust least squares from many starts at once: Levenberg-Marquardt on a batch, within bounds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ansatz.discovery.curves.model import CurveModel
from ansatz.discovery.curves.sample import Sample
from ansatz.discovery.expression import Array

Rows = NDArray[np.intp]
Quantity = Callable[[Array], tuple[Array, Array]]
"""From settings u `(s, p)` to a number each `(s,)` and its derivatives with respect to u `(s, p)`."""


@dataclass(frozen=True)
class _Damping:
    """Say how Levenberg-Marquardt is damped. Chosen by judgement; `python -m bench.curves` holds it.

    Attributes:
        start: the first damping, over the curvature.
        after_gain: factor after a step that lowers the cost.
        after_loss: factor after one that does not.
        least: damping, so that a later loss is soon made up for.
        most: damping beyond which a start ends: no step is left in float64.
        calm: damping beyond which a start ends that no longer lowers its cost.
        calm_steps: steps in a row that are calm.
    """

    start: float = 1e-2
    after_gain: float = 0.2
    after_loss: float = 6.0
    least: float = 1e-12
    most: float = 1e14
    calm: float = 1e3
    calm_steps: int = 2


_DAMPING: Final = _Damping()


@dataclass(frozen=True, eq=False)
class Pin:
    """Hold a quantity near targets `(s,)`: add stiffness · (quantity − target)² / 2 to the objective."""

    quantity: Quantity
    targets: Array
    stiffness: float


@dataclass(frozen=True, eq=False)
class Objective:
    """The sum Σ w ρ(r) of r = (law − observed) / spread, on the sample's scale.

    Attributes:
        model: the law, bound to columns.
        sample: the rows.
        delta: threshold of Huber's loss ρ: r²/2 below it and delta·(|r| − delta/2) above.
        kept: the rows of w = 1, `(n,)`; others have 0. None for all.
    """

    model: CurveModel
    sample: Sample
    delta: float = np.inf
    kept: NDArray[np.bool_] | None = None

    @cached_property
    def _variables(self) -> dict[str, Array]:
        return self.model.variables_at(self.sample.columns)

    def residuals(self, u: Array) -> Array:
        """Return the residuals of settings u `(s, p)`, `(s, n)`; NaN outside the domain."""
        with np.errstate(all="ignore"):
            z, _ = self.sample.to_scale(self.model.values(u, self._variables))
            return (z - self.sample.z) / self.sample.spread

    def residuals_and_slopes(self, u: Array) -> tuple[Array, Array]:
        """Return the residuals `(s, n)` and their derivatives with respect to u, `(s, n, p)`."""
        value, slopes = self.model.values_and_slopes(u, self._variables)
        with np.errstate(all="ignore"):
            z, by_value = self.sample.to_scale(value)
            residual = (z - self.sample.z) / self.sample.spread
            return residual, slopes * (by_value / self.sample.spread)[:, :, None]

    def costs(self, residuals: Array, weights: Array | None = None) -> Array:
        """Return the cost of each setting, `(s,)`; inf outside the domain."""
        size = np.abs(residuals)
        with np.errstate(all="ignore"):
            inner = np.minimum(size, self.delta)
            loss = inner * (size - 0.5 * inner)
            if weights is not None:
                loss = loss * weights
            if self.kept is not None:
                loss = loss[:, self.kept]
            total = loss.sum(axis=1)
        finite: Array = np.where(np.isfinite(total), total, np.inf)
        return finite


@dataclass(frozen=True, eq=False)
class Optimum:
    """Settings u `(s, p)` and their costs `(s,)`."""

    u: Array
    cost: Array

    @property
    def best(self) -> Array:
        """Return the setting of the least cost, `(p,)`."""
        best: Array = self.u[int(np.argmin(self.cost))]
        return best


def minimise(
    objective: Objective,
    starts: Array,
    *,
    iterations: int = 60,
    tolerance: float = 1e-9,
    weights: Array | None = None,
    pin: Pin | None = None,
) -> Optimum:
    """Return the nearest optimum of each start `(s, p)`; `weights` of rows `(s, n)` go with the starts.

    A start ends once two accepted steps in a row lower its cost by less than a share `tolerance`.
    """
    lower, upper = objective.model.bounds
    u = np.clip(starts, lower, upper)
    cost = _total(objective, u, weights, pin, slice(None))
    damping = np.full(len(u), _DAMPING.start)
    calm = np.zeros(len(u), dtype=int)
    live = np.flatnonzero(np.isfinite(cost))
    for _ in range(iterations):
        if not live.size:
            break
        gradient, curvature = _normal_equations(objective, u[live], weights, pin, live)
        step = _step(u[live], gradient, curvature, damping[live], (lower, upper))
        trial = np.clip(u[live] + step, lower, upper)
        new = _total(objective, trial, weights, pin, live)
        better = new < cost[live]
        gain = np.where(better, cost[live] - new, 0.0)
        small = gain <= tolerance * cost[live]
        calm[live] = np.where(better & ~small, 0, calm[live] + small)
        u[live[better]], cost[live[better]] = trial[better], new[better]
        damping[live] *= np.where(better, _DAMPING.after_gain, _DAMPING.after_loss)
        damping[live] = np.maximum(damping[live], _DAMPING.least)
        is_calm = (calm[live] >= _DAMPING.calm_steps) & (better | (damping[live] > _DAMPING.calm))
        done = is_calm | (damping[live] > _DAMPING.most)
        live = live[~done]
    return Optimum(u, cost)


def _total(objective: Objective, u: Array, weights: Array | None, pin: Pin | None, rows: Rows | slice) -> Array:
    chosen = None if weights is None else weights[rows]
    cost = objective.costs(objective.residuals(u), chosen)
    if pin is not None:
        value, _ = pin.quantity(u)
        extra = 0.5 * pin.stiffness * (value - pin.targets[rows]) ** 2
        cost = cost + np.where(np.isfinite(extra), extra, np.inf)
    return cost


def _normal_equations(
    objective: Objective, u: Array, weights: Array | None, pin: Pin | None, rows: Rows
) -> tuple[Array, Array]:
    """Return gradients `(s, p)` and Gauss-Newton curvatures `(s, p, p)`."""
    residual, slopes = objective.residuals_and_slopes(u)
    with np.errstate(all="ignore"):
        factor = np.minimum(1.0, objective.delta / np.maximum(np.abs(residual), 1e-300))
    if weights is not None:
        factor = factor * weights[rows]
    if objective.kept is not None:
        factor = factor * objective.kept
    bad = ~np.isfinite(residual)
    if bad.any():
        residual, factor = np.where(bad, 0.0, residual), np.where(bad, 0.0, factor)
    slopes = np.where(np.isfinite(slopes), slopes, 0.0)
    with np.errstate(all="ignore"):
        weighted = slopes * factor[:, :, None]
        gradient = np.matmul(weighted.transpose(0, 2, 1), residual[:, :, None])[:, :, 0]
        curvature = np.matmul(weighted.transpose(0, 2, 1), slopes)
    if pin is not None:
        value, by_u = pin.quantity(u)
        by_u = np.where(np.isfinite(by_u), by_u, 0.0)
        gradient = gradient + pin.stiffness * (value - pin.targets[rows])[:, None] * by_u
        curvature = curvature + pin.stiffness * by_u[:, :, None] * by_u[:, None, :]
    return gradient, curvature


def _step(u: Array, gradient: Array, curvature: Array, damping: Array, bounds: tuple[Array, Array]) -> Array:
    """Return damped steps; parameters at a bound that the cost pushes outwards stay there."""
    lower, upper = bounds
    held = ((u <= lower) & (gradient > 0)) | ((u >= upper) & (gradient < 0))
    p = u.shape[1]
    diagonal = np.einsum("spp->sp", curvature)
    scale = 1.0 / np.sqrt(np.where(diagonal > 0, diagonal, 1.0))
    with np.errstate(all="ignore"):
        matrix = curvature * scale[:, :, None] * scale[:, None, :]
        right = np.where(held, 0.0, -gradient * scale)
    matrix = np.where(held[:, :, None] | held[:, None, :], 0.0, matrix)
    index = np.arange(p)
    matrix[:, index, index] = np.where(held | (diagonal <= 0), 1.0, 1.0 + damping[:, None])
    matrix = np.where(np.isfinite(matrix), matrix, 0.0)
    right = np.where(np.isfinite(right), right, 0.0)
    try:
        step = np.linalg.solve(matrix, right[:, :, None])[:, :, 0]
    except np.linalg.LinAlgError:
        step = right / (1.0 + damping[:, None])
    return step * scale
