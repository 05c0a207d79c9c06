"""Which constants all groups share, and which differ from group to group: found by evidence."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from ansatz.discovery.budget import Budget
from ansatz.discovery.expression import Array
from ansatz.discovery.groups.fit import fit_groups
from ansatz.discovery.groups.problem import GroupedProblem
from ansatz.discovery.groups.score import best_of, uncertainty
from ansatz.discovery.groups.starts import fit_each_group
from ansatz.discovery.groups.structure import GroupedFit, Structure

STARTS = 48


@dataclass(frozen=True)
class _Sharing:
    """Say from where shared constants are fitted. Chosen by judgement.

    Attributes:
        quantiles: of what the groups say by themselves: where a shared constant starts.
    """

    quantiles: tuple[float, ...] = (0.5, 0.25, 0.75)


_SHARING: Final = _Sharing()


@dataclass(frozen=True, eq=False)
class ScoredGroups:
    """A fit, the standard errors of its constants, shape (k, G), and the names of those that are fixed at one (name and
    its bits)."""

    fit: GroupedFit
    errors: Array
    names: Mapping[int, tuple[str, float]] = field(default_factory=dict)


def scored(
    fit: GroupedFit, problem: GroupedProblem, names: Mapping[int, tuple[str, float]] | None = None
) -> ScoredGroups:
    """Return the fit with its errors."""
    return ScoredGroups(fit, uncertainty(fit, problem), names or {})


@dataclass(frozen=True, eq=False)
class Sharing:
    """Fit structures to a grouped problem; `budget` is asked before each round of fits."""

    problem: GroupedProblem
    budget: Budget

    def fit(self, structure: Structure, settled: Mapping[int, bool], start: Array | None = None) -> ScoredGroups | None:
        """Return the structure with its constants shared or per group, as there is most evidence for.

        `settled` says of some constants whether they are per group; the others are chosen. `start`, shape (k, G), is
        where the groups start; None: many starts are tried. None where no fit is finite.
        """
        starts = list(self._starts(structure, start))
        own = frozenset(j for j, is_own in settled.items() if is_own)
        free = frozenset(range(len(structure.constants))) - settled.keys()
        ends = [self._best(self._fits(structure, starts, chosen)) for chosen in dict.fromkeys([own | free, own])]
        found = self._in_order([e for e in ends if e is not None])
        grown = [scored(self._greedy(end, starts, free), self.problem) for end in found]
        return grown[best_of([g.fit for g in grown], self.problem)] if grown else None

    def _in_order(self, ends: Sequence[GroupedFit]) -> Sequence[GroupedFit]:
        """Return the one of most evidence first: the budget may not allow for the other."""
        return ends if len(ends) < 2 or best_of(ends, self.problem) == 0 else ends[::-1]

    def _starts(self, structure: Structure, start: Array | None) -> Iterator[Array]:
        """Yield where each group stands by itself, and where all stand together."""
        everything = range(len(structure.constants))
        if start is not None:
            yield fit_groups(structure, self.problem, start, everything).values
            yield start
            return
        yield fit_each_group(structure, self.problem, STARTS).values
        together = fit_each_group(structure, self.problem.as_one, STARTS).values
        yield np.repeat(together, self.problem.groups, axis=1)

    def _greedy(self, current: GroupedFit, starts: Sequence[Array], free: Collection[int]) -> GroupedFit:
        """Share or free one constant at a time, each time the one that gains most, while it pays."""
        while not self.budget.spent:
            best = self._best(f for j in sorted(free) for f in self._flipped(current, j, starts))
            if best is None or best_of([current, best], self.problem) == 0:
                break
            current = best
        return current

    def _flipped(self, current: GroupedFit, j: int, starts: Sequence[Array]) -> Iterator[GroupedFit]:
        """Yield the fit with constant j shared where it was not, and the other way round."""
        start = current.values.copy()
        if j in current.per_group:
            start[j] = _common(current.values[j], uncertainty(current, self.problem)[j])
        yield fit_groups(current.structure, self.problem, start, current.per_group ^ {j})
        if j not in current.per_group:  # from here, and from where the groups stand by themselves
            yield from self._fits(current.structure, starts, current.per_group ^ {j})

    def _fits(self, structure: Structure, starts: Sequence[Array], per_group: frozenset[int]) -> Iterator[GroupedFit]:
        """Yield fits from each start, the shared constants at some quantiles of what the groups say."""
        shared = [j for j in range(len(structure.constants)) if j not in per_group]
        for start in starts:
            differ = bool(np.any(start[shared] != start[shared, :1]))
            for quantile in _SHARING.quantiles if differ else _SHARING.quantiles[:1]:
                values = start.copy()
                values[shared] = np.quantile(start[shared], quantile, axis=1, keepdims=True)
                if per_group:  # what belongs to the groups first finds its place for these
                    values = fit_groups(structure, self.problem, values, per_group, shared, max_steps=20).values
                yield fit_groups(structure, self.problem, values, per_group)

    def _best(self, fits: Iterator[GroupedFit]) -> GroupedFit | None:
        """Return the fit of most evidence; once the budget is spent, of those that came before and one more."""
        finite: list[GroupedFit] = []
        for fit in fits:
            if np.isfinite(fit.rmse):
                finite.append(fit)
            if finite and self.budget.spent:
                break
        return finite[best_of(finite, self.problem)] if finite else None


def _common(values: Array, errors: Array) -> float:
    """Return the mean of what the groups say, each by its weight."""
    known = np.isfinite(errors) & (errors > 0)
    if not known.any():
        return float(np.median(values))
    return float(np.average(values[known], weights=errors[known] ** -2.0))
