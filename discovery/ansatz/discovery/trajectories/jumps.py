"""Jumps between samples: when, from where to where, and what they have in common."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from ansatz.discovery.evidence.uncertainty import t_quantile
from ansatz.discovery.expression import Array
from ansatz.discovery.report.estimate import Estimate
from ansatz.discovery.report.motion import Jump, JumpLaw


@dataclass(frozen=True)
class _Limits:
    """Say what a jump is measured by. Chosen by judgement; the tests of jumps hold them.

    Attributes:
        beside: samples on either side, at most: enough for a parabola, few enough for it to be one.
        least_jumps: of a state, that something can be said in common of.
        beyond: the curves meet within so many half steps of the middle between the samples.
        real: imaginary parts of roots below this are rounding.
    """

    beside: int = 6
    least_jumps: int = 2
    beyond: float = 1.5
    real: float = 1e-9


_LIMITS: Final = _Limits()


def measured(  # noqa: PLR0917
    run: str, state: str, t: Array, x: Array, sample: int, order: int, edges: tuple[int, int]
) -> Jump:
    """Return the jump between `sample` and the next of a run's finite samples `(n,)`.

    `edges` are the first sample and the one after the last that lie between its neighbours among jumps.
    """
    first, last = max(edges[0], sample + 1 - _LIMITS.beside), min(edges[1], sample + 1 + _LIMITS.beside)
    left, right = slice(first, sample + 1), slice(sample + 1, last)
    low, high = float(t[sample]), float(t[sample + 1])
    middle = (low + high) / 2
    a, b = _curve(t[left] - middle, x[left], order), _curve(t[right] - middle, x[right], order)
    if order == 1:
        return Jump(run, state, middle, float(a[0]), float(b[0]))
    at = _meeting(a, b, (low - middle) * _LIMITS.beyond, (high - middle) * _LIMITS.beyond)
    return Jump(run, state, middle + at, _slope(a, at), _slope(b, at), float(np.polynomial.polynomial.polyval(at, a)))


def laws(jumps: Sequence[Jump]) -> list[JumpLaw]:
    """Return what is common to two or more jumps of a state."""
    found = []
    for state in dict.fromkeys(j.state for j in jumps):
        own = [j for j in jumps if j.state == state]
        if len(own) >= _LIMITS.least_jumps:
            before, after = np.array([j.before for j in own]), np.array([j.after for j in own])
            position = np.array([j.position for j in own])
            found.append(JumpLaw(state, len(own), *map(_mean, (before, after, after / before, position))))
    return found


def _curve(t: Array, x: Array, order: int) -> Array:
    """Return the coefficients of a straight line, or with order 2 of a parabola, through samples beside a jump."""
    degree = min(order, t.size - 1)
    found = np.zeros(3)
    found[: degree + 1] = np.polynomial.polynomial.polyfit(t, x, degree)
    return found


def _meeting(a: Array, b: Array, low: float, high: float) -> float:
    """Return where two parabolas meet, nearest to 0; 0 where they do not between the limits."""
    roots = np.polynomial.polynomial.polyroots(np.trim_zeros(a - b, "b")) if np.any(a != b) else np.zeros(0)
    real = [float(r.real) for r in np.atleast_1d(roots) if abs(r.imag) < _LIMITS.real and low <= r.real <= high]
    return min(real, key=abs, default=0.0)


def _slope(curve: Array, at: float) -> float:
    return float(curve[1] + 2 * curve[2] * at)


def _mean(values: Array) -> Estimate:
    if not np.all(np.isfinite(values)):
        return Estimate(None, None, None)
    half = float(t_quantile(values.size - 1)) * float(np.std(values, ddof=1)) / math.sqrt(values.size)
    value = float(values.mean())
    return Estimate(value, value - half, value + half)
