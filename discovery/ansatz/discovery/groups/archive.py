"""Structures fitted to all groups: how each constant is shared, what is worth keeping."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from ansatz.discovery.budget import Budget
from ansatz.discovery.evidence.description_length import is_exact
from ansatz.discovery.evidence.form_price import TREE_BITS
from ansatz.discovery.evidence.measure import Measure, scores
from ansatz.discovery.evidence.naming import RULE
from ansatz.discovery.evidence.uncertainty import t_quantile
from ansatz.discovery.expression import Array, Node, Number, complexity
from ansatz.discovery.expression.grammar import is_readable
from ansatz.discovery.expression.node import exponent_positions
from ansatz.discovery.expression.numbers import fitted_positions, given_numbers, numbers
from ansatz.discovery.groups.fit import fit_groups
from ansatz.discovery.groups.naming import name_shared
from ansatz.discovery.groups.problem import GroupedProblem
from ansatz.discovery.groups.score import given, measured
from ansatz.discovery.groups.sharing import ScoredGroups, Sharing, scored
from ansatz.discovery.groups.structure import Constant, GroupedFit, Structure
from ansatz.discovery.report.origin import Origin
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
    """A structure of the archive with its constants fitted and named.

    Attributes:
        scored: the fit.
        origin: who proposed it.
        prediction: on the rows, shape (n,).
        measure: what the evidence asks of it.
        description_length: its score in bits beside the other structures; lower is better.
        wrongness: of its dimensions, as `Dimensions.wrongness` has it, 0 where there are none.
    """

    scored: ScoredGroups
    origin: Origin
    prediction: Array
    measure: Measure
    description_length: float = math.nan
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
    def fitted(self) -> int:
        return self.fit.fitted

    @property
    def complexity(self) -> int:
        """Nodes, a constant that differs counting once for each group."""
        return complexity(self.formula) + (int(self.fit.values.shape[1]) - 1) * len(self.fit.per_group)


def rescored(entries: Sequence[GroupedEntry], problem: GroupedProblem, rows: int | None = None) -> list[GroupedEntry]:
    """Return the entries with their scores beside each other on a problem whose rows are worth so many."""
    found = scores([e.measure for e in entries], problem.problem, rows) if entries else ()
    return [replace(e, description_length=float(score)) for e, score in zip(entries, found, strict=True)]


@dataclass(eq=False)
class GroupedArchive:
    """Keep what was fitted, by its score; of structures that predict the same, the one that scores best."""

    problem: GroupedProblem
    on_better: Callable[[], None] = lambda: None
    _entries: list[GroupedEntry] = field(default_factory=list)
    _known_bits: float | None = None
    _own_nodes: int = 0

    @property
    def entries(self) -> tuple[GroupedEntry, ...]:
        """Right dimensions before wrong, the best score first."""
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
        nodes = complexity(structure.formula)
        if nodes > origin.most_nodes(self.problem.problem.max_complexity, self._own_nodes):
            return None
        self._own_nodes = nodes if origin.is_given else self._own_nodes
        found = Sharing(self.problem, budget).fit(structure, settled or {}, start)
        if found is None:
            return None
        pruned = found if origin.is_given else self._pruned(found)
        named = name_shared(pruned, self.problem)
        # Whatever is reported can be given back.
        return self.keep(named, origin, bool(settled)) if is_readable(named.fit.formula) else None

    def _pruned(self, current: ScoredGroups) -> ScoredGroups:
        """Return it without the shared constants that lie within their error of zero, while that scores better."""
        inner = self.problem.problem
        for j in current.fit.shared:
            value, error = abs(float(current.fit.values[j, 0])), float(current.errors[j, 0])
            if not value <= t_quantile(inner.rows - current.fit.fitted, RULE.within) * error:
                continue
            structure, left = current.fit.structure.without(j, inner.positive, "sqrt" in inner.functions)
            per_group = [i for i, old in enumerate(left) if old in current.fit.per_group]
            fit = fit_groups(structure, self.problem, current.fit.values[list(left)], per_group)
            if np.isfinite(fit.rmse):
                measures = [measured(f, {}, self.problem) for f in (current.fit, fit)]
                before, after = scores(measures, inner)
                if after < before:
                    return self._pruned(scored(fit, self.problem))
        return current

    def keep(self, found: ScoredGroups, origin: Origin, settled: bool = False) -> GroupedEntry:
        """Return the entry of a fit: itself, or the better one that predicts the same.

        With `settled` constants are shared, or not, as the caller says.
        """
        dimensions = self.problem.problem.dimensions
        wrongness = RIGHT if dimensions is None else dimensions.wrongness(found.fit.formula)
        prediction = found.fit.structure.predict(found.fit.values, self.problem)
        measure = self._measure(found, origin, settled)
        entry = GroupedEntry(found, origin, prediction, measure, wrongness=wrongness)
        for i, other in enumerate(self._entries):
            if self._same(entry, other):
                new, old = rescored([entry, other], self.problem)
                better = (new.wrongness, new.description_length) < (old.wrongness, old.description_length)
                if other.origin.is_given or not better:  # the caller's own wording stands
                    return other
                del self._entries[i]
                break
        best = self.entries[:1]
        self._entries = rescored([*self._entries, entry], self.problem)
        if not best or self.entries[0].scored is not best[0].scored:
            self.on_better()
        return self._entries[-1]

    def _measure(self, found: ScoredGroups, origin: Origin, settled: bool) -> Measure:
        """Return the measure of a fit: the caller's own form costs nothing, and what has grown of it what it has beside
        that, and for being another."""
        measure = measured(found.fit, {j: bits for j, (_, bits) in found.names.items()}, self.problem)
        if origin.is_given:
            self._known_bits = measure.form_bits
            return given(measure, found.fit, settled)
        if origin.of_caller and self._known_bits is not None:
            return replace(measure, form_bits=max(measure.form_bits - self._known_bits, 0.0) + TREE_BITS)
        return measure

    def _same(self, a: GroupedEntry, b: GroupedEntry) -> bool:
        with np.errstate(all="ignore"):
            return bool(
                np.all(np.abs(a.prediction - b.prediction) <= _SAME_VALUES.relative * np.abs(a.prediction))
            ) and (len(a.fit.per_group) == len(b.fit.per_group))


def constant_of_all(problem: GroupedProblem) -> ScoredGroups:
    """Return the mean of the target, the same in every group."""
    mean = float(np.average(problem.problem.y, weights=problem.problem.weights))
    return _level(np.full((1, problem.groups), mean), frozenset(), problem)


def constant_of_each(problem: GroupedProblem) -> ScoredGroups:
    """Return the mean of the target in each group."""
    inner = problem.problem
    weights = np.ones(inner.rows) if inner.weights is None else inner.weights
    means = problem.by_group(weights * inner.y) / problem.by_group(weights)
    return _level(means[None], frozenset({0}), problem)


def _level(values: Array, per_group: frozenset[int], problem: GroupedProblem) -> ScoredGroups:
    structure = Structure(Number(float(np.median(values))), (Constant((0,)),))
    rmse = problem.problem.rmse(structure.predict(values, problem))
    return scored(GroupedFit(structure, values, per_group, rmse), problem)


def freed(formula: Node, coefficients: bool = False) -> Structure:
    """Return a searched formula with the numbers free that a fit may change; with `coefficients`, whole ones too."""
    free = set(fitted_positions(formula))
    if coefficients:
        free |= set(range(len(numbers(formula)))) - exponent_positions(formula) - given_numbers(formula).keys()
    return Structure(formula, tuple(Constant((p,)) for p in sorted(free)))


__all__ = ["GroupedArchive", "GroupedEntry", "constant_of_all", "constant_of_each", "freed", "rescored"]
