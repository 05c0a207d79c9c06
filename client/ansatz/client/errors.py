"""What can go wrong, as exceptions; decoded from the google.rpc.Status that a server sends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status

if TYPE_CHECKING:
    from ansatz.client.results.job import Job


@dataclass(frozen=True, slots=True)
class Violation:
    """One thing wrong with a request: the path of the `field`, and what is wrong with it and what to do."""

    field: str
    description: str


class AnsatzError(Exception):
    """Base of all errors of this package.

    `reason` is machine-readable, for example "ENGINE_NOT_READY", else the name of the gRPC status code; `metadata` is
    what the server adds to it.
    """

    def __init__(self, message: str, *, reason: str = "", metadata: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.reason = reason
        self.metadata = dict(metadata or {})


class InvalidRequest(AnsatzError, ValueError):
    """The request breaks a rule; nothing was computed. `violations` holds every breach found."""

    def __init__(
        self,
        message: str,
        *,
        reason: str = "INVALID_ARGUMENT",
        metadata: Mapping[str, str] | None = None,
        violations: Sequence[Violation] = (),
    ) -> None:
        super().__init__(message, reason=reason, metadata=metadata)
        self.violations = tuple(violations)

    @classmethod
    def of(cls, field: str, description: str) -> InvalidRequest:
        """One violation, found before anything was sent."""
        return cls(f"{field}: {description}", violations=[Violation(field, description)])


class NotFound(AnsatzError):
    """No such job."""


class AlreadyExists(AnsatzError):
    """The job id or request id is taken by another problem."""


class FailedPrecondition(AnsatzError):
    """The server is not in the state that the request needs."""


class EngineNotReady(FailedPrecondition):
    """The engine asked for cannot run on the server; the message ends with the command that mends it."""


class ResourceExhausted(AnsatzError):
    """A limit of the server: queue full, message too large, too many jobs, uploads or watchers."""


class Unavailable(AnsatzError):
    """The server cannot be reached, now."""


class DeadlineExceeded(AnsatzError, TimeoutError):
    """No answer in the time given. The job, if any, goes on."""


class PermissionDenied(AnsatzError):
    """The server does not accept the caller."""


class ServerError(AnsatzError):
    """The server failed, or does not know the method."""


class JobFailed(AnsatzError):
    """The job ended without a result; `job` is its last description."""

    def __init__(self, job: Job) -> None:
        error = job.error
        reason = error.reason if error else "UNKNOWN"
        said = error.message if error else "the server gives no reason"
        super().__init__(f"job {job.id} failed ({reason}): {said}", reason=reason)
        self.job = job


_BY_CODE: dict[grpc.StatusCode, type[AnsatzError]] = {
    grpc.StatusCode.INVALID_ARGUMENT: InvalidRequest,
    grpc.StatusCode.OUT_OF_RANGE: InvalidRequest,
    grpc.StatusCode.NOT_FOUND: NotFound,
    grpc.StatusCode.ALREADY_EXISTS: AlreadyExists,
    grpc.StatusCode.FAILED_PRECONDITION: FailedPrecondition,
    grpc.StatusCode.RESOURCE_EXHAUSTED: ResourceExhausted,
    grpc.StatusCode.UNAVAILABLE: Unavailable,
    grpc.StatusCode.DEADLINE_EXCEEDED: DeadlineExceeded,
    grpc.StatusCode.UNAUTHENTICATED: PermissionDenied,
    grpc.StatusCode.PERMISSION_DENIED: PermissionDenied,
}


_SIGNS_OF_TLS = ("certificate", "handshake", "ssl")


def from_rpc(error: grpc.RpcError) -> AnsatzError:
    """Return the exception for a failed call, blocking or asyncio."""
    code, said = error.code(), error.details() or ""
    if code is grpc.StatusCode.UNAVAILABLE and any(sign in said.lower() for sign in _SIGNS_OF_TLS):
        # Said apart: it comes as UNAVAILABLE, and trying again would hide it.
        return PermissionDenied(
            f"the encrypted connection was refused ({said}); check the authority (ca), your certificate, and that the "
            "name in the address is in the server's certificate",
            reason="TLS_FAILED",
        )
    violations, info = _details(error)
    reason = info.reason or code.name
    kind = EngineNotReady if reason == "ENGINE_NOT_READY" else _BY_CODE.get(code, ServerError)
    if kind is InvalidRequest:
        message = "; ".join(f"{v.field}: {v.description}" for v in violations) or said
        return InvalidRequest(message, reason=reason, metadata=info.metadata, violations=violations)
    return kind(_explained(code, said), reason=reason, metadata=info.metadata)


def _details(error: grpc.RpcError) -> tuple[list[Violation], error_details_pb2.ErrorInfo]:
    violations: list[Violation] = []
    info = error_details_pb2.ErrorInfo()
    try:
        status = rpc_status.from_call(error)
    except ValueError:  # a proxy on the way changed the status: its own words must do
        status = None
    for detail in status.details if status else ():
        detail.Unpack(info)
        bad = error_details_pb2.BadRequest()
        if detail.Unpack(bad):
            # Paths as in the arguments of a discovery: that they travel in a Problem is not the caller's matter.
            violations += [Violation(v.field.removeprefix("problem."), v.description) for v in bad.field_violations]
    return violations, info


def _explained(code: grpc.StatusCode, said: str) -> str:
    if code is grpc.StatusCode.UNAVAILABLE:
        return f"the server cannot be reached: {said}"
    if code is grpc.StatusCode.DEADLINE_EXCEEDED:
        return f"no answer in time: {said}"
    if code is grpc.StatusCode.RESOURCE_EXHAUSTED and "larger than max" in said:
        return f"the request is too large for the server ({said}); send fewer rows or columns"
    if code is grpc.StatusCode.UNIMPLEMENTED:
        return f"the server does not know this method; is it an Ansatz server of this version? ({said})"
    return said or code.name
