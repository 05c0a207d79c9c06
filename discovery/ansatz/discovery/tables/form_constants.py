"""Constants of a law with unknown parts, as they stand in the formula of the target."""

from __future__ import annotations

import math
from dataclasses import replace

from ansatz.discovery.evidence.naming import Named
from ansatz.discovery.expression.node import is_integer
from ansatz.discovery.expression.numbers import given_numbers, numbers
from ansatz.discovery.fit.marks import Marks
from ansatz.discovery.problem.form import Form
from ansatz.discovery.problem.problem import Problem
from ansatz.discovery.report.report import Constant
from ansatz.discovery.tables.constants import Correlations, constants_of


def constants_of_law(
    named: Named, problem: Problem, form: Form, known_std: float | None = None
) -> tuple[tuple[Constant, ...], Correlations]:
    """Return the constants of the composed formula in order of appearance, each of the law's as often as it stands
    there, and their correlations. Numbers of the form that are no integers are given: they have an error of 0.
    """
    law = named.fit.formula
    count = numbers(law).size
    slots = range(count - len(form.constants), count)
    marks = Marks(dict(zip(slots, form.constants, strict=True)))
    found, correlations = constants_of(replace(named, fit=replace(named.fit, marks=marks)), problem, known_std)
    place = {p: i for i, p in enumerate(marks.listed(numbers(law)))}
    places: list[int | None] = []
    constants: list[Constant] = []
    composed = form.composed(law)
    given = given_numbers(composed)
    for p, (value, source) in enumerate(zip(numbers(composed), form.sources(law), strict=True)):
        if source in place:
            places.append(place[source])
            constants.append(found[place[source]])
        elif source < 0 and not is_integer(value):
            places.append(None)
            constants.append(Constant.given(float(value), given.get(p, "")))
    return tuple(constants), _expanded(correlations, places)


def _expanded(correlations: Correlations, places: list[int | None]) -> Correlations:
    if len(places) < 2:
        return ()

    def between(i: int | None, j: int | None) -> float:
        if i is None or j is None:
            return math.nan
        return correlations[i][j] if correlations else 1.0

    return tuple(tuple(between(i, j) for j in places) for i in places)
