"""The inputs worth searching, where there are too many to search them all."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ansatz.discovery.problem.problem import Problem


@dataclass(frozen=True)
class _Screening:
    """Set how inputs are compared. Chosen by judgement; `python -m bench.recovery --junk 10` holds them.

    Attributes:
        inputs: that are worth searching all together.
        rows: looked at.
        bins: of equal counts that an input is divided into.
    """

    inputs: int = 16
    rows: int = 2000
    bins: int = 8


_SCREENING: Final = _Screening()


def relevant_inputs(problem: Problem, always: Collection[str] = (), most: int = _SCREENING.inputs) -> tuple[str, ...]:
    """Return, in the problem's order, at most `most` inputs that explain most of the target one by one, and `always`.

    What an input explains is the share of the variance of the target's ranks between bins of the input. Such a one-way
    analysis of variance sees dependence of any shape, but not a pure interaction.
    """
    if len(problem.names) <= most:
        return problem.names
    sample = problem.subsample(_SCREENING.rows)
    ranks = np.argsort(np.argsort(sample.y, kind="stable"), kind="stable").astype(np.float64)
    explained = np.array([_between_bins(sample.X[:, j], ranks) for j in range(len(sample.names))])
    best = {problem.names[j] for j in np.argsort(-explained, kind="stable")[:most]}
    return tuple(n for n in problem.names if n in best or n in always)


def _between_bins(x: NDArray[np.float64], ranks: NDArray[np.float64]) -> float:
    order = np.argsort(x, kind="stable")
    bins = np.array_split(ranks[order], min(_SCREENING.bins, ranks.size))
    middle = ranks.mean()
    return float(sum(b.size * (b.mean() - middle) ** 2 for b in bins))
