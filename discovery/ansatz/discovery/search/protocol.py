"""The one protocol of all searchers, and what engines are given beyond it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from ansatz.discovery.budget import Budget
from ansatz.discovery.expression import Node
from ansatz.discovery.problem.problem import Problem

Emit = Callable[[Node], None]
"""Takes a proposed formula.

The portfolio refits its constants (every number that is no integer), scores it and keeps it if it is worth it. So a
searcher proposes freely, in any form, with constants good enough to start a local fit from.
"""


Seeds = Callable[[], Sequence[Node]]
"""Gives the best formulas that others have found so far, likely ones first, in the problem's own terms. May be called
from any thread."""


def no_seeds() -> Sequence[Node]:
    """Return no seeds, for a search that begins with nothing."""
    return ()


class Searcher(Protocol):
    """Propose formulas for a problem."""

    @property
    def name(self) -> str:
        """Return what a candidate's `found_by` says, for example ``structured.power_law``."""

    def search(self, problem: Problem, budget: Budget, emit: Emit) -> None:
        """Emit formulas as they are found, the likely ones first; return when done or when `budget.spent`.

        The same problem gives the same proposals in the same order unless the clock cuts the search: work is capped
        by counting, not by time. `budget.spent` also turns true once a formula explains the target to rounding.
        """


class SeededSearcher(Searcher, Protocol):
    """Propose formulas, beginning with those of others: an evolutionary engine, whose first population they join."""

    @property
    def fills_forms(self) -> bool:
        """Tell whether it searches problems with a form, and emits laws for them."""

    def search(self, problem: Problem, budget: Budget, emit: Emit, seeds: Seeds = no_seeds) -> None:
        """Search as `Searcher.search` does; `seeds` are asked for whenever the engine begins anew."""
