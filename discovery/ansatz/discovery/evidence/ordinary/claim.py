"""Is there a law at all? Decided by all ordinary laws together against the constant, not by the best of them.

Families that say the same share one bet, so that forty of them do not make forty (a mixture: its mean Bayes factor in
noise is 1). Against heavy tails, and noise that grows with an input, the same sum is taken of the target's values in
other orders and with other signs.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from ansatz.discovery.evidence.bayes_factor import against_constant
from ansatz.discovery.evidence.exactness import least_mean_square
from ansatz.discovery.evidence.ordinary.fits import Member, members
from ansatz.discovery.expression import Array
from ansatz.discovery.problem.problem import Problem


@dataclass(frozen=True)
class _Rule:
    """Say when a law is claimed. `python -m bench.verdicts --parts noise laws` holds it.

    Attributes:
        law_bits: bits for "some law" against "the constant" above which a law is claimed: the 95 % point in Gaussian
            noise is 0.6 to 0.9 for 6 to 200 rows and 1 to 4 inputs.
        orders: random orders, and flips of signs, of the target that are looked at.
        most_orders: of them that may show as much: one in twenty.
        most_flips: of them that may, beside orders. They see that the size of the noise follows an input, of which
            orders know nothing; asked as strictly as those they cost a quarter of the laws on ten rows.
        rows: of a table that are looked at, at most.
        plain_bits: above which a formula of the search is a law without further questions, its best row left out.
        few_rows: with fewer each counts for much in every law, and that a law rests on one is told only where the
            orders are against it, too.
    """

    law_bits: float = 1.0
    orders: int = 99
    most_orders: int = 4
    most_flips: int = 16
    rows: int = 600
    plain_bits: float = 25.0
    few_rows: int = 15


RULE: Final = _Rule()


@dataclass(frozen=True, eq=False)
class Tree:
    """A formula that a search found, as a claim needs it.

    Attributes:
        constants: how many it has, hidden ones included.
        bits: of its form.
        prediction: its values, shape (n,).
        ordinary: whether it is an ordinary law, which the dictionary has already.
    """

    constants: int
    bits: float
    prediction: Array
    ordinary: bool = False


@dataclass(frozen=True)
class Claim:
    """Whether there is a law.

    Attributes:
        bits: for "some law" against "the constant".
        is_law: whether they are enough, and do not rest on the tails of the noise.
        single_rows: rows, counted from 0, without which there would not be bits enough.
    """

    bits: float
    is_law: bool
    single_rows: tuple[int, ...] = ()


def claim(problem: Problem, trees: Sequence[Tree]) -> Claim:
    """Return whether the problem's target shows a law: an ordinary one, or one of the formulas that a search found."""
    found = [_alone(problem, tree) for tree in trees]
    plain = [without for _, without in found]
    if plain and max(plain) > RULE.plain_bits:
        return Claim(max(with_all for with_all, _ in found), True)
    small = problem.subsample(RULE.rows)
    ordinary = _mixture(small)
    others = [with_all for tree, (with_all, _) in zip(trees, found, strict=True) if not tree.ordinary]
    bits = float(np.logaddexp2.reduce([ordinary[0], *others]))
    if bits <= RULE.law_bits:
        return Claim(bits, False)
    weighted = problem.weights is not None
    by_order = ordinary[0] > RULE.law_bits and _is_seldom(ordinary, weighted)
    # Orders say nothing of weighted rows, so ordinary laws are looked at without their best row, too.
    by_row = _enough(b for tree, (_, b) in zip(trees, found, strict=True) if weighted or not tree.ordinary)
    lasting = _enough(plain) or (by_order and problem.rows < RULE.few_rows)
    return Claim(bits, by_order or by_row, () if lasting else _rests_on(problem, trees))


def _enough(bits: Iterable[float]) -> bool:
    """Return whether formulas together are bits enough for a law."""
    return float(np.logaddexp2.reduce([-math.inf, *bits])) > RULE.law_bits


def ordinary_bits(problem: Problem, targets: Array, families: Iterable[Member]) -> Array:
    """Return the bits for "some ordinary law" against "the constant" of each target, shape (n, m): shape (m,)."""
    roots = np.ones(problem.rows) if problem.weights is None else np.sqrt(problem.weights)
    weights = roots**2
    total = np.sum(weights[:, None] * (targets - weights @ targets / weights.sum()) ** 2, axis=0)
    weighted = targets * roots[:, None]
    whole = np.sum(weighted**2, axis=0)
    floor = max(least_mean_square(problem) * problem.rows * problem.y_scale**2, 1e-300)
    evidence, prior = [], []
    for member in families:
        explained = member.explained(weighted)
        if not member.family.waves:
            explained = explained.max(axis=0, keepdims=True)
        halvings = np.log2(np.maximum(total, 1e-300) / np.maximum(whole - explained, floor))
        told = against_constant(problem.rows, member.family.constants, halvings)
        if member.family.waves:
            told = told - member.charges[:, None]
        evidence.append(told.max(axis=0))
        prior.append(-member.bits)
    if not evidence:
        return np.full(targets.shape[1], -np.inf)
    weight = np.array(prior) - np.logaddexp2.reduce(prior)
    found: Array = np.logaddexp2.reduce(np.array(evidence) + weight[:, None], axis=0)
    return found


def _is_seldom(ordinary: Array, weighted: bool) -> bool:
    """Return whether few orders, and few flips of signs, show as much as the target itself. Values of rows of other
    weights cannot change places, so flips must do alone there."""
    orders, flips = np.count_nonzero(ordinary[1:].reshape(2, RULE.orders) >= ordinary[0], axis=1)
    if weighted:
        return bool(flips <= RULE.most_orders)
    return bool(orders <= RULE.most_orders and flips <= RULE.most_flips)


def _mixture(problem: Problem) -> Array:
    """The bits for the target as it is, for 99 orders of its values, and for 99 flips of their signs about their
    middle, shape (199,). Orders know nothing of noise that grows with an input; flips keep its size row by row."""
    rng = np.random.default_rng(problem.seed)
    middle = float(np.median(problem.y))
    signs = rng.integers(0, 2, (problem.rows, RULE.orders)) * 2.0 - 1.0
    orders = [problem.y, *(rng.permutation(problem.y) for _ in range(RULE.orders))]
    targets = np.column_stack([*orders, middle + (problem.y - middle)[:, None] * signs])
    return ordinary_bits(problem, targets, members(problem))


def _squares(problem: Problem, prediction: Array) -> Array:
    """Weighted squared errors over the scale of the target, shape (n,)."""
    squares = ((problem.y - prediction) / problem.y_scale) ** 2
    return squares if problem.weights is None else squares * problem.weights


def _about_mean(problem: Problem) -> Array:
    """Weighted squared errors of the mean, shape (n,)."""
    return _squares(problem, np.full(problem.rows, np.average(problem.y, weights=problem.weights)))


def _alone(problem: Problem, tree: Tree) -> tuple[float, float]:
    """Bits for one formula, and without the row that gains most by it, the formula not fitted anew."""
    total, rest = _about_mean(problem), _squares(problem, tree.prediction)
    kept = np.delete(np.arange(problem.rows), _gains_most(problem, tree))
    fewer = _about_mean(problem.rows_only(kept)) * (problem.rows_only(kept).y_scale / problem.y_scale) ** 2
    least = least_mean_square(problem)
    return _told(tree, total, rest, least), _told(tree, fewer, rest[kept], least)


def _gains_most(problem: Problem, tree: Tree) -> int:
    return int(np.argmax(_about_mean(problem) - _squares(problem, tree.prediction)))


def _told(tree: Tree, total: Array, rest: Array, least: float) -> float:
    floor = least * rest.size
    halvings = np.log2(max(float(total.sum()), floor) / max(float(rest.sum()), floor))
    return float(against_constant(rest.size, tree.constants, halvings)) - tree.bits


def _rests_on(problem: Problem, trees: Sequence[Tree]) -> tuple[int, ...]:
    """The row that gains most by the best formula."""
    if not trees:
        return ()
    return (_gains_most(problem, max(trees, key=lambda tree: _alone(problem, tree)[0])),)
