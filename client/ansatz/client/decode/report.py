"""From wire messages to results: pure functions."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from ansatz.client.decode.fields import optional
from ansatz.client.encode import curves
from ansatz.client.errors import JobFailed, ServerError
from ansatz.client.results import report as results
from ansatz.v1 import discovery_service_pb2, job_pb2, problem_pb2, report_pb2


def _seconds(duration: Duration) -> float:
    return duration.seconds + duration.nanos * 1e-9


def _optional_seconds(message: Message, field: str) -> float | None:
    return _seconds(getattr(message, field)) if message.HasField(field) else None


def _time(timestamp: Timestamp) -> datetime:
    return timestamp.ToDatetime(tzinfo=UTC)


def _optional_time(message: Message, field: str) -> datetime | None:
    return _time(getattr(message, field)) if message.HasField(field) else None


def _state(state: job_pb2.JobState.ValueType) -> results.JobState:
    return results.JobState(job_pb2.JobState.Name(state).removeprefix("JOB_STATE_"))


def _engine(engine: problem_pb2.Engine.ValueType) -> results.Engine:
    if engine == problem_pb2.ENGINE_UNSPECIFIED:
        return results.Engine.AUTO
    return results.Engine(problem_pb2.Engine.Name(engine).removeprefix("ENGINE_").lower())


def _loss(loss: problem_pb2.Loss.ValueType) -> results.Loss:
    if loss == problem_pb2.LOSS_UNSPECIFIED:
        return results.Loss.SQUARED
    return results.Loss[problem_pb2.Loss.Name(loss).removeprefix("LOSS_")]


def _consistency(dimensions: report_pb2.Consistency.ValueType) -> results.Consistency | None:
    if dimensions == report_pb2.CONSISTENCY_UNSPECIFIED:
        return None
    return results.Consistency[report_pb2.Consistency.Name(dimensions).removeprefix("CONSISTENCY_")]


def _parameter(message: problem_pb2.Parameter) -> results.Parameter:
    start, lower, upper = (optional(message, field) for field in ("start", "lower", "upper"))
    return results.Parameter(message.name, start, lower, upper)


def _constant(message: report_pb2.Constant) -> results.Constant:
    return results.Constant(
        value=message.value,
        std_error=optional(message, "std_error"),
        lower=optional(message, "lower"),
        upper=optional(message, "upper"),
        name=message.name or None,
        parameter=message.parameter or None,
        per_group={label: found.value for label, found in message.per_group.items()} or None,
        per_group_errors={label: optional(found, "std_error") for label, found in message.per_group.items()} or None,
    )


def _correlations(message: report_pb2.Candidate) -> tuple[tuple[float | None, ...], ...]:
    k = len(message.constants)
    values = [None if math.isnan(value) else value for value in message.correlations]
    return tuple(tuple(values[i : i + k]) for i in range(0, len(values), max(k, 1)))


def _motion(message: report_pb2.Motion) -> results.Motion:
    return results.Motion(
        states={
            name: results.StateScores(*(optional(s, f) for f in ("rmse", "r2", "rollout_rmse", "rollout_r2")))
            for name, s in message.states.items()
        },
        diverges=message.diverges,
        unstable_after=optional(message, "unstable_after"),
        conserved=tuple(results.ConservedQuantity(c.formula, optional(c, "drift")) for c in message.conserved),
        shared_terms=tuple(message.shared_terms),
        order=message.order,
        diffusion=dict(message.diffusion),
    )


def _reversion(message: report_pb2.Reversion) -> results.Reversion:
    return results.Reversion(
        state=message.state,
        group=message.group,
        at=dict(message.at),
        rate=curves.estimate(message.rate),
        half_life=curves.estimate(message.half_life),
        mean=curves.estimate(message.mean),
        diffusion=curves.estimate(message.diffusion),
        stationary_std=optional(message, "stationary_std"),
        random_walk_p=message.random_walk_p,
    )


def _slowing_down(message: report_pb2.SlowingDown) -> results.SlowingDown:
    slope, zero = curves.estimate(message.slope), curves.estimate(message.zero)
    return results.SlowingDown(message.state, message.parameter, message.law, slope, zero, message.p_value)


def _jump(message: report_pb2.Jump) -> results.Jump:
    where = optional(message, "position")
    return results.Jump(message.run, message.state, message.time, message.before, message.after, where)


def _jump_law(message: report_pb2.JumpLaw) -> results.JumpLaw:
    common = (curves.estimate(e) for e in (message.before, message.after, message.ratio, message.position))
    return results.JumpLaw(message.state, message.count, *common)


def _drift(message: report_pb2.Drift) -> results.Drift:
    return results.Drift(
        reversions=tuple(map(_reversion, message.reversions)),
        slowing_down=tuple(map(_slowing_down, message.slowing_down)),
        gain_bits=optional(message, "gain_bits"),
        innovations_p=message.innovations_p,
    )


def candidate(message: report_pb2.Candidate) -> results.Candidate:
    scores = results.Scores(
        rmse=optional(message.scores, "rmse"),
        r2=optional(message.scores, "r2"),
        relative_error=optional(message.scores, "relative_error"),
        description_length=optional(message.scores, "description_length"),
        extrapolation_rmse=optional(message.scores, "extrapolation_rmse"),
    )
    return results.Candidate(
        rank=message.rank,
        formula=message.formula,
        latex=message.latex,
        python=message.python,
        complexity=message.complexity,
        constants=tuple(map(_constant, message.constants)),
        scores=scores,
        on_pareto_front=message.on_pareto_front,
        found_by=message.found_by,
        correlations=_correlations(message),
        parts=dict(message.parts),
        dimensions=_consistency(message.dimensions),
        law=curves.law(message.law) if message.HasField("law") else None,
        equations=dict(message.equations),
        motion=_motion(message.motion) if message.HasField("motion") else None,
    )


def _warning(message: report_pb2.Warning) -> results.Warning:
    return results.Warning(message.code, message.message)


def _residual(
    message: report_pb2.Report | report_pb2.ConstantLaw | discovery_service_pb2.EvaluateFormulaResponse,
) -> Any:
    if not message.HasField("residual"):
        return None
    return results.ResidualVerdict(message.residual.is_noise, message.residual.p_value)


def _receipt(message: report_pb2.Receipt) -> results.Receipt:
    return results.Receipt(
        data_sha256=message.data_sha256,
        versions=dict(message.versions),
        options=dict(message.options),
        seed=message.seed,
        reproducible=message.reproducible,
        cut_stages=tuple(message.cut_stages),
    )


def _step(message: report_pb2.RefinementStep) -> results.RefinementStep:
    return results.RefinementStep(
        message.formula,
        message.added or None,
        message.gain_bits,
        message.mode or None,
        tuple(message.missing),
        message.state or None,
    )


def _constant_law(message: report_pb2.ConstantLaw) -> results.ConstantLaw:
    return results.ConstantLaw(
        constant=message.constant,
        candidates=tuple(map(candidate, message.candidates)),
        residual=_residual(message),
        warnings=tuple(map(_warning, message.warnings)),
        columns=dict(message.columns),
    )


def report(message: report_pb2.Report, state: results.JobState) -> results.Report:
    return results.Report(
        state=state,
        candidates=tuple(map(candidate, message.candidates)),
        residual=_residual(message),
        noise=results.Noise(optional(message.noise, "relative_std")),
        warnings=tuple(map(_warning, message.warnings)),
        receipt=_receipt(message.receipt) if message.HasField("receipt") else None,
        columns=dict(message.columns),
        refinement=tuple(map(_step, message.refinement)),
        elapsed_seconds=_optional_seconds(message, "elapsed"),
        first_candidate_seconds=_optional_seconds(message, "first_candidate"),
        metric=message.metric,
        constant_laws=tuple(map(_constant_law, message.constant_laws)),
        curves=curves.findings(message.curves) if message.HasField("curves") else None,
        drift=_drift(message.drift) if message.HasField("drift") else None,
        jumps=tuple(map(_jump, message.jumps)),
        jump_laws=tuple(map(_jump_law, message.jump_laws)),
    )


def _options(message: problem_pb2.SearchOptions) -> results.SearchOptions:
    return results.SearchOptions(
        functions=tuple(message.functions),
        engine=_engine(message.engine),
        budget_seconds=_optional_seconds(message, "budget"),
        seed=optional(message, "seed"),
        max_complexity=optional(message, "max_complexity"),
        ansatz=message.ansatz,
        dimensional_constants=message.dimensional_constants,
        parameters=tuple(map(_parameter, message.parameters)),
        fixed_numbers=message.fixed_numbers,
        loss=_loss(message.loss),
        metric=message.metric,
        per_group=tuple(message.per_group),
    )


def job(message: job_pb2.Job) -> results.Job:
    state = _state(message.state)
    error = results.JobError(message.error.reason, message.error.message) if message.HasField("error") else None
    return results.Job(
        id=message.name.removeprefix("jobs/"),
        state=state,
        create_time=_time(message.create_time),
        start_time=_optional_time(message, "start_time"),
        end_time=_optional_time(message, "end_time"),
        data=results.DataSummary(message.data.rows, tuple(message.data.inputs), message.data.target),
        options=_options(message.options),
        report=report(message.report, state) if message.HasField("report") else None,
        error=error,
        attempts=message.attempts,
        last_sequence=message.last_sequence,
    )


def final_report(job: results.Job) -> results.Report:
    """The report of a job in a final state; raises JobFailed where there is none to have."""
    if job.state is results.JobState.FAILED:
        raise JobFailed(job)
    if job.report is None:
        raise ServerError(f"job {job.id} is {job.state} but the server sent no report", reason="NO_REPORT")
    return job.report


def job_event(message: job_pb2.JobEvent) -> results.JobEvent:
    sequence, time = message.sequence, _time(message.time)
    match message.WhichOneof("event"):
        case "state_change":
            return results.JobEvent(sequence, time, state=_state(message.state_change.state))
        case "progress":
            made = message.progress
            progress = results.Progress(made.fraction, made.stage, _seconds(made.elapsed))
            return results.JobEvent(sequence, time, progress=progress)
        case "front":
            return results.JobEvent(sequence, time, front=tuple(map(candidate, message.front.candidates)))
        case _:  # a kind that a newer server knows
            return results.JobEvent(sequence, time)


def evaluation(message: discovery_service_pb2.EvaluateFormulaResponse) -> results.Evaluation:
    return results.Evaluation(
        candidate=candidate(message.candidate),
        residual=_residual(message),
        warnings=tuple(map(_warning, message.warnings)),
        columns=dict(message.columns),
    )


def server_info(message: discovery_service_pb2.GetServerInfoResponse) -> results.ServerInfo:
    sent = message.limits
    limits = results.Limits(
        max_rows=sent.max_rows,
        max_columns=sent.max_columns,
        max_message_bytes=sent.max_message_bytes,
        max_queued_jobs=sent.max_queued_jobs,
        max_watchers=sent.max_watchers,
        default_budget_seconds=_seconds(sent.default_budget),
        max_budget_seconds=_seconds(sent.max_budget),
        max_wait_seconds=_seconds(sent.max_wait),
        max_formula_length=sent.max_formula_length,
        max_complexity=sent.max_complexity,
        worker_memory_bytes=sent.worker_memory_bytes,
        max_jobs_per_caller=sent.max_jobs_per_caller,
        max_upload_bytes=sent.max_upload_bytes,
        max_uploads_per_caller=sent.max_uploads_per_caller,
    )
    return results.ServerInfo(
        version=message.version,
        packages=dict(message.packages),
        engines=tuple(results.EngineInfo(_engine(e.engine), e.ready, e.detail) for e in message.engines),
        limits=limits,
        functions=tuple(message.functions),
        default_functions=tuple(message.default_functions),
        workers=message.workers,
    )
