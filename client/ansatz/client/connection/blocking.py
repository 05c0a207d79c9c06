"""Calls over a channel that block until they are answered."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any, TypeVar

import grpc

from ansatz.client.connection import connection
from ansatz.client.connection.call import Call, Flow
from ansatz.client.connection.credentials import Credentials
from ansatz.client.connection.tracing import CallSpan
from ansatz.client.connection.watch import Watch
from ansatz.client.errors import AnsatzError, from_rpc
from ansatz.client.results.job import JobEvent
from ansatz.v1.discovery_service_pb2_grpc import DiscoveryServiceStub

T = TypeVar("T")


class BlockingTransport:
    """Makes calls at `target`; `timeout` limits each of them, in seconds. All methods raise AnsatzError."""

    def __init__(self, target: str, credentials: Credentials, timeout: float) -> None:
        self._timeout, self._metadata = timeout, credentials.metadata
        self._channel = connection.open_channel(target, credentials)
        self._stub = DiscoveryServiceStub(self._channel)

    def close(self) -> None:
        self._channel.close()

    def call(self, call: Call[T]) -> T:
        """Make one call, and return its result."""
        try:
            with CallSpan(call.method) as span:
                pending = getattr(self._stub, call.method).future(
                    call.request, timeout=self._timeout + call.extra_seconds, metadata=self._metadata + span.metadata
                )
                try:
                    if call.attached and connection.is_attached(pending.initial_metadata()):
                        call.attached()
                    return call.read(pending.result())
                finally:
                    pending.cancel()
        except grpc.RpcError as error:
            raise from_rpc(error) from None

    def run(self, flow: Flow[T]) -> T:
        """Make the calls of a flow, and return what comes of them."""
        try:
            step = next(flow)
            while True:
                try:
                    result = self._made(step)
                except AnsatzError as error:
                    step = flow.throw(error)
                else:
                    step = flow.send(result)
        except StopIteration as end:
            found: T = end.value
            return found

    def _made(self, step: Call[Any] | float) -> Any:
        if isinstance(step, Call):
            return self.call(step)
        time.sleep(step)
        return None

    def watch(self, watch: Watch) -> Iterator[JobEvent]:
        """Yield the events of a watch until the job is final."""
        while True:
            try:
                with CallSpan("WatchJob") as span:
                    call = self._stub.WatchJob(watch.request, metadata=self._metadata + span.metadata)
                    try:
                        if connection.is_attached(call.initial_metadata()):
                            watch.attached()
                        for response in call:
                            yield watch.heard(response)
                        return
                    finally:
                        call.cancel()
            except grpc.RpcError as error:
                pause = watch.pause(from_rpc(error))
            time.sleep(pause)
