"""From arguments to requests that make jobs."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any, Unpack

from ansatz.client.encode.curves import CurveOptions, curves
from ansatz.client.encode.motion import MotionOptions, trajectories
from ansatz.client.encode.options import SearchKeywords, search_options
from ansatz.client.encode.tables import TableOptions, table
from ansatz.client.encode.values import job_name
from ansatz.client.errors import InvalidRequest
from ansatz.v1 import problem_pb2
from ansatz.v1.discovery_service_pb2 import CreateJobRequest


class ProblemOptions(TableOptions, SearchKeywords, total=False):
    """Keywords of a discovery on a table."""


class CurveProblemOptions(CurveOptions, SearchKeywords, total=False):
    """Keywords of a discovery on curves."""


class MotionProblemOptions(MotionOptions, SearchKeywords, total=False):
    """Keywords of a discovery on observed motion."""


def create_job(
    X: Any, y: Any, *, job_id: str | None = None, request_id: str | None = None, **keywords: Unpack[ProblemOptions]
) -> CreateJobRequest:
    """Return a request that is safe to send again: without a `request_id` it gets one."""
    about, options = _split(keywords, TableOptions)
    return _request(problem_pb2.Problem(table=table(X, y, **about), options=options), job_id, request_id)


def create_curves_job(
    columns: Any,
    target: str,
    *,
    job_id: str | None = None,
    request_id: str | None = None,
    **keywords: Unpack[CurveProblemOptions],
) -> CreateJobRequest:
    """As `create_job`, for curves."""
    about, options = _split(keywords, CurveOptions)
    return _request(problem_pb2.Problem(curves=curves(columns, target, **about), options=options), job_id, request_id)


def create_motion_job(
    data: Any,
    time: str,
    states: Sequence[str],
    *,
    job_id: str | None = None,
    request_id: str | None = None,
    **keywords: Unpack[MotionProblemOptions],
) -> CreateJobRequest:
    """As `create_job`, for observed motion."""
    about, options = _split(keywords, MotionOptions)
    observed = trajectories(data, time, states, **about)
    return _request(problem_pb2.Problem(trajectories=observed, options=options), job_id, request_id)


def continue_job(
    continued: str, X: Any, y: Any, *, job_id: str | None, request_id: str | None, **keywords: Unpack[ProblemOptions]
) -> CreateJobRequest:
    """As `create_job`, for a job that continues another, on its data where X is None."""
    if X is not None:
        request = create_job(X, y, job_id=job_id, request_id=request_id, **keywords)
    else:
        about, options = _split(keywords, TableOptions)
        if given := [name for name, value in {"y": y, **about}.items() if value is not None]:
            raise InvalidRequest.of(given[0], "is given without X; give X too, or neither for the same data")
        request = _request(problem_pb2.Problem(options=options), job_id, request_id)
    request.continue_job = job_name(continued)
    return request


def _split(keywords: Mapping[str, Any], about: type) -> tuple[dict[str, Any], problem_pb2.SearchOptions]:
    """Return the keywords that are `about` the observations, and the options of the search."""
    of_observations = {k: v for k, v in keywords.items() if k in about.__annotations__}
    return of_observations, search_options(**{k: v for k, v in keywords.items() if k not in of_observations})


def _request(problem: problem_pb2.Problem, job_id: str | None, request_id: str | None) -> CreateJobRequest:
    return CreateJobRequest(problem=problem, job_id=job_id or "", request_id=request_id or str(uuid.uuid4()))
