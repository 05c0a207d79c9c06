"""Inputs with errors of measurement: orthogonal distance regression by effective variances.

Fitted as if its inputs were exact, a law comes out too flat (attenuation: Fuller 1987). A row's residual has the
variance of the target and, through the slope of the law, that of the inputs (Orear 1982). The slope is taken at the
true inputs that the law makes likeliest (Britt & Luecke 1973), so that curved laws are no exception.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ansatz.discovery.expression import Array, Node, evaluate
from ansatz.discovery.expression.numbers import free_positions
from ansatz.discovery.fit.noise import Working
from ansatz.discovery.problem.problem import Problem
from ansatz.discovery.report.chi_squared import ChiSquared


@dataclass(frozen=True)
class _Effort:
    """Say how true inputs are found. Chosen by judgement; tests/discovery/test_noise_models.py holds them to ODRPACK.

    Attributes:
        rounds: of linear steps towards the true inputs, at most.
        settled: change of the inputs, over their errors, that has settled.
        step: share of an error, or of the input where that is larger, over which slopes are taken.
        least_step: that share of an input.
        halvings: of a row's step that does not come nearer.
        least: standard deviation of the target, over that of the residual, that is taken where it is not told and the
            errors of the inputs explain all.
        bisections: of that standard deviation.
    """

    rounds: int = 30
    settled: float = 1e-8
    step: float = 1e-3
    least_step: float = 1e-6
    halvings: int = 4
    least: float = 1e-2
    bisections: int = 60


_EFFORT: Final = _Effort()


@dataclass(frozen=True, eq=False)
class InputNoise:
    """Inputs with errors.

    Attributes:
        inputs: standard errors `(n,)` of the inputs that have them, by name in formulas.
        target: those of the target, `(n,)`; None where they are not known: one size for all rows, estimated from what
            the law leaves.
    """

    inputs: Mapping[str, Array]
    target: Array | None
    is_fixed: bool = False

    def rows_only(self, rows: NDArray[np.intp]) -> InputNoise:
        inputs = {name: errors[rows] for name, errors in self.inputs.items()}
        return InputNoise(inputs, None if self.target is None else self.target[rows])

    def first_weights(self, problem: Problem) -> Array | None:
        """Return those of the target's errors: no slope is known."""
        return problem.weights

    @np.errstate(all="ignore")
    def at(self, problem: Problem, formula: Node) -> Working:
        """Return the problem about the likeliest true inputs, its target moved along the law's tangent with them.

        Formulas compare by the likelihood of the residual, of variances known up to a common factor: the mean of
        residual²/variance times the geometric mean of the variances.
        """
        moved, variance = self._likeliest(problem, formula)
        if not (np.all(np.isfinite(variance)) and np.all(np.isfinite(moved.residual))):
            return Working(problem, math.inf)
        square = float(np.mean(moved.residual**2 / variance) * np.exp(np.mean(np.log(variance))))
        precision = variance.min() / variance
        weights = precision / precision.mean()
        return Working(replace(problem, X=moved.X, y=problem.y + moved.along, weights=weights), math.sqrt(square))

    @np.errstate(all="ignore")
    def agreement(self, problem: Problem, formula: Node, fitted: int) -> ChiSquared | None:
        """Return χ² as the sum of squared distances in standard errors; None where those of the target are not
        known."""
        from scipy.special import chdtrc

        moved, variance = self._likeliest(problem, formula)
        value, degrees = float(np.sum(moved.residual**2 / variance)), problem.rows - fitted
        if self.target is None or degrees < 1 or not math.isfinite(value):
            return None
        return ChiSquared(value, degrees, float(chdtrc(degrees, value)))

    def _likeliest(self, problem: Problem, formula: Node) -> tuple[_Moved, Array]:
        """Return the likeliest true inputs, and the variance of the residual there, `(n,)`."""
        law = _Law(problem, formula, self.inputs)
        moved = law.still
        variance = self._target_variance(problem, law, moved)
        for _ in range(_EFFORT.rounds):
            before, moved = moved, law.nearer(moved, variance)
            variance = self._target_variance(problem, law, moved)
            if moved.off(before) <= _EFFORT.settled:
                break
        return moved, variance + moved.variance

    def _target_variance(self, problem: Problem, law: _Law, at: _Moved) -> Array:
        """Return the variance of the target's own errors, `(n,)`; where they are not known, the one that makes the
        residual as large as it should be."""
        if self.target is not None:
            return self.target**2
        squares, of_inputs = at.residual**2, at.variance
        degrees = max(problem.rows - len(free_positions(law.formula)), 1)
        low, high = 0.0, float(np.sum(squares)) / degrees
        least = _EFFORT.least**2 * high
        for _ in range(_EFFORT.bisections):
            middle = (low + high) / 2
            if float(np.sum(squares / (middle + of_inputs))) > degrees:
                low = middle
            else:
                high = middle
        tiny = (1e-12 * problem.y_scale) ** 2
        return np.full(problem.rows, max(high, least, tiny))


@dataclass(frozen=True, eq=False)
class _Moved:
    """Inputs that were moved towards the law.

    Attributes:
        moves: of each input with errors, over its error, `(k, n)`.
        X: the inputs there, `(n, d)`.
        value: of the law there, `(n,)`.
        slopes: of the law there along each input, times its error, `(k, n)`.
        residual: of the tangent there, at the inputs as they were measured, `(n,)`.
    """

    moves: Array
    X: Array
    value: Array
    slopes: Array
    residual: Array

    @property
    def along(self) -> Array:
        """Return by how much the law rises along its tangent over the moves."""
        along: Array = np.sum(self.slopes * self.moves, axis=0)
        return along

    @property
    def variance(self) -> Array:
        """Return the variance that the errors of the inputs give the residual."""
        variance: Array = np.sum(self.slopes**2, axis=0)
        return variance

    def off(self, other: _Moved) -> float:
        """Return how far the moves are from others, in errors of the inputs."""
        return float(np.max(np.abs(self.moves - other.moves), initial=0.0))


class _Law:
    """A formula on a problem, of whose inputs some are known with errors only."""

    def __init__(self, problem: Problem, formula: Node, errors: Mapping[str, Array]) -> None:
        self.formula = formula
        self._problem, self._composed = problem, problem.composed(formula)
        self._columns = [problem.names.index(name) for name in errors if name in problem.names]
        known = [errors[problem.names[j]] for j in self._columns]
        self._errors = np.array(known).reshape(len(known), problem.rows)
        self.still = self._at(np.zeros_like(self._errors))

    def nearer(self, at: _Moved, target_variance: Array) -> _Moved:
        """Return the moves that the tangent makes likeliest; rows that would not come nearer go less far."""
        full = at.slopes * at.residual / (target_variance + at.variance)
        least = self._distance(at.moves, at.value, target_variance)
        share = np.ones(self._problem.rows)
        for _ in range(_EFFORT.halvings):
            trial = at.moves + share * (full - at.moves)
            found = self._distance(trial, self._value(trial), target_variance)
            worse = ~(found <= least * (1 + 1e-9) + 1e-300)
            if not worse.any():
                break
            share = np.where(worse, share / 4, share)
        else:
            share = np.where(worse, 0.0, share)
        return self._at(at.moves + share * (full - at.moves))

    def _distance(self, moves: Array, value: Array, target_variance: Array) -> Array:
        distance: Array = (self._problem.y - value) ** 2 / target_variance + np.sum(moves**2, axis=0)
        return distance

    def _moved_inputs(self, moves: Array) -> Array:
        X = np.array(self._problem.X, order="F")
        for j, move, error in zip(self._columns, moves, self._errors, strict=True):
            X[:, j] += move * error
        return X

    def _value(self, moves: Array) -> Array:
        return self._of(self._moved_inputs(moves))

    def _of(self, X: Array) -> Array:
        columns = {name: X[:, j] for j, name in enumerate(self._problem.names)}
        return evaluate(self._composed, columns, self._problem.rows)

    def _at(self, moves: Array) -> _Moved:
        X = self._moved_inputs(moves)
        value = self._of(X)
        slopes = np.array([self._slope(X, j, error) for j, error in zip(self._columns, self._errors, strict=True)])
        slopes = slopes.reshape(moves.shape)
        return _Moved(moves, X, value, slopes, self._problem.y - value + np.sum(slopes * moves, axis=0))

    def _slope(self, X: Array, j: int, error: Array) -> Array:
        """Return the slope along an input, times its error, by central differences."""
        step = np.maximum(_EFFORT.step * error, _EFFORT.least_step * np.abs(X[:, j]))
        up, down = X.copy(order="F"), X.copy(order="F")
        up[:, j] += step
        down[:, j] -= step
        slope: Array = (self._of(up) - self._of(down)) / (up[:, j] - down[:, j]) * error
        return np.where(np.isfinite(slope), slope, 0.0)
