"""Traces over real processes, received by a real collector; and nothing of them where nobody asked."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent import futures
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import grpc
import pytest
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2, trace_service_pb2_grpc
from opentelemetry.proto.trace.v1 import trace_pb2

if TYPE_CHECKING:
    from tests.service.conftest import StartServer

SERVICE = "ansatz.v1.DiscoveryService"
ANSATZ = [sys.executable, "-c", "from ansatz.client.cli import main; main()"]


@dataclass
class Collector(trace_service_pb2_grpc.TraceServiceServicer):
    """Keeps every span, with the name of the service that sent it."""

    spans: list[tuple[str, trace_pb2.Span]] = field(default_factory=list)
    came: threading.Condition = field(default_factory=threading.Condition)

    def Export(  # noqa: N802
        self, request: trace_service_pb2.ExportTraceServiceRequest, context: grpc.ServicerContext
    ) -> trace_service_pb2.ExportTraceServiceResponse:
        with self.came:
            for resource in request.resource_spans:
                names = {a.key: a.value.string_value for a in resource.resource.attributes}
                for scope in resource.scope_spans:
                    self.spans += [(names["service.name"], span) for span in scope.spans]
            self.came.notify_all()
        return trace_service_pb2.ExportTraceServiceResponse()

    def span(self, service: str, name: str) -> trace_pb2.Span:
        """Waits for it."""

        def found() -> list[trace_pb2.Span]:
            return [span for sender, span in self.spans if (sender, span.name) == (service, name)]

        with self.came:
            assert self.came.wait_for(found, 60), [(sender, span.name) for sender, span in self.spans]
            return found()[0]


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    """A collector to which every process that is started sends its spans."""
    server, collector = grpc.server(futures.ThreadPoolExecutor(2)), Collector()
    trace_service_pb2_grpc.add_TraceServiceServicer_to_server(collector, server)  # type: ignore[no-untyped-call]
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{port}")
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "100")
    yield collector
    server.stop(None)


def test_one_trace_goes_from_the_caller_through_the_server_to_the_worker(
    start_server: StartServer, tmp_path: Path, collector: Collector
) -> None:
    data = tmp_path / "secret.csv"
    data.write_text("zeta_secret,y\n" + "".join(f"{i},{i**1.5}\n" for i in range(1, 20)))
    with start_server(tmp_path / "data") as server:
        command = [*ANSATZ, "discover", str(data), "--target", "y", "--engine", "none", "--server", server.address]
        run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
        assert run.returncode == 0, run.stderr
        program = collector.span("ansatz", "ansatz discover")
        asked = collector.span("ansatz", f"{SERVICE}/CreateJob")
        answered = collector.span("ansatz-server", f"{SERVICE}/CreateJob")
        waited = collector.span("ansatz-server", "queue")
        searched = collector.span("ansatz-server", "search")
        stage = collector.span("ansatz-server", "prepare")
    assert len({span.trace_id for span in (program, asked, answered, waited, searched, stage)}) == 1
    assert [asked.parent_span_id, answered.parent_span_id] == [program.span_id, asked.span_id]
    assert [waited.parent_span_id, searched.parent_span_id] == [answered.span_id, answered.span_id]
    assert stage.parent_span_id == searched.span_id
    assert waited.start_time_unix_nano <= waited.end_time_unix_nano
    assert not any("secret" in str(span) for _, span in collector.spans)


def test_refused_calls_show_their_code(start_server: StartServer, tmp_path: Path, collector: Collector) -> None:
    with start_server(tmp_path) as server:
        command = [*ANSATZ, "jobs", "show", "none", "--server", server.address]
        run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
        assert run.returncode == 2
        span = collector.span("ansatz", f"{SERVICE}/GetJob")
        codes = {a.key: a.value.int_value for a in span.attributes}
        assert codes["rpc.grpc.status_code"] == grpc.StatusCode.NOT_FOUND.value[0]
        assert span.status.code == trace_pb2.Status.STATUS_CODE_ERROR
        # The server did what it should.
        answered = collector.span("ansatz-server", f"{SERVICE}/GetJob")
        assert answered.status.code == trace_pb2.Status.STATUS_CODE_UNSET


def test_nothing_is_imported_where_nobody_asks_for_traces() -> None:
    code = (
        "import sys, ansatz.client, ansatz.client.cli.app as app, ansatz.service.server\n"
        "from ansatz.service.observability import tracing\n"
        "tracing.configure()\n"
        "app.run(['--help'])\n"
        "assert not [m for m in sys.modules if m.startswith('opentelemetry')]"
    )
    environment = {key: value for key, value in os.environ.items() if not key.startswith("OTEL_")}
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=120, env=environment
    )
    assert run.returncode == 0, run.stderr


def test_asking_for_traces_without_the_extra_is_answered_and_does_no_harm() -> None:
    code = (
        "import sys; sys.modules['opentelemetry.distro'] = None\n"
        "from ansatz.service.observability import tracing; tracing.configure()\n"
        "from ansatz.client.cli import main; main()"
    )
    environment = os.environ | {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"}
    run = subprocess.run(
        [sys.executable, "-c", code, "--help"],
        capture_output=True, text=True, check=False, timeout=120, env=environment,
    )  # fmt: skip
    assert run.returncode == 0
    assert "ansatz-discovery[tracing]" in run.stderr
    assert "ansatz-discovery[tracing]" in run.stdout
