"""The one gate before any front or report: what is told can be given back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from ansatz.discovery.expression import Node
from ansatz.discovery.expression.grammar import read_back
from ansatz.discovery.report.report import Candidate


def emitted(candidates: Iterable[Candidate]) -> tuple[Candidate, ...]:
    """Return candidates as everything takes them, ranks from 1 where they have some.

    A formula is the tree that its text is read as, so that both are of one size. Candidates whose text the grammar
    refuses, as too long, too large or of too large exponents, are left out.
    """
    kept = [found for candidate in candidates if (found := _as_read(candidate)) is not None]
    return tuple(replace(c, rank=rank) if c.rank else c for rank, c in enumerate(kept, start=1))


def _as_read(candidate: Candidate) -> Candidate | None:
    formula, equations, parts = read_back(candidate.formula), _all(candidate.equations), _all(candidate.parts)
    if formula is None or equations is None or parts is None:
        return None
    return replace(candidate, formula=formula, equations=equations, parts=parts)


def _all(formulas: Mapping[str, Node]) -> dict[str, Node] | None:
    """Return all of them as they are read; None where one is refused."""
    found = {name: read_back(formula) for name, formula in formulas.items()}
    read = {name: formula for name, formula in found.items() if formula is not None}
    return read if len(read) == len(found) else None
