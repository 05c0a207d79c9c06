"""Every method of a real server: with messages half sensible, and with bytes that may be no message."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import grpc
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from ansatz.v1 import discovery_service_pb2 as pb
from ansatz.v1.discovery_service_pb2_grpc import DiscoveryServiceStub
from tests.fuzz.messages import requests

SERVICE = pb.DESCRIPTOR.services_by_name["DiscoveryService"]
_DOCUMENTED = {
    grpc.StatusCode.INVALID_ARGUMENT,
    grpc.StatusCode.NOT_FOUND,
    grpc.StatusCode.ALREADY_EXISTS,
    grpc.StatusCode.FAILED_PRECONDITION,
    grpc.StatusCode.RESOURCE_EXHAUSTED,
}
_KEPT = ("jobs/first", "jobs/curves")
"""Jobs that the others' requests are about."""
_HANG_SECONDS = 90.0
_ROUND = 500
"""Inputs of one run of hypothesis, which remembers what it tried."""


class UndocumentedStatusError(AssertionError):
    """A method answered with a status that no caller is told of."""


@dataclass(frozen=True)
class Call:
    """A method and the bytes of its request."""

    method: str
    request: bytes


@st.composite
def calls(draw: st.DrawFn) -> Call:
    method = draw(st.sampled_from(list(SERVICE.methods)))
    if draw(st.integers(0, 9)) == 0:
        return Call(method.name, draw(st.binary(max_size=200)))
    request: Any = draw(requests(method.input_type))
    if method.name == "DeleteJob" and request.name in _KEPT:
        request.name = "jobs/none"
    return Call(method.name, request.SerializePartialToString())


def send(channel: grpc.Channel, call: Call) -> grpc.StatusCode:
    """The status of a call. Raises UndocumentedStatusError."""
    try:
        _send(channel, call)
    except grpc.RpcError as error:
        if error.code() in _DOCUMENTED:
            return error.code()
        text = f"{call.method} answered {error.code().name} ({error.details()}) to {call.request!r}"
        raise UndocumentedStatusError(text) from None
    return grpc.StatusCode.OK


def _send(channel: Any, call: Call) -> None:
    """Of a stream of answers some are read; in a stream of requests the request comes three times."""
    method, path = SERVICE.methods_by_name[call.method], f"/{SERVICE.full_name}/{call.method}"
    if method.client_streaming:
        channel.stream_unary(path)(iter([call.request] * 3), timeout=_HANG_SECONDS)
    elif method.server_streaming:
        answers = channel.unary_stream(path)(call.request, timeout=_HANG_SECONDS)
        for _, _ in zip(range(3), answers, strict=False):
            pass
        answers.cancel()
    else:
        channel.unary_unary(path)(call.request, timeout=_HANG_SECONDS)


def fuzz(channel: grpc.Channel, inputs: int, first_seed: int) -> int:
    """Sends that many calls; how many were sent."""
    done = 0
    while done < inputs:
        size = min(_ROUND, inputs - done)

        @seed(first_seed + done)
        @settings(max_examples=size, phases=[Phase.generate], deadline=None, database=None,
                  suppress_health_check=list(HealthCheck))  # fmt: skip
        @given(calls())
        def one_round(call: Call) -> None:
            nonlocal done
            done += 1
            send(channel, call)

        one_round()
    return done


@contextlib.contextmanager
def server(*flags: str) -> Iterator[grpc.Channel]:
    """A server with small limits, and a table's and a curve's job that have ended."""
    with tempfile.TemporaryDirectory(prefix="ansatz-fuzz-") as folder:
        command = [sys.executable, "-P", "-m", "ansatz.service", "--listen", "127.0.0.1:0", "--data-dir", folder]
        command += ["--workers", "1", "--max-queued-jobs", "20", "--max-rows", "1000", "--max-columns", "20"]
        command += ["--exit-with-parent", "--log-level", "error", *flags]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            address = process.stdout.readline().removeprefix("listening ").strip()
            with grpc.insecure_channel(address) as channel:
                _prepare(DiscoveryServiceStub(channel))
                yield channel
            process.terminate()
            process.wait(30)


def _prepare(stub: DiscoveryServiceStub) -> None:
    for job_id, kind in (("first", "table"), ("curves", "curves")):
        request = pb.CreateJobRequest(job_id=job_id)
        observations = getattr(request.problem, kind)
        observations.target = "y"
        observations.columns.add(name="x", values=[float(i) for i in range(1, 13)])
        observations.columns.add(name="y", values=[3.0 * i**0.5 + 1 for i in range(1, 13)])
        request.problem.options.budget.seconds = 2
        stub.CreateJob(request, timeout=_HANG_SECONDS)
        stub.WaitJob(pb.WaitJobRequest(name=f"jobs/{job_id}"), timeout=_HANG_SECONDS)


def fuzz_server(inputs: int, first_seed: int) -> int:
    with server() as channel:
        return fuzz(channel, inputs, first_seed)
