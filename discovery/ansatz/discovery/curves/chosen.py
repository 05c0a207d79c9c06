"""A law of a report, fitted again as the report fitted it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ansatz.discovery.asked.options import Options
from ansatz.discovery.curves.ansatz import parse_curve_ansatz
from ansatz.discovery.curves.fit import THOROUGH, CurveFit, fit_law
from ansatz.discovery.curves.free import law_of
from ansatz.discovery.curves.laws import LAWS
from ansatz.discovery.curves.model import CurveModel
from ansatz.discovery.curves.per_run import run_samples
from ansatz.discovery.curves.prepare import PreparedCurves, prepare
from ansatz.discovery.curves.warm_up import without
from ansatz.discovery.data.curves import Curves
from ansatz.discovery.errors import InvalidInputError, Violation
from ansatz.discovery.expression import Array


@dataclass(frozen=True)
class ChosenLaw:
    """Which law of a report is meant.

    Attributes:
        name: of the law (LawFacts.name).
        columns: of its variables.
        formula: the candidate's.
        warm_up_until: the end of the warm-up that was left out; None where none was.
    """

    name: str
    columns: Mapping[str, str]
    formula: str
    warm_up_until: float | None = None


def prepared_again(curves: Curves, options: Options) -> PreparedCurves:
    """Return the sample that a report on these curves with these options was made from."""
    ansatz = parse_curve_ansatz(curves, options)
    return prepare(curves, ansatz.inputs if ansatz else ())


def fitted(curves: Curves, prepared: PreparedCurves, law: ChosenLaw, options: Options) -> CurveFit:
    """Return the law on the curves, without their warm-up. Raises InvalidInputError where it cannot be fitted."""
    sample, _ = without(prepared.sample, prepared.axis, law.warm_up_until)
    catalogue = {known.name: known for known in LAWS}
    also: tuple[Array, ...] = ()
    if law.name in catalogue:
        chosen = catalogue[law.name]
    elif law.name == "ansatz" and (ansatz := parse_curve_ansatz(curves, options)) is not None:
        chosen = ansatz.law
    else:
        bound = law_of(curves.names.parse(law.formula, "law"), tuple(sample.columns))
        if bound is None:
            raise InvalidInputError([Violation("law", f"{law.formula!r} has no constants or no input")])
        chosen, theta = bound
        also = (theta[None, :],)
    columns = {v: law.columns.get(v, v) for v in chosen.variables}
    for variable, column in columns.items():
        if column not in sample.columns:
            raise InvalidInputError([Violation("law", f"{variable!r} stands for {column!r}, which is no input")])
    model = CurveModel.on(chosen, columns, sample.columns)
    starts = tuple(np.clip(model.inward(theta), *model.bounds) for theta in also)
    fit = fit_law(model, sample, options.seed, THOROUGH, also=starts)
    if fit is None:
        raise InvalidInputError([Violation("law", f"{law.name!r} cannot be fitted to these curves")])
    return fit


def fitted_runs(prepared: PreparedCurves, law: ChosenLaw, options: Options) -> dict[str, CurveFit]:
    """Return the law on each run by itself, where constants are by run.

    Raises InvalidInputError where one cannot be fitted.
    """
    chosen = next(known for known in LAWS if known.name == law.name)
    made = {}
    for run, sample in run_samples(prepared).items():
        fit = fit_law(CurveModel.on(chosen, law.columns, sample.columns), sample, options.seed, THOROUGH)
        if fit is None:
            raise InvalidInputError([Violation("law", f"{law.name!r} cannot be fitted to run {run!r}")])
        made[run] = fit
    return made
