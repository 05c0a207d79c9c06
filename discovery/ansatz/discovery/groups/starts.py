"""Where the constants of a structure may start, when every group is fitted alone.

All starts of all groups are fitted at once, as if each were a group of its own. Constants in which the formula is
linear are not drawn: they are solved for at every start (variable projection, Golub & Pereyra 1973).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from ansatz.discovery.expression import Array
from ansatz.discovery.expression.node import exponent_positions
from ansatz.discovery.groups.fit import MOST_STEPS, fit_groups
from ansatz.discovery.groups.problem import GroupedProblem
from ansatz.discovery.groups.structure import GroupedFit, Structure
from ansatz.discovery.problem.error import column_units
from ansatz.discovery.problem.problem import Problem


@dataclass(frozen=True)
class _Starts:
    """Say how many starts are tried, and how far each is followed. Chosen by judgement.

    Attributes:
        most_rows: rows of all starts together on which they are compared: a bound on time and memory.
        fewest: starts that are tried however many the rows are.
        first_steps: steps of the optimiser after which starts are compared.
        kept: starts a group that are followed to their end.
    """

    most_rows: int = 20_000
    fewest: int = 4
    first_steps: int = 15
    kept: int = 4


_STARTS: Final = _Starts()


def fit_each_group(structure: Structure, problem: GroupedProblem, starts: int) -> GroupedFit:
    """Return every group fitted alone, all constants its own, from the best of as many starts, of fewer where rows are
    many.

    The first start are the numbers as they stand; on many rows, starts are compared on some of them.
    """
    everything = range(len(structure.constants))
    first = np.repeat(structure.initial()[:, None], problem.groups, axis=1)
    if starts <= 1 or not structure.constants:
        return fit_groups(structure, problem, first, everything)
    k = len(structure.constants)
    thin = problem.subsample(_STARTS.most_rows // starts, least=2 * k + 2)
    fewer = max(_STARTS.fewest, min(starts, _STARTS.most_rows // thin.problem.rows))
    rng = np.random.default_rng(problem.problem.seed)
    drawn_starts = np.stack([structure.initial(), *(_drawn(structure, rng) for _ in range(fewer - 1))])
    many = _repeated(thin, fewer)
    tried = _with_linear_solved(structure, many, np.repeat(drawn_starts, problem.groups, axis=0).T)
    rough = fit_groups(structure, many, tried, everything, max_steps=_STARTS.first_steps)
    best = _best(structure, many, rough.values, problem.groups, min(_STARTS.kept, fewer))
    few = _repeated(thin, best.shape[1])
    fine = fit_groups(structure, few, best.reshape(k, -1), everything, max_steps=MOST_STEPS)
    values = _best(structure, few, fine.values, problem.groups, 1)[:, 0]
    return fit_groups(structure, problem, values, everything)


def _best(structure: Structure, many: GroupedProblem, values: Array, groups: int, most: int) -> Array:
    """Return of the values of each group, shape (k, starts·G), those with the smallest errors, shape (k, most, G)."""
    with np.errstate(all="ignore"):
        residual = (structure.predict(values, many) - many.problem.y) * many.row_scale
        cost = many.by_group(residual * residual).reshape(-1, groups)
    order = np.argsort(np.where(np.isfinite(cost), cost, np.inf), axis=0, kind="stable")[:most]
    return np.take_along_axis(values.reshape(len(values), -1, groups), order[None], axis=1)


def _repeated(problem: GroupedProblem, times: int) -> GroupedProblem:
    """Return the groups of the problem so many times over."""
    inner = problem.problem
    weights = None if inner.weights is None else np.tile(inner.weights, times)
    X = np.asfortranarray(np.tile(inner.X, (times, 1)))
    labels = tuple(f"{i}:{label}" for i in range(times) for label in problem.labels)
    index = np.concatenate([problem.index + i * problem.groups for i in range(times)])
    return GroupedProblem(replace(inner, X=X, y=np.tile(inner.y, times), weights=weights), labels, index)


def _drawn(structure: Structure, rng: np.random.Generator) -> Array:
    """Return one start, shape (k,): exponents of the size of exponents, other numbers of any size."""
    exponents = exponent_positions(structure.formula)
    values = []
    for constant in structure.constants:
        low, high = (-1.0, 0.5) if constant.positions[0] in exponents else (-2.0, 4.0)
        value = 10 ** rng.uniform(low, high) * (1 if rng.random() < 0.75 else -1)
        if constant.start is not None:
            value = constant.start * (1.0 if rng.random() < 0.25 else 2 ** rng.normal())
        if np.isfinite(constant.lower) and np.isfinite(constant.upper):
            value = rng.uniform(constant.lower, constant.upper)
        elif not constant.lower <= value <= constant.upper:
            bound = constant.lower if value < constant.lower else constant.upper
            value = bound + abs(value) * (1 if value < constant.lower else -1)
        values.append(value)
    return np.array(values)


def linear_constants(structure: Structure, problem: Problem) -> tuple[int, ...]:
    """Return constants in which the formula is jointly linear, seen at a few rows and values."""
    rng = np.random.default_rng(problem.seed)
    rows = np.sort(rng.permutation(problem.rows)[:20])
    some = GroupedProblem(problem.rows_only(rows), ("",), np.zeros(rows.size, dtype=np.intp))
    at = np.abs(_drawn(structure, rng))[:, None]
    found: list[int] = []
    for j in range(len(structure.constants)):
        trial = [*found, j]
        elsewhere = at.copy()
        elsewhere[trial] *= rng.uniform(0.3, 3, (len(trial), 1))
        here, there = (structure.linearised(v, some, trial)[1] for v in (at, elsewhere))
        with np.errstate(all="ignore"):
            same = np.abs(here - there) <= 1e-9 * (np.abs(here) + np.abs(there)).max(initial=0.0)
        if bool(np.all(same)):
            found = trial
    return tuple(found)


def _with_linear_solved(structure: Structure, problem: GroupedProblem, values: Array) -> Array:
    """Return the starts with their linear constants at the least-squares optimum of each group, within their bounds."""
    linear = linear_constants(structure, problem.problem)
    if not linear:
        return values
    zero = values.copy()
    zero[list(linear)] = 0.0
    offset, J = structure.linearised(zero, problem, linear)
    with np.errstate(all="ignore"):
        target = (problem.problem.y - offset) * problem.row_scale
        J = J * problem.row_scale[:, None]
        units = column_units(np.nan_to_num(J))
        J = J / units
        finite = np.isfinite(target) & np.isfinite(J).all(axis=1)
        usable = problem.by_group(finite.astype(np.float64)) == problem.sizes
        norms = np.sqrt(problem.by_group(J * J))
        J = J / np.where(norms > 0, norms, 1.0)[problem.index]
        J, target = np.nan_to_num(J), np.nan_to_num(target)
        A = problem.by_group(J[:, :, None] * J[:, None, :]) + 1e-10 * np.eye(len(linear))
        solved = np.linalg.solve(A, problem.by_group(J * target[:, None])[:, :, None])[:, :, 0] / norms / units
    lower, upper = structure.bounds
    solved = np.clip(solved.T, lower[list(linear)], upper[list(linear)])
    values[list(linear)] = np.where(usable & np.isfinite(solved), solved, values[list(linear)])
    return values
