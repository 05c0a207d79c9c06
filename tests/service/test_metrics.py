"""What Prometheus reads from a server."""

from __future__ import annotations

import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

import grpc
import psutil
import pytest
from prometheus_client.parser import text_string_to_metric_families

from ansatz.v1 import discovery_service_pb2 as pb
from tests.service.test_isolation import eventually

if TYPE_CHECKING:
    from tests.service.conftest import Server, StartServer

SERVICE = "ansatz.v1.DiscoveryService"
Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def scraped(server: Server) -> Samples:
    assert server.metrics_url
    with urllib.request.urlopen(server.metrics_url, timeout=30) as answer:
        text = answer.read().decode()
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def value(samples: Samples, name: str, **labels: str) -> float:
    return samples.get((name, frozenset(labels.items())), 0.0)


def test_a_job_shows_in_the_metrics_and_nothing_that_callers_choose_does(
    start_server: StartServer, tmp_path: Path, power_law: pb.CreateJobRequest, long_search: pb.CreateJobRequest
) -> None:
    power_law.job_id, power_law.request_id = "chosen-by-a-caller", "chosen too"
    with start_server(tmp_path, "--metrics", "127.0.0.1:0") as server:
        running = server.create(long_search).name
        server.until_searching(running)
        waiting = server.create(power_law).name
        before = scraped(server)
        assert value(before, "ansatz_jobs", state="running") == 1
        assert value(before, "ansatz_jobs", state="queued") == 1
        assert value(before, "ansatz_queue_oldest_age_seconds") > 0
        assert value(before, "ansatz_workers", role="search", state="busy") == 1
        assert value(before, "ansatz_search_duration_seconds_count") == 0
        assert value(before, "ansatz_rpc_duration_seconds_count", method="CreateJob", code="OK") == 2
        server.cancel(running)
        server.wait(waiting)
        unknown: grpc.UnaryUnaryMultiCallable[bytes, bytes] = server.channel.unary_unary(f"/{SERVICE}/Chosen")
        with pytest.raises(grpc.RpcError):
            unknown(b"")
        after = scraped(server)
    assert value(after, "ansatz_jobs", state="queued") == 0
    assert value(after, "ansatz_queue_oldest_age_seconds") == 0
    assert value(after, "ansatz_jobs_ended_total", state="succeeded") == 1
    assert value(after, "ansatz_jobs_ended_total", state="cancelled") == 1
    assert value(after, "ansatz_search_duration_seconds_count") == 2
    assert value(after, "ansatz_queue_wait_seconds_count") == 2
    assert value(after, "process_resident_memory_bytes") > 0
    labels = {label for _, labels in after for pair in labels for label in pair}
    assert not any("chosen" in label.lower() for label in labels)


def test_watchers_refusals_and_dead_workers_are_counted(
    start_server: StartServer, tmp_path: Path, long_search: pb.CreateJobRequest
) -> None:
    with start_server(tmp_path, "--metrics", "127.0.0.1:0") as server:
        name = server.create(long_search).name
        server.until_searching(name)
        with pytest.raises(grpc.RpcError):
            server.job("jobs/none")
        call = server.stub.WatchJob(pb.WatchJobRequest(name=name), timeout=60)
        next(call)
        # The watch of `until_searching` has gone away by then, or will have in a moment.
        assert eventually(lambda: value(scraped(server), "ansatz_watchers") == 1)
        samples = scraped(server)
        assert value(samples, "ansatz_rpc_duration_seconds_count", method="GetJob", code="NOT_FOUND") == 1
        assert value(samples, "ansatz_rpc_duration_seconds_count", method="WatchJob", code="CANCELLED") == 1
        [worker] = server.workers("search")
        worker.kill()
        psutil.wait_procs([worker], timeout=30)
        server.until_searching(name, server.job(name).last_sequence)
        samples = scraped(server)
        assert value(samples, "ansatz_worker_restarts_total", role="search", reason="died") == 1
        call.cancel()
        server.cancel(name)


@pytest.mark.parametrize(
    ("address", "says"), [("0.0.0.0:9464", "--insecure"), ("nonsense", "HOST:PORT"), ("unix:/path", "HOST:PORT")]
)
def test_addresses_for_metrics_are_as_safe_as_those_for_calls(address: str, says: str) -> None:
    command = [sys.executable, "-P", "-m", "ansatz.service", "--metrics", address]
    run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert run.returncode == 2
    assert "metrics" in run.stderr
    assert says in run.stderr


def test_a_taken_port_for_metrics_is_said(start_server: StartServer, tmp_path: Path) -> None:
    with start_server(tmp_path / "first", "--metrics", "127.0.0.1:0") as server:
        assert server.metrics_url
        address = server.metrics_url.removeprefix("http://").removesuffix("/metrics")
        command = [sys.executable, "-P", "-m", "ansatz.service", "--listen", "127.0.0.1:0", "--metrics", address]
        command += ["--data-dir", str(tmp_path / "second")]
        run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert run.returncode == 1
    assert address in run.stderr
