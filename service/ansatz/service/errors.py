"""Errors on the wire: google.rpc.Status with ErrorInfo, and BadRequest where fields are wrong."""

from __future__ import annotations

from collections.abc import Sequence

import structlog
from google.protobuf import any_pb2
from google.protobuf.message import Message
from google.rpc import code_pb2, error_details_pb2, status_pb2

from ansatz.discovery.errors import EngineNotReadyError, InvalidInputError, Violation
from ansatz.service.store.database import StoreUnreachableError

DOMAIN = "ansatz"
# A status travels in headers, for which clients keep 8 KiB: a third more as base64, and its message once more, three
# times as long where it is not ASCII.
_MESSAGE_BYTES, _VIOLATIONS_BYTES, _FIELD_BYTES, _DESCRIPTION_BYTES = 800, 2400, 160, 600
_log = structlog.get_logger()


class ServiceError(Exception):
    """A refusal: `code` is of google.rpc.Code, `reason` machine-readable, `details` further messages of google.rpc."""

    def __init__(self, code: int, reason: str, message: str, details: Sequence[Message] = ()) -> None:
        super().__init__(message)
        self.code, self.reason, self.message, self.details = code, reason, message, tuple(details)

    def status(self) -> status_pb2.Status:
        """What the caller receives."""
        info = error_details_pb2.ErrorInfo(domain=DOMAIN, reason=self.reason)
        return status_pb2.Status(
            code=self.code,
            message=_cut(self.message, _MESSAGE_BYTES),
            details=[_packed(d) for d in (*self.details, info)],
        )


def not_found(name: str) -> ServiceError:
    return ServiceError(code_pb2.NOT_FOUND, "JOB_NOT_FOUND", f"there is no job {name!r}; ListJobs lists them")


def upload_not_found(name: str) -> ServiceError:
    text = f"there is no upload {name!r}: a job uses it, or it has expired; upload the observations again"
    return ServiceError(code_pb2.NOT_FOUND, "UPLOAD_NOT_FOUND", text)


def already_exists(reason: str, message: str) -> ServiceError:
    return ServiceError(code_pb2.ALREADY_EXISTS, reason, message)


def exhausted(reason: str, message: str, retry_seconds: int) -> ServiceError:
    """Too much at once; `retry_seconds` tells when to try again."""
    return ServiceError(code_pb2.RESOURCE_EXHAUSTED, reason, message, [_retry(retry_seconds)])


def stopping() -> ServiceError:
    """Another server, or this one when it is back, goes on with what the caller asked for."""
    return ServiceError(
        code_pb2.UNAVAILABLE, "SERVER_STOPPING", "the server is stopping; try again in a moment", [_retry(1)]
    )


def invalid(violations: Sequence[Violation], prefix: str = "") -> ServiceError:
    """INVALID_ARGUMENT with the violations, as many as fit into a status; `prefix` comes before the fields' paths."""
    bad, left = error_details_pb2.BadRequest(), _VIOLATIONS_BYTES
    for v in violations:
        field, description = _cut(prefix + v.field, _FIELD_BYTES), _cut(v.description, _DESCRIPTION_BYTES)
        left -= len(field.encode()) + len(description.encode())
        if left < 0:
            break
        bad.field_violations.add(field=field, description=description)
    told = bad.field_violations
    message = "; ".join(f"{f.field}: {f.description}" for f in told[:8])
    if len(violations) > 8:
        message = _cut(message, _MESSAGE_BYTES - 30) + f"; and {len(violations) - 8} more"
    return ServiceError(code_pb2.INVALID_ARGUMENT, "INVALID_INPUT", message, [bad])


def engine_not_ready(error: EngineNotReadyError) -> ServiceError:
    return ServiceError(code_pb2.FAILED_PRECONDITION, "ENGINE_NOT_READY", str(error))


def as_service_error(error: Exception) -> ServiceError:
    """What an error means to the caller; what was not foreseen is logged, and INTERNAL without its text."""
    match error:
        case ServiceError():
            return error
        case InvalidInputError():
            return invalid(error.violations)
        case EngineNotReadyError():
            return engine_not_ready(error)
        case StoreUnreachableError():
            _log.error("the store failed", exc_info=error)
            return ServiceError(
                code_pb2.UNAVAILABLE, "STORE_UNAVAILABLE", "the server cannot reach its store; try again in a moment"
            )
    _log.error("request failed", exc_info=error)
    return ServiceError(code_pb2.INTERNAL, "INTERNAL", "the server failed at this request; its log says how")


def _retry(seconds: int) -> error_details_pb2.RetryInfo:
    retry = error_details_pb2.RetryInfo()
    retry.retry_delay.seconds = seconds
    return retry


def _cut(text: str, most: int) -> str:
    """The text within `most` bytes of UTF-8."""
    encoded = text.encode(errors="replace")
    return text if len(encoded) <= most else encoded[: most - 3].decode(errors="ignore") + "…"


def _packed(message: Message) -> any_pb2.Any:
    packed = any_pb2.Any()
    packed.Pack(message)
    return packed
