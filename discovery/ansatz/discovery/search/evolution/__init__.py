"""Evolutionary engines: PySR where a Julia runtime is ready, Operon, embedded, where not."""

from ansatz.discovery.search.evolution.engines import (
    EngineStatus,
    engine_statuses,
    install,
    resolve,
    searcher,
    warm,
)

__all__ = ["EngineStatus", "engine_statuses", "install", "resolve", "searcher", "warm"]
