"""Which searchers work on a problem, and in which order."""

from __future__ import annotations

from typing import Final

from ansatz.discovery.problem.problem import Problem
from ansatz.discovery.search import structured
from ansatz.discovery.search.baseline import Baseline
from ansatz.discovery.search.dimensional import with_dimensional
from ansatz.discovery.search.ordinary import Ordinary
from ansatz.discovery.search.outside import outside_searchers
from ansatz.discovery.search.protocol import Searcher
from ansatz.discovery.search.sparse import SparseRegression

_FEW_VALUES: Final = 120
_AFTER: Final = 6


def searchers_for(problem: Problem) -> list[Searcher]:
    """Return the searchers for a problem: the built-in ones, cheapest first, then those from outside."""
    if not problem.names:
        return [Baseline()]
    first, second, third, *others = structured.searchers()
    physics = with_dimensional((first, second, third, SparseRegression(), *others), problem)
    # On few rows ordinary laws cost little, and are likeliest.
    place = 0 if problem.rows * len(problem.names) <= _FEW_VALUES else _AFTER
    return [Baseline(), *physics[:place], Ordinary(), *physics[place:], *outside_searchers()]
