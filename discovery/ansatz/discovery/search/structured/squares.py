"""Completing the square: a**2 - 2*a*b + b**2 among the terms of a sum as (a - b)**2."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from math import copysign, sqrt
from typing import Final

from ansatz.discovery.expression import Node
from ansatz.discovery.search.structured import build
from ansatz.discovery.search.structured.terms import Bank, Powers

Part = tuple[float, Powers]
"""A coefficient and a term."""


@dataclass(frozen=True)
class _Tolerances:
    """Say when three terms are a square. Chosen by judgement, above the rounding of a fit.

    Attributes:
        equal: difference of c**2 and 4*a*b, over c**2, in a + c + b.
    """

    equal: float = 1e-7


_TOLERANCES: Final = _Tolerances()


def completed(parts: list[Part], bank: Bank) -> Node | None:
    """Return the sum with one square completed, or None where there is none."""
    for i, j in combinations(range(len(parts)), 2):
        (a, first), (b, second) = parts[i], parts[j]
        if a * b <= 0 or not (first or second):
            continue
        middle = _product(first, second)
        for k, (c, term) in enumerate(parts):
            if k in (i, j) or _key(term) != middle or abs(c * c - 4 * a * b) > _TOLERANCES.equal * c * c:
                continue
            size = sqrt(abs(a))
            inner = build.linear(
                [1.0, copysign(sqrt(b / a), a * c)],
                [bank.formula(_half(first)), bank.formula(_half(second))],
            )
            rest = [(q, t) for n, (q, t) in enumerate(parts) if n not in (i, j, k)]
            square = build.raised(inner, 2.0)
            return build.linear(
                [copysign(size * size, a), *(q for q, _ in rest)], [square, *(bank.formula(t) for _, t in rest)]
            )
    return None


def _half(term: Powers) -> Powers:
    return tuple((atom, e / 2) for atom, e in term)


def _product(first: Powers, second: Powers) -> tuple[tuple[int, float], ...]:
    """Return the key of sqrt(first * second)."""
    return _key((*_half(first), *_half(second)))


def _key(term: Powers) -> tuple[tuple[int, float], ...]:
    total: dict[int, float] = {}
    for atom, e in term:
        total[atom] = total.get(atom, 0.0) + e
    return tuple(sorted((atom, e) for atom, e in total.items() if e))
