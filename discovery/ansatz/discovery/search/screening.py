"""The inputs worth searching, where there are too many to search them all."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from ansatz.discovery.problem.problem import Problem

MOST_INPUTS = 16
_ROWS = 2000
_BINS = 8


def relevant_inputs(problem: Problem, always: Collection[str] = (), most: int = MOST_INPUTS) -> tuple[str, ...]:
    """Names in the problem's order: at most `most` inputs that explain most of the target one by one, and `always`.

    What an input explains is the share of the variance of the target's ranks between eight bins of the input, of equal
    counts (a one-way analysis of variance, which sees dependence of any shape but not a pure interaction).
    """
    if len(problem.names) <= most:
        return problem.names
    sample = problem.subsample(_ROWS)
    ranks = np.argsort(np.argsort(sample.y, kind="stable"), kind="stable").astype(np.float64)
    explained = np.array([_between_bins(sample.X[:, j], ranks) for j in range(len(sample.names))])
    best = {problem.names[j] for j in np.argsort(-explained, kind="stable")[:most]}
    return tuple(n for n in problem.names if n in best or n in always)


def _between_bins(x: NDArray[np.float64], ranks: NDArray[np.float64]) -> float:
    order = np.argsort(x, kind="stable")
    bins = np.array_split(ranks[order], min(_BINS, ranks.size))
    middle = ranks.mean()
    return float(sum(b.size * (b.mean() - middle) ** 2 for b in bins))
