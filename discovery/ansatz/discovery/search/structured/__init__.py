"""Structured search."""

from ansatz.discovery.search.protocol import Searcher


def searchers() -> tuple[Searcher, ...]:
    """The structured searchers, cheapest first."""
    return ()
