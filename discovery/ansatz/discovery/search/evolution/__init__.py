"""Evolutionary engines."""

from ansatz.discovery.options import Engine
from ansatz.discovery.search.protocol import Searcher


def resolve(engine: Engine) -> Engine:
    return Engine.NONE if engine is Engine.AUTO else engine


def searcher(engine: Engine) -> Searcher | None:
    return None
