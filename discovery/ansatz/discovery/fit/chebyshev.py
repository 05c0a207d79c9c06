"""Products of Chebyshev polynomials of several columns, by total degree: what a smooth function is made of."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import combinations_with_replacement
from typing import Final

import numpy as np

from ansatz.discovery.expression import Array

_MOST_DEGREE: Final = 14
"""Total degree of a polynomial. Chosen by judgement; `python -m bench.recovery` holds it."""


@lru_cache(maxsize=256)
def _degrees(inputs: int, most: int) -> tuple[tuple[tuple[int, ...], ...], ...]:
    """Return monomials of each total degree, as sorted positions of inputs; at most `most` in all."""
    levels: list[tuple[tuple[int, ...], ...]] = []
    count = 1
    for degree in range(1, _MOST_DEGREE + 1):
        level = tuple(combinations_with_replacement(range(inputs), degree))
        count += len(level)
        if count > most:
            break
        levels.append(level)
    return tuple(levels)


def basis(
    columns: Sequence[Array], most: int, ranges: Sequence[tuple[float, float]] | None = None
) -> tuple[Array, tuple[int, ...]]:
    """Return Chebyshev products of scaled columns, of shape `(n, p)`, by total degree, and where each degree ends.

    `ranges` are scaled to [-1, 1]; by default those of the columns.
    """
    n = columns[0].size if columns else 0
    levels = _degrees(len(columns), most)
    spans = [(float(c.min()), float(c.max())) for c in columns] if ranges is None else ranges
    tables = [_chebyshev(c, span, len(levels)) for c, span in zip(columns, spans, strict=True)]
    parts = [np.ones(n)]
    ends = [1]
    for level in levels:
        for term in level:
            value: Array | None = None
            for column in dict.fromkeys(term):
                factor = tables[column][term.count(column)]
                value = factor if value is None else value * factor
            assert value is not None
            parts.append(value)
        ends.append(len(parts))
    return np.column_stack(parts), tuple(ends)


def _chebyshev(column: Array, span: tuple[float, float], degree: int) -> list[Array]:
    low, high = span
    z = (2 * column - low - high) / (high - low) if high > low else np.zeros_like(column)
    table = [np.ones_like(z), z]
    for _ in range(degree - 1):
        table.append(2 * z * table[-1] - table[-2])
    return table
