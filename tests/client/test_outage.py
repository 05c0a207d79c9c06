"""A server that goes away and comes back."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest

from ansatz.client import AsyncClient, Client, JobEvent, JobState, Report, Unavailable
from ansatz.client.connection import connection, patience
from ansatz.v1 import discovery_service_pb2 as pb
from ansatz.v1 import job_pb2, report_pb2
from ansatz.v1.discovery_service_pb2_grpc import DiscoveryServiceServicer, add_DiscoveryServiceServicer_to_server

Metadata = tuple[tuple[str, str], ...]

A = [0.387, 0.723, 1.0, 1.524, 5.203, 9.537, 19.19, 30.07]
T = [a**1.5 for a in A]


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    address = f"unix:{folder / 'socket'}"
    arguments = ["--listen", address, "--data-dir", str(folder / "data"), "--workers", "1"]
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "ansatz.service", *arguments], stdout=subprocess.PIPE, stderr=log, text=True
        )
    try:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("listening ")
        yield address
    finally:
        process.kill()
        process.communicate(timeout=30)


def test_a_watch_and_a_result_survive_a_server_that_is_killed_and_started_again(tmp_path: Path) -> None:
    with serving(tmp_path) as address:
        client = Client(address)
        job = client.submit(A, T, names=["a"], engine="none", budget=10)
        events = job.watch()
        sequences = [next(events).sequence]
    with serving(tmp_path), client:
        sequences += [event.sequence for event in events]
        report = job.result(timeout=60)
    assert sequences == list(range(1, len(sequences) + 1))
    assert report.state is JobState.SUCCEEDED
    assert report.best is not None
    assert report.best.formula == "a**1.5"


class Restless(DiscoveryServiceServicer):
    """Takes a watch or a wait and goes away, five times, before it tells the end of the job."""

    def __init__(self, attached: Metadata) -> None:
        self._attached, self._calls = attached, 0
        self.heard = threading.Event()

    def WatchJob(self, request: pb.WatchJobRequest, context: grpc.ServicerContext) -> Iterator[pb.WatchJobResponse]:  # noqa: N802
        context.send_initial_metadata(self._attached)
        if self._attached:
            # Of a stream, the end may overtake what came first.
            assert self.heard.wait(60)
            self.heard.clear()
        self._take(context)
        event = job_pb2.JobEvent(sequence=1)
        event.state_change.state = job_pb2.JOB_STATE_SUCCEEDED
        yield pb.WatchJobResponse(event=event)

    def WaitJob(self, request: pb.WaitJobRequest, context: grpc.ServicerContext) -> pb.WaitJobResponse:  # noqa: N802
        context.send_initial_metadata(self._attached)
        time.sleep(0.3)
        self._take(context)
        job = job_pb2.Job(name=request.name, state=job_pb2.JOB_STATE_SUCCEEDED, report=report_pb2.Report())
        return pb.WaitJobResponse(job=job)

    def _take(self, context: grpc.ServicerContext) -> None:
        self._calls += 1
        if self._calls <= 5:
            context.abort(grpc.StatusCode.UNAVAILABLE, "gone")


@contextmanager
def restless(monkeypatch: pytest.MonkeyPatch, attached: Metadata) -> Iterator[str]:
    server, servicer = grpc.server(ThreadPoolExecutor(2)), Restless(attached)  # type: ignore[abstract]
    add_DiscoveryServiceServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    is_attached = connection.is_attached

    def heard(metadata: Any) -> bool:
        found = is_attached(metadata)
        servicer.heard.set()
        return found

    server.start()
    try:
        with monkeypatch.context() as patch:
            patch.setattr(connection, "is_attached", heard)
            yield f"127.0.0.1:{port}"
    finally:
        server.stop(None)


@pytest.mark.parametrize("asynchronous", [False, True])
def test_outages_of_a_quiet_watch_do_not_add_up(monkeypatch: pytest.MonkeyPatch, asynchronous: bool) -> None:
    monkeypatch.setattr(patience, "_OUTAGE_SECONDS", 0.0)

    def watch(address: str) -> list[JobEvent]:
        with Client(address) as client:
            return list(client.job("j").watch())

    async def watch_asynchronously(address: str) -> list[JobEvent]:
        async with AsyncClient(address) as client:
            return [event async for event in client.job("j").watch()]

    def heard(address: str) -> list[JobEvent]:
        return asyncio.run(watch_asynchronously(address)) if asynchronous else watch(address)

    with restless(monkeypatch, (("ansatz-attached", "1"),)) as address:
        assert [e.state for e in heard(address)] == [JobState.SUCCEEDED]
    with restless(monkeypatch, ()) as address, pytest.raises(Unavailable):
        heard(address)


@pytest.mark.parametrize("asynchronous", [False, True])
def test_outages_of_a_wait_for_the_result_do_not_add_up(monkeypatch: pytest.MonkeyPatch, asynchronous: bool) -> None:
    # Less than five outages last.
    monkeypatch.setattr(patience, "_OUTAGE_SECONDS", 1.0)

    async def wait_asynchronously(address: str) -> Report:
        async with AsyncClient(address) as client:
            return await client.job("j").result()

    def waited(address: str) -> Report:
        if asynchronous:
            return asyncio.run(wait_asynchronously(address))
        with Client(address) as client:
            return client.job("j").result()

    with restless(monkeypatch, (("ansatz-attached", "1"),)) as address:
        assert waited(address).state is JobState.SUCCEEDED
    with restless(monkeypatch, ()) as address, pytest.raises(Unavailable):
        waited(address)
