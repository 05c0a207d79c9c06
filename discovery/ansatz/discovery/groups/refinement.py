"""Refinement of a caller's ansatz on grouped data: fit it, search what it leaves, join, refit, keep what pays."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from ansatz.discovery.asked.ansatz import Ansatz
from ansatz.discovery.budget import Budget
from ansatz.discovery.evidence.noise import Answer
from ansatz.discovery.expression import Node, add
from ansatz.discovery.expression.numbers import numbers
from ansatz.discovery.groups.archive import GroupedArchive, GroupedEntry, rescored
from ansatz.discovery.groups.declared import settled, structure_of
from ansatz.discovery.groups.noise import GroupedNoise
from ansatz.discovery.groups.search import GroupedSearch, ProposedStructure
from ansatz.discovery.groups.structure import Structure
from ansatz.discovery.report.origin import GIVEN, GROWN
from ansatz.discovery.report.report import RefinementStep
from ansatz.discovery.search.outcome import Outcome
from ansatz.discovery.search.residual.refinement import RefinedFormula


@dataclass(frozen=True)
class _Effort:
    """Say how far the residual of an ansatz is searched. Chosen by judgement.

    Attributes:
        steps: corrections that are joined, at most.
        corrections: proposals of each step that are joined and fitted.
        least_gain: bits that a correction must save: odds of 8 to 1.
    """

    steps: int = 3
    corrections: int = 4
    least_gain: float = 3.0


_EFFORT: Final = _Effort()


@dataclass(frozen=True, eq=False)
class GroupedRefinement:
    """Search the additive residual of an ansatz; `per_group` are the constants that the caller says are per group."""

    search: GroupedSearch
    archive: GroupedArchive
    noise: GroupedNoise
    per_group: tuple[str, ...]

    def run(self, ansatz: Ansatz, budget: Budget) -> RefinedFormula:
        """Refine; every formula on the way is in the archive."""
        self.search.on_stage("ansatz")
        structure = structure_of(ansatz)
        current = self.archive.propose(structure, GIVEN, budget, settled(structure, self.per_group))
        if current is None:
            return RefinedFormula()
        outcome = Outcome()
        steps = [RefinementStep(current.formula, None, 0.0)]
        while len(steps) <= _EFFORT.steps and not budget.spent and not self._is_complete(current):
            self.search.on_stage("residual")
            found, of_search = self._correction(current, budget)
            outcome += of_search
            if found is None:
                break
            joined, correction = found
            gain = self._gain(current, joined)
            steps.append(RefinementStep(joined.formula, correction, gain, "additive"))
            current = joined
        return RefinedFormula(tuple(steps), self._is_complete(current), outcome)

    def _is_complete(self, current: GroupedEntry) -> bool:
        return self.archive.solved or self.noise.of(current.fit).answer is Answer.NOISE

    def _gain(self, before: GroupedEntry, after: GroupedEntry) -> float:
        """Return the bits that one structure is better by than another."""
        old, new = rescored([before, after], self.archive.problem)
        return old.description_length - new.description_length

    def _correction(self, current: GroupedEntry, budget: Budget) -> tuple[tuple[GroupedEntry, Node] | None, Outcome]:
        """Return the best joint structure that adds one correction, with that correction; None where none pays."""
        problem = self.archive.problem
        rest = replace(problem.problem, y=problem.problem.y - current.prediction)
        proposals, outcome = self.search.run(replace(problem, problem=rest), budget.part(budget.remaining / 3))
        best: tuple[GroupedEntry, Node] | None = None
        for proposal in proposals[: _EFFORT.corrections]:
            joined = None if budget.spent else self._joined(current, proposal, budget)
            if joined is None or joined is current:
                continue
            if best is None or self._gain(best[0], joined) > 0:
                best = (joined, proposal.structure.at(np.median(proposal.values, axis=1)))
        if best is None or self._gain(current, best[0]) < _EFFORT.least_gain:
            return None, outcome
        return best, outcome

    def _joined(self, current: GroupedEntry, proposal: ProposedStructure, budget: Budget) -> GroupedEntry | None:
        fit, added = current.fit, proposal.structure
        before = len(numbers(fit.structure.formula))
        shifted = [replace(c, positions=tuple(p + before for p in c.positions)) for c in added.constants]
        structure = Structure(add(fit.structure.formula, added.formula), (*fit.structure.constants, *shifted))
        known = {j: j in fit.per_group for j in range(len(fit.values))}
        return self.archive.propose(structure, GROWN, budget, known, np.vstack([fit.values, proposal.values]))
