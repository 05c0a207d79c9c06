"""Is a residual only noise? Tests for structure against the inputs, the prediction and the order of rows."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ansatz.discovery.evidence.description_length import is_exact
from ansatz.discovery.evidence.significance import VERDICT, serial_correlation, sidak, upper_tail
from ansatz.discovery.expression import Array
from ansatz.discovery.problem.problem import Problem


@dataclass(frozen=True)
class _Limits:
    """Bound what is looked at. Chosen by judgement; `python -m bench.calibration` holds them.

    Attributes:
        inputs: against which a residual is tested, the first ones: more tests would see less each.
        rows: that are looked at, drawn by the seed: enough to see what matters, and still fast.
        independent: length, of columns at unit length, below which a direction is none.
    """

    inputs: int = 20
    rows: int = 100_000
    independent: float = 1e-6


_LIMITS: Final = _Limits()


@dataclass(frozen=True)
class ResidualStructure:
    """What a residual shows.

    Attributes:
        by_input: p-values of the tests against each input, by name.
        p_value: of all tests together.
    """

    by_input: Mapping[str, float]
    p_value: float

    @property
    def is_noise(self) -> bool:
        """Return whether nothing but noise is seen."""
        return self.p_value > VERDICT.level

    @property
    def missing(self) -> tuple[str, ...]:
        """Return the inputs in which something is missing, the plainest first; none where all is noise."""
        return tuple(n for n, p in sorted(self.by_input.items(), key=lambda item: item[1]) if p <= VERDICT.level)


def structure(prediction: Array, tangent: Array, problem: Problem) -> ResidualStructure | None:
    """Return what is left of y by a prediction `(n,)`; None where there are too few rows to say.

    `tangent` `(n, k)` are the derivatives of the prediction with respect to the k constants that were fitted. Serial
    correlation is tested along each input, along the prediction and along the order of rows. Each input and its square
    are tested by their score (Rao 1948). Both tests allow for noise of unequal size (White 1980). p-values are
    corrected for the number of tests. Of more than 100,000 rows as many are looked at, drawn by the seed.
    """
    if problem.rows < VERDICT.fewest + tangent.shape[1]:
        return None
    if is_exact(problem.rmse(prediction), problem):
        return ResidualStructure({}, 1.0)
    if problem.rows > _LIMITS.rows:
        rows = np.sort(np.random.default_rng(problem.seed).choice(problem.rows, _LIMITS.rows, replace=False))
        problem, prediction, tangent = problem.rows_only(rows), prediction[rows], tangent[rows]
    roots = np.ones(problem.rows) if problem.weights is None else np.sqrt(problem.weights)
    residual = (problem.y - prediction) / problem.y_scale * roots
    if not np.all(np.isfinite(residual)):
        return None
    tests = _Tests(residual, _basis(_unit(np.column_stack([roots, tangent * roots[:, None]]))))
    inputs = dict(zip(problem.names[: _LIMITS.inputs], problem.X.T, strict=False))
    found = {name: list(tests.dependence(_powers(x) * roots[:, None])) for name, x in inputs.items()}
    others: list[float] = []
    seen: set[bytes] = set()
    for name, key in (*inputs.items(), ("", np.arange(problem.rows)), ("", prediction)):
        order = np.argsort(key, kind="stable")
        # Rows are often in the order of an input: the same test twice is one test.
        if not seen & {order.tobytes(), order[::-1].tobytes()}:
            seen.add(order.tobytes())
            found.get(name, others).append(tests.serial(order))
    count = len(others) + sum(map(len, found.values()))
    by_input = {n: sidak(min(p), count) for n, p in found.items() if p}
    return ResidualStructure(by_input, min([*by_input.values(), *(sidak(p, count) for p in others)]))


@dataclass(frozen=True, eq=False)
class _Tests:
    """A residual `(n,)`, and an orthonormal basis `(n, k)` of what a fit, or an offset, can take from it."""

    residual: Array
    basis: Array

    @cached_property
    def _rest(self) -> Array:
        """Return the residual without what the fit could have taken: last digits, or named constants, may differ."""
        rest: Array = self.residual - self.basis @ (self.basis.T @ self.residual)
        return rest

    def serial(self, order: NDArray[np.intp]) -> float:
        """Return the one-sided p-value of a positive correlation between neighbours in that order."""
        return upper_tail(serial_correlation(self._rest[order], self.basis[order]))

    def dependence(self, features: Array) -> Iterator[float]:
        """Yield the p-value of a dependence on features `(n, 2)` beside what was fitted; none where the fit has
        them."""
        from scipy.special import fdtrc

        unit = _unit(features)
        unit = unit - self.basis @ (self.basis.T @ unit)
        design = _basis(unit)
        n, k = self.basis.shape
        spent = design.shape[1]
        degrees = n - k - spent
        if not spent or degrees < 1:
            return
        weighted = design * self._rest[:, None]
        score = weighted.sum(axis=0)
        statistic = float(score @ np.linalg.pinv(weighted.T @ weighted) @ score)
        yield float(fdtrc(spent, degrees, statistic / spent * degrees / n))


def _basis(columns: Array) -> Array:
    """Return an orthonormal basis of columns; directions shorter than a millionth are none."""
    left, singular, _ = np.linalg.svd(columns, full_matrices=False)
    basis: Array = left[:, singular > _LIMITS.independent]
    return basis


def _unit(columns: Array) -> Array:
    """Return the columns at unit length, those of no length left out."""
    norms = np.linalg.norm(columns, axis=0)
    unit: Array = columns[:, norms > 0] / norms[norms > 0]
    return unit


def _powers(x: Array) -> Array:
    """Return the input and its square, standardised, `(n, 2)`; no columns where it does not vary."""
    spread = float(x.std())
    if not spread > 0 or not math.isfinite(spread):
        return np.empty((x.size, 0))
    z = (x - x.mean()) / spread
    return np.column_stack([z, z * z])
