"""States and their derivatives from samples, behind one protocol.

Three methods: an interpolating spline for exact data, penalised splines whose smoothness is chosen by generalised
cross-validation (Craven & Wahba 1979), and local polynomials on irregular steps (Savitzky & Golay 1964, Cleveland
1979).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ansatz.discovery.expression import Array

_DEGREE = 5
_MOST_KNOTS = 250
_PENALTIES = (2, 3, 4)
_GRID = np.logspace(-14, 4, 73)
_FOLDS = 7
_UNSEEN = 0.1
"""Between exact samples an interpolating spline errs less than where a sample was left out: about by this share."""
_WINDOWS = (7, 9, 13, 19, 27, 39)


@dataclass(frozen=True, eq=False)
class Smooth:
    """A smooth curve through samples: `at(t, k)` is its k-th derivative at times t; `noise` the standard deviation
    of the samples about it; `freedom` its effective number of constants; `criterion` the generalised cross-validation
    score by which methods are compared (mean squared error of prediction)."""

    at: Callable[[Array, int], Array]
    noise: float
    freedom: float
    criterion: float
    method: str


class Smoother(Protocol):
    """Makes a smooth curve of samples x at times t, both (n,), finite, t increasing."""

    def __call__(self, t: Array, x: Array) -> Smooth | None:
        """None where there are too few samples."""


def interpolating(t: Array, x: Array) -> Smooth | None:
    """A spline through every sample; its criterion by leaving out every seventh in turn."""
    from scipy.interpolate import make_interp_spline

    degree = min(7, (t.size - 1) // 2 * 2 - 1)
    if degree < 1:
        return None
    spline = make_interp_spline(t, x, k=degree)
    errors = []
    for fold in range(1, _FOLDS + 1):
        left_out = np.arange(fold, t.size - 1, _FOLDS)
        kept = np.setdiff1d(np.arange(t.size), left_out)
        if left_out.size and kept.size > degree:
            errors.append(make_interp_spline(t[kept], x[kept], k=degree)(t[left_out]) - x[left_out])
    score = float(np.mean(np.concatenate(errors) ** 2)) if errors else np.inf
    noise = _UNSEEN * float(np.sqrt(score)) if errors else 0.0
    return Smooth(lambda s, k: spline(s, nu=k), noise, float(t.size), score, "interpolating spline")


@dataclass(frozen=True)
class PenalisedSpline:
    """A quintic spline with knots at the samples (at most 250), its squared derivative of the given order penalised."""

    order: int

    def __call__(self, t: Array, x: Array) -> Smooth | None:
        from scipy.interpolate import BSpline
        from scipy.linalg import eigh

        n = t.size
        if n < 8:
            return None
        inner = t if n <= _MOST_KNOTS else np.interp(np.linspace(0, n - 1, _MOST_KNOTS), np.arange(n), t)
        knots = np.concatenate([np.full(_DEGREE, t[0]), inner, np.full(_DEGREE, t[-1])])
        basis = BSpline.design_matrix(t, knots, _DEGREE).toarray()
        m = basis.shape[1]
        span = t[-1] - t[0]
        penalty = _penalty(knots, m, self.order) * span ** (2 * self.order - 1)
        gram = basis.T @ basis
        ridge = 1e-12 * np.trace(gram) / m
        total = gram + 1e-9 * penalty / max(np.trace(penalty) / m, 1e-300) * np.trace(gram) / m + ridge * np.eye(m)
        values, vectors = eigh(penalty / (np.trace(penalty) / m) * (np.trace(gram) / m), total)
        # In this basis every smoothing parameter is a diagonal.
        projected = vectors.T @ (basis.T @ x)
        kept = np.clip(1.0 - 1e-9 * values, 0.0, None)
        best: tuple[float, float, Array, float] | None = None
        for weight in _GRID:
            shrunk = projected / (kept + weight * values)
            coefficients = vectors @ shrunk
            residual = float(np.sum((x - basis @ coefficients) ** 2))
            freedom = float(np.sum(kept / (kept + weight * values)))
            if freedom >= n - 0.5:
                continue
            score = n * residual / (n - 1.2 * freedom) ** 2 if n > 1.2 * freedom else np.inf
            if best is None or score < best[0]:
                best = (score, freedom, coefficients, residual)
        if best is None:
            return None
        score, freedom, coefficients, residual = best
        spline = BSpline(knots, coefficients, _DEGREE)
        noise = float(np.sqrt(residual / max(n - freedom, 1.0)))
        return Smooth(lambda s, k: spline(s, nu=k), noise, freedom, score, f"penalised spline of order {self.order}")


def _penalty(knots: Array, count: int, order: int) -> Array:
    """∫ B_i^(order) B_j^(order), by Gauss-Legendre quadrature between knots."""
    from scipy.interpolate import BSpline

    points, weights = np.polynomial.legendre.leggauss(_DEGREE - order + 1)
    edges = np.unique(knots)
    half = np.diff(edges) / 2
    t = (edges[:-1] + half)[:, None] + half[:, None] * points
    basis = BSpline(knots, np.eye(count), _DEGREE)(t.ravel(), nu=order)
    weighted = basis * (half[:, None] * weights).ravel()[:, None]
    found: Array = weighted.T @ basis
    return found


def local_polynomial(t: Array, x: Array) -> Smooth | None:
    """Quartic polynomials on windows of neighbours, tricube weights; the width by leave-one-out errors."""
    best: Smooth | None = None
    for width in _WINDOWS:
        if width > t.size:
            break
        smooth = _local(t, x, width)
        if best is None or smooth.criterion < best.criterion:
            best = smooth
    return best


def _local(t: Array, x: Array, width: int, degree: int = 4) -> Smooth:
    def fit(s: Array) -> tuple[Array, NDArray[np.intp], Array]:
        """Coefficients (k, degree + 1) of the polynomials about each time, weights of the samples, their indices."""
        first = np.clip(np.searchsorted(t, s) - width // 2, 0, t.size - width)
        index = first[:, None] + np.arange(width)
        gap = t[index] - s[:, None]
        reach = np.max(np.abs(gap), axis=1, keepdims=True) * 1.05
        weight = (1 - np.abs(gap / reach) ** 3) ** 1.5
        powers = (gap / reach)[..., None] ** np.arange(degree + 1)
        solver = np.linalg.pinv(powers * weight[..., None], rcond=1e-10) * weight[:, None, :]
        return solver, index, reach[:, 0]

    solver, index, _ = fit(t)
    fitted = np.einsum("ij,ij->i", solver[:, 0], x[index])
    own = np.take_along_axis(solver[:, 0], (np.arange(t.size) - index[:, 0])[:, None], 1)[:, 0]
    residual = x - fitted
    freedom = float(own.sum())
    score = float(np.mean((residual / np.maximum(1 - own, 0.05)) ** 2))
    noise = float(np.sqrt(np.sum(residual**2) / max(t.size - freedom, 1.0)))

    def at(s: Array, k: int) -> Array:
        solver, index, reach = fit(np.asarray(s))
        found: Array = np.einsum("ij,ij->i", solver[:, k], x[index]) * float(np.prod(range(1, k + 1))) / reach**k
        return found

    return Smooth(at, noise, freedom, score, "local polynomial")


SMOOTHERS: tuple[Smoother, ...] = (interpolating, *(PenalisedSpline(k) for k in _PENALTIES), local_polynomial)


def smooth(t: Array, x: Array, smoothers: Sequence[Smoother] = SMOOTHERS) -> Smooth:
    """The curve of the method with the least error of prediction by cross-validation."""
    found = [s for s in (smoother(t, x) for smoother in smoothers) if s is not None]
    return min(found, key=lambda s: s.criterion)
