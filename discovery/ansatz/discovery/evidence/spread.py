"""How far the data let constants move: standard errors and covariance from a Jacobian at a least-squares optimum."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ansatz.discovery.expression import Array

_LOOSE: Final = 1e-3

Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Spread:
    """The room of k constants, from what a residual of size 1 in every row tells of them.

    Attributes:
        norms: lengths of the Jacobian's columns, shape (k,).
        singular: singular values of its columns at unit length, falling, shape (k,).
        directions: the directions of constants that belong to them, one a row, shape (k, k).
        cutoff: share of the largest singular value below which the data do not determine a direction.
    """

    norms: Array
    singular: Array
    directions: Array
    cutoff: float

    @classmethod
    def of(cls, jacobian: Array, cutoff: float) -> Spread:
        """Return the spread of the constants of a Jacobian (n, k)."""
        norms = np.linalg.norm(jacobian, axis=0)
        k = norms.size
        if not k or not np.all(np.isfinite(norms)):
            return cls(norms, np.zeros(k), np.eye(k), cutoff)
        # The triangular factor has the same singular values, and few rows.
        factor = np.linalg.qr(jacobian / np.where(norms > 0, norms, 1.0), mode="r")
        _, singular, directions = np.linalg.svd(factor)
        return cls(norms, np.pad(singular, (0, k - singular.size)), directions, cutoff)

    @cached_property
    def _determined(self) -> Mask:
        found: Mask = self.singular > self.cutoff * self.singular[:1]
        return found

    @cached_property
    def _root(self) -> Array:
        """A root of the covariance of constants in units of 1 / norms, shape (r, k), on what the data determine."""
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
    def correlations(self) -> Array:
        """Correlations of the constants, shape (k, k); NaN where the data do not determine one of the two."""
        with np.errstate(all="ignore"):
            found = (self._root.T @ self._root) / np.outer(self._sizes, self._sizes)
        return np.where(self.loose[:, None] | self.loose[None, :], np.nan, np.clip(found, -1.0, 1.0))

    @cached_property
    def _sizes(self) -> Array:
        sizes: Array = np.sqrt(np.sum(self._root**2, axis=0))
        return sizes
