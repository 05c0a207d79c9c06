"""What curves show beside formulas: limits, breaks, outliers, emergence, runs that get worse, where to measure next."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Final

import numpy as np

from ansatz.discovery.curves.candidates import law_constants
from ansatz.discovery.curves.emergence import emergence
from ansatz.discovery.curves.fit import CurveFit
from ansatz.discovery.curves.noise import NORMAL
from ansatz.discovery.curves.prepare import PreparedCurves
from ansatz.discovery.curves.search import Contest, Found, indistinguishable, scale_columns
from ansatz.discovery.expression import Array
from ansatz.discovery.report.curves import CurveFindings, LawConstant, Measurement, RelatedLaw, Worsening


@dataclass(frozen=True)
class _Worse:
    """Say when a run gets worse late. Chosen by judgement.

    Attributes:
        fewest: rows of a run.
        late: share of the axis before which a curve falls too fast for differences to show its scatter.
        noises: above its best, in standard deviations of the scatter.
        least: above its best, on the scale of errors.
        fell: over `least`, by which it must have fallen before.
    """

    fewest: int = 6
    late: float = 0.2
    noises: float = 4.0
    least: float = 0.02
    fell: float = 5.0


@dataclass(frozen=True)
class _Apart:
    """Say where laws that the data do not tell apart are compared. Chosen by judgement.

    Attributes:
        rivals: laws compared with the best.
        farthest: scale over the largest of the data.
        places: tried up to there, 20 a decade.
        noises: by which laws must differ, in standard deviations.
        least_noise: on the scale of errors, about the rounding of float64.
    """

    rivals: int = 3
    farthest: float = 1e6
    places: int = 121
    noises: float = 4.0
    least_noise: float = 1e-12


_WORSE: Final = _Worse()
_APART: Final = _Apart()
_FACTORS: Final = np.geomspace(1.0, _APART.farthest, _APART.places)


def findings(
    contest: Contest,
    prepared: PreparedCurves,
    warm_up: tuple[int, float | None],
    constant_laws: tuple[RelatedLaw, ...],
    frontier: tuple[RelatedLaw, ...],
) -> CurveFindings:
    """Return what the curves show under the best law of the contest."""
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
    """Return in which coordinates the law is a straight line, by the names of columns."""
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
    """Return runs of a falling curve whose last value lies well above their best."""
    sample = prepared.sample
    if not prepared.axis:
        return ()
    x = sample.columns[prepared.axis]
    found = []
    for run in np.unique(sample.run):
        rows = np.flatnonzero(sample.run == run)
        if rows.size < _WORSE.fewest:
            continue
        z, y = sample.z[rows], sample.y[rows]
        late = z[x[rows] >= _WORSE.late * float(x[rows].max())]
        noise = NORMAL * float(np.median(np.abs(np.diff(late, 2)))) / math.sqrt(6) if late.size > 2 else math.inf
        best = int(np.argmin(z))
        if z[0] - z[best] < _WORSE.fell * _WORSE.least or best == rows.size - 1:
            continue
        if z[-1] - z[best] > max(_WORSE.noises * noise, _WORSE.least):
            name = prepared.run_names[run] if prepared.run_names else ""
            found.append(Worsening(name, float(x[rows[best]]), float(y[best]), float(y[-1])))
    return tuple(found)


def _measurements(contest: Contest, prepared: PreparedCurves) -> tuple[Measurement, ...]:
    """Return for rivals of rank 1 the scale from which they differ from it by more than the noise."""
    best, *_ = contest.found
    rivals = [f for f in indistinguishable(contest.found, contest.sample.rows * contest.share) if f is not best]
    columns = scale_columns(contest.sample, prepared)
    made = []
    for rival in rivals[: _APART.rivals]:
        for column in columns:
            made.append(Measurement(rival.law.title, column, _apart(best.fit, rival.fit, column)))
    return tuple(made)


def _apart(a: CurveFit, b: CurveFit, column: str) -> float | None:
    """Return the value of a column from which two laws differ by more than the noise, the others at their largest."""
    sample = a.sample
    top = int(np.argmax(sample.columns[column]))
    path = {name: np.full(_FACTORS.size, values[top]) for name, values in sample.columns.items()}
    path[column] = path[column] * _FACTORS
    apart = np.abs(_on_scale(a, path) - _on_scale(b, path)) > _APART.noises * max(a.noise, _APART.least_noise)
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
