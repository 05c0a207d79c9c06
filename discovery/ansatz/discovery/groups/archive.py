"""Structures fitted to all groups: how each constant is shared, what is worth keeping."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from ansatz.discovery.budget import Budget
from ansatz.discovery.evidence import residual
from ansatz.discovery.evidence.description_length import is_exact
from ansatz.discovery.evidence.naming import RULE
from ansatz.discovery.evidence.uncertainty import t_quantile
from ansatz.discovery.expression import Array, Node, Number, complexity
from ansatz.discovery.expression.grammar import is_readable
from ansatz.discovery.expression.node import exponent_positions
from ansatz.discovery.expression.numbers import fitted_positions, given_numbers, numbers
from ansatz.discovery.groups.fit import fit_groups
from ansatz.discovery.groups.naming import name_shared
from ansatz.discovery.groups.problem import GroupedProblem
from ansatz.discovery.groups.sharing import ScoredGroups, Sharing, scored
from ansatz.discovery.groups.structure import Constant, GroupedFit, Structure
from ansatz.discovery.report.origin import Origin
from ansatz.discovery.report.report import ResidualVerdict
from ansatz.discovery.units.dimensions import RIGHT


@dataclass(frozen=True)
class _Same:
    """Say when two fits predict the same.

    Attributes:
        relative: difference of all predictions, at most; far above rounding, far below noise.
    """

    relative: float = 1e-7


_SAME_VALUES: Final = _Same()


@dataclass(frozen=True, eq=False)
class GroupedEntry:
    """A structure of the archive with its constants fitted and named; `prediction` on the rows, shape (n,)."""

    scored: ScoredGroups
    origin: Origin
    prediction: Array
    wrongness: int = RIGHT

    @property
    def fit(self) -> GroupedFit:
        return self.scored.fit

    @property
    def formula(self) -> Node:
        """With the median over the groups of each constant."""
        return self.fit.formula

    @property
    def rmse(self) -> float:
        return self.fit.rmse

    @property
    def description_length(self) -> float:
        return self.scored.description_length

    @property
    def fitted(self) -> int:
        return self.fit.fitted

    @property
    def complexity(self) -> int:
        """Nodes, a constant that differs counting once for each group."""
        return complexity(self.formula) + (int(self.fit.values.shape[1]) - 1) * len(self.fit.per_group)


@dataclass(eq=False)
class GroupedArchive:
    """Keep what was fitted, by description length; of structures that predict the same, the shortest."""

    problem: GroupedProblem
    on_better: Callable[[], None] = lambda: None
    _entries: list[GroupedEntry] = field(default_factory=list)

    @property
    def entries(self) -> tuple[GroupedEntry, ...]:
        """Right dimensions before wrong, shortest description first."""
        return tuple(sorted(self._entries, key=lambda e: (e.wrongness, e.description_length)))

    @property
    def solved(self) -> bool:
        """Whether a law explains every row to rounding, with fewer numbers than half the rows."""
        return any(
            is_exact(e.rmse, self.problem.problem) and e.wrongness == RIGHT and 2 * e.fitted < self.problem.problem.rows
            for e in self._entries
        )

    def propose(
        self,
        structure: Structure,
        origin: Origin,
        budget: Budget,
        settled: Mapping[int, bool] | None = None,
        start: Array | None = None,
    ) -> GroupedEntry | None:
        """Fit the structure, find how its constants are shared, name them; the entry, or None where it fits nowhere or
        the grammar would refuse it."""
        if complexity(structure.formula) > self.problem.problem.max_complexity:
            return None
        found = Sharing(self.problem, budget).fit(structure, settled or {}, start)
        if found is None:
            return None
        pruned = found if origin.is_given else self._pruned(found)
        named = name_shared(pruned, self.problem)
        # Whatever is reported can be given back.
        return self.keep(named, origin) if is_readable(named.fit.formula) else None

    def _pruned(self, current: ScoredGroups) -> ScoredGroups:
        """Return it without the shared constants that lie within their error of zero, as long as that is shorter."""
        inner = self.problem.problem
        for j in current.fit.shared:
            value, error = abs(float(current.fit.values[j, 0])), float(current.errors[j, 0])
            if not value <= t_quantile(inner.rows - current.fit.fitted, RULE.within) * error:
                continue
            structure, left = current.fit.structure.without(j, inner.positive, "sqrt" in inner.functions)
            per_group = [i for i, old in enumerate(left) if old in current.fit.per_group]
            fit = fit_groups(structure, self.problem, current.fit.values[list(left)], per_group)
            trial = scored(fit, self.problem) if np.isfinite(fit.rmse) else None
            if trial is not None and trial.description_length < current.description_length:
                return self._pruned(trial)
        return current

    def keep(self, found: ScoredGroups, origin: Origin) -> GroupedEntry:
        """Return the entry of a fit: itself, or the shorter one that predicts the same."""
        dimensions = self.problem.problem.dimensions
        wrongness = RIGHT if dimensions is None else dimensions.wrongness(found.fit.formula)
        prediction = found.fit.structure.predict(found.fit.values, self.problem)
        entry = GroupedEntry(found, origin, prediction, wrongness)
        for i, other in enumerate(self._entries):
            if self._same(entry, other):
                shorter = (entry.wrongness, entry.description_length) < (other.wrongness, other.description_length)
                if other.origin.is_given or not shorter:  # the caller's own wording stands
                    return other
                del self._entries[i]
                break
        best = self.entries[:1]
        self._entries.append(entry)
        if self.entries[:1] != best:
            self.on_better()
        return entry

    def _same(self, a: GroupedEntry, b: GroupedEntry) -> bool:
        with np.errstate(all="ignore"):
            return bool(
                np.all(np.abs(a.prediction - b.prediction) <= _SAME_VALUES.relative * np.abs(a.prediction))
            ) and (len(a.fit.per_group) == len(b.fit.per_group))


def verdict(entry: GroupedEntry, problem: GroupedProblem) -> ResidualVerdict | None:
    """Return whether the entry leaves only noise.

    The rows of each group are in the order of its first varying input.
    """
    inner = problem.problem
    keys = [inner.columns[problem.varying[0]]] if problem.varying else []
    order = np.lexsort([*keys, problem.index])
    found = residual.structure(entry.prediction[order], _tangent(entry.fit, problem)[order], inner.rows_only(order))
    return None if found is None else ResidualVerdict(found.is_noise, found.p_value, found.missing)


def _tangent(fit: GroupedFit, problem: GroupedProblem) -> Array:
    """Return derivatives of the prediction, one column for each number fitted: of a per-group constant, one for each
    group."""
    free = [*fit.shared, *sorted(fit.per_group)]
    _, slopes = fit.structure.linearised(fit.values, problem, free)
    shared = len(fit.shared)
    member = problem.index[:, None] == np.arange(problem.groups)
    own = [slopes[:, [j]] * member for j in range(shared, len(free))]
    return np.hstack([slopes[:, :shared], *own])


def constant_of_all(problem: GroupedProblem) -> ScoredGroups:
    """Return the mean of the target, the same in every group."""
    mean = float(np.average(problem.problem.y, weights=problem.problem.weights))
    structure = Structure(Number(mean), (Constant((0,)),))
    values = np.full((1, problem.groups), mean)
    rmse = problem.problem.rmse(np.full(problem.problem.rows, mean))
    return scored(GroupedFit(structure, values, frozenset(), rmse), problem)


def freed(formula: Node, coefficients: bool = False) -> Structure:
    """Return a searched formula with the numbers free that a fit may change; with `coefficients`, whole ones too."""
    free = set(fitted_positions(formula))
    if coefficients:
        free |= set(range(len(numbers(formula)))) - exponent_positions(formula) - given_numbers(formula).keys()
    return Structure(formula, tuple(Constant((p,)) for p in sorted(free)))


__all__ = ["GroupedArchive", "GroupedEntry", "constant_of_all", "freed", "verdict"]
