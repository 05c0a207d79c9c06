"""Intervals: profiles of the cost along any quantity of a law, and draws by a bootstrap over runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ansatz.discovery.curves.batch_tree import batch_dual
from ansatz.discovery.curves.fit import CurveFit
from ansatz.discovery.curves.optimise import Pin, Quantity, minimise
from ansatz.discovery.evidence.uncertainty import t_quantile
from ansatz.discovery.expression import Array, Node

_GRID = np.array([0.4, 0.8, 1.2, 1.7, 2.2, 2.7, 3.3, 4.2, 5.5, 8.0, 12.0, 20.0])
_STIFFNESS = 30.0
_STEPS = 40
_STUCK = 1e-3
_FEW_RUNS = 6


@dataclass(frozen=True)
class Interval:
    """A quantity: its value, standard error, and interval; a limit that the data do not give is infinite."""

    value: float
    std_error: float
    lower: float
    upper: float


def constant_quantity(fit: CurveFit, name: str) -> tuple[Quantity, bool]:
    """A published constant of the law as a quantity, and whether it is its logarithm (a positive one, no floor)."""
    model = fit.model
    tree = model.law.published_trees[name]
    plain = {p.name: p.logarithmic for p in model.law.parameters}
    logarithm = plain.get(name, True) and model.constants(fit.u)[name] > 0
    return _of_tree(fit, tree, logarithm), logarithm


def _of_tree(fit: CurveFit, tree: Node, logarithm: bool) -> Quantity:
    model = fit.model
    scales = {f"{v}_": np.array([[scale]]) for v, scale in model.scales.items()}

    def quantity(u: Array) -> tuple[Array, Array]:
        theta = model.outward(u)
        given = {**scales, **{name: theta[:, j, None] for j, name in enumerate(model.names)}}
        with np.errstate(all="ignore"):
            value, slopes = batch_dual(tree, given, frozenset(model.names))
            value = np.broadcast_to(value, (len(u), 1))
            by_u = np.zeros_like(u)
            for j, name in enumerate(model.names):
                if name in slopes:
                    by_u[:, j] = (slopes[name] * (theta[:, j, None] if model.logarithmic[j] else 1.0))[:, 0]
            if logarithm:
                return np.log(value[:, 0]), by_u / value
        return value[:, 0], by_u

    return quantity


def value_quantity(fit: CurveFit, point: Mapping[str, float]) -> Quantity:
    """The law at a point (columns by name), on the sample's scale, as a quantity."""
    variables = fit.model.variables_at({name: np.array([value]) for name, value in point.items()})

    def quantity(u: Array) -> tuple[Array, Array]:
        value, slopes = fit.model.values_and_slopes(u, variables)
        sample = fit.sample
        with np.errstate(all="ignore"):
            if sample.trials is None:
                z, by_value = sample.to_scale(value)
            else:  # a share of very many trials
                share = np.clip(value, 1e-12, 1 - 1e-12)
                z, by_value = np.arcsin(np.sqrt(share)), 0.5 / np.sqrt(share * (1 - share))
        return z[:, 0], slopes[:, 0, :] * by_value

    return quantity


def profile(fit: CurveFit, quantity: Quantity, probability: float) -> Interval:
    """The interval of a quantity by the profile of the cost: the quantity is held at values around its best, everything
    else fitted again, and the rise of the cost taken as a squared t statistic.

    Where a bound keeps the quantity from going on, the interval ends there; where the cost does not rise enough, the
    interval is open (infinite).
    """
    (best,), slopes = quantity(fit.u[None, :])
    std_error = float(np.sqrt(max(slopes[0] @ fit.covariance @ slopes[0], 0.0)))
    half = t_quantile(fit.degrees, 0.5 + probability / 2)
    if not np.isfinite(best) or not np.isfinite(std_error):
        return Interval(float(best), np.inf, -np.inf, np.inf)
    if std_error == 0.0:
        std_error_used = 1e-3 * max(abs(float(best)), 1e-3)
    else:
        std_error_used = min(std_error, 10.0 * max(abs(float(best)), 1.0))
    offsets = np.concatenate([-_GRID[::-1], _GRID]) * std_error_used
    stiffness = _STIFFNESS * fit.variance / std_error_used**2
    pin = Pin(quantity, best + offsets, stiffness)
    starts = np.repeat(fit.u[None, :], offsets.size, axis=0)
    found = minimise(fit.objective, starts, iterations=_STEPS, tolerance=1e-6, pin=pin)
    reached, _ = quantity(found.u)
    rise = 2 * (fit.objective.costs(fit.objective.residuals(found.u)) - fit.cost) / fit.variance
    t = np.sqrt(np.maximum(rise, 0.0))
    lower = _end(best - reached[: _GRID.size][::-1], t[: _GRID.size][::-1], half, std_error_used)
    upper = _end(reached[_GRID.size :] - best, t[_GRID.size :], half, std_error_used)
    return Interval(float(best), std_error, float(best) - lower, float(best) + upper)


def _end(distance: Array, t: Array, half: float, std_error: float) -> float:
    """How far the interval goes to one side: where t first exceeds `half`."""
    good = np.isfinite(distance) & np.isfinite(t)
    distance, t = np.maximum.accumulate(np.maximum(distance[good], 0.0)), np.maximum.accumulate(t[good])
    if not distance.size:
        return np.inf
    above = int(np.searchsorted(t, half))
    if above == t.size:
        stuck = distance.size > 3 and distance[-1] - distance[-3] <= _STUCK * std_error
        return float(distance[-1]) if stuck else np.inf
    left, right = (distance[above - 1], distance[above]) if above else (0.0, distance[0])
    t_left, t_right = (t[above - 1], t[above]) if above else (0.0, t[0])
    return float(left + (right - left) * (half - t_left) / max(t_right - t_left, 1e-300))


def draws(fit: CurveFit, count: int, seed: int) -> Array:
    """Settings u, shape (count, p), fitted again with random weights (Rubin's bootstrap 1981): of runs where there are
    at least 6 runs of several rows, else of rows."""
    rng = np.random.default_rng(seed)
    runs, run = np.unique(fit.sample.run, return_inverse=True)
    if _FEW_RUNS <= runs.size <= fit.sample.rows / 2:
        weights = rng.exponential(size=(count, runs.size))[:, run]
    else:
        weights = rng.exponential(size=(count, fit.sample.rows))
    starts = np.repeat(fit.u[None, :], count, axis=0)
    return minimise(fit.objective, starts, iterations=_STEPS, tolerance=1e-7, weights=weights).u
