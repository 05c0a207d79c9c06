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
from ansatz.discovery.evidence.apart.laws import Formula, Law, absolute, formula_of, roots_of, spread, surrogates
from ansatz.discovery.evidence.exactness import least_mean_square
from ansatz.discovery.evidence.noise import Answer, NoiseQuestion
from ansatz.discovery.evidence.noise.flips import noise_sizes
from ansatz.discovery.evidence.ordinary.fits import Member, members
from ansatz.discovery.expression import Array, Node
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
        rounds: of fitting a law to the rows kept and telling these anew.
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
    rounds: int = 8


_APART: Final = _Apart()


@dataclass(frozen=True, eq=False)
class _Split:
    """A law, the rows that it keeps, its formula fitted to them, and the bits of all."""

    law: Formula
    formula: Node
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
    if not laws and not _stick_out(small):
        return ()
    least = math.sqrt(least_mean_square(small)) * small.y_scale
    tried: list[Formula] = [law.on(small) for law in laws] or list(_ordinary(small))
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


def _stick_out(problem: Problem) -> bool:
    """Return whether rows lie far off smooth surrogates: cheap, and often where they are not to be set apart."""
    least = math.sqrt(least_mean_square(problem)) * problem.y_scale
    smooth = list(surrogates(problem))
    left = [law.y - law.columns @ (law.columns.T @ law.y) for law in smooth]
    ranked = sorted((float(spread(r, law.constants)), i) for i, (law, r) in enumerate(zip(smooth, left, strict=True)))
    for _, i in ranked[: _APART.looks]:
        law = smooth[i]
        residual = absolute(law.columns[None], law.y)[0]
        size = max(float(spread(residual, law.constants)), least)
        if float(np.max(np.abs(residual))) > limit(problem.rows, problem.rows - law.constants) * size:
            return True
    return False


def _ordinary(problem: Problem) -> Iterable[Formula]:
    """Yield the ordinary laws that explain most of the rows best, fitted so that far rows count little."""
    small = problem.subsample(_APART.rows)
    least = math.sqrt(least_mean_square(small)) * small.y_scale
    y = small.y * roots_of(small)
    found: list[tuple[float, Member, int, Array]] = []
    for member in members(small):
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
    kept, formula, found = _kept_at_first(law, problem), law.formula, None
    for _ in range(_APART.rounds):
        formula = law.fit(kept)
        found = law.at(formula)
        degrees = int(np.count_nonzero(kept)) - law.constants
        if found is None or degrees < 1:
            return None
        before, kept = kept, sizes(found, kept, problem.X, least) <= limit(problem.rows, degrees)
        if np.array_equal(before, kept):
            break
        if np.count_nonzero(~kept) > _APART.most * problem.rows or np.count_nonzero(kept) <= law.constants + 1:
            return None
    if found is None:
        return None
    y = problem.y * roots_of(problem)
    bits = float(_bits(kept[None], found.residual[None], law.constants, y, least)[0])
    over = noise_sizes(found.residual[kept], found.slopes[kept], found.prediction[kept])
    bits += unequal_bits(found.residual[kept], over)
    return _Split(law, formula, kept, found, bits - law.bits)


def _kept_at_first(law: Formula, problem: Problem) -> Kept:
    """Return the rows that a law keeps at first: those within the limit of the middle of its errors as it stands."""
    everywhere = np.ones(problem.rows, dtype=bool)
    found = law.at(law.formula)
    if found is None:
        return everywhere
    size = float(spread(found.residual, law.constants))
    kept: Kept = np.abs(found.residual) <= max(limit(problem.rows, problem.rows - law.constants) * size, 1e-300)
    return kept if np.count_nonzero(~kept) <= _APART.most * problem.rows else everywhere


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
    question = NoiseQuestion(problem.rows_only(np.flatnonzero(split.kept)))
    return question.of(split.formula, split.law.marks).answer is not Answer.STRUCTURE


def _of_all(split: _Split, small: Problem, problem: Problem) -> tuple[int, ...]:
    """Return the rows of the whole problem that are apart from a law fitted to some of its rows."""
    if small is problem:
        return tuple(map(int, np.flatnonzero(~split.kept)))
    law = split.law.on(problem, split.formula)
    found = law.at(law.formula)
    if found is None:
        return ()
    least = math.sqrt(least_mean_square(problem)) * problem.y_scale
    kept = np.abs(found.residual) <= limit(problem.rows, problem.rows) * float(spread(found.residual, law.constants))
    kept = sizes(found, kept, problem.X, least) <= limit(problem.rows, int(np.count_nonzero(kept)) - law.constants)
    apart = np.flatnonzero(~kept)
    return tuple(map(int, apart)) if apart.size <= _APART.most * problem.rows else ()
