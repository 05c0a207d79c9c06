"""Ways to look at a residual for structure: statistics that are large where it holds more than noise.

Each look is a function of residuals as columns, shape (n, m), and gives one number for each column and each of its
parts (an input, a pair of inputs, or no part by itself): shape (parts, m). What they mean is told by the same
statistics of residuals whose signs are flipped at random: see `flips`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from ansatz.discovery.evidence.noise.rows import INDEPENDENT, Pairs, Part, Rows, basis
from ansatz.discovery.expression import Array

_MOST_LEVERAGE: Final = 0.98


@dataclass(frozen=True, eq=False)
class Looks:
    """The looks at residuals beside one fitted formula.

    Attributes:
        rows: the rows.
        taken: orthonormal basis of what the fit, or an offset, can take from a residual, shape (n, k).
        roots: the row weights' roots over the sizes of the noise, shape (n,).
        prediction: values of the formula, shape (n,).
    """

    rows: Rows
    taken: Array
    roots: Array
    prediction: Array

    def without(self, A: Array) -> Array:
        """Return columns without what the fit could have taken from them."""
        rest: Array = A - self.taken @ (self.taken.T @ A)
        return rest

    @cached_property
    def leverages(self) -> Array:
        """Share of each row's residual that the fit takes, shape (n, 1)."""
        found: Array = np.minimum(np.sum(self.taken**2, axis=1), _MOST_LEVERAGE)[:, None]
        return found

    @cached_property
    def graphs(self) -> list[tuple[Part, Pairs]]:
        prediction = [((), self.rows.along(self.prediction))] if np.ptp(self.prediction) > 0 else []
        return [*self.rows.along_inputs, *prediction, *self.rows.nearest]

    def neighbours(self, E: Array) -> Array:
        """Return how alike neighbours are (von Neumann 1941), for each graph of neighbours."""
        found = []
        for _, (a, b) in self.graphs:
            products = E[a] * E[b]
            found.append(products.sum(axis=0) / np.maximum(np.sqrt(np.sum(products**2, axis=0)), 1e-300))
        return np.array(found)

    @cached_property
    def _alone(self) -> list[Array]:
        spare = max(1, (self.rows.X.shape[0] - self.taken.shape[1] - 1) // 4)
        return [basis(self.without(shape[:, :spare] * self.roots[:, None])) for shape in self.rows.shapes]

    def alone(self, E: Array) -> Array:
        """Return how much a curve in each input would take."""
        return np.array(
            [(scores(a, E).sum(axis=0) - a.shape[1]) / np.sqrt(2 * max(a.shape[1], 1)) for a in self._alone]
        )

    @cached_property
    def _waves(self) -> list[Array]:
        return [_orthogonal(self.without(waves * self.roots[:, None])) for waves in self.rows.waves]

    def waves(self, E: Array) -> Array:
        """Return how much waves along each input would take: the adaptive Neyman test of Fan (1996)."""
        found = []
        for a in self._waves:
            count = np.arange(1, a.shape[1] + 1)[:, None]
            found.append(np.max((np.cumsum(scores(a, E), axis=0) - count) / np.sqrt(2 * count), axis=0))
        return np.array(found)

    @cached_property
    def _pairs(self) -> Array:
        features = self.without(self.rows.products * self.roots[:, None])
        norms = np.linalg.norm(features, axis=0)
        unit: Array = features / np.where(norms > INDEPENDENT * np.sqrt(features.shape[0]), norms, np.inf)
        return unit

    def pairs(self, E: Array) -> Array:
        """Return how much the product of each pair of inputs would take."""
        return scores(self._pairs, E)

    def kernel(self, E: Array) -> Array:
        """Return how alike rows are that are near in all inputs at once."""
        likeness: Array = (self.rows.kernel(E) / np.maximum(np.sum(E * E, axis=0), 1e-300))[None]
        return likeness

    @cached_property
    def _surrogate(self) -> tuple[Array, list[tuple[int, Array]]]:
        n, k = self.taken.shape
        parts, ends = self.rows.surrogate(n - k)
        q = _orthogonal(self.without(parts * self.roots[:, None]))
        spent = [np.sum(q[:, :end] ** 2, axis=1)[:, None] + self.leverages for end in ends]
        return q, [(end, np.minimum(s, _MOST_LEVERAGE)) for end, s in zip(ends, spent, strict=True)]

    @property
    def has_surrogate(self) -> bool:
        return bool(self._surrogate[1])

    def surrogate(self, E: Array) -> Array:
        """Return what a smooth surrogate gains in leave-one-out error, at the degree that does best."""
        q, degrees = self._surrogate
        taken, rest, last = q.T @ E, E.copy(), 0
        least = np.full(E.shape[1], np.inf)
        for end, spent in degrees:
            rest -= q[:, last:end] @ taken[last:end]
            last = end
            least = np.minimum(least, np.sum((rest / (1 - spent)) ** 2, axis=0))
        whole = np.sum((E / (1 - self.leverages)) ** 2, axis=0)
        gain: Array = np.log(np.maximum(whole, 1e-300) / np.maximum(least, 1e-300))[None]
        return gain


def scores(features: Array, E: Array) -> Array:
    """Return squared scores of features, shape (p, m), that allow for noise of unequal size (White 1980)."""
    spread = (features * features).T @ (E * E)
    found: Array = (features.T @ E) ** 2 / np.where(spread > 0, spread, 1.0)
    return found


def _orthogonal(columns: Array) -> Array:
    """Return columns made orthonormal in their order; those that the former hold are zero."""
    if not columns.shape[1]:
        return columns
    q, triangle = np.linalg.qr(columns)
    norms = np.maximum(np.linalg.norm(columns, axis=0), 1e-300)
    kept = np.zeros(columns.shape[1], dtype=bool)
    kept[: q.shape[1]] = np.abs(np.diag(triangle)) > INDEPENDENT * norms[: q.shape[1]]
    whole = np.zeros_like(columns)
    whole[:, : q.shape[1]] = q
    found: Array = whole * kept
    return found


def signed_normal_scores(U: Array) -> Array:
    """Return the normal scores of sizes with their signs, by column: what is large counts less; shape as U."""
    from scipy.special import ndtri
    from scipy.stats import rankdata

    found: Array = np.sign(U) * ndtri(0.5 + 0.5 * rankdata(np.abs(U), axis=0) / (U.shape[0] + 1))
    return found
