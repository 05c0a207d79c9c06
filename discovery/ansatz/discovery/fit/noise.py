"""How the target scatters about a law, as a fit needs it: row weights for what the law predicts, again and again.

Weighted least squares, its weights taken from the formula that was fitted before, until nothing moves: for counts and
shares that is the maximum of the likelihood, by Fisher scoring (Green 1984; McCullagh & Nelder 1989, ch. 2 and 9), and
for inputs with errors orthogonal distance regression, by effective variances about the true inputs that the formula
makes likeliest (Orear 1982; Britt & Luecke 1973).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from ansatz.discovery.expression import Array, Node
from ansatz.discovery.fit.constants import FormulaFit, fit_constants
from ansatz.discovery.problem.problem import Problem
from ansatz.discovery.report.chi_squared import ChiSquared


@dataclass(frozen=True)
class _Rounds:
    """Bound the work of a fit. Chosen by judgement; tests/discovery/test_noise_models.py holds them to reference fits.

    Attributes:
        most: rounds, each a fit with weights that stay. Some ten settle where noise is small beside what is explained.
        evaluations: of the formula in each.
        settled: change of the predictions, over the scale of y, below which the rounds end.
        rows: of more, as many drawn by the seed are fitted first.
        on_all: rounds on all rows then, at most.
    """

    most: int = 100
    evaluations: int = 20
    settled: float = 1e-9
    rows: int = 2000
    on_all: int = 10


_ROUNDS: Final = _Rounds()


@dataclass(frozen=True, eq=False)
class Working:
    """The least-squares problem that stands for a noise about one formula.

    Attributes:
        problem: whose weighted least-squares optimum is that of the noise, where the formula is it.
        rmse: the error by which formulas compare, in the target's unit: that of least squares with the same likelihood.
        known_std: standard deviation of a row of weight 1 that errors of constants go by; None where the residual
            tells it.
    """

    problem: Problem
    rmse: float
    known_std: float | None = None


class NoiseModel(Protocol):
    """How the target scatters about a formula."""

    @property
    def is_fixed(self) -> bool:
        """Whether the weights of the problem are right for every formula."""

    def rows_only(self, rows: NDArray[np.intp]) -> NoiseModel:
        """Return the noise of some of the rows."""

    def first_weights(self, problem: Problem) -> Array | None:
        """Return row weights of mean 1, `(n,)`, to begin with, where no formula is known; None: all rows alike."""

    def at(self, problem: Problem, formula: Node) -> Working:
        """Return the problem about a formula; all rows of the problem are those of the model."""

    def agreement(self, problem: Problem, formula: Node, fitted: int) -> ChiSquared | None:
        """Return whether what a formula leaves is as large as the noise; None where the noise does not tell its size.

        `fitted` constants were fitted.
        """


@dataclass(frozen=True)
class FixedNoise:
    """The weights of the problem say all there is to say."""

    is_fixed: bool = True

    def rows_only(self, rows: NDArray[np.intp]) -> FixedNoise:
        return self

    def first_weights(self, problem: Problem) -> Array | None:
        return problem.weights

    def at(self, problem: Problem, formula: Node) -> Working:
        return Working(problem, problem.rmse(problem.evaluate(formula)))

    def agreement(self, problem: Problem, formula: Node, fitted: int) -> ChiSquared | None:
        return None


FIXED_NOISE: Final = FixedNoise()


def weighted(problem: Problem, working: Working) -> Problem:
    """Return the problem with the row weights about a formula."""
    return replace(problem, weights=working.problem.weights)


def fit_with_noise(fit: FormulaFit, free: Sequence[int], problem: Problem, noise: NoiseModel) -> FormulaFit:
    """Return the formula with the numbers at `free` at the optimum of the noise; its `rmse` is that of `Working`.

    Where the rounds do not settle, the best of them.
    """
    if noise.is_fixed:
        return fit_constants(fit.formula, problem, free, max_evaluations=_ROUNDS.evaluations, marks=fit.marks)
    rounds = _ROUNDS.most
    if problem.rows > _ROUNDS.rows:
        rows = problem.sampled(_ROUNDS.rows)
        fit, rounds = fit_with_noise(fit, free, problem.rows_only(rows), noise.rows_only(rows)), _ROUNDS.on_all
    working = noise.at(problem, fit.formula)
    best, before = replace(fit, rmse=working.rmse, free=tuple(free)), problem.evaluate(fit.formula)
    for _ in range(rounds if free else 0):
        fit = fit_constants(fit.formula, working.problem, free, max_evaluations=_ROUNDS.evaluations, marks=fit.marks)
        working, after = noise.at(problem, fit.formula), problem.evaluate(fit.formula)
        settled = bool(abs(after - before).max() <= _ROUNDS.settled * problem.y_scale)
        if settled or working.rmse <= best.rmse:
            best = replace(fit, rmse=working.rmse)
        if settled:
            break
        before = after
    return best
