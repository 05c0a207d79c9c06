"""Fit an ansatz robustly, by row weights: far-off rows count as little as Huber's loss says (Huber 1964).

Iteratively reweighted least squares (Holland & Welsch 1977). The weights are such that the weighted least-squares
optimum is that of the robust loss itself, so that all that follows (search, errors, ranking) can go on with them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from ansatz.discovery.asked.parameters import Loss
from ansatz.discovery.expression import Array
from ansatz.discovery.fit.many_starts import fit_model, refit_model
from ansatz.discovery.fit.model import AnsatzModel
from ansatz.discovery.problem.problem import Problem


@dataclass(frozen=True)
class _Huber:
    """Say how much an error counts.

    Attributes:
        border: standard deviations beyond which errors count by their size: 95 % as efficient as least squares on
            Gaussian noise (Huber 1964; Holland & Welsch 1977).
        near: standard deviations below which an error counts as no smaller, so that weights stay finite. Chosen by
            judgement.
        far: standard deviations beyond which a row is told to be far off. Chosen by judgement.
        gaussian: the median size of a standard Gaussian error.
    """

    border: float = 1.345
    near: float = 0.1
    far: float = 5.0
    gaussian: float = 0.6745


@dataclass(frozen=True)
class _Rounds:
    """Bound the work of a robust fit. Chosen by judgement; tests/discovery/test_refinement.py holds them.

    Attributes:
        rows: on which it is done, drawn by the seed.
        rough: first rounds, towards least absolute errors.
        most: rounds of the loss itself, which settle sooner as a rule.
        settled: change of the predictions, over the scale of y, below which the rounds end.
    """

    rows: int = 2000
    rough: int = 10
    most: int = 50
    settled: float = 1e-9


@dataclass(frozen=True)
class _Float64:
    """Say what float64 cannot carry.

    Attributes:
        scale: standard deviation of errors below which all are rounding.
        same: logarithm of a ratio below which the pull of the logarithmic loss is lost to rounding.
        farthest: logarithm of a ratio that is about the largest.
    """

    scale: float = 1e-15
    same: float = 1e-6
    farthest: float = 700.0


_HUBER: Final = _Huber()
_ROUNDS: Final = _Rounds()
_FLOAT64: Final = _Float64()


@dataclass(frozen=True, eq=False)
class Robust:
    """The problem with the weights of the robust fit, and the rows that are far off, counted from 0."""

    problem: Problem
    far: tuple[int, ...]


def robust(model: AnsatzModel, problem: Problem, loss: Loss) -> Robust:
    """Return the weights of the robust fit of a model, beside those that the problem has.

    Least squares first; then a few rounds towards least absolute errors, which outliers cannot hold; then the loss
    itself. The scale of the errors is estimated anew in each round, from the middle of their sizes.
    """
    rows = problem.subsample(_ROUNDS.rows)
    weighted = replace(rows, weights=_weights(rows.y, rows, loss, math.inf))
    model = fit_model(model, weighted)
    before = weighted.evaluate(model.numeric)
    for round_ in range(_ROUNDS.rough + _ROUNDS.most):
        rough = round_ < _ROUNDS.rough
        weighted = replace(rows, weights=_weights(before, rows, loss, 0.0 if rough else _HUBER.border))
        # Once outliers are known, the starts are judged again without them.
        model = fit_model(model, weighted) if round_ == _ROUNDS.rough else refit_model(model, weighted)
        after = weighted.evaluate(model.numeric)
        if not rough and float(np.max(np.abs(after - before))) <= _ROUNDS.settled * rows.y_scale:
            break
        before = after
    prediction = problem.evaluate(model.numeric)
    sizes = _sizes(_errors(prediction, problem, loss), problem)
    far = np.flatnonzero(sizes > _HUBER.far)
    return Robust(replace(problem, weights=_weights(prediction, problem, loss, _HUBER.border)), tuple(map(int, far)))


def _errors(prediction: Array, problem: Problem, loss: Loss) -> Array:
    """Return target minus prediction `(n,)` in the space of the loss."""
    if loss is not Loss.LOG_HUBER:
        return problem.y - prediction
    with np.errstate(all="ignore"):
        ratio = problem.y / prediction
        logs = np.log(ratio)
    # Of the wrong sign: as far off as float64 can say.
    return np.where(ratio > 0, logs, _FLOAT64.farthest)


def _sizes(errors: Array, problem: Problem) -> Array:
    """Return the sizes `(n,)` of the errors in standard deviations of their middle, were they Gaussian."""
    sizes = np.abs(errors) if problem.weights is None else np.abs(errors) * np.sqrt(problem.weights)
    scale: Array = sizes / max(float(np.median(sizes)) / _HUBER.gaussian, _FLOAT64.scale)
    return scale


def _weights(prediction: Array, problem: Problem, loss: Loss, border: float) -> Array:
    """Return row weights, of mean 1, with which least squares pulls on a model as Huber's loss does at the prediction.

    An infinite border stands for least squares, one of 0 for least absolute errors.
    """
    errors = _errors(prediction, problem, loss)
    sizes = np.maximum(_sizes(errors, problem), _HUBER.near)
    weights = np.minimum(1.0, max(border, _HUBER.near) / sizes)
    if loss is Loss.LOG_HUBER:
        # The loss pulls with log(y/f)/f where least squares pulls with y - f: as 1/f² where the two are near.
        with np.errstate(all="ignore"):
            pull = errors / (prediction * (problem.y - prediction))
        usable = np.isfinite(pull) & (pull > 0) & (np.abs(errors) > _FLOAT64.same)
        weights = weights * np.where(usable, pull, 1.0 / problem.y**2)
    if problem.weights is not None:
        weights = weights * problem.weights
    normalised: Array = weights / weights.mean()
    return normalised
