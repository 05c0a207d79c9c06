"""The server as a process: what it tells of itself, how it starts, stops and comes back."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import grpc
import psutil
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from ansatz.v1 import discovery_service_pb2 as pb
from ansatz.v1 import job_pb2
from ansatz.v1.discovery_service_pb2_grpc import DiscoveryServiceStub

if TYPE_CHECKING:
    from tests.service.conftest import Refused, Server, StartServer

SERVICE = "ansatz.v1.DiscoveryService"
COMMAND = [sys.executable, "-P", "-m", "ansatz.service"]


def test_health_becomes_serving_once_workers_are_warm(server: Server) -> None:
    stub = health_pb2_grpc.HealthStub(server.channel)
    for service in ("", SERVICE):
        answers = stub.Watch(health_pb2.HealthCheckRequest(service=service), timeout=60)
        assert any(a.status == health_pb2.HealthCheckResponse.SERVING for a in answers)
        answers.cancel()


def test_reflection_lists_the_service(server: Server) -> None:
    request = reflection_pb2.ServerReflectionRequest(list_services="")
    [answer] = reflection_pb2_grpc.ServerReflectionStub(server.channel).ServerReflectionInfo(iter([request]))
    names = {s.name for s in answer.list_services_response.service}
    assert {SERVICE, "grpc.health.v1.Health"} <= names


def test_server_info_tells_versions_engines_and_limits(server: Server) -> None:
    info = server.stub.GetServerInfo(pb.GetServerInfoRequest())
    assert info.version
    assert {"numpy", "scipy", "grpcio"} <= set(info.packages)
    assert len(info.engines) == 2
    assert all(e.detail for e in info.engines)
    assert (info.limits.max_rows, info.limits.max_columns) == (1_000_000, 1_000)
    assert info.limits.max_message_bytes == 128 * 1024 * 1024
    assert info.limits.max_budget.seconds == 3600
    assert 0 < info.limits.worker_memory_bytes < psutil.virtual_memory().total
    assert info.workers == 1
    assert set(info.default_functions) <= set(info.functions)


def test_finished_jobs_are_there_after_a_restart(
    start_server: StartServer, tmp_path: Path, power_law: pb.CreateJobRequest
) -> None:
    power_law.request_id = "before the restart"
    with start_server(tmp_path) as server:
        before = server.wait(server.create(power_law).name)
        events = list(server.watch(before.name))
    with start_server(tmp_path) as server:
        assert server.job(before.name) == before
        assert list(server.watch(before.name)) == events
        assert server.create(power_law).name == before.name


def test_sigterm_puts_running_jobs_back_and_the_next_server_runs_them(
    start_server: StartServer, tmp_path: Path, long_search: pb.CreateJobRequest, power_law: pb.CreateJobRequest,
    refused: Refused,
) -> None:  # fmt: skip
    with start_server(tmp_path) as server:
        running = server.create(long_search)
        server.until_searching(running.name)
        queued = server.create(power_law)
        workers = server.workers("search")
        watcher = server.watch(running.name)
        next(watcher)
        server.process.send_signal(signal.SIGTERM)
        refusal = refused(lambda: list(watcher))
        assert (refusal.code, refusal.reason) == (grpc.StatusCode.UNAVAILABLE, "SERVER_STOPPING")
        assert server.process.wait(20) == 0
        assert not any(w.is_running() for w in workers)
    with start_server(tmp_path) as server:
        assert server.job(running.name).attempts <= 1
        server.until_searching(running.name)
        server.cancel(running.name)
        assert server.wait(queued.name).state == job_pb2.JOB_STATE_SUCCEEDED


@pytest.mark.slow
def test_jobs_of_a_killed_server_are_tried_once_more(
    start_server: StartServer, tmp_path: Path, long_search: pb.CreateJobRequest
) -> None:
    name = ""
    for attempt in (1, 2):
        with start_server(tmp_path) as server:
            name = name or server.create(long_search).name
            sequence = server.job(name).last_sequence
            server.until_searching(name, sequence)
            assert server.job(name).attempts == attempt
            workers = server.workers("search")
            server.process.kill()
            server.process.wait()
            # Workers end with their server, however it ended.
            gone, _ = psutil.wait_procs(workers, timeout=10)
            assert gone == workers
    with start_server(tmp_path) as server:
        job = server.job(name)
        assert (job.state, job.error.reason) == (job_pb2.JOB_STATE_FAILED, "SERVER_DIED")
        assert job.report.candidates


def test_a_data_directory_belongs_to_one_server(start_server: StartServer, tmp_path: Path) -> None:
    with start_server(tmp_path):
        second = subprocess.run(
            [*COMMAND, "--listen", "127.0.0.1:0", "--data-dir", str(tmp_path)],
            capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
    assert second.returncode == 1
    assert "another server" in second.stderr


def test_a_private_server_on_a_unix_socket_ends_with_its_parent(tmp_path: Path, power_law: pb.CreateJobRequest) -> None:
    path = tmp_path / "socket"
    command = [*COMMAND, "--listen", f"unix:{path}", "--data-dir", str(tmp_path / "data"), "--workers", "1"]
    command += ["--exit-with-parent"]
    reader, writer = os.pipe()
    with subprocess.Popen(command, stdin=reader, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as child:
        os.close(reader)
        assert child.stdout is not None
        assert child.stdout.readline() == f"listening unix:{path}\n"
        with grpc.insecure_channel(f"unix:{path}") as channel:
            assert DiscoveryServiceStub(channel).CreateJob(power_law, timeout=30).job.name
        os.close(writer)
        assert child.wait(30) == 0


def test_calls_are_accepted_while_workers_warm_up(
    start_server: StartServer, tmp_path: Path, power_law: pb.CreateJobRequest
) -> None:
    with start_server(tmp_path, workers=2) as server:
        jobs = [server.create(power_law) for _ in range(6)]
        threads = [threading.Thread(target=server.wait, args=(job.name,)) for job in jobs]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert {server.job(j.name).state for j in jobs} == {job_pb2.JOB_STATE_SUCCEEDED}


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        (["--listen", "0.0.0.0:50051"], "--insecure"),
        (["--tls-cert", "/no/such/file"], "give both"),
        (["--tls-cert", "/no/such/file", "--tls-key", "/no/such/file"], "/no/such/file cannot be read"),
        (["--tokens", "/no/such/file"], "/no/such/file cannot be read"),
        (["--listen", "nonsense"], "HOST:PORT"),
        (["--workers", "0"], "workers"),
        (["--nonsense"], "--nonsense"),
    ],
)
def test_wrong_settings_exit_with_2_and_say_which(flags: list[str], says: str) -> None:
    run = subprocess.run([*COMMAND, *flags], capture_output=True, text=True, check=False, timeout=60)
    assert run.returncode == 2
    assert says in run.stderr


def test_a_port_that_is_taken_exits_with_1(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        run = subprocess.run(
            [*COMMAND, "--listen", address, "--data-dir", str(tmp_path)],
            capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
    assert run.returncode == 1
    assert address in run.stderr
