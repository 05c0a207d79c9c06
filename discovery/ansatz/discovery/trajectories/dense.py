"""All low powers at once, fitted to the trajectories, then taken off one after the other.

Where the motion is too fast for its samples, derivatives and integrals along smooth curves mislead, but the map from
each sample to the next still tells the terms of a polynomial law.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce

import numpy as np

from ansatz.discovery.expression import Array, Node, Number, add, multiply
from ansatz.discovery.expression.evaluate import evaluate
from ansatz.discovery.search.structured import build
from ansatz.discovery.trajectories.integral import IntegralForm, Smoothed
from ansatz.discovery.trajectories.scored import ScoredSystem
from ansatz.discovery.trajectories.shooting import Shooting
from ansatz.discovery.trajectories.shortening import certainties

Propose = Callable[[Sequence[Node], ScoredSystem | None], ScoredSystem | None]

_SURE = 4.0
"""A coefficient this many standard errors from zero is kept."""
_DOUBTFUL = 1.0
_ROWS_A_TERM = 3
_PATIENCE = 3


def dense(
    smoothed: Smoothed, shooting: Shooting, forms: Sequence[IntegralForm], terms: Sequence[Node], propose: Propose
) -> None:
    """Propose the system of all terms in every equation, and what is left of it as the least certain terms go."""
    rows = smoothed.record.samples * len(forms)
    if len(terms) * len(forms) * _ROWS_A_TERM > rows:
        return
    coefficients = np.array([_first_guess(smoothed, form, terms) for form in forms])
    kept = np.ones(coefficients.shape, dtype=bool)
    near: ScoredSystem | None = None
    best_bits, worse = np.inf, 0
    while worse < _PATIENCE and np.any(kept):
        item = propose(_equations(coefficients, kept, terms), near)
        if item is None:
            return
        worse = 0 if item.bits < best_bits else worse + 1
        best_bits, near = min(best_bits, item.bits), item
        certainty = _certainty(item, shooting, coefficients, kept)
        if certainty is None:
            return
        weakest = float(certainty[kept].min())
        if weakest > _SURE:
            return
        kept &= certainty > max(weakest, _DOUBTFUL)


def _first_guess(smoothed: Smoothed, form: IntegralForm, terms: Sequence[Node]) -> Array:
    nodes = smoothed.node_times.size
    values = np.column_stack([evaluate(t, smoothed.columns, nodes) for t in terms])
    features = form.project(form.integrated(values))
    norms = np.linalg.norm(features, axis=0)
    norms = np.where(norms > 0, norms, 1.0)
    found: Array = np.linalg.lstsq(features / norms, form.project(form.target), rcond=1e-8)[0] / norms
    # A number that happens to be whole would not be fitted.
    return np.where(found == np.round(found), found + 1e-7 * (1 + np.abs(found)), found)


def _equations(coefficients: Array, kept: Array, terms: Sequence[Node]) -> list[Node]:
    """Sums in which every number is a coefficient, sign and all."""
    equations = []
    for row, own in zip(coefficients, kept, strict=True):
        parts = [_scaled(float(c), t) for c, t, k in zip(row, terms, own, strict=True) if k]
        equations.append(reduce(add, parts) if parts else Number(0.0))
    return equations


def _scaled(coefficient: float, term: Node) -> Node:
    return Number(coefficient) if term == build.ONE else multiply(Number(coefficient), term)


def _certainty(item: ScoredSystem, shooting: Shooting, coefficients: Array, kept: Array) -> Array | None:
    """Coefficients over their errors, in place of those that were fitted; 0 where the data do not determine one."""
    system = item.fit.system
    slots = [slot for _, slot in sorted(system.slots.items())]  # in order of appearance
    if len(slots) != int(kept.sum()):
        return None
    ratio = np.full(kept.shape, np.inf)
    ratio[kept] = certainties(item, shooting)[[slot.parameter for slot in slots]]
    coefficients[kept] = [slot.sign * system.values[slot.parameter] for slot in slots]
    return ratio
