"""Linear algebra over the rationals, exactly, for the few rows and columns of dimensional analysis."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

Row = tuple[Fraction, ...]


def echelon(rows: Sequence[Row]) -> tuple[list[Row], list[int]]:
    """Return the reduced row echelon form without its zero rows, and the pivot column of each row (Gauss and
    Jordan)."""
    work = [list(row) for row in rows]
    pivots: list[int] = []
    for column in range(len(work[0]) if work else 0):
        top = len(pivots)
        found = next((i for i in range(top, len(work)) if work[i][column]), None)
        if found is None:
            continue
        work[top], work[found] = work[found], work[top]
        lead = work[top][column]
        work[top] = [value / lead for value in work[top]]
        for i, row in enumerate(work):
            if i != top and row[column]:
                factor = row[column]
                work[i] = [a - factor * b for a, b in zip(row, work[top], strict=True)]
        pivots.append(column)
    return [tuple(row) for row in work[: len(pivots)]], pivots


def rank(rows: Sequence[Row]) -> int:
    return len(echelon(rows)[1])


def solvable(rows: Sequence[Row], right: Sequence[Row]) -> bool:
    """Return whether `rows` · unknowns = `right` has a solution, for every column of `right` at once."""
    if not rows:
        return True
    unknowns = len(rows[0])
    pivots = echelon([(*a, *b) for a, b in zip(rows, right, strict=True)])[1]
    return all(pivot < unknowns for pivot in pivots)


def null_vector(columns: Sequence[Row]) -> Row | None:
    """Coefficients, the last of them 1, with which the columns sum to zero; None where the last is independent of the
    others, or these are not independent of each other."""
    reduced, pivots = echelon(list(zip(*columns, strict=True)))
    if pivots != list(range(len(columns) - 1)):
        return None
    return (*(-row[-1] for row in reduced), Fraction(1))
