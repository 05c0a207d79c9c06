"""The rate of reversion with an interval that also holds in small samples and next to a random walk.

The likeliest rate is biased upwards by about 4 over the time observed (Tang & Chen 2009), and its distribution near 0
is not Gaussian. So every rate is tried in turn: series are simulated with it on the same clock. It is refused where the
signed root of the likelihood ratio of the data lies beyond the 2.5 % of theirs on either side (the grid bootstrap,
Hansen 1999). The estimate is the rate of which the data are the median (Andrews 1993).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from ansatz.discovery.evidence.uncertainty import t_quantile
from ansatz.discovery.expression import Array
from ansatz.discovery.report.estimate import Estimate
from ansatz.discovery.trajectories.stochastic.process import Clock, Kernel, Steps, simulated

_TAIL: Final = 0.025  # of a 95 % interval, on either side


@dataclass(frozen=True)
class _Bootstrap:
    """Say how many series are simulated and how rates are searched. `python -m bench.reversion` holds the intervals.

    Attributes:
        fewest: series for each rate: of 299 the 2.5 % on either side are seven.
        most: series for each rate: of 999 the error of those 2.5 % is 0.5 %.
        numbers: values of all series together, as many as memory and time bear.
        far_start: standard deviations off the mean from which a run is taken to begin there, not by chance.
        precision: relative, of the ends of the interval.
        most_doublings: of a rate to enclose an end: enough to cross all rates of 40,000 samples.
        least_share: shares closer to 0 or 1 than this, finer than the series tell, count alike.
    """

    fewest: int = 299
    most: int = 999
    numbers: int = 600_000
    far_start: float = 3.0
    precision: float = 0.01
    most_doublings: int = 24
    least_share: float = 1e-4


_BOOTSTRAP: Final = _Bootstrap()


@dataclass(frozen=True, eq=False)
class Samples:
    """One state: of each run the times `(n,)` and values `(n,)`, all finite, at least two."""

    times: tuple[Array, ...]
    values: tuple[Array, ...]

    @cached_property
    def clock(self) -> Clock:
        return Clock.of(self.times)

    @cached_property
    def centre(self) -> float:
        return float(np.mean(np.concatenate(self.values)))

    @cached_property
    def steps(self) -> Steps:
        a = np.concatenate([v[:-1] for v in self.values]) - self.centre
        b = np.concatenate([v[1:] for v in self.values]) - self.centre
        return Steps(self.clock, a[None, :], b[None, :])


@dataclass(frozen=True, eq=False)
class Likeliest:
    """The process by maximum likelihood.

    Attributes:
        rate: of reversion, per unit of time.
        drift: b = rate·mean about the centre.
        variance: σ².
        criterion: -2 log likelihood but for a constant.
    """

    rate: float
    drift: float
    variance: float
    criterion: float

    @classmethod
    def of(cls, steps: Steps, rate: float | None = None) -> Likeliest:
        """Return it at the best rate, or at a given one."""
        at = float(steps.best()[0][0]) if rate is None else rate
        criterion, drift, variance = steps.profile(np.array([at]))
        return cls(at, float(drift[0, 0]), float(variance[0, 0]), float(criterion[0, 0]))


class Inference:
    """Tell what the samples of one state say of its rate of reversion."""

    def __init__(self, samples: Samples, seed: int) -> None:
        self.samples = samples
        clock = samples.clock
        self._clock, self._steps = clock, samples.steps
        self.likeliest = Likeliest.of(self._steps)
        series = int(np.clip(_BOOTSTRAP.numbers // clock.h.size, _BOOTSTRAP.fewest, _BOOTSTRAP.most))
        rng = np.random.default_rng(seed)
        self._noise = rng.standard_normal((series, clock.h.size))
        self._start_noise = rng.standard_normal((series, clock.firsts.size))
        self._known: dict[float, tuple[float, Array]] = {}

    def share(self, rate: float) -> float:
        """Return the share of series simulated at a rate whose likeliest rate lies as far below it as the data's.

        It falls from 1 to 0 as `rate` grows.
        """
        observed, series = self._roots(rate)
        return float(np.mean(series < observed)) + 0.5 * float(np.mean(series == observed))

    def random_walk_p(self) -> float:
        """Return how often a random walk looks as much like reverting as the data do."""
        observed, series = self._roots(0.0)
        return (1 + float(np.sum(series >= observed))) / (1 + series.size)

    def rate(self) -> Estimate:
        """Return the rate with its 95 % interval, without an upper limit where the samples are too far apart."""
        value = self._where(0.5)
        lower, upper = self._where(1 - _TAIL), self._where(_TAIL)
        return Estimate(self.likeliest.rate if value is None else value, lower or 0.0, upper)

    def _where(self, share: float) -> float | None:
        """Return the rate at which the share is passed.

        It is 0 where the share lies below at 0 already, None where it never does.
        """
        from scipy.optimize import brentq

        if self.share(0.0) <= share:
            return 0.0
        grid = self._clock.grid
        at = max(self.likeliest.rate, float(grid[1]))
        low, high = at, at
        for _ in range(_BOOTSTRAP.most_doublings):
            if self.share(low) > share or low <= grid[1]:
                break
            low = max(low / 2, float(grid[1]))
        for _ in range(_BOOTSTRAP.most_doublings):
            if self.share(high) <= share:
                break
            if high >= grid[-1]:
                return None
            high = min(high * 2, float(grid[-1]))
        if self.share(low) <= share:
            return low
        found = brentq(
            lambda x: self._probit(math.exp(x)) - _probit(share),
            math.log(low),
            math.log(high),
            xtol=_BOOTSTRAP.precision,
        )
        return math.exp(found)

    def _probit(self, rate: float) -> float:
        return _probit(self.share(rate))

    def _roots(self, rate: float) -> tuple[float, Array]:
        """Return signed roots of the likelihood ratio against a rate, of the data and of series simulated with it."""
        if rate not in self._known:
            series = simulated(self._clock, rate, self._starts(rate), self._noise)
            self._known[rate] = float(_signed_roots(self._steps, rate)[0]), _signed_roots(series, rate)
        return self._known[rate]

    def _starts(self, rate: float) -> Array:
        """Return where the series begin: by chance, but where a run of the data begins far from its mean, there."""
        if rate == 0:
            return np.zeros_like(self._start_noise)
        starts = self._start_noise / math.sqrt(2 * rate)
        best = self.likeliest
        first = self._steps.a[0, self._clock.firsts]
        if best.rate > 0:
            spread = math.sqrt(best.variance / (2 * best.rate))
            far = np.abs(first - best.drift / best.rate) > _BOOTSTRAP.far_start * spread
            if far.any():
                own = Likeliest.of(self._steps, rate)
                starts[:, far] = (first[far] - own.drift / rate) / math.sqrt(own.variance)
        return starts

    def mean(self, rate: Estimate) -> Estimate:
        """Return the mean that the state reverts to, given its rate, with its 95 % interval.

        The interval holds those at the rate and at its lower limit; it is open where the state may not revert at all.
        """
        if not rate.value:
            return Estimate(None, None, None)
        value, low, high = self._mean_at(rate.value)
        if not rate.lower:
            return Estimate(value, None, None)
        _, lower, upper = self._mean_at(rate.lower)
        return Estimate(value, min(low, lower), max(high, upper))

    def _mean_at(self, rate: float) -> tuple[float, float, float]:
        """Return the mean for a given rate, and its 95 % limits."""
        own = Likeliest.of(self._steps, rate)
        kernel = Kernel.of(np.array([rate]), self._clock.h)
        length = float(np.sum(kernel.reach**2 / kernel.variance))
        value = self.samples.centre + own.drift / rate
        half = t_quantile(self._freedom) * math.sqrt(own.variance / length) / rate
        return value, value - half, value + half

    def diffusion(self) -> Estimate:
        """Return σ with its 95 % interval, from χ² with two degrees of freedom spent."""
        from scipy.stats import chi2

        square = self.likeliest.variance * self._clock.h.size
        n = self._freedom
        lower, upper = (math.sqrt(square / chi2.ppf(q, n)) for q in (1 - _TAIL, _TAIL))
        return Estimate(math.sqrt(square / n), lower, upper)

    @property
    def _freedom(self) -> int:
        return max(self._clock.h.size - 2, 1)


def _signed_roots(steps: Steps, rate: float) -> Array:
    best, least = steps.best()
    at, _, _ = steps.profile(np.array([rate]))
    found: Array = np.sign(best - rate) * np.sqrt(np.maximum(at[:, 0] - least, 0.0))
    return found


def _probit(share: float) -> float:
    from scipy.special import ndtri

    least = _BOOTSTRAP.least_share
    return float(ndtri(min(max(share, least), 1 - least)))
