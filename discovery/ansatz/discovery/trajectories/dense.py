"""All low powers at once, fitted to the trajectories, then taken off one after the other.

Where the motion is too fast for its samples, derivatives and integrals along smooth curves mislead. The map from each
sample to the next still tells the terms of a polynomial law.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Final

import numpy as np

from ansatz.discovery.expression import Array, Node, Number, add, multiply
from ansatz.discovery.expression.evaluate import evaluate
from ansatz.discovery.search.structured import build
from ansatz.discovery.trajectories.integral import IntegralForm, Smoothed
from ansatz.discovery.trajectories.scored import ScoredSystem
from ansatz.discovery.trajectories.shooting import Shooting
from ansatz.discovery.trajectories.shortening import LIMITS, certainties

Propose = Callable[[Sequence[Node], ScoredSystem | None], ScoredSystem | None]


@dataclass(frozen=True)
class _Pruning:
    """Say how terms are taken off. Chosen by judgement; `python -m bench.odebench` holds them.

    Attributes:
        doubtful: coefficients fewer standard errors from zero than this go all at once.
        rows_a_term: with fewer observed values for each coefficient nothing is tried.
        patience: systems in a row that are no shorter, after which it ends.
        condition: directions of the first guess below this share of the largest are not determined.
        off_whole: a number that happens to be whole would not be fitted: it is moved by this share.
    """

    doubtful: float = 1.0
    rows_a_term: int = 3
    patience: int = 3
    condition: float = 1e-8
    off_whole: float = 1e-7


_PRUNING: Final = _Pruning()


def dense(
    smoothed: Smoothed, shooting: Shooting, forms: Sequence[IntegralForm], terms: Sequence[Node], propose: Propose
) -> None:
    """Propose the system of all terms in every equation, and what is left of it as the least certain terms go."""
    rows = smoothed.record.samples * len(forms)
    if len(terms) * len(forms) * _PRUNING.rows_a_term > rows:
        return
    coefficients = np.array([_first_guess(smoothed, form, terms) for form in forms])
    kept = np.ones(coefficients.shape, dtype=bool)
    near: ScoredSystem | None = None
    best_bits, worse = np.inf, 0
    while worse < _PRUNING.patience and np.any(kept):
        item = propose(_equations(coefficients, kept, terms), near)
        if item is None:
            return
        worse = 0 if item.bits < best_bits else worse + 1
        best_bits, near = min(best_bits, item.bits), item
        certainty = _certainty(item, shooting, coefficients, kept)
        if certainty is None:
            return
        weakest = float(certainty[kept].min())
        if weakest > LIMITS.sure:
            return
        kept &= certainty > max(weakest, _PRUNING.doubtful)


def _first_guess(smoothed: Smoothed, form: IntegralForm, terms: Sequence[Node]) -> Array:
    nodes = smoothed.node_times.size
    values = np.column_stack([evaluate(t, smoothed.columns, nodes) for t in terms])
    features = form.project(form.integrated(values))
    norms = np.linalg.norm(features, axis=0)
    norms = np.where(norms > 0, norms, 1.0)
    condition = _PRUNING.condition
    found: Array = np.linalg.lstsq(features / norms, form.project(form.target), rcond=condition)[0] / norms
    return np.where(found == np.round(found), found + _PRUNING.off_whole * (1 + np.abs(found)), found)


def _equations(coefficients: Array, kept: Array, terms: Sequence[Node]) -> list[Node]:
    """Return sums in which every number is a coefficient, sign and all."""
    equations = []
    for row, own in zip(coefficients, kept, strict=True):
        parts = [_scaled(float(c), t) for c, t, k in zip(row, terms, own, strict=True) if k]
        equations.append(reduce(add, parts) if parts else Number(0.0))
    return equations


def _scaled(coefficient: float, term: Node) -> Node:
    return Number(coefficient) if term == build.ONE else multiply(Number(coefficient), term)


def _certainty(item: ScoredSystem, shooting: Shooting, coefficients: Array, kept: Array) -> Array | None:
    """Return coefficients over their errors, 0 where the data do not determine one; infinite where none was fitted.

    The fitted values are put into `coefficients`.
    """
    system = item.fit.system
    slots = [slot for _, slot in sorted(system.slots.items())]  # in order of appearance
    if len(slots) != int(kept.sum()):
        return None
    ratio = np.full(kept.shape, np.inf)
    ratio[kept] = certainties(item, shooting)[[slot.parameter for slot in slots]]
    coefficients[kept] = [slot.sign * system.values[slot.parameter] for slot in slots]
    return ratio
