"""Structured logs on standard error: events with a job's id and its caller, never with data, formulas or tokens."""

from __future__ import annotations

import logging
import sys
import traceback
from typing import Any

import structlog
from structlog.typing import EventDict, Processor

from ansatz.service.settings import Settings


def configure_logs(settings: Settings) -> None:
    """The server's own events, and what libraries warn of, one line each."""
    renderer: Processor = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    if settings.log_format == "json":
        renderer = structlog.processors.JSONRenderer()
    level = getattr(logging, settings.log_level.upper())
    processors: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _with_places,
    ]
    structlog.configure(
        processors=[*processors, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    of_libraries = logging.StreamHandler(sys.stderr)
    of_libraries.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *processors],
        )
    )
    of_libraries.addFilter(_is_worth_telling)
    logging.basicConfig(handlers=[of_libraries], level=max(logging.WARNING, level), force=True)


def _is_worth_telling(record: logging.LogRecord) -> bool:
    """Not that a caller went away while something was being written to them: gRPC calls it an error, one for each."""
    return not (record.name == "grpc._cython.cygrpc" and record.getMessage().startswith("ExecuteBatchError"))


def error_without_data(error: BaseException) -> str:
    """What kind of error it is. Its message is left out, since it may quote data, but where the system or the database
    says what is wrong with it: no space, no connection."""
    kind = type(error).__name__
    if isinstance(error, OSError):
        return f"{kind}: {error.strerror}"
    if kind == "OperationalError":
        return f"{kind}: {getattr(error, 'orig', None) or error}"
    return kind


def _with_places(_: Any, __: str, event: EventDict) -> EventDict:
    """An error as its kind and the places that it went through."""
    error = event.pop("exc_info", None)
    if isinstance(error, tuple):
        error = error[1]
    elif error is True:
        error = sys.exc_info()[1]
    parts: list[str] = []
    while isinstance(error, BaseException):
        parts.append("".join(traceback.format_tb(error.__traceback__)) + error_without_data(error))
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if parts:
        event["exception"] = "\n\nwhile handling that:\n".join(reversed(parts))
    return event
