"""What the evidence asks of a formula on a problem, and the score of formulas side by side.

Score: minus the evidence, and the bits of the form. Evidence is the Bayes factor against the constant along the best
chain of simpler formulas; constants count jointly, hidden ones included.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from ansatz.discovery.evidence.bayes_factor import against_constant, step
from ansatz.discovery.evidence.description_length import is_exact
from ansatz.discovery.evidence.exactness import ROUNDING, least_mean_square
from ansatz.discovery.evidence.form_price import TREE_BITS, form_bits
from ansatz.discovery.evidence.naming import Named
from ansatz.discovery.expression import Array, Node, Number, variables
from ansatz.discovery.fit.constants import values_and_slopes
from ansatz.discovery.fit.marks import Marks
from ansatz.discovery.problem.problem import Problem

_ROWS: Final = 60
_NEW: Final = 1e-6
LOG_STEP: Final = 1e-5
"""Of an input's logarithm, for the slope in it."""
_BOUGHT_BITS: Final = 8.0
"""Bits at which a constant that stands at a whole value is bought: a coincidence of one in 256."""
_LINKS: Final = 3


@dataclass(frozen=True)
class Measure:
    """What the evidence asks of a formula.

    Attributes:
        mean_square: of what it leaves, over that of the target, no less than rounding.
        constants: numbers that are fitted.
        hidden: constants that stand at whole values, which another unit of an input or the target would bring out.
        form_bits: of its form.
    """

    mean_square: float
    constants: int
    hidden: int
    form_bits: float

    @property
    def evidence_constants(self) -> int:
        """How many constants it has, hidden ones included; the scale of all is one, written or not."""
        return max(self.constants + self.hidden, 1)


def measured(named: Named, problem: Problem, known_bits: float | None = None) -> Measure:
    """Return the measure of a formula; `known_bits` are those of a form that the caller gave, of which it has grown: it
    pays for what it has beside that, and for being another."""
    fit, names = named.fit, named.names
    free = tuple(p for p in fit.open if p not in names)
    names_bits = sum(names[p].bits for p in fit.marks.leaders(list(names)))
    bits = form_bits(fit.formula, len(free), names_bits, problem)
    if known_bits is not None:
        bits = max(bits - known_bits, 0.0) + TREE_BITS
    hidden = hidden_constants(fit.formula, free, fit.marks, problem)
    return Measure(mean_square(fit.rmse, problem), len(free), hidden, bits)


def given(named: Named, problem: Problem) -> Measure:
    """Return the measure of a formula of the caller's own: its form costs nothing."""
    free = tuple(p for p in named.fit.open if p not in named.names)
    return Measure(mean_square(named.fit.rmse, problem), len(free), 0, 0.0)


def mean_square(rmse: float, problem: Problem) -> float:
    """Return the mean square of a residual over that of the target, no less than the rounding of its digits.

    A formula that gives every row exactly says that nothing was rounded: for it the rounding is that of float64.
    """
    if not math.isfinite(rmse):
        return math.inf
    if is_exact(rmse, problem):
        return ROUNDING**2
    return max((rmse / problem.y_scale) ** 2, least_mean_square(problem))


@np.errstate(all="ignore")
def hidden_constants(formula: Node, free: Sequence[int], marks: Marks, problem: Problem) -> int:
    """Return how many constants the units of target and inputs would bring out beside those that are written.

    The slopes in the logarithms of the target and the inputs are those of such constants; counted are the directions
    that no written constant has.
    """
    if problem.form is not None or isinstance(formula, Number):
        return 0
    rows = np.unique(np.linspace(0, problem.rows - 1, _ROWS).astype(np.intp))
    few = problem.rows_only(rows)
    value, slopes = values_and_slopes(formula, few, [marks.together(p) for p in free])
    found = [value]
    for name in variables(formula):
        j = few.names.index(name)
        moved = (_scaled(few, j, 1 + sign * LOG_STEP).evaluate(formula) for sign in (1.0, -1.0))
        found.append((next(moved) - next(moved)) / (2 * LOG_STEP))
    roots = np.ones(few.rows) if few.weights is None else np.sqrt(few.weights)
    both = np.column_stack([slopes, *found]) * roots[:, None]
    if not np.all(np.isfinite(both)):
        return 0
    return directions(both) - directions(both[:, : slopes.shape[1]])


def _scaled(problem: Problem, j: int, factor: float) -> Problem:
    X = problem.X.copy(order="F")
    X[:, j] *= factor
    return replace(problem, X=X)


def directions(columns: Array) -> int:
    """Return how many directions the columns span, whatever their sizes."""
    largest = np.max(np.abs(columns), axis=0, initial=0.0)
    scaled = columns[:, largest > 0] / largest[largest > 0]
    if not scaled.shape[1]:
        return 0
    singular = np.linalg.svd(scaled / np.linalg.norm(scaled, axis=0), compute_uv=False)
    return int(np.count_nonzero(singular > _NEW * singular[0]))


def scores(
    measures: Sequence[Measure], problem: Problem, rows: int | None = None, of_mean: float | None = None
) -> Array:
    """Return the score of each formula beside the others, in bits, lower is better; that of the constant is its
    description length.

    A hidden constant counts as one, or is bought at its value. Chains go through the best few formulas of each number
    of constants. `rows` is how many independent ones the problem's are worth, where it is fewer; `of_mean` is the mean
    square that the mean leaves, where measures are not those of the problem's weights.
    """
    rows = problem.rows if rows is None else rows
    count = len(measures)
    square = np.array([m.mean_square for m in measures])
    written = np.array([max(m.constants, 1) for m in measures])
    hidden = np.array([m.evidence_constants for m in measures]) - written
    form = np.array([m.form_bits for m in measures])
    mean = constant_mean_square(problem) if of_mean is None else of_mean
    with np.errstate(divide="ignore"):
        halvings = np.log2(mean / np.tile(square, 2))
    constants = np.concatenate([written + hidden, written])
    bits = np.concatenate([form, form + _BOUGHT_BITS * hidden])
    found = bits - _along_chains(rows, constants, halvings, bits)
    best = np.minimum(found[:count], found[count:])
    least = min(least_mean_square(problem), float(square.min(initial=math.inf)))
    return best + 0.5 * rows * math.log2(mean / least + 1.0)


def constant_mean_square(problem: Problem) -> float:
    """Return the mean square that the mean leaves, over that of the target, no less than its rounding."""
    mean = np.full(problem.rows, np.average(problem.y, weights=problem.weights))
    return mean_square(problem.rmse(mean), problem)


def _along_chains(rows: int, constants: Array, halvings: Array, bits: Array) -> Array:
    """Evidence of each formula along the best chain of simpler ones, which have fewer constants and no dearer form.

    With one scale for all constants, the signal of the first would make every further one too dear (the conditional
    Lindley paradox: Som, Hans & MacEachern 2016).
    """
    found = against_constant(rows, constants, halvings)
    links = np.empty(0, dtype=np.intp)
    for k in np.unique(constants):
        own = np.flatnonzero(constants == k)
        if links.size and rows - k > 1:
            gained = halvings[own] - halvings[links][:, None]
            through = found[links][:, None] + step(k - constants[links][:, None], rows - k, np.maximum(gained, 0))
            allowed = (gained > 0) & (bits[links][:, None] <= bits[own])
            found[own] = np.maximum(found[own], np.where(allowed, through, -np.inf).max(axis=0))
        links = np.concatenate([links, own[np.argsort(bits[own] - found[own], kind="stable")[:_LINKS]]])
    return found
