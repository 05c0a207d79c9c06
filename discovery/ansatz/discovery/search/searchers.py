"""Which searchers work on a problem, and in which order."""

from __future__ import annotations

from ansatz.discovery.problem.problem import Problem
from ansatz.discovery.search import structured
from ansatz.discovery.search.baseline import Baseline
from ansatz.discovery.search.dimensional import with_dimensional
from ansatz.discovery.search.outside import outside_searchers
from ansatz.discovery.search.protocol import Searcher
from ansatz.discovery.search.sparse import SparseRegression


def searchers_for(problem: Problem) -> list[Searcher]:
    """Return the searchers for a problem: the built-in ones, cheapest first, then those from outside."""
    if not problem.names:
        return [Baseline()]
    first, second, *others = structured.searchers()
    built_in = with_dimensional((first, second, SparseRegression(), *others), problem)
    return [Baseline(), *built_in, *outside_searchers()]
