"""Fit a model from many starts: bounds kept, linear constants in closed form, the rest by trust regions."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from ansatz.discovery.expression import Array, Node
from ansatz.discovery.expression.numbers import numbers, set_groups, with_numbers
from ansatz.discovery.fit.constants import FormulaFit, fit_constants, values_and_slopes
from ansatz.discovery.fit.linear import wave_arguments
from ansatz.discovery.fit.model import AnsatzModel, Slot
from ansatz.discovery.fit.projection import Projection
from ansatz.discovery.problem.problem import Problem


@dataclass(frozen=True)
class _Effort:
    """Bound the work of a fit. Chosen by judgement; `python -m bench.oscillators` holds them.

    Attributes:
        rows: on which starts are compared and followed, drawn by the seed.
        starts: that are drawn beside the stated values.
        scanned: best starts from which the frequencies of waves are scanned.
        frequencies: that are tried for each, a quarter of a turn over the rows apart.
        taken: of those, the best.
        polished: best starts that are followed to their optimum.
        evaluations: of the formula on the way there, at most.
    """

    rows: int = 500
    starts: int = 96
    scanned: int = 3
    frequencies: int = 240
    taken: int = 2
    polished: int = 6
    evaluations: int = 100


@dataclass(frozen=True)
class _Draws:
    """Say how starts are drawn. Chosen by judgement; `python -m bench.oscillators` holds them.

    Attributes:
        near: share of the starts near a value that is stated.
        width: standard deviation there, in natural logarithms: mostly within a factor of three.
        decades: spanned by bounds above 0 from which on draws are even in logarithms.
        size: decades on either side of 1 from which the size of an unbounded constant is drawn.
    """

    near: float = 0.5
    width: float = 0.5
    decades: float = 2.0
    size: float = 4.0


@dataclass(frozen=True)
class _Rounding:
    """Say what is near enough. Chosen by judgement, above the rounding of float64.

    Attributes:
        at_bound: share of a value by which it may be off a bound and count as at it.
        at_zero: the same for a bound at 0, as it stands.
        scale: smallest size of a constant by which the steps of its fit are measured.
    """

    at_bound: float = 1e-9
    at_zero: float = 1e-12
    scale: float = 1e-8


_EFFORT: Final = _Effort()
_DRAWS: Final = _Draws()
_ROUNDING: Final = _Rounding()


def fit_model(model: AnsatzModel, problem: Problem) -> AnsatzModel:
    """Return the model at the best optimum found from its stated values and from seeded starts within its bounds.

    Starts are ranked by their error on at most 500 rows, with the linear constants solved for. The best six go on, and
    the best of these is fitted on all rows.
    """
    if not model.slots():
        return model
    projection = Projection(model.numeric, model.slots(), problem.subsample(_EFFORT.rows))
    with np.errstate(all="ignore"):
        found = [_polished(projection, start) for start in _best_starts(projection)]
        found.append(numbers(projection.formula))
        costs = [float(np.mean(projection.residual(values) ** 2)) for values in found]
        best = found[int(np.nanargmin(costs))]
    return refit_model(model.with_numbers(best), problem)


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


def _best_starts(projection: Projection) -> list[Array]:
    """Return values of the bent constants to go on from: the stated ones first, then the best of many."""
    bent = [projection.slots[i] for i in projection.bent]
    if not bent:
        return [np.empty(0)]
    given = numbers(projection.formula)
    first = np.array([given[s.positions[0]] for s in bent])
    rng = np.random.default_rng(projection.problem.seed)
    drawn = [_once_round(s) if _is_phase(projection, s, first) else s for s in bent]
    tried = [first, *(_drawn(drawn, first, rng) for _ in range(_EFFORT.starts))]
    order = _ranked(projection, tried)
    order = _ranked(projection, [*order, *_waves(projection, order[: _EFFORT.scanned])])
    return [first, *order[: _EFFORT.polished]]


def _ranked(projection: Projection, starts: list[Array]) -> list[Array]:
    """Return the starts, those of least error first."""
    costs = [projection.cost(start) for start in starts]
    return [starts[i] for i in np.argsort(costs, kind="stable")]


def _drawn(slots: list[Slot], first: Array, rng: np.random.Generator) -> Array:
    return np.array([_value(slot, start, rng) for slot, start in zip(slots, first, strict=True)])


def _value(slot: Slot, start: float, rng: np.random.Generator) -> float:
    """Return a value within the bounds: near the stated one half of the time, else drawn evenly.

    Evenly in logarithms, where the bounds span decades or leave the size open.
    """
    low, high = slot.lower, slot.upper
    if slot.stated and start and rng.random() < _DRAWS.near:
        value = start * float(np.exp(rng.normal(0.0, _DRAWS.width)))
    elif math.isfinite(low) and math.isfinite(high):
        if low > 0 and math.log10(high / low) >= _DRAWS.decades:
            value = float(np.exp(rng.uniform(math.log(low), math.log(high))))
        else:
            value = float(rng.uniform(low, high))
    else:
        size = float(10 ** rng.uniform(-_DRAWS.size, _DRAWS.size))
        if math.isfinite(low) or math.isfinite(high):
            value = low + size if math.isfinite(low) else high - size
        else:
            value = size * float(rng.choice([-1.0, 1.0]))
    return min(max(value, low), high)


def _is_phase(projection: Projection, slot: Slot, start: Array) -> bool:
    """Return whether the constant shifts a sine or cosine, by the same angle in every row."""
    arguments = wave_arguments(projection.formula, [slot.positions])
    return 0 in arguments and _phase_span(projection, slot, *arguments[0], start) == 0.0


def _once_round(slot: Slot) -> Slot:
    """Return the slot of a phase, of which any is one of once round the circle."""
    return replace(slot, lower=max(slot.lower, -math.pi), upper=min(slot.upper, math.pi))


def _waves(projection: Projection, starts: list[Array]) -> Iterator[Array]:
    """Yield starts at the best frequencies, of one constant inside sines and cosines at a time.

    The error has many minima along each.
    """
    arguments = wave_arguments(projection.formula, [s.positions for s in projection.slots])
    for k, i in enumerate(projection.bent):
        if i not in arguments:
            continue
        slot = projection.slots[i]
        for start in starts:
            span = _phase_span(projection, slot, *arguments[i], start)
            if not (math.isfinite(span) and span > 0):
                continue
            grid = 0.5 * np.pi / span * np.arange(1, _EFFORT.frequencies + 1)
            grid = grid[(grid >= slot.lower) & (grid <= slot.upper)]
            trials = [np.concatenate([start[:k], [w], start[k + 1 :]]) for w in grid]
            yield from _ranked(projection, trials)[: _EFFORT.taken]


def _phase_span(projection: Projection, slot: Slot, argument: Node, first: int, start: Array) -> float:
    """Return how much further the phase turns in one row than in another for each unit of the constant."""
    own = numbers(argument)
    values = projection.solved(start)[first : first + own.size]
    positions = [p - first for p in slot.positions if first <= p < first + own.size]
    _, slopes = values_and_slopes(argument, projection.problem, [positions], values)
    return float(np.ptp(slopes))


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
    values = _polished(projection, np.array([given[projection.slots[i].positions[0]] for i in projection.bent]))
    for slot in projection.slots:
        value = values[slot.positions[0]]
        for bound in (slot.lower, slot.upper):
            near = _ROUNDING.at_bound * max(abs(bound), abs(value)) + _ROUNDING.at_zero
            if math.isfinite(bound) and abs(value - bound) <= near:
                values = set_groups(values, [slot.positions], [bound])
    return values
