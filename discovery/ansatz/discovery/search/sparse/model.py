"""A sparse sum under construction: terms and waves, fitted together with columns that are always there."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from ansatz.discovery.expression import Array, Node
from ansatz.discovery.search.sparse.library import Term
from ansatz.discovery.search.sparse.waves import Wave
from ansatz.discovery.search.structured import build

Part = Term | Wave


@dataclass(frozen=True)
class Criterion:
    """Set the Bayesian information criterion (Schwarz 1978) of a sum with waves. Chosen by judgement.

    Attributes:
        frequency: constants that a frequency counts for: itself, and its choice among many.
        floor: sum of squares, over that of the target, that is added: errors of 1e-12 are taken for rounding.
    """

    frequency: int = 3
    floor: float = 1e-24


@dataclass(frozen=True)
class _Tuning:
    """Bound the Gauss-Newton steps of frequencies, and the linear algebra. Chosen by judgement.

    Attributes:
        steps: at most.
        settled: share of the sum of squares that a step must gain for another to be tried.
        longest: step, in periods over the clock's range: beyond that a wave is another.
        spanned: share of the largest singular value below which a column depends on the others.
        singular: the same in fits and inverses, whose results only have to stay finite.
    """

    steps: int = 12
    settled: float = 1e-6
    longest: float = 0.3
    spanned: float = 1e-10
    singular: float = 1e-13


CRITERION: Final = Criterion()
_TUNING: Final = _Tuning()


@dataclass(frozen=True, eq=False)
class Target:
    """Hold what is explained.

    Attributes:
        y: times the roots, of shape `(n,)`.
        known: columns that every model contains, times the roots, of shape `(n, k)`.
        roots: square roots of the row weights, of shape `(n,)`.
        unit: what the target was divided by, so that squares are ordinary numbers.
    """

    y: Array
    known: Array
    roots: Array
    unit: float = 1.0

    @property
    def rows(self) -> int:
        return int(self.y.size)


@dataclass(frozen=True, eq=False)
class SparseModel:
    """Hold parts with their least-squares coefficients.

    Attributes:
        target: what they explain.
        parts: terms and waves.
        coefficients: one for each term and each phase of a wave.
        rss: sum of squares that they leave.
    """

    target: Target
    parts: tuple[Part, ...]
    coefficients: Array
    rss: float

    @property
    def score(self) -> float:
        """Return the Bayesian information criterion, in nats."""
        waves = sum(isinstance(p, Wave) for p in self.parts)
        count = int(self.target.known.shape[1]) + len(self.coefficients)
        n = self.target.rows
        floor = CRITERION.floor * float(self.target.y @ self.target.y)
        return 0.5 * n * math.log((self.rss + floor) / n) + 0.5 * math.log(n) * (count + CRITERION.frequency * waves)

    def basis(self) -> tuple[Array, Array]:
        """Return an orthonormal basis of all columns, and the residual."""
        design = _unit(np.column_stack([self.target.known, *self._columns()]))
        if design.shape[1] == 0:
            return design, self.target.y
        left, singular, _ = np.linalg.svd(design, full_matrices=False)
        basis = left[:, singular > _TUNING.spanned * singular[0]]
        residual = self.target.y - basis @ (basis.T @ self.target.y)
        return basis, residual - basis @ (basis.T @ residual)

    def with_part(self, part: Part) -> SparseModel:
        """Return the model with one part more, fitted anew."""
        return fitted(self.target, (*self.parts, part))

    def without(self, index: int) -> SparseModel:
        """Return the model without one part, frequencies as they are."""
        return _linear(self.target, (*self.parts[:index], *self.parts[index + 1 :]))

    def smaller(self) -> list[tuple[Part, ...]]:
        """Return the parts that are left without one part, or one phase of a wave: what costs least first.

        Dropping columns S raises the sum of squares by b' C⁻¹ b, with b their coefficients and C their block of the
        inverse Gram matrix.
        """
        design = np.column_stack([self.target.known, *self._columns()])
        norms = np.linalg.norm(design, axis=0)
        norms = np.where(norms > 0, norms, 1.0)
        gram = (design / norms).T @ (design / norms)
        inverse = np.linalg.pinv(gram, rcond=_TUNING.singular, hermitian=True).astype(np.float64)
        k = self.target.known.shape[1]
        sizes: Array = np.concatenate([np.zeros(k), self.coefficients]) * norms
        options: list[tuple[float, tuple[Part, ...]]] = []
        place = k
        for i, part in enumerate(self.parts):
            width = 1 if isinstance(part, Term) else len(part.phases)
            before, after = self.parts[:i], self.parts[i + 1 :]
            columns = list(range(place, place + width))
            options.append((self._worse(sizes, inverse, columns, part), (*before, *after)))
            if isinstance(part, Wave) and width > 1:
                for column, other in zip(columns, reversed(part.phases), strict=True):
                    halved = replace(part, phases=(other,))
                    options.append((self._worse(sizes, inverse, [column], None), (*before, halved, *after)))
            place += width
        return [parts for _, parts in sorted(options, key=lambda option: option[0])]

    def _worse(self, sizes: Array, inverse: Array, columns: list[int], part: Part | None) -> float:
        """Return by how much the score rises where these columns are dropped, frequencies held.

        With them goes the `part` whose last ones they are, if any.
        """
        b = sizes[columns]
        block = inverse[np.ix_(columns, columns)] + 1e-300 * np.eye(len(columns))
        rise = max(float(b @ np.linalg.lstsq(block, b, rcond=None)[0]), 0.0)
        n = self.target.rows
        floor = CRITERION.floor * float(self.target.y @ self.target.y)
        saved = len(columns) + CRITERION.frequency * isinstance(part, Wave)
        return 0.5 * n * math.log1p(rise / (self.rss + floor)) - 0.5 * math.log(n) * saved

    def formula(self) -> Node:
        """Return the sum of the parts; what is known is no part of it."""
        nodes = [n for part in self.parts for n in ([part.node] if isinstance(part, Term) else part.nodes())]
        return build.linear(map(float, self.coefficients * self.target.unit), nodes)

    def _columns(self) -> list[Array]:
        return [c * self.target.roots for part in self.parts for c in _columns_of(part)]


def _columns_of(part: Part) -> list[Array]:
    return [part.values] if isinstance(part, Term) else part.columns()


def _unit(design: Array) -> Array:
    norms = np.linalg.norm(design, axis=0)
    unit: Array = design / np.where(norms > 0, norms, 1.0)
    return unit


def _solve(target: Target, columns: list[Array]) -> tuple[Array, float]:
    """Return coefficients of the columns beside what is known, and the sum of squares that is left."""
    design = np.column_stack([target.known, *columns])
    norms = np.linalg.norm(design, axis=0)
    norms = np.where(norms > 0, norms, 1.0)
    solution = np.linalg.lstsq(design / norms, target.y, rcond=_TUNING.singular)[0]
    left = target.y - (design / norms) @ solution
    coefficients: Array = (solution / norms)[target.known.shape[1] :]
    return coefficients, float(left @ left)


def fitted(target: Target, parts: tuple[Part, ...]) -> SparseModel:
    """Return the model with its coefficients, and the frequencies of its waves, at the least-squares optimum."""
    model = _linear(target, parts)
    if not any(isinstance(p, Wave) for p in parts):
        return model
    for _ in range(_TUNING.steps):
        moved = _linear(target, _moved(model))
        if moved.rss > model.rss:
            break
        gained = model.rss - moved.rss
        model = moved
        if gained <= _TUNING.settled * max(model.rss, CRITERION.floor * float(target.y @ target.y)):
            break
    return model


def _linear(target: Target, parts: tuple[Part, ...]) -> SparseModel:
    columns = [c * target.roots for part in parts for c in _columns_of(part)]
    coefficients, rss = _solve(target, columns)
    return SparseModel(target, parts, coefficients, rss)


def _moved(model: SparseModel) -> tuple[Part, ...]:
    """Return the parts with each frequency moved by a Gauss-Newton step."""
    slopes: list[Array] = []
    place = 0
    for part in model.parts:
        width = len(part.phases) if isinstance(part, Wave) else 1
        if isinstance(part, Wave):
            slopes.append(part.slope(model.coefficients[place : place + width]) * model.target.roots)
        place += width
    columns = [c * model.target.roots for part in model.parts for c in _columns_of(part)]
    solution, _ = _solve(model.target, [*columns, *slopes])
    steps = iter(solution[len(columns) :])
    return tuple(_stepped(p, float(next(steps))) if isinstance(p, Wave) else p for p in model.parts)


def _stepped(wave: Wave, step: float) -> Wave:
    """Return the wave moved by at most a part of what one period more over the clock's range makes."""
    most = _TUNING.longest * 2 * np.pi / float(np.ptp(wave.clock.values))
    step = float(np.clip(step, -most, most))
    return wave.moved(step if wave.frequency + step > 0 else -wave.frequency / 2)
