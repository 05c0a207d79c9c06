"""Uncertainty of a structure fitted to groups, and what the evidence asks of it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from ansatz.discovery.evidence.exactness import ROUNDING
from ansatz.discovery.evidence.form_price import form_bits
from ansatz.discovery.evidence.measure import LOG_STEP, Measure, directions, mean_square, scores
from ansatz.discovery.evidence.rank import UNDECIDED_BITS
from ansatz.discovery.evidence.spread import Spread
from ansatz.discovery.expression import Array, Number, variables
from ansatz.discovery.groups.problem import GroupedProblem
from ansatz.discovery.groups.structure import GroupedFit
from ansatz.discovery.problem.error import column_units

_SHARED_BITS: Final = 1.0
_OWN_BITS: Final = UNDECIDED_BITS
"""Bits for a constant being one for all groups, or one for each: that groups differ is said at odds of 20 to 1 alone.
By Bayes factors alone a constant that all share would often be freed: the scale of so many differences
is fitted, too."""
_GROUPS: Final = 6
_ROWS: Final = 20
_NEW: Final = 1e-6


def uncertainty(fit: GroupedFit, problem: GroupedProblem) -> Array:
    """Return the standard errors of the constants, shape (k, G), the same in every group for a shared one.

    They are NaN where the data do not determine a constant or it was not fitted.

    They are those of the curvature of the (weighted) sum of squares at the optimum, as for a single formula. It takes
    one triangular factor a group, and one of what they leave for the shared constants.
    """
    own, shared = sorted(fit.per_group), list(fit.shared)
    errors = np.full(fit.values.shape, np.nan)
    degrees = problem.problem.rows - fit.fitted
    if not fit.fitted or degrees < 1:
        return errors
    sigma = max(fit.rmse, ROUNDING * problem.problem.y_scale) * math.sqrt(problem.problem.rows / degrees)
    with np.errstate(all="ignore"):
        spread = _relative(fit, problem, own, shared)
        errors[[*own, *shared]] = np.where(np.isfinite(spread), sigma * spread, np.nan)
    return errors


def _relative(fit: GroupedFit, problem: GroupedProblem, own: list[int], shared: list[int]) -> Array:
    """Return the errors for residuals of size 1, shape (p + s, G), NaN where undetermined."""
    p, k, G = len(own), len(own) + len(shared), problem.groups
    _, J = fit.structure.linearised(fit.values, problem, [*own, *shared])
    J = J * (problem.row_scale * problem.problem.y_scale)[:, None]
    units = column_units(J)
    J = J / units
    norms = np.concatenate([np.sqrt(problem.by_group(J[:, :p] ** 2)), _total_norms(J[:, p:], G)], axis=1)
    spread = np.full((k, G), np.nan)
    if not np.all(np.isfinite(norms)):
        return spread
    J = J / np.where(norms > 0, norms, 1.0)[problem.index]
    factors = [_square(part) for part in np.split(J, problem.starts[1:])]
    together = _square(np.vstack([R[p:, p:] for R in factors]))
    shared_spread = Spread.of_factor(together, np.ones(k - p))
    root_shared = shared_spread.root.T
    for g, R in enumerate(factors):
        own_spread = Spread.of_factor(R[:p, :p], np.ones(p))
        root = own_spread.root.T
        # The covariance of a group's own constants: by themselves, and through the shared ones.
        through = root @ root.T @ (R[:p, :p].T @ R[:p, p:]) @ root_shared
        variance = np.concatenate([(root**2).sum(axis=1) + (through**2).sum(axis=1), (root_shared**2).sum(axis=1)])
        undetermined = np.concatenate([own_spread.loose, shared_spread.loose]) | (norms[g] == 0)
        spread[:, g] = np.where(undetermined, np.nan, np.sqrt(variance) / norms[g] / units)
    return spread


def _total_norms(J: Array, groups: int) -> Array:
    return np.broadcast_to(np.sqrt((J**2).sum(axis=0)), (groups, J.shape[1]))


def _square(J: Array) -> Array:
    """Return the triangular factor, with rows of zeros where there are fewer rows than columns."""
    R: Array = np.linalg.qr(J).R
    return R if R.shape[0] == R.shape[1] else np.vstack([R, np.zeros((R.shape[1] - R.shape[0], R.shape[1]))])


def measured(fit: GroupedFit, names_bits: Mapping[int, float], problem: GroupedProblem) -> Measure:
    """Return what the evidence asks of a structure.

    Shared constants count once, others once a group. The form is priced as that of a formula of a table, and for each
    constant whether groups share it. `names_bits` are the bits of the names of fixed constants.
    """
    inner, free = problem.problem, len(fit.values) - len(fit.fixed)
    bits = form_bits(fit.formula, free, sum(names_bits.values()), inner)
    hidden = hidden_constants(fit, problem)
    return Measure(mean_square(fit.rmse, inner), fit.fitted, hidden, bits + sharing_bits(fit))


def sharing_bits(fit: GroupedFit) -> float:
    """Return the bits of how constants are shared; of one constant for all there is nothing to say."""
    if not fit.per_group and not variables(fit.structure.formula):
        return 0.0
    return _SHARED_BITS * len(fit.shared) + _OWN_BITS * len(fit.per_group)


def given(measure: Measure, fit: GroupedFit, settled: bool) -> Measure:
    """Return the measure of a caller's own form, which costs nothing but how its constants are shared, unless that is
    `settled` by the caller."""
    return replace(measure, hidden=0, form_bits=0.0 if settled else sharing_bits(fit))


def best_of(fits: Sequence[GroupedFit], problem: GroupedProblem) -> int:
    """Return which fit of one structure has the most evidence; each may share other constants."""
    measures = [Measure(mean_square(f.rmse, problem.problem), f.fitted, 0, sharing_bits(f)) for f in fits]
    return int(np.argmin(scores(measures, problem.problem)))


@np.errstate(all="ignore")
def hidden_constants(fit: GroupedFit, problem: GroupedProblem) -> int:
    """Return how many constants the units of target and inputs would bring out beside those that are fitted, as for a
    single formula: a unit is the same in every group. A few groups and rows tell.
    """
    structure, own = fit.structure, sorted(fit.per_group)
    if isinstance(structure.formula, Number):
        return 0
    chosen = np.sort(np.argsort(-problem.sizes, kind="stable")[:_GROUPS])
    few = problem.groups_only(chosen).subsample(_GROUPS * _ROWS)
    values = fit.values[:, chosen]
    value, slopes = structure.linearised(values, few, [*own, *fit.shared])
    found = [value]
    for name in variables(structure.formula):
        up, down = (structure.predict(values, _scaled(few, name, 1 + sign * LOG_STEP)) for sign in (1.0, -1.0))
        found.append((up - down) / (2 * LOG_STEP))
    both = np.column_stack([slopes, *found]) * few.row_scale[:, None]
    if not np.all(np.isfinite(both)):
        return 0
    rest = _without(both[:, : len(own)], both[:, len(own) :], few)
    return directions(rest) - directions(rest[:, : len(fit.shared)])


def _scaled(problem: GroupedProblem, name: str, factor: float) -> GroupedProblem:
    X = problem.problem.X.copy(order="F")
    X[:, problem.problem.names.index(name)] *= factor
    return replace(problem, problem=replace(problem.problem, X=X))


def _without(own: Array, columns: Array, problem: GroupedProblem) -> Array:
    """Return the columns without what the groups' own constants could take from them; nothing but rounding is zero."""
    rest = columns.copy()
    for g in range(problem.groups):
        rows = np.flatnonzero(problem.index == g)
        norms = np.linalg.norm(own[rows], axis=0)
        left, singular, _ = np.linalg.svd(own[rows][:, norms > 0] / norms[norms > 0], full_matrices=False)
        taken = left[:, singular > _NEW]
        rest[rows] -= taken @ (taken.T @ columns[rows])
    whole = np.linalg.norm(columns, axis=0)
    kept: Array = np.where(np.linalg.norm(rest, axis=0) > _NEW * whole, rest, 0.0)
    return kept
