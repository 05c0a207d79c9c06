"""Laws of curves and their answers, for people and for scripts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from ansatz.client.cli.views.levels import TREND, p_value
from ansatz.client.results.curves import CurveAnswers, CurveFindings, EmergenceVerdict, Law, LawConstant
from ansatz.client.results.estimate import Estimate

_MOST_SERIES = 12


def law_lines(law: Law) -> list[str]:
    """Return a line for the law of rank 1, and one for each of its constants."""
    lines = [f"law: {law.title}, {law.formula} ({law.source})"]
    if law.implicit:
        lines.append("the law holds its own value: the formula is the right side of an equation for it")
    lines += [f"  {_constant(c)}" for c in law.constants if not law.per_run]
    if law.per_run:
        lines.append(f"  constants by run ({len(law.per_run)} runs): see --format json")
    return lines


def finding_lines(found: CurveFindings) -> list[str]:
    """Return a line for each thing that curves show beside their law."""
    lines = []
    if found.limit:
        lines.append(f"at infinite scale: {_constant(found.limit)}")
    if found.straight:
        lines.append(f"a straight line in {found.straight}")
    lines += [f"break at {_constant(place)}" for place in found.breaks]
    lines += map(_emergence, found.emergence_verdicts[:_MOST_SERIES])
    if len(found.emergence_verdicts) > _MOST_SERIES:
        lines.append(f"emergence of {len(found.emergence_verdicts) - _MOST_SERIES} more runs: see --format json")
    for law in (*found.frontier, *found.constant_laws):
        lines.append(f"{law.target} against {law.column}: {law.formula}")
    return lines


def _emergence(verdict: EmergenceVerdict) -> str:
    of = f" of {verdict.series}" if verdict.series else ""
    bend = f"{verdict.bend:.3g} ({verdict.lower:.3g} to {verdict.upper:.3g})"
    return (
        f"emergence{of}: {verdict.kind} against log({verdict.column}), bend {bend}, {p_value(verdict.p_value, TREND)}"
    )


def answers_object(answers: CurveAnswers) -> dict[str, Any]:
    """Return the answers for scripts."""
    return {"state": "SUCCEEDED", **asdict(answers), "error": None, "violations": []}


def answers_view(answers: CurveAnswers, points: Sequence[Mapping[str, float]]) -> RenderableType:
    """Return the answers for people, a line each."""
    share = f"{100 * answers.probability:g} %"
    lines = [f"by {answers.formula}, intervals of {share}"]
    for point, prediction in zip(points, answers.predictions, strict=False):
        where = ", ".join(f"{name} = {value:g}" for name, value in point.items())
        beyond = ", beyond the data" if prediction.extrapolates else ""
        lines.append(
            f"at {where}: {_estimate(prediction.law)}; an observation {_range(prediction.observation)}{beyond}"
        )
    for optimum in answers.optima:
        lines.append(
            f"for {optimum.budget:g} floating-point operations: size {_estimate(optimum.size)}, "
            f"data {_estimate(optimum.data)}, value {_estimate(optimum.loss)}"
        )
    for reach in answers.reaches:
        reached = "is never reached" if reach.at.value is None else f"at {reach.axis} = {_estimate(reach.at)}"
        lines.append(f"{reach.target:g} {reached}")
    return Group(*map(Text, lines))


def _estimate(estimate: Estimate) -> str:
    return f"{_number(estimate.value)} ({_range(estimate)})"


def _range(estimate: Estimate) -> str:
    return f"{_number(estimate.lower)} to {_number(estimate.upper)}"


def _constant(constant: LawConstant) -> str:
    limits = f" ({_number(constant.lower)} to {_number(constant.upper)})" if constant.std_error is not None else ""
    return f"{constant.name} = {constant.value:.6g}{limits}"


def _number(value: float | None) -> str:
    return "?" if value is None else f"{value:.4g}"
