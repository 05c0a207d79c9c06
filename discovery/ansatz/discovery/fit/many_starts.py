"""Fit a model from many starts: bounds kept, linear constants in closed form, the rest by trust regions."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from ansatz.discovery.budget import Budget
from ansatz.discovery.expression import Array, Node
from ansatz.discovery.expression.numbers import numbers, set_groups, with_numbers
from ansatz.discovery.fit.constants import FormulaFit, fit_constants, values_and_slopes
from ansatz.discovery.fit.interchange import in_order
from ansatz.discovery.fit.linear import wave_arguments
from ansatz.discovery.fit.model import AnsatzModel
from ansatz.discovery.fit.polish import polished
from ansatz.discovery.fit.projection import Projection
from ansatz.discovery.fit.starts import Starts
from ansatz.discovery.problem.problem import Problem


@dataclass(frozen=True)
class _Effort:
    """Bound the work of a fit. Chosen by judgement; `python -m bench.oscillators` holds them.

    Attributes:
        rows: on which starts are compared and followed, drawn by the seed.
        polished: best starts that are followed to their optimum.
        evaluations: of the formula on the way there, at most.
        moved: times that each part of the best is drawn anew and followed again, while that helps.
    """

    rows: int = 500
    polished: int = 6
    evaluations: int = 100
    moved: int = 3


@dataclass(frozen=True)
class _Rounding:
    """Say what is near enough. Chosen by judgement, above the rounding of float64.

    Attributes:
        at_bound: share of a value by which it may be off a bound and count as at it.
        at_zero: the same for a bound at 0, as it stands.
        scale: smallest size of a constant by which the steps of its fit are measured.
        better: share of the mean squared residual below which another optimum is a better one.
        exact: mean squared residual over that of the target below which there is nothing better.
    """

    at_bound: float = 1e-9
    at_zero: float = 1e-12
    scale: float = 1e-8
    better: float = 1 - 1e-6
    exact: float = 1e-24


_EFFORT: Final = _Effort()
_ROUNDING: Final = _Rounding()


def fit_model(model: AnsatzModel, problem: Problem, budget: Budget | None = None) -> AnsatzModel:
    """Return the model at the best optimum found from its stated values and from seeded starts within its bounds.

    Starts are ranked by their error on at most 500 rows, with the linear constants solved for. The best six go on; of
    the best of these the parts are drawn anew while that helps and the budget, where one is given, is not spent. What
    comes of it is fitted on all rows, to the last digit.
    """
    if not model.slots():
        return model
    projection = Projection(model.numeric, model.slots(), problem.subsample(_EFFORT.rows))
    with np.errstate(all="ignore"):
        best = _in_order(projection, _best(projection, budget))
    return sharpened(refit_model(model.with_numbers(best), problem), problem)


def _best(projection: Projection, budget: Budget | None) -> Array:
    """Return all numbers at the best optimum of many starts, and of the best with its parts drawn anew."""
    starts = Starts(projection)
    found = [_polished(projection, start) for start in starts.first(_EFFORT.polished)]
    found.append(numbers(projection.formula))
    best, least = _least(projection, found)
    for _ in range(_EFFORT.moved if least > _ROUNDING.exact else 0):
        left = (s for s in starts.moved(projection.bent_values(best)) if budget is None or not budget.spent)
        moved = [_polished(projection, start) for start in left]
        if not moved or (trial := _least(projection, moved))[1] >= least * _ROUNDING.better:
            break
        best, least = trial
    return best


def _least(projection: Projection, found: list[Array]) -> tuple[Array, float]:
    """Return the numbers of least mean squared residual, with it."""
    costs = [float(np.mean(projection.residual(values) ** 2)) for values in found]
    i = int(np.nanargmin(costs))
    return found[i], costs[i]


def sharpened(model: AnsatzModel, problem: Problem) -> AnsatzModel:
    """Return the model with its constants to the last digit, where that keeps them within their bounds."""
    sharp = model.with_numbers(numbers(polished(fit_of(model, problem), problem).formula))
    within = all(s.lower <= numbers(sharp.numeric)[s.positions[0]] <= s.upper for s in sharp.slots())
    return sharp if within else model


def refit_model(model: AnsatzModel, problem: Problem, max_evaluations: int | None = None) -> AnsatzModel:
    """Return the model at the optimum nearest to its values; constants that reach a bound stand at it exactly."""
    slots = model.slots()
    free = [s.positions[0] for s in slots]
    formula = model.numeric
    bounded = [s for s in slots if math.isfinite(s.lower) or math.isfinite(s.upper)]
    if bounded:
        with np.errstate(all="ignore"):
            formula = with_numbers(formula, _within_bounds(Projection(formula, slots, problem)))
        values = numbers(formula)
        held = {s.positions[0] for s in bounded if values[s.positions[0]] in (s.lower, s.upper)}
        free = [p for p in free if p not in held]
    marks = model.with_numbers(numbers(formula)).marks
    fit = fit_constants(formula, problem, free, max_evaluations, marks)
    values = numbers(fit.formula)
    inside = all(s.lower <= values[s.positions[0]] <= s.upper for s in bounded)
    return model.with_numbers(values if inside else numbers(formula))


def fit_of(model: AnsatzModel, problem: Problem) -> FormulaFit:
    """Return the model as a fit: its numeric formula, its error, what is free and how its numbers are marked."""
    formula, marks = model.numeric, model.marks
    free = marks.leaders([s.positions[0] for s in model.slots()])
    return FormulaFit(formula, problem.rmse(problem.evaluate(formula)), free, marks)


def _in_order(projection: Projection, values: Array) -> Array:
    """Return all numbers with constants that may trade places in the order that a reader expects."""
    if not projection.bent:
        return values
    bent = projection.bent_values(values)
    arguments = wave_arguments(projection.formula, [s.positions for s in projection.slots])
    turns = [_turn(projection, values, *arguments[i]) if i in arguments else math.nan for i in projection.bent]
    ordered = in_order(projection, bent, turns)
    return values if np.array_equal(ordered, bent) else projection.solved(ordered)


def _turn(projection: Projection, values: Array, argument: Node, first: int) -> float:
    """Return how far the argument of a wave turns over the rows."""
    own = numbers(argument).size
    turned, _ = values_and_slopes(argument, projection.problem, [], values[first : first + own])
    return float(np.ptp(turned))


def _polished(projection: Projection, start: Array) -> Array:
    """Return all numbers at the optimum next to a start of the bent constants."""
    if not projection.bent:
        return projection.solved(start)
    from scipy.optimize import least_squares

    lower, upper = (
        np.array([getattr(projection.slots[i], side) for i in projection.bent]) for side in ("lower", "upper")
    )
    scale = np.maximum(np.abs(start), _ROUNDING.scale)
    with np.errstate(all="ignore"):
        try:
            found = least_squares(
                lambda b: projection.residual(projection.solved(b)), np.clip(start, lower, upper),
                lambda b: projection.slopes(projection.solved(b)), bounds=(lower, upper), x_scale=scale,
                max_nfev=_EFFORT.evaluations, method="trf",
            )  # fmt: skip
        except (ValueError, np.linalg.LinAlgError):
            return projection.solved(start)
    return projection.brought_back(projection.solved(found.x))


def _within_bounds(projection: Projection) -> Array:
    """Return all numbers at the bounded optimum next to where they stand; those at a bound exactly at it."""
    given = numbers(projection.formula)
    values = _polished(projection, projection.bent_values(given))
    for slot in projection.slots:
        value = values[slot.positions[0]]
        for bound in (slot.lower, slot.upper):
            near = _ROUNDING.at_bound * max(abs(bound), abs(value)) + _ROUNDING.at_zero
            if math.isfinite(bound) and abs(value - bound) <= near:
                values = set_groups(values, [slot.positions], [bound])
    return values
