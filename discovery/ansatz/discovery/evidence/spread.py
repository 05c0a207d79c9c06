"""How far the data let constants move: standard errors and covariance from a Jacobian at a least-squares optimum."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ansatz.discovery.expression import Array


@dataclass(frozen=True)
class _Rank:
    """Say what the data determine, by columns of the Jacobian at unit length.

    Attributes:
        cutoff: singular value below which the data do not determine a direction: some thousand times the rounding
            of float64, as a Jacobian is not exact to the last digit. Chosen by judgement.
        loose: a constant with more of itself than this in such directions is not determined. Chosen by judgement.
    """

    cutoff: float = 1e-12
    loose: float = 1e-3


RANK: Final = _Rank()

Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Spread:
    """The room of k constants, from what a residual of size 1 in every row tells of them.

    Attributes:
        norms: lengths of the Jacobian's columns `(k,)`.
        singular: singular values `(k,)` of its columns at unit length, falling.
        directions: the directions `(k, k)` of constants that belong to them, one a row.
    """

    norms: Array
    singular: Array
    directions: Array

    @classmethod
    def of(cls, jacobian: Array) -> Spread:
        """Return the spread of the constants of a Jacobian `(n, k)`."""
        norms = np.linalg.norm(jacobian, axis=0)
        if not np.all(np.isfinite(norms)):
            return cls(norms, np.zeros(norms.size), np.eye(norms.size))
        # The triangular factor has the same singular values, and few rows.
        factor = np.linalg.qr(jacobian / np.where(norms > 0, norms, 1.0), mode="r")
        return cls.of_factor(np.asarray(factor, dtype=np.float64), norms)

    @classmethod
    def of_factor(cls, factor: Array, norms: Array) -> Spread:
        """Return the spread from the triangular factor `(r, k)` of a Jacobian whose columns were divided by `norms`."""
        k = norms.size
        _, singular, directions = np.linalg.svd(factor) if k else (None, np.empty(0), np.eye(0))
        return cls(norms, np.pad(singular, (0, k - singular.size)), directions)

    @cached_property
    def _determined(self) -> Mask:
        found: Mask = self.singular > RANK.cutoff
        return found

    @property
    def rank(self) -> int:
        """Return how many directions of constants the data determine."""
        return int(np.count_nonzero(self._determined))

    @cached_property
    def root(self) -> Array:
        """Return a root R `(r, k)` of the covariance RᵀR, on what the data determine.

        Constants are in units of 1 / norms.
        """
        root: Array = self.directions[self._determined] / self.singular[self._determined, None]
        return root

    @cached_property
    def loose(self) -> Mask:
        """Return which constants `(k,)` are not determined: those that move along a direction that is not."""
        loose: Mask = np.any(np.abs(self.directions[~self._determined]) > RANK.loose, axis=0) | (self.norms == 0)
        return loose

    def standard_errors(self, size: float) -> Array:
        """Return standard errors `(k,)` for residuals of that size; NaN for what is not determined."""
        with np.errstate(all="ignore"):
            errors = size * self._sizes / self.norms
        return np.where(self.loose, np.nan, errors)

    @property
    def covariance(self) -> Array:
        """Return the covariance `(k, k)` of the constants, for residuals of size 1.

        What the data do not determine counts as determined as little as can be: its variance is very large, not NaN. A
        constant on which nothing depends has none.
        """
        root = self.directions / np.maximum(self.singular, RANK.cutoff)[:, None]
        root = np.where(self.norms > 0, root / np.where(self.norms > 0, self.norms, 1.0), 0.0)
        covariance: Array = root.T @ root
        return covariance

    @property
    def correlations(self) -> Array:
        """Return correlations `(k, k)` of the constants; NaN where the data do not determine one of the two."""
        with np.errstate(all="ignore"):
            found = (self.root.T @ self.root) / np.outer(self._sizes, self._sizes)
        return np.where(self.loose[:, None] | self.loose[None, :], np.nan, np.clip(found, -1.0, 1.0))

    @cached_property
    def _sizes(self) -> Array:
        sizes: Array = np.sqrt(np.sum(self.root**2, axis=0))
        return sizes
