"""Robust fits of an ansatz, by row weights: far-off rows count as little as Huber's loss says (Huber 1964).

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

BORDER: Final = 1.345
"""Standard deviations beyond which errors count by their size: 95 % as efficient as least squares on Gaussian noise."""
_FAR: Final = 5.0
_GAUSSIAN: Final = 0.6745  # the median size of a standard Gaussian error
_ROWS: Final = 2000
_NEAR: Final = 0.1
_SAME: Final = 1e-6
_FARTHEST: Final = 700.0
_ROUGH_ROUNDS: Final = 10
_ROUNDS: Final = 50
_SETTLED: Final = 1e-9


@dataclass(frozen=True, eq=False)
class Robust:
    """The problem with the weights of the robust fit, and the rows more than five scales off, counted from 0."""

    problem: Problem
    far: tuple[int, ...]


def robust(model: AnsatzModel, problem: Problem, loss: Loss) -> Robust:
    """The robust fit of a model, beside the weights that the problem has.

    Least squares first; then a few rounds towards least absolute errors, which outliers cannot hold; then the loss
    itself, the scale of the errors estimated anew in each round from the middle of their sizes. On at most 2,000 rows.
    """
    rows = problem.subsample(_ROWS)
    weighted = replace(rows, weights=_weights(rows.y, rows, loss, math.inf))
    model = fit_model(model, weighted)
    before = weighted.evaluate(model.numeric)
    for round_ in range(_ROUGH_ROUNDS + _ROUNDS):
        rough = round_ < _ROUGH_ROUNDS
        weighted = replace(rows, weights=_weights(before, rows, loss, 0.0 if rough else BORDER))
        # Once outliers are known, the starts are judged again without them.
        model = fit_model(model, weighted) if round_ == _ROUGH_ROUNDS else refit_model(model, weighted)
        after = weighted.evaluate(model.numeric)
        if not rough and float(np.max(np.abs(after - before))) <= _SETTLED * rows.y_scale:
            break
        before = after
    prediction = problem.evaluate(model.numeric)
    sizes = _sizes(_errors(prediction, problem, loss), problem)
    far = np.flatnonzero(sizes > _FAR)
    return Robust(replace(problem, weights=_weights(prediction, problem, loss, BORDER)), tuple(map(int, far)))


def _errors(prediction: Array, problem: Problem, loss: Loss) -> Array:
    """Target minus prediction in the space of the loss, shape (n,)."""
    if loss is not Loss.LOG_HUBER:
        return problem.y - prediction
    with np.errstate(all="ignore"):
        ratio = problem.y / prediction
        logs = np.log(ratio)
    # Of the wrong sign: as far off as float64 can say.
    return np.where(ratio > 0, logs, _FARTHEST)


def _sizes(errors: Array, problem: Problem) -> Array:
    """Sizes of the errors in standard deviations of their middle, were they Gaussian; shape (n,)."""
    sizes = np.abs(errors) if problem.weights is None else np.abs(errors) * np.sqrt(problem.weights)
    scale: Array = sizes / max(float(np.median(sizes)) / _GAUSSIAN, 1e-15)
    return scale


def _weights(prediction: Array, problem: Problem, loss: Loss, border: float) -> Array:
    """Row weights, of mean 1, with which least squares pulls on a model as Huber's loss with that border (infinite:
    least squares, 0: least absolute errors) does at the prediction."""
    errors = _errors(prediction, problem, loss)
    sizes = np.maximum(_sizes(errors, problem), _NEAR)
    weights = np.minimum(1.0, max(border, _NEAR) / sizes)
    if loss is Loss.LOG_HUBER:
        # The loss pulls with log(y/f)/f where least squares pulls with y - f: as 1/f² where the two are near.
        with np.errstate(all="ignore"):
            pull = errors / (prediction * (problem.y - prediction))
        usable = np.isfinite(pull) & (pull > 0) & (np.abs(errors) > _SAME)
        weights = weights * np.where(usable, pull, 1.0 / problem.y**2)
    if problem.weights is not None:
        weights = weights * problem.weights
    normalised: Array = weights / weights.mean()
    return normalised
