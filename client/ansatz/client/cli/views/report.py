"""A discovery, or an evaluation, for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from ansatz.client.cli.views import curves, motion
from ansatz.client.cli.views.candidates import candidates_table, group_tables, part_lines
from ansatz.client.cli.views.levels import RESIDUAL, p_value
from ansatz.client.cli.views.text import column_lines, warning_lines
from ansatz.client.results.report import ChiSquared, ConstantLaw, Evaluation, Report, ResidualVerdict
from ansatz.client.results.state import JobState


def report_view(report: Report, target: str) -> RenderableType:
    """Return the formulas by rank, and what to know of them."""
    parts: list[RenderableType] = [Text(_title(report, target), style="bold"), candidates_table(report.candidates)]
    if report.best:
        parts += [*part_lines(report.best), *group_tables(report.best)]
    parts += [*_constant_laws(report.constant_laws), *map(Text, _findings(report)), *map(Text, _remarks(report))]
    return Group(*parts, *column_lines(report.columns), *warning_lines(report.warnings))


def evaluation_view(evaluation: Evaluation) -> RenderableType:
    """Return the scores of one formula, and what to know of them."""
    parts: list[RenderableType] = [candidates_table([evaluation.candidate])]
    if evaluation.residual:
        parts.append(Text(_verdict(evaluation.residual)))
    if evaluation.chi_squared:
        parts.append(Text(_agreement(evaluation.chi_squared)))
    return Group(*parts, *column_lines(evaluation.columns), *warning_lines(evaluation.warnings))


def _title(report: Report, target: str) -> str:
    title = f"Formulas for {target}" if target else "Formulas"
    if report.state is JobState.SUCCEEDED:
        return title
    return f"{title} ({report.state.lower()}: the best until then)"


def _constant_laws(laws: Sequence[ConstantLaw]) -> list[RenderableType]:
    parts: list[RenderableType] = []
    for law in laws:
        parts += [Text(f"Formulas for {law.constant} by the groups' own columns", style="bold")]
        parts += [candidates_table(law.candidates), *column_lines(law.columns), *warning_lines(law.warnings)]
    return parts


def _findings(report: Report) -> Iterator[str]:
    """What curves and motion show beside their laws."""
    if report.best and report.best.law:
        yield from curves.law_lines(report.best.law)
    if report.curves:
        yield from curves.finding_lines(report.curves)
    if report.drift:
        yield from motion.drift_lines(report.drift)
    yield from motion.jump_lines(report.jump_laws)


def _remarks(report: Report) -> Iterator[str]:
    if report.metric:
        yield f"found in the metric {report.metric}"
    if report.noise.relative_std is not None:
        yield f"scatter about the best formula: {report.noise.relative_std:.2g} of the target's"
    if report.residual:
        yield _verdict(report.residual)
    if report.chi_squared:
        yield _agreement(report.chi_squared)
    if report.elapsed_seconds is not None:
        first = report.first_candidate_seconds
        yield f"{report.elapsed_seconds:.2f} s" + ("" if first is None else f", first formula after {first:.2f} s")


def _verdict(residual: ResidualVerdict) -> str:
    seems = "looks like noise" if residual.is_noise else "has structure"
    seems += f" in {', '.join(residual.missing)}" if residual.missing else ""
    return f"what it leaves {seems} ({p_value(residual.p_value, RESIDUAL)})"


def _agreement(found: ChiSquared) -> str:
    return (
        f"χ² by the standard errors: {found.per_degree:.3g} per degree of freedom, of which there are {found.degrees} "
        f"({p_value(found.p_value, RESIDUAL)})"
    )
