"""Counts and shares: their variance is told by the law itself."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ansatz.discovery.expression import Array, Node
from ansatz.discovery.fit.noise import Working
from ansatz.discovery.problem.problem import Problem
from ansatz.discovery.report.chi_squared import ChiSquared


@dataclass(frozen=True)
class _Floor:
    """Say what a law of counts or shares may predict. Chosen by judgement.

    Attributes:
        count: share of the mean count below which a law predicts as good as none.
        share: of successes that is as good as none, or, off 1, as good as all.
    """

    count: float = 1e-4
    share: float = 1e-6


_FLOOR: Final = _Floor()


@dataclass(frozen=True)
class PoissonNoise:
    """The target counts events: its variance is what the law predicts."""

    is_fixed: bool = False

    def rows_only(self, rows: NDArray[np.intp]) -> PoissonNoise:
        return self

    def first_weights(self, problem: Problem) -> Array:
        """Return weights at (y + mean)/2, from where fits of counts begin (McCullagh & Nelder 1989, 2.5)."""
        return _normalised(2 / (problem.y + problem.y.mean()))

    def at(self, problem: Problem, formula: Node) -> Working:
        """Return weights 1/prediction; formulas compare by the deviance, in units of the mean count."""
        y, mean = problem.y, float(problem.y.mean())
        predicted, beyond = _within(problem.evaluate(formula), _FLOOR.count * mean, math.inf)
        # The deviance goes on as a parabola where the law predicts what no count can be.
        deviance = 2 * (_entropy(y, predicted) - (y - predicted)) + beyond**2 / (_FLOOR.count * mean)
        return _working(problem, 1 / predicted, deviance, mean)

    def agreement(self, problem: Problem, formula: Node, fitted: int) -> ChiSquared | None:
        y = problem.y
        predicted, _ = _within(problem.evaluate(formula), _FLOOR.count * float(y.mean()), math.inf)
        error = y - predicted
        return _agreement(float(np.sum((error**2 - error) / predicted)), y.size - fitted, 1.0)


@dataclass(frozen=True, eq=False)
class BinomialNoise:
    """The target is the share of successes among `trials`, `(n,)`: p(1 - p)/trials is its variance."""

    trials: Array
    is_fixed: bool = False

    def rows_only(self, rows: NDArray[np.intp]) -> BinomialNoise:
        return replace(self, trials=self.trials[rows])

    def first_weights(self, problem: Problem) -> Array:
        """Return weights at (successes + 1/2)/(trials + 1), from where fits of shares begin (McCullagh & Nelder)."""
        p = (self.trials * problem.y + 0.5) / (self.trials + 1)
        return _normalised(self.trials / (p * (1 - p)))

    def at(self, problem: Problem, formula: Node) -> Working:
        """Return weights trials/(p(1 - p)) at the prediction p; formulas compare by the deviance, in units of the
        variance about the mean share."""
        y, mean = problem.y, float(np.average(problem.y, weights=self.trials))
        p, beyond = _within(problem.evaluate(formula), _FLOOR.share, 1 - _FLOOR.share)
        deviance = 2 * (_entropy(y, p) + _entropy(1 - y, 1 - p)) + beyond**2 / _FLOOR.share
        unit = max(mean * (1 - mean), _FLOOR.share) / float(self.trials.mean())
        return _working(problem, self.trials / (p * (1 - p)), self.trials * deviance, unit)

    def agreement(self, problem: Problem, formula: Node, fitted: int) -> ChiSquared | None:
        p, _ = _within(problem.evaluate(formula), _FLOOR.share, 1 - _FLOOR.share)
        variance, error = p * (1 - p), problem.y - p
        value = float(np.sum((self.trials * error**2 - (1 - 2 * p) * error) / variance))
        return _agreement(value, p.size - fitted, float(np.mean(1 - 1 / self.trials)))


def _within(values: Array, low: float, high: float) -> tuple[Array, Array]:
    """Return predictions moved to what the noise may have, and how far they were outside."""
    inside: Array = np.clip(values, low, high)
    return inside, values - inside


def _entropy(y: Array, predicted: Array) -> Array:
    """Return y log(y/prediction), 0 where y is."""
    from scipy.special import xlogy

    found: Array = xlogy(y, y / predicted)
    return found


def _normalised(weights: Array) -> Array:
    normalised: Array = weights / weights.mean()
    return normalised


def _working(problem: Problem, precision: Array, deviance: Array, unit: float) -> Working:
    """Return the problem weighted by `precision`, 1/variance; formulas compare by the mean deviance, in `unit`."""
    mean, deviance_of_row = float(precision.mean()), float(np.mean(deviance))
    if not math.isfinite(mean) or not math.isfinite(deviance_of_row):
        return Working(problem, math.inf)
    square = unit * _as_square(max(deviance_of_row, 0.0))
    return Working(replace(problem, weights=precision / mean), math.sqrt(square), 1 / math.sqrt(mean))


def _as_square(deviance: float) -> float:
    """Return the mean square of normal errors whose profile likelihood is that of a mean deviance.

    The dispersion is at least 1: where the target scatters more than the noise says, evidence counts for less (extended
    quasi-likelihood: Nelder & Pregibon 1987).
    """
    return deviance if deviance >= 1 else math.exp(deviance - 1)


def _agreement(value: float, degrees: int, spread: float) -> ChiSquared | None:
    """Return χ² of counts whose variance is `spread` times that of as many squares of normal errors.

    The statistic is Pearson's, less what skewness adds to it (Farrington 1996): for few events, too, its mean is the
    degrees of freedom. Single trials (`spread` 0) tell nothing of their scatter.
    """
    from scipy.special import chdtrc

    if degrees < 1 or not spread > 0 or not math.isfinite(value):
        return None
    # Of the same mean and variance: spread * χ² of degrees / spread (Satterthwaite 1946).
    return ChiSquared(value, degrees, float(chdtrc(degrees / spread, max(value, 0.0) / spread)))
