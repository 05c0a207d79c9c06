"""How near a prediction comes to what was observed."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ansatz.discovery.expression import Array
from ansatz.discovery.problem.error import rmse_of, size_of


@dataclass(frozen=True)
class Accuracy:
    """The error of a prediction.

    Attributes:
        rmse: root of the (weighted) mean squared error, in the target's unit; inf where a value is not finite.
        r2: share of the (weighted) variance that is explained; NaN where the target does not vary.
        relative_error: `rmse` over the root of the (weighted) mean square of the target.
    """

    rmse: float
    r2: float
    relative_error: float

    @classmethod
    def of(cls, prediction: Array, y: Array, weights: Array | None = None) -> Accuracy:
        """Return the accuracy of a prediction `(n,)` of y `(n,)`, by row weights `(n,)` where there are any."""
        size = size_of(y, weights)
        rmse = rmse_of(prediction, y, weights, size)
        spread = rmse_of(np.full(y.size, np.average(y, weights=weights)), y, weights, size)
        return cls(rmse, r_squared(rmse, spread), rmse / size)


def r_squared(rmse: float, spread: float) -> float:
    """Return R² of an error beside the standard deviation of what was to be explained; NaN where that is not > 0."""
    return 1.0 - (rmse / spread) ** 2 if spread > 0 else math.nan
