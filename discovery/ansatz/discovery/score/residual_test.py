"""Is a residual only noise? Tests for structure against the inputs, the prediction and the order of rows."""

from __future__ import annotations

import math

import numpy as np

from ansatz.discovery.expression import Array
from ansatz.discovery.problem import Problem
from ansatz.discovery.report import ResidualVerdict
from ansatz.discovery.score.description_length import is_exact

_MIN_ROWS = 8
_MAX_INPUTS = 20
LEVEL = 0.01
"""Rate at which noise is called structure."""


def residual_verdict(prediction: Array, rmse: float, constants: int, problem: Problem) -> ResidualVerdict | None:
    """The verdict on y − prediction, both of shape (n,); None where there are too few rows to say.

    Serial correlation of the residual along each input, along the prediction and along the order of rows (von Neumann
    1941), and a regression of it on inputs and squared inputs (F test with `constants` degrees of freedom already
    spent). The smallest p-value is corrected for the number of tests (Šidák).
    """
    if problem.rows < _MIN_ROWS + constants:
        return None
    if is_exact(rmse, problem):
        return ResidualVerdict(True, 1.0)
    residual = (problem.y - prediction) / problem.y_scale
    if problem.weights is not None:
        residual = residual * np.sqrt(problem.weights)
    inputs = [problem.X[:, j] for j in range(min(len(problem.names), _MAX_INPUTS))]
    p_values = [_serial_p(residual[np.argsort(key, kind="stable")]) for key in [*inputs, prediction]]
    p_values += [_serial_p(residual), _regression_p(residual, inputs, constants)]
    smallest = min(p_values)
    p_value = -math.expm1(len(p_values) * math.log1p(-min(smallest, 1 - 1e-16)))
    return ResidualVerdict(p_value > LEVEL, p_value)


def _serial_p(ordered: Array) -> float:
    """One-sided p-value of a positive correlation between neighbours."""
    centred = ordered - ordered.mean()
    power = float(np.dot(centred, centred))
    if power == 0:
        return 1.0
    correlation = float(np.dot(centred[1:], centred[:-1])) / power
    n = ordered.size
    z = (correlation + 1.0 / n) * math.sqrt(n)
    return 0.5 * math.erfc(z / math.sqrt(2))


def _regression_p(residual: Array, inputs: list[Array], constants: int) -> float:
    from scipy.special import fdtrc

    n = residual.size
    features = [f for x in inputs for f in _standardised(x)][: max(1, (n - constants) // 4)]
    design = np.column_stack([np.ones(n), *features])
    fitted = design @ np.linalg.lstsq(design, residual, rcond=1e-10)[0]
    explained = float(np.sum((fitted - residual.mean()) ** 2))
    left = float(np.sum((residual - fitted) ** 2))
    spent = design.shape[1] - 1
    degrees = n - design.shape[1] - constants
    if degrees < 1 or left <= 0:
        return 1.0
    return float(fdtrc(spent, degrees, explained / spent / (left / degrees)))


def _standardised(x: Array) -> tuple[Array, ...]:
    spread = float(x.std())
    if not spread > 0 or not math.isfinite(spread):
        return ()
    z = (x - x.mean()) / spread
    return z, z * z
