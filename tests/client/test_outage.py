"""A server that goes away and comes back."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import grpc
import pytest

from ansatz.client import AsyncClient, Client, JobEvent, JobState, Unavailable, patience
from ansatz.v1 import discovery_service_pb2 as pb
from ansatz.v1 import job_pb2
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
    """Takes a watch and goes away, five times, before it tells the end of the job."""

    def __init__(self, attached: Metadata) -> None:
        self._attached, self._calls = attached, 0

    def WatchJob(self, request: pb.WatchJobRequest, context: grpc.ServicerContext) -> Iterator[pb.WatchJobResponse]:  # noqa: N802
        context.send_initial_metadata(self._attached)
        self._calls += 1
        if self._calls <= 5:
            time.sleep(0.3)  # gRPC may drop the header of a call that ends at once
            context.abort(grpc.StatusCode.UNAVAILABLE, "gone")
        event = job_pb2.JobEvent(sequence=1)
        event.state_change.state = job_pb2.JOB_STATE_SUCCEEDED
        yield pb.WatchJobResponse(event=event)


@contextmanager
def restless(attached: Metadata) -> Iterator[str]:
    server = grpc.server(ThreadPoolExecutor(2))
    add_DiscoveryServiceServicer_to_server(Restless(attached), server)  # type: ignore[abstract]
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.stop(None)


@pytest.mark.parametrize("asynchronous", [False, True])
def test_outages_of_a_quiet_watch_do_not_add_up(monkeypatch: pytest.MonkeyPatch, asynchronous: bool) -> None:
    # Less than five outages last, more than one does.
    monkeypatch.setattr(patience, "_OUTAGE_SECONDS", 1.0)

    def watch(address: str) -> list[JobEvent]:
        with Client(address) as client:
            return list(client.job("j").watch())

    async def watch_asynchronously(address: str) -> list[JobEvent]:
        async with AsyncClient(address) as client:
            return [event async for event in client.job("j").watch()]

    def heard(address: str) -> list[JobEvent]:
        return asyncio.run(watch_asynchronously(address)) if asynchronous else watch(address)

    with restless((("ansatz-attached", "1"),)) as address:
        assert [e.state for e in heard(address)] == [JobState.SUCCEEDED]
    with restless(()) as address, pytest.raises(Unavailable):
        heard(address)
