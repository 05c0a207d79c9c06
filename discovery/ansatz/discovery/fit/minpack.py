"""Least squares by MINPACK: Levenberg-Marquardt with analytic derivatives (Moré 1978), without bounds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ansatz.discovery.expression import Array

Evaluate = Callable[[Array], tuple[Array, Array]]
"""From constants `(p,)` to what they leave of n rows `(n,)` and its derivatives `(n, p)`, all finite."""


@dataclass(frozen=True)
class Stop:
    """When MINPACK stops.

    Attributes:
        ftol: share by which another step must lower the sum of squares.
        xtol: share by which another step must move the constants.
        evaluations: points that are looked at, at most.
    """

    ftol: float
    xtol: float
    evaluations: int


def remembered(evaluate: Evaluate) -> Evaluate:
    """Return the same function with its last point remembered: MINPACK asks for value and derivatives one by one."""
    last: tuple[bytes, tuple[Array, Array]] | None = None

    def at(constants: Array) -> tuple[Array, Array]:
        nonlocal last
        key = constants.tobytes()
        if last is None or last[0] != key:
            last = key, evaluate(constants)
        return last[1]

    return at


def minimise(evaluate: Evaluate, start: Array, stop: Stop) -> Array | None:
    """Return the constants `(p,)` at the nearest least-squares optimum; None where none that are finite are found."""
    from scipy.optimize import leastsq

    at = remembered(evaluate)
    with np.errstate(all="ignore"):
        try:
            found, *_ = leastsq(
                lambda c: at(c)[0], start, Dfun=lambda c: at(c)[1], full_output=True,
                ftol=stop.ftol, xtol=stop.xtol, gtol=0.0, maxfev=stop.evaluations,
            )  # fmt: skip
        except (ValueError, FloatingPointError, np.linalg.LinAlgError):
            return None
    solution = np.asarray(found)
    return solution if np.all(np.isfinite(solution)) else None


def minimise_numerically(residual: Callable[[Array], Array], start: Array, stop: Stop) -> Array | None:
    """Return the same where only the residual is known: its derivatives are differences."""
    from scipy.optimize import leastsq

    with np.errstate(all="ignore"):
        try:
            found, *_ = leastsq(
                residual, start, full_output=True, ftol=stop.ftol, xtol=stop.xtol, gtol=0.0, maxfev=stop.evaluations
            )
        except (TypeError, ValueError, FloatingPointError, np.linalg.LinAlgError):
            return None
    solution = np.asarray(found)
    return solution if np.all(np.isfinite(solution)) else None
