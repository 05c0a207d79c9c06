"""Quantities that a system keeps constant: sparse combinations Q of library terms with ∇Q·f = 0 wherever one looks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ansatz.discovery.data.names import rate_name
from ansatz.discovery.expression import Array, Node, Number, Variable, call, complexity, evaluate, simplify, variables
from ansatz.discovery.expression.derivative import derivative
from ansatz.discovery.expression.numbers import free_positions
from ansatz.discovery.report.motion import Conserved
from ansatz.discovery.search.structured import build
from ansatz.discovery.trajectories.library import monomials
from ansatz.discovery.trajectories.record import Record

_POINTS = 400
_KEPT = 1e-9
_MOST_TERMS = 6
_MOST_FOUND = 3
_WIDE = 1.5


def conserved(
    equations: Sequence[Node], record: Record, states: Array, smoothed: Array, seed: int
) -> tuple[Conserved, ...]:
    """At most three, the simplest first. `states` (n, D) are those of the fitted trajectories, about which the
    equations are tried on a box half as wide again; `smoothed` (n, D) those of the data, along which the drift is
    taken. Laws that depend on time or inputs keep nothing."""
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
    return tuple(found[:_MOST_FOUND])


def _terms(names: Sequence[str], states: Array) -> list[Node]:
    terms = monomials(list(names), 4 if len(names) <= 2 else 3 if len(names) == 3 else 2)
    for j, name in enumerate(names):
        if np.all(states[:, j] > 0):
            terms.append(call("log", Variable(name)))
        terms += [call("sin", Variable(name)), call("cos", Variable(name))]
        terms += [call("exp", build.scaled(-1.0, Variable(name)))]
    return terms


def _points(names: Sequence[str], states: Array, seed: int) -> dict[str, Array]:
    rng = np.random.default_rng(seed)
    low, high = states.min(axis=0), states.max(axis=0)
    middle, half = (low + high) / 2, _WIDE * (high - low) / 2
    lowest = np.where(low > 0, np.maximum(middle - half, low / 2), middle - half)
    drawn = lowest + (middle + half - lowest) * rng.random((_POINTS, len(names)))
    return {name: drawn[:, j] for j, name in enumerate(names)}


def _rate_of(term: Node, names: Sequence[str], rates: Sequence[Node], points: dict[str, Array]) -> Array:
    """∇term · f at the points."""
    total = np.zeros(_POINTS)
    for name, rate in zip(names, rates, strict=True):
        slope = derivative(term, name)
        if slope != Number(0.0):
            with np.errstate(all="ignore"):
                total += evaluate(slope, points, _POINTS) * evaluate(rate, points, _POINTS)
    return total


def _null_space(matrix: Array) -> list[Array]:
    """Sparse vectors c with matrix @ c = 0: reduced, so that each has a term that the others lack."""
    zero = np.linalg.norm(matrix, axis=0) == 0
    found = [np.eye(matrix.shape[1])[k] for k in np.flatnonzero(zero)]
    _, singular, vt = np.linalg.svd(matrix[:, ~zero], full_matrices=True)
    rank = int(np.count_nonzero(singular > _KEPT * singular[0])) if singular.size else 0
    basis = vt[rank:].copy()
    columns = np.flatnonzero(~zero)
    # Reduced from the last column on, the most complex terms first, which leaves the simple ones together.
    pivot_row = 0
    for column in range(basis.shape[1] - 1, -1, -1):
        if pivot_row >= basis.shape[0]:
            break
        largest = pivot_row + int(np.argmax(np.abs(basis[pivot_row:, column])))
        if abs(basis[largest, column]) < 1e-7:
            continue
        basis[[pivot_row, largest]] = basis[[largest, pivot_row]]
        basis[pivot_row] /= basis[pivot_row, column]
        others = np.arange(basis.shape[0]) != pivot_row
        basis[others] -= np.outer(basis[others, column], basis[pivot_row])
        pivot_row += 1
    for row in basis:
        row[np.abs(row) < 1e-6 * np.abs(row).max()] = 0.0
        if 0 < np.count_nonzero(row) <= _MOST_TERMS:
            whole = np.zeros(matrix.shape[1])
            whole[columns] = row
            found.append(whole)
    return found


def _drift(quantity: Node, record: Record, smoothed: Array) -> float:
    """Spread of the quantity within runs over what it would be if its variables varied independently."""
    columns = {n: smoothed[:, j] for j, n in enumerate(record.components)}
    values = evaluate(quantity, columns, record.samples)
    rng = np.random.default_rng(0)
    shuffled = {n: rng.permutation(v) for n, v in columns.items()}
    reference = float(np.nanstd(evaluate(quantity, shuffled, record.samples)))
    within = [float(np.nanstd(values[run])) for run in record.runs]
    return float(np.mean(within)) / reference if reference > 0 else float("nan")
