"""Everything that can be wrong with a new job, found before it is stored."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from google.protobuf.message import DecodeError

from ansatz.discovery.discover import validate
from ansatz.discovery.errors import InvalidInputError, Violation
from ansatz.service import errors
from ansatz.service.jobs.continuing import EndedJob
from ansatz.service.limits.limits import MAX_REQUEST_ID_LENGTH, Limits
from ansatz.service.observability import tracing
from ansatz.service.store import NewJob
from ansatz.service.wire.messages import message
from ansatz.service.wire.observations import data_summary
from ansatz.service.wire.options import with_start
from ansatz.service.wire.problem import problem_from_proto
from ansatz.service.wire.resources import JOB_ID_RULE, is_job_id, new_job_id
from ansatz.v1 import discovery_service_pb2, problem_pb2


@dataclass(frozen=True)
class Body:
    """The body of a CreateJobRequest: its serialized problem, and a fingerprint that equal bodies share."""

    problem: bytes
    fingerprint: bytes

    @classmethod
    def of(cls, request: discovery_service_pb2.CreateJobRequest) -> Body:
        problem = request.problem.SerializeToString(deterministic=True)
        # Of an upload, what it holds: the same observations uploaded again are the same body.
        content = request.upload.partition("-")[0]
        about = "\0".join(filter(None, (request.job_id, request.continue_job, content)))
        return cls(problem, hashlib.sha256(about.encode() + b"\0" + problem).digest())


def request_key(request_id: str, owner: str) -> str:
    """What a request_id is stored as: callers choose them independently."""
    return hashlib.sha256(f"{owner} {request_id}".encode()).hexdigest() if owner else request_id


def validated(
    request: discovery_service_pb2.CreateJobRequest,
    body: Body,
    limits: Limits,
    owner: str,
    *,
    upload: tuple[str, bytes] | None = None,
    continued: EndedJob | None = None,
) -> NewJob:
    """The job that a request makes for its owner, given the id and the bytes of the upload that it uses, and the job
    that it continues. Raises ServiceError with every violation, EngineNotReadyError."""
    violations = _id_violations(request)
    try:
        given = _with_upload(request.problem, upload[1]) if upload else request.problem
    except InvalidInputError as error:
        raise errors.invalid([*violations, *error.violations]) from None
    problem = continued.completed(given) if continued else given
    try:
        if too_large := limits.problem_violations(problem):
            raise InvalidInputError(too_large)
        observations, options = problem_from_proto(problem)
        if continued:
            continued.check(data_summary(observations))
            options = with_start(options, continued.front, observations)
        validate(observations, options)
    except InvalidInputError as error:
        violations += [Violation(f"problem.{v.field}", v.description) for v in error.violations]
    if violations:
        raise errors.invalid(violations)
    return NewJob(
        id=request.job_id or new_job_id(),
        owner=owner,
        request_id=request_key(request.request_id, owner) if request.request_id else None,
        fingerprint=body.fingerprint,
        data=data_summary(observations),
        options=message(problem_pb2.SearchOptions, options),
        problem=_stored(problem, body, upload is not None, continued is not None),
        start=continued.front.SerializeToString() if continued else b"",
        traceparent=tracing.traceparent.get(),
        upload=upload[0] if upload else "",
    )


def _stored(problem: problem_pb2.Problem, body: Body, uploaded: bool, continues: bool) -> bytes:
    """What is stored of a problem: of an upload, its pieces are the observations."""
    if uploaded:
        return problem_pb2.Problem(options=problem.options).SerializeToString()
    return problem.SerializeToString() if continues else body.problem


def _with_upload(problem: problem_pb2.Problem, content: bytes) -> problem_pb2.Problem:
    """The problem with the observations of an upload. Raises InvalidInputError where they are none, or not alone."""
    if given := problem.WhichOneof("observations"):
        raise InvalidInputError([Violation("upload", f"is given beside problem.{given}; give one of them")])
    try:
        uploaded = problem_pb2.Problem.FromString(content)
    except DecodeError:
        uploaded = problem_pb2.Problem()
    if uploaded.WhichOneof("observations") is None or uploaded.HasField("options"):
        text = "holds no serialized ansatz.v1.Problem with observations and without options; upload one"
        raise InvalidInputError([Violation("upload", text)])
    uploaded.options.CopyFrom(problem.options)
    return uploaded


def _id_violations(request: discovery_service_pb2.CreateJobRequest) -> list[Violation]:
    violations: list[Violation] = []
    if request.job_id and not is_job_id(request.job_id):
        violations.append(Violation("job_id", f"{request.job_id[:80]!r} is no id; give {JOB_ID_RULE}"))
    if len(request.request_id) > MAX_REQUEST_ID_LENGTH:
        violations.append(
            Violation("request_id", f"has {len(request.request_id)} characters; give at most {MAX_REQUEST_ID_LENGTH}")
        )
    return violations
