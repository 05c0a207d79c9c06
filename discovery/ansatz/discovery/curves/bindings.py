"""Which columns the variables of a law may stand for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations, permutations
from typing import Final

import numpy as np

from ansatz.discovery.curves.laws import Law
from ansatz.discovery.curves.sample import Sample
from ansatz.discovery.data.curves import ROLES
from ansatz.discovery.expression import Array


@dataclass(frozen=True)
class _Limits:
    """Say which columns may be bound. Chosen by judgement.

    Attributes:
        fewest_values: that differ; with fewer no law can be told from another.
        most_columns: of which all choices are tried.
        whole: share by which shares may miss their whole, as rounded ones do.
    """

    fewest_values: int = 3
    most_columns: int = 5
    whole: float = 1e-3


_LIMITS: Final = _Limits()


def bindings(law: Law, sample: Sample, roles: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Yield the assignments of columns to the law's variables that make sense: by meaning where all are known."""
    if not law.variables:
        yield {}
        return
    if law.missing in roles:
        return
    usable = [name for name, column in sample.columns.items() if _fits(law, column)]
    if law.shares:
        if _are_shares(law, sample, usable):
            yield dict(zip(law.variables, usable, strict=False))
        return
    known = {v: roles[v] for v in law.variables if v in roles and len(law.variables) > 1}
    fixed = {v: roles.get(role, "") for v, role in law.roles.items()}
    if set(known) == set(law.variables):
        fixed = known
    if any(column not in usable for column in fixed.values()):
        return
    free = [v for v in law.variables if v not in fixed]
    others = [name for name in usable if name not in fixed.values()][: _LIMITS.most_columns]
    meaning = {column: role for role, column in roles.items()}
    choose = combinations if law.symmetric else permutations
    for chosen in choose(others, len(free)):
        binding = {**fixed, **dict(zip(free, chosen, strict=True))}
        if len(binding) == 1 or all(_may_mean(v, meaning.get(column)) for v, column in binding.items()):
            yield binding


def _may_mean(variable: str, role: str | None) -> bool:
    """Return whether a column of a role may stand for a variable: one called after another role is not meant."""
    return role is None or variable not in ROLES or variable == role


def _fits(law: Law, column: Array) -> bool:
    enough = np.unique(column).size >= _LIMITS.fewest_values
    smallest = float(column.min())
    if law.shares:
        return enough and smallest >= 0 and float(column.max()) <= 1
    return enough and (smallest > 0 or (law.from_zero and smallest >= 0))


def _are_shares(law: Law, sample: Sample, usable: list[str]) -> bool:
    """Return whether the inputs are shares of a whole, of which the law takes all but the last, or all."""
    if not usable or len(usable) != len(sample.columns):
        return False
    total = np.sum([sample.columns[name] for name in usable], axis=0)
    whole = bool(np.allclose(total, 1.0, atol=_LIMITS.whole))
    wanted = len(usable) - 1 if whole else len(usable)
    return len(law.variables) == wanted and bool(np.all(total <= 1 + _LIMITS.whole))
