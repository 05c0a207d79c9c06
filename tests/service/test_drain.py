"""What becomes of jobs and of those who watch them when a server is told to stop."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import TYPE_CHECKING

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from ansatz.v1 import discovery_service_pb2 as pb
from ansatz.v1 import job_pb2

if TYPE_CHECKING:
    from bench import postgresql
    from tests.service.conftest import Refused, Server, StartServer

SERVICE = "ansatz.v1.DiscoveryService"
SERVING, NOT_SERVING = health_pb2.HealthCheckResponse.SERVING, health_pb2.HealthCheckResponse.NOT_SERVING


def health(server: Server, service: str) -> health_pb2.HealthCheckResponse.ServingStatus:
    request = health_pb2.HealthCheckRequest(service=service)
    answer: health_pb2.HealthCheckResponse = health_pb2_grpc.HealthStub(server.channel).Check(request, timeout=30)
    return answer.status


def until_not_ready(server: Server) -> None:
    request = health_pb2.HealthCheckRequest(service=SERVICE)
    answers = health_pb2_grpc.HealthStub(server.channel).Watch(request, timeout=60)
    assert any(a.status == NOT_SERVING for a in answers)
    answers.cancel()


def test_running_searches_end_and_new_jobs_wait_for_the_next_server(
    start_server: StartServer, tmp_path: Path, long_search: pb.CreateJobRequest, power_law: pb.CreateJobRequest
) -> None:
    with start_server(tmp_path, "--drain-seconds", "120") as server:
        running = server.create(long_search).name
        server.until_searching(running)
        assert health(server, "") == health(server, SERVICE) == SERVING
        server.process.send_signal(signal.SIGTERM)
        until_not_ready(server)
        assert health(server, "") == NOT_SERVING
        assert health(server, "liveness") == SERVING
        accepted = server.create(power_law).name
        # The search goes on until it ends; here, because its caller has seen enough. Then the server ends too.
        watcher = server.watch(running)
        next(watcher)
        server.cancel(running)
        *_, last = watcher
        assert last.state_change.state == job_pb2.JOB_STATE_CANCELLED
        assert server.process.wait(60) == 0
    with start_server(tmp_path) as server:
        assert server.wait(accepted).state == job_pb2.JOB_STATE_SUCCEEDED
        ended = server.job(running)
        assert (ended.state, ended.attempts) == (job_pb2.JOB_STATE_CANCELLED, 1)
        assert ended.report.candidates


@pytest.mark.slow
def test_searches_that_do_not_end_in_time_go_on_from_their_last_front(
    start_server: StartServer, tmp_path: Path, long_search: pb.CreateJobRequest, refused: Refused
) -> None:
    with start_server(tmp_path, "--drain-seconds", "1") as server:
        name = server.create(long_search).name
        server.until_more_than_baselines(name)
        watcher = server.watch(name)
        server.process.send_signal(signal.SIGTERM)
        refusal = refused(lambda: list(watcher))
        assert (refusal.code, refusal.reason) == (grpc.StatusCode.UNAVAILABLE, "SERVER_STOPPING")
        assert refusal.retry_seconds > 0
        assert server.process.wait(60) == 0
    with start_server(tmp_path) as server:
        before = server.job(name)
        assert before.report.candidates
        assert before.attempts <= 1
        assert any("start" in {c.found_by for c in e.front.candidates} for e in server.watch(name))
        assert server.job(name).attempts == 1
        server.cancel(name)


def test_a_second_signal_ends_the_server_at_once(
    start_server: StartServer, tmp_path: Path, long_search: pb.CreateJobRequest
) -> None:
    with start_server(tmp_path, "--drain-seconds", "3600") as server:
        name = server.create(long_search).name
        server.until_searching(name)
        server.process.send_signal(signal.SIGTERM)
        until_not_ready(server)
        server.process.send_signal(signal.SIGINT)
        assert server.process.wait(60) == 0


def test_a_server_without_searches_does_not_wait(start_server: StartServer, tmp_path: Path) -> None:
    with start_server(tmp_path, "--drain-seconds", "3600") as server:
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(60) == 0


def test_the_end_of_the_parent_ends_the_server_at_once(
    start_server: StartServer, tmp_path: Path, long_search: pb.CreateJobRequest
) -> None:
    with start_server(tmp_path, "--drain-seconds", "3600") as server:
        name = server.create(long_search).name
        server.until_searching(name)
        assert server.process.stdin is not None
        server.process.stdin.close()
        assert server.process.wait(60) == 0


@pytest.mark.slow
def test_another_server_on_the_store_goes_on_at_once(
    start_server: StartServer, tmp_path: Path, long_search: pb.CreateJobRequest, postgres: postgresql.Cluster
) -> None:
    store = postgres.new_database()
    with start_server(tmp_path / "first", "--store", store, "--drain-seconds", "1") as first:
        name = first.create(long_search).name
        first.until_more_than_baselines(name)
        with start_server(tmp_path / "second", "--store", store) as second:
            watcher = second.watch(name)
            first.process.send_signal(signal.SIGTERM)
            assert any("start" in {c.found_by for c in e.front.candidates} for e in watcher)
            assert second.job(name).attempts == 1
            assert first.process.wait(60) == 0
            second.cancel(name)
