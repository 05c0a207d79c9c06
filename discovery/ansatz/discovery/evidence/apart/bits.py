"""How likely rows are under a law, in bits, so that laws of different rows compare."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from ansatz.discovery.evidence.bayes_factor import against_constant
from ansatz.discovery.expression import Array

_LN2 = math.log(2)


def law_bits(rows: Array, constants: int, total: Array, rest: Array) -> Array:
    """Return the bits of a density: of rows whose sum of squares is `total` about their mean and `rest` off a law.

    The mean and the size of the noise are integrated out under the usual reference prior; the law's constants by the
    Bayes factor against the constant. All are of one shape.
    """
    from scipy.special import gammaln

    degrees = (rows - 1) / 2
    constant = gammaln(degrees) - degrees * np.log(math.pi * total) - 0.5 * np.log(rows)
    halvings = np.log2(total / rest)
    told = np.empty_like(halvings)
    for n in np.unique(rows):
        told[rows == n] = against_constant(int(n), constants, halvings[rows == n])
    found: Array = constant / _LN2 + told
    return found


def apart_bits(rows: int, apart: Array, most: int, width: ArrayLike) -> Array:
    """Return the bits that it takes to set rows apart: how many, which, and what their values are within a width."""
    from scipy.special import gammaln

    which = (gammaln(rows + 1) - gammaln(apart + 1) - gammaln(rows - apart + 1)) / _LN2
    found: Array = 1.0 + np.where(apart > 0, math.log2(most) + which + apart * np.log2(width), 0.0)
    return found


def unequal_bits(residual: Array, over: Array) -> float:
    """Return the bits for noise of the relative sizes `over`, beside noise of one size."""
    own, unequal = (max(float(np.mean(r**2)), 1e-300) for r in (residual, residual / over))
    return 0.5 * residual.size * math.log2(own / unequal) - float(np.log2(over).sum())
