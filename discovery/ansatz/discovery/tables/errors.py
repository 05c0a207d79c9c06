"""What a formula leaves, beside the standard errors that the caller gave."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ansatz.discovery.evidence.significance import VERDICT, told
from ansatz.discovery.evidence.spread import Spread
from ansatz.discovery.expression import Array, Node
from ansatz.discovery.expression.numbers import free_positions
from ansatz.discovery.fit.constants import values_and_slopes
from ansatz.discovery.fit.marks import UNMARKED, Marks
from ansatz.discovery.report.chi_squared import ChiSquared
from ansatz.discovery.report.report import Warning
from ansatz.discovery.tables.prepare import PreparedTable


def chi_squared_of(prepared: PreparedTable, formula: Node, marks: Marks = UNMARKED) -> ChiSquared | None:
    """Return how a fitted formula agrees with the caller's standard errors; None where there are none, or it cannot be
    told.

    All its numbers that are no integers count as fitted, but for those that `marks` say are fixed, and for those that
    others can stand in for.
    """
    problem = prepared.problem
    groups = [marks.together(p) for p in marks.leaders(free_positions(formula))]
    if prepared.std_errors is None:
        return None
    with np.errstate(all="ignore"):
        prediction, tangent = values_and_slopes(formula, problem, groups)
        slope = 1.0 if prepared.metric is None else prepared.metric.slope(prepared.target)[:, None]
        fitted = Spread.of(tangent / slope / prepared.std_errors[:, None]).rank
        if prepared.metric is not None:
            prediction = prepared.metric.inverse(prediction)
    return chi_squared(prediction - prepared.target, prepared.std_errors, fitted)


def chi_squared(residual: Array, std_errors: NDArray[np.float64], fitted: int) -> ChiSquared | None:
    """Return χ² of a residual (n,) after a fit of so many constants; None where no degree of freedom is left."""
    from scipy.special import chdtrc

    degrees = residual.size - fitted
    if degrees < 1 or not np.all(np.isfinite(residual)):
        return None
    with np.errstate(over="ignore"):
        value = float(np.sum((residual / std_errors) ** 2))
    return ChiSquared(value, degrees, float(chdtrc(degrees, value)))


def disagreement_warnings(found: ChiSquared | None) -> list[Warning]:
    """Warn where the residual is larger, or smaller, than the caller's standard errors let expect."""
    if found is None or VERDICT.level < found.p_value < 1.0 - VERDICT.level:
        return []
    if found.p_value <= VERDICT.level:
        said = f"too large ({told(found.p_value)}): something is missing from the formula, or the errors are too small"
    else:
        said = f"far too small ({told(1.0 - found.p_value)}): the errors given are larger than the scatter"
    text = f"χ² per degree of freedom is {found.per_degree:.3g}, {said}."
    return [Warning("ERRORS_DISAGREE", text)]
