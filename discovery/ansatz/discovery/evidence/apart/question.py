"""Which rows no law explains that explains all others? Asked before a search, of ordinary laws, and after it, of what
was found.

A law and rows apart from it stand against the best law of all rows, by the density of the rows: rows are paid for by
how many, which, and where within the range of all errors they lie. Structure comes first: a law sets no rows apart
that leaves more than noise in the others.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ansatz.discovery.evidence.apart.bits import apart_bits, law_bits, unequal_bits
from ansatz.discovery.evidence.apart.far import Fitted, Kept, limit, sizes
from ansatz.discovery.evidence.apart.laws import (
    Formula,
    Law,
    Linear,
    absolute,
    formula_of,
    roots_of,
    spread,
    surrogates,
)
from ansatz.discovery.evidence.exactness import least_mean_square
from ansatz.discovery.evidence.noise import Answer, NoiseQuestion
from ansatz.discovery.evidence.noise.flips import noise_sizes
from ansatz.discovery.evidence.ordinary.fits import Member, members
from ansatz.discovery.expression import Array
from ansatz.discovery.problem.problem import Problem


@dataclass(frozen=True)
class _Apart:
    """Say when rows are set apart. `python -m bench.outliers` holds them.

    Attributes:
        least_rows: with fewer, none is.
        most: share of the rows that may be.
        bits: for rows apart against none.
        rows: that ordinary families are fitted to, drawn by the seed.
        all_rows: that laws are fitted to, drawn by the seed.
        laws: ordinary laws that are looked at closely.
        few_rows: with fewer, a law that sets rows apart must explain nearly all of the others: the rows may be what
            shows that it is wrong.
        explained: share of the others that it must explain; with few rows.
        looks: surrogates that tell whether there is anything to look at.
        gap: between the errors of rows far off a surrogate and all others, beyond which there is: what a surrogate
            misses of a law has none.
        rounds: of fitting a law to the rows kept and telling these anew.
        asked_rows: of which it is asked whether a law leaves noise.
    """

    least_rows: int = 10
    most: float = 0.2
    bits: float = 10.0
    rows: int = 120
    all_rows: int = 2000
    laws: int = 6
    few_rows: int = 100
    explained: tuple[float, float] = (0.5, 0.9)
    looks: int = 3
    gap: float = 1.5
    rounds: int = 8
    asked_rows: int = 1500


_APART: Final = _Apart()


@dataclass(frozen=True, eq=False)
class _Split:
    """A law, the rows that it keeps, how it is fitted to them, and the bits of all."""

    law: Formula
    kept: Kept
    found: Fitted
    bits: float

    def explains(self, problem: Problem) -> bool:
        """Return whether the law explains enough of the rows that it keeps."""
        y = (problem.y * roots_of(problem))[self.kept]
        share = 1 - float(np.sum(self.found.residual[self.kept] ** 2) / max(np.sum((y - y.mean()) ** 2), 1e-300))
        return share > _APART.explained[problem.rows < _APART.few_rows]


def rows_apart(problem: Problem, laws: Sequence[Formula] = ()) -> tuple[int, ...]:
    """Return the rows of a problem, counted from 0, that no law explains which explains the others.

    Laws are ordinary ones, or those given, on the problem.
    """
    if problem.rows < _APART.least_rows or not problem.names:
        return ()
    small = problem.subsample(_APART.all_rows)
    tried = [law.on(small) for law in laws] or _at_hand(small)
    least = math.sqrt(least_mean_square(small)) * small.y_scale
    splits = [s for law in tried if (s := _split(law, small, least)) is not None and not np.all(s.kept)]
    if not splits:
        return ()
    every: list[Law] = [*tried, *surrogates(small)]
    whole = max(_all_rows(law, small, least) for law in every)
    for split in sorted(splits, key=lambda s: -s.bits):
        if split.bits - whole > _APART.bits and split.explains(small) and _leaves_noise(split, small):
            return _of_all(split, small, problem)
    return ()


def rows_far_off(law: Formula, kept: NDArray[np.intp]) -> tuple[int, ...]:
    """Return the rows that lie far off a law fitted to the rows that are kept, counted from 0."""
    problem = law.problem
    mask = np.zeros(problem.rows, dtype=bool)
    mask[kept] = True
    found = law.fitted(mask)
    if found is None:
        return tuple(map(int, np.flatnonzero(~mask)))
    least = math.sqrt(least_mean_square(problem)) * problem.y_scale
    far = sizes(found, mask, problem.X, least) > limit(problem.rows, kept.size - law.constants)
    return tuple(map(int, np.flatnonzero(far)))


def _at_hand(problem: Problem) -> list[Formula]:
    """Return the laws that may set rows apart before anything is searched.

    They are the ordinary laws of all inputs; none where no row lies far off the best smooth surrogates.
    """
    smooth = list(surrogates(problem))
    left = [law.y - law.columns @ (law.columns.T @ law.y) for law in smooth]
    order = np.argsort([float(spread(r, law.constants)) for law, r in zip(smooth, left, strict=True)], kind="stable")
    best = [smooth[i] for i in order[: _APART.looks]]
    least = math.sqrt(least_mean_square(problem)) * problem.y_scale
    if not any(_has_far_rows(law, problem, least) for law in best):
        return []
    return list(_ordinary(problem))


def _has_far_rows(law: Linear, problem: Problem, least: float) -> bool:
    """Return whether a few rows lie far off a surrogate, and far beyond all others."""
    found = law.at_first()
    if found is None:
        return False
    errors = np.abs(found.residual)
    size = max(float(spread(errors, law.constants)), least)
    within = errors <= limit(problem.rows, problem.rows - law.constants) * size
    if np.all(within) or np.count_nonzero(~within) > _APART.most * problem.rows:
        return False
    return bool(errors[~within].min() > _APART.gap * np.max(errors[within], initial=size))


def _ordinary(problem: Problem) -> Iterable[Formula]:
    """Yield the ordinary laws that explain most of the rows best, fitted so that far rows count little."""
    small = problem.subsample(_APART.rows)
    least = math.sqrt(least_mean_square(small)) * small.y_scale
    y = small.y * roots_of(small)
    found: list[tuple[float, Member, int, Array]] = []
    for member in members(small, fewest=len(problem.names)):
        residual = absolute(member.designs, y)
        bits = _rough(residual, member, y, least)
        best = int(np.argmax(bits))
        found.append((float(bits[best]), member, best, residual[best]))
    for _, member, best, residual in sorted(found, key=lambda f: -f[0])[: _APART.laws]:
        yield formula_of(member, member.trials[best], residual, small).on(problem)


def _rough(residual: Array, member: Member, y: Array, least: float) -> Array:
    """Return the bits of each trial, shape (trials,), with the rows apart that lie beyond the limit."""
    n, k = y.size, member.family.constants
    border = limit(n, n - k) * np.maximum(spread(residual, k), least)
    kept = np.abs(residual) <= border[:, None]
    return _bits(kept, residual, k, y, least) - member.bits - member.charges


def _split(law: Formula, problem: Problem, least: float) -> _Split | None:
    """Return a law with the rows that it keeps, once it is fitted to them and would keep the same; None where too many
    are apart."""
    first = law.at_first()
    if first is None:
        return None
    border = limit(problem.rows, problem.rows - law.constants)
    kept: Kept = np.abs(first.residual) <= border * max(float(spread(first.residual, law.constants)), least)
    if not _is_usable(kept, law):
        kept = np.ones(problem.rows, dtype=bool)
    found = None
    for _ in range(_APART.rounds):
        found = law.fitted(kept)
        if found is None:
            return None
        far = limit(problem.rows, int(np.count_nonzero(kept)) - law.constants)
        before, kept = kept, sizes(found, kept, problem.X, least) <= far
        if np.array_equal(before, kept):
            break
        if not _is_usable(kept, law):
            return None
    if found is None:
        return None
    y = problem.y * roots_of(problem)
    bits = float(_bits(kept[None], found.residual[None], law.constants, y, least)[0])
    over = noise_sizes(found.residual[kept], found.slopes[kept], found.prediction[kept])
    return _Split(law, kept, found, bits + unequal_bits(found.residual[kept], over) - law.bits)


def _is_usable(kept: Kept, law: Law) -> bool:
    """Return whether not too many rows are apart, and enough are left for a law."""
    rows = int(np.count_nonzero(kept))
    return rows > law.constants + 1 and kept.size - rows <= _APART.most * kept.size


def _bits(kept: Kept, residual: Array, constants: int, y: Array, least: float) -> Array:
    """Return the bits of rows of which some are kept, by law; `kept` and `residual` are of shape (laws, n)."""
    rows = np.count_nonzero(kept, axis=1).astype(float)
    mean = kept @ y / np.maximum(rows, 1)
    total = np.sum(kept * (y - mean[:, None]) ** 2, axis=1)
    rest = np.sum(kept * residual**2, axis=1)
    floor = np.maximum(rows * least**2, 1e-300)
    width = np.maximum(np.maximum(np.ptp(residual, axis=1), np.ptp(y)), 1e-300)
    most = max(int(_APART.most * y.size), 1)
    told = law_bits(np.maximum(rows, 3), constants, np.maximum(total, floor), np.maximum(rest, floor))
    found: Array = told - apart_bits(y.size, y.size - rows, most, width)
    usable = (rows > constants + 1) & (y.size - rows <= _APART.most * y.size)
    return np.asarray(np.where(usable, found, -np.inf))


def _all_rows(law: Law, problem: Problem, least: float) -> float:
    """Return the bits of a law of all rows."""
    everywhere = np.ones(problem.rows, dtype=bool)
    found = law.fitted(everywhere)
    if found is None or law.constants >= problem.rows - 1:
        return -math.inf
    over = noise_sizes(found.residual, found.slopes, found.prediction)
    y = problem.y * roots_of(problem)
    told = float(_bits(everywhere[None], found.residual[None], law.constants, y, least)[0])
    return told + unequal_bits(found.residual, over) - law.bits


def _leaves_noise(split: _Split, problem: Problem) -> bool:
    """Return whether a law leaves no structure in the rows that it keeps."""
    kept = np.flatnonzero(split.kept)
    kept = kept[np.sort(np.unique(np.column_stack([problem.X, problem.y])[kept], axis=0, return_index=True)[1])]
    if kept.size > _APART.asked_rows:
        kept = kept[:: math.ceil(kept.size / _APART.asked_rows)]
    question = NoiseQuestion(problem.rows_only(kept))
    roots = roots_of(problem)[kept]
    verdict = question.verdict(split.found.prediction[kept] / roots, split.found.slopes[kept] / roots[:, None])
    return verdict.answer is not Answer.STRUCTURE


def _of_all(split: _Split, small: Problem, problem: Problem) -> tuple[int, ...]:
    """Return the rows of the whole problem that are apart from a law fitted to some of its rows."""
    if small is problem:
        return tuple(map(int, np.flatnonzero(~split.kept)))
    found = split.law.fit(split.kept).on(problem).at_first()
    if found is None:
        return ()
    least = math.sqrt(least_mean_square(problem)) * problem.y_scale
    far = limit(problem.rows, problem.rows - split.law.constants)
    kept = np.abs(found.residual) <= far * max(float(spread(found.residual, split.law.constants)), least)
    apart = np.flatnonzero(sizes(found, kept, problem.X, least) > far)
    return tuple(map(int, apart)) if apart.size <= _APART.most * problem.rows else ()
