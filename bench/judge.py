"""Is a formula the law? The same rule for every method."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import numpy as np

from ansatz.discovery.expression import Array, Node, complexity, evaluate, simplify, variables
from ansatz.discovery.expression.node import FUNCTIONS, exponent_positions
from ansatz.discovery.expression.numbers import free_positions, numbers
from ansatz.discovery.fit.constants import fit_constants
from ansatz.discovery.problem.problem import Problem
from bench.cases import JUNK_RANGE, Law, draw, generator, wider

TOLERANCE: Final = 1e-6
_ROWS: Final = 400
_SHARE: Final = 0.99  # of the rows must agree: beside a pole, rounding alone exceeds the tolerance
_ZERO: Final = 1e-9
_MAX_EVALUATIONS: Final = 2000


@dataclass(frozen=True)
class Verdict:
    """Whether a formula is the law; else `reason` says why not. `fitted` is the formula that was compared."""

    exact: bool
    reason: str
    fitted: Node


def judge(formula: Node, law: Law, noise: float) -> Verdict:
    """Compare on a box twice as wide as the data's.

    Without noise the formula must equal the law as it stands, to a relative 1e-6. With noise its structure must: the
    constants that are no integers are first fitted to the law itself. Exponents belong to the structure, and are fitted
    only where the law's own are no short fractions. In both cases it may use no variable that is not in the law, no
    term that vanishes, and at most twice the law's nodes and four.
    """
    if reason := _foreign(formula, law):
        return Verdict(False, reason, formula)
    fitted = _fitted_to_law(formula, law) if noise else formula
    if any(abs(numbers(fitted)[p]) < _ZERO for p in _fittable(formula, law)):
        return Verdict(False, "has a term that vanishes", fitted)
    if not agrees(fitted, law):
        return Verdict(False, "differs from the law", fitted)
    return Verdict(True, "", fitted)


def agrees(formula: Node, law: Law) -> bool:
    """Whether the formula has the law's values on a box twice as wide."""
    columns, truth = _wide(law)
    scale = np.abs(truth) + np.median(np.abs(truth))
    with np.errstate(all="ignore"):
        close = np.abs(evaluate(formula, columns, truth.size) - truth) <= TOLERANCE * scale
    return bool(np.mean(close) >= _SHARE)


def extrapolation_error(formula: Node, law: Law) -> float:
    """Root mean square error on a box twice as wide over the law's standard deviation there; inf where not finite.

    The worst hundredth of the rows is left out: laws have poles.
    """
    columns, truth = _wide(law)
    if set(variables(formula)) - set(columns):
        columns |= _junk(variables(formula), columns, truth.size)
    error = np.square(evaluate(formula, columns, truth.size) - truth)
    kept = np.sort(np.nan_to_num(error, nan=np.inf))[: int(_SHARE * truth.size)]
    with np.errstate(all="ignore"):
        return float(np.sqrt(np.mean(kept)) / np.std(truth))


def covered(fitted: Node, intervals: Sequence[tuple[float, float] | None]) -> tuple[int, int]:
    """How many of the constants' intervals hold the value that the law itself gives, and how many were stated."""
    values = [numbers(fitted)[p] for p in free_positions(fitted)]
    if len(values) != len(intervals):  # a fitted constant became an integer
        return 0, 0
    stated = [(v, i) for v, i in zip(values, intervals, strict=True) if i is not None]
    return sum(bool(low <= v <= high) for v, (low, high) in stated), len(stated)


def polished(formula: Node, columns: dict[str, Array], y: Array) -> Node:
    """The formula with its constants fitted to the data in float64, for engines that stop in single precision."""
    return fit_constants(formula, _problem(columns, y)).formula


def _foreign(formula: Node, law: Law) -> str:
    if extra := set(variables(formula)) - set(law.box):
        return f"uses {', '.join(sorted(extra))}"
    limit = 2 * complexity(simplify(law.formula)) + 4
    if (size := complexity(simplify(formula))) > limit:
        return f"has {size} nodes where {limit} are allowed"
    return ""


def _fitted_to_law(formula: Node, law: Law) -> Node:
    columns, truth = draw(law, law.box, _ROWS, generator(f"{law.id} refit"))
    fit = fit_constants(formula, _problem(columns, truth), _fittable(formula, law), _MAX_EVALUATIONS)
    return fit.formula


def _fittable(formula: Node, law: Law) -> list[int]:
    law_itself = simplify(law.formula)
    exponents, values = exponent_positions(law_itself), numbers(law_itself)
    if not all(_is_short(float(values[p])) for p in exponents):
        return list(free_positions(formula))
    return [p for p in free_positions(formula) if p not in exponent_positions(formula)]


def _is_short(value: float) -> bool:
    return abs(float(Fraction(value).limit_denominator(6)) - value) < 1e-12


def _problem(columns: dict[str, Array], y: Array) -> Problem:
    X = np.asfortranarray(np.column_stack(list(columns.values())))
    return Problem(X, np.asarray(y), tuple(columns), frozenset(FUNCTIONS), 100, 0)


def _wide(law: Law) -> tuple[dict[str, Array], Array]:
    return draw(law, wider(law.box), _ROWS, generator(f"{law.id} wide"))


def _junk(names: Sequence[str], known: dict[str, Array], rows: int) -> dict[str, Array]:
    ((low, high),) = wider({"junk": JUNK_RANGE}).values()
    rng = generator("junk")
    return {name: rng.uniform(low, high, rows) for name in names if name not in known}
