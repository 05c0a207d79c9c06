"""When a search of structures for groups may stop early, by the rule for tables."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

from ansatz.discovery.evidence.noise import Answer, Verdict
from ansatz.discovery.expression import variables
from ansatz.discovery.expression.node import is_integer
from ansatz.discovery.groups.archive import GroupedArchive, GroupedEntry
from ansatz.discovery.groups.noise import GroupedNoise
from ansatz.discovery.groups.sharing import ScoredGroups
from ansatz.discovery.groups.structure import Structure
from ansatz.discovery.search.stopping import Standing, may_stop, smooth_error


@dataclass(eq=False)
class Patience:
    """Watch what stands first in an archive; work is counted in searches and in structures that were fitted.

    `ended`: whether there was reason to stop.
    """

    archive: GroupedArchive
    noise: GroupedNoise
    ended: bool = False
    _work: int = 0
    _found: int = 0
    _leader: ScoredGroups | None = None
    _asked: tuple[ScoredGroups, Verdict] | None = None

    def worked(self) -> bool:
        """Count a piece of work, and return whether to stop: the best leaves noise, is simple, and has lasted."""
        self._work += 1
        best = self.archive.entries[0]
        if best.scored is not self._leader:
            self._leader, self._found = best.scored, self._work
        fit = best.fit
        free = sum(1 for j in (*fit.shared, *fit.per_group) if not is_integer(float(fit.values[j, 0])))
        now = Standing(best.formula, free, best.rmse, self._found, self._work)
        if now.has_lasted and variables(best.formula):
            self.ended = may_stop(now, self._left(best), self._smooth_error)
        return self.ended

    def is_needless(self, structure: Structure) -> bool:
        """Return whether a structure could only say more than the best, which leaves noise."""
        best = self.archive.entries[0]
        longer = len(structure.constants) > len(best.fit.structure.constants)
        return longer and bool(variables(best.formula)) and self._left(best).answer is Answer.NOISE

    def _left(self, best: GroupedEntry) -> Verdict:
        if self._asked is None or self._asked[0] is not best.scored:
            self._asked = best.scored, self.noise.of(best.fit)
        return self._asked[1]

    @cached_property
    def _smooth_error(self) -> float:
        """The error of a smooth surrogate of the target about the mean of each group."""
        problem = self.archive.problem
        means = problem.by_group(problem.problem.y) / problem.sizes
        return smooth_error(replace(problem.problem, y=problem.problem.y - means[problem.index]))
