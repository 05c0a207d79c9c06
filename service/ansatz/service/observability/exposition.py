"""The metrics over HTTP, on a port of their own, with the state of the server as it is when it is asked."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import structlog
from prometheus_client import REGISTRY, Metric, start_http_server
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

_log = structlog.get_logger()
# Shorter than a scrape's usual limit of ten seconds: then at least the rest is told.
_READ_SECONDS: Final = 5.0


@dataclass(frozen=True)
class ServerState:
    """Jobs of the store by state, age in seconds of the oldest that waits, worker processes by role and by what they
    do, and calls that watch or wait."""

    jobs: Mapping[str, int]
    oldest_queued_seconds: float
    workers: Mapping[tuple[str, str], int]
    watchers: int


class Exposition:
    """Serves all metrics at http://HOST:PORT/metrics, from a thread."""

    def __init__(self, host: str, port: int, read: Callable[[], Awaitable[ServerState]]) -> None:
        """Call it in the event loop on which `read` runs. Raises OSError where the address cannot be had."""
        self._collector = _StateCollector(read, asyncio.get_running_loop())
        self._http, _ = start_http_server(port, host)
        self.url = f"http://{f'[{host}]' if ':' in host else host}:{self._http.server_port}/metrics"
        """Where they are told."""
        REGISTRY.register(self._collector)

    def close(self) -> None:
        """Tell nothing more. Blocks for a moment, so do not call it in the event loop."""
        REGISTRY.unregister(self._collector)
        self._http.shutdown()
        self._http.server_close()


class _StateCollector(Collector):
    def __init__(self, read: Callable[[], Awaitable[ServerState]], loop: asyncio.AbstractEventLoop) -> None:
        self._read, self._loop = read, loop

    def describe(self) -> Iterator[Metric]:
        """Nothing: registering must not read the store."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        async def read() -> ServerState:
            return await self._read()

        future = asyncio.run_coroutine_threadsafe(read(), self._loop)
        try:
            state = future.result(_READ_SECONDS)
        except Exception as error:  # a store that is busy or gone: at least the rest is told
            future.cancel()
            _log.warning("state not told to a scrape", reason=type(error).__name__)
            return
        jobs = GaugeMetricFamily("ansatz_jobs", "Jobs in the store; queued is the queue's length.", labels=("state",))
        for name, number in state.jobs.items():
            jobs.add_metric((name,), number)
        yield jobs
        yield GaugeMetricFamily(
            "ansatz_queue_oldest_age_seconds",
            "Age of the job that has waited longest for a worker; 0: none waits.",
            state.oldest_queued_seconds,
        )
        workers = GaugeMetricFamily("ansatz_workers", "Worker processes by what they do.", labels=("role", "state"))
        for labels, number in state.workers.items():
            workers.add_metric(labels, number)
        yield workers
        yield GaugeMetricFamily("ansatz_watchers", "Calls that watch jobs or wait for them.", state.watchers)
