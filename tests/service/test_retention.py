"""Ended jobs that are old are deleted, where the server is told to."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ansatz.v1 import discovery_service_pb2 as pb
from ansatz.v1 import job_pb2

if TYPE_CHECKING:
    from tests.service.conftest import Server, StartServer

A_SECOND = str(1 / 86_400)


def until_gone(server: Server, name: str) -> None:
    end = time.monotonic() + 60
    while name in [j.name for j in server.stub.ListJobs(pb.ListJobsRequest(), timeout=30).jobs]:
        assert time.monotonic() < end, f"{name} is still there"
        time.sleep(0.2)


@pytest.mark.slow
def test_old_jobs_are_deleted_and_what_runs_or_waits_is_not(
    start_server: StartServer, tmp_path: Path, power_law: pb.CreateJobRequest, long_search: pb.CreateJobRequest
) -> None:
    with start_server(tmp_path) as server:
        old = server.wait(server.create(power_law).name).name
    with start_server(tmp_path, "--keep-days", A_SECOND) as server:
        running = server.create(long_search).name
        server.until_searching(running)
        waiting = server.create(power_law).name
        until_gone(server, old)
        assert server.job(running).state == job_pb2.JOB_STATE_RUNNING
        assert server.job(waiting).state == job_pb2.JOB_STATE_QUEUED
        server.cancel(running)
        until_gone(server, running)
