"""Laws of the constants: what differs from group to group, explained by the columns of the groups."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from ansatz.discovery.data.columns import MIN_ROWS, Column
from ansatz.discovery.data.table import Groups, Table
from ansatz.discovery.expression import Array
from ansatz.discovery.report.report import Candidate, Constant, ConstantLaw, Report


@dataclass(frozen=True)
class _Laws:
    """Say what is told of the laws of constants. Chosen by judgement.

    Attributes:
        most_candidates: of each law that the report holds.
        least_error: standard error over the middle one, at least: no group counts a hundredfold.
    """

    most_candidates: int = 5
    least_error: float = 0.1


_LAWS: Final = _Laws()


def group_columns(table: Table) -> tuple[Column, ...]:
    """Return inputs that are the same within every group, and a group that is a number.

    They have one value a group, in the groups' order.
    """
    groups = Groups.of(table.column(table.group))
    order = np.argsort(groups.index, kind="stable")
    starts = np.searchsorted(groups.index[order], np.arange(len(groups.labels)))
    found = []
    for name in dict.fromkeys([*table.inputs, *([] if table.column(table.group).labels else [table.group])]):
        column = table.column(name)
        values = column.values[order]
        low, high = np.minimum.reduceat(values, starts), np.maximum.reduceat(values, starts)
        if np.array_equal(low, high) and low.min() < low.max():
            found.append(Column(name, low, column.unit))
    return tuple(found)


def constant_laws(
    best: Candidate, columns: tuple[Column, ...], discover: Callable[[Table], Report | None]
) -> Iterator[ConstantLaw]:
    """Yield a discovery for each constant of the formula that differs from group to group.

    Groups are weighted by the inverse of their variance. `discover` returns None where there is no time left; a
    constant that the data determine in fewer than five groups has no law.
    """
    told: set[str] = set()
    for i, constant in enumerate(best.constants, start=1):
        name = constant.parameter or f"c{i}"
        table = _table(constant, name, columns) if constant.per_group and name not in told else None
        told.add(name)
        report = discover(table) if table is not None else None
        if report is not None:
            yield ConstantLaw(
                name, report.candidates[: _LAWS.most_candidates], report.residual, report.warnings, report.columns
            )


def _table(constant: Constant, name: str, columns: tuple[Column, ...]) -> Table | None:
    found = list(constant.per_group.values())
    known = np.array([f.std_error is not None for f in found])
    if np.count_nonzero(known) < MIN_ROWS:
        return None
    taken = {c.name for c in columns}
    target = _unused(name, taken)
    weights = _unused("weights", taken | {target})
    values = np.array([f.value for f in found])[known]
    kept = [Column(c.name, c.values[known], c.unit) for c in columns if np.ptp(c.values[known]) > 0]
    if not kept:
        return None
    weight = _weights(np.array([f.std_error or 0.0 for f in found])[known])
    # They are inputs whatever they are called.
    inputs = tuple(c.name for c in kept)
    return Table((*kept, Column(target, values), Column(weights, weight)), target, inputs, weights)


def _weights(errors: Array) -> Array:
    """Return 1/variance, of mean 1.

    No group counts as more than ten times as certain as the middle one, whose own formula may be a little wrong.
    """
    middle = float(np.median(errors))
    if not middle > 0:
        return np.ones(errors.size)
    inverse: Array = np.maximum(errors / middle, _LAWS.least_error) ** -2.0
    normalised: Array = inverse / inverse.mean()
    return normalised


def _unused(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "_"
    return name
