"""The robust fit of one law to one sample."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ansatz.discovery.curves.laws import SELF
from ansatz.discovery.curves.model import CurveModel
from ansatz.discovery.curves.noise import ROUNDING, noise_of, serial_correlation
from ansatz.discovery.curves.optimise import Objective, minimise
from ansatz.discovery.curves.sample import Sample
from ansatz.discovery.curves.starts import good_starts
from ansatz.discovery.evidence.spread import Spread
from ansatz.discovery.expression import Array, variables


@dataclass(frozen=True)
class _Robust:
    """Say which rows count how much. Chosen by judgement, but for `huber`; `python -m bench.intervals` holds them.

    Attributes:
        huber: threshold of Huber's loss in standard deviations of the noise: 95 % as efficient as least squares on
            Gaussian noise.
        outlier: standard deviations of the noise beyond which a row is an outlier.
        most_outliers: share of the rows; where more lie off, the law is wrong, not the rows.
        rounds: of leaving rows out and fitting again, which settle sooner as a rule.
        least_inside: share of the rows within the threshold, at least, so that errors stay finite.
    """

    huber: float = 1.345
    outlier: float = 5.0
    most_outliers: float = 0.2
    rounds: int = 4
    least_inside: float = 0.1


@dataclass(frozen=True)
class _Stages:
    """Say how a fit narrows down its starts. Chosen by judgement; `python -m bench.curves` holds them.

    Attributes:
        first: gain over the cost at which the first iterations end.
        second: gain over the cost at which the next end.
        last: gain over the cost at which the last end, about the rounding of float64.
        kept: one of so many starts goes on after the first.
        fewest: starts go on after the first, at least.
        finalists: starts go on after the second.
    """

    first: float = 1e-4
    second: float = 1e-7
    last: float = 1e-13
    kept: int = 3
    fewest: int = 2
    finalists: int = 3


_ROBUST: Final = _Robust()
_STAGES: Final = _Stages()


@dataclass(frozen=True)
class Effort:
    """Say how much work a fit may do: share of the starts tried, starts followed, iterations of each.

    The values below are chosen by judgement; `python -m bench.curves` holds them.
    """

    tried: float
    followed: int
    iterations: int


QUICK: Final = Effort(0.4, 8, 25)
THOROUGH: Final = Effort(1.0, 32, 60)
SECOND: Final = Effort(0.3, 6, 40)


@dataclass(frozen=True, eq=False)
class CurveFit:
    """A law fitted to a sample.

    Attributes:
        model: the law, bound to columns.
        sample: the rows.
        u: settings of the constants, `(p,)`.
        delta: Huber's threshold in units of the rows' spread.
        kept: the rows that count, `(n,)`: all but outliers.
    """

    model: CurveModel
    sample: Sample
    u: Array
    delta: float
    kept: NDArray[np.bool_]

    @cached_property
    def objective(self) -> Objective:
        """Return what the fit minimises."""
        return Objective(self.model, self.sample, self.delta, self.kept)

    @cached_property
    def residuals(self) -> Array:
        """Return (law − observed) / spread on the sample's scale, `(n,)`."""
        residuals: Array = self.objective.residuals(self.u[None, :])[0]
        return residuals

    @property
    def cost(self) -> float:
        """Return the value of the objective."""
        return float(self.objective.costs(self.residuals[None, :])[0])

    @cached_property
    def values(self) -> Array:
        """Return the law on the rows, `(n,)`."""
        variables = self.model.variables_at(self.sample.columns)
        return np.array(np.broadcast_to(self.model.values(self.u[None, :], variables)[0], (self.sample.rows,)))

    @property
    def can_be_written(self) -> bool:
        """Return whether its published constants are finite, and the grammar takes them."""
        return self.model.formula(self.u, SELF) is not None

    @property
    def constants(self) -> int:
        """Return the number of constants."""
        return self.u.size

    @cached_property
    def bound_constants(self) -> frozenset[str]:
        """Return the published constants that stand where the bounds of what they are made of put them."""
        lower, upper = self.model.bounds
        held = {name for name, at in zip(self.model.names, (self.u <= lower) | (self.u >= upper), strict=True) if at}
        made = {c: set(variables(tree)) & set(self.model.names) for c, tree in self.model.law.published_trees.items()}
        return frozenset(name for name, of in made.items() if of and of <= held)

    @cached_property
    def noise(self) -> float:
        """Return the robust standard deviation of the residuals, on n − p degrees of freedom."""
        return noise_of(self.residuals, self.constants)

    @property
    def outlying(self) -> float:
        """Return the residual beyond which a row is an outlier; infinite where the law leaves only rounding."""
        return _ROBUST.outlier * self.noise if self.noise > ROUNDING.outlying else np.inf

    @cached_property
    def serial(self) -> float:
        """Return the share of the rows that count as independent: residuals of neighbours in a run may be alike."""
        correlation = serial_correlation(self.residuals, self.noise, self.sample)
        return (1 - correlation) / (1 + correlation)

    @cached_property
    def variance(self) -> float:
        """Return the variance that turns twice a rise of the cost into a squared t statistic (Huber 1981, § 7.6)."""
        residuals = self.residuals[self.kept]
        psi = np.clip(residuals, -self.delta, self.delta)
        degrees = max(residuals.size - self.constants, 1)
        few = 1 + self.constants / max(residuals.size, 1) * (1 - self._inside) / self._inside
        estimate = few**2 * float(np.sum(psi**2)) / degrees / self._inside / self.serial
        return max(estimate, ROUNDING.smallest**2)

    @cached_property
    def _inside(self) -> float:
        """Return the share of the rows that count within Huber's threshold: the mean curvature of the loss."""
        return max(float(np.mean(np.abs(self.residuals[self.kept]) <= self.delta)), _ROBUST.least_inside)

    @cached_property
    def degrees(self) -> int:
        """Return the degrees of freedom left, at least 1."""
        return max(int(np.count_nonzero(self.kept) * self.serial) - self.constants, 1)

    @cached_property
    def covariance(self) -> Array:
        """Return the covariance of the settings u, `(p, p)`, from the curvature of the cost at the optimum.

        Parameters at a bound have none, and what the data do not determine a very large one.
        """
        _, slopes = self.objective.residuals_and_slopes(self.u[None, :])
        root = self.kept * np.sqrt(self._inside)
        weighted = np.nan_to_num(slopes[0] * root[:, None], nan=0.0, posinf=0.0, neginf=0.0)
        lower, upper = self.model.bounds
        weighted[:, (self.u <= lower) | (self.u >= upper)] = 0.0
        with np.errstate(over="ignore"):
            weighted = np.where(np.isfinite(np.linalg.norm(weighted, axis=0)), weighted, 0.0)
        covariance: Array = self.variance * Spread.of(weighted).covariance
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
    """Return the best fit found from many starts (and from `also`, settings known to be good); None where none is.

    Huber's threshold is 1.345 standard deviations of the noise, unless `delta` is given. The noise is estimated by the
    median absolute residual and settled in three rounds.
    """
    if len(model.names) >= sample.rows:
        return None
    starts = good_starts(model, sample, effort.followed, seed, effort.tried)
    starts = np.vstack([*also, *starts]) if also or len(starts) else starts
    if not len(starts):
        return None
    first = _threshold(Objective(model, sample).residuals(starts), len(model.names)) if delta is None else delta
    found = minimise(
        Objective(model, sample, first), starts, iterations=effort.iterations // 2, tolerance=_STAGES.first
    )
    kept = found.u[np.argsort(found.cost, kind="stable")[: max(effort.followed // _STAGES.kept, _STAGES.fewest)]]
    for iterations, tolerance in ((effort.iterations, _STAGES.second), (2 * effort.iterations, _STAGES.last)):
        objective = Objective(model, sample, np.inf)
        threshold = _threshold(objective.residuals(kept), len(model.names)) if delta is None else delta
        found = minimise(Objective(model, sample, threshold), kept, iterations=iterations, tolerance=tolerance)
        if not np.isfinite(found.cost.min()):
            return None
        kept = found.u[np.argsort(found.cost, kind="stable")[: _STAGES.finalists]]
    return _without_outliers(CurveFit(model, sample, found.best, threshold, np.ones(sample.rows, dtype=bool)), effort)


def _without_outliers(fit: CurveFit, effort: Effort) -> CurveFit:
    """Return the fit with the rows that lie far off left out: those on one side would pull even Huber's loss.

    Settled in a few rounds; where many rows lie off, the law is wrong, not the rows.
    """
    for _ in range(_ROBUST.rounds):
        kept = np.abs(fit.residuals) <= _ROBUST.outlier * fit.noise
        is_wrong = np.mean(kept) < 1 - _ROBUST.most_outliers
        if np.array_equal(kept, fit.kept) or is_wrong or fit.noise <= ROUNDING.unsettled * ROUNDING.smallest:
            return fit
        objective = Objective(fit.model, fit.sample, fit.delta, kept)
        found = minimise(objective, fit.u[None, :], iterations=2 * effort.iterations, tolerance=_STAGES.last)
        if not np.isfinite(found.cost[0]):
            return fit
        fit = CurveFit(fit.model, fit.sample, found.best, fit.delta, kept)
    return fit


def _threshold(residuals: Array, constants: int) -> float:
    """Return Huber's threshold from the best of several fits."""
    noises = [noise_of(row, constants) for row in residuals if np.all(np.isfinite(row))]
    return _ROBUST.huber * (min(noises) if noises else 1.0)
