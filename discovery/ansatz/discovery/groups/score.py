"""Uncertainty and description length of a structure fitted to groups."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ansatz.discovery.evidence.description_length import ROUNDING, formula_bits, real_bits, residual_bits
from ansatz.discovery.evidence.spread import RANK, Spread
from ansatz.discovery.expression import Array
from ansatz.discovery.groups.problem import GroupedProblem
from ansatz.discovery.groups.structure import GroupedFit
from ansatz.discovery.problem.error import column_units


@dataclass(frozen=True, eq=False)
class Uncertainty:
    """Tell how well the constants of a fit are known; both of shape (k, G), the same in every group for a shared one.

    Attributes:
        errors: standard errors, NaN where the data do not determine a constant or it was not fitted.
        given: what is left of them when the constants are told one after the other, the shared ones first. Together
            they measure the joint uncertainty: constants that can stand in for each other have less room than `errors`
            says.
    """

    errors: Array
    given: Array


def uncertainty(fit: GroupedFit, problem: GroupedProblem) -> Uncertainty:
    """Return the uncertainty from the curvature of the (weighted) sum of squares at the optimum, as for a single
    formula.

    It takes one triangular factor a group, and one of what they leave for the shared constants.
    """
    own, shared = sorted(fit.per_group), list(fit.shared)
    errors, given = (np.full(fit.values.shape, np.nan) for _ in range(2))
    degrees = problem.problem.rows - fit.fitted
    if not fit.fitted or degrees < 1:
        return Uncertainty(errors, given)
    sigma = max(fit.rmse, ROUNDING.size * problem.problem.y_scale) * math.sqrt(problem.problem.rows / degrees)
    with np.errstate(all="ignore"):
        relative = _relative(fit, problem, own, shared)
        for found, spread in zip((errors, given), relative, strict=True):
            found[[*own, *shared]] = np.where(np.isfinite(spread), sigma * spread, np.nan)
    return Uncertainty(errors, given)


def _relative(fit: GroupedFit, problem: GroupedProblem, own: list[int], shared: list[int]) -> tuple[Array, Array]:
    """Return both uncertainties for residuals of size 1, shape (p + s, G), NaN where undetermined."""
    p, k, G = len(own), len(own) + len(shared), problem.groups
    _, J = fit.structure.linearised(fit.values, problem, [*own, *shared])
    J = J * (problem.row_scale * problem.problem.y_scale)[:, None]
    units = column_units(J)
    J = J / units
    norms = np.concatenate([np.sqrt(problem.by_group(J[:, :p] ** 2)), _total_norms(J[:, p:], G)], axis=1)
    spread, given = (np.full((k, G), np.nan) for _ in range(2))
    if not np.all(np.isfinite(norms)):
        return spread, given
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
        pivots = np.abs(np.concatenate([np.diag(R[:p, :p]), np.diag(together)]))
        given[:, g] = np.where(undetermined | (pivots <= RANK.cutoff), np.nan, 1 / (pivots * norms[g]) / units)
    return spread, given


def _total_norms(J: Array, groups: int) -> Array:
    return np.broadcast_to(np.sqrt((J**2).sum(axis=0)), (groups, J.shape[1]))


def _square(J: Array) -> Array:
    """Return the triangular factor, with rows of zeros where there are fewer rows than columns."""
    R: Array = np.linalg.qr(J).R
    return R if R.shape[0] == R.shape[1] else np.vstack([R, np.zeros((R.shape[1] - R.shape[0], R.shape[1]))])


def description_length(
    fit: GroupedFit, found: Uncertainty, named_bits: Mapping[int, float], problem: GroupedProblem
) -> float:
    """Return the bits of the formula, its constants and its residual.

    A shared constant counts once, the others once a group, from zero or from their middle, whichever is shorter.
    `found` is the uncertainty of the constants; `named_bits` are the bits of the names of fixed constants.
    """
    # The values of the constants are counted below: here they are any numbers that are no integers.
    bare = fit.structure.at(np.full(len(fit.values), 0.5))
    bits = formula_bits(bare, len(problem.problem.names))
    bits += residual_bits(fit.rmse, fit.fitted, problem.problem)
    errors, given = np.nan_to_num(found.errors), np.nan_to_num(found.given)
    bits += sum(_bits(fit.values[j, :1], errors[j, :1], given[j, :1]) for j in fit.shared)
    for j in fit.per_group:
        middle = float(np.median(fit.values[j]))
        from_middle = real_bits(middle, float(np.median(errors[j])))
        from_middle += _bits(fit.values[j] - middle, errors[j], given[j])
        bits += min(_bits(fit.values[j], errors[j], given[j]), from_middle)
    return bits + sum(named_bits.get(j, 0.0) for j in fit.fixed)


def _bits(values: Array, errors: Array, given: Array) -> float:
    """Return bits to tell values to the precision `given`: each lies anywhere within its size and its own error."""
    room = np.abs(values) + np.maximum(errors - given, 0.0)
    return sum(real_bits(float(size), float(error)) for size, error in zip(room, given, strict=True))
