"""The first rows of curves, where training warms up and no law of the rest holds yet."""

from __future__ import annotations

import numpy as np

from ansatz.discovery.curves.fit import QUICK, fit_law
from ansatz.discovery.curves.laws import Law
from ansatz.discovery.curves.laws.powers import ANNEALED, POWER_FLOOR
from ansatz.discovery.curves.model import CurveModel
from ansatz.discovery.curves.prepare import PreparedCurves
from ansatz.discovery.curves.sample import Sample
from ansatz.discovery.expression import Array

_LAWS: tuple[Law, ...] = (POWER_FLOOR, ANNEALED)
_CUTS = 12
_MOST_LEFT_OUT = 0.1
_MOST_ROWS_LEFT_OUT = 0.75
_FEWEST_ROWS = 20
_FEWEST_LEFT = 10
_MUCH_WORSE = 2.0
_NEARLY_BEST = 1.3
_MOST_RUNS = 6


def warm_up_end(prepared: PreparedCurves, seed: int) -> float | None:
    """The value of the axis up to which rows are warm-up; None where there is none.

    At most the first tenth of the axis. A power law over a floor (bent down at the end, or not) is fitted to what is
    left by each of twelve cuts, to each of some runs; where no cut leaves more than twice the scatter of the best one,
    the first that comes near the best is the end of the warm-up.
    """
    axis = prepared.axis
    if not axis or prepared.roles.get("S") != axis:
        return None
    sample = prepared.sample
    runs = [r for r in np.unique(sample.run) if np.count_nonzero(sample.run == r) >= _FEWEST_ROWS]
    if not runs:
        return None
    chosen = [runs[i] for i in np.unique(np.linspace(0, len(runs) - 1, _MOST_RUNS).astype(int))]
    cuts = _cuts(sample, axis)
    scatter = np.array([_scatter(sample, axis, chosen, cut, seed) for cut in (0.0, *cuts)])
    best = float(np.min(scatter))
    if not np.isfinite(best) or scatter[0] <= _MUCH_WORSE * best:
        return None
    first = int(np.argmax(scatter <= _NEARLY_BEST * best))
    return float(cuts[first - 1]) if first else None


def without(sample: Sample, axis: str, until: float | None) -> tuple[Sample, int]:
    """The rows beyond the warm-up, and how many of the caller's rows were left out."""
    if until is None:
        return sample, 0
    left_out = sample.columns[axis] <= until
    return sample.only(~left_out), int(sample.counts[left_out].sum())


def _cuts(sample: Sample, axis: str) -> Array:
    """Values of the axis, evenly spaced in the logarithm, up to a tenth of its end and three quarters of
    the rows."""
    x = sample.columns[axis]
    least = float(x[x > 0].min())
    most = min(_MOST_LEFT_OUT * float(x.max()), float(np.quantile(x, _MOST_ROWS_LEFT_OUT)))
    return np.geomspace(least, most, _CUTS) if most > least else np.empty(0)


def _scatter(sample: Sample, axis: str, runs: list[int], cut: float, seed: int) -> float:
    """The geometric mean over runs of what the better of two simple laws leaves beyond the cut."""
    logarithms = []
    for run in runs:
        part = sample.only(np.flatnonzero((sample.run == run) & (sample.columns[axis] > cut)))
        if part.rows < _FEWEST_LEFT:
            return float("inf")
        fits = [
            fit_law(CurveModel.on(law, dict.fromkeys(law.variables, axis), part.columns), part, seed, QUICK)
            for law in _LAWS
        ]
        noises = [
            float(np.sqrt(np.mean(np.minimum(f.residuals**2, (5 * f.noise) ** 2)))) for f in fits if f is not None
        ]
        if not noises:
            return float("inf")
        logarithms.append(np.log(min(noises)))
    return float(np.exp(np.mean(logarithms)))
