"""Score tests of a residual on many rows, where small structure shows only in all of them (Rao 1948; White 1980)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

import numpy as np

from ansatz.discovery.evidence.noise.rows import Rows, basis
from ansatz.discovery.expression import Array
from ansatz.discovery.problem.problem import Problem

MOST_ROWS: Final = 20_000


def score_p_value(problem: Problem, prediction: Array, slopes: Array) -> float:
    """Return the p-value of "the residual depends on no input and no product of two", all tests together.

    `prediction` is of shape (n,); `slopes`, shape (n, k), are those of the fitted constants.
    """
    roots = np.ones(problem.rows) if problem.weights is None else np.sqrt(problem.weights)
    residual = (problem.y - prediction) / problem.y_scale * roots
    taken = basis(np.column_stack([roots, slopes * roots[:, None]]))
    residual = residual - taken @ (taken.T @ residual)
    found = [
        _dependence(residual, features - taken @ (taken.T @ features))
        for features in _features(problem, roots)
    ]  # fmt: skip
    return -math.expm1(len(found) * math.log1p(-min(min(found, default=1.0), 1 - 1e-16)))


def _features(problem: Problem, roots: Array) -> Iterator[Array]:
    X = problem.X[:, np.ptp(problem.X, axis=0) > 0]
    rows = Rows(X, np.random.default_rng(problem.seed))
    for shape in rows.shapes:
        yield basis(shape * roots[:, None])
    if rows.pairs:
        products = rows.products * roots[:, None]
        yield from (products[:, [i]] / np.linalg.norm(products[:, i]) for i in range(products.shape[1]))


def _dependence(residual: Array, features: Array) -> float:
    """The p-value of a dependence on features, shape (n, p), that allows for noise of unequal size."""
    from scipy.special import chdtrc

    design = basis(features)
    if not design.shape[1]:
        return 1.0
    weighted = design * residual[:, None]
    score = weighted.sum(axis=0)
    return float(chdtrc(design.shape[1], score @ np.linalg.pinv(weighted.T @ weighted) @ score))
