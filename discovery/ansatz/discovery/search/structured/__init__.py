"""Deterministic search for the shapes that physics uses."""

from ansatz.discovery.search.protocol import Searcher
from ansatz.discovery.search.structured.log_bank import LogBank
from ansatz.discovery.search.structured.polynomial import polynomial
from ansatz.discovery.search.structured.power_law import PowerLaw
from ansatz.discovery.search.structured.reduced import Reduced


def searchers() -> tuple[Searcher, ...]:
    """The structured searchers, cheapest first."""
    direct = (PowerLaw(), polynomial(), LogBank())
    return (*direct, Reduced(direct))
