"""Rows as looks at a residual need them, the same for every formula: neighbours, shapes, waves, products, a kernel."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ansatz.discovery.expression import Array
from ansatz.discovery.fit.chebyshev import basis as chebyshev

Pairs = tuple[NDArray[np.intp], NDArray[np.intp]]
Part = tuple[int, ...]
"""Positions of the inputs that a statistic is about; empty where it is about all rows."""

INDEPENDENT: Final = 1e-6
"""Relative length below which what is left of a column is rounding."""
_MOST_INPUTS: Final = 20
_NEAR_PAIRS: Final = 10
_TIES: Final = 1e-9
_TERMS: Final = 80
_TERMS_SHARE: Final = 0.45
_WAVES: Final = 12
_KERNEL_WIDTH: Final = 0.3
_KERNEL_ROWS: Final = 600
_KERNEL_FEATURES: Final = 150


def basis(columns: Array) -> Array:
    """Return an orthonormal basis of columns, shape (n, rank); directions shorter than a millionth are none."""
    norms = np.linalg.norm(columns, axis=0)
    left, singular, _ = np.linalg.svd(columns[:, norms > 0] / norms[norms > 0], full_matrices=False)
    found: Array = left[:, singular > INDEPENDENT]
    return found


def mid_ranks(X: Array) -> Array:
    """Return the ranks of each column, ties at their middle, scaled to mean 0 and spread 1; shape as X."""
    from scipy.stats import rankdata

    ranks = 2.0 * rankdata(X, axis=0) - X.shape[0] - 1
    spread = ranks.std(axis=0)
    scaled: Array = ranks / np.where(spread > 0, spread, 1.0)
    return scaled


@dataclass(frozen=True, eq=False)
class Rows:
    """The rows of a problem as looks need them, the same for every formula.

    Attributes:
        X: inputs that vary, shape (n, d), at most twenty.
        rng: random numbers, for ties and for which pairs are looked at.
    """

    X: Array
    rng: np.random.Generator

    @cached_property
    def ranks(self) -> Array:
        """The mid-ranks of the inputs, shape (n, d)."""
        return mid_ranks(self.X)

    @cached_property
    def inputs(self) -> tuple[int, ...]:
        return tuple(range(min(self.X.shape[1], _MOST_INPUTS)))

    @cached_property
    def pairs(self) -> tuple[Part, ...]:
        return tuple(combinations(self.inputs, 2))

    @cached_property
    def along_inputs(self) -> list[tuple[Part, Pairs]]:
        """Neighbours along each input that has more than two values; ties in random order."""
        distinct = [j for j in self.inputs if np.unique(self.X[:, j]).size > 2]
        return [((j,), self.along(self.X[:, j])) for j in distinct]

    @cached_property
    def nearest(self) -> list[tuple[Part, Pairs]]:
        """The two nearest neighbours of each row in the ranks of all inputs, and of up to ten pairs of them."""
        if len(self.inputs) < 2:
            return []
        drawn = [self.pairs[i] for i in self.rng.permutation(len(self.pairs))[:_NEAR_PAIRS]]
        of_pairs = [(pair, self._near(pair)) for pair in drawn] if len(self.inputs) > 2 else []
        return [((), self._near(self.inputs)), *of_pairs]

    def along(self, key: Array) -> Pairs:
        """Return neighbours in the order of a key, ties in random order."""
        order = np.lexsort((self.rng.permutation(key.size), key))
        return order[1:], order[:-1]

    def _near(self, inputs: Sequence[int]) -> Pairs:
        from scipy.spatial import cKDTree

        n = self.X.shape[0]
        points = self.ranks[:, list(inputs)] + _TIES * self.rng.standard_normal((n, len(inputs)))
        near = cKDTree(points).query(points, k=3)[1][:, 1:].ravel()
        own = np.repeat(np.arange(n), 2)
        both = np.unique(np.minimum(own, near) * n + np.maximum(own, near))
        return both // n, both % n

    @cached_property
    def shapes(self) -> list[Array]:
        """What is looked for in each input alone, shape (n, 5): three powers of its ranks, and it and its square."""
        X = self.X / np.abs(self.X).max(axis=0)
        return [
            np.column_stack([self.ranks[:, j] ** k for k in (1, 2, 3)] + [X[:, j] ** k for k in (1, 2)])
            for j in self.inputs
        ]

    @cached_property
    def waves(self) -> list[Array]:
        """Cosines of one to twelve half periods in the ranks of each input, shape (n, 12)."""
        n = self.X.shape[0]
        place = (self.ranks - self.ranks.min(axis=0)) / np.maximum(np.ptp(self.ranks, axis=0), 1e-300)
        count = max(1, min(_WAVES, n // 5))
        return [np.cos(np.pi * np.outer(place[:, j], np.arange(1, count + 1))) for j in self.inputs]

    @cached_property
    def products(self) -> Array:
        """Products of the ranks of two inputs, shape (n, pairs)."""
        return np.column_stack([self.ranks[:, i] * self.ranks[:, j] for i, j in self.pairs])

    def surrogate(self, spared: int) -> tuple[Array, tuple[int, ...]]:
        """Return the terms of a smooth surrogate without the constant, shape (n, p), and where each degree ends."""
        terms = min(_TERMS, int(_TERMS_SHARE * spared))
        columns = [self.X[:, j] for j in self.inputs]
        parts, ends = chebyshev(columns, terms) if terms > len(columns) else (np.empty((self.X.shape[0], 1)), (1,))
        return parts[:, 1:], tuple(end - 1 for end in ends[1:])

    @cached_property
    def kernel(self) -> Callable[[Array], Array]:
        """The sum over rows of their likeness to others in all inputs at once: a Gaussian kernel of the ranks."""
        Z = self.ranks[:, list(self.inputs)]
        width = _KERNEL_WIDTH * np.sqrt(len(self.inputs))
        if Z.shape[0] <= _KERNEL_ROWS:
            square = np.sum(Z * Z, axis=1)
            likeness = np.exp(-(square[:, None] + square - 2 * Z @ Z.T) / (2 * width**2))
            np.fill_diagonal(likeness, 0.0)

            def alike(E: Array) -> Array:
                found: Array = np.einsum("ij,ij->j", E, likeness @ E)
                return found

            return alike
        directions = self.rng.standard_normal((Z.shape[1], _KERNEL_FEATURES)) / width
        phases = self.rng.uniform(0, 2 * np.pi, _KERNEL_FEATURES)
        features = np.sqrt(2 / _KERNEL_FEATURES) * np.cos(Z @ directions + phases)
        own = np.sum(features * features, axis=1)
        return lambda E: np.sum((features.T @ E) ** 2, axis=0) - own @ (E * E)
