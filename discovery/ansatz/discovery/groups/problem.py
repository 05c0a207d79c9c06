"""A problem whose rows come in groups."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ansatz.discovery.expression import Array
from ansatz.discovery.problem.problem import Problem


@dataclass(frozen=True)
class _Draws:
    """Say which rows are held out or drawn.

    Attributes:
        held_out: share of each group, the farthest out, that tells extrapolation; a fifth, as for tables.
        stream: of random numbers: data simulated with the same seed must not decide which rows are drawn.
    """

    held_out: float = 0.2
    stream: int = 1


_DRAWS: Final = _Draws()


@dataclass(frozen=True, eq=False)
class GroupedProblem:
    """Hold a problem whose rows are sorted by group.

    Attributes:
        problem: all rows.
        labels: of the G groups, in order.
        index: (n,), the group of each row, 0 to G − 1; every group has rows.
    """

    problem: Problem
    labels: tuple[str, ...]
    index: NDArray[np.intp]

    def __post_init__(self) -> None:
        if self.index.shape != (self.problem.rows,) or np.any(np.diff(self.index) < 0):
            raise ValueError("rows must be sorted by group")
        if not np.array_equal(np.unique(self.index), np.arange(len(self.labels))):
            raise ValueError("every group must have rows")

    @classmethod
    def of(cls, problem: Problem, labels: tuple[str, ...], index: NDArray[np.intp]) -> GroupedProblem:
        """Return of a problem whose rows are in any order."""
        order = np.argsort(index, kind="stable")
        return cls(problem.rows_only(order), labels, index[order])

    @property
    def groups(self) -> int:
        return len(self.labels)

    @cached_property
    def starts(self) -> NDArray[np.intp]:
        """First row of each group, shape (G,)."""
        return np.searchsorted(self.index, np.arange(self.groups))

    @cached_property
    def sizes(self) -> NDArray[np.intp]:
        """Rows of each group, shape (G,)."""
        return np.bincount(self.index, minlength=self.groups)

    @cached_property
    def row_scale(self) -> Array:
        """What a residual is multiplied with for the fit, shape (n,): root of the weight over the scale of y."""
        weights = self.problem.weights
        root = np.ones(self.problem.rows) if weights is None else np.sqrt(weights)
        return root / self.problem.y_scale

    @cached_property
    def varying(self) -> tuple[str, ...]:
        """Inputs that differ within a group; the others are columns of the groups."""
        low = np.minimum.reduceat(self.problem.X, self.starts, axis=0)
        high = np.maximum.reduceat(self.problem.X, self.starts, axis=0)
        varies = np.any(low < high, axis=0)
        return tuple(n for n, v in zip(self.problem.names, varies, strict=True) if v)

    @cached_property
    def as_one(self) -> GroupedProblem:
        """The same rows as one group."""
        return replace(self, labels=("",), index=np.zeros_like(self.index))

    def by_group(self, rows: Array) -> Array:
        """Return sums over the rows of each group: shape (n, …) to (G, …)."""
        sums: Array = np.add.reduceat(rows, self.starts, axis=0)
        return sums

    def group(self, number: int) -> Problem:
        """Return one group alone, with the inputs that vary in some group."""
        rows = np.flatnonzero(self.index == number)
        return _reweighted(self.problem.rows_only(rows).inputs_only(self.varying))

    def groups_only(self, chosen: NDArray[np.intp]) -> GroupedProblem:
        """Return the problem on some of its groups (ascending)."""
        kept = np.flatnonzero(np.isin(self.index, chosen))
        labels = tuple(self.labels[g] for g in chosen)
        return GroupedProblem(self.problem.rows_only(kept), labels, np.searchsorted(chosen, self.index[kept]))

    def rows_only(self, rows: NDArray[np.intp]) -> GroupedProblem:
        """Return the problem on some of its rows (ascending; some of every group)."""
        return replace(self, problem=self.problem.rows_only(rows), index=self.index[rows])

    def subsample(self, most: int, least: int = 5) -> GroupedProblem:
        """Return about `most` rows at most, drawn by the seed.

        All groups are thinned alike, to no fewer than `least` rows.
        """
        if self.problem.rows <= most:
            return self
        share = most / self.problem.rows
        # A stream of its own: data simulated with the same seed must not decide which of their rows are drawn.
        rng = np.random.default_rng([self.problem.seed, _DRAWS.stream])
        return self.rows_only(self._picked(lambda n: max(round(n * share), least), lambda g: rng.random(g.size)))

    @cached_property
    def inner_and_outer(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Rows to fit and rows to hold out: of each group the fifth that lies farthest from its median input."""
        X = self.problem.inputs_only(self.varying).X

        def distance(rows: NDArray[np.intp]) -> Array:
            deviation = np.abs(X[rows] - np.median(X[rows], axis=0))
            spread = np.median(deviation, axis=0)
            total: Array = np.sum((deviation / np.where(spread > 0, spread, 1.0)) ** 2, axis=1)
            return total

        inner = self._picked(lambda n: n - int(n * _DRAWS.held_out), distance)
        return inner, np.setdiff1d(np.arange(self.problem.rows), inner)

    def _picked(self, count: Callable[[int], int], key: Callable[[NDArray[np.intp]], Array]) -> NDArray[np.intp]:
        """Return of each group's n rows the `count(n)` with the smallest keys, ascending."""
        picked = []
        for first, size in zip(self.starts, self.sizes, strict=True):
            rows = np.arange(first, first + size)
            picked.append(rows[np.argsort(key(rows), kind="stable")[: count(int(size))]])
        return np.sort(np.concatenate(picked))


def _reweighted(problem: Problem) -> Problem:
    """Return the problem with its weights at mean 1."""
    return problem if problem.weights is None else replace(problem, weights=problem.weights / problem.weights.mean())
