"""What the reader of a result on curves must know. Every code is described in docs/warnings.md."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from ansatz.discovery.curves.prepare import PreparedCurves
from ansatz.discovery.curves.search import Contest, Found, indistinguishable
from ansatz.discovery.data.curves import MIN_ROWS_A_RUN
from ansatz.discovery.evidence.beyond import Predict, beyond_warnings
from ansatz.discovery.evidence.description_length import ROUNDING
from ansatz.discovery.evidence.significance import told
from ansatz.discovery.expression import to_text, variables
from ansatz.discovery.report.report import Findings, Warning

_FEW: Final = 10
"""Rows or runs that a warning names."""


def curve_warnings(report: Findings, contest: Contest, prepared: PreparedCurves) -> list[Warning]:
    """Return warnings on ranked laws, the first of which is the result."""
    found = report.curves
    if found is None or not report.candidates:
        return []
    warnings = [*(_baseline(report) or _rivals(contest, report)), *_loose(report, contest.found[0].fit.bound_constants)]
    if report.residual is not None and not report.residual.is_noise:
        text = f"The residual is not only noise ({told(report.residual.p_value)}): something is missing from the law."
        warnings.append(Warning("RESIDUAL_HAS_STRUCTURE", text))
    if found.warm_up_rows:
        text = (
            f"The first {found.warm_up_rows} rows, up to {prepared.axis} = {found.warm_up_until:g}, follow no law of "
        )
        warnings.append(Warning("WARM_UP_ROWS", text + "the rest; they were left out of the fit."))
    if found.outliers:
        shown = ", ".join(map(str, found.outliers[:_FEW])) + (", …" if len(found.outliers) > _FEW else "")
        text = f"{len(found.outliers)} row(s) lie more than five standard deviations off the law: {shown}. They "
        warnings.append(Warning("OUTLIERS", text + "do not count in its constants."))
    for run in found.worsening:
        text = f"{run.run or 'The curve'} gets worse late: {prepared.target} is {run.best:.4g} at {prepared.axis} = "
        warnings.append(Warning("LATE_WORSENING", text + f"{run.best_at:g} and {run.last:.4g} at its end."))
    return warnings


def short_runs(prepared: PreparedCurves, fitted: Collection[str]) -> list[Warning]:
    """Return a warning on runs that have too few rows for constants of their own, where constants are by run."""
    left_out = [run for run in prepared.run_names if run not in fitted]
    if not left_out:
        return []
    shown = ", ".join(map(repr, left_out[:_FEW])) + (", …" if len(left_out) > _FEW else "")
    text = f"{len(left_out)} run(s) of fewer than {MIN_ROWS_A_RUN} rows were left out: {shown}."
    return [Warning("RUNS_LEFT_OUT", text)]


def _baseline(report: Findings) -> list[Warning]:
    """Warn where the best law is a constant: a straight line is a law."""
    exact = report.candidates[0].scores.relative_error <= ROUNDING.size
    if variables(report.candidates[0].formula) or exact:
        return []
    return [Warning("NOTHING_BEATS_BASELINE", "No law explains the values better than a constant.")]


def _rivals(contest: Contest, report: Findings) -> list[Warning]:
    rivals = indistinguishable(contest.found, contest.sample.rows * contest.share)[1:]
    if not rivals or report.curves is None:
        return []
    named = "; ".join(f.law.title for f in rivals[:3])
    first, *_ = contest.found
    text = f"The data do not tell rank 1 from {len(rivals)} other law(s): {named}."
    where = [f"{m.column} ≥ {m.value:.3g}" for m in report.curves.measure if m.value is not None]
    if where:
        text += f" Measure at {' or '.join(dict.fromkeys(where))}."
    compared = [(_text(f), _values(f)) for f in (first, *(f for f in rivals if f is not first))]
    beyond = beyond_warnings(contest.sample.columns, contest.sample.y, compared)
    return [Warning("INDISTINGUISHABLE_HERE", text), *beyond]


def _text(found: Found) -> str:
    """Return the formula of a law; its title where it holds its own value."""
    formula = None if found.law.implicit else found.fit.model.formula(found.fit.u, "")
    return found.law.title if formula is None else to_text(formula)


def _values(found: Found) -> Predict:
    """Return the values of a fitted law where the inputs have those of columns."""
    model, u = found.fit.model, found.fit.u
    return lambda points: model.values(u[None, :], model.variables_at(points))[0]


def _loose(report: Findings, held: Collection[str]) -> list[Warning]:
    """Warn of constants that the data do not determine, and of those of the caller's own law that are `held` by their
    bounds."""
    candidate = report.candidates[0]
    law = candidate.law
    if law is None or law.per_run:
        return []
    found: list[Warning] = []
    own = {c.parameter for c in candidate.constants}
    if at_bound := [c for c in law.constants if c.name in held and c.name in own]:
        shown = ", ".join(f"{c.name} = {c.value:g}" for c in at_bound)
        text = f"The fit would go on beyond the bounds of its constants: {shown}."
        found.append(Warning("CONSTANT_AT_BOUND", text))
    if loose := [c.name for c in law.constants if c.std_error is None and c.name not in held]:
        text = f"The data do not determine {', '.join(loose)} in {law.formula}: other values fit as well."
        found.append(Warning("UNIDENTIFIABLE_CONSTANT", text))
    return found
