"""Curves, laws and answers, between the wire and types of discovery: pure functions."""

from __future__ import annotations

import math
from collections.abc import Iterable

from google.protobuf.message import Message

from ansatz.discovery import (
    Answers,
    ChosenLaw,
    Column,
    CurveFindings,
    Curves,
    Emergence,
    Estimate,
    InvalidInputError,
    LawConstant,
    LawFacts,
    Observations,
    Questions,
    ValueScale,
    Violation,
)
from ansatz.discovery.report.curves import RelatedLaw
from ansatz.v1 import curves_pb2, discovery_service_pb2, observations_pb2, report_pb2

_SCALES = {
    observations_pb2.VALUE_SCALE_UNSPECIFIED: ValueScale.AUTO,
    observations_pb2.VALUE_SCALE_LOG: ValueScale.LOG,
    observations_pb2.VALUE_SCALE_LINEAR: ValueScale.LINEAR,
    observations_pb2.VALUE_SCALE_SHARE: ValueScale.SHARE,
}
_EMERGENCE_ON_WIRE = {
    None: curves_pb2.EMERGENCE_UNSPECIFIED,
    Emergence.CONCAVE: curves_pb2.EMERGENCE_CONCAVE,
    Emergence.LINEAR: curves_pb2.EMERGENCE_LINEAR,
    Emergence.CONVEX: curves_pb2.EMERGENCE_CONVEX,
}
DEFAULT_PROBABILITY = 0.8


def curves_from_proto(curves: observations_pb2.Curves, columns: tuple[Column, ...]) -> Curves:
    """The curves of a message, with its columns read. Raises InvalidInputError where Curves refuses it."""
    scale = _SCALES.get(curves.scale)
    if scale is None:
        known = ", ".join(observations_pb2.ValueScale.keys())
        raise InvalidInputError([Violation("curves.scale", f"{curves.scale} is no scale; scales: {known}")])
    return Curves(
        columns=columns,
        target=curves.target,
        inputs=tuple(curves.inputs),
        runs=tuple(curves.runs),
        roles=dict(curves.roles),
        std_errors=curves.std_errors,
        trials=curves.trials,
        scale=scale,
        per_run=curves.per_run,
    )


def law_to_proto(law: LawFacts | None) -> curves_pb2.Law | None:
    if law is None:
        return None
    message = curves_pb2.Law(
        name=law.name,
        title=law.title,
        formula=law.formula,
        source=law.source,
        implicit=law.implicit,
        columns=law.columns,
        constants=_constants(law.constants),
    )
    _set(message, "held_out_error", law.held_out_error)
    for run, constants in law.per_run.items():
        message.per_run[run].constants.extend(_constants(constants))
    return message


def findings_to_proto(findings: CurveFindings | None) -> curves_pb2.CurveFindings | None:
    if findings is None:
        return None
    message = curves_pb2.CurveFindings(
        scale=findings.scale,
        noise=findings.noise,
        huber_delta=findings.huber_delta,
        independent_share=findings.independent_share,
        held_out_rows=findings.held_out_rows,
        limit=_constant(findings.limit) if findings.limit else None,
        emergence=_EMERGENCE_ON_WIRE[findings.emergence[0].kind if findings.emergence else None],
        emergence_verdicts=[
            curves_pb2.EmergenceVerdict(
                series=v.series,
                column=v.column,
                kind=_EMERGENCE_ON_WIRE[v.kind],
                bend=v.bend,
                lower=v.lower,
                upper=v.upper,
                p_value=v.p_value,
            )
            for v in findings.emergence
        ],
        straight=findings.straight,
        breaks=_constants(findings.breaks),
        outliers=findings.outliers,
        warm_up_rows=findings.warm_up_rows,
        worsening=[
            curves_pb2.Worsening(run=w.run, best_at=w.best_at, best=w.best, last=w.last) for w in findings.worsening
        ],
        constant_laws=map(_related, findings.constant_laws),
        frontier=map(_related, findings.frontier),
    )
    _set(message, "emergence_p_value", findings.emergence[0].p_value if findings.emergence else None)
    _set(message, "warm_up_until", findings.warm_up_until)
    for measurement in findings.measure:
        place = message.measurements.add(rival=measurement.rival, column=measurement.column)
        _set(place, "value", measurement.value)
    return message


def questions_from_proto(request: discovery_service_pb2.PredictCurvesRequest) -> Questions:
    """Raises InvalidInputError."""
    return Questions(
        points=tuple(dict(point.values) for point in request.points),
        budgets=tuple(request.budgets),
        targets=tuple(request.targets),
        probability=request.probability if request.HasField("probability") else DEFAULT_PROBABILITY,
    )


def curves_asked(observations: Observations) -> Curves:
    """Raises InvalidInputError where a job's observations are no curves, or have no law in common."""
    if not isinstance(observations, Curves):
        raise InvalidInputError([Violation("name", "is a job on a table; predictions are for jobs on curves")])
    if observations.per_run:
        text = "is a job whose constants are by run; predictions need one law: make a job without per_run"
        raise InvalidInputError([Violation("name", text)])
    return observations


def law_of_rank(report: report_pb2.Report, rank: int) -> ChosenLaw:
    """The law of a rank, 0 for the best. Raises InvalidInputError where there is none."""
    wanted = rank or 1
    for candidate in report.candidates:
        if candidate.rank == wanted:
            until = report.curves.warm_up_until if report.curves.HasField("warm_up_until") else None
            return ChosenLaw(candidate.law.name, dict(candidate.law.columns), candidate.formula, until)
    raise InvalidInputError([Violation("rank", f"is {wanted}; the job found {len(report.candidates)} laws")])


def answers_to_proto(answers: Answers) -> discovery_service_pb2.PredictCurvesResponse:
    return discovery_service_pb2.PredictCurvesResponse(
        formula=answers.formula,
        probability=answers.probability,
        predictions=[
            curves_pb2.CurvePrediction(
                law=estimate_to_proto(p.law), observation=estimate_to_proto(p.observation), extrapolates=p.extrapolates
            )
            for p in answers.predictions
        ],
        optima=[
            curves_pb2.ComputeOptimum(
                budget=o.budget,
                size=estimate_to_proto(o.size),
                data=estimate_to_proto(o.data),
                loss=estimate_to_proto(o.loss),
            )
            for o in answers.optima
        ],
        reaches=[
            curves_pb2.TargetReach(target=r.target, axis=r.axis, at=estimate_to_proto(r.at)) for r in answers.reaches
        ],
    )


def _related(law: RelatedLaw) -> curves_pb2.RelatedLaw:
    message = curves_pb2.RelatedLaw(
        target=law.target, column=law.column, formula=law.formula, constants=_constants(law.constants)
    )
    _set(message, "relative_error", law.relative_error)
    return message


def _constants(constants: Iterable[LawConstant]) -> list[curves_pb2.LawConstant]:
    return [_constant(c) for c in constants]


def _constant(constant: LawConstant) -> curves_pb2.LawConstant:
    message = curves_pb2.LawConstant(name=constant.name, value=constant.value)
    for name in ("std_error", "lower", "upper"):
        _set(message, name, getattr(constant, name))
    return message


def estimate_to_proto(estimate: Estimate) -> curves_pb2.Estimate:
    message = curves_pb2.Estimate()
    for name in ("value", "lower", "upper"):
        _set(message, name, getattr(estimate, name))
    return message


def _set(message: Message, name: str, value: float | None) -> None:
    if value is not None and math.isfinite(value):
        setattr(message, name, value)
