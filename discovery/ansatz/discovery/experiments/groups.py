"""Grouped data as one problem: each constant that differs is a sum over groups, of which a row has its own."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import reduce
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ansatz.discovery.data.table import Groups, Table
from ansatz.discovery.expression import Array, Node, Number, Variable, add, multiply
from ansatz.discovery.problem.problem import Problem
from ansatz.discovery.report.by_group import with_differing
from ansatz.discovery.report.report import Candidate, Constant


@dataclass(frozen=True)
class _Limits:
    """Bound the groups that experiments are proposed in. Chosen by judgement.

    Attributes:
        groups: the largest; each adds as many constants to a formula as differ.
    """

    groups: int = 20


_LIMITS: Final = _Limits()
_COLUMN: Final = "group {}"
"""No name of the grammar: it cannot clash with one."""


@dataclass(frozen=True, eq=False)
class GroupedRows:
    """Hold the largest groups of a table.

    Attributes:
        labels: of the groups, in the order of their columns; one empty label where rows come in no groups.
        index: the group of each row that is used, shape (n,).
        rows: which rows of the table they are.
    """

    labels: tuple[str, ...]
    index: NDArray[np.intp]
    rows: NDArray[np.intp]

    @classmethod
    def of(cls, table: Table) -> GroupedRows:
        """Return the groups of a table."""
        if not table.group:
            return cls(("",), np.zeros(table.rows, dtype=np.intp), np.arange(table.rows))
        groups = Groups.of(table.column(table.group))
        largest = np.sort(np.argsort(-np.bincount(groups.index), kind="stable")[: _LIMITS.groups])
        rows = np.flatnonzero(np.isin(groups.index, largest))
        return cls(tuple(groups.labels[g] for g in largest), np.searchsorted(largest, groups.index[rows]), rows)

    @property
    def is_grouped(self) -> bool:
        """Return whether rows come in groups at all."""
        return self.labels != ("",)

    def members(self, index: NDArray[np.intp]) -> Array:
        """Return 1 where a row is of a group and 0 elsewhere, shape (n, G); no columns without groups."""
        if not self.is_grouped:
            return np.empty((index.size, 0))
        members: Array = (index[:, None] == np.arange(len(self.labels))).astype(np.float64)
        return members

    def problem(self, problem: Problem) -> Problem:
        """Return the problem of all rows of the table on the rows of the groups, with a column for each group."""
        return problem if not self.is_grouped else self.beside(problem.rows_only(self.rows), self.index)

    def beside(self, problem: Problem, index: NDArray[np.intp]) -> Problem:
        """Return a problem with a column for each group, given the group of each row."""
        members = self.members(index)
        names = (*problem.names, *(_COLUMN.format(g) for g in range(members.shape[1])))
        return replace(problem, X=np.asfortranarray(np.column_stack([problem.X, members])), names=names)

    def formula(self, candidate: Candidate) -> Node:
        """Return the formula with each constant that differs as a sum over the groups' columns."""

        def of_groups(constant: Constant) -> Node:
            values = [
                found.value if (found := constant.per_group.get(label)) else constant.value for label in self.labels
            ]
            terms = [multiply(Number(v), Variable(_COLUMN.format(g))) for g, v in enumerate(values)]
            return reduce(add, terms)

        return with_differing(candidate.formula, candidate.constants, of_groups)

    def fixed_inputs(self, problem: Problem) -> dict[str, Array]:
        """Return the inputs of the table that do not differ within any group, each with its value by group."""
        found = {}
        for name, column in problem.columns.items():
            values = [column[self.rows][self.index == g] for g in range(len(self.labels))]
            if self.is_grouped and all(np.ptp(v) == 0 for v in values):
                found[name] = np.array([v[0] for v in values])
        return found
