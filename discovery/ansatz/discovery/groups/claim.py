"""Is there a law at all in grouped data? Decided against a constant for all, and against a constant for each group.

As for a table (`evidence.ordinary.claim`), all ordinary laws share one bet, and every structure that a search found
adds to it. A law has its constants shared, or a level for each group, or its linear constants, or all of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from ansatz.discovery.evidence.bayes_factor import against_constant, step
from ansatz.discovery.evidence.exactness import least_mean_square
from ansatz.discovery.evidence.ordinary.claim import RULE, Claim
from ansatz.discovery.evidence.ordinary.fits import Member, members
from ansatz.discovery.expression import Array
from ansatz.discovery.groups.problem import GroupedProblem


@dataclass(frozen=True)
class _Guard:
    """Say what is spent on a claim; `python -m bench.grouped` holds it.

    Attributes:
        orders: of the target's values, and flips of their signs, that must not show as much.
        most_as_good: of these that may.
        rows: that are looked at, at most.
        groups: that are looked at, the largest.
        plain: bits of one structure, without the row that gains most, that need no further look.
        few: rows below which each counts for much in every law.
    """

    orders: int = 99
    most_as_good: int = 1
    rows: int = 400
    groups: int = 12
    plain: float = 25.0
    few: int = 15


_GUARD: Final = _Guard()
_ALL_SHARED, _OWN_LEVEL, _OWN_LINEAR, _ALL_OWN = 1.0, 2.0, 3.0, 3.0
"""Bits for how the constants of an ordinary law are shared: their weights are half, a quarter, and two eighths."""
_LEVEL_BITS: Final = 1.0
_INDEPENDENT: Final = 1e-10


@dataclass(frozen=True, eq=False)
class Found:
    """A structure that a search found: how many constants it has, bits of its form, and its values, shape (n,)."""

    constants: int
    bits: float
    prediction: Array


def claim(problem: GroupedProblem, structures: Sequence[Found]) -> Claim:
    """Return whether the target shows a law of its inputs; `structures` predict all rows of the problem."""
    found = [_alone(problem, s) for s in structures]
    plain = [without for _, without in found]
    if plain and max(plain) > _GUARD.plain:
        return Claim(max(with_all for with_all, _ in found), True)
    largest = np.sort(np.argsort(-problem.sizes, kind="stable")[: _GUARD.groups])
    ordinary = _Ordinary(problem.groups_only(largest).subsample(_GUARD.rows)).bits
    bits = float(np.logaddexp2.reduce([ordinary[0], *(with_all for with_all, _ in found)]))
    if bits <= RULE.law_bits:
        return Claim(bits, False)
    as_good = np.count_nonzero(ordinary[1:].reshape(2, _GUARD.orders) >= ordinary[0], axis=1)
    by_order = ordinary[0] > RULE.law_bits and problem.problem.weights is None
    by_order = by_order and bool(np.all(as_good <= _GUARD.most_as_good))
    by_row = bool(plain) and float(np.logaddexp2.reduce(plain)) > RULE.law_bits
    return Claim(bits, by_order or by_row)


@dataclass(frozen=True, eq=False)
class _Levels:
    """What a constant for all, and one for each group, leave of targets; all weighted by rows.

    Attributes:
        problem: the rows.
        targets: shape (n, m), times the roots of the weights.
        floor: the least sum of squares that counts.
    """

    problem: GroupedProblem
    targets: Array
    floor: float

    @cached_property
    def of_all(self) -> Array:
        """What the mean leaves, shape (m,)."""
        unit = self.roots / np.linalg.norm(self.roots)
        left: Array = np.maximum(np.sum(self.targets**2, axis=0) - (unit @ self.targets) ** 2, self.floor)
        return left

    @cached_property
    def rest(self) -> Array:
        """The targets without the mean of each group, shape (n, m)."""
        return self.without_levels(self.targets)

    @cached_property
    def of_each(self) -> Array:
        left: Array = np.maximum(np.sum(self.rest**2, axis=0), self.floor)
        return left

    @cached_property
    def roots(self) -> Array:
        weights = self.problem.problem.weights
        return np.ones(self.problem.problem.rows) if weights is None else np.sqrt(weights)

    def without_levels(self, columns: Array) -> Array:
        """Return columns, shape (n, …), without what a level for each group takes."""
        roots = self.roots.reshape(-1, *[1] * (columns.ndim - 1))
        means = self.problem.by_group(roots * columns) / self.problem.by_group(roots**2)
        found: Array = columns - roots * means[self.problem.index]
        return found

    @cached_property
    def evidence(self) -> Array:
        """Of a level for each group against one for all, shape (m,)."""
        halvings = np.log2(self.of_all / self.of_each)
        return against_constant(self.problem.problem.rows, self.problem.groups, halvings)

    @cached_property
    def null(self) -> Array:
        """The better of both, in bits beside one level for all."""
        return np.maximum(self.evidence - _LEVEL_BITS, 0.0)

    def told(self, constants: int, rest: Array) -> Array:
        """Return the evidence of laws of so many constants that leave these sums of squares, through the levels of the
        groups where that is better."""
        rest, n = np.maximum(rest, self.floor), self.problem.problem.rows
        found = against_constant(n, constants, np.log2(self.of_all / rest))
        more = constants - self.problem.groups
        if more <= 0:
            return found
        through = self.evidence + step(more, n - constants, np.log2(self.of_each / rest))
        better: Array = np.maximum(found, through)
        return better


def _levels(problem: GroupedProblem, targets: Array) -> _Levels:
    inner = problem.problem
    roots = np.ones(inner.rows) if inner.weights is None else np.sqrt(inner.weights)
    floor = max(least_mean_square(inner) * inner.rows * inner.y_scale**2, 1e-300)
    return _Levels(problem, targets * roots[:, None], floor)


def _alone(problem: GroupedProblem, structure: Found) -> tuple[float, float]:
    """Bits for one structure, and without the row that gains most by it, nothing fitted anew."""
    levels = _levels(problem, problem.problem.y[:, None])
    squares = ((problem.problem.y - structure.prediction) * levels.roots) ** 2
    mean = np.average(problem.problem.y, weights=problem.problem.weights)
    by_all, by_each = ((problem.problem.y - mean) * levels.roots) ** 2, levels.rest[:, 0] ** 2
    gains = (by_each if levels.null[0] > 0 else by_all) - squares
    kept = np.delete(np.arange(problem.problem.rows), int(np.argmax(gains)))
    fewer = problem.rows_only(kept)
    return _told_alone(levels, squares, structure), _told_alone(
        _levels(fewer, fewer.problem.y[:, None]), squares[kept], structure
    )


def _told_alone(levels: _Levels, squares: Array, structure: Found) -> float:
    told = levels.told(structure.constants, np.array([squares.sum()])) - levels.null
    return float(told[0]) - structure.bits


class _Ordinary:
    """All ordinary laws together, on a target beside its values in other orders and with other signs."""

    def __init__(self, problem: GroupedProblem) -> None:
        self._problem = problem
        self._levels = _levels(problem, _targets(problem))

    @property
    def bits(self) -> Array:
        """Bits for "some ordinary law" against both constants: of the target, of orders, and of flips, (199,)."""
        evidence: list[Array] = []
        prior: list[float] = []
        for member in members(self._problem.problem):
            for bits, found in self._told(member):
                evidence.append(found)
                prior.append(-member.bits - bits)
        if not evidence:
            return np.full(self._levels.targets.shape[1], -np.inf)
        weight = np.array(prior) - np.logaddexp2.reduce(prior)
        together = np.logaddexp2.reduce(np.array(evidence) + weight[:, None], axis=0)
        left: Array = together - self._levels.null
        return left

    def _told(self, member: Member) -> Iterator[tuple[float, Array]]:
        """Yield bits and evidence of each way to share a family's constants; ways that need more rows are left out."""
        levels, family, G = self._levels, member.family, self._problem.groups
        y, whole = levels.targets, np.sum(levels.targets**2, axis=0)
        yield _ALL_SHARED, self._best(member, family.constants, whole - _explained(member.designs, y))
        level = 0 if "1" in family.terms else 1
        designs = _orthonormal(np.stack([levels.without_levels(d) for d in member.designs]))
        own_level = G + family.constants - 1 + level
        yield _OWN_LEVEL, self._best(member, own_level, levels.of_each - _explained(designs, levels.rest))
        parts = [
            _explained(_orthonormal(d), part)
            for d, part in zip(
                np.split(member.designs, self._problem.starts[1:], axis=1),
                np.split(y, self._problem.starts[1:]),
                strict=True,
            )
        ]
        own_linear = G * len(family.terms) + family.bent
        if own_linear + 1 < self._problem.problem.rows:
            yield _OWN_LINEAR, self._best(member, own_linear, whole - sum(parts))
        all_own = G * family.constants
        if family.bent and not family.waves and all_own + 1 < self._problem.problem.rows:
            most = np.sum([part.max(axis=0) for part in parts], axis=0)
            yield _ALL_OWN, levels.told(all_own, whole - most)

    def _best(self, member: Member, constants: int, rest: Array) -> Array:
        """Return the evidence of the best trial; `rest` is of shape (trials, m)."""
        if not member.family.waves:
            return self._levels.told(constants, rest.min(axis=0))
        told = np.array([self._levels.told(constants, r) for r in rest]) - member.charges[:, None]
        found: Array = told.max(axis=0)
        return found


def _targets(problem: GroupedProblem) -> Array:
    """The target, 99 orders of its values, and 99 flips of their signs, shape (n, 199).

    The groups' means change places, and so do the values about them within each group; or their signs change.
    """
    inner, rng = problem.problem, np.random.default_rng(problem.problem.seed)
    means = problem.by_group(inner.y) / problem.sizes
    rest, middle = inner.y - means[problem.index], float(np.median(means))
    found = [inner.y]
    for _ in range(_GUARD.orders):
        order = np.lexsort((rng.random(inner.rows), problem.index))
        found.append(rng.permutation(means)[problem.index] + rest[order])
    for _ in range(_GUARD.orders):
        signs = rng.integers(0, 2, inner.rows) * 2.0 - 1.0
        of_groups = rng.integers(0, 2, problem.groups) * 2.0 - 1.0
        found.append(middle + (of_groups * (means - middle))[problem.index] + signs * rest)
    return np.column_stack(found)


def _orthonormal(columns: Array) -> Array:
    """Return orthonormal columns for each trial, shape (trials, n, terms); those that the former hold are zero."""
    norms = np.linalg.norm(columns, axis=1, keepdims=True)
    unit = columns / np.where(norms > _INDEPENDENT, norms, np.inf)
    q, triangle = np.linalg.qr(unit)
    found: Array = q * (np.abs(np.diagonal(triangle, axis1=1, axis2=2)) > _INDEPENDENT)[:, None, :]
    return found


def _explained(designs: Array, targets: Array) -> Array:
    """Return the sum of squares that each trial explains of targets, shape (n, m): shape (trials, m)."""
    trials, n, terms = designs.shape
    flat = np.ascontiguousarray(designs.transpose(0, 2, 1)).reshape(trials * terms, n)
    found: Array = ((flat @ targets) ** 2).reshape(trials, terms, -1).sum(axis=1)
    return found
