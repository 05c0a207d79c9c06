"""Sizes of values and of errors, which neither overflow nor underflow on the way."""

from __future__ import annotations

import numpy as np

from ansatz.discovery.expression import Array


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
