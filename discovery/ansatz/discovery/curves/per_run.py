"""One law for all runs, with constants of its own for each; and laws of these constants."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from ansatz.discovery.budget import Budget
from ansatz.discovery.curves.bindings import bindings
from ansatz.discovery.curves.candidates import law_constants
from ansatz.discovery.curves.fit import QUICK, CurveFit, Effort, fit_law
from ansatz.discovery.curves.laws import Law
from ansatz.discovery.curves.laws.powers import POWER, POWER_FLOOR
from ansatz.discovery.curves.laws.shapes import CONSTANT, LINE, LOGARITHM
from ansatz.discovery.curves.model import CurveModel
from ansatz.discovery.curves.prepare import PreparedCurves
from ansatz.discovery.curves.sample import Sample
from ansatz.discovery.curves.score import HeldOut, foretell, law_bits
from ansatz.discovery.curves.search import FAMILY_BITS, Found, ranked
from ansatz.discovery.data.curves import MIN_ROWS_A_RUN, ValueScale
from ansatz.discovery.evidence.accuracy import Accuracy
from ansatz.discovery.expression import Array, to_text
from ansatz.discovery.report.curves import LawConstant, RelatedLaw
from ansatz.discovery.report.origin import Origin, of_catalogue

_EFFORT: Final = Effort(0.7, 12, 40)


@dataclass(frozen=True)
class _Limits:
    """Say how laws of runs are searched. Chosen by judgement; `python -m bench.curves` holds the figures.

    Attributes:
        tried_runs: runs, from the first to the last, on which all laws are tried.
        kept: laws that are fitted to every run.
        fewest_values: of a column that differ within a run, or it counts as constant there.
        fewest_runs: that a law of a constant needs.
        better_bits: by which a law of a constant must be shorter than no dependence.
    """

    tried_runs: int = 4
    kept: int = 6
    fewest_values: int = 3
    fewest_runs: int = 4
    better_bits: float = 6.0


_LIMITS: Final = _Limits()


@dataclass(frozen=True, eq=False)
class Together:
    """A law fitted to each run.

    Attributes:
        found: bits and errors of all runs together, and the fit of the run whose noise is the median.
        fits: of each run, by its name.
        accuracy: on the rows of all runs.
    """

    found: Found
    fits: Mapping[str, CurveFit]
    accuracy: Accuracy

    def constants(self, intervals: bool) -> dict[str, tuple[LawConstant, ...]]:
        """Return the constants of each run, with intervals where they are asked for."""
        return {run: law_constants(fit, intervals) for run, fit in self.fits.items()}


@dataclass(frozen=True, eq=False)
class _Runs:
    samples: Mapping[str, Sample]
    prepared: PreparedCurves
    seed: int

    def fits(
        self, law: Law, binding: Mapping[str, str], names: Iterable[str], effort: Effort
    ) -> dict[str, CurveFit] | None:
        """Fit the law to some runs; None where one run cannot be fitted."""
        made: dict[str, CurveFit] = {}
        for name in names:
            sample = self.samples[name]
            fit = fit_law(CurveModel.on(law, binding, sample.columns), sample, self.seed, effort)
            if fit is None:
                return None
            made[name] = fit
        return made


def search_per_run(prepared: PreparedCurves, laws: Iterable[Law], seed: int, budget: Budget) -> list[Together]:
    """Return those of the laws that fit best, ranked by the bits of all runs together; short runs are left out."""
    runs = _Runs(run_samples(prepared), prepared, seed)
    if not runs.samples:
        return []
    names = list(runs.samples)
    tried = [names[i] for i in np.unique(np.linspace(0, len(names) - 1, _LIMITS.tried_runs).astype(int))]
    scored: list[tuple[float, Law, dict[str, str]]] = []
    for law in laws:
        for binding in bindings(law, runs.samples[names[0]], prepared.roles):
            if budget.spent:
                break
            fits = runs.fits(law, binding, tried, QUICK)
            if fits is not None:
                scored.append((sum(law_bits(f, 0.0, 1.0) for f in fits.values()), law, binding))
    scored.sort(key=lambda entry: entry[0])
    together = [
        made for _, law, binding in scored[: _LIMITS.kept] if (made := _together(runs, law, binding, names)) is not None
    ]
    order = ranked([t.found for t in together], sum(s.rows for s in runs.samples.values()))
    by_found = {id(t.found): t for t in together}
    return [by_found[id(found)] for found in order]


def run_samples(prepared: PreparedCurves) -> dict[str, Sample]:
    """Return a sample for each run, with the columns that vary within it."""
    samples: dict[str, Sample] = {}
    for number, name in enumerate(prepared.run_names):
        part = prepared.sample.only(np.flatnonzero(prepared.sample.run == number))
        if part.rows >= MIN_ROWS_A_RUN:
            varying = {n: c for n, c in part.columns.items() if np.unique(c).size >= _LIMITS.fewest_values}
            samples[name] = Sample(
                varying, part.y, part.scale, part.spread, part.counts, part.run, part.first_row, part.trials
            )
    return samples


def _together(runs: _Runs, law: Law, binding: Mapping[str, str], names: Sequence[str]) -> Together | None:
    fits = runs.fits(law, binding, names, _EFFORT)
    if fits is None:
        return None
    bits = FAMILY_BITS + sum(law_bits(fit, 0.0, 1.0) for fit in fits.values())
    told = []
    for fit in fits.values():
        held_out = HeldOut.of(fit.sample, tuple(n for n, c in fit.sample.columns.items() if float(c.min()) >= 0))
        told.append(foretell(fit, held_out, 0.0, 1.0, runs.seed) if held_out else None)
    complete = [t for t in told if t is not None]
    foretold = None
    if len(complete) == len(told):
        foretold = type(complete[0])(
            FAMILY_BITS + sum(t.bits for t in complete),
            math.sqrt(float(np.mean([t.error**2 for t in complete]))),
            math.sqrt(float(np.mean([t.rmse**2 for t in complete]))),
            # What one fit misses of the rows of a run is alike: each run counts once.
            float(len(complete)),
        )
    middle = sorted(fits.values(), key=lambda f: f.noise)[len(fits) // 2]
    if not middle.can_be_written:
        return None
    found = Found(middle, of_catalogue(law.name), FAMILY_BITS, bits, foretold, judged=foretold is not None)
    y = np.concatenate([f.sample.y for f in fits.values()])
    return Together(found, fits, Accuracy.of(np.concatenate([f.values for f in fits.values()]), y))


def laws_of_constants(best: Together, prepared: PreparedCurves) -> tuple[RelatedLaw, ...]:
    """Return laws of constants against columns that are the same all over each run, where one beats a constant."""
    columns = _run_columns(prepared)
    made = []
    for name in best.found.law.constants:
        values = {run: fit.model.constants(fit.u)[name] for run, fit in best.fits.items()}
        kept = [run for run, value in values.items() if math.isfinite(value)]
        y = np.array([values[run] for run in kept])
        for column, by_run in columns.items():
            law = related_law(name, column, np.array([by_run[run] for run in kept]), y)
            if law is not None:
                made.append(law)
    return tuple(made)


def related_law(
    target: str, column: str, x: Array, y: Array, laws: Sequence[Law] = (CONSTANT, LINE, LOGARITHM, POWER, POWER_FLOOR)
) -> RelatedLaw | None:
    """Return a simple law of one number against another, where the data show one; None else."""
    if y.size < _LIMITS.fewest_runs or np.unique(x).size < _LIMITS.fewest_runs:
        return None
    scale = ValueScale.LOG if np.all(y > 0) else ValueScale.LINEAR
    n = np.arange(y.size)
    sample = Sample({column: x}, y, scale, np.ones(y.size), np.ones(y.size), n, n)
    found = []
    for law in laws:
        if law.variables and not law.from_zero and float(x.min()) <= 0:
            continue
        fit = fit_law(CurveModel.on(law, dict.fromkeys(law.variables, column), sample.columns), sample, 0, QUICK)
        if fit is not None:
            found.append(Found(fit, Origin(law.name), FAMILY_BITS, law_bits(fit, FAMILY_BITS, 1.0)))
    if not found:
        return None
    best, *_ = ranked(found, y.size)
    constant = next((f for f in found if f.law is CONSTANT), None)
    if best.law is CONSTANT or (constant is not None and best.bits > constant.bits - _LIMITS.better_bits):
        return None
    formula = best.fit.model.formula(best.fit.u, target)
    if formula is None:
        return None
    error = float(np.sqrt(np.mean(((best.fit.values - y) / y) ** 2))) if np.all(y) else math.nan
    return RelatedLaw(target, column, to_text(formula), law_constants(best.fit, intervals=True), error)


def _run_columns(prepared: PreparedCurves) -> dict[str, dict[str, float]]:
    """Return the columns that are the same all over each run, by run."""
    found: dict[str, dict[str, float]] = {}
    sample = prepared.sample
    for name, column in sample.columns.items():
        by_run = {}
        for number, run in enumerate(prepared.run_names):
            values = column[sample.run == number]
            if values.size and float(np.ptp(values)) == 0:
                by_run[run] = float(values[0])
        if len(by_run) == len(prepared.run_names):
            found[name] = by_run
    return found
