"""States and their derivatives from samples, behind one protocol.

An interpolating spline is for exact data. The smoothness of penalised splines is chosen by generalised cross-validation
(Craven & Wahba 1979). Local polynomials are for irregular steps (Savitzky & Golay 1964, Cleveland 1979).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from ansatz.discovery.expression import Array


@dataclass(frozen=True)
class _Interpolation:
    """Tune the interpolating spline. Chosen by judgement; `python -m bench.odebench` holds them on exact data.

    Attributes:
        degree: of the spline, at most: odd, and smooth to the sixth derivative.
        folds: turns of leaving out, every seventh sample in each.
        unseen: where no sample was left out the spline errs by about this share of the error where one was.
    """

    degree: int = 7
    folds: int = 7
    unseen: float = 0.1


@dataclass(frozen=True)
class _Penalised:
    """Tune the penalised splines. Chosen by judgement; `python -m bench.odebench --noise 0.01` holds them.

    Attributes:
        degree: of the spline: its third derivative is still smooth.
        least_samples: fewer than this leave no choice of a smoothness.
        most_knots: the cost grows with the cube of their number.
        orders: of the derivative that is penalised, each a method of its own.
        decades: from the lightest to the heaviest penalty, as powers of ten, in units of the data's own matrix.
        weights: penalties tried between the two, four a decade.
        ridge: of the mean of the diagonal, so that the matrix is definite in float64.
        least_penalty: the same in units of the penalty.
        caution: each constant counts as so many in the criterion, against too little smoothing; Kim & Gu 2004 take 1.4.
        spare: samples that the curve has to leave free.
    """

    degree: int = 5
    least_samples: int = 8
    most_knots: int = 250
    orders: tuple[int, ...] = (2, 3, 4)
    decades: tuple[int, int] = (-14, 4)
    weights: int = 73
    ridge: float = 1e-12
    least_penalty: float = 1e-9
    caution: float = 1.2
    spare: float = 0.5


@dataclass(frozen=True)
class _Local:
    """Tune the local polynomials. Chosen by judgement; `python -m bench.odebench --kept 0.5` holds them.

    Attributes:
        windows: widths tried, in samples; each about 1.4 times the one before.
        degree: of the polynomials: quartic, so that second derivatives are still of second order.
        margin: the farthest sample of a window lies within the reach of the weights by this factor.
        condition: directions below this share of the largest are not determined.
        least_left: a sample that draws the curve to itself counts as if it drew less than all but this.
    """

    windows: tuple[int, ...] = (7, 9, 13, 19, 27, 39)
    degree: int = 4
    margin: float = 1.05
    condition: float = 1e-10
    least_left: float = 0.05


_INTERPOLATION: Final = _Interpolation()
_PENALISED: Final = _Penalised()
_LOCAL: Final = _Local()
_WEIGHTS: Final = np.logspace(*_PENALISED.decades, _PENALISED.weights)


@dataclass(frozen=True, eq=False)
class Smooth:
    """A smooth curve through samples.

    Attributes:
        at: `at(t, k)` is the k-th derivative at times t.
        noise: standard deviation of the samples about the curve, in the state's unit.
        freedom: effective number of constants.
        criterion: mean squared error of prediction by (generalised) cross-validation; methods are compared by it.
        method: its name.
    """

    at: Callable[[Array, int], Array]
    noise: float
    freedom: float
    criterion: float
    method: str


class Smoother(Protocol):
    """Make a smooth curve of samples x at times t, both `(n,)`, finite, t increasing."""

    def __call__(self, t: Array, x: Array) -> Smooth | None:
        """Return the curve; None where there are too few samples."""


def interpolating(t: Array, x: Array) -> Smooth | None:
    """Return a spline through every sample; its criterion by leaving out every seventh in turn."""
    from scipy.interpolate import make_interp_spline

    degree = min(_INTERPOLATION.degree, (t.size - 1) // 2 * 2 - 1)
    if degree < 1:
        return None
    spline = make_interp_spline(t, x, k=degree)
    errors = []
    for fold in range(1, _INTERPOLATION.folds + 1):
        left_out = np.arange(fold, t.size - 1, _INTERPOLATION.folds)
        kept = np.setdiff1d(np.arange(t.size), left_out)
        if left_out.size and kept.size > degree:
            errors.append(make_interp_spline(t[kept], x[kept], k=degree)(t[left_out]) - x[left_out])
    score = float(np.mean(np.concatenate(errors) ** 2)) if errors else np.inf
    noise = _INTERPOLATION.unseen * float(np.sqrt(score)) if errors else 0.0
    return Smooth(lambda s, k: spline(s, nu=k), noise, float(t.size), score, "interpolating spline")


@dataclass(frozen=True)
class PenalisedSpline:
    """Fit a quintic spline with knots at the samples, its squared derivative of the given order penalised."""

    order: int

    def __call__(self, t: Array, x: Array) -> Smooth | None:
        from scipy.interpolate import BSpline
        from scipy.linalg import eigh

        n = t.size
        if n < _PENALISED.least_samples:
            return None
        degree, most = _PENALISED.degree, _PENALISED.most_knots
        inner = t if n <= most else np.interp(np.linspace(0, n - 1, most), np.arange(n), t)
        knots = np.concatenate([np.full(degree, t[0]), inner, np.full(degree, t[-1])])
        basis = BSpline.design_matrix(t, knots, degree).toarray()
        m = basis.shape[1]
        span = t[-1] - t[0]
        penalty = _penalty(knots, m, self.order) * span ** (2 * self.order - 1)
        if not np.all(np.isfinite(penalty)):
            return None
        gram = basis.T @ basis
        ridge = _PENALISED.ridge * np.trace(gram) / m
        least = _PENALISED.least_penalty
        total = gram + least * penalty / max(np.trace(penalty) / m, 1e-300) * np.trace(gram) / m + ridge * np.eye(m)
        values, vectors = eigh(penalty / (np.trace(penalty) / m) * (np.trace(gram) / m), total)
        # In this basis every smoothing parameter is a diagonal.
        projected = vectors.T @ (basis.T @ x)
        kept = np.clip(1.0 - least * values, 0.0, None)
        best: tuple[float, float, Array, float] | None = None
        for weight in _WEIGHTS:
            shrunk = projected / (kept + weight * values)
            coefficients = vectors @ shrunk
            residual = float(np.sum((x - basis @ coefficients) ** 2))
            freedom = float(np.sum(kept / (kept + weight * values)))
            if freedom >= n - _PENALISED.spare:
                continue
            left = n - _PENALISED.caution * freedom
            score = n * residual / left**2 if left > 0 else np.inf
            if best is None or score < best[0]:
                best = (score, freedom, coefficients, residual)
        if best is None:
            return None
        score, freedom, coefficients, residual = best
        spline = BSpline(knots, coefficients, degree)
        noise = float(np.sqrt(residual / max(n - freedom, 1.0)))
        return Smooth(lambda s, k: spline(s, nu=k), noise, freedom, score, f"penalised spline of order {self.order}")


def _penalty(knots: Array, count: int, order: int) -> Array:
    """Return ∫ B_i^(order) B_j^(order), by Gauss-Legendre quadrature between knots."""
    from scipy.interpolate import BSpline

    points, weights = np.polynomial.legendre.leggauss(_PENALISED.degree - order + 1)
    edges = np.unique(knots)
    half = np.diff(edges) / 2
    t = (edges[:-1] + half)[:, None] + half[:, None] * points
    basis = BSpline(knots, np.eye(count), _PENALISED.degree)(t.ravel(), nu=order)
    weighted = basis * (half[:, None] * weights).ravel()[:, None]
    found: Array = weighted.T @ basis
    return found


def local_polynomial(t: Array, x: Array) -> Smooth | None:
    """Fit quartic polynomials on windows of neighbours, tricube weights; the width by leave-one-out errors."""
    best: Smooth | None = None
    for width in _LOCAL.windows:
        if width > t.size:
            break
        smooth = _local(t, x, width)
        if best is None or smooth.criterion < best.criterion:
            best = smooth
    return best


def _local(t: Array, x: Array, width: int) -> Smooth:
    def fit(s: Array) -> tuple[Array, NDArray[np.intp], Array]:
        """Return what polynomials about times `(k,)` are made of.

        That is the weights `(k, degree + 1, width)` of samples in coefficients, their indices, the reach of each.
        """
        first = np.clip(np.searchsorted(t, s) - width // 2, 0, t.size - width)
        index = first[:, None] + np.arange(width)
        gap = t[index] - s[:, None]
        reach = np.max(np.abs(gap), axis=1, keepdims=True) * _LOCAL.margin
        weight = (1 - np.abs(gap / reach) ** 3) ** 1.5
        powers = (gap / reach)[..., None] ** np.arange(_LOCAL.degree + 1)
        solver = np.linalg.pinv(powers * weight[..., None], rcond=_LOCAL.condition) * weight[:, None, :]
        return solver, index, reach[:, 0]

    solver, index, _ = fit(t)
    fitted = np.einsum("ij,ij->i", solver[:, 0], x[index])
    own = np.take_along_axis(solver[:, 0], (np.arange(t.size) - index[:, 0])[:, None], 1)[:, 0]
    residual = x - fitted
    freedom = float(own.sum())
    score = float(np.mean((residual / np.maximum(1 - own, _LOCAL.least_left)) ** 2))
    noise = float(np.sqrt(np.sum(residual**2) / max(t.size - freedom, 1.0)))

    def at(s: Array, k: int) -> Array:
        solver, index, reach = fit(np.asarray(s))
        found: Array = np.einsum("ij,ij->i", solver[:, k], x[index]) * float(np.prod(range(1, k + 1))) / reach**k
        return found

    return Smooth(at, noise, freedom, score, "local polynomial")


SMOOTHERS: tuple[Smoother, ...] = (interpolating, *(PenalisedSpline(k) for k in _PENALISED.orders), local_polynomial)


def smooth(t: Array, x: Array, smoothers: Sequence[Smoother] = SMOOTHERS) -> Smooth:
    """Return the curve of the method with the least error of prediction by cross-validation."""
    found = [s for s in (smoother(t, x) for smoother in smoothers) if s is not None]
    return min(found, key=lambda s: s.criterion)
