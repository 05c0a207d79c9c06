"""The constants of a formula: values, errors, intervals, names and correlations."""

from __future__ import annotations

import math
from typing import Final

from ansatz.discovery.evidence.description_length import ROUNDING
from ansatz.discovery.evidence.naming import Named
from ansatz.discovery.evidence.uncertainty import t_quantile, uncertainty
from ansatz.discovery.expression import Array
from ansatz.discovery.expression.node import is_integer
from ansatz.discovery.expression.numbers import given_numbers, numbers
from ansatz.discovery.fit.constants import FormulaFit, fit_constants
from ansatz.discovery.fit.polish import polished
from ansatz.discovery.problem.problem import Problem
from ansatz.discovery.report.report import Constant

Correlations = tuple[tuple[float, ...], ...]
NORMAL: Final = 1.959964
"""Half a 95 % interval in standard errors, where these are known."""
_LEAST: Final = 1e-15
"""Share of the target's size that a residual in float64 has at least: a few roundings."""


def constants_of(
    named: Named, problem: Problem, known_std: float | None = None
) -> tuple[tuple[Constant, ...], Correlations]:
    """Return numbers that are no integers and free constants, with errors, 95 % intervals, and correlations.

    Intervals are around least-squares values. A number that the caller has given or fixed has an error of 0, one at its
    bound none. `known_std` is as `uncertainty` has it; intervals are then those of the normal distribution.
    """
    formula, marks = named.fit.formula, named.fit.marks
    values, given = numbers(formula), given_numbers(formula)
    listed = marks.listed(values)
    if not listed:
        return (), ()
    free = marks.leaders([p for p in listed if p not in given])
    # Named constants stand at their names' values; intervals are around the least-squares values.
    best = FormulaFit(formula, problem.rmse(problem.evaluate(formula)), free, marks)
    if named.names or any(is_integer(values[p]) for p in free):
        best = polished(fit_constants(formula, problem, free, max_evaluations=20, marks=marks), problem)
    # Errors of the caller's constants are those of least squares, however near the fit is to rounding.
    least = _LEAST if marks.parameters else ROUNDING.size
    errors, correlations = uncertainty(
        best.formula, best.rmse, free, problem, marks, known_std=known_std, least=least
    )  # fmt: skip
    half = (t_quantile(problem.rows - len(free)) if known_std is None else NORMAL) * errors
    centres = numbers(best.formula)
    place = {p: i for i, p in enumerate(free)}

    def constant(p: int) -> Constant:
        name = named.names[p].text if p in named.names else ""
        parameter, value = marks.parameters.get(p, ""), float(values[p])
        i = place.get(marks.leader(p))
        if i is None and not parameter:
            return Constant.given(value, given.get(p, ""))
        if i is None or math.isnan(errors[i]):
            return Constant(value, name=name, parameter=parameter)
        lower, upper = min(centres[p] - half[i], value), max(centres[p] + half[i], value)
        return Constant(value, float(errors[i]), float(lower), float(upper), name, parameter)

    return tuple(map(constant, listed)), _matrix(correlations, [place.get(marks.leader(p)) for p in listed])


def _matrix(correlations: Array, places: list[int | None]) -> Correlations:
    """Return the correlations of the constants listed, NaN for those that were not fitted."""
    if len(places) < 2:
        return ()

    def between(i: int | None, j: int | None) -> float:
        return math.nan if i is None or j is None else float(correlations[i, j])

    return tuple(tuple(between(i, j) for j in places) for i in places)


__all__ = ["Correlations", "constants_of"]
