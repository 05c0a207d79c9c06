"""What a formula leaves, beside the standard errors that the caller gave."""

from __future__ import annotations

import numpy as np

from ansatz.discovery.evidence.agreement import chi_squared
from ansatz.discovery.evidence.spread import Spread
from ansatz.discovery.expression import Node
from ansatz.discovery.expression.numbers import free_positions
from ansatz.discovery.fit.constants import values_and_slopes
from ansatz.discovery.fit.marks import UNMARKED, Marks
from ansatz.discovery.report.chi_squared import ChiSquared
from ansatz.discovery.tables.prepare import PreparedTable


def chi_squared_of(prepared: PreparedTable, formula: Node, marks: Marks = UNMARKED) -> ChiSquared | None:
    """Return how a fitted formula agrees with the caller's standard errors, or with the scatter of counts or shares;
    None where there are none, or it cannot be told.

    All its numbers that are no integers count as fitted, but for those that `marks` say are fixed, and for those that
    others can stand in for.
    """
    problem = prepared.problem
    groups = [marks.together(p) for p in marks.leaders(free_positions(formula))]
    if not prepared.noise.is_fixed:
        working = prepared.noise.at(problem, formula)
        roots = np.sqrt(np.ones(problem.rows) if working.problem.weights is None else working.problem.weights)
        with np.errstate(all="ignore"):
            _, tangent = values_and_slopes(formula, working.problem, groups)
            return prepared.noise.agreement(problem, formula, Spread.of(tangent * roots[:, None]).rank)
    if prepared.std_errors is None:
        return None
    with np.errstate(all="ignore"):
        prediction, tangent = values_and_slopes(formula, problem, groups)
        slope = 1.0 if prepared.metric is None else prepared.metric.slope(prepared.target)[:, None]
        fitted = Spread.of(tangent / slope / prepared.std_errors[:, None]).rank
        if prepared.metric is not None:
            prediction = prepared.metric.inverse(prediction)
    return chi_squared(prediction - prepared.target, prepared.std_errors, fitted)
