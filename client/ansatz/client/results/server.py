"""What a server is and can do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ansatz.client.results.options import Engine


@dataclass(frozen=True)
class EngineInfo:
    """`detail` is the version where the engine is ready, else why it is not and the command that mends it."""

    engine: Engine
    ready: bool
    detail: str


@dataclass(frozen=True)
class Limits:
    """What a request may not exceed; times in seconds, `…_bytes` in bytes."""

    max_rows: int
    max_columns: int
    max_message_bytes: int
    max_queued_jobs: int
    max_watchers: int
    default_budget_seconds: float
    max_budget_seconds: float
    max_wait_seconds: float
    max_formula_length: int
    max_complexity: int
    worker_memory_bytes: int
    max_jobs_per_caller: int
    max_upload_bytes: int
    max_uploads_per_caller: int


@dataclass(frozen=True)
class ServerInfo:
    """What a server is and can do.

    Attributes:
        version: of the server
        packages: package it computes with -> version
        engines: which are ready
        limits: what a request may not exceed
        functions: allowed in formulas
        default_functions: used where a request names none
        workers: how many searches run at once
    """

    version: str
    packages: Mapping[str, str]
    engines: tuple[EngineInfo, ...]
    limits: Limits
    functions: tuple[str, ...]
    default_functions: tuple[str, ...]
    workers: int
