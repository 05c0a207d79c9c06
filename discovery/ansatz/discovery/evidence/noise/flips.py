"""A residual beside copies of itself whose signs are flipped at random: what noise of the same sizes looks like.

Wild randomisation (Liu 1988; Davidson & Flachaire 2008) keeps the size of the noise row by row.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ansatz.discovery.evidence.noise.looks import Looks, signed_normal_scores
from ansatz.discovery.evidence.noise.rows import Part, Rows, basis
from ansatz.discovery.expression import Array
from ansatz.discovery.problem.problem import Problem

_SIZES: Final = (0.0, 1.0, 3.0, 10.0, 30.0, 100.0, 1000.0)
_CLEARLY_LIKELIER: Final = 4.0
_SKEWNESS: Final = (0.05, 3.0)
_LEAST_P: Final = 1e-300


@dataclass(frozen=True, eq=False)
class Residual:
    """A residual in units of its size, shape (n,), and the looks at it."""

    standard: Array
    looks: Looks

    @classmethod
    def of(cls, problem: Problem, rows: Rows, prediction: Array, slopes: Array) -> Residual:
        roots = np.ones(problem.rows) if problem.weights is None else np.sqrt(problem.weights)
        residual, tangent = (problem.y - prediction) / problem.y_scale * roots, slopes * roots[:, None]
        size = noise_sizes(residual, tangent, prediction * roots)
        over = roots / size
        taken = basis(np.column_stack([over, tangent / size[:, None]]))
        looks = Looks(rows, taken, over, prediction)
        standard = looks.without((residual / size)[:, None]) / np.sqrt(1 - looks.leverages)
        return cls(standard[:, 0], looks)


def noise_sizes(residual: Array, tangent: Array, prediction: Array) -> Array:
    """Return relative sizes of the noise row by row: equal, or growing with the prediction where clearly likelier."""
    scale = float(np.sqrt(np.mean(prediction**2))) or 1.0
    tried: list[Array] = [np.sqrt(1 + (c * prediction / scale) ** 2) for c in _SIZES]
    chosen: Array = tried[0]
    for _ in range(2):
        taken = basis(np.column_stack([1 / chosen, tangent / chosen[:, None]]))
        rest = residual / chosen
        rest = chosen * (rest - taken @ (taken.T @ rest))
        likelihood = [
            -0.5 * residual.size * math.log(max(float(np.mean((rest / v) ** 2)), 1e-300)) - float(np.log(v).sum())
            for v in tried
        ]
        best = int(np.argmax(likelihood))
        chosen = tried[best] if likelihood[best] > likelihood[0] + _CLEARLY_LIKELIER else tried[0]
    return chosen


class Flipped:
    """One residual beside its flips."""

    def __init__(self, residual: Residual, block: NDArray[np.intp] | None, seed: int) -> None:
        self._residual = residual
        self._block = block
        self._seed = seed
        self._found: list[tuple[Array, list[Part]]] = []

    def p_value(self, flips: int) -> float:
        """Return the chance that noise looks as bad at the worst of all looks."""
        rng = np.random.default_rng(self._seed)
        u = self._residual.standard[:, None]
        self._found = self._statistics(np.column_stack([u, u * self._signs(flips, rng)]))
        return float(self._together(self._found, flips)[0])

    def sight(self, trials: int, flips: int, level: float) -> float:
        """Return the share of trial structures, as large as the noise, that would be called structure at a level."""
        rng = np.random.default_rng(self._seed + 1)
        looks, u = self._residual.looks, self._residual.standard[:, None]
        planted = looks.without(trial_structures(looks.rows.ranks, trials, rng) * looks.roots[:, None])
        size = np.sqrt(np.mean(u * u)) / np.maximum(np.sqrt(np.mean(planted**2, axis=0)), 1e-300)
        nulls, noisy = u * self._signs(flips, rng), u * self._signs(trials, rng)
        found = self._statistics(np.column_stack([u, nulls, noisy + size * planted]))
        return float(np.mean(self._together(found, flips)[1 + flips :] <= level))

    @staticmethod
    def _together(found: Sequence[tuple[Array, list[Part]]], flips: int) -> Array:
        """P-values of all looks together, by column: the least, for as many tests as they are worth (Šidák 1967)."""
        least = _tails(np.array([values.max(axis=0) for values, _ in found]), flips).min(axis=0)
        m = min(_tests_that_count(least[1 : 1 + flips]), float(len(found)))
        together: Array = np.asarray(-np.expm1(m * np.log1p(-least)), dtype=np.float64)
        return together

    def parts(self, names: Sequence[str]) -> tuple[dict[str, float], dict[tuple[str, str], float]]:
        """Return p-values by input and by pair of inputs, the number of all of them allowed for."""
        flips = self._found[0][0].shape[1] - 1
        tails: dict[Part, list[Array]] = {}
        for values, parts in self._found:
            for part, row in zip(parts, _tails(values, flips), strict=True):
                tails.setdefault(part, []).append(row)
        named = [(part, np.min(rows, axis=0)) for part, rows in tails.items() if part]
        if not named:
            return {}, {}
        m = _tests_that_count(np.min([row for _, row in named], axis=0)[1 : 1 + flips])
        p = {part: -math.expm1(m * math.log1p(-float(row[0]))) for part, row in named}
        inputs = {names[part[0]]: value for part, value in p.items() if len(part) == 1}
        pairs = {(names[part[0]], names[part[1]]): value for part, value in p.items() if len(part) == 2}
        return inputs, pairs

    def _signs(self, count: int, rng: np.random.Generator) -> Array:
        """Random signs, one a row, or one a block of rows that are alike."""
        n = self._residual.standard.size
        drawn: Array = (rng.integers(0, 2, (n, count)) * 2 - 1).astype(np.float64)
        return drawn if self._block is None else drawn[self._block]

    def _statistics(self, U: Array) -> list[tuple[Array, list[Part]]]:
        """Every look at residuals U, shape (n, m): its values, shape (parts, m), and what they are about."""
        looks = self._residual.looks
        E, F = looks.without(U), looks.without(signed_normal_scores(U))
        inputs: list[Part] = [(j,) for j in looks.rows.inputs]
        every: list[Part] = [()]
        found: list[tuple[Array, list[Part]]] = [
            (looks.neighbours(F), [part for part, _ in looks.graphs]),
            (looks.alone(E), inputs),
            (looks.alone(F), inputs),
            (looks.waves(F), inputs),
            (looks.kernel(E), every),
        ]
        if looks.rows.pairs:
            found.append((looks.pairs(E), list(looks.rows.pairs)))
        if looks.has_surrogate:
            found += [(looks.surrogate(E), every), (looks.surrogate(F), every)]
        return found


def _tails(values: Array, flips: int) -> Array:
    """Upper tails of statistics, shape (parts, 1 + flips + …), by Pearson's law III with the mean, variance and
    skewness of the flips: p-values then have no floor at one over their number."""
    from scipy.special import gammaincc

    null = values[:, 1 : 1 + flips]
    spread = np.maximum(null.std(axis=1, keepdims=True), 1e-12)
    z = (values - null.mean(axis=1, keepdims=True)) / spread
    skewness = np.clip(np.mean(z[:, 1 : 1 + flips] ** 3, axis=1, keepdims=True), *_SKEWNESS)
    shape = 4 / skewness**2
    tails: Array = np.clip(gammaincc(shape, np.maximum(shape + z * np.sqrt(shape), 0)), _LEAST_P, 1 - 1e-12)
    return tails


def _tests_that_count(least: Array) -> float:
    """How many independent tests the least of several p-values is worth, from its values in noise."""
    count = math.log(0.9) / math.log1p(-min(float(np.quantile(least, 0.1)), 1 - 1e-12))
    return max(count, 1.0)


def trial_structures(Z: Array, count: int, rng: np.random.Generator) -> Array:
    """Return products, sines, cosines of differences and steps in the ranks Z, shape (n, d); shape (n, count)."""

    def drawn(kind: int) -> Array:
        i, j = rng.integers(Z.shape[1], size=2)
        a, b = Z[:, i] / np.sqrt(12.0), Z[:, j] / np.sqrt(12.0)
        phase, turns, edge = rng.uniform(0, 2 * np.pi), rng.uniform(1, 3), rng.uniform(-0.3, 0.3)
        kinds: tuple[Array, ...] = (
            a * b,
            np.sin(2 * np.pi * turns * a + phase),
            np.cos(2 * np.pi * (a - b) + phase) if i != j else a**3,
            np.tanh(6 * (a - edge)),
        )
        return kinds[kind]

    return np.column_stack([drawn(i % 4) for i in range(count)])
