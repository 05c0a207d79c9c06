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
            code=self.code, message=self.message, details=[_packed(d) for d in (*self.details, info)]
        )


def not_found(name: str) -> ServiceError:
    return ServiceError(code_pb2.NOT_FOUND, "JOB_NOT_FOUND", f"there is no job {name!r}; ListJobs lists them")


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
    """INVALID_ARGUMENT with every violation; `prefix` comes before the fields' paths."""
    fields = [
        error_details_pb2.BadRequest.FieldViolation(field=prefix + v.field, description=v.description)
        for v in violations
    ]
    message = "; ".join(f"{f.field}: {f.description}" for f in fields[:8])
    if len(fields) > 8:
        message += f"; and {len(fields) - 8} more"
    bad = error_details_pb2.BadRequest(field_violations=fields)
    return ServiceError(code_pb2.INVALID_ARGUMENT, "INVALID_INPUT", message[:2000], [bad])


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


def _packed(message: Message) -> any_pb2.Any:
    packed = any_pb2.Any()
    packed.Pack(message)
    return packed
