"""Which rows lie far off a law, in standard errors of what it foretells for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ansatz.discovery.evidence.noise.flips import noise_sizes
from ansatz.discovery.expression import Array

Kept = NDArray[np.bool_]


@dataclass(frozen=True)
class _Far:
    """Say when a row is far off.

    Attributes:
        level: chance that one row of a table of Gaussian noise is as far off. A convention.
        near: rows side by side whose errors tell the size of the noise there.
        quantile: of their sizes, so that it holds where more than half of them are off.
        gaussian: that quantile of a standard Gaussian's size.
        least_near: with fewer rows the noise is of one size, or grows with the law.
        middle: quantile of errors that tells their size: efficient, and holds while a fifth of the rows is off.
        gaussian_middle: that quantile of a standard Gaussian's size.
    """

    level: float = 0.01
    near: int = 15
    quantile: float = 0.4
    gaussian: float = 0.524
    least_near: int = 30
    middle: float = 0.7
    gaussian_middle: float = 1.0364


FAR: Final = _Far()


@dataclass(frozen=True, eq=False)
class Fitted:
    """A law fitted to some rows, as all rows see it; all shapes are over the roots of the rows' weights.

    Attributes:
        residual: of all rows, shape (n,).
        prediction: on all rows, shape (n,).
        slopes: by its constants, shape (n, k).
    """

    residual: Array
    prediction: Array
    slopes: Array


def limit(rows: int, degrees: int) -> float:
    """Return the standard errors beyond which one of so many rows is far off, by Student's distribution (Šidák's
    correction is Bonferroni's at this level)."""
    from scipy.special import stdtrit

    return float(-stdtrit(max(degrees, 1), FAR.level / (2 * rows)))


def sizes(found: Fitted, kept: Kept, X: Array, least: float) -> Array:
    """Return how far rows are off, shape (n,), in standard errors of the law and the noise.

    The noise is estimated from the rows kept: of one size or growing with the law; where rows nearby have larger
    errors it is as large as theirs. It is no smaller than `least`.
    """
    residual, slopes = found.residual, found.slopes
    k = slopes.shape[1]
    over = noise_sizes(residual[kept], slopes[kept], found.prediction[kept])
    noise = _interpolated(np.abs(found.prediction), np.abs(found.prediction[kept]), over)
    spare = max(int(np.count_nonzero(kept)) - k, 1)
    sigma = float(np.sqrt(np.sum((residual[kept] / over) ** 2) / spare))
    noise = np.maximum(np.maximum(sigma * noise, _nearby(np.abs(residual), found.prediction, X)), least)
    spread = np.where(kept, -1.0, 1.0) * _leverages(slopes / noise[:, None], kept)
    found_sizes: Array = np.abs(residual) / (noise * np.sqrt(np.maximum(1 + spread, 0.1)))
    return found_sizes


def _leverages(slopes: Array, kept: Kept) -> Array:
    """Return the variance of the law on all rows over that of the noise, shape (n,)."""
    norms = np.linalg.norm(slopes[kept], axis=0)
    unit = slopes[:, norms > 0] / norms[norms > 0]
    if not unit.shape[1]:
        return np.zeros(slopes.shape[0])
    _, singular, right = np.linalg.svd(unit[kept], full_matrices=False)
    told = singular > 1e-8 * singular[0]
    with np.errstate(over="ignore"):
        found: Array = np.sum((unit @ right[told].T / singular[told]) ** 2, axis=1)
    return found


def _interpolated(at: Array, known: Array, values: Array) -> Array:
    order = np.argsort(known)
    found: Array = np.interp(at, known[order], values[order])
    return found


def _nearby(errors: Array, prediction: Array, X: Array) -> Array:
    """Return the size of the noise by the errors of the nearest rows, along the law and each input: the largest, shape
    (n,)."""
    n = errors.size
    if n < FAR.least_near:
        return np.zeros(n)
    keys = [prediction, *(x for x in X.T if np.ptp(x) > 0)]
    found = np.zeros(n)
    for key in keys:
        order = np.argsort(key, kind="stable")
        windows = np.lib.stride_tricks.sliding_window_view(errors[order], FAR.near)
        middle = np.quantile(windows, FAR.quantile, axis=1) / FAR.gaussian
        half = FAR.near // 2
        found[order] = np.maximum(found[order], np.pad(middle, (half, n - half - middle.size), mode="edge"))
    return found
