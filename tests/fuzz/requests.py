"""Requests as bytes: what a server reads before it stores anything."""

from __future__ import annotations

from pathlib import Path

from google.protobuf.message import DecodeError

from ansatz.discovery import EngineNotReadyError, InvalidInputError
from ansatz.service.errors import ServiceError
from ansatz.service.jobs.validation import Body, validated
from ansatz.service.limits.limits import Limits
from ansatz.service.settings import Settings
from ansatz.service.wire.problem import problem_from_proto
from ansatz.service.wire.questions import box_from_proto, questions_from_proto
from ansatz.service.wire.resources import job_id_of, page_start, page_token
from ansatz.v1 import discovery_service_pb2 as pb
from ansatz.v1 import problem_pb2

_LIMITS = Limits.of(Settings(data_dir=Path("unused"), max_rows=1000, max_columns=20))


def create(data: bytes) -> None:
    """A problem that is accepted reads the same again; another is refused with every violation."""
    try:
        request = pb.CreateJobRequest.FromString(data)
    except DecodeError:
        return
    try:
        job = validated(request, Body.of(request), _LIMITS, "")
    except (ServiceError, EngineNotReadyError):
        return
    problem_from_proto(problem_pb2.Problem.FromString(job.problem))


def other(data: bytes) -> None:
    """What the other methods read of their requests."""
    try:
        compare = pb.CompareFormulasRequest.FromString(data[1:])
        predict = pb.PredictCurvesRequest.FromString(data[1:])
    except DecodeError:
        return
    try:
        _LIMITS.box_violations(compare.box)
        box_from_proto(compare.box)
        questions_from_proto(predict)
    except InvalidInputError:
        return


def names(data: bytes) -> None:
    """Names of jobs and tokens of pages."""
    text = data.decode("utf-8", "replace")
    for read in (job_id_of, page_start):
        try:
            found = read(text)
        except InvalidInputError:
            continue
        if isinstance(found, int):
            assert page_start(page_token(found)) == found
