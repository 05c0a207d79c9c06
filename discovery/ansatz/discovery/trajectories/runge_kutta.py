"""Explicit Runge-Kutta methods of fixed step.

The tableaux are those of Dormand and Prince, orders 5 and 8, as scipy's solvers have them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np

from ansatz.discovery.expression import Array

Rates = Callable[[Array, Array, int, int], Array]
"""dy/dt `(M, N)`, given y `(M, N)`, times `(N,)`, the step and its stage."""


@dataclass(frozen=True)
class Method:
    """Take `steps` equal steps of a method of the given order (5 or 8) in each interval."""

    order: int
    steps: int


METHODS: Final = (Method(5, 1), Method(8, 1), Method(8, 2), Method(8, 4), Method(8, 8), Method(8, 16))
"""Each more accurate than the one before. Where the last does not do, samples are too few for the motion."""


@cache
def tableau(order: int) -> tuple[Array, Array, Array]:
    """Return coefficients, weights and nodes."""
    from scipy.integrate import DOP853, RK45

    solver = RK45 if order == 5 else DOP853
    stages = solver.n_stages
    return solver.A[:stages, :stages], solver.B, solver.C[:stages]


def advanced(rates: Rates, y: Array, start: Array, span: Array, method: Method) -> Array:
    """Return y `(M, N)` after times `span` `(N,)` from `start` `(N,)`; what leaves float64 is not finite."""
    a, b, c = tableau(method.order)
    h = span / method.steps
    with np.errstate(all="ignore"):
        for step in range(method.steps):
            k = np.empty((c.size, *y.shape))
            for s in range(c.size):
                stage = y + h * np.tensordot(a[s, :s], k[:s], 1) if s else y
                k[s] = rates(stage, start + (step + c[s]) * h, step, s)
            y = y + h * np.tensordot(b, k, 1)
    return y
