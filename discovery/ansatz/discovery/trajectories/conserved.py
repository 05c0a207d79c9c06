"""Quantities that a system keeps constant: sparse combinations Q of library terms with ∇Q·f = 0 wherever one looks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from ansatz.discovery.data.names import rate_name
from ansatz.discovery.expression import Array, Node, Number, Variable, call, complexity, evaluate, simplify, variables
from ansatz.discovery.expression.derivative import derivative
from ansatz.discovery.expression.numbers import free_positions
from ansatz.discovery.report.motion import Conserved
from ansatz.discovery.search.structured import build
from ansatz.discovery.trajectories.library import monomials
from ansatz.discovery.trajectories.record import Record


@dataclass(frozen=True)
class _Search:
    """Say where and how widely what is conserved is looked for. Chosen by judgement.

    Attributes:
        points: at which the equations are tried, several times as many as terms.
        wide: the box of points over that of the fitted states, so that a chance of the observed motion is found out.
        degrees: of the monomials, by the number of components: more of these have too many products.
        degree: of the monomials of more components.
        most_terms: of a conserved quantity; more are seldom read.
        most_found: quantities told.
    """

    points: int = 400
    wide: float = 1.5
    degrees: tuple[int, ...] = (4, 4, 3)
    degree: int = 2
    most_terms: int = 6
    most_found: int = 3


@dataclass(frozen=True)
class _Zero:
    """Say what counts as zero: shares above the rounding of float64 in sums of some hundred products.

    Attributes:
        singular: of the largest singular value.
        pivot: of unit rows, when they are reduced.
        entry: of the largest entry of a reduced row.
    """

    singular: float = 1e-9
    pivot: float = 1e-7
    entry: float = 1e-6


_SEARCH: Final = _Search()
_ZERO: Final = _Zero()


def conserved(
    equations: Sequence[Node], record: Record, states: Array, smoothed: Array, seed: int
) -> tuple[Conserved, ...]:
    """Return at most three conserved quantities, the simplest first; laws that depend on time or inputs keep nothing.

    `states` `(n, D)` are those of the fitted trajectories, about which the equations are tried on a wider box.
    `smoothed` `(n, D)` are those of the data, along which the drift is taken.
    """
    names = record.components
    if any(set(variables(e)) - set(names) for e in equations):
        return ()
    rates: list[Node] = [Variable(rate_name(s)) for s in record.states] if record.order == 2 else []
    rates += equations
    terms = [t for t in _terms(names, states) if t != build.ONE]
    points = _points(names, states, seed)
    slopes = np.column_stack([_rate_of(term, names, rates, points) for term in terms])
    with np.errstate(over="ignore", invalid="ignore"):
        norms = np.linalg.norm(slopes, axis=0)
    usable = np.isfinite(norms)
    terms, norms = [t for t, u in zip(terms, usable, strict=True) if u], norms[usable]
    norms = np.where(norms > 0, norms, 1.0)
    found = []
    for combination in _null_space(slopes[:, usable] / norms):
        scaled = combination / norms
        leading = np.flatnonzero(scaled)
        if leading.size:
            quantity = simplify(build.linear(scaled / scaled[leading[0]], terms))
            found.append(Conserved(quantity, _drift(quantity, record, smoothed)))
    found.sort(key=lambda c: (complexity(c.formula), len(free_positions(c.formula))))
    return tuple(found[: _SEARCH.most_found])


def _terms(names: Sequence[str], states: Array) -> list[Node]:
    degrees = _SEARCH.degrees
    degree = degrees[len(names) - 1] if len(names) <= len(degrees) else _SEARCH.degree
    terms = monomials(list(names), degree)
    for j, name in enumerate(names):
        if np.all(states[:, j] > 0):
            terms.append(call("log", Variable(name)))
        terms += [call("sin", Variable(name)), call("cos", Variable(name))]
        terms += [call("exp", build.scaled(-1.0, Variable(name)))]
    return terms


def _points(names: Sequence[str], states: Array, seed: int) -> dict[str, Array]:
    rng = np.random.default_rng(seed)
    low, high = states.min(axis=0), states.max(axis=0)
    middle, half = (low + high) / 2, _SEARCH.wide * (high - low) / 2
    lowest = np.where(low > 0, np.maximum(middle - half, low / 2), middle - half)
    drawn = lowest + (middle + half - lowest) * rng.random((_SEARCH.points, len(names)))
    return {name: drawn[:, j] for j, name in enumerate(names)}


def _rate_of(term: Node, names: Sequence[str], rates: Sequence[Node], points: dict[str, Array]) -> Array:
    """Return ∇term · f at the points."""
    total = np.zeros(_SEARCH.points)
    for name, rate in zip(names, rates, strict=True):
        slope = derivative(term, name)
        if slope != Number(0.0):
            with np.errstate(all="ignore"):
                total += evaluate(slope, points, _SEARCH.points) * evaluate(rate, points, _SEARCH.points)
    return total


def _null_space(matrix: Array) -> list[Array]:
    """Return sparse vectors c with matrix @ c = 0: reduced, so that each has a term that the others lack."""
    zero = np.linalg.norm(matrix, axis=0) == 0
    found = [np.eye(matrix.shape[1])[k] for k in np.flatnonzero(zero)]
    _, singular, vt = np.linalg.svd(matrix[:, ~zero], full_matrices=True)
    rank = int(np.count_nonzero(singular > _ZERO.singular * singular[0])) if singular.size else 0
    basis = vt[rank:].copy()
    columns = np.flatnonzero(~zero)
    # Reduced from the last column on, the most complex terms first, which leaves the simple ones together.
    pivot_row = 0
    for column in range(basis.shape[1] - 1, -1, -1):
        if pivot_row >= basis.shape[0]:
            break
        largest = pivot_row + int(np.argmax(np.abs(basis[pivot_row:, column])))
        if abs(basis[largest, column]) < _ZERO.pivot:
            continue
        basis[[pivot_row, largest]] = basis[[largest, pivot_row]]
        basis[pivot_row] /= basis[pivot_row, column]
        others = np.arange(basis.shape[0]) != pivot_row
        basis[others] -= np.outer(basis[others, column], basis[pivot_row])
        pivot_row += 1
    for row in basis:
        row[np.abs(row) < _ZERO.entry * np.abs(row).max()] = 0.0
        if 0 < np.count_nonzero(row) <= _SEARCH.most_terms:
            whole = np.zeros(matrix.shape[1])
            whole[columns] = row
            found.append(whole)
    return found


def _drift(quantity: Node, record: Record, smoothed: Array) -> float:
    """Return the spread of the quantity within runs over what it would be if its variables varied independently."""
    columns = {n: smoothed[:, j] for j, n in enumerate(record.components)}
    values = evaluate(quantity, columns, record.samples)
    rng = np.random.default_rng(0)
    shuffled = {n: rng.permutation(v) for n, v in columns.items()}
    reference = float(np.nanstd(evaluate(quantity, shuffled, record.samples)))
    within = [float(np.nanstd(values[run])) for run in record.runs]
    return float(np.mean(within)) / reference if reference > 0 else float("nan")
