"""Sizes of values and of errors, which neither overflow nor underflow on the way."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from ansatz.discovery.expression import Array


@dataclass(frozen=True)
class _Ordinary:
    """Say of which sizes squares, and squares of small shares of them, are ordinary numbers of float64.

    Attributes:
        least: of 1e-13 of it, the rounding that residuals are told from, the square is above the least of float64.
        most: of its square, sums over rows are below the largest.
    """

    least: float = 1e-100
    most: float = 1e120


_ORDINARY: Final = _Ordinary()


def unit_of(size: float) -> float:
    """Return what values of a size are divided by before they are squared: 1 for ordinary sizes, else the power of two
    that is next below, which changes no digit."""
    return 1.0 if _ORDINARY.least <= size <= _ORDINARY.most else math.ldexp(0.5, math.frexp(size)[1])


def column_units(columns: Array) -> Array:
    """Return what the columns of `(n, k)` are divided by before they are squared, `(k,)`: see `unit_of`."""
    largest = np.max(np.abs(columns), axis=0, initial=0.0)
    return np.array([unit_of(float(size)) if size > 0 and np.isfinite(size) else 1.0 for size in largest])


def weights_by(slopes: Array, weights: Array | None) -> Array:
    """Return row weights `(n,)` of mean 1 for errors that count `slopes` times as much in a problem of row weights
    `weights`: those times the squared slopes, whatever their sizes."""
    unit = unit_of(float(np.max(np.abs(slopes))))
    with np.errstate(under="ignore"):
        found: Array = np.square(slopes / unit) if weights is None else np.square(slopes / unit) * weights
        if weights is not None and np.any((found == 0) & (slopes != 0)):
            roots = slopes / unit * np.sqrt(weights)
            found = np.square(roots / unit_of(float(np.max(np.abs(roots)))))
    normalised: Array = found / found.mean()
    return normalised


def size_of(values: Array, weights: Array | None) -> float:
    """Return the root of the (weighted) mean square of values `(n,)`; 1 where all are zero."""
    with np.errstate(over="ignore"):
        top = float(np.max(np.abs(values)))
        size = top * float(np.sqrt(np.average((values / top) ** 2, weights=weights))) if top else 0.0
    return size or 1.0


def rmse_of(prediction: Array, y: Array, weights: Array | None, size: float) -> float:
    """Return the root of the (weighted) mean squared error of a prediction `(n,)`; inf where it is not finite.

    `size` is that of y.
    """
    with np.errstate(all="ignore"):
        error = (prediction - y) / size
        mean = float(np.average(error * error, weights=weights))
    return float(np.sqrt(mean)) * size if np.isfinite(mean) else float("inf")
