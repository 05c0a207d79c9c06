"""The likelihood of an Ornstein-Uhlenbeck process between samples, which is exact for steps of any length.

dx = θ(μ - x)dt + σdW gives x(t + h) = x(t)·e^(-θh) + μ(1 - e^(-θh)) + a Gaussian of variance σ²(1 - e^(-2θh))/(2θ)
(Uhlenbeck & Ornstein 1930). For a given θ the best b = θμ and σ are closed formulas. The likelihood is thus a function
of θ alone, and depends on the steps only through sums over those of equal length.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ansatz.discovery.expression import Array


@dataclass(frozen=True)
class _Rates:
    """Say at which rates a likelihood is looked at. Chosen by judgement; `python -m bench.reversion` holds them.

    Attributes:
        slowest: over the time observed: 0.02 of it is not to be told from a random walk.
        fastest: over the shortest step: after e^-8 the samples are independent.
        count: rates between the two, in equal ratios.
        digits: to which lengths of steps, over their median, are equal.
        small: a rate times a step below which the process is a random walk to the rounding of float64.
    """

    slowest: float = 0.02
    fastest: float = 8.0
    count: int = 70
    digits: int = 9
    small: float = 1e-9


_RATES: Final = _Rates()


@dataclass(frozen=True, eq=False)
class Clock:
    """The steps between successive samples of all runs: `h` `(N,)` > 0; `firsts` are the steps that begin a run."""

    h: Array
    firsts: NDArray[np.intp]

    @classmethod
    def of(cls, times: Sequence[Array]) -> Clock:
        """Return the clock of the times of the samples of each run."""
        counts = [t.size - 1 for t in times]
        firsts = np.concatenate([[0], np.cumsum(counts)[:-1]]).astype(np.intp)
        return cls(np.concatenate([np.diff(t) for t in times]), firsts)

    @cached_property
    def order(self) -> NDArray[np.intp]:
        """Return the steps by length."""
        found: NDArray[np.intp] = np.argsort(self._rounded, kind="stable")
        return found

    @cached_property
    def _rounded(self) -> Array:
        found: Array = np.round(self.h / np.median(self.h), _RATES.digits)
        return found

    @cached_property
    def _starts(self) -> NDArray[np.intp]:
        """Return where in that order another length of step begins."""
        ordered = self._rounded[self.order]
        found: NDArray[np.intp] = np.concatenate([[0], np.flatnonzero(np.diff(ordered) > 0) + 1])
        return found

    @cached_property
    def lengths(self) -> Array:
        """Return the lengths of steps, `(K,)`."""
        found: Array = self.h[self.order][self._starts]
        return found

    def sums(self, values: Array) -> Array:
        """Return values `(R, N)` of all steps summed over those of each length, `(R, K)`."""
        found: Array = np.add.reduceat(values[:, self.order], self._starts, axis=1)
        return found

    @cached_property
    def grid(self) -> Array:
        """Return the rates to look at: 0, and from far slower than the runs are long to far faster than the steps."""
        slowest, fastest = _RATES.slowest / float(self.h.sum()), _RATES.fastest / float(self.h.min())
        return np.concatenate([[0.0], np.geomspace(slowest, fastest, _RATES.count)])


@dataclass(frozen=True, eq=False)
class Kernel:
    """Transitions over each of K lengths of steps at each of G rates, arrays `(G, K)`.

    `decay` is e^(-θh), `reach` (1 - e^(-θh))/θ, and `variance` that for σ = 1.
    """

    decay: Array
    reach: Array
    variance: Array

    @classmethod
    def of(cls, rates: Array, lengths: Array) -> Kernel:
        """Return the transitions at rates `(G,)` over lengths `(K,)`."""
        theta, h = rates[:, None], lengths[None, :]
        x = theta * h
        reverts = x > _RATES.small
        safe = np.where(reverts, theta, 1.0)
        reach = np.where(reverts, -np.expm1(-x) / safe, h)
        variance = np.where(reverts, -np.expm1(-2 * x) / (2 * safe), h)
        return cls(np.exp(-x), reach, variance)


@dataclass(frozen=True, eq=False)
class Steps:
    """R series of values on one clock, each `(R, N)`: `a` before and `b` after each step, of mean about 0."""

    clock: Clock
    a: Array
    b: Array

    @cached_property
    def _sums(self) -> tuple[Array, ...]:
        a, b = self.a, self.b
        return tuple(self.clock.sums(v) for v in (a, b, a * a, a * b, b * b))

    @cached_property
    def _counts(self) -> Array:
        found: Array = self.clock.sums(np.ones((1, self.clock.h.size)))[0]
        return found

    def profile(self, rates: Array) -> tuple[Array, Array, Array]:
        """Return for rates `(G,)`: -2 log likelihood but for a constant, the drift b = θμ, σ²; each `(R, G)`."""
        kernel = Kernel.of(rates, self.clock.lengths)
        weight = (1 / kernel.variance).T
        decay, reach = kernel.decay.T, kernel.reach.T
        sa, sb, saa, sab, sbb = self._sums
        square = sbb @ weight - 2 * sab @ (weight * decay) + saa @ (weight * decay**2)
        along = sb @ (weight * reach) - sa @ (weight * reach * decay)
        length = self._counts @ (weight * reach**2)
        n = self.clock.h.size
        variance = np.maximum(square - along**2 / length, 1e-300) / n
        criterion = n * np.log(variance) + self._counts @ np.log(kernel.variance).T
        return criterion, along / length, variance

    def best(self) -> tuple[Array, Array]:
        """Return the likeliest rate of each series, `(R,)`, and -2 log likelihood there.

        Between the rates of the grid they are those of the parabola through three of them.
        """
        grid = self.clock.grid
        criterion, _, _ = self.profile(grid)
        i = np.argmin(criterion, axis=1)
        rows = np.arange(i.size)
        inner = np.clip(i, 2, grid.size - 2)
        low, middle, high = (criterion[rows, inner + k] for k in (-1, 0, 1))
        bend = low - 2 * middle + high
        shift = np.where(bend > 0, 0.5 * (low - high) / np.where(bend > 0, bend, 1.0), 0.0)
        is_inside = (i == inner) & (np.abs(shift) <= 1)
        shift = np.where(is_inside, shift, 0.0)
        ratio = grid[2] / grid[1]
        rate = np.where(i > 0, grid[i] * ratio**shift, 0.0)
        return rate, np.where(is_inside, middle - 0.25 * (low - high) * shift, criterion[rows, i])


def simulated(clock: Clock, rate: float, starts: Array, noise: Array) -> Steps:
    """Return series of σ = 1 and mean 0 from `starts` `(R, runs)`; `noise` `(R, N)` is standard normal."""
    kernel = Kernel.of(np.array([rate]), clock.h)
    ends = np.append(clock.firsts[1:], clock.h.size)
    runs, longest = ends.size, int(np.max(ends - clock.firsts))
    # All runs step together; a run that has ended stands still.
    decay, shocks = np.ones((longest, runs, 1)), np.zeros((longest, runs, noise.shape[0]))
    for r, (first, end) in enumerate(zip(clock.firsts, ends, strict=True)):
        own = slice(first, end)
        decay[: end - first, r, 0] = kernel.decay[0, own]
        shocks[: end - first, r] = noise.T[own] * np.sqrt(kernel.variance[0, own])[:, None]
    x = np.empty((longest + 1, runs, noise.shape[0]))
    x[0] = starts.T
    for k in range(longest):
        x[k + 1] = x[k] * decay[k] + shocks[k]
    lengths = ends - clock.firsts
    a = np.concatenate([x[:n, r] for r, n in enumerate(lengths)])
    b = np.concatenate([x[1 : n + 1, r] for r, n in enumerate(lengths)])
    return Steps(clock, np.ascontiguousarray(a.T), np.ascontiguousarray(b.T))
