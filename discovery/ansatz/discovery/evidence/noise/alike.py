"""Whether rows that stand side by side belong together in a way that no input tells."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ansatz.discovery.expression import Array

_FAR: Final = 0.4  # of the spread of the ranks
_LEAST_PAIRS: Final = 20
_ALIKE: Final = 1e-3
_LEFT: Final = 0.1
_MOST_LAG: Final = 64


@dataclass(frozen=True, eq=False)
class Alike:
    """Whether neighbouring rows are alike.

    Attributes:
        p_value: of neighbours being no more alike than other rows; 1 where their order cannot tell.
        share: of the rows, how many independent ones they are worth.
        block: the block of rows that each row belongs to, shape (n,), where they are alike; else None.
    """

    p_value: float
    share: float
    block: NDArray[np.intp] | None


def rows_alike(residual: Array, ranks: Array) -> Alike:
    """Return whether neighbours in the order of the rows are alike, told by those that lie apart in every input.

    `residual` is of shape (n,), in units of its size; `ranks`, shape (n, d), have spread 1. Where the order is that
    of an input no neighbours lie apart: what is alike is then that input's matter. What all rows have in common makes
    no neighbours alike.
    """
    residual = residual - residual.mean()
    correlation, p_value = _correlation(residual, ranks, 1)
    if p_value > _ALIKE or correlation < _LEFT:
        return Alike(p_value, 1.0, None)
    length = 2
    while length < min(_MOST_LAG, residual.size // 4) and _correlation(residual, ranks, length)[0] > _LEFT:
        length *= 2
    lags = [_correlation(residual, ranks, lag)[0] for lag in range(1, length)]
    return Alike(p_value, 1 / (1 + 2 * max(sum(lags), 0.0)), np.arange(residual.size) // length)


def _correlation(residual: Array, ranks: Array, lag: int) -> tuple[float, float]:
    """The correlation of rows `lag` apart that lie apart in every input, and its one-sided p-value."""
    apart = np.min(np.abs(ranks[lag:] - ranks[:-lag]), axis=1, initial=np.inf) > _FAR
    if np.count_nonzero(apart) < _LEAST_PAIRS:
        return 0.0, 1.0
    products = (residual[lag:] * residual[:-lag])[apart]
    z = float(products.sum()) / max(float(np.sqrt(products @ products)), 1e-300)
    return float(products.mean()) / float(np.mean(residual**2)), 0.5 * math.erfc(z / math.sqrt(2))
