"""How far the data let constants move: standard errors and covariance from a Jacobian at a least-squares optimum."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ansatz.discovery.expression import Array

CUTOFF: Final = 1e-12
"""Singular values, of columns at unit length, below which the data do not determine a direction."""
_LOOSE: Final = 1e-3

Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Spread:
    """The room of k constants, from what a residual of size 1 in every row tells of them.

    Attributes:
        norms: lengths of the Jacobian's columns, shape (k,).
        singular: singular values of its columns at unit length, falling, shape (k,).
        directions: the directions of constants that belong to them, one a row, shape (k, k).
    """

    norms: Array
    singular: Array
    directions: Array

    @classmethod
    def of(cls, jacobian: Array) -> Spread:
        """Return the spread of the constants of a Jacobian (n, k)."""
        norms = np.linalg.norm(jacobian, axis=0)
        if not np.all(np.isfinite(norms)):
            return cls(norms, np.zeros(norms.size), np.eye(norms.size))
        # The triangular factor has the same singular values, and few rows.
        factor = np.linalg.qr(jacobian / np.where(norms > 0, norms, 1.0), mode="r")
        return cls.of_factor(np.asarray(factor, dtype=np.float64), norms)

    @classmethod
    def of_factor(cls, factor: Array, norms: Array) -> Spread:
        """Return the spread from the triangular factor (r, k) of a Jacobian whose columns were divided by `norms`."""
        k = norms.size
        _, singular, directions = np.linalg.svd(factor) if k else (None, np.empty(0), np.eye(0))
        return cls(norms, np.pad(singular, (0, k - singular.size)), directions)

    @cached_property
    def _determined(self) -> Mask:
        found: Mask = self.singular > CUTOFF
        return found

    @property
    def rank(self) -> int:
        """Return how many directions of constants the data determine."""
        return int(np.count_nonzero(self._determined))

    @cached_property
    def root(self) -> Array:
        """A root R of the covariance RᵀR of constants in units of 1 / norms, shape (r, k), on what the data
        determine."""
        root: Array = self.directions[self._determined] / self.singular[self._determined, None]
        return root

    @cached_property
    def loose(self) -> Mask:
        """Which constants move along a direction that the data do not determine: they are not determined themselves."""
        loose: Mask = np.any(np.abs(self.directions[~self._determined]) > _LOOSE, axis=0) | (self.norms == 0)
        return loose

    def standard_errors(self, size: float) -> Array:
        """Return the standard errors, shape (k,), for residuals of that size; NaN where the data do not determine a
        constant."""
        with np.errstate(all="ignore"):
            errors = size * self._sizes / self.norms
        return np.where(self.loose, np.nan, errors)

    @property
    def covariance(self) -> Array:
        """Covariance of the constants, shape (k, k), for residuals of size 1.

        What the data do not determine counts as determined as little as can be: its variance is very large, not NaN. A
        constant on which nothing depends has none.
        """
        root = self.directions / np.maximum(self.singular, CUTOFF)[:, None]
        root = np.where(self.norms > 0, root / np.where(self.norms > 0, self.norms, 1.0), 0.0)
        covariance: Array = root.T @ root
        return covariance

    @property
    def correlations(self) -> Array:
        """Correlations of the constants, shape (k, k); NaN where the data do not determine one of the two."""
        with np.errstate(all="ignore"):
            found = (self.root.T @ self.root) / np.outer(self._sizes, self._sizes)
        return np.where(self.loose[:, None] | self.loose[None, :], np.nan, np.clip(found, -1.0, 1.0))

    @cached_property
    def _sizes(self) -> Array:
        sizes: Array = np.sqrt(np.sum(self.root**2, axis=0))
        return sizes
