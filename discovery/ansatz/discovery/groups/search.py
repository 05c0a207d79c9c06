"""Structures for grouped data: what explains single groups, and all rows together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from ansatz.discovery.budget import Budget
from ansatz.discovery.evidence.description_length import is_exact
from ansatz.discovery.evidence.measure import Measure, scores
from ansatz.discovery.expression import Array
from ansatz.discovery.expression.numbers import skeleton
from ansatz.discovery.groups.archive import freed
from ansatz.discovery.groups.fit import fit_groups
from ansatz.discovery.groups.problem import GroupedProblem
from ansatz.discovery.groups.score import best_of, measured
from ansatz.discovery.groups.starts import fit_each_group
from ansatz.discovery.groups.structure import Structure
from ansatz.discovery.problem.problem import Problem
from ansatz.discovery.report.origin import Origin
from ansatz.discovery.search.archive import Archive, Entry
from ansatz.discovery.search.outcome import Outcome
from ansatz.discovery.search.portfolio import Portfolio
from ansatz.discovery.search.protocol import SeededSearcher
from ansatz.discovery.search.screening import relevant_inputs
from ansatz.discovery.search.searchers import searchers_for


@dataclass(frozen=True)
class _Effort:
    """Say how far structures are searched. Chosen by judgement.

    Attributes:
        singles: largest groups that are searched alone.
        best: formulas of each search that become structures.
        most_constants: of a structure that is fitted to all groups.
        starts: of the first rough fit to each group.
    """

    singles: int = 3
    best: int = 12
    most_constants: int = 8
    starts: int = 12


_EFFORT: Final = _Effort()


@dataclass(frozen=True)
class ProposedStructure:
    """A structure, who found it, and its first rough fit: constants, shape (k, G), what the evidence asks of it, and
    whether it leaves nothing but rounding with fewer numbers than half the rows."""

    structure: Structure
    origin: Origin
    values: Array
    measure: Measure
    exact: bool


@dataclass(frozen=True, eq=False)
class GroupedSearch:
    """Propose structures by running a portfolio on the largest groups, each alone, and on all rows together.

    `engine`, the evolutionary engine or None, takes part on the largest group and on all rows.
    """

    engine: SeededSearcher | None
    on_stage: Callable[[str], None]

    def run(
        self,
        problem: GroupedProblem,
        budget: Budget,
        enough: Callable[[Sequence[ProposedStructure]], bool] = lambda proposals: False,
    ) -> tuple[list[ProposedStructure], Outcome]:
        """Return proposals, the most promising first; each group and all rows get an equal share of the time.

        `enough` is asked after each of them, with the proposals until then.
        """
        found: dict[str, ProposedStructure] = {}
        outcome = Outcome()
        parts = [problem.group(g) for g in self._largest(problem)]
        for i, part in enumerate([*parts, problem.problem]):
            engine = self.engine if i in (0, len(parts)) else None
            share = budget.part(budget.remaining / (len(parts) + 1 - i))
            entries, of_part = self._entries(part, share, engine)
            outcome += of_part
            for formula, origin in ((e.formula, e.origin) for e in entries):
                for structure in dict.fromkeys([freed(formula), freed(formula, coefficients=True)]):
                    key = f"{skeleton(formula)} {[c.positions for c in structure.constants]}"
                    if key not in found and len(structure.constants) <= _EFFORT.most_constants and not budget.spent:
                        found[key] = _roughly(structure, origin, problem)
            if any(p.exact for p in found.values()) or budget.spent or enough(_in_order(found.values(), problem)):
                break
        return _in_order(found.values(), problem), outcome

    @staticmethod
    def _largest(problem: GroupedProblem) -> list[int]:
        order = np.argsort(-problem.sizes, kind="stable")[: _EFFORT.singles]
        return [int(g) for g in order if problem.varying]

    def _entries(
        self, part: Problem, budget: Budget, engine: SeededSearcher | None
    ) -> tuple[tuple[Entry, ...], Outcome]:
        searched = part.inputs_only(relevant_inputs(part))
        archive = Archive(searched)
        outcome = Portfolio(searchers_for(searched), engine, self.on_stage).run(searched, budget, archive)
        return archive.entries[: _EFFORT.best], outcome


def _in_order(found: Iterable[ProposedStructure], problem: GroupedProblem) -> list[ProposedStructure]:
    """Return those that fit anywhere, the best score first."""
    finite = [p for p in found if np.isfinite(p.measure.mean_square)]
    order = np.argsort(scores([p.measure for p in finite], problem.problem), kind="stable") if finite else ()
    return [finite[i] for i in order]


def _roughly(structure: Structure, origin: Origin, problem: GroupedProblem) -> ProposedStructure:
    """Return a quick fit, with everything per group or with everything shared."""
    alone = fit_each_group(structure, problem, _EFFORT.starts)
    one = fit_each_group(structure, problem.as_one, 2)
    together = fit_groups(structure, problem, np.repeat(one.values, problem.groups, axis=1), ())
    fits = (alone, together)
    best = fits[best_of(fits, problem)]
    exact = is_exact(best.rmse, problem.problem) and 2 * best.fitted < problem.problem.rows
    return ProposedStructure(structure, origin, best.values, measured(best, {}, problem), exact)
