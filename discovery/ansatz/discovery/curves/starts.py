"""Starts of a fit: many settings of the nonlinear constants, the linear ones in closed form, the best kept."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ansatz.discovery.curves.model import CurveModel
from ansatz.discovery.curves.optimise import Objective
from ansatz.discovery.curves.sample import Sample
from ansatz.discovery.expression import Array


@dataclass(frozen=True)
class _Screening:
    """Say how many starts are compared, and how. Chosen by judgement; `python -m bench.curves` holds them.

    Attributes:
        tried: settings of one, two, three and more nonlinear constants.
        rows: on which they are compared.
        delta: threshold of Huber's loss over the least median residual.
        ridge: of columns at unit length, so that linear constants can be solved for in float64.
        tiny: smallest size of a column's part, and of a residual, that is not rounding.
    """

    tried: tuple[int, ...] = (96, 768, 2000, 4000)
    rows: int = 48
    delta: float = 3.0
    ridge: float = 1e-13
    tiny: float = 1e-12


_SCREENING: Final = _Screening()
_RATIO_STEPS: Final = 40  # of a fixed point that converges to float64 sooner


def good_starts(model: CurveModel, sample: Sample, kept: int, seed: int, effort: float = 1.0) -> Array:
    """Return the `kept` best of many settings u, `(≤ kept, p)`, best first; the same for the same seed.

    Nonlinear constants are spread evenly (a Korobov-like additive recurrence) over their usual ranges. For each the
    linear ones are solved by weighted least squares. Those with bounds at zero are left out where they would be
    negative. The settings are compared by their robust misfit on few rows.
    """
    screen = sample.only(_spread_rows(sample, seed))
    theta = _nonlinear_settings(model, seed, effort)
    variables = model.variables_at(screen.columns)
    if model.linear.any():
        theta = _with_linear(model, theta, variables, screen)
    u = np.clip(model.inward(theta), *model.bounds)
    misfit = np.median(np.nan_to_num(np.abs(Objective(model, screen).residuals(u)), nan=np.inf, posinf=np.inf), axis=1)
    mean = Objective(model, screen, delta=_SCREENING.delta * float(np.min(misfit)) + _SCREENING.tiny)
    cost = mean.costs(mean.residuals(u))
    order = np.argsort(cost, kind="stable")
    return u[order[np.isfinite(cost[order])][:kept]]


def _spread_rows(sample: Sample, seed: int) -> NDArray[np.intp]:
    """Return few rows: the extremes of every input, and rows drawn by the seed."""
    if sample.rows <= _SCREENING.rows:
        return np.arange(sample.rows)
    extremes = [f(column) for column in sample.columns.values() for f in (np.argmin, np.argmax)]
    drawn = np.random.default_rng(seed).permutation(sample.rows)
    return np.sort(np.array(list(dict.fromkeys([*extremes, *drawn]))[: _SCREENING.rows]))


def _nonlinear_settings(model: CurveModel, seed: int, effort: float) -> Array:
    """Return settings `(s, p)`, with zeros for the linear constants."""
    free = np.flatnonzero(~model.linear)
    tried = _SCREENING.tried
    size = int(np.ceil(tried[min(free.size, len(tried)) - 1] * effort)) if free.size else 1
    theta = np.zeros((size, len(model.names)))
    shift = np.random.default_rng(seed).random(free.size)
    # The generalised golden ratio of the dimension gives an even spread for any number of points.
    ratio = 2.0
    for _ in range(_RATIO_STEPS):
        ratio = (1 + ratio) ** (1 / (free.size + 1))
    for k, j in enumerate(free):
        parameter = model.law.parameters[j]
        share = (shift[k] + np.arange(1, size + 1) / ratio ** (k + 1)) % 1.0
        low, high = parameter.start_lower, parameter.start_upper
        theta[:, j] = low * (high / low) ** share if parameter.logarithmic else low + (high - low) * share
    return theta


def _with_linear(model: CurveModel, theta: Array, variables: dict[str, Array], screen: Sample) -> Array:
    """Return the settings with their linear constants solved for, of the subset of constants that fits best."""
    design, rest = _affine(model, theta, variables, screen)
    with np.errstate(all="ignore"):
        weight = screen.to_scale(screen.y)[1] / screen.spread
    weight = np.where(np.isfinite(weight), weight, 0.0)
    target = (screen.y - rest) * weight
    design = np.nan_to_num(design * weight[None, :, None], nan=0.0, posinf=0.0, neginf=0.0)
    target = np.nan_to_num(target, nan=0.0, posinf=0.0, neginf=0.0)
    norm = np.sqrt(np.einsum("snk,snk->sk", design, design))
    norm = np.where(norm > 0, norm, 1.0)
    design = design / norm[:, None, :]
    gram = np.matmul(design.transpose(0, 2, 1), design)
    right = np.matmul(design.transpose(0, 2, 1), target[:, :, None])[:, :, 0]
    columns = np.flatnonzero(model.linear)
    signed = np.array([model.law.parameters[j].lower >= 0 for j in columns])
    best = np.full(len(theta), np.inf)
    found = np.zeros((len(theta), columns.size))
    for subset in _subsets(columns.size, signed):
        chosen = list(subset)
        part = gram[:, chosen][:, :, chosen] + _SCREENING.ridge * np.eye(len(chosen))
        solution = np.zeros_like(found)
        solution[:, chosen] = np.linalg.solve(part, right[:, chosen, None])[:, :, 0]
        # The sum of squares, up to the constant |target|².
        error = np.einsum("sj,sjk,sk->s", solution, gram, solution) - 2 * np.einsum("sj,sj->s", solution, right)
        allowed = np.all((solution >= 0) | ~signed, axis=1)
        better = allowed & (error < best)
        best, found = np.where(better, error, best), np.where(better[:, None], solution, found)
    found = found / norm
    smallest = _SCREENING.tiny / np.max(norm, axis=0)
    logarithmic = model.logarithmic[columns]
    theta = theta.copy()
    theta[:, columns] = np.where(logarithmic, np.maximum(found, smallest), found)
    return theta


def _subsets(size: int, signed: Array) -> list[tuple[int, ...]]:
    """Return which constants to solve for: all, and all with some of the signed ones left out."""
    every = tuple(range(size))
    out = [left for count in range(int(signed.sum()) + 1) for left in combinations(np.flatnonzero(signed), count)]
    return [chosen for left in out if (chosen := tuple(k for k in every if k not in left))]


def _affine(model: CurveModel, theta: Array, variables: dict[str, Array], screen: Sample) -> tuple[Array, Array]:
    """Return what each linear constant multiplies, `(s, n, k)`, and the rest, `(s, n)`."""
    columns = np.flatnonzero(model.linear)

    def at(values: Array) -> Array:
        # In an implicit law, the observed value stands in for its own.
        return model.values(model.inward(values), variables, own=screen.y)

    with np.errstate(all="ignore"):
        zero = theta.copy()
        zero[:, columns] = 0.0
        rest = at(zero)
        parts = []
        for j in columns:
            one = zero.copy()
            one[:, j] = 1.0
            parts.append(at(one) - rest)
    return np.stack(parts, axis=2), rest
