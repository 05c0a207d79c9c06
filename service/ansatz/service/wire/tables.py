"""Messages of the wire to types of discovery, and back: pure functions."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TypeVar

import numpy as np
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from numpy.typing import NDArray

from ansatz.discovery import (
    Candidate,
    Column,
    Consistency,
    Constant,
    ConstantLaw,
    Engine,
    Evaluation,
    InvalidInputError,
    Loss,
    Observations,
    Options,
    Parameter,
    Progress,
    Report,
    ResidualVerdict,
    Table,
    Trajectories,
    Violation,
    Warning,
)
from ansatz.discovery.expression import to_text
from ansatz.service.wire.curves import curves_from_proto, findings_to_proto, law_to_proto
from ansatz.service.wire.motion import (
    drift_to_proto,
    jump_law_to_proto,
    jump_to_proto,
    motion_to_proto,
    trajectories_from_proto,
)
from ansatz.v1 import discovery_service_pb2, job_pb2, observations_pb2, problem_pb2, report_pb2

_ENGINES = {
    problem_pb2.ENGINE_UNSPECIFIED: Engine.AUTO,
    problem_pb2.ENGINE_AUTO: Engine.AUTO,
    problem_pb2.ENGINE_PYSR: Engine.PYSR,
    problem_pb2.ENGINE_OPERON: Engine.OPERON,
    problem_pb2.ENGINE_NONE: Engine.NONE,
}
_ENGINES_ON_WIRE = {
    Engine.AUTO: problem_pb2.ENGINE_AUTO,
    Engine.PYSR: problem_pb2.ENGINE_PYSR,
    Engine.OPERON: problem_pb2.ENGINE_OPERON,
    Engine.NONE: problem_pb2.ENGINE_NONE,
}
_LOSSES = {
    problem_pb2.LOSS_UNSPECIFIED: Loss.SQUARED,
    problem_pb2.LOSS_SQUARED: Loss.SQUARED,
    problem_pb2.LOSS_HUBER: Loss.HUBER,
    problem_pb2.LOSS_LOG_HUBER: Loss.LOG_HUBER,
}
_LOSSES_ON_WIRE = {
    Loss.SQUARED: problem_pb2.LOSS_SQUARED,
    Loss.HUBER: problem_pb2.LOSS_HUBER,
    Loss.LOG_HUBER: problem_pb2.LOSS_LOG_HUBER,
}
_CONSISTENCY_ON_WIRE = {
    None: report_pb2.CONSISTENCY_UNSPECIFIED,
    Consistency.CONSISTENT: report_pb2.CONSISTENCY_CONSISTENT,
    Consistency.DIMENSIONAL_CONSTANTS: report_pb2.CONSISTENCY_DIMENSIONAL_CONSTANTS,
    Consistency.INCONSISTENT: report_pb2.CONSISTENCY_INCONSISTENT,
}
T = TypeVar("T")


def problem_from_proto(problem: problem_pb2.Problem) -> tuple[Observations, Options]:
    """The observations and options of a problem. Raises InvalidInputError with the violations of both."""
    violations: list[Violation] = []
    observations = _collected(lambda: _observations_from_proto(problem), violations)
    options = _collected(lambda: options_from_proto(problem.options), violations)
    if observations is None or options is None:
        raise InvalidInputError(violations)
    return observations, options


def table_of(problem: problem_pb2.Problem) -> Table:
    """The table of a problem. Raises InvalidInputError where its observations are none."""
    observations, _ = problem_from_proto(problem)
    if not isinstance(observations, Table):
        raise InvalidInputError([Violation("job", "has no table; experiments are proposed for jobs on tables")])
    return observations


def _collected(make: Callable[[], T], violations: list[Violation]) -> T | None:
    try:
        return make()
    except InvalidInputError as error:
        violations.extend(error.violations)
        return None


def _observations_from_proto(problem: problem_pb2.Problem) -> Observations:
    match problem.WhichOneof("observations"):
        case "table":
            return table_from_proto(problem.table)
        case "curves":
            return curves_from_proto(problem.curves, _columns(problem.curves.columns, "curves"))
        case "trajectories":
            return trajectories_from_proto(problem.trajectories, _columns(problem.trajectories.columns, "trajectories"))
        case _:
            text = "is not given; a problem needs observations: set table, curves or trajectories"
            raise InvalidInputError([Violation("table", text)])


def data_summary(observations: Observations) -> job_pb2.DataSummary:
    """The size of the data and what is explained by what; the target of a motion is the list of its states."""
    target = ", ".join(observations.states) if isinstance(observations, Trajectories) else observations.target
    return job_pb2.DataSummary(rows=observations.rows, inputs=observations.inputs, target=target)


def table_from_proto(table: observations_pb2.Table) -> Table:
    """The table of a message. Raises InvalidInputError where a column's bytes are wrong or Table refuses it."""
    return Table(
        columns=_columns(table.columns, "table"),
        target=table.target,
        inputs=tuple(table.inputs),
        weights=table.weights,
        group=table.group,
    )


def _column(column: observations_pb2.Column) -> Column:
    if column.labels:
        return Column.of_labels(column.name, column.labels)
    return Column(column.name, _values(column), column.unit)


def _columns(columns: Iterable[observations_pb2.Column], kind: str) -> tuple[Column, ...]:
    """Columns of a message; `kind` is how errors call the observations."""
    violations = [v for i, c in enumerate(columns) for v in _wire_violations(f"{kind}.columns[{i}]", c)]
    if violations:
        raise InvalidInputError(violations)
    return tuple(map(_column, columns))


def _wire_violations(field: str, column: observations_pb2.Column) -> Iterable[Violation]:
    if column.packed_values and column.values:
        yield Violation(field, f"{column.name!r} has both packed_values and values; set one of them")
    if column.labels and (column.packed_values or column.values):
        yield Violation(field, f"{column.name!r} has both labels and numbers; set one of them")
    if len(column.packed_values) % 8:
        yield Violation(
            f"{field}.packed_values",
            f"{column.name!r} has {len(column.packed_values)} bytes, no multiple of 8; "
            "pack little-endian float64, 8 bytes a value",
        )


def _values(column: observations_pb2.Column) -> NDArray[np.float64]:
    if column.packed_values:
        return np.frombuffer(column.packed_values, dtype="<f8").astype(np.float64, copy=False)
    return np.array(column.values, dtype=np.float64)


def options_from_proto(options: problem_pb2.SearchOptions) -> Options:
    """Options with the documented defaults for what is unset. Raises InvalidInputError."""
    default = Options()
    engine = _ENGINES.get(options.engine)
    violations: list[Violation] = []
    if engine is None:
        known = ", ".join(problem_pb2.Engine.keys())
        violations.append(Violation("options.engine", f"{options.engine} is no engine; engines: {known}"))
    loss = _LOSSES.get(options.loss)
    if loss is None:
        known = ", ".join(problem_pb2.Loss.keys())
        violations.append(Violation("options.loss", f"{options.loss} is no loss; losses: {known}"))
    made = _collected(
        lambda: Options(
            functions=tuple(options.functions) or default.functions,
            engine=engine or Engine.AUTO,
            budget_seconds=seconds(options.budget) if options.HasField("budget") else default.budget_seconds,
            seed=options.seed,
            max_complexity=options.max_complexity if options.HasField("max_complexity") else default.max_complexity,
            ansatz=options.ansatz,
            dimensional_constants=options.dimensional_constants,
            parameters=tuple(map(_parameter_from_proto, options.parameters)),
            fixed_numbers=options.fixed_numbers,
            loss=loss or Loss.SQUARED,
            metric=options.metric,
            per_group=tuple(options.per_group),
        ),
        violations,
    )
    if made is None or violations:
        raise InvalidInputError(violations)
    return made


def with_start(options: Options, front: job_pb2.Front) -> Options:
    """The options with the formulas of a front to try first."""
    return replace(options, start_formulas=tuple(c.formula for c in front.candidates))


def options_to_proto(options: Options) -> problem_pb2.SearchOptions:
    return problem_pb2.SearchOptions(
        functions=options.functions,
        engine=_ENGINES_ON_WIRE[options.engine],
        budget=duration(options.budget_seconds),
        seed=options.seed,
        max_complexity=options.max_complexity,
        ansatz=options.ansatz,
        dimensional_constants=options.dimensional_constants,
        parameters=map(_parameter_to_proto, options.parameters),
        fixed_numbers=options.fixed_numbers,
        loss=_LOSSES_ON_WIRE[options.loss],
        metric=options.metric,
        per_group=options.per_group,
    )


def _parameter_from_proto(parameter: problem_pb2.Parameter) -> Parameter:
    return Parameter(
        name=parameter.name,
        start=parameter.start if parameter.HasField("start") else None,
        lower=parameter.lower if parameter.HasField("lower") else -math.inf,
        upper=parameter.upper if parameter.HasField("upper") else math.inf,
    )


def _parameter_to_proto(parameter: Parameter) -> problem_pb2.Parameter:
    message = problem_pb2.Parameter(name=parameter.name, start=parameter.start)
    for name in ("lower", "upper"):
        _set_finite(message, name, getattr(parameter, name))
    return message


def progress_to_proto(progress: Progress) -> job_pb2.Progress:
    return job_pb2.Progress(
        fraction=progress.fraction, stage=progress.stage, elapsed=duration(progress.elapsed_seconds)
    )


def front_to_proto(candidates: Iterable[Candidate]) -> job_pb2.Front:
    return job_pb2.Front(candidates=[candidate_to_proto(c) for c in candidates])


def candidate_to_proto(candidate: Candidate) -> report_pb2.Candidate:
    scores = report_pb2.Scores()
    for name in ("rmse", "r2", "relative_error", "description_length", "extrapolation_rmse"):
        _set_finite(scores, name, getattr(candidate.scores, name))
    return report_pb2.Candidate(
        rank=candidate.rank,
        formula="" if candidate.equations else candidate.text,
        latex=candidate.latex,
        python=candidate.python,
        complexity=candidate.complexity,
        constants=[_constant_to_proto(c) for c in candidate.constants],
        scores=scores,
        on_pareto_front=candidate.on_pareto_front,
        found_by=candidate.found_by,
        dimensions=_CONSISTENCY_ON_WIRE[candidate.dimensions],
        law=law_to_proto(candidate.law),
        correlations=[value for row in candidate.correlations for value in row],
        parts={name: to_text(formula) for name, formula in candidate.parts.items()},
        equations={state: to_text(equation) for state, equation in candidate.equations.items()},
        motion=motion_to_proto(candidate.motion) if candidate.motion else None,
    )


def _constant_to_proto(constant: Constant) -> report_pb2.Constant:
    message = report_pb2.Constant(value=constant.value, name=constant.name, parameter=constant.parameter)
    for name in ("std_error", "lower", "upper"):
        _set_finite(message, name, getattr(constant, name))
    for label, found in constant.per_group.items():
        message.per_group[label].value = found.value
        _set_finite(message.per_group[label], "std_error", found.std_error)
    return message


def _set_finite(message: Message, name: str, value: float | None) -> None:
    if value is not None and math.isfinite(value):
        setattr(message, name, float(value))


def _verdict_to_proto(verdict: ResidualVerdict | None) -> report_pb2.ResidualVerdict | None:
    if verdict is None:
        return None
    return report_pb2.ResidualVerdict(is_noise=verdict.is_noise, p_value=verdict.p_value)


def _warnings_to_proto(warnings: Iterable[Warning]) -> list[report_pb2.Warning]:
    return [report_pb2.Warning(code=w.code, message=w.message) for w in warnings]


def report_to_proto(report: Report) -> report_pb2.Report:
    """The report of a search; its two times count from the search's start, as discovery gives them."""
    noise = report_pb2.Noise()
    _set_finite(noise, "relative_std", report.noise_relative_std)
    receipt = report.receipt
    message = report_pb2.Report(
        candidates=[candidate_to_proto(c) for c in report.candidates],
        residual=_verdict_to_proto(report.residual),
        noise=noise,
        warnings=_warnings_to_proto(report.warnings),
        receipt=report_pb2.Receipt(
            data_sha256=receipt.data_sha256,
            versions=receipt.versions,
            options=receipt.options,
            seed=receipt.seed,
            reproducible=receipt.reproducible,
            cut_stages=receipt.cut_stages,
        ),
        columns=report.columns,
        refinement=[
            report_pb2.RefinementStep(
                formula=to_text(step.formula),
                added="" if step.added is None else to_text(step.added),
                gain_bits=step.gain_bits,
                mode=step.mode,
                missing=step.missing,
                state=step.state,
            )
            for step in report.refinement
        ],
        elapsed=duration(report.elapsed_seconds),
        metric=report.metric,
        constant_laws=map(_law_to_proto, report.constant_laws),
        curves=findings_to_proto(report.curves),
        drift=drift_to_proto(report.drift),
        jumps=map(jump_to_proto, report.jumps),
        jump_laws=map(jump_law_to_proto, report.jump_laws),
    )
    if math.isfinite(report.first_candidate_seconds):
        message.first_candidate.CopyFrom(duration(report.first_candidate_seconds))
    return message


def _law_to_proto(law: ConstantLaw) -> report_pb2.ConstantLaw:
    return report_pb2.ConstantLaw(
        constant=law.constant,
        candidates=[candidate_to_proto(c) for c in law.candidates],
        residual=_verdict_to_proto(law.residual),
        warnings=_warnings_to_proto(law.warnings),
        columns=law.columns,
    )


def evaluation_to_proto(evaluation: Evaluation) -> discovery_service_pb2.EvaluateFormulaResponse:
    return discovery_service_pb2.EvaluateFormulaResponse(
        candidate=candidate_to_proto(evaluation.candidate),
        residual=_verdict_to_proto(evaluation.residual),
        warnings=_warnings_to_proto(evaluation.warnings),
        columns=evaluation.columns,
    )


def duration(seconds_: float) -> Duration:
    message = Duration()
    message.FromNanoseconds(round(seconds_ * 1e9))
    return message


def seconds(message: Duration) -> float:
    return message.ToNanoseconds() / 1e9
