"""Motions whose right-hand sides switch: each is followed on one side until it crosses, then on the other.

The step ends at the crossing, so that the method keeps its order, and the sensitivities jump there as the time of the
crossing changes (the saltation matrix; Leine & Nijmeijer 2004). Constants inside a sign thereby have slopes like all
others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from ansatz.discovery.expression import Array
from ansatz.discovery.trajectories.runge_kutta import Method, advanced
from ansatz.discovery.trajectories.system import Compiled


@dataclass(frozen=True)
class _Limits:
    """Say how far crossings are followed. Chosen by judgement, but for the rounding of float64.

    Attributes:
        most_crossings: within one interval between samples; with more the samples are too few for the motion.
        iterations: of the search for a crossing; bisection alone would come to 2^-53 of the interval in 53.
        close: share of the interval, or of the function's size, that is rounding.
    """

    most_crossings: int = 4
    iterations: int = 60
    close: float = 1e-15


_LIMITS: Final = _Limits()


@dataclass(frozen=True, eq=False)
class Motion:
    """A system at given constants, without inputs.

    Its vectors y `(M, N)` are the D components, and where M > D their sensitivities `(D, D + p, N)`.
    """

    system: Compiled
    parameters: Array
    method: Method

    def after(self, y: Array, t: Array, span: Array, sides: Array) -> Array:
        """Return y after a time on fixed sides `(K, N)`."""
        d, n = self.system.components, t.size

        def rates(y: Array, t: Array, step: int, stage: int) -> Array:
            if y.shape[0] == d:
                return self.system.rates(y, _none(n), t, self.parameters, sides=sides)
            w = y[d:].reshape(d, -1, n)
            dz, dw = self.system.rates_and_slopes(y[:d], _none(n), t, self.parameters, w, sides=sides)
            return np.concatenate([dz, dw.reshape(-1, n)])

        return advanced(rates, y, t, span, self.method)

    def clear(self, y: Array, t: Array, sides: Array) -> Array:
        """Return how far inside its side each sign is, `(K, N)`; negative beyond the threshold."""
        with np.errstate(all="ignore"):
            z = y[: self.system.components]
            found: Array = sides * self.system.inside(z, _none(t.size), t, self.parameters)
        return found


def switched(motion: Motion, y: Array, start: Array, span: Array) -> Array:
    """Return y after times `span` `(N,)` from `start` `(N,)`, with at most a few crossings on the way."""
    t, h = start, span
    sides = np.where(motion.clear(y, t, np.ones((motion.system.switches.count, t.size))) < 0, -1.0, 1.0)
    found, left = np.empty_like(y), np.arange(t.size)
    for _ in range(_LIMITS.most_crossings):
        found[:, left] = ends = motion.after(y, t, h, sides)
        beyond = np.any(motion.clear(ends, t + h, sides) < 0, axis=0)
        if not np.any(beyond):
            break
        left, y, t, h, sides = left[beyond], y[:, beyond], t[beyond], h[beyond], sides[:, beyond]
        until = _until_crossing(motion, y, t, h, sides)
        y, t, h = motion.after(y, t, until, sides), t + until, h - until
        crossed = np.argmin(motion.clear(y, t, sides), axis=0)
        other = sides.copy()
        other[crossed, np.arange(t.size)] *= -1
        if y.shape[0] > motion.system.components:
            y = _jumped(motion, y, t, sides, other)
        sides = other
    return found


def _until_crossing(motion: Motion, y: Array, t: Array, h: Array, sides: Array) -> Array:
    """Return the time until the first crossing, `(N,)`, where the ends lie beyond.

    By regula falsi with the Illinois rule (Dowell & Jarratt 1971).
    """
    z = y[: motion.system.components]

    def clear(span: Array) -> Array:
        nearest: Array = np.min(motion.clear(motion.after(z, t, span, sides), t + span, sides), axis=0)
        return nearest

    low, high = np.zeros_like(h), h.copy()
    at_low, at_high = np.maximum(clear(low), 0.0), clear(high)
    scale = np.maximum(at_low, -at_high)
    middle, close = low, _LIMITS.close
    last = np.zeros_like(h)
    with np.errstate(all="ignore"):
        for _ in range(_LIMITS.iterations):
            middle = low + (high - low) * at_low / (at_low - at_high)
            value = clear(middle)
            before = value > 0
            at_high = np.where(before & (last > 0), at_high / 2, at_high)
            at_low = np.where(~before & (last < 0), at_low / 2, at_low)
            low, at_low = np.where(before, middle, low), np.where(before, value, at_low)
            high, at_high = np.where(before, high, middle), np.where(before, at_high, value)
            last = np.where(before, 1.0, -1.0)
            if np.all((np.abs(value) <= close * scale) | (high - low <= close * h) | ~np.isfinite(value)):
                break
    return middle


def _jumped(motion: Motion, y: Array, t: Array, before: Array, after: Array) -> Array:
    """Return y at a crossing with the sensitivities beyond it."""
    system, parameters, n = motion.system, motion.parameters, t.size
    d, crossed = system.components, np.argmax(before != after, axis=0)
    z, w = y[:d], y[d:].reshape(d, -1, n)
    slopes = system.inside_slopes(z, _none(n), t, parameters)[crossed, :, np.arange(n)].T
    with np.errstate(all="ignore"):
        f = system.rates(z, _none(n), t, parameters, sides=before)
        g = system.rates(z, _none(n), t, parameters, sides=after)
        change = np.einsum("jn,jkn->kn", slopes[:d], w)
        change[d:] += slopes[d:-1]
        later = -change / (np.sum(slopes[:d] * f, axis=0) + slopes[-1])
        w = w + (f - g)[:, None, :] * later
    return np.concatenate([z, w.reshape(-1, n)])


def _none(n: int) -> Array:
    return np.empty((0, n))
