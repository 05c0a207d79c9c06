"""The last word on constants: names for those that lie near one, and one constant where two equations have the same."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

from ansatz.discovery.budget import Budget
from ansatz.discovery.evidence.naming import Name, choices
from ansatz.discovery.expression import Node
from ansatz.discovery.expression.node import exponent_positions, is_integer
from ansatz.discovery.trajectories.scored import ScoredSystem

Propose = Callable[[Sequence[Node], Mapping[float, Name]], ScoredSystem | None]


@dataclass(frozen=True)
class _Limits:
    """Say when constants are alike. Chosen by judgement, but for the rounding of float64.

    Attributes:
        tied_within: standard errors of their difference, within which two are tried as one.
        least_error: relative, of a constant: some thousand roundings of float64.
    """

    tied_within: float = 4.0
    least_error: float = 1e-12


_LIMITS: Final = _Limits()


def tie(item: ScoredSystem, propose: Propose, budget: Budget) -> None:
    """Propose the system with two constants of the same size as one, the nearest pairs first."""
    system = item.fit.system
    pairs = []
    for a, b in combinations(range(system.size), 2):
        x, y = (abs(float(system.values[k])) for k in (a, b))
        error = math.hypot(*(float(item.fit.errors[k]) for k in (a, b)))
        distance = abs(x - y) / max(error, _LIMITS.least_error * max(x, y))
        if distance < _LIMITS.tied_within:
            pairs.append((distance, a, b))
    best = item
    for _, a, b in sorted(pairs):
        if budget.spent:
            return
        x, y = (float(best.fit.system.values[k]) for k in (a, b))
        size = (abs(x) + abs(y)) / 2
        found = propose(system.replaced({a: math.copysign(size, x), b: math.copysign(size, y)}), item.names)
        if found is not None and found.bits < item.bits:
            return


def name_one(item: ScoredSystem, propose: Propose, refused: set[tuple[float, str]]) -> bool:
    """Propose the system with one more constant at a named value, the most certain gain first.

    Return whether one was left to propose.
    """
    system = item.fit.system
    exponents = [exponent_positions(e) for e in system.equations]
    found = []
    for k, (value, error) in enumerate(zip(map(float, system.values), map(float, item.fit.errors), strict=True)):
        is_exponent = any(position in exponents[i] for i, position in system.places(k))
        known_to = error if math.isnan(error) else max(error, _LIMITS.least_error * abs(value))
        for choice in choices(value, known_to, item.degrees, is_exponent):
            if choice.name.value and (value, choice.name.text) not in refused:
                found.append((choice.gain, k, choice.name))
    if not found:
        return False
    _, k, name = max(found, key=lambda one: one[0])
    refused.add((float(system.values[k]), name.text))
    names = dict(item.names) if is_integer(name.value) else {**item.names, abs(name.value): name}
    propose(system.replaced({k: name.value}), names)
    return True
