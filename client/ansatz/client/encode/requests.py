"""From arguments to request messages: pure functions, shared by the sync and the asyncio client."""

from __future__ import annotations

import math
import uuid
from collections.abc import Mapping, Sequence
from typing import Any, TypedDict, Unpack

from google.protobuf.duration_pb2 import Duration

from ansatz.client.encode.curves import CurveOptions, curves
from ansatz.client.encode.motion import MotionOptions, trajectories
from ansatz.client.encode.tables import TableOptions, table
from ansatz.client.errors import InvalidRequest
from ansatz.client.results.report import Engine, Loss
from ansatz.v1 import discovery_service_pb2, problem_pb2

_MAX_UINT32 = 2**32 - 1


class SearchKeywords(TypedDict, total=False):
    """Keywords of a search; None: the server's default."""

    functions: Sequence[str] | None
    engine: Engine | str | None
    budget: float | None
    seed: int | None
    max_complexity: int | None
    ansatz: str | None
    dimensional_constants: bool
    start: Mapping[str, float] | None
    bounds: Mapping[str, tuple[float | None, float | None]] | None
    fixed_numbers: bool
    loss: Loss | str | None
    metric: str | None
    per_group: Sequence[str] | None


class ProblemOptions(TableOptions, SearchKeywords, total=False):
    """Keywords of a discovery on a table."""


class CurveProblemOptions(CurveOptions, SearchKeywords, total=False):
    """Keywords of a discovery on curves."""


class MotionProblemOptions(MotionOptions, SearchKeywords, total=False):
    """Keywords of a discovery on observed motion."""


def search_options(
    *,
    functions: Sequence[str] | None = None,
    engine: Engine | str | None = None,
    budget: float | None = None,
    seed: int | None = None,
    max_complexity: int | None = None,
    ansatz: str | None = None,
    dimensional_constants: bool = False,
    start: Mapping[str, float] | None = None,
    bounds: Mapping[str, tuple[float | None, float | None]] | None = None,
    fixed_numbers: bool = False,
    loss: Loss | str | None = None,
    metric: str | None = None,
    per_group: Sequence[str] | None = None,
) -> problem_pb2.SearchOptions:
    """Options of a search. `budget` is in seconds. Checks what the wire cannot carry; the server checks the rest."""
    options = problem_pb2.SearchOptions(
        functions=_names(functions, "options.functions"),
        ansatz=ansatz or "",
        dimensional_constants=dimensional_constants,
        parameters=_parameters(start or {}, bounds or {}),
        fixed_numbers=fixed_numbers,
        per_group=_names(per_group, "options.per_group"),
    )
    options.metric = metric or ""
    if loss is not None:
        options.loss = _loss(loss)
    if engine is not None:
        options.engine = _engine(engine)
    if budget is not None:
        options.budget.CopyFrom(duration(budget, "options.budget"))
    if seed is not None:
        options.seed = uint32(seed, "options.seed")
    if max_complexity is not None:
        options.max_complexity = uint32(max_complexity, "options.max_complexity")
    return options


def create_job(
    X: Any, y: Any, *, job_id: str | None = None, request_id: str | None = None, **keywords: Unpack[ProblemOptions]
) -> discovery_service_pb2.CreateJobRequest:
    """A request that is safe to send again: without a `request_id` it gets one."""
    about_table, options = _split(keywords)
    problem = problem_pb2.Problem(table=table(X, y, **about_table), options=options)
    return discovery_service_pb2.CreateJobRequest(
        problem=problem, job_id=job_id or "", request_id=request_id or str(uuid.uuid4())
    )


def create_curves_job(
    columns: Any,
    target: str,
    *,
    job_id: str | None = None,
    request_id: str | None = None,
    **keywords: Unpack[CurveProblemOptions],
) -> discovery_service_pb2.CreateJobRequest:
    """As `create_job`, for curves."""
    about_curves: Any = {k: v for k, v in keywords.items() if k in CurveOptions.__annotations__}
    about_search: Any = {k: v for k, v in keywords.items() if k not in about_curves}
    problem = problem_pb2.Problem(
        curves=curves(columns, target, **about_curves), options=search_options(**about_search)
    )
    return discovery_service_pb2.CreateJobRequest(
        problem=problem, job_id=job_id or "", request_id=request_id or str(uuid.uuid4())
    )


def continue_job(
    continued: str, X: Any, y: Any, *, job_id: str | None, request_id: str | None, **keywords: Unpack[ProblemOptions]
) -> discovery_service_pb2.CreateJobRequest:
    """As `create_job`, for a job that continues another, on its data where X is None."""
    if X is not None:
        request = create_job(X, y, job_id=job_id, request_id=request_id, **keywords)
    else:
        about_table, options = _split(keywords)
        if given := [name for name, value in {"y": y, **about_table}.items() if value is not None]:
            raise InvalidRequest.of(given[0], "is given without X; give X too, or neither for the same data")
        request = discovery_service_pb2.CreateJobRequest(
            problem=problem_pb2.Problem(options=options),
            job_id=job_id or "",
            request_id=request_id or str(uuid.uuid4()),
        )
    request.continue_job = job_name(continued)
    return request


def _split(keywords: Mapping[str, Any]) -> tuple[Mapping[str, Any], problem_pb2.SearchOptions]:
    """What of the keywords is about the table, and the options of the search."""
    about_table = {k: v for k, v in keywords.items() if k in TableOptions.__annotations__}
    return about_table, search_options(**{k: v for k, v in keywords.items() if k not in about_table})


def evaluate_formula(
    formula: str, X: Any, y: Any, *, refit: bool, **keywords: Unpack[TableOptions]
) -> discovery_service_pb2.EvaluateFormulaRequest:
    return discovery_service_pb2.EvaluateFormulaRequest(formula=formula, table=table(X, y, **keywords), refit=refit)


def create_motion_job(
    data: Any,
    time: str,
    states: Sequence[str],
    *,
    job_id: str | None = None,
    request_id: str | None = None,
    **keywords: Unpack[MotionProblemOptions],
) -> discovery_service_pb2.CreateJobRequest:
    """As `create_job`, for observed motion."""
    about_motion: Mapping[str, Any] = {k: v for k, v in keywords.items() if k in MotionOptions.__annotations__}
    about_search: Mapping[str, Any] = {k: v for k, v in keywords.items() if k not in about_motion}
    problem = problem_pb2.Problem(
        trajectories=trajectories(data, time, states, **about_motion), options=search_options(**about_search)
    )
    return discovery_service_pb2.CreateJobRequest(
        problem=problem, job_id=job_id or "", request_id=request_id or str(uuid.uuid4())
    )


def render_plot(name: str, rank: int, format: str) -> discovery_service_pb2.RenderPlotRequest:
    if format not in ("svg", "png"):
        raise InvalidRequest.of("format", f"is {format!r:.40}; give svg or png")
    kind = discovery_service_pb2.PlotFormat.Value(f"PLOT_FORMAT_{format.upper()}")
    return discovery_service_pb2.RenderPlotRequest(name=name, rank=uint32(rank, "rank"), format=kind)


def job_name(job_id: str) -> str:
    return f"jobs/{job_id.removeprefix('jobs/')}"


def duration(seconds: float, field: str) -> Duration:
    if not (math.isfinite(seconds) and abs(seconds) < 1e11):
        raise InvalidRequest.of(field, f"is {seconds} s; give a finite number of seconds")
    message = Duration()
    message.FromNanoseconds(round(seconds * 1e9))
    return message


def _names(names: Sequence[str] | None, field: str) -> Sequence[str]:
    if isinstance(names, str):
        raise InvalidRequest.of(field, f"is {names!r:.60}; give a list of names")
    return names or ()


def _parameters(
    start: Mapping[str, float], bounds: Mapping[str, tuple[float | None, float | None]]
) -> list[problem_pb2.Parameter]:
    parameters = []
    for name in dict.fromkeys((*start, *bounds)):
        try:
            lower, upper = bounds.get(name, (None, None))
            parameters.append(problem_pb2.Parameter(name=name, start=start.get(name), lower=lower, upper=upper))
        except (TypeError, ValueError):
            given = f"{start.get(name)!r:.40} and {bounds.get(name)!r:.60}"
            text = f"has {given} as start and bounds of {name!r}; give a number, and (lower, upper)"
            raise InvalidRequest.of("options.parameters", text) from None
    return parameters


def _loss(loss: Loss | str) -> problem_pb2.Loss.ValueType:
    try:
        known = Loss(loss)
    except ValueError:
        names = ", ".join(Loss)
        raise InvalidRequest.of("options.loss", f"is {loss!r:.60}; give one of {names}") from None
    return problem_pb2.Loss.Value(f"LOSS_{known.name}")


def _engine(engine: Engine | str) -> problem_pb2.Engine.ValueType:
    try:
        known = Engine(engine)
    except ValueError:
        names = ", ".join(Engine)
        raise InvalidRequest.of("options.engine", f"is {engine!r:.60}; give one of {names}") from None
    return problem_pb2.Engine.Value(f"ENGINE_{known.name}")


def uint32(value: int, field: str, least: int = 0) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= _MAX_UINT32:
        raise InvalidRequest.of(field, f"is {value!r:.60}; give a whole number from {least} to {_MAX_UINT32}")
    return value
