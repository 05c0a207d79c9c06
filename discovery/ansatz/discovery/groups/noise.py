"""Is what a structure leaves only noise? Asked of the rows with the group among the inputs."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from ansatz.discovery.evidence.noise import NoiseQuestion, Verdict
from ansatz.discovery.expression import Array
from ansatz.discovery.groups.problem import GroupedProblem
from ansatz.discovery.groups.structure import GroupedFit

_MOST_GROUPS: Final = 40
"""Groups that are looked at, drawn by the seed: each brings constants of its own."""
_MOST_ROWS: Final = 1500
"""Rows that are looked at, thinned alike in every group: as many as the question looks at."""


class GroupedNoise:
    """Asks of structures for one problem whether they leave only noise.

    Groups stand in the order of their labels as one more input, so that structure may also lie between groups: it is
    then told by the name of the group's column.
    """

    def __init__(self, problem: GroupedProblem, group: str) -> None:
        rng = np.random.default_rng([problem.problem.seed, _MOST_GROUPS])
        self._chosen = np.sort(rng.permutation(problem.groups)[:_MOST_GROUPS])
        some = problem.groups_only(self._chosen).subsample(_MOST_ROWS)
        inner = some.problem
        name = group if group not in inner.names else f"{group} (group)"
        X = np.column_stack([inner.X, some.index.astype(np.float64)])
        self._question = NoiseQuestion(replace(inner, X=np.asfortranarray(X), names=(*inner.names, name)))
        # A row given twice is looked at once.
        rows = self._question.problem
        index = rows.X[:, -1].astype(np.intp)
        kept = np.unique(index)
        self._problem = GroupedProblem(
            rows.inputs_only(inner.names), tuple(some.labels[g] for g in kept), np.searchsorted(kept, index)
        )
        self._chosen = self._chosen[kept]

    def of(self, fit: GroupedFit) -> Verdict:
        """Return the verdict on a fitted structure."""
        values = fit.values[:, self._chosen]
        prediction = fit.structure.predict(values, self._problem)
        return self._question.verdict(prediction, self._slopes(fit, values))

    def _slopes(self, fit: GroupedFit, values: Array) -> Array:
        """Return derivatives of the prediction, one column for each number fitted: of a per-group constant, one for
        each group."""
        free = [*fit.shared, *sorted(fit.per_group)]
        _, slopes = fit.structure.linearised(values, self._problem, free)
        shared = len(fit.shared)
        member = self._problem.index[:, None] == np.arange(self._problem.groups)
        own = [slopes[:, [j]] * member for j in range(shared, len(free))]
        return np.hstack([slopes[:, :shared], *own])
