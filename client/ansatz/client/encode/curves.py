"""From the caller's columns to the Curves of the wire, and from its messages on laws to results."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypedDict

from ansatz.client.decode.fields import optional
from ansatz.client.encode.columns import pack_column
from ansatz.client.errors import InvalidRequest
from ansatz.client.results import curves as results
from ansatz.v1 import curves_pb2, discovery_service_pb2, observations_pb2

_SCALES = {
    "auto": observations_pb2.VALUE_SCALE_UNSPECIFIED,
    "log": observations_pb2.VALUE_SCALE_LOG,
    "linear": observations_pb2.VALUE_SCALE_LINEAR,
    "share": observations_pb2.VALUE_SCALE_SHARE,
}


class CurveOptions(TypedDict, total=False):
    """Keywords that go with the columns of curves."""

    inputs: Sequence[str]
    run: str | Sequence[str] | None
    roles: Mapping[str, str] | None
    std_errors: str | None
    trials: str | None
    scale: str
    per_run: bool


def curves(
    columns: Any,
    target: str,
    *,
    inputs: Sequence[str] = (),
    run: str | Sequence[str] | None = None,
    roles: Mapping[str, str] | None = None,
    std_errors: str | None = None,
    trials: str | None = None,
    scale: str = "auto",
    per_run: bool = False,
) -> observations_pb2.Curves:
    """Curves in long form: a mapping of names to columns, or a data frame; one row, one value.

    target: the column of values; inputs: the columns that may explain them (default: all others). run: the column that
    names the run of each row, or the names themselves. roles: N, D, C, S, B, lr -> column (default: by usual names).
    std_errors, trials: columns of standard errors, of numbers of trials. scale: "auto", "log", "linear" or "share".
    per_run: each run has constants of its own. Raises InvalidRequest; the server checks the rest.
    """
    keys = list(columns) if isinstance(columns, Mapping) else list(getattr(columns, "columns", ()))
    by_name = {str(key): key for key in keys}
    if scale not in _SCALES:
        raise InvalidRequest.of("curves.scale", f"is {scale!r:.60}; give one of {', '.join(_SCALES)}")
    for field, name in (("curves.target", target), *((f"curves.inputs[{i}]", n) for i, n in enumerate(inputs))):
        if name not in by_name:
            listed = ", ".join(map(repr, list(by_name)[:20]))
            raise InvalidRequest.of(field, f"{name!r} is no column; columns: {listed}")
    runs = _runs(columns, run, by_name)
    left_out = {run} if isinstance(run, str) else set()
    packed = {
        name: pack_column(columns[key], f"columns[{name!r}]")
        for name, key in by_name.items()
        if name not in left_out and (not inputs or name in {target, *inputs, std_errors, trials})
    }
    return observations_pb2.Curves(
        columns=[observations_pb2.Column(name=name, packed_values=values) for name, values in packed.items()],
        target=target,
        inputs=inputs,
        runs=runs,
        roles=dict(roles or {}),
        std_errors=std_errors or "",
        trials=trials or "",
        scale=_SCALES[scale],
        per_run=per_run,
    )


def _runs(columns: Any, run: str | Sequence[str] | None, by_name: Mapping[str, Any]) -> list[str]:
    if run is None:
        return []
    if not isinstance(run, str):
        return [str(label) for label in run]
    if run not in by_name:
        listed = ", ".join(map(repr, list(by_name)[:20]))
        raise InvalidRequest.of("curves.runs", f"{run!r} is no column; columns: {listed}")
    return [label if isinstance(label, str) else f"{label:g}" for label in columns[by_name[run]]]


def predict(
    name: str,
    *,
    points: Iterable[Mapping[str, float]] = (),
    budgets: Iterable[float] = (),
    targets: Iterable[float] = (),
    rank: int = 1,
    probability: float = 0.8,
) -> discovery_service_pb2.PredictCurvesRequest:
    return discovery_service_pb2.PredictCurvesRequest(
        name=name,
        rank=rank,
        points=[curves_pb2.CurvePoint(values={k: float(v) for k, v in point.items()}) for point in points],
        budgets=budgets,
        targets=targets,
        probability=probability,
    )


def law(message: curves_pb2.Law) -> results.Law:
    return results.Law(
        name=message.name,
        title=message.title,
        formula=message.formula,
        source=message.source,
        implicit=message.implicit,
        columns=dict(message.columns),
        constants=_constants(message.constants),
        held_out_error=optional(message, "held_out_error"),
        per_run={run: _constants(own.constants) for run, own in message.per_run.items()},
    )


def findings(message: curves_pb2.CurveFindings) -> results.CurveFindings:
    emergence = _emergence(message.emergence)
    return results.CurveFindings(
        scale=message.scale,
        noise=message.noise,
        huber_delta=message.huber_delta,
        independent_share=message.independent_share,
        held_out_rows=message.held_out_rows,
        limit=_constant(message.limit) if message.HasField("limit") else None,
        emergence=None if emergence == "unspecified" else emergence,
        emergence_p_value=optional(message, "emergence_p_value"),
        straight=message.straight or None,
        breaks=_constants(message.breaks),
        outliers=tuple(message.outliers),
        warm_up_rows=message.warm_up_rows,
        warm_up_until=optional(message, "warm_up_until"),
        worsening=tuple(results.Worsening(w.run or None, w.best_at, w.best, w.last) for w in message.worsening),
        measurements=tuple(results.Measurement(m.rival, m.column, optional(m, "value")) for m in message.measurements),
        constant_laws=tuple(map(_related, message.constant_laws)),
        frontier=tuple(map(_related, message.frontier)),
        emergence_verdicts=tuple(
            results.EmergenceVerdict(
                v.series or None, v.column, _emergence(v.kind), v.bend, v.lower, v.upper, v.p_value
            )
            for v in message.emergence_verdicts
        ),
    )


def _emergence(kind: curves_pb2.Emergence.ValueType) -> str:
    return curves_pb2.Emergence.Name(kind).removeprefix("EMERGENCE_").lower()


def answers(message: discovery_service_pb2.PredictCurvesResponse) -> results.CurveAnswers:
    return results.CurveAnswers(
        formula=message.formula,
        probability=message.probability,
        predictions=tuple(
            results.CurvePrediction(estimate(p.law), estimate(p.observation), p.extrapolates)
            for p in message.predictions
        ),
        optima=tuple(
            results.ComputeOptimum(o.budget, estimate(o.size), estimate(o.data), estimate(o.loss))
            for o in message.optima
        ),
        reaches=tuple(results.TargetReach(r.target, r.axis, estimate(r.at)) for r in message.reaches),
    )


def _related(message: curves_pb2.RelatedLaw) -> results.RelatedLaw:
    return results.RelatedLaw(
        message.target,
        message.column,
        message.formula,
        _constants(message.constants),
        optional(message, "relative_error"),
    )


def _constants(messages: Iterable[curves_pb2.LawConstant]) -> tuple[results.LawConstant, ...]:
    return tuple(map(_constant, messages))


def _constant(message: curves_pb2.LawConstant) -> results.LawConstant:
    return results.LawConstant(
        message.name, message.value, *(optional(message, field) for field in ("std_error", "lower", "upper"))
    )


def estimate(message: curves_pb2.Estimate) -> results.Estimate:
    return results.Estimate(*(optional(message, field) for field in ("value", "lower", "upper")))
