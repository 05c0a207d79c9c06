"""Standard errors and intervals of fitted constants."""

from __future__ import annotations

import numpy as np

from ansatz.discovery.expression import Array, Node, values_and_jacobian
from ansatz.discovery.problem import Problem
from ansatz.discovery.score.description_length import ROUNDING

_CONDITION = 1e-12


def standard_errors(formula: Node, rmse: float, free: tuple[int, ...], problem: Problem) -> Array:
    """Standard errors, shape (len(free),), NaN where the data do not determine a constant.

    From the curvature of the (weighted) sum of squares at the optimum, with the residual variance estimated on n − k
    degrees of freedom; on exact data from the rounding of float64.
    """
    if not free or len(free) > problem.rows:
        return np.full(len(free), np.nan)
    _, jacobian = values_and_jacobian(formula, problem.columns, problem.rows, free)
    if problem.weights is not None:
        jacobian *= np.sqrt(problem.weights)[:, None]
    norms = np.linalg.norm(jacobian, axis=0)
    if not np.all(np.isfinite(norms)):
        return np.full(len(free), np.nan)
    scaled = jacobian / np.where(norms > 0, norms, 1.0)
    # The triangular factor has the same singular values, and few rows.
    _, singular, vt = np.linalg.svd(np.linalg.qr(scaled, mode="r"))
    determined = singular > _CONDITION * singular[0] if singular[0] > 0 else np.zeros(singular.size, dtype=bool)
    spread = np.sqrt(np.sum((vt[determined] / singular[determined, None]) ** 2, axis=0))
    # A constant that moves along an undetermined direction is itself undetermined.
    loose = np.any(np.abs(vt[~determined]) > 1e-3, axis=0) | (norms == 0)
    degrees = max(problem.rows - len(free), 1)
    sigma = max(rmse, ROUNDING * problem.y_scale) * np.sqrt(problem.rows / degrees)
    with np.errstate(all="ignore"):
        errors = sigma * spread / norms
    return np.where(loose, np.nan, errors)


def t_quantile(degrees: int, probability: float = 0.975) -> float:
    """A quantile of Student's t: by default half a 95 % interval in standard errors."""
    from scipy.special import stdtrit

    return float(stdtrit(max(degrees, 1), probability))
