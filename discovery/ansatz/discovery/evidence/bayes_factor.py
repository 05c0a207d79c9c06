"""Evidence of a formula against a constant, in bits: the hyper-g Bayes factor of Liang et al. (2008, a = 3).

Closed form: the size of the noise and the scale of the constants are integrated out. It needs rows, constants and the
sums of squares, no standard errors, and agrees with the F-test at every number of rows.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from ansatz.discovery.expression import Array

_LEAST: Final = 1e-300


def step(constants: ArrayLike, spare: ArrayLike, halvings: ArrayLike) -> Array:
    """Return the bits for so many more constants, which leave `spare` rows over and divide the sum of squares by
    2**`halvings`.

    Where no row is left to judge by there is no evidence, however small the residual.
    """
    from scipy.special import betainc, betaln

    p, m, u = np.broadcast_arrays(*(np.asarray(v, dtype=np.float64) for v in (constants, spare, halvings)))
    a, b = (p + 1) / 2, np.maximum(m - 1, 1e-9) / 2
    explained = np.clip(1 - 2.0 ** -np.maximum(u, 0), 1e-12, 1)
    mass = betaln(a, b) + np.log(np.maximum(betainc(a, b, explained), _LEAST))
    told = -1 - a * np.log2(explained) + b * u + mass / np.log(2)
    return np.asarray(np.where((m <= 1) | (u <= 0), -np.log2(p + 1), told), dtype=np.float64)


def against_constant(rows: int, constants: ArrayLike, halvings: ArrayLike) -> Array:
    """Return the evidence of formulas with so many constants against the mean; `halvings` is log2(TSS/RSS).

    A formula of one constant has as many as the mean. One that is worse than the mean pays in full.
    """
    K, u = (np.asarray(v, dtype=np.float64) for v in (constants, halvings))
    several = K > 1
    worse = (rows - 1) / 2 * np.where(several, np.minimum(u, 0), u)
    return np.asarray(np.where(several, step(K - 1, rows - K, u), 0.0) + worse, dtype=np.float64)
