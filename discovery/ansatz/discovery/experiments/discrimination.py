"""Which experiments tell rival formulas apart: design for discrimination between models.

(Box & Hill 1967; Atkinson & Fedorov 1975; by the Bhattacharyya bound, Kailath 1967, on the probability of naming the
wrong one.) A rival predicts a Gaussian: its value, with the variance of the noise and of what the data leave open of
its constants. For two rivals i and j and a set of experiments S the bound falls with exp(-d²/8). There d² is the
squared difference of their predictions on S in the metric of their mean covariance. So constants that could be refitted
to make up for the difference, and experiments that would tell the same again, count for what they are worth.

No rival is taken to be exact (model inadequacy, Kennedy & O'Hagan 2001). A tenth of the difference is put down to it,
alike for experiments near each other, so that experiments spread where a place has told what it can.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ansatz.discovery.expression import Array, Node, values_and_jacobian
from ansatz.discovery.expression.numbers import free_positions
from ansatz.discovery.problem.problem import Problem


@dataclass(frozen=True)
class _Rivals:
    """Say how differences of rivals are weighed. Chosen by judgement.

    Attributes:
        largest: difference, in standard deviations: beside larger ones 1 would be lost to rounding.
        inexact: share of a difference that neither rival may be right about.
        reach: share of the box within which a rival is wrong alike.
        loose: a direction of the constants that the data hold this much less than the best counts as held that much.
    """

    largest: float = 1e5
    inexact: float = 0.1
    reach: float = 0.25
    loose: float = 1e-6


_RIVALS: Final = _Rivals()


@dataclass(frozen=True, eq=False)
class Predictions:
    """Hold what a rival predicts at m points.

    `values`, shape (m,), are NaN where it is not defined. The product of `spread`, shape (m, k), with its transpose is
    the covariance that unsettled constants leave.
    """

    values: Array
    spread: Array


def predictions(formula: Node, data: Problem, row_std: Array, points: Problem) -> Predictions:
    """Return what a formula that was fitted on the rows of `data`, with noise `row_std`, shape (n,), predicts at
    `points`."""
    free = free_positions(formula)
    values, slopes = values_and_jacobian(formula, points.columns, points.rows, free)
    if not free:
        return Predictions(values, np.zeros((points.rows, 0)))
    _, jacobian = values_and_jacobian(formula, data.columns, data.rows, free)
    scaled = np.nan_to_num(jacobian / row_std[:, None], posinf=0.0, neginf=0.0)
    norms = np.linalg.norm(scaled, axis=0)
    norms[norms == 0] = 1.0
    _, singular, vt = np.linalg.svd(scaled / norms, full_matrices=len(free) > data.rows)
    held = np.zeros(len(free))
    held[: singular.size] = singular
    root = vt.T / np.maximum(held, max(_RIVALS.loose * float(held[0]), 1e-300))
    with np.errstate(all="ignore"):
        spread = (slopes / norms) @ root
    return Predictions(values, spread)


class Design:
    """Choose experiments one after the other from m candidate points.

    Arguments of the constructor: `log_weights`, shape (r,), are the natural logarithms of the rivals' probabilities.
    `point_std`, shape (m,), is the noise at the points. `places`, shape (m, d), are their places in the unit cube.
    `allowed`, shape (m,), says which of them may be chosen.
    """

    def __init__(
        self,
        rivals: Sequence[Predictions],
        log_weights: Array,
        point_std: Array,
        places: Array,
        allowed: NDArray[np.bool_],
    ) -> None:
        self._pairs = list(combinations(range(len(rivals)), 2))
        self._log_weights = np.array([0.5 * (log_weights[i] + log_weights[j]) for i, j in self._pairs])
        self._values = [rival.values / point_std for rival in rivals]
        self._spreads = [_bounded(rival.spread / point_std[:, None]) * np.sqrt(0.5) for rival in rivals]
        self._places, self._allowed = places, allowed
        self._chosen: list[int] = []
        self.squared = np.zeros(len(self._pairs))

    def choose(self) -> tuple[int, tuple[int, int], float]:
        """Return the next point: its row, the two rivals that it helps most to tell apart, and how far these lie apart
        on all experiments so far, in standard deviations."""
        gains = np.array([self._gain(i, j) for i, j in self._pairs])
        bound = _log_sum(self._log_weights[:, None] - (self.squared[:, None] + gains) / 8)
        # Where the bound is as low at several points, the one that separates more.
        order = np.lexsort((-np.sum(np.log1p(gains), axis=0), bound, ~self._allowed))
        row = int(order[0])
        doubt = self._log_weights - self.squared / 8
        relief = np.exp(doubt - doubt.max()) * -np.expm1(-gains[:, row] / 8)
        self.squared = self.squared + gains[:, row]
        self._chosen.append(row)
        pair = int(np.argmax(relief))
        return row, self._pairs[pair], float(np.sqrt(self.squared[pair]))

    def separation(self, i: int, j: int) -> float:
        """Return how far rivals i < j lie apart on all experiments so far, in standard deviations."""
        return float(np.sqrt(self.squared[self._pairs.index((i, j))]))

    def _gain(self, i: int, j: int) -> Array:
        """Return what each point would add to the squared separation of two rivals, shape (m,)."""
        difference = _bounded(self._values[i] - self._values[j])
        defined = np.isfinite(difference)
        difference = np.where(defined, difference, 0.0)
        spread = np.where(defined[:, None], np.hstack([self._spreads[i], self._spreads[j]]), 0.0)
        inexact = _RIVALS.inexact * difference
        variance = 1.0 + np.sum(spread**2, axis=1) + inexact**2
        if not self._chosen:
            return np.asarray(difference**2 / variance)
        across = spread[self._chosen] @ spread.T + self._nearness() * np.outer(inexact[self._chosen], inexact)
        covariance = np.eye(len(self._chosen)) + across[:, self._chosen]
        solved = np.linalg.solve(covariance, np.column_stack([across, difference[self._chosen]]))
        news = difference - across.T @ solved[:, -1]
        return np.asarray(news**2 / np.maximum(variance - np.sum(across * solved[:, :-1], axis=0), 1e-9 * variance))

    def _nearness(self) -> Array:
        """Return of each chosen point to each point: 1 at the same place, near 0 beyond half of the box."""
        apart = self._places[self._chosen][:, None, :] - self._places[None, :, :]
        return np.asarray(np.exp(-0.5 * np.sum((apart / _RIVALS.reach) ** 2, axis=2)))


def _bounded(values: Array) -> Array:
    """Return differences, in standard deviations, cut so that beside them 1 is not lost to rounding; NaN stays."""
    return np.clip(values, -_RIVALS.largest, _RIVALS.largest)


def _log_sum(logs: Array) -> Array:
    """Return log(sum(exp)) over the first axis."""
    top = logs.max(axis=0)
    return np.asarray(top + np.log(np.sum(np.exp(logs - top), axis=0)))
