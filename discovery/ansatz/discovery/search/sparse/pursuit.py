"""Matching pursuit over a term library and waves, with replacement, pruning and a scan of all small subsets.

Orthogonal matching pursuit (Pati, Rezaiifar & Krishnaprasad 1993), corrected by replacement steps (Miller 2002, Subset
Selection in Regression, ch. 3), judged by the Bayesian information criterion (Schwarz 1978).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations, islice
from typing import Final

import numpy as np

from ansatz.discovery.budget import Budget
from ansatz.discovery.expression import Array
from ansatz.discovery.search.sparse.library import Term
from ansatz.discovery.search.sparse.model import CRITERION, Part, SparseModel, Target, fitted
from ansatz.discovery.search.sparse.waves import Scan, Wave


@dataclass(frozen=True)
class _Effort:
    """Bound the work of a pursuit. Chosen by judgement; `python -m bench.recovery` holds them.

    Attributes:
        patience: longer models in a row that the criterion does not want before a path ends.
        rounds: of exchanging the parts of a model.
        tuned: shorter models of which the frequencies are fitted before one is chosen.
        waves: that are put beside a start.
        at_once: terms with which a path may start all together.
        rows_a_term: fewest rows for each of these terms.
        pool: parts whose subsets are scanned.
        near: terms of the pool that lie nearest to what the best model leaves.
        subsets: of one size that are scanned.
        a_size: best subsets of each size.
    """

    patience: int = 2
    rounds: int = 3
    tuned: int = 2
    waves: int = 3
    at_once: int = 60
    rows_a_term: int = 5
    pool: int = 16
    near: int = 6
    subsets: int = 20_000
    a_size: int = 2


@dataclass(frozen=True)
class _Tolerances:
    """Tell rounding from what is left to explain. Chosen by judgement, above the rounding of float64.

    Attributes:
        exact: sum of squares, over that of the target, of an exact model at most.
        independent: least squared length of a term of unit length outside the model's columns.
        better: nats that an exchange of parts must gain.
        left: share of the sum of squares that a part is taken to leave at least.
        ridge: added to the squared lengths of 1 in a scan of subsets, so that none is singular.
    """

    exact: float = 1e-22
    independent: float = 1e-8
    better: float = 1e-9
    left: float = 1e-12
    ridge: float = 1e-12


_EFFORT: Final = _Effort()
_TOLERANCES: Final = _Tolerances()


@dataclass(frozen=True, eq=False)
class Pursuit:
    """Search sums of terms and waves that explain the target.

    Attributes:
        target: what is explained.
        terms: that may be in a sum.
        scans: of waves that may be.
        most_parts: terms and waves of a sum.
    """

    target: Target
    terms: Sequence[Term]
    scans: Sequence[Scan]
    most_parts: int

    def models(self, start: tuple[Part, ...], budget: Budget) -> Iterator[SparseModel]:
        """Yield models worth a look as they are found: the path from `start`, each best of it improved."""
        best = fitted(self.target, ())
        model = self._beginning(start) if start else self._longer(best)
        stale = 0
        while model is not None:
            yield model
            stale = stale + 1 if model.score >= best.score else 0
            if not stale and not self._exact(model):
                model = best = self._replaced(model, budget)
                yield best
            if self._exact(model):
                return
            model = self._longer(model) if stale < _EFFORT.patience and not budget.spent else None

    def _beginning(self, start: tuple[Part, ...]) -> SparseModel:
        """Return what is left of a start with the waves beside it that the criterion wants."""
        model = fitted(self.target, start)
        for _ in range(_EFFORT.waves):
            wave = self._best_part(model, terms=False)
            longer = model if wave is None else model.with_part(wave)
            if longer.score >= model.score:
                break
            model = longer
        return self._pruned(model)

    def _longer(self, model: SparseModel) -> SparseModel | None:
        """Return the model with what lowers the criterion most, and without what that makes useless.

        None where there is nothing to add.
        """
        part = self._best_part(model) if len(model.parts) < self.most_parts else None
        return None if part is None else self._pruned(model.with_part(part))

    def starts(self) -> list[tuple[Part, ...]]:
        """Return where paths may begin; the first two differ most.

        At nothing, and at all terms together, which are then taken off one by one. With waves, at all terms and the
        best wave beside them, for each clock and carrier.
        """
        if len(self.terms) > min(_EFFORT.at_once, self.target.rows // _EFFORT.rows_a_term):
            return [()]
        everything: tuple[Part, ...] = tuple(self.terms)
        basis, residual = fitted(self.target, everything).basis()
        found = [option for scan in self.scans for option in scan.best(basis, residual)]
        waves = [wave for _, wave in sorted(found, key=lambda option: -option[0])]
        if not waves:
            return [(), everything]
        first, *others = ((*everything, wave) for wave in waves)
        return [first, (), *others]

    def improves(self, model: SparseModel) -> bool:
        """Tell whether the criterion wants one more part beside a model."""
        part = self._best_part(model)
        return part is not None and model.with_part(part).score < model.score

    def _exact(self, model: SparseModel) -> bool:
        return model.rss <= _TOLERANCES.exact * float(self.target.y @ self.target.y)

    def _best_part(self, model: SparseModel, terms: bool = True, waves: bool = True) -> Part | None:
        """Return what lowers the criterion most, None where nothing is left to be explained."""
        basis, residual = model.basis()
        left = float(residual @ residual)
        gains = self._gains(basis, residual)
        options: list[tuple[float, int, Part]] = []
        if terms and gains.size:
            k = int(np.argmax(gains))
            options.append((float(gains[k]), 1, self.terms[k]))
        if waves:
            both = 2 + CRITERION.frequency
            options += [(gain, both, wave) for scan in self.scans for gain, wave in scan.best(basis, residual)]
        n = self.target.rows

        def score(option: tuple[float, int, Part]) -> float:
            rest = max(left - option[0], _TOLERANCES.left * left)
            return 0.5 * n * float(np.log(rest)) + 0.5 * option[1] * float(np.log(n))

        options = [o for o in options if o[0] > 0]
        return min(options, key=score)[2] if options and left > 0 else None

    def _gains(self, basis: Array, residual: Array) -> Array:
        """Return by how much each term would lower the squared error, of shape `(p,)`."""
        if not self.terms:
            return np.empty(0)
        features = self._features
        inside = basis.T @ features
        left = 1.0 - np.einsum("ij,ij->j", inside, inside)
        gains: Array = (residual @ features) ** 2 / np.maximum(left, _TOLERANCES.independent)
        return np.where(left > _TOLERANCES.independent, gains, 0.0)

    @cached_property
    def _features(self) -> Array:
        """Return the terms at unit length, of shape `(n, p)`."""
        matrix = np.column_stack([t.values for t in self.terms]) * self.target.roots[:, None]
        norms = np.linalg.norm(matrix, axis=0)
        unit: Array = matrix / np.where(norms > 0, norms, 1.0)
        return unit

    def _pruned(self, model: SparseModel) -> SparseModel:
        """Return the model without the parts, or phases, that the criterion does not want; `most_parts` at most."""
        while model.parts:
            likely = model.smaller()[: 1 if len(model.parts) > self.most_parts else _EFFORT.tuned]
            best = min((fitted(self.target, parts) for parts in likely), key=lambda m: m.score)
            if best.score > model.score and len(model.parts) <= self.most_parts:
                break
            model = best
        return model

    def _replaced(self, model: SparseModel, budget: Budget) -> SparseModel:
        """Return the model with parts exchanged for better ones, as long as that lowers the criterion."""
        for _ in range(_EFFORT.rounds):
            before = model
            for i in range(len(model.parts)):
                if budget.spent or i >= len(model.parts):
                    return model
                shorter = model.without(i)
                part = self._best_part(shorter, waves=isinstance(model.parts[i], Wave))
                if part is None or part is model.parts[i]:
                    continue
                other = self._pruned(shorter.with_part(part))
                if other.score < model.score - _TOLERANCES.better:
                    model = other
            if model is before:
                break
        return model

    def subsets(self, best: SparseModel, met: Iterable[Part]) -> Iterator[SparseModel]:
        """Yield the best few of each size among all subsets of a pool, frequencies held.

        In the pool are the best model's parts, what lies near it and what was met on the way.
        """
        if self._exact(best):
            return
        pool = sorted(best.parts, key=lambda p: isinstance(p, Term))
        basis, residual = fitted(self.target, tuple(pool)).basis()
        near = [self.terms[k] for k in np.argsort(-self._gains(basis, residual))[: _EFFORT.near]] if self.terms else []
        for part in (*met, *near):
            if len(pool) < _EFFORT.pool and isinstance(part, Term) and part not in pool:
                pool.append(part)
        for size in range(1, min(len(best.parts) + 1, len(pool)) + 1):
            for parts in self._best_subsets(pool, size):
                yield fitted(self.target, parts)

    def _best_subsets(self, pool: list[Part], size: int) -> list[tuple[Part, ...]]:
        columns = [_columns(p, self.target.roots) for p in pool]
        widths = [c.shape[1] for c in columns]
        design = np.column_stack(columns)
        norms = np.linalg.norm(design, axis=0)
        design = design / np.where(norms > 0, norms, 1.0)
        known = self.target.known
        y = self.target.y
        if known.shape[1]:
            basis = np.linalg.qr(known / np.linalg.norm(known, axis=0))[0]
            design, y = design - basis @ (basis.T @ design), y - basis @ (basis.T @ y)
        gram, moment = design.T @ design, design.T @ y
        starts = np.concatenate([[0], np.cumsum(widths)])
        by_width: dict[int, list[tuple[tuple[int, ...], list[int]]]] = {}
        for chosen in islice(combinations(range(len(pool)), size), _EFFORT.subsets):
            places = [j for i in chosen for j in range(starts[i], starts[i + 1])]
            by_width.setdefault(len(places), []).append((chosen, places))
        ranked: list[tuple[float, tuple[int, ...]]] = []
        for subsets in by_width.values():
            index = np.array([places for _, places in subsets])
            blocks = gram[index[:, :, None], index[:, None, :]] + _TOLERANCES.ridge * np.eye(index.shape[1])
            moments = moment[index]
            explained = np.einsum("ij,ij->i", moments, np.linalg.solve(blocks, moments[..., None])[..., 0])
            ranked += [(-float(e), chosen) for e, (chosen, _) in zip(explained, subsets, strict=True)]
        return [tuple(pool[i] for i in chosen) for _, chosen in sorted(ranked)[: _EFFORT.a_size]]


def _columns(part: Part, roots: Array) -> Array:
    columns = [part.values] if isinstance(part, Term) else part.columns()
    return np.column_stack([c * roots for c in columns])
