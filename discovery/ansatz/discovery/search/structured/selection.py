"""Sparse linear models: few of many features whose linear combination is the target.

Greedy forward selection by the error that remains (orthogonal least squares, Chen, Billings & Luo 1989), with floating
backward steps (Pudil et al. 1994). Beside it, an exhaustive scan of pairs by their Gram matrix. Everything works on
columns of unit length, so that no feature counts less for its scale.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from ansatz.discovery.expression import Array


@dataclass(frozen=True)
class Tolerances:
    """Tell rounding from a law, on columns of unit length. Chosen by judgement, above the rounding of float64.

    Attributes:
        exact: error of a model, over the target, below which it explains the target to rounding.
        negligible: largest part that a known column may have in an exact model and be left out.
        worse: times an exact model's error that a shorter one may have.
        better: of the least error of its size that a model must stay below for a backward step.
        singular: share of the largest singular value below which one counts as 0.
        independent: least squared length of a feature outside the model's columns.
        spanned: least length, in the scan of pairs, of a feature outside the columns that are there.
        parallel: least squared sine between the features of a pair.
    """

    exact: float = 1e-10
    negligible: float = 1e-9
    worse: float = 10.0
    better: float = 0.999
    singular: float = 1e-14
    independent: float = 1e-12
    spanned: float = 1e-5
    parallel: float = 1e-9


@dataclass(frozen=True)
class Effort:
    """Bound the work of a selection. Chosen by judgement; `python -m bench.recovery` holds them.

    Attributes:
        rows_a_term: fewest rows for each term of a model: fewer would fit anything.
        block: features whose pairs with all others are scanned at once: bounds the memory.
        moves: backward steps for each term of the longest model.
        completed: terms at the start of a path that pairs are found for.
        singles: terms of the best pairs that pairs are found for as well.
        paired: features among which pairs are scanned, unless the caller says otherwise.
    """

    rows_a_term: int = 3
    block: int = 256
    moves: int = 4
    completed: int = 2
    singles: int = 3
    paired: int = 2000


TOLERANCES: Final = Tolerances()
EFFORT: Final = Effort()


@dataclass(frozen=True)
class Selection:
    """Hold a linear model of few features.

    Attributes:
        support: positions of its features.
        coefficients: of the known columns, then of the support.
        error: norm of the residual over that of the target.
    """

    support: tuple[int, ...]
    coefficients: Array
    error: float


def _unit_columns(matrix: Array, roots: Array) -> tuple[Array, Array]:
    """Return columns times roots, of unit length (zero where they are not finite or zero), and their lengths."""
    with np.errstate(all="ignore"):
        matrix = matrix * roots[:, None]
        largest = np.max(np.abs(matrix), axis=0)
        usable = np.isfinite(largest) & (largest > 1e-300)
        matrix = np.where(usable, matrix / np.where(usable, largest, 1.0), 0.0)
        lengths = np.sqrt(np.einsum("ij,ij->j", matrix, matrix))
        usable &= np.isfinite(lengths * largest)
        unit = np.where(usable, matrix / np.where(usable, lengths, 1.0), 0.0)
    return unit, np.where(usable, lengths * np.where(usable, largest, 1.0), 1.0)


@dataclass(frozen=True, eq=False)
class Regression:
    """Select among features by the error that remains.

    Attributes:
        target: what is explained, of shape `(n,)`.
        features: candidates, of shape `(n, p)`.
        known: columns that every model contains, of shape `(n, k)`.
        roots: square roots of the row weights, of shape `(n,)`; all columns are multiplied with them.
        norms: lengths that the features had before they were scaled to 1, of shape `(p,)`.
        size: length that the target had.
    """

    target: Array
    features: Array
    known: Array
    roots: Array

    def __post_init__(self) -> None:
        features, norms = _unit_columns(self.features, self.roots)
        target, sizes = _unit_columns(self.target[:, None], self.roots)
        object.__setattr__(self, "features", features)
        object.__setattr__(self, "norms", norms)
        object.__setattr__(self, "known", self.known * self.roots[:, None])
        object.__setattr__(self, "size", float(sizes[0]))
        object.__setattr__(self, "target", target[:, 0])

    norms: Array = None  # type: ignore[assignment]
    size: float = 1.0

    def fit(self, support: Sequence[int]) -> Selection:
        """Return the least-squares model of the known columns and the support."""
        design = np.column_stack([self.known, self.features[:, list(support)]])
        solution = np.linalg.lstsq(design, self.target, rcond=TOLERANCES.singular)[0]
        error = float(np.linalg.norm(self.target - design @ solution))
        k = self.known.shape[1]
        if error < TOLERANCES.exact:
            sizes = np.abs(solution[:k]) * np.linalg.norm(self.known, axis=0)
            solution[:k][sizes < TOLERANCES.negligible] = 0.0
        with np.errstate(all="ignore"):
            solution[k:] /= self.norms[list(support)]
            scaled: Array = np.nan_to_num(np.asarray(solution * self.size, dtype=np.float64), posinf=0.0, neginf=0.0)
        return Selection(tuple(support), scaled, error)

    def _basis(self, support: Sequence[int]) -> tuple[Array, Array]:
        """Return an orthonormal basis of the model's columns, and the residual."""
        design = np.column_stack([self.known, self.features[:, list(support)]])
        if design.shape[1] == 0:
            return design, self.target
        basis = np.linalg.qr(design)[0]
        residual = self.target - basis @ (basis.T @ self.target)
        return basis, residual - basis @ (basis.T @ residual)

    def gains(self, support: Sequence[int]) -> Array:
        """Return by how much each feature would lower the squared error, of shape `(p,)`."""
        basis, residual = self._basis(support)
        inside = basis.T @ self.features
        left = 1.0 - np.einsum("ij,ij->j", inside, inside)
        gains: Array = (residual @ self.features) ** 2 / np.maximum(left, TOLERANCES.independent)
        gains[left <= TOLERANCES.independent] = 0.0
        gains[list(support)] = 0.0
        return gains

    def forward(self, most: int, start: Sequence[int] = ()) -> Iterator[Selection]:
        """Yield models of growing size, the best found of each size as it is found; end when exact."""
        support = list(start)
        best: dict[int, float] = {}
        moves = 0
        while len(support) < most:
            gains = self.gains(support)
            choice = int(np.argmax(gains))
            if gains[choice] <= 0:
                return
            support.append(choice)
            while True:
                model = self.fit(support)
                best[len(support)] = min(model.error, best.get(len(support), np.inf))
                if model.error < TOLERANCES.exact:
                    yield self.pruned(model)
                    return
                if len(support) < 3 or moves >= EFFORT.moves * most:
                    break
                shorter, error = self._without_weakest(support)
                if error >= TOLERANCES.better * best.get(len(shorter), np.inf):
                    break
                support, moves = shorter, moves + 1
            yield model

    def _without_weakest(self, support: list[int]) -> tuple[list[int], float]:
        options = [[s for s in support if s != drop] for drop in support]
        errors = [self.fit(option).error for option in options]
        weakest = int(np.argmin(errors))
        return options[weakest], errors[weakest]

    def pruned(self, model: Selection) -> Selection:
        """Return an exact model without the terms that it does not need."""
        support = list(model.support)
        while len(support) > 1:
            shorter, error = self._without_weakest(support)
            if error > max(TOLERANCES.exact, TOLERANCES.worse * model.error):
                break
            support = shorter
        return self.fit(support)

    def completed(self, path: Sequence[Selection], most: int, among: int) -> Iterator[Selection]:
        """Yield the best models of two of the first `among` features beside the first 0, 1, 2 terms of a path."""
        starts = list(dict.fromkeys([(), *(m.support for m in path if len(m.support) <= EFFORT.completed)]))
        for round_ in range(len(starts) + EFFORT.singles):
            if round_ >= len(starts):
                return
            found = self.pairs(most, among, starts[round_])
            if round_ == 0:
                # One term of a good pair is often right where the first greedy choice is not.
                singles = [(i,) for m in found for i in m.support]
                starts += [s for s in dict.fromkeys(singles) if s not in starts][: EFFORT.singles]
            for model in found:
                yield self.pruned(model) if model.error < TOLERANCES.exact else model
                if model.error < TOLERANCES.exact:
                    return

    def triples(self, most: int, among: int) -> Iterator[Selection]:
        """Yield the best models of three of the first `among` features, by pairs beside each."""
        for first in range(min(among, self.features.shape[1])):
            best = self.pairs(1, among, (first,))[:1]
            for model in best:
                if model.error < TOLERANCES.exact:
                    yield self.pruned(model)
                    return
                if first < most:
                    yield model

    def pairs(self, most: int, among: int = EFFORT.paired, start: Sequence[int] = ()) -> list[Selection]:
        """Return the best models of two of the first `among` features beside `start`, by a full scan; best first."""
        basis, residual = self._basis(start)
        features = self.features[:, :among]
        features = features - basis @ (basis.T @ features)
        norms = np.sqrt(np.einsum("ij,ij->j", features, features))
        usable = np.flatnonzero(norms > TOLERANCES.spanned)
        features = features[:, usable] / norms[usable]
        c = residual @ features
        found: list[tuple[float, int, int]] = []
        for first in range(0, usable.size, EFFORT.block):
            block = slice(first, first + EFFORT.block)
            gram = features[:, block].T @ features[:, first:]
            ci, cj = c[block, None], c[None, first:]
            left = 1.0 - gram * gram
            gain = (ci * ci + cj * cj - 2 * ci * cj * gram) / np.maximum(left, TOLERANCES.parallel)
            gain[left <= TOLERANCES.parallel] = 0.0
            flat = gain.ravel()
            if flat.size > 2 * most:
                top = np.argpartition(flat, flat.size - 2 * most)[-2 * most :]
            else:
                top = np.arange(flat.size)
            width = gain.shape[1]
            found += [(-float(flat[t]), first + int(t) // width, first + int(t) % width) for t in top]
        found.sort()
        distinct = list(dict.fromkeys((min(i, j), max(i, j)) for _, i, j in found if i != j))
        models = [self.fit((*start, int(usable[i]), int(usable[j]))) for i, j in distinct[: 2 * most]]
        return sorted(models, key=lambda m: m.error)[:most]
