"""Is a residual only noise? Tests for structure against the inputs, the prediction and the order of rows."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ansatz.discovery.expression import Array
from ansatz.discovery.problem import Problem
from ansatz.discovery.report import ResidualVerdict
from ansatz.discovery.score.description_length import is_exact

_MIN_ROWS = 8
_MAX_INPUTS = 20
_MOST_ROWS = 100_000
LEVEL = 0.01
"""Rate at which noise is called structure."""


@dataclass(frozen=True)
class Structure:
    """What a residual shows: p-values of its tests against each input, by name, and `p_value` of all tests together."""

    by_input: Mapping[str, float]
    p_value: float

    @property
    def is_noise(self) -> bool:
        return self.p_value > LEVEL

    @property
    def missing(self) -> tuple[str, ...]:
        """The inputs in which something is missing, the plainest first; empty where all is noise."""
        if self.is_noise:
            return ()
        return tuple(n for n, p in sorted(self.by_input.items(), key=lambda item: item[1]) if p <= LEVEL)


def residual_verdict(prediction: Array, rmse: float, constants: int, problem: Problem) -> ResidualVerdict | None:
    """The verdict on y − prediction, both of shape (n,); None where there are too few rows to say."""
    found = structure(prediction, rmse, constants, problem)
    return None if found is None else ResidualVerdict(found.is_noise, found.p_value)


def structure(prediction: Array, rmse: float, constants: int, problem: Problem) -> Structure | None:
    """What y − prediction, both of shape (n,), shows; None where there are too few rows to say.

    Serial correlation of the residual along each input, along the prediction and along the order of rows (von Neumann
    1941), and a regression of it on each input and its square (F test with `constants` degrees of freedom already
    spent). p-values are corrected for the number of tests (Šidák). Of more than 100,000 rows as many are looked at,
    drawn by the seed.
    """
    if problem.rows < _MIN_ROWS + constants:
        return None
    if is_exact(rmse, problem):
        return Structure({}, 1.0)
    if problem.rows > _MOST_ROWS:
        rows = np.sort(np.random.default_rng(problem.seed).choice(problem.rows, _MOST_ROWS, replace=False))
        problem, prediction = problem.rows_only(rows), prediction[rows]
    residual = (problem.y - prediction) / problem.y_scale
    if problem.weights is not None:
        residual = residual * np.sqrt(problem.weights)
    inputs = {n: problem.X[:, j] for j, n in enumerate(problem.names[:_MAX_INPUTS])}
    tests = {n: [_serial_p(residual[_order(x)]), _regression_p(residual, x, constants)] for n, x in inputs.items()}
    others = [_serial_p(residual[_order(prediction)]), _serial_p(residual)]
    count = len(others) + sum(map(len, tests.values()))
    by_input = {n: _corrected(min(p), count) for n, p in tests.items()}
    return Structure(by_input, min([*by_input.values(), _corrected(min(others), count)]))


def _order(key: Array) -> NDArray[np.intp]:
    return np.argsort(key, kind="stable")


def _corrected(p_value: float, tests: int) -> float:
    """The chance that the smallest p-value of so many tests is as small (Šidák 1967)."""
    return -math.expm1(tests * math.log1p(-min(p_value, 1 - 1e-16)))


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


def _regression_p(residual: Array, x: Array, constants: int) -> float:
    """p-value of a dependence on the input and its square."""
    from scipy.special import fdtrc

    n = residual.size
    features = _standardised(x)
    if not features:
        return 1.0
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
