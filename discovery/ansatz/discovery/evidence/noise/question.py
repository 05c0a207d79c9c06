"""Is what a formula leaves only noise? One question with three answers: noise, structure, too few rows to tell.

The residual is looked at along each input, in curves and waves of each, in pairs, through a smooth surrogate and
through a kernel of all inputs at once (`looks`). What is large is told by the same looks at the residual with signs
flipped at random (wild randomisation: Liu 1988; Davidson & Flachaire 2008), which keeps the size of the noise row by
row. How much would have been seen is told by structures put there on trial.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ansatz.discovery.evidence.description_length import is_exact
from ansatz.discovery.evidence.noise.alike import rows_alike
from ansatz.discovery.evidence.noise.flips import Flipped, Residual
from ansatz.discovery.evidence.noise.many_rows import MOST_ROWS, score_p_value
from ansatz.discovery.evidence.noise.rows import Rows
from ansatz.discovery.expression import Array, Node
from ansatz.discovery.expression.numbers import free_positions
from ansatz.discovery.fit.constants import values_and_slopes
from ansatz.discovery.fit.marks import UNMARKED, Marks
from ansatz.discovery.problem.problem import Problem
from ansatz.discovery.report.report import ResidualVerdict

_LEAST_SPARE: Final = 5
LEVEL: Final = 0.01
"""Rate at which noise is called structure."""
ENOUGH_SIGHT: Final = 0.5
"""Share of structures as large as the noise that must be seen on these rows before nothing seen means noise."""


class Answer(Enum):
    """What a residual is."""

    NOISE = "noise"
    STRUCTURE = "structure"
    TOO_FEW_ROWS = "too few rows to tell"


@dataclass(frozen=True)
class Effort:
    """How much is spent on one question.

    Attributes:
        first_flips, flips, more_flips: random signs for the null distribution, more of them the less plain it is.
        plain: the p-values beyond which the first are enough, lowest and highest.
        near: the p-values near the level, within which the second are not.
        trials: structures put on trial for the sight.
        rows: at most so many rows are looked at with flips.
        blind_rows: with fewer rows to spare, nothing seen means nothing.
        sight_rows: above so many rows to spare, structure as large as the noise is always seen.
    """

    first_flips: int = 49
    flips: int = 199
    more_flips: int = 999
    plain: tuple[float, float] = (1e-6, 0.2)
    near: tuple[float, float] = (1e-4, 0.05)
    trials: int = 40
    rows: int = 1500
    blind_rows: int = 12
    sight_rows: int = 250


USUAL: Final = Effort()


@dataclass(frozen=True)
class Verdict:
    """The answer, and what it rests on.

    Attributes:
        answer: noise, structure, or too few rows to tell.
        p_value: of "it is noise", all looks together; 1 on exact data.
        sight: share of structures as large as the noise that these rows would show.
        by_input: p-values by input, the others' number allowed for; empty unless there is structure.
        by_pair: the same by pair of inputs.
        rows_alike: p-value of neighbouring rows being no more alike than others, where their order could tell.
        independent: of the rows, the share that they are worth where neighbours are alike.
    """

    answer: Answer
    p_value: float
    sight: float
    by_input: Mapping[str, float] = field(default_factory=dict)
    by_pair: Mapping[tuple[str, str], float] = field(default_factory=dict)
    rows_alike: float = 1.0
    independent: float = 1.0

    @property
    def missing(self) -> tuple[str, ...]:
        """The inputs in which something is missing, the plainest first: alone, or else in a pair."""
        alone = [n for n, p in sorted(self.by_input.items(), key=lambda item: item[1]) if p <= LEVEL]
        pairs = [n for n, p in sorted(self.by_pair.items(), key=lambda item: item[1]) if p <= LEVEL]
        return tuple(dict.fromkeys([*alone, *(name for pair in pairs[:1] for name in pair)]))


class NoiseQuestion:
    """Asks of formulas for one problem whether they leave only noise.

    What depends on the rows alone is worked out once.
    """

    def __init__(self, problem: Problem, effort: Effort = USUAL) -> None:
        self._effort = effort
        drawn = problem.subsample(effort.rows)
        distinct = _distinct(drawn)
        self._looked_at = problem.sampled(effort.rows)[distinct]
        self._problem = drawn if distinct.size == drawn.rows else drawn.rows_only(distinct)
        self._many_drawn = problem.sampled(MOST_ROWS)
        self._many = problem.subsample(MOST_ROWS) if problem.rows > effort.rows else None
        self._sights: dict[int, float] = {}

    def of(self, formula: Node, marks: Marks = UNMARKED) -> Verdict:
        """Return the verdict on a fitted formula; its numbers that are no integers count as fitted, but for those that
        `marks` say are fixed."""
        groups = [marks.together(p) for p in marks.leaders(free_positions(formula))]
        verdict = self.verdict(*values_and_slopes(formula, self._problem, groups))
        return self._of_many(verdict, lambda many: values_and_slopes(formula, many, groups))

    def of_values(self, prediction: Array, slopes: Array) -> Verdict:
        """Return the verdict on a prediction, shape (n,), on all rows of the problem.

        `slopes`, shape (n, k), are those of the constants that were fitted.
        """
        verdict = self.verdict(prediction[self._looked_at], slopes[self._looked_at])
        return self._of_many(verdict, lambda many: (prediction[self._many_drawn], slopes[self._many_drawn]))

    def _of_many(self, verdict: Verdict, on: Callable[[Problem], tuple[Array, Array]]) -> Verdict:
        """Return the verdict with what many rows add to it; `on` gives prediction and slopes on them."""
        if self._many is None or verdict.answer is Answer.STRUCTURE or verdict.p_value == 1.0:
            return verdict
        prediction, slopes = on(self._many)
        finite = bool(np.all(np.isfinite(prediction)) and np.all(np.isfinite(slopes)))
        least = min(verdict.p_value, score_p_value(self._many, prediction, slopes) if finite else 0.0)
        p = 1 - (1 - least) ** 2
        return replace(verdict, p_value=p, answer=Answer.STRUCTURE if p <= LEVEL else verdict.answer)

    @property
    def problem(self) -> Problem:
        """The rows that are looked at: each once, and at most 1,500."""
        return self._problem

    def verdict(self, prediction: Array, slopes: Array) -> Verdict:
        """Return the verdict on a prediction, shape (n,), of a fit whose constants have these slopes, shape (n, k)."""
        problem = self._problem
        if is_exact(problem.rmse(prediction), problem):
            return Verdict(Answer.NOISE, 1.0, 1.0)
        n, k = slopes.shape
        if not (np.all(np.isfinite(prediction)) and np.all(np.isfinite(slopes))):
            return Verdict(Answer.STRUCTURE, 0.0, 1.0)
        if n < k + _LEAST_SPARE or not self._rows.inputs:
            return Verdict(Answer.TOO_FEW_ROWS, 1.0, 0.0)
        residual = Residual.of(problem, self._rows, prediction, slopes)
        alike = rows_alike(residual.standard, self._rows.ranks)
        flipped = Flipped(residual, alike.block, problem.seed)
        p = self._p_value(flipped)
        if p <= LEVEL:
            inputs, pairs = flipped.parts(self._varying)
            return Verdict(Answer.STRUCTURE, p, 1.0, inputs, pairs, alike.p_value, alike.share)
        sight = self._sight(flipped, n - k)
        answer = Answer.NOISE if sight >= ENOUGH_SIGHT else Answer.TOO_FEW_ROWS
        return Verdict(answer, p, sight, rows_alike=alike.p_value, independent=alike.share)

    def _p_value(self, flipped: Flipped) -> float:
        effort = self._effort
        p = flipped.p_value(effort.first_flips)
        if effort.plain[0] < p < effort.plain[1]:
            p = flipped.p_value(effort.flips)
            if effort.near[0] < p < effort.near[1]:
                p = flipped.p_value(effort.more_flips)
        return p

    def _sight(self, flipped: Flipped, spare: int) -> float:
        if spare < self._effort.blind_rows:
            return 0.0
        if spare > self._effort.sight_rows:
            return 1.0
        if spare not in self._sights:
            self._sights[spare] = flipped.sight(self._effort.trials, self._effort.flips, LEVEL)
        return self._sights[spare]

    @cached_property
    def _varying(self) -> tuple[str, ...]:
        return tuple(name for name, x in self._problem.columns.items() if np.ptp(x) > 0)

    @cached_property
    def _rows(self) -> Rows:
        X = self._problem.inputs_only(self._varying).X
        return Rows(X, np.random.default_rng(self._problem.seed))


def _distinct(problem: Problem) -> NDArray[np.intp]:
    """The rows that repeat no other: a row given twice is one row."""
    return np.sort(np.unique(np.column_stack([problem.X, problem.y]), axis=0, return_index=True)[1])


def residual_verdict(left: Verdict) -> ResidualVerdict | None:
    """What the report says of a residual; None where there are too few rows to tell."""
    if left.answer is Answer.TOO_FEW_ROWS:
        return None
    return ResidualVerdict(left.answer is Answer.NOISE, left.p_value, left.missing)
