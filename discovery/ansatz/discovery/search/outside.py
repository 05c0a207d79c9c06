"""Searchers of other distributions, found by their entry points of the group `ansatz.searchers`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Final

from ansatz.discovery.budget import Budget
from ansatz.discovery.problem.problem import Problem
from ansatz.discovery.search.protocol import Emit, Searcher

GROUP: Final = "ansatz.searchers"


@dataclass(frozen=True)
class OutsideSearcher:
    """Run the searcher that an entry point makes.

    It is loaded when its turn comes, and not before: if that fails, or the search does, the portfolio warns and the
    others go on.
    """

    entry: EntryPoint

    @property
    def name(self) -> str:
        """The name of the entry point, told apart from those of the built-in searchers."""
        return f"outside.{self.entry.name}"

    def search(self, problem: Problem, budget: Budget, emit: Emit) -> None:
        """Let it search; what it emits is fitted and scored like all that is proposed."""
        searcher: Searcher = self.entry.load()()
        searcher.search(problem, budget, emit)


@cache
def outside_searchers() -> tuple[OutsideSearcher, ...]:
    """Return those that are installed, by name."""
    return tuple(OutsideSearcher(entry) for entry in sorted(entry_points(group=GROUP)))


def outside_versions() -> dict[str, str]:
    """Return the versions of the distributions that bring them, by name."""
    found = (searcher.entry.dist for searcher in outside_searchers())
    return {distribution.name: distribution.version for distribution in found if distribution is not None}
