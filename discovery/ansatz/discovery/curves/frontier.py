"""The lower envelope of many runs against compute: what the best run gives for each budget."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from ansatz.discovery.curves.laws.compute import FLOPS_PER_PARAMETER_AND_TOKEN
from ansatz.discovery.curves.laws.powers import POWER, POWER_FLOOR
from ansatz.discovery.curves.per_run import related_law
from ansatz.discovery.curves.prepare import PreparedCurves
from ansatz.discovery.expression import Array
from ansatz.discovery.report.curves import RelatedLaw

COMPUTE: Final = "C"


@dataclass(frozen=True)
class _Limits:
    """Say what an envelope is made of. Chosen by judgement.

    Attributes:
        bins: of the logarithm of compute, each of at most one row.
        fewest: rows of a frontier.
        fewest_sizes: of models; of fewer nothing is best.
    """

    bins: int = 40
    fewest: int = 6
    fewest_sizes: int = 3


_LIMITS: Final = _Limits()


def frontier_laws(prepared: PreparedCurves) -> tuple[RelatedLaw, ...]:
    """Return laws of the envelope: the value against compute, and the best size against compute.

    There are none where there are too few sizes, no compute, or too few points.
    """
    sample, roles = prepared.sample, prepared.roles
    compute = _compute(prepared)
    size = sample.columns.get(roles.get("N", ""))
    if compute is None or size is None or np.unique(size).size < _LIMITS.fewest_sizes or not prepared.axis:
        return ()
    rows = envelope(compute, sample.y)
    if rows.size < _LIMITS.fewest:
        return ()
    column = roles.get("C", COMPUTE)
    laws = [
        related_law(prepared.target, column, compute[rows], sample.y[rows], (POWER, POWER_FLOOR)),
        related_law(roles["N"], column, compute[rows], size[rows], (POWER,)),
    ]
    return tuple(law for law in laws if law is not None)


def _compute(prepared: PreparedCurves) -> Array | None:
    columns, roles = prepared.sample.columns, prepared.roles
    if "C" in roles:
        return columns[roles["C"]]
    if {"N", "D"} <= roles.keys():
        return FLOPS_PER_PARAMETER_AND_TOKEN * columns[roles["N"]] * columns[roles["D"]]
    return None


def envelope(compute: Array, y: Array) -> Array:
    """Return rows that no other beats with less compute, at most one in each bin of its logarithm: the lowest."""
    usable = np.flatnonzero(compute > 0)
    order = usable[np.argsort(compute[usable], kind="stable")]
    best = np.minimum.accumulate(y[order])
    front = order[(y[order] <= best) & np.concatenate([[True], y[order][1:] < best[:-1]])]
    x = np.log(compute[front])
    bins = _LIMITS.bins
    label = np.minimum(((x - x.min()) / max(float(np.ptp(x)), 1e-300) * bins).astype(int), bins - 1)
    lowest = {k: front[label == k][np.argmin(y[front[label == k]])] for k in np.unique(label)}
    return np.array(list(lowest.values()))
