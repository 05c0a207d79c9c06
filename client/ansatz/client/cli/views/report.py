"""Results for people: rich tables."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ansatz.client.cli.views import curves as curve_views
from ansatz.client.cli.views import motion as motion_views
from ansatz.client.results.report import (
    Candidate,
    Constant,
    ConstantLaw,
    Evaluation,
    Job,
    JobState,
    Report,
    ServerInfo,
    Warning,
)

if TYPE_CHECKING:
    from ansatz.client.cli.commands.doctor import Check

_LITERAL = re.compile(r"(?<![\w.])(?:\d+\.\d*|\.\d+|\d+(?=e))(?:e[+-]?\d+)?", re.IGNORECASE)
_MOST_GROUPS = 40


def report_view(report: Report, target: str) -> RenderableType:
    """Formulas by rank, and what to know of them."""
    title = f"Formulas for {target}" if target else "Formulas"
    if report.state is not JobState.SUCCEEDED:
        title += f" ({report.state.lower()}: the best until then)"
    parts: list[RenderableType] = [Text(title, style="bold"), _candidates(report.candidates)]
    parts += _parts(report.candidates)
    parts += [*_groups(report.candidates[:1]), *_laws(report.constant_laws)]
    if report.best and report.best.law:
        parts += [Text(line) for line in curve_views.law_lines(report.best.law)]
    if report.curves:
        parts += [Text(line) for line in curve_views.finding_lines(report.curves)]
    if report.drift:
        parts += [Text(line) for line in motion_views.drift_lines(report.drift)]
    parts += [Text(line) for line in motion_views.jump_lines(report.jump_laws)]
    parts += [Text(line) for line in _remarks(report)]
    parts += [*_columns(report.columns), *_warnings(report.warnings)]
    return Group(*parts)


def evaluation_view(evaluation: Evaluation) -> RenderableType:
    parts: list[RenderableType] = [_candidates([evaluation.candidate])]
    if evaluation.residual:
        parts.append(Text(_verdict(evaluation.residual.is_noise, evaluation.residual.p_value)))
    return Group(*parts, *_columns(evaluation.columns), *_warnings(evaluation.warnings))


def jobs_view(jobs: Iterable[Job]) -> RenderableType:
    table = _table("job", "state", "created (UTC)", "target", "rows")
    for job in jobs:
        created = f"{job.create_time:%Y-%m-%d %H:%M:%S}"
        table.add_row(*map(Text, (job.id, job.state, created, job.data.target, str(job.data.rows))))
    return table


def job_view(job: Job) -> RenderableType:
    lines = [Text(f"job {job.id}: {job.state.lower()}, {job.data.rows} rows, attempt {job.attempts}")]
    if job.error:
        lines.append(Text(f"{job.error.reason}: {job.error.message}"))
    return Group(*lines, *([report_view(job.report, job.data.target)] if job.report else []))


def engines_view(info: ServerInfo) -> RenderableType:
    table = _table("engine", "ready", "version, or what to do")
    for engine in info.engines:
        table.add_row(*map(Text, (engine.engine, "yes" if engine.ready else "no", engine.detail)))
    return table


def checks_view(checks: Sequence[Check]) -> RenderableType:
    table = _table("check", "", "found, and what to do")
    for check in checks:
        remedy = f"\n→ {check.remedy}" if check.remedy else ""
        style = {"ok": "green", "warning": "yellow"}.get(check.status, "bold red")
        table.add_row(Text(check.name), Text(check.status, style=style), Text(check.found + remedy))
    return table


def short(formula: str) -> str:
    """The formula with its numbers to six digits: for reading, not for computing."""
    return _LITERAL.sub(lambda found: f"{float(found[0]):.6g}", formula)


def number(value: float | None, digits: int = 3) -> str:
    return "–" if value is None else f"{value:.{digits}g}"


def _table(*titles: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in titles:
        table.add_column(title, overflow="fold")
    return table


def _candidates(candidates: Sequence[Candidate]) -> Table:
    table = _table("rank", "formula", "complexity", "rmse", "relative error", "constants")
    for candidate in candidates:
        scores = candidate.scores
        cells = (
            str(candidate.rank or "–"),
            _law(candidate),
            str(candidate.complexity),
            number(scores.rmse),
            number(scores.relative_error),
            ", ".join(map(_constant, candidate.constants)) or "–",
        )
        table.add_row(*map(Text, cells))
    return table


def _groups(best: Sequence[Candidate]) -> list[RenderableType]:
    """What the constants of the best formula are in each group, where they differ."""
    differ = [(i, c) for c_ in best for i, c in enumerate(c_.constants, start=1) if c.per_group]
    if not differ:
        return []
    table = _table("group", *(c.parameter or f"c{i}" for i, c in differ))
    labels = list(differ[0][1].per_group or ())
    for label in labels[:_MOST_GROUPS]:
        table.add_row(Text(label), *(Text(_in_group(c, label)) for _, c in differ))
    more = len(labels) - _MOST_GROUPS
    return [table, *([Text(f"… and {more} groups more; --format json has them all")] if more > 0 else [])]


def _in_group(constant: Constant, label: str) -> str:
    error = (constant.per_group_errors or {}).get(label)
    return f"{(constant.per_group or {})[label]:.6g}" + ("" if error is None else f" ± {error:.2g}")


def _laws(laws: Sequence[ConstantLaw]) -> list[RenderableType]:
    parts: list[RenderableType] = []
    for law in laws:
        parts += [Text(f"Formulas for {law.constant} by the groups' own columns", style="bold")]
        parts += [_candidates(law.candidates), *_columns(law.columns), *_warnings(law.warnings)]
    return parts


def _law(candidate: Candidate) -> str:
    """The formula, or the equations by line."""
    if not candidate.motion:
        return short(candidate.formula)
    rate = "d²{0}/dt²" if candidate.motion.order == 2 else "d{0}/dt"
    noise = {state: f" + {size:.6g}*dW/dt" for state, size in candidate.motion.diffusion.items()}
    lines = [f"{rate.format(s)} = {short(equation)}{noise.get(s, '')}" for s, equation in candidate.equations.items()]
    lines += [f"conserved: {short(c.formula)}" for c in candidate.motion.conserved]
    return "\n".join(lines)


def _constant(constant: Constant) -> str:
    error = "" if constant.std_error is None else f" ± {constant.std_error:.2g}"
    called = f"{constant.parameter} = " if constant.parameter else ""
    if constant.per_group:
        return f"{called}{constant.value:.6g} (median of {len(constant.per_group)} groups)"
    return f"{called}{constant.value:.6g}{error}" + (f" ({constant.name})" if constant.name else "")


def _remarks(report: Report) -> list[str]:
    remarks = [f"found in the metric {report.metric}"] if report.metric else []
    if report.noise.relative_std is not None:
        remarks.append(f"scatter about the best formula: {report.noise.relative_std:.2g} of the target's")
    if report.residual:
        remarks.append(_verdict(report.residual.is_noise, report.residual.p_value))
    if report.elapsed_seconds is not None:
        first = report.first_candidate_seconds
        remarks.append(
            f"{report.elapsed_seconds:.2f} s" + ("" if first is None else f", first formula after {first:.2f} s")
        )
    return remarks


def _parts(candidates: Sequence[Candidate]) -> list[RenderableType]:
    """The unknown parts of the best formula."""
    parts = candidates[0].parts if candidates else {}
    return [Text(f"{name} = {short(formula)}", style="bold") for name, formula in parts.items()]


def _verdict(is_noise: bool, p_value: float) -> str:
    return f"what it leaves {'looks like noise' if is_noise else 'has structure'} (p = {p_value:.2g})"


def _columns(columns: Mapping[str, str]) -> list[RenderableType]:
    return [Text(f"{name} is the column {column!r}") for name, column in columns.items()]


def _warnings(warnings: Sequence[Warning]) -> list[RenderableType]:
    return [Text(f"warning {w.code}: {w.message}", style="yellow") for w in warnings]
