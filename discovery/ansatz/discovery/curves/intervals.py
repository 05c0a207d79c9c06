"""Intervals: profiles of the cost along any quantity of a law, and draws by a bootstrap over runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from ansatz.discovery.curves.batch_tree import batch_dual
from ansatz.discovery.curves.fit import CurveFit
from ansatz.discovery.curves.optimise import Pin, Quantity, minimise
from ansatz.discovery.curves.sample import SHARES
from ansatz.discovery.evidence.uncertainty import t_quantile
from ansatz.discovery.expression import Array, Node


@dataclass(frozen=True)
class _Profile:
    """Say how a profile is followed. Chosen by judgement; `python -m bench.intervals` holds the figures.

    Attributes:
        offsets: where the quantity is held on either side, in standard errors: close where t passes 95 %, and far.
        stiffness: by which it is held, in units of what the data do by their curvature.
        iterations: of the fits there.
        tolerance: gain over the cost at which they end.
        least_error: share of the value that is taken where the curvature gives no error.
        least_value: a value counts as no smaller there.
        most_error: an error counts as at most so many times the value, or 1.
        last: offsets, at the far end, over which a quantity that is stuck at a bound no longer moves.
        stuck: move over its error that counts as none.
    """

    offsets: tuple[float, ...] = (0.4, 0.8, 1.2, 1.7, 2.2, 2.7, 3.3, 4.2, 5.5, 8.0, 12.0, 20.0)
    stiffness: float = 30.0
    iterations: int = 40
    tolerance: float = 1e-6
    least_error: float = 1e-3
    least_value: float = 1e-3
    most_error: float = 10.0
    last: int = 3
    stuck: float = 1e-3


@dataclass(frozen=True)
class _Draws:
    """Say how constants are drawn. Chosen by judgement.

    Attributes:
        fewest_runs: by which weights are drawn; of fewer, each draw would depend on one or two.
        iterations: of the fits, which start from the optimum.
        tolerance: gain over the cost at which they end.
    """

    fewest_runs: int = 6
    iterations: int = 40
    tolerance: float = 1e-7


_PROFILE: Final = _Profile()
_DRAWS: Final = _Draws()
_OFFSETS: Final = np.array(_PROFILE.offsets)


@dataclass(frozen=True)
class Interval:
    """A quantity with its interval.

    Attributes:
        value: the best.
        std_error: its standard error.
        lower: the lower limit, infinite where the data give none.
        upper: the upper limit.
    """

    value: float
    std_error: float
    lower: float
    upper: float


def constant_quantity(fit: CurveFit, name: str) -> tuple[Quantity, bool]:
    """Return a published constant of the law as a quantity, and whether it is its logarithm (a positive one)."""
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
    """Return the law at a point (columns by name), on the sample's scale, as a quantity."""
    variables = fit.model.variables_at({name: np.array([value]) for name, value in point.items()})

    def quantity(u: Array) -> tuple[Array, Array]:
        value, slopes = fit.model.values_and_slopes(u, variables)
        sample = fit.sample
        with np.errstate(all="ignore"):
            if sample.trials is None:
                z, by_value = sample.to_scale(value)
            else:  # a share of very many trials
                share = np.clip(value, SHARES.least, 1 - SHARES.least)
                z, by_value = np.arcsin(np.sqrt(share)), 0.5 / np.sqrt(share * (1 - share))
        return z[:, 0], slopes[:, 0, :] * by_value

    return quantity


def profile(fit: CurveFit, quantity: Quantity, probability: float) -> Interval:
    """Return the interval of a quantity by the profile of the cost.

    The quantity is held at values around its best, everything else fitted again, and the rise of the cost taken as a
    squared t statistic. Where a bound keeps the quantity from going on, the interval ends there. Where the cost does
    not rise enough, the interval is open (infinite).
    """
    (best,), slopes = quantity(fit.u[None, :])
    std_error = float(np.sqrt(max(slopes[0] @ fit.covariance @ slopes[0], 0.0)))
    half = t_quantile(fit.degrees, 0.5 + probability / 2)
    if not np.isfinite(best) or not np.isfinite(std_error):
        return Interval(float(best), np.inf, -np.inf, np.inf)
    if std_error == 0.0:
        std_error_used = _PROFILE.least_error * max(abs(float(best)), _PROFILE.least_value)
    else:
        std_error_used = min(std_error, _PROFILE.most_error * max(abs(float(best)), 1.0))
    offsets = np.concatenate([-_OFFSETS[::-1], _OFFSETS]) * std_error_used
    stiffness = _PROFILE.stiffness * fit.variance / std_error_used**2
    pin = Pin(quantity, best + offsets, stiffness)
    starts = np.repeat(fit.u[None, :], offsets.size, axis=0)
    iterations, tolerance = _PROFILE.iterations, _PROFILE.tolerance
    found = minimise(fit.objective, starts, iterations=iterations, tolerance=tolerance, pin=pin)
    reached, _ = quantity(found.u)
    rise = 2 * (fit.objective.costs(fit.objective.residuals(found.u)) - fit.cost) / fit.variance
    t = np.sqrt(np.maximum(rise, 0.0))
    side = _OFFSETS.size
    lower = _end(best - reached[:side][::-1], t[:side][::-1], half, std_error_used)
    upper = _end(reached[side:] - best, t[side:], half, std_error_used)
    return Interval(float(best), std_error, float(best) - lower, float(best) + upper)


def _end(distance: Array, t: Array, half: float, std_error: float) -> float:
    """Return how far the interval goes to one side: where t first exceeds `half`."""
    good = np.isfinite(distance) & np.isfinite(t)
    distance, t = np.maximum.accumulate(np.maximum(distance[good], 0.0)), np.maximum.accumulate(t[good])
    if not distance.size:
        return np.inf
    above = int(np.searchsorted(t, half))
    if above == t.size:
        last = _PROFILE.last
        stuck = distance.size > last and distance[-1] - distance[-last] <= _PROFILE.stuck * std_error
        return float(distance[-1]) if stuck else np.inf
    left, right = (distance[above - 1], distance[above]) if above else (0.0, distance[0])
    t_left, t_right = (t[above - 1], t[above]) if above else (0.0, t[0])
    return float(left + (right - left) * (half - t_left) / max(t_right - t_left, 1e-300))


def draws(fit: CurveFit, count: int, seed: int) -> Array:
    """Return settings u `(count, p)`, fitted again with random weights (Rubin's bootstrap 1981).

    The weights are of runs where there are enough runs of several rows, else of rows.
    """
    rng = np.random.default_rng(seed)
    runs, run = np.unique(fit.sample.run, return_inverse=True)
    if _DRAWS.fewest_runs <= runs.size <= fit.sample.rows / 2:
        weights = rng.exponential(size=(count, runs.size))[:, run]
    else:
        weights = rng.exponential(size=(count, fit.sample.rows))
    starts = np.repeat(fit.u[None, :], count, axis=0)
    iterations, tolerance = _DRAWS.iterations, _DRAWS.tolerance
    return minimise(fit.objective, starts, iterations=iterations, tolerance=tolerance, weights=weights).u
