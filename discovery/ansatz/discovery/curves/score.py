"""Bits: how long a law and what it leaves are to write down, and how well it tells the largest scales beforehand."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ansatz.discovery.curves.fit import SECOND, CurveFit, fit_law
from ansatz.discovery.curves.sample import Sample
from ansatz.discovery.expression import Array

_TAILS = 5.0
_ROUNDS = 60
_ROUNDING = 1e-13
_HELD_OUT = 0.2
_FEWEST_HELD_OUT = 2
_FEWEST_LEFT = 8


def residual_bits(residuals: Array, share: float = 1.0) -> float:
    """Bits of residuals with Student-t noise of 5 degrees of freedom and the likeliest width, in units of rounding.

    Its tails let an outlier cost some bits, not all. `share` is that of the rows that count as independent.
    """
    width = _width(residuals)
    tail = 0.5 * (_TAILS + 1) * np.log1p((residuals / width) ** 2 / _TAILS)
    nats = residuals.size * math.log(width / _ROUNDING) + float(np.sum(tail))
    return share * nats / math.log(2)


def _width(residuals: Array) -> float:
    square = max(float(np.median(residuals**2)), _ROUNDING**2)
    for _ in range(_ROUNDS):
        weight = (_TAILS + 1) / (_TAILS + residuals**2 / square)
        square = max(float(np.mean(weight * residuals**2)), _ROUNDING**2)
    return math.sqrt(square)


def constant_bits(constants: int, rows: float) -> float:
    """Bits of fitted constants: half the logarithm of the rows each, and more on few rows (Schwarz 1978; Hurvich & Tsai
    1989)."""
    left = rows - constants - 1
    return math.inf if left <= 0 else 0.5 * constants * math.log2(max(rows, 2.0)) * rows / left


def law_bits(fit: CurveFit, structure: float, share: float) -> float:
    """Description length: bits of the structure, of the constants, and of what is left on all rows."""
    rows = fit.sample.rows * share
    return structure + constant_bits(fit.constants, rows) + residual_bits(fit.residuals, share)


@dataclass(frozen=True, eq=False)
class HeldOut:
    """A sample in two: the fifth of largest scale (or latest steps), and the rest."""

    inner: NDArray[np.intp]
    outer: NDArray[np.intp]

    @classmethod
    def of(cls, sample: Sample, scales: tuple[str, ...]) -> HeldOut | None:
        """By the product of the columns `scales`, which are ≥ 0; None where there are too few rows."""
        count = max(int(sample.rows * _HELD_OUT), _FEWEST_HELD_OUT)
        if not scales or sample.rows - count < _FEWEST_LEFT:
            return None
        size = np.sum([_logarithm(sample.columns[name]) for name in scales], axis=0)
        limit = np.sort(size)[sample.rows - count]
        outer = np.flatnonzero(size >= limit)
        inner = np.flatnonzero(size < limit)
        return cls(inner, outer) if inner.size >= _FEWEST_LEFT else None


def _logarithm(column: Array) -> Array:
    """Of a column ≥ 0; zeros count as its smallest value that is none."""
    logarithm: Array = np.log(np.maximum(column, float(column[column > 0].min())))
    return logarithm


@dataclass(frozen=True, eq=False)
class Foretold:
    """What a law fitted to the inner rows says of the outer ones: bits of the whole, rms error on the scale, and in the
    target's unit; `rows`: how many outer rows count as independent."""

    bits: float
    error: float
    rmse: float
    rows: float


def foretell(fit: CurveFit, held_out: HeldOut, structure: float, share: float, seed: int) -> Foretold | None:
    """Fit the law to the inner rows and code the outer ones by what it predicts, its own uncertainty included."""
    inner, outer = fit.sample.only(held_out.inner), fit.sample.only(held_out.outer)
    part = fit_law(fit.model, inner, seed, SECOND, also=(fit.u[None, :],))
    if part is None:
        return None
    beyond = CurveFit(fit.model, outer, part.u, part.delta, np.ones(outer.rows, dtype=bool))
    residuals, slopes = beyond.objective.residuals_and_slopes(part.u[None, :])
    if not np.all(np.isfinite(residuals)):
        return None
    variance = np.einsum("np,pq,nq->n", slopes[0], part.covariance, slopes[0])
    width = np.sqrt(_width(part.residuals) ** 2 + np.maximum(np.nan_to_num(variance, nan=np.inf), 0.0))
    tail = 0.5 * (_TAILS + 1) * np.log1p((residuals[0] / width) ** 2 / _TAILS)
    bits = float(np.sum(np.log(width / _ROUNDING) + tail)) * share / math.log(2)
    error = float(np.sqrt(np.mean((residuals[0] * outer.spread) ** 2)))
    rmse = float(np.sqrt(np.mean((beyond.values - outer.y) ** 2)))
    return Foretold(law_bits(part, structure, share) + bits, error, rmse, outer.rows * share)
