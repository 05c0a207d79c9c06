"""The robust fit of one law to one sample."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ansatz.discovery.curves.laws import SELF
from ansatz.discovery.curves.model import CurveModel
from ansatz.discovery.curves.optimise import Objective, minimise
from ansatz.discovery.curves.sample import Sample
from ansatz.discovery.curves.starts import good_starts
from ansatz.discovery.expression import Array

HUBER = 1.345
"""Threshold of Huber's loss in standard deviations of the noise: 95 % as efficient as least squares on Gaussian
noise."""
_NORMAL = 1.4826  # standard deviation over median absolute deviation
_SMALLEST_NOISE = 1e-13
_SERIAL_LEVEL = 2.0
OUTLIER = 5.0
"""Standard deviations of the noise beyond which a row is an outlier."""
_MOST_OUTLIERS = 0.2
_ROUNDS = 4
_ROUNDING = 1e-12


@dataclass(frozen=True)
class Effort:
    """How much work a fit may do: share of the starts tried, starts followed, iterations of each."""

    tried: float
    followed: int
    iterations: int


QUICK = Effort(0.4, 8, 25)
THOROUGH = Effort(1.0, 32, 60)
SECOND = Effort(0.3, 6, 40)


@dataclass(frozen=True, eq=False)
class CurveFit:
    """A law fitted to a sample: settings `u` of shape (p,), Huber's threshold `delta` in units of the rows' spread;
    `kept` are the rows that count, shape (n,): all but outliers, more than five standard deviations off."""

    model: CurveModel
    sample: Sample
    u: Array
    delta: float
    kept: NDArray[np.bool_]

    @cached_property
    def objective(self) -> Objective:
        return Objective(self.model, self.sample, self.delta, self.kept)

    @cached_property
    def residuals(self) -> Array:
        """(law − observed) / spread on the sample's scale, shape (n,)."""
        residuals: Array = self.objective.residuals(self.u[None, :])[0]
        return residuals

    @property
    def cost(self) -> float:
        return float(self.objective.costs(self.residuals[None, :])[0])

    @cached_property
    def values(self) -> Array:
        """The law on the rows, shape (n,)."""
        variables = self.model.variables_at(self.sample.columns)
        return np.array(np.broadcast_to(self.model.values(self.u[None, :], variables)[0], (self.sample.rows,)))

    @property
    def can_be_written(self) -> bool:
        """Whether its published constants are finite, and the grammar takes them."""
        return self.model.formula(self.u, SELF) is not None

    @property
    def constants(self) -> int:
        return self.u.size

    @cached_property
    def noise(self) -> float:
        """Robust standard deviation of the residuals, on n − p degrees of freedom."""
        return _noise(self.residuals, self.constants)

    @property
    def outlying(self) -> float:
        """The residual beyond which a row is an outlier; infinite where the law leaves only rounding."""
        return OUTLIER * self.noise if self.noise > _ROUNDING else np.inf

    @cached_property
    def serial(self) -> float:
        """Share of the rows that count as independent: residuals of neighbours in a run may be alike."""
        correlation = _serial_correlation(np.clip(self.residuals, -3 * self.noise, 3 * self.noise), self.sample)
        return (1 - correlation) / (1 + correlation)

    @cached_property
    def variance(self) -> float:
        """Variance that turns twice a rise of the cost into a squared t statistic (Huber 1981, § 7.6)."""
        residuals = self.residuals[self.kept]
        psi = np.clip(residuals, -self.delta, self.delta)
        degrees = max(residuals.size - self.constants, 1)
        few = 1 + self.constants / max(residuals.size, 1) * (1 - self._inside) / self._inside
        estimate = few**2 * float(np.sum(psi**2)) / degrees / self._inside / self.serial
        return max(estimate, _SMALLEST_NOISE**2)

    @cached_property
    def _inside(self) -> float:
        """Share of the rows that count whose residual lies within Huber's threshold: the mean curvature of the loss."""
        return max(float(np.mean(np.abs(self.residuals[self.kept]) <= self.delta)), 0.1)

    @cached_property
    def degrees(self) -> int:
        """Degrees of freedom left, at least 1."""
        return max(int(np.count_nonzero(self.kept) * self.serial) - self.constants, 1)

    @cached_property
    def covariance(self) -> Array:
        """Of the settings u, shape (p, p), from the curvature of the cost at the optimum; parameters at a bound have
        none, and what the data do not determine a very large one."""
        _, slopes = self.objective.residuals_and_slopes(self.u[None, :])
        root = self.kept * np.sqrt(self._inside)
        weighted = np.nan_to_num(slopes[0] * root[:, None], nan=0.0, posinf=0.0, neginf=0.0)
        lower, upper = self.model.bounds
        weighted[:, (self.u <= lower) | (self.u >= upper)] = 0.0
        with np.errstate(over="ignore"):
            norm = np.linalg.norm(weighted, axis=0)
        norm = np.where(np.isfinite(norm), norm, 0.0)
        weighted = np.where(norm > 0, weighted, 0.0)
        norm = np.where(norm > 0, norm, 1.0)
        _, singular, vt = np.linalg.svd(weighted / norm, full_matrices=False)
        keep = singular > 0
        scaled = vt[keep] / np.maximum(singular[keep], 1e-9)[:, None] / norm
        covariance: Array = self.variance * (scaled.T @ scaled)
        return covariance


def fit_law(
    model: CurveModel,
    sample: Sample,
    seed: int,
    effort: Effort,
    *,
    also: tuple[Array, ...] = (),
    delta: float | None = None,
) -> CurveFit | None:
    """The best fit found from many starts (and from `also`, settings known to be good); None where there is none.

    Huber's threshold is 1.345 standard deviations of the noise, which is estimated by the median absolute residual and
    settled in three rounds, unless `delta` is given.
    """
    if len(model.names) >= sample.rows:
        return None
    starts = good_starts(model, sample, effort.followed, seed, effort.tried)
    starts = np.vstack([*also, *starts]) if also or len(starts) else starts
    if not len(starts):
        return None
    first = _threshold(Objective(model, sample).residuals(starts), len(model.names)) if delta is None else delta
    found = minimise(Objective(model, sample, first), starts, iterations=effort.iterations // 2, tolerance=1e-4)
    kept = found.u[np.argsort(found.cost, kind="stable")[: max(effort.followed // 3, 2)]]
    for iterations, tolerance in ((effort.iterations, 1e-7), (2 * effort.iterations, 1e-13)):
        objective = Objective(model, sample, np.inf)
        threshold = _threshold(objective.residuals(kept), len(model.names)) if delta is None else delta
        found = minimise(Objective(model, sample, threshold), kept, iterations=iterations, tolerance=tolerance)
        if not np.isfinite(found.cost.min()):
            return None
        kept = found.u[np.argsort(found.cost, kind="stable")[:3]]
    return _without_outliers(CurveFit(model, sample, found.best, threshold, np.ones(sample.rows, dtype=bool)), effort)


def _without_outliers(fit: CurveFit, effort: Effort) -> CurveFit:
    """The fit with the rows that lie more than five standard deviations off left out: those on one side would pull even
    Huber's loss. Settled in a few rounds; where more than a fifth of the rows lie off, the law is wrong, not the
    rows."""
    for _ in range(_ROUNDS):
        kept = np.abs(fit.residuals) <= OUTLIER * fit.noise
        if np.array_equal(kept, fit.kept) or np.mean(kept) < 1 - _MOST_OUTLIERS or fit.noise <= 10 * _SMALLEST_NOISE:
            return fit
        objective = Objective(fit.model, fit.sample, fit.delta, kept)
        found = minimise(objective, fit.u[None, :], iterations=2 * effort.iterations, tolerance=1e-13)
        if not np.isfinite(found.cost[0]):
            return fit
        fit = CurveFit(fit.model, fit.sample, found.best, fit.delta, kept)
    return fit


def _threshold(residuals: Array, constants: int) -> float:
    """Huber's threshold from the best of several fits."""
    noises = [_noise(row, constants) for row in residuals if np.all(np.isfinite(row))]
    return HUBER * (min(noises) if noises else 1.0)


def _noise(residuals: Array, constants: int) -> float:
    n = residuals.size
    spread = _NORMAL * float(np.median(np.abs(residuals))) * np.sqrt(n / max(n - constants, 1))
    return max(float(spread), _SMALLEST_NOISE)


def _serial_correlation(residuals: Array, sample: Sample) -> float:
    """Correlation of neighbours within runs, in [0, 0.95]; 0 where chance may explain it."""
    same = sample.run[1:] == sample.run[:-1]
    pairs = int(np.count_nonzero(same))
    power = float(np.mean(residuals**2))
    if pairs < 8 or power <= 0:
        return 0.0
    correlation = float(np.mean(residuals[1:][same] * residuals[:-1][same])) / power
    return min(correlation, 0.95) if correlation > _SERIAL_LEVEL / np.sqrt(pairs) else 0.0
