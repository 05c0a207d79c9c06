"""Spans of calls by OpenTelemetry, in programs that trace themselves; their traces go on in the server and its workers.

Nothing of OpenTelemetry is imported here: a program that has not imported it cannot have asked for traces.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from types import TracebackType
from typing import Any, Final, Self

import grpc

_SERVICE: Final = "ansatz.v1.DiscoveryService"
_ENDPOINTS: Final = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")


class CallSpan:
    """A call of a method, from its first byte to its last; `metadata` is to be sent with it."""

    def __init__(self, method: str) -> None:
        self.metadata: tuple[tuple[str, str], ...] = ()
        self._trace: Any = sys.modules.get("opentelemetry.trace")
        if self._trace is None:
            return
        from opentelemetry import propagate

        self._span = self._trace.get_tracer("ansatz.client").start_span(
            f"{_SERVICE}/{method}",
            kind=self._trace.SpanKind.CLIENT,
            attributes={"rpc.system": "grpc", "rpc.service": _SERVICE, "rpc.method": method},
        )
        carrier: dict[str, str] = {}
        propagate.inject(carrier, self._trace.set_span_in_context(self._span))
        self.metadata = tuple((key.lower(), value) for key, value in carrier.items())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._trace is None:
            return
        if isinstance(error, grpc.RpcError):
            self._span.set_attribute("rpc.grpc.status_code", error.code().value[0])
            self._span.set_status(self._trace.StatusCode.ERROR, error.code().name)
        self._span.end()


def configure(environment: Mapping[str, str] = os.environ) -> bool:
    """Export the spans of a program that is only a caller, where the standard variables OTEL_* ask for it.

    Return False where they do and the extra `tracing` is missing.
    """
    exporter = environment.get("OTEL_TRACES_EXPORTER", "")
    wanted = exporter != "none" if exporter else any(environment.get(name) for name in _ENDPOINTS)
    if not wanted or environment.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return True
    if find_spec("opentelemetry") is None or find_spec("opentelemetry.distro") is None:
        return False
    from opentelemetry.distro import OpenTelemetryConfigurator

    OpenTelemetryConfigurator().configure(  # type: ignore[no-untyped-call]
        trace_exporter_names=[] if exporter else ["otlp"],
        resource_attributes={} if environment.get("OTEL_SERVICE_NAME") else {"service.name": "ansatz"},
    )
    return True


@contextmanager
def program(name: str) -> Iterator[None]:
    """Open a span of all that is done inside, so that its calls belong together."""
    trace: Any = sys.modules.get("opentelemetry.trace")
    if trace is None:
        yield
        return
    with trace.get_tracer("ansatz.client").start_as_current_span(name, record_exception=False):
        yield
