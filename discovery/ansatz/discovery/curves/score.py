"""Bits: how long a law and what it leaves are to write down, and how well it tells the largest scales beforehand."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ansatz.discovery.curves.fit import SECOND, CurveFit, fit_law
from ansatz.discovery.curves.sample import Sample
from ansatz.discovery.expression import Array


@dataclass(frozen=True)
class _Noise:
    """Say how residuals are coded. Chosen by judgement; `python -m bench.curves` holds the figures.

    Attributes:
        freedom: degrees of freedom of Student's t: its tails let an outlier cost some bits, not all.
        rounds: of the fixed point that gives its likeliest width.
        rounding: unit of residuals, about the rounding of float64 on scales on which values are about 1.
    """

    freedom: float = 5.0
    rounds: int = 60
    rounding: float = 1e-13


@dataclass(frozen=True)
class _Held:
    """Say how many rows are held out. Chosen by judgement; `python -m bench.curves` holds the figures.

    Attributes:
        share: of the rows, those of largest scale.
        fewest: rows held out.
        fewest_left: rows from which the others are told; with fewer none are held out.
    """

    share: float = 0.2
    fewest: int = 2
    fewest_left: int = 8


_NOISE: Final = _Noise()
_HELD: Final = _Held()


def residual_bits(residuals: Array, share: float = 1.0) -> float:
    """Return bits of residuals `(n,)` with noise of Student's t and the likeliest width, in units of rounding.

    `share` is that of the rows that count as independent.
    """
    width = _width(residuals)
    nats = residuals.size * math.log(width / _NOISE.rounding) + float(np.sum(_tail(residuals, width)))
    return share * nats / math.log(2)


def _tail(residuals: Array, width: Array | float) -> Array:
    """Return what residuals of a width cost beyond the width, in nats."""
    freedom = _NOISE.freedom
    found: Array = 0.5 * (freedom + 1) * np.log1p((residuals / width) ** 2 / freedom)
    return found


def _width(residuals: Array) -> float:
    freedom, least = _NOISE.freedom, _NOISE.rounding**2
    square = max(float(np.median(residuals**2)), least)
    for _ in range(_NOISE.rounds):
        weight = (freedom + 1) / (freedom + residuals**2 / square)
        square = max(float(np.mean(weight * residuals**2)), least)
    return math.sqrt(square)


def constant_bits(constants: int, rows: float) -> float:
    """Return bits of fitted constants: half the logarithm of the rows each, and more on few rows.

    After Schwarz 1978, with the correction of Hurvich & Tsai 1989.
    """
    left = rows - constants - 1
    return math.inf if left <= 0 else 0.5 * constants * math.log2(max(rows, 2.0)) * rows / left


def law_bits(fit: CurveFit, structure: float, share: float) -> float:
    """Return the description length: bits of the structure, of the constants, and of what is left on all rows."""
    rows = fit.sample.rows * share
    return structure + constant_bits(fit.constants, rows) + residual_bits(fit.residuals, share)


@dataclass(frozen=True, eq=False)
class HeldOut:
    """A sample in two: the fifth of largest scale (or latest steps), and the rest."""

    inner: NDArray[np.intp]
    outer: NDArray[np.intp]

    @classmethod
    def of(cls, sample: Sample, scales: tuple[str, ...]) -> HeldOut | None:
        """Part a sample by the product of the columns `scales`, which are ≥ 0; None where there are too few rows."""
        count = max(int(sample.rows * _HELD.share), _HELD.fewest)
        if not scales or sample.rows - count < _HELD.fewest_left:
            return None
        size = np.sum([_logarithm(sample.columns[name]) for name in scales], axis=0)
        limit = np.sort(size)[sample.rows - count]
        outer = np.flatnonzero(size >= limit)
        inner = np.flatnonzero(size < limit)
        return cls(inner, outer) if inner.size >= _HELD.fewest_left else None


def _logarithm(column: Array) -> Array:
    """Return the logarithm of a column ≥ 0; zeros count as its smallest value that is none."""
    logarithm: Array = np.log(np.maximum(column, float(column[column > 0].min())))
    return logarithm


@dataclass(frozen=True, eq=False)
class Foretold:
    """What a law fitted to the inner rows says of the outer ones.

    Attributes:
        bits: of the whole.
        error: root mean square on the scale.
        rmse: the same in the target's unit.
        rows: outer rows that count as independent.
    """

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
    bits = float(np.sum(np.log(width / _NOISE.rounding) + _tail(residuals[0], width))) * share / math.log(2)
    error = float(np.sqrt(np.mean((residuals[0] * outer.spread) ** 2)))
    rmse = float(np.sqrt(np.mean((beyond.values - outer.y) ** 2)))
    return Foretold(law_bits(part, structure, share) + bits, error, rmse, outer.rows * share)
