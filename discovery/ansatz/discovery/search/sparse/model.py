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
_TUNINGS: Final = 12
_TUNED: Final = 1e-6
_STEP: Final = 0.3
_FLOOR: Final = 1e-24


@dataclass(frozen=True, eq=False)
class Target:
    """What is explained: `y`, shape (n,), and columns `known`, shape (n, k), that every model contains; both times
    `roots`, the square roots of the row weights."""

    y: Array
    known: Array
    roots: Array

    @property
    def rows(self) -> int:
        return int(self.y.size)


@dataclass(frozen=True, eq=False)
class SparseModel:
    """Parts with their least-squares coefficients; `rss` is the sum of squares that they leave."""

    target: Target
    parts: tuple[Part, ...]
    coefficients: Array
    rss: float

    @property
    def score(self) -> float:
        """Bayesian information criterion, in nats; a frequency counts as a constant and for its choice."""
        waves = sum(isinstance(p, Wave) for p in self.parts)
        count = int(self.target.known.shape[1]) + len(self.coefficients)
        n = self.target.rows
        floor = _FLOOR * float(self.target.y @ self.target.y)
        return 0.5 * n * math.log((self.rss + floor) / n) + 0.5 * math.log(n) * (count + 3 * waves)

    def basis(self) -> tuple[Array, Array]:
        """Orthonormal basis of all columns, and the residual."""
        design = _unit(np.column_stack([self.target.known, *self._columns()]))
        if design.shape[1] == 0:
            return design, self.target.y
        left, singular, _ = np.linalg.svd(design, full_matrices=False)
        basis = left[:, singular > 1e-10 * singular[0]]
        residual = self.target.y - basis @ (basis.T @ self.target.y)
        return basis, residual - basis @ (basis.T @ residual)

    def with_part(self, part: Part) -> SparseModel:
        return fitted(self.target, (*self.parts, part))

    def without(self, index: int) -> SparseModel:
        """The model without one part, frequencies as they are."""
        return _linear(self.target, (*self.parts[:index], *self.parts[index + 1 :]))

    def smaller(self) -> list[tuple[Part, ...]]:
        """The parts that are left without one part, or without one phase of a wave: what costs least first.

        Dropping columns S raises the sum of squares by b' C⁻¹ b, with b their coefficients and C their block of the
        inverse Gram matrix.
        """
        design = np.column_stack([self.target.known, *self._columns()])
        norms = np.linalg.norm(design, axis=0)
        norms = np.where(norms > 0, norms, 1.0)
        inverse = np.linalg.pinv((design / norms).T @ (design / norms), rcond=1e-13, hermitian=True).astype(np.float64)
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
        """By how much the score rises, frequencies held, where these columns, and this part as a whole, are dropped."""
        b = sizes[columns]
        block = inverse[np.ix_(columns, columns)] + 1e-300 * np.eye(len(columns))
        rise = max(float(b @ np.linalg.lstsq(block, b, rcond=None)[0]), 0.0)
        n = self.target.rows
        floor = _FLOOR * float(self.target.y @ self.target.y)
        saved = len(columns) + 3 * isinstance(part, Wave)
        return 0.5 * n * math.log1p(rise / (self.rss + floor)) - 0.5 * math.log(n) * saved

    def formula(self) -> Node:
        """The sum of the parts; what is known is no part of it."""
        nodes = [n for part in self.parts for n in ([part.node] if isinstance(part, Term) else part.nodes())]
        return build.linear(map(float, self.coefficients), nodes)

    def _columns(self) -> list[Array]:
        return [c * self.target.roots for part in self.parts for c in _columns_of(part)]


def _columns_of(part: Part) -> list[Array]:
    return [part.values] if isinstance(part, Term) else part.columns()


def _unit(design: Array) -> Array:
    norms = np.linalg.norm(design, axis=0)
    unit: Array = design / np.where(norms > 0, norms, 1.0)
    return unit


def _solve(target: Target, columns: list[Array]) -> tuple[Array, float]:
    """Coefficients of the columns beside what is known, and the sum of squares that is left."""
    design = np.column_stack([target.known, *columns])
    norms = np.linalg.norm(design, axis=0)
    norms = np.where(norms > 0, norms, 1.0)
    solution = np.linalg.lstsq(design / norms, target.y, rcond=1e-13)[0]
    left = target.y - (design / norms) @ solution
    coefficients: Array = (solution / norms)[target.known.shape[1] :]
    return coefficients, float(left @ left)


def fitted(target: Target, parts: tuple[Part, ...]) -> SparseModel:
    """The model with its coefficients, and the frequencies of its waves, at the least-squares optimum."""
    model = _linear(target, parts)
    if not any(isinstance(p, Wave) for p in parts):
        return model
    for _ in range(_TUNINGS):
        moved = _linear(target, _moved(model))
        if moved.rss > model.rss:
            break
        gained = model.rss - moved.rss
        model = moved
        if gained <= _TUNED * max(model.rss, _FLOOR * float(target.y @ target.y)):
            break
    return model


def _linear(target: Target, parts: tuple[Part, ...]) -> SparseModel:
    columns = [c * target.roots for part in parts for c in _columns_of(part)]
    coefficients, rss = _solve(target, columns)
    return SparseModel(target, parts, coefficients, rss)


def _moved(model: SparseModel) -> tuple[Part, ...]:
    """The parts with each frequency moved by a Gauss-Newton step."""
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
    """Moved by at most a part of what one period more over the clock's range makes."""
    most = _STEP * 2 * np.pi / float(np.ptp(wave.clock.values))
    step = float(np.clip(step, -most, most))
    return wave.moved(step if wave.frequency + step > 0 else -wave.frequency / 2)
