"""The first rows of curves, where training warms up and no law of the rest holds yet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from ansatz.discovery.curves.fit import QUICK, fit_law
from ansatz.discovery.curves.laws import Law
from ansatz.discovery.curves.laws.powers import ANNEALED, POWER_FLOOR
from ansatz.discovery.curves.model import CurveModel
from ansatz.discovery.curves.prepare import PreparedCurves
from ansatz.discovery.curves.sample import Sample
from ansatz.discovery.expression import Array

_LAWS: Final[tuple[Law, ...]] = (POWER_FLOOR, ANNEALED)


@dataclass(frozen=True)
class _Limits:
    """Say what a warm-up is. Chosen by judgement; `python -m bench.curves` holds the figures.

    Attributes:
        cuts: places tried as its end.
        share: of the axis that it may take.
        rows: share of the rows that it may take.
        runs: in which it is looked for.
        fewest_rows: of such a run.
        fewest_left: rows of a run beyond a cut.
        much_worse: scatter with all rows over that of the best cut, above which there is one.
        nearly_best: scatter over that of the best cut, up to which the first cut is taken.
        clipped: residuals count as at most so many standard deviations.
    """

    cuts: int = 12
    share: float = 0.1
    rows: float = 0.75
    runs: int = 6
    fewest_rows: int = 20
    fewest_left: int = 10
    much_worse: float = 2.0
    nearly_best: float = 1.3
    clipped: float = 5.0


_LIMITS: Final = _Limits()


def warm_up_end(prepared: PreparedCurves, seed: int) -> float | None:
    """Return the value of the axis up to which rows are warm-up; None where there is none.

    It is within the first tenth of the axis. A power law over a floor (bent down at the end, or not) is fitted to what
    is left by each of some cuts, to each of some runs. Where all rows leave more than twice the scatter of the best
    cut, the first that comes near the best is the end of the warm-up.
    """
    axis = prepared.axis
    if not axis or prepared.roles.get("S") != axis:
        return None
    sample = prepared.sample
    runs = [r for r in np.unique(sample.run) if np.count_nonzero(sample.run == r) >= _LIMITS.fewest_rows]
    if not runs:
        return None
    chosen = [runs[i] for i in np.unique(np.linspace(0, len(runs) - 1, _LIMITS.runs).astype(int))]
    cuts = _cuts(sample, axis)
    scatter = np.array([_scatter(sample, axis, chosen, cut, seed) for cut in (0.0, *cuts)])
    best = float(np.min(scatter))
    if not np.isfinite(best) or scatter[0] <= _LIMITS.much_worse * best:
        return None
    first = int(np.argmax(scatter <= _LIMITS.nearly_best * best))
    return float(cuts[first - 1]) if first else None


def without(sample: Sample, axis: str, until: float | None) -> tuple[Sample, int]:
    """Return the rows beyond the warm-up, and how many of the caller's rows were left out."""
    if until is None:
        return sample, 0
    left_out = sample.columns[axis] <= until
    return sample.only(~left_out), int(sample.counts[left_out].sum())


def _cuts(sample: Sample, axis: str) -> Array:
    """Return values of the axis, evenly spaced in the logarithm, as far as a warm-up may go."""
    x = sample.columns[axis]
    least = float(x[x > 0].min())
    most = min(_LIMITS.share * float(x.max()), float(np.quantile(x, _LIMITS.rows)))
    return np.geomspace(least, most, _LIMITS.cuts) if most > least else np.empty(0)


def _scatter(sample: Sample, axis: str, runs: list[int], cut: float, seed: int) -> float:
    """Return the geometric mean over runs of what the better of two simple laws leaves beyond the cut."""
    logarithms = []
    for run in runs:
        part = sample.only(np.flatnonzero((sample.run == run) & (sample.columns[axis] > cut)))
        if part.rows < _LIMITS.fewest_left:
            return float("inf")
        fits = [
            fit_law(CurveModel.on(law, dict.fromkeys(law.variables, axis), part.columns), part, seed, QUICK)
            for law in _LAWS
        ]
        most = _LIMITS.clipped
        noises = [
            float(np.sqrt(np.mean(np.minimum(f.residuals**2, (most * f.noise) ** 2)))) for f in fits if f is not None
        ]
        if not noises:
            return float("inf")
        logarithms.append(np.log(min(noises)))
    return float(np.exp(np.mean(logarithms)))
