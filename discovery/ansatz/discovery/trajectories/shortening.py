"""What can be taken off a fitted system, told from the fit to first order, without another fit."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from ansatz.discovery.expression import Array, Node
from ansatz.discovery.expression.node import subtract
from ansatz.discovery.expression.numbers import numbers
from ansatz.discovery.search.reduction import reductions
from ansatz.discovery.trajectories.record import LEAST_RMS
from ansatz.discovery.trajectories.scored import ScoredSystem, relative_rms
from ansatz.discovery.trajectories.shooting import Linearised, Shooting


@dataclass(frozen=True)
class Limits:
    """Say what may be taken off. Chosen by judgement; `python -m bench.odebench` holds them.

    Attributes:
        sure: a parameter more standard errors from zero than this is not zero.
        small: change of the trajectories over their spread that a refit may make up for.
    """

    sure: float = 4.0
    small: float = 1e3 * LEAST_RMS


LIMITS: Final = Limits()


def certainties(item: ScoredSystem, shooting: Shooting) -> Array:
    """Return how many standard errors each parameter is from zero, `(p,)`; 0 where the data do not determine it.

    Residuals are taken to be no smaller than LEAST_RMS: what explains less than the errors of integration is not sure.
    """
    variance = float(np.mean(relative_rms(item, shooting) ** 2))
    with np.errstate(all="ignore"):
        ratio = np.abs(item.fit.system.values) / item.fit.errors
    found: Array = np.nan_to_num(ratio, nan=0.0, posinf=np.inf) * math.sqrt(variance / (variance + LEAST_RMS**2))
    return found


def weak_parameters(item: ScoredSystem, shooting: Shooting) -> list[int]:
    """Return parameters that the data determine but hardly tell from zero, the weakest first."""
    certainty = certainties(item, shooting)
    return [int(k) for k in np.argsort(certainty) if 0 < certainty[k] < LIMITS.sure]


def small_reductions(item: ScoredSystem, shooting: Shooting) -> list[tuple[int, Node]]:
    """Return reductions (equation, formula) of a system that hardly change its trajectories, the smallest first.

    They are judged by what is left of the change once the other constants have followed.
    """
    found = [(i, reduced) for i, equation in enumerate(item.equations) for reduced in reductions(equation)]
    changes = [(i, subtract(reduced, item.equations[i])) for i, reduced in found]
    linear = shooting.linearised(item.fit, changes)
    if linear is None:
        return found
    relative = float(np.max(relative_rms(item, shooting)))
    sizes = [relative * _unfollowed(linear, k, len(found), _left(item, *found[k])) for k in range(len(found))]
    return [found[int(k)] for k in np.argsort(sizes, kind="stable") if sizes[k] < LIMITS.small]


def _left(item: ScoredSystem, state: int, reduced: Node) -> list[int]:
    """Return the parameters that a system still has when one equation is reduced."""
    equations = [reduced if i == state else equation for i, equation in enumerate(item.equations)]
    sizes = {abs(float(value)) for equation in equations for value in numbers(equation)}
    return [k for k, value in enumerate(item.fit.system.values) if abs(float(value)) in sizes]


def _unfollowed(linear: Linearised, change: int, changes: int, parameters: list[int]) -> float:
    """Return the root mean square, in units of the noise, of what parameters and initial states cannot follow.

    The changes are columns between those of the two.
    """
    states = range(linear.parameters, linear.slopes.shape[1])
    others = linear.slopes[:, [*parameters, *states]]
    norms = np.linalg.norm(others, axis=0)
    basis = np.linalg.qr(others / np.where(norms > 0, norms, 1.0))[0]
    column = linear.slopes[:, linear.parameters - changes + change]
    with np.errstate(all="ignore"):
        size = float(np.sqrt(np.mean((column - basis @ (basis.T @ column)) ** 2)))
    return size if math.isfinite(size) else math.inf
