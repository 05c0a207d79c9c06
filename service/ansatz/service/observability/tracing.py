"""Spans by OpenTelemetry, where the extra `tracing` is installed and the standard variables OTEL_* name an exporter.

Nothing of it is imported otherwise: everything here then does nothing. Spans hold names, ids and codes, never data.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from importlib.util import find_spec
from types import TracebackType
from typing import Any, Final, Self

import structlog

from ansatz import distribution

_ENDPOINTS: Final = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_NAME: Final = "ansatz-server"
_PARENT: Final = "traceparent"
Attributes = Mapping[str, str | int]
_log = structlog.get_logger()
traceparent: Final = ContextVar("traceparent", default="")
"""Of the span of the call under way."""


def configure(environment: Mapping[str, str] = os.environ) -> None:
    """Set up the export of this process's spans, where the environment asks for it."""
    exporter = environment.get("OTEL_TRACES_EXPORTER", "")
    wanted = exporter != "none" if exporter else any(environment.get(name) for name in _ENDPOINTS)
    if not wanted or environment.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return
    if find_spec("opentelemetry") is None or find_spec("opentelemetry.distro") is None:
        _log.warning("no traces are sent: install the extra, %s", distribution.install("tracing"))
        return
    from opentelemetry.distro import OpenTelemetryConfigurator

    OpenTelemetryConfigurator().configure(  # type: ignore[no-untyped-call]
        trace_exporter_names=[] if exporter else ["otlp"],
        resource_attributes={} if environment.get("OTEL_SERVICE_NAME") else {"service.name": _NAME},
    )


class Span:
    """Something that takes time, as a part of what `parent` (a traceparent of W3C; "": of nothing) belongs to. Begins
    when it is made, or `since` seconds before; does nothing where there is no tracing."""

    def __init__(
        self, name: str, parent: str, attributes: Attributes, *, server: bool = False, since: float = 0.0
    ) -> None:
        self._trace: Any = sys.modules.get("opentelemetry.trace")
        if self._trace is None:
            return
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        self._propagator = TraceContextTextMapPropagator()
        self._span = self._trace.get_tracer("ansatz.service").start_span(
            name,
            context=self._propagator.extract({_PARENT: parent}),
            kind=self._trace.SpanKind.SERVER if server else self._trace.SpanKind.INTERNAL,
            attributes=attributes,
            start_time=time.time_ns() - round(since * 1e9),
        )

    @property
    def traceparent(self) -> str:
        """What makes other spans parts of this one."""
        if self._trace is None:
            return ""
        carrier: dict[str, str] = {}
        self._propagator.inject(carrier, self._trace.set_span_in_context(self._span))
        return carrier.get(_PARENT, "")

    def end(self, attributes: Attributes | None = None, failed: str = "") -> None:
        """It is over; `failed` says in a word what went wrong."""
        if self._trace is None:
            return
        self._span.set_attributes(attributes or {})
        if failed:
            self._span.set_status(self._trace.StatusCode.ERROR, failed)
        self._span.end()


class Stages:
    """A span of a search, and in it one for each stage, one after the other."""

    def __init__(self, parent: str) -> None:
        self._search = Span("search", parent, {})
        self._parent = self._search.traceparent
        self._name = ""
        self._stage: Span | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.at("")
        self._search.end(failed=kind.__name__ if kind else "")

    def at(self, name: str) -> None:
        """The stage of that name is under way; "": none."""
        if name == self._name:
            return
        if self._stage:
            self._stage.end()
        self._name, self._stage = name, Span(name, self._parent, {}) if name else None


def parent_of(metadata: Iterable[tuple[str, str | bytes]] | None) -> str:
    """The traceparent that came with a call; "": none."""
    return next((v for k, v in metadata or () if k == _PARENT and isinstance(v, str)), "")
