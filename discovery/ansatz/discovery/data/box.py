"""A box of inputs: the values that each may take, and points in it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import Final

import numpy as np

from ansatz.discovery.errors import InvalidInputError, Violation
from ansatz.discovery.expression import Array

MAX_SIZE: Final = 1e100
MIN_SIZE: Final = 1e-100
"""Of the largest value of what curves and motions are about: of smaller ones squares are no numbers."""


@dataclass(frozen=True)
class _Points:
    """Say which points of a box are tried. Chosen by judgement.

    Attributes:
        ratio: upper over lower limit from which points are even in the logarithm.
        corner_inputs: inputs of which all corners are tried, at most: 64 of six.
    """

    ratio: float = 100.0
    corner_inputs: int = 6


_POINTS: Final = _Points()


@dataclass(frozen=True)
class Interval:
    """The values from `lower` to `upper`, both included, in the input's unit; lower ≤ upper."""

    lower: float
    upper: float

    @property
    def spans_decades(self) -> bool:
        """Return whether it has one sign and spans two decades or more: its points are then even in the logarithm."""
        low, high = sorted((abs(self.lower), abs(self.upper)))
        return self.lower * self.upper > 0 and high >= _POINTS.ratio * low

    def at(self, shares: Array) -> Array:
        """Return the points at shares in [0, 1] of the way from lower to upper."""
        if self.spans_decades:
            sign = math.copysign(1.0, self.lower)
            low, high = math.log(abs(self.lower)), math.log(abs(self.upper))
            # The ends themselves are kept to the last digit.
            inner: Array = sign * np.exp(low + (high - low) * shares)
        else:
            inner = self.lower + (self.upper - self.lower) * shares
        return np.where(shares == 0, self.lower, np.where(shares == 1, self.upper, inner))

    def shares(self, values: Array) -> Array:
        """Return how far values lie on the way from lower to upper: the inverse of `at`; 0 in an interval of one
        value."""
        if self.spans_decades:
            values, lower, upper = np.log(np.abs(values)), math.log(abs(self.lower)), math.log(abs(self.upper))
        else:
            lower, upper = self.lower, self.upper
        return np.asarray((values - lower) / (upper - lower)) if upper != lower else np.zeros(values.size)


@dataclass(frozen=True)
class Box:
    """An interval for each input, by name. Raises InvalidInputError, with every violation found."""

    intervals: Mapping[str, Interval]

    def __post_init__(self) -> None:
        violations = [v for name, interval in self.intervals.items() for v in _violations(name, interval)]
        if violations:
            raise InvalidInputError(violations)

    @classmethod
    def of(cls, limits: Mapping[str, tuple[float, float]]) -> Box:
        return cls({name: Interval(lower, upper) for name, (lower, upper) in limits.items()})

    def points(self, count: int, seed: int) -> dict[str, Array]:
        """Return points of the box, as columns.

        They are its middle, its corners (of up to six inputs) and `count` points of a Latin hypercube (McKay 1979),
        even in the logarithm where an interval spans decades.
        """
        names = list(self.intervals)
        rng = np.random.default_rng(seed)
        strata = np.column_stack([rng.permutation(count) for _ in names]) if names else np.empty((count, 0))
        shares = np.vstack([*_corners(len(names)), (strata + rng.random(strata.shape)) / count])
        return {name: self.intervals[name].at(shares[:, j]) for j, name in enumerate(names)}


def _corners(inputs: int) -> list[Array]:
    middle = np.full((1, inputs), 0.5)
    if not 0 < inputs <= _POINTS.corner_inputs:
        return [middle]
    return [middle, np.array(list(product((0.0, 1.0), repeat=inputs)))]


def _violations(name: str, interval: Interval) -> list[Violation]:
    field, lower, upper = f"box[{name[:80]!r}]", interval.lower, interval.upper
    if not (abs(lower) <= MAX_SIZE and abs(upper) <= MAX_SIZE):  # not a number neither
        return [Violation(field, f"is {lower:g} to {upper:g}; give finite limits within ±{MAX_SIZE:g}")]
    if lower > upper:
        return [Violation(field, f"is {lower:g} to {upper:g}; give the lower limit first")]
    return []


__all__ = ["Box", "Interval"]
