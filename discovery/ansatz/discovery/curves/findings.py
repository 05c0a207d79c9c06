"""What curves show beside formulas: limits, breaks, outliers, emergence, runs that get worse, where to measure next."""

from __future__ import annotations

import math
import re

import numpy as np

from ansatz.discovery.curves.candidates import law_constants
from ansatz.discovery.curves.emergence import emergence
from ansatz.discovery.curves.fit import CurveFit
from ansatz.discovery.curves.prepare import PreparedCurves
from ansatz.discovery.curves.search import Contest, Found, indistinguishable, scale_columns
from ansatz.discovery.expression import Array
from ansatz.discovery.report.curves import CurveFindings, LawConstant, Measurement, RelatedLaw, Worsening

_FAR = 1e6
_FACTORS = np.geomspace(1.0, _FAR, 121)
_APART = 4.0
_WORSE = 0.02
_WORSE_NOISES = 4.0
_LATE = 0.2
_FEWEST_POINTS = 6


def findings(
    contest: Contest,
    prepared: PreparedCurves,
    warm_up: tuple[int, float | None],
    constant_laws: tuple[RelatedLaw, ...],
    frontier: tuple[RelatedLaw, ...],
) -> CurveFindings:
    """Under the best law of the contest."""
    best = contest.found[0]
    known = {c.name: c for c in law_constants(best.fit, intervals=True)}
    verdicts = emergence(prepared)
    held_out = contest.holds_out
    return CurveFindings(
        scale=str(prepared.sample.scale),
        noise=best.fit.noise,
        huber_delta=best.fit.delta,
        independent_share=contest.share,
        held_out_rows=held_out.outer.size if held_out is not None else 0,
        limit=known.get(best.law.limit),
        emergence=verdicts,
        straight=_straight(best, prepared.target),
        breaks=tuple(known[name] for name in best.law.breaks if _inside(known[name], best)),
        outliers=_outliers(best.fit),
        warm_up_rows=warm_up[0],
        warm_up_until=warm_up[1],
        worsening=worsening(prepared),
        measure=_measurements(contest, prepared),
        constant_laws=constant_laws,
        frontier=frontier,
    )


def _straight(best: Found, target: str) -> str:
    """In which coordinates the law is a straight line, by the names of columns."""
    words = {**best.fit.model.binding, "y": target}
    return re.sub(r"[A-Za-z_]\w*", lambda m: words.get(m[0], m[0]), best.law.straight)


def _inside(place: LawConstant, best: Found) -> bool:
    (column,) = best.fit.model.binding.values()
    values = best.fit.sample.columns[column]
    return float(values.min()) < place.value < float(values.max())


def _outliers(fit: CurveFit) -> tuple[int, ...]:
    far = np.abs(fit.residuals) > fit.outlying
    return tuple(sorted(int(row) + 1 for row in fit.sample.first_row[far]))


def worsening(prepared: PreparedCurves) -> tuple[Worsening, ...]:
    """Runs of a falling curve whose last value lies well above their best."""
    sample = prepared.sample
    if not prepared.axis:
        return ()
    x = sample.columns[prepared.axis]
    found = []
    for run in np.unique(sample.run):
        rows = np.flatnonzero(sample.run == run)
        if rows.size < _FEWEST_POINTS:
            continue
        z, y = sample.z[rows], sample.y[rows]
        # The scatter of the last part: the first falls too fast for differences to show it.
        late = z[x[rows] >= _LATE * float(x[rows].max())]
        noise = 1.4826 * float(np.median(np.abs(np.diff(late, 2)))) / math.sqrt(6) if late.size > 2 else math.inf
        best = int(np.argmin(z))
        if z[0] - z[best] < 5 * _WORSE or best == rows.size - 1:
            continue
        if z[-1] - z[best] > max(_WORSE_NOISES * noise, _WORSE):
            name = prepared.run_names[run] if prepared.run_names else ""
            found.append(Worsening(name, float(x[rows[best]]), float(y[best]), float(y[-1])))
    return tuple(found)


def _measurements(contest: Contest, prepared: PreparedCurves) -> tuple[Measurement, ...]:
    """For each rival that the data cannot tell from rank 1: the scale from which they differ by more than the noise."""
    best, *_ = contest.found
    rivals = [f for f in indistinguishable(contest.found, contest.sample.rows * contest.share) if f is not best]
    columns = scale_columns(contest.sample, prepared)
    made = []
    for rival in rivals[:3]:
        for column in columns:
            made.append(Measurement(rival.law.title, column, _apart(best.fit, rival.fit, column)))
    return tuple(made)


def _apart(a: CurveFit, b: CurveFit, column: str) -> float | None:
    """The value of a column, the others at their largest scale, from which two laws differ by four standard errors of
    the noise."""
    sample = a.sample
    top = int(np.argmax(sample.columns[column]))
    path = {name: np.full(_FACTORS.size, values[top]) for name, values in sample.columns.items()}
    path[column] = path[column] * _FACTORS
    apart = np.abs(_on_scale(a, path) - _on_scale(b, path)) > _APART * max(a.noise, 1e-12)
    return float(path[column][int(np.argmax(apart))]) if apart.any() else None


def _on_scale(fit: CurveFit, columns: dict[str, Array]) -> Array:
    values = fit.model.values(fit.u[None, :], fit.model.variables_at(columns))[0]
    with np.errstate(all="ignore"):
        z = (
            np.arcsin(np.sqrt(np.clip(values, 0, 1)))
            if fit.sample.trials is not None
            else fit.sample.to_scale(values)[0]
        )
    return np.broadcast_to(z, next(iter(columns.values())).shape)
