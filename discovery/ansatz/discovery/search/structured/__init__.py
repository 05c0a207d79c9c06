"""Deterministic search for the shapes that physics uses."""

from ansatz.discovery.search.protocol import Searcher
from ansatz.discovery.search.structured.log_bank import LogBank
from ansatz.discovery.search.structured.periodic import Periodic
from ansatz.discovery.search.structured.polynomial import monomials, polynomial, waves
from ansatz.discovery.search.structured.power_law import PowerLaw
from ansatz.discovery.search.structured.rational import Rational
from ansatz.discovery.search.structured.reduced import Reduced
from ansatz.discovery.search.structured.relations import Relations
from ansatz.discovery.search.structured.relevance import Relevant
from ansatz.discovery.search.structured.templates import Templates
from ansatz.discovery.search.structured.univariate import Univariate


def followers() -> tuple[Searcher, ...]:
    """Return those of the structured searchers that find small corrections to a formula, cheapest first."""
    return (PowerLaw(), polynomial(), Univariate(), monomials(), waves())


def searchers() -> tuple[Searcher, ...]:
    """Return the structured searchers, cheapest first."""
    direct = (polynomial(), Rational())
    solvers = (PowerLaw(), Univariate(), LogBank(), Rational(), polynomial(), Relations())
    wide = (waves(), monomials(), Templates())
    reduced = Reduced(solvers, wide)
    periodic = Periodic((Univariate(), Templates()))
    full = (*direct, LogBank(), reduced, Relations(), *wide, periodic)
    return (PowerLaw(), Univariate(), LogBank(), Relevant(full), *direct, reduced, Relations(), *wide, periodic)
