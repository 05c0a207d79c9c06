"""The server: its parts put together, started and stopped in order."""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
from typing import Any

import grpc
import structlog
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from ansatz.service.access import Access
from ansatz.service.calls.decoding import Decoding
from ansatz.service.calls.servicer import Servicer
from ansatz.service.evaluation.evaluator import Evaluator
from ansatz.service.executor.worker_pool import WorkerPool
from ansatz.service.jobs.jobs import Jobs
from ansatz.service.jobs.keeper import Keeper
from ansatz.service.jobs.retention import Retention
from ansatz.service.jobs.runner import Runner
from ansatz.service.jobs.uploads import Uploads
from ansatz.service.jobs.watch import EventHub
from ansatz.service.limits.limits import Limits
from ansatz.service.observability.exposition import ServerState
from ansatz.service.settings import Settings
from ansatz.service.store import Database, Queue, Store, UploadStore
from ansatz.v1 import discovery_service_pb2, job_pb2
from ansatz.v1.discovery_service_pb2_grpc import add_DiscoveryServiceServicer_to_server

SERVICE = discovery_service_pb2.DESCRIPTOR.services_by_name["DiscoveryService"].full_name
LIVENESS = "liveness"
"""What the health service calls that the server answers at all, whether or not it is ready for work."""
_STOP_GRACE_SECONDS = 2.0
_STATES = {
    name.removeprefix("JOB_STATE_").lower(): number
    for name, number in job_pb2.JobState.items()
    if number != job_pb2.JOB_STATE_UNSPECIFIED
}
_log = structlog.get_logger()


class Server:
    """A server over two pools, one that searches and one that evaluates. The pools are the caller's to start, so
    that workers warm up while the server is still importing."""

    def __init__(self, settings: Settings, searchers: WorkerPool, evaluators: WorkerPool) -> None:
        self._settings, self._searchers, self._evaluators = settings, searchers, evaluators
        limits = Limits.of(settings)
        self._database = Database(settings.store_url)
        self._store = Store(self._database)
        queue = Queue(self._database, _name(), settings.lease_seconds)
        self._hub = EventHub(self._store, limits.max_watchers)
        self._runner = Runner(self._store, queue, searchers, self._hub, settings.stop_grace_seconds)
        self._retention = None if settings.keep_days is None else Retention(self._store, settings.keep_days)
        self._keeper = Keeper(self._database, queue, self._runner, self._hub, settings.lease_seconds)
        self._uploads = Uploads(UploadStore(self._database), limits)
        self._jobs = Jobs(
            self._store,
            self._hub,
            self._runner,
            self._uploads,
            limits=limits,
            grace_seconds=settings.stop_grace_seconds,
        )
        self._health = health.aio.HealthServicer()
        self._grpc = grpc.aio.server(interceptors=[Decoding(SERVICE)], options=_options(limits))
        evaluator = Evaluator(evaluators, limits)
        servicer = Servicer(
            Access(settings.tokens),
            self._jobs,
            self._uploads,
            self._hub,
            evaluator,
            limits=limits,
            workers=settings.workers,
        )
        add_DiscoveryServiceServicer_to_server(servicer, self._grpc)
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._grpc)
        if settings.reflection:
            reflection.enable_server_reflection((SERVICE, health.SERVICE_NAME, reflection.SERVICE_NAME), self._grpc)

    async def start(self) -> str:
        """Serve; the address bound. Raises RuntimeError where the address cannot be had."""
        await self._database.open()
        await self._keeper.start()
        self._uploads.start()
        if self._retention:
            self._retention.start()
        self._runner.start()
        await self._health.set(LIVENESS, health_pb2.HealthCheckResponse.SERVING)
        await self._set_ready(False)
        address = self._bind()
        await self._grpc.start()
        self._announcer = asyncio.create_task(self._announce_warm())
        return address

    async def state(self) -> ServerState:
        """What the metrics tell of this moment."""
        census = await self._store.census()
        return ServerState(
            jobs={name: census.jobs.get(state, 0) for name, state in _STATES.items()},
            oldest_queued_seconds=census.oldest_queued_seconds,
            workers=self._searchers.counts | self._evaluators.counts,
            watchers=self._hub.watchers,
        )

    async def drain(self) -> None:
        """Say that this server is no longer ready and let running searches end, for as long as the settings allow.
        Calls are still answered; jobs that are created wait in the store for the next server."""
        self._announcer.cancel()
        await self._set_ready(False)
        await self._runner.drain(self._settings.drain_seconds)

    async def stop(self) -> None:
        """Take no more calls, put running jobs back into the queue of the store, end the workers."""
        self._announcer.cancel()
        await self._health.enter_graceful_shutdown()
        stopping = asyncio.create_task(self._grpc.stop(_STOP_GRACE_SECONDS))
        await self._runner.close()
        self._hub.close()
        await stopping
        await self._searchers.close()
        await self._evaluators.close()
        await self._keeper.close()
        await self._uploads.close()
        if self._retention:
            await self._retention.close()
        await self._database.close()

    def _bind(self) -> str:
        listen = self._settings.listen
        transport = self._settings.transport
        if transport is None:
            port = self._grpc.add_insecure_port(listen)
        else:
            port = self._grpc.add_secure_port(listen, transport.credentials())
        return listen if listen.startswith("unix:") else f"{listen.rpartition(':')[0]}:{port}"

    async def _announce_warm(self) -> None:
        await self._searchers.warm()
        await self._set_ready(True)
        _log.info("workers warm", workers=self._settings.workers)
        # The evaluation process comes last: it does not take a core from the first search.
        self._evaluators.start()

    async def _set_ready(self, ready: bool) -> None:
        status = health_pb2.HealthCheckResponse.SERVING if ready else health_pb2.HealthCheckResponse.NOT_SERVING
        for service in ("", SERVICE):
            await self._health.set(service, status)


def _name() -> str:
    """Of this server among those that share its store."""
    return f"{socket.gethostname()[:64]}:{os.getpid()}:{secrets.token_hex(4)}"


def _options(limits: Limits) -> list[tuple[str, Any]]:
    return [
        ("grpc.max_receive_message_length", limits.max_message_bytes),
        ("grpc.max_send_message_length", limits.max_message_bytes),
        # Two servers on one port would share its callers without a word.
        ("grpc.so_reuseport", 0),
        # Callers keep long quiet watches alive with pings.
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
    ]
