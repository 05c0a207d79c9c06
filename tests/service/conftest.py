"""Real servers, as child processes on a loopback port, and requests for them."""

from __future__ import annotations

import random
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import grpc
import numpy as np
import psutil
import pytest
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status

from ansatz.v1 import discovery_service_pb2 as pb
from ansatz.v1 import job_pb2, observations_pb2, problem_pb2
from ansatz.v1.discovery_service_pb2_grpc import DiscoveryServiceStub
from bench import postgresql

LISTENING = "listening "


@dataclass(frozen=True)
class Server:
    """A running server and a stub for it."""

    process: subprocess.Popen[str]
    address: str
    channel: grpc.Channel
    stub: DiscoveryServiceStub
    metrics_url: str = ""

    def workers(self, role: str) -> list[psutil.Process]:
        """The server's worker processes of a role."""
        children = psutil.Process(self.process.pid).children()
        return [c for c in children if "ansatz.service.executor.worker" in c.cmdline() and role in c.cmdline()]

    def create(self, request: pb.CreateJobRequest) -> job_pb2.Job:
        return self.stub.CreateJob(request, timeout=30).job

    def job(self, name: str) -> job_pb2.Job:
        return self.stub.GetJob(pb.GetJobRequest(name=name), timeout=30).job

    def watch(self, name: str, after: int = 0) -> Iterator[job_pb2.JobEvent]:
        for response in self.stub.WatchJob(pb.WatchJobRequest(name=name, after_sequence=after), timeout=90):
            yield response.event

    def wait(self, name: str) -> job_pb2.Job:
        """The job once it is final."""
        *_, _ = self.watch(name)
        return self.job(name)

    def until_searching(self, name: str, after: int = 0) -> int:
        """Return once the search has found something: the sequence of that event."""
        return next(e.sequence for e in self.watch(name, after) if e.WhichOneof("event") == "front")

    def until_more_than_baselines(self, name: str) -> None:
        """Return once the search has found a formula that is none of the baselines."""
        for event in self.watch(name):
            if {c.found_by for c in event.front.candidates} - {"baseline"}:
                return
        pytest.fail(f"{name} ended with baselines alone")

    def cancel(self, name: str) -> job_pb2.Job:
        return self.stub.CancelJob(pb.CancelJobRequest(name=name), timeout=30).job


StartServer = Callable[..., AbstractContextManager[Server]]


@contextmanager
def running_server(data_dir: Path, *flags: str, workers: int = 1) -> Iterator[Server]:
    command = [sys.executable, "-P", "-m", "ansatz.service", "--listen", "127.0.0.1:0", "--data-dir", str(data_dir)]
    command += ["--workers", str(workers), "--exit-with-parent", "--log-level", "error", *flags]
    if "--drain-seconds" not in flags:
        command += ["--drain-seconds", "0"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line.startswith(LISTENING)
            address = line.removeprefix(LISTENING).strip()
            metrics = process.stdout.readline().split()[1] if "--metrics" in flags else ""
            with grpc.insecure_channel(address, options=[("grpc.max_send_message_length", -1)]) as channel:
                yield Server(process, address, channel, DiscoveryServiceStub(channel), metrics)
        finally:
            process.terminate()
            process.wait(20)


@pytest.fixture(scope="session")
def start_server() -> StartServer:
    return running_server


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with one worker, shared by tests that leave it idle."""
    with running_server(tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest.fixture(scope="session")
def narrow_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with one worker and small limits."""
    flags = ["--max-rows", "4000", "--max-columns", "21", "--max-message-mib", "1"]
    flags += ["--max-queued-jobs", "1", "--max-watchers", "2"]
    with running_server(tmp_path_factory.mktemp("narrow"), *flags) as server:
        yield server


@pytest.fixture(scope="session")
def postgres() -> Iterator[postgresql.Cluster]:
    """A PostgreSQL of our own."""
    if postgresql.programs() is None:
        pytest.skip(postgresql.MISSING)
    with postgresql.cluster() as cluster:
        yield cluster


def column(name: str, values: Sequence[float]) -> observations_pb2.Column:
    return observations_pb2.Column(name=name, packed_values=struct.pack(f"<{len(values)}d", *values))


@pytest.fixture
def power_law() -> pb.CreateJobRequest:
    """y = 2.5*a**1.5/b without noise: a search of a moment."""
    draw = random.Random(3)
    a, b = ([draw.uniform(1.0, 5.0) for _ in range(60)] for _ in range(2))
    y = [2.5 * u**1.5 / v for u, v in zip(a, b, strict=True)]
    table = observations_pb2.Table(columns=[column("a", a), column("b", b), column("y", y)], target="y")
    options = problem_pb2.SearchOptions(engine=problem_pb2.ENGINE_NONE)
    return pb.CreateJobRequest(problem=problem_pb2.Problem(table=table, options=options))


@pytest.fixture
def long_search() -> pb.CreateJobRequest:
    """Sixteen inputs, all of them in a law that no searcher finds: a search of minutes."""
    draw = np.random.default_rng(1)
    X = draw.uniform(0.5, 3, size=(4000, 16))
    x = X.T
    waves = x[0] * np.sin(3 * x[1] * x[2]) * np.exp(-x[3] / x[4])
    steps = np.tanh(x[5] * x[6] - x[7]) * np.log(1 + x[8] * x[9] ** 1.3)
    y = waves + steps + np.sqrt(x[10] + x[11] * x[12]) / (x[13] + x[14] * x[15])
    columns = [column(f"x{j}", X[:, j].tolist()) for j in range(16)]
    table = observations_pb2.Table(columns=[*columns, column("y", y.tolist())], target="y")
    options = problem_pb2.SearchOptions(engine=problem_pb2.ENGINE_NONE)
    options.budget.seconds = 600
    return pb.CreateJobRequest(problem=problem_pb2.Problem(table=table, options=options))


@dataclass(frozen=True)
class Refusal:
    """A call's error: its code, the reason of ErrorInfo, field violations by field, seconds of RetryInfo."""

    code: grpc.StatusCode
    message: str
    domain: str
    reason: str
    violations: dict[str, str]
    retry_seconds: int


Refused = Callable[[Callable[[], object]], Refusal]


@pytest.fixture(scope="session")
def refused() -> Refused:
    """Call, expect an error, read it."""

    def read(call: Callable[[], object]) -> Refusal:
        with pytest.raises(grpc.RpcError) as raised:
            call()
        status: status_pb2.Status | None = rpc_status.from_call(raised.value)
        info, bad, retry = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest(), error_details_pb2.RetryInfo()
        for detail in status.details if status else ():
            for message in (info, bad, retry):
                detail.Unpack(message)
        violations = {v.field: v.description for v in bad.field_violations}
        error = raised.value
        assert isinstance(error, grpc.Call)
        code, details = error.code(), error.details() or ""
        return Refusal(code, details, info.domain, info.reason, violations, retry.retry_delay.seconds)

    return read
