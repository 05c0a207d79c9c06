"""Refinement of a caller's ansatz: fit it, search what it leaves, join, refit everything together, keep what pays.

The symbolic residual realignment of VIPER-R1 (arXiv:2508.17380), with a joint refit of all constants, pruning by
description length and a stop where the rest no longer pays.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from ansatz.discovery.ansatz import Ansatz, fitted_numbers
from ansatz.discovery.budget import Budget
from ansatz.discovery.expression import Node, Number, add, substitute
from ansatz.discovery.problem import Problem
from ansatz.discovery.refine.constants import fit_constants
from ansatz.discovery.report import RefinementStep
from ansatz.discovery.score.description_length import is_exact
from ansatz.discovery.search.archive import Archive, Entry
from ansatz.discovery.search.portfolio import Portfolio

_MAX_STEPS = 4
_CORRECTIONS = 8
_MIN_GAIN_BITS = 3.0


@dataclass(frozen=True, eq=False)
class Refinement:
    """Searches the additive residual of an ansatz with the searchers of a portfolio.

    What is cut short or fails on the way is told in the portfolio's own lists.
    """

    portfolio: Portfolio

    def run(self, ansatz: Ansatz, problem: Problem, budget: Budget, archive: Archive) -> tuple[RefinementStep, ...]:
        """Steps taken, the fit of the ansatz first; every formula on the way is in the archive."""
        self.portfolio.on_stage("ansatz")
        current = self._fitted(ansatz, archive)
        if current is None:
            return ()
        steps = [RefinementStep(current.formula, None, 0.0)]
        while len(steps) <= _MAX_STEPS and not budget.spent and not archive.solved:
            self.portfolio.on_stage("residual")
            found = self._correction(current, problem, budget, archive)
            if found is None:
                break
            joined, correction = found
            gain = current.description_length - joined.description_length
            steps.append(RefinementStep(joined.formula, correction, gain))
            current = joined
        return tuple(steps)

    def _fitted(self, ansatz: Ansatz, archive: Archive) -> Entry | None:
        """The ansatz with its free constants fitted."""
        start = {p.name: Number(1.0 if p.start is None else p.start) for p in ansatz.parameters}
        formula = substitute(ansatz.formula, start)
        free = () if ansatz.fixed_numbers else fitted_numbers(formula)
        fit = fit_constants(formula, archive.screen, free)
        return archive.propose(fit.formula, "ansatz") or archive.propose(formula, "ansatz")

    def _correction(
        self, current: Entry, problem: Problem, budget: Budget, archive: Archive
    ) -> tuple[Entry, Node] | None:
        """The best joint formula that adds one correction, with that correction; None where none pays."""
        if is_exact(current.rmse, archive.screen):
            return None
        rest = replace(problem, y=problem.y - problem.evaluate(current.formula))
        corrections = Archive(rest)
        part = budget.part(budget.remaining / 2, also_stop=lambda: corrections.solved)
        replace(self.portfolio, engine=None).run(rest, part, corrections)
        best: tuple[Entry, Node] | None = None
        for entry in corrections.entries[:_CORRECTIONS]:
            joined = archive.propose(add(current.formula, entry.formula), "residual")
            if joined is None or joined is current:
                continue
            if best is None or joined.description_length < best[0].description_length:
                best = (joined, entry.formula)
        if best is None or best[0].description_length > current.description_length - _MIN_GAIN_BITS:
            return None
        return best
