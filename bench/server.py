"""A server of our own, in a process of its own, for as long as a measurement lasts."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

_WARM_SECONDS: Final = 120.0


@contextmanager
def running(workers: int = 1) -> Iterator[str]:
    """The address, on loopback TCP, of a server whose workers are warm."""
    with started(workers) as (address, _):
        yield address


@contextmanager
def started(workers: int, *flags: str) -> Iterator[tuple[str, int]]:
    """As `running`, and the server's process id; `flags` are further ones of `ansatz serve`."""
    with tempfile.TemporaryDirectory(prefix="ansatz-bench-") as folder:
        command = [sys.executable, "-m", "ansatz.service", "--listen", "127.0.0.1:0", "--data-dir", folder]
        command += [
            "--workers",
            str(workers),
            "--log-level",
            "error",
            "--exit-with-parent",
            "--drain-seconds",
            "0",
            *flags,
        ]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
            try:
                address = _address(child)
                _wait_until_warm(address)
                yield address, child.pid
            finally:
                child.terminate()


def _address(child: subprocess.Popen[str]) -> str:
    for line in child.stdout or ():
        if line.startswith("listening "):
            return line.split()[1]
    raise RuntimeError("the server did not start; its reason stands above")


def _wait_until_warm(address: str) -> None:
    end = time.monotonic() + _WARM_SECONDS
    with grpc.insecure_channel(address) as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        while time.monotonic() < end:
            status = stub.Check(health_pb2.HealthCheckRequest(), wait_for_ready=True, timeout=_WARM_SECONDS).status
            if status == health_pb2.HealthCheckResponse.SERVING:
                return
            time.sleep(0.05)
    raise RuntimeError(f"the server's workers were not warm after {_WARM_SECONDS:g} s")
