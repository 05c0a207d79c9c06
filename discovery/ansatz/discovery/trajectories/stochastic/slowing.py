"""Critical slowing down: a rate of reversion that falls to zero along a parameter.

Rates of groups of runs, each corrected for its bias, are fitted by a straight line in the parameter. They are also
fitted by the root of one, as before a saddle-node (Boettiger, Ross & Hastings 2013). Each group counts by the variance
that the fitted law gives its rate, about 2·rate/T + (4/T)² for a time T. That of the estimate itself is smallest where
it is by chance too small.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from ansatz.discovery.evidence.uncertainty import t_quantile
from ansatz.discovery.expression import Array
from ansatz.discovery.report.estimate import Estimate
from ansatz.discovery.report.motion import SlowingDown

MIN_GROUPS: Final = 3


@dataclass(frozen=True)
class _Fit:
    """Tune the fit of a trend.

    Attributes:
        passes: each with the weights of the fit before; chosen by judgement, so that they have settled.
        bias: of a rate near 0, over the time observed (Tang & Chen 2009): its error there is as large.
    """

    passes: int = 8
    bias: float = 4.0


_FIT: Final = _Fit()


@dataclass(frozen=True, eq=False)
class Rates:
    """Rates `(G,)` of groups at values `(G,)` of a parameter, each from an observed time `(G,)`."""

    parameter: Array
    rate: Array
    time: Array


def slowing_down(rates: Rates, state: str, parameter: str) -> SlowingDown | None:
    """Return the likelier of the two laws; None with fewer than three groups."""
    if rates.rate.size < MIN_GROUPS:
        return None
    line, root = _fitted(rates, _Linear), _fitted(rates, _Root)
    best = line if line.misfit <= root.misfit else root
    return SlowingDown(state, parameter, best.law, best.slope, best.zero, line.p_value)


@dataclass(frozen=True, eq=False)
class _Trend:
    """A straight line through a transform of the rates.

    Attributes:
        law: name of the transform.
        slope: of the line, per unit of the parameter.
        zero: the value of the parameter at which the rate is 0.
        misfit: sum of squared errors of the rates, in units of their variances.
        p_value: of a slope as large where there is none.
    """

    law: str
    slope: Estimate
    zero: Estimate
    misfit: float
    p_value: float


class _Linear:
    law = "linear"

    @staticmethod
    def of(rate: Array) -> Array:
        return rate

    @staticmethod
    def back(value: Array) -> Array:
        return np.maximum(value, 0.0)

    @staticmethod
    def slope_of(rate: Array) -> Array:
        """Return the derivative of the transform."""
        return np.ones_like(rate)


class _Root:
    law = "root"

    @staticmethod
    def of(rate: Array) -> Array:
        found: Array = rate**2
        return found

    @staticmethod
    def back(value: Array) -> Array:
        return np.sqrt(np.maximum(value, 0.0))

    @staticmethod
    def slope_of(rate: Array) -> Array:
        return 2 * rate


def _variance(rate: Array, time: Array) -> Array:
    found: Array = 2 * rate / time + (_FIT.bias / time) ** 2
    return found


def _fitted(rates: Rates, transform: type[_Linear] | type[_Root]) -> _Trend:
    p, y = rates.parameter, transform.of(rates.rate)
    middle, width = float(p.mean()), float(np.ptp(p))
    design = np.column_stack([np.ones(p.size), (p - middle) / width])
    fitted = np.full(p.size, float(np.mean(rates.rate)))
    beta: Array = np.zeros(2)
    covariance: Array = np.eye(2)
    for _ in range(_FIT.passes):
        rate = np.maximum(fitted, 1.0 / rates.time)
        weight = 1 / (_variance(rate, rates.time) * transform.slope_of(rate) ** 2)
        covariance = np.asarray(np.linalg.inv(design.T @ (weight[:, None] * design)), dtype=np.float64)
        beta = covariance @ (design.T @ (weight * y))
        fitted = transform.back(design @ beta)
    misfit = float(np.sum((rates.rate - fitted) ** 2 / _variance(np.maximum(fitted, 1.0 / rates.time), rates.time)))
    freedom = p.size - 2
    covariance = covariance * max(1.0, misfit / freedom)
    half = t_quantile(freedom) if misfit > freedom else 1.96
    error = math.sqrt(covariance[1, 1])
    slope = Estimate(beta[1] / width, (beta[1] - half * error) / width, (beta[1] + half * error) / width)
    p_value = math.erfc(abs(beta[1]) / error / math.sqrt(2))
    zero = _zero(beta, covariance, half)
    moved = Estimate(*(None if v is None else middle + width * v for v in (zero.value, zero.lower, zero.upper)))
    return _Trend(transform.law, slope, moved, misfit, p_value)


def _zero(beta: Array, covariance: Array, half: float) -> Estimate:
    """Return where a line is 0, with Fieller's interval; open where its slope may be 0."""
    if not beta[1]:
        return Estimate(None, None, None)
    value = -float(beta[0] / beta[1])
    a = float(beta[1] ** 2 - half**2 * covariance[1, 1])
    b = float(beta[0] * beta[1] - half**2 * covariance[0, 1])
    c = float(beta[0] ** 2 - half**2 * covariance[0, 0])
    root = b * b - a * c
    if a <= 0 or root < 0:
        return Estimate(value, None, None)
    ends: Sequence[float] = sorted(((-b - math.sqrt(root)) / a, (-b + math.sqrt(root)) / a))
    return Estimate(value, ends[0], ends[1])
