"""What the reader of a result must know. Every code is described in docs/warnings.md."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ansatz.discovery.asked.options import Engine, Options
from ansatz.discovery.asked.parameters import Parameter
from ansatz.discovery.evidence.beyond import Predict, beyond_warnings
from ansatz.discovery.evidence.noise import LEVEL, Answer, Verdict
from ansatz.discovery.evidence.ordinary.claim import Claim
from ansatz.discovery.evidence.significance import told
from ansatz.discovery.expression import Array, Node, evaluate, variables
from ansatz.discovery.problem.problem import Problem
from ansatz.discovery.report.report import Candidate, Constant, Warning
from ansatz.discovery.search.parts.gauge import Gauge
from ansatz.discovery.units.dimensions import DOUBTFUL, RIGHT


@dataclass(frozen=True)
class _Telling:
    """Say what is told, and how much of it. Chosen by judgement.

    Attributes:
        far_bits: by which a formula of other dimensions must be shorter to be told.
        most_groups: named in one warning.
        rows: named in one warning.
        alike: p-value below which neighbouring rows are said to be alike.
    """

    far_bits: float = 30.0
    most_groups: int = 5
    rows: int = 10
    alike: float = 1e-3


_TELLING: Final = _Telling()


_REMEDY = "Check the units; add the quantity that is missing as a column, or allow dimensional constants."


def result_warnings(
    candidates: Sequence[Candidate],
    left: Verdict,
    undecided_bits: float,
    engine: Engine,
    options: Options,
) -> list[Warning]:
    """Return warnings on ranked candidates, the first of which is the result.

    `left` is what that leaves; within `undecided_bits` of it the data do not tell scores apart.
    """
    best = candidates[0]
    nothing = _baseline(best, left)
    warnings = [*nothing, *_constants(best, options.parameters), *_residual(left)]
    warnings += [] if nothing else _rivals(candidates, undecided_bits)
    if engine is Engine.NONE and options.engine is Engine.AUTO:
        text = "No evolutionary engine is ready on this machine; the built-in searchers worked alone."
        warnings.append(Warning("NO_ENGINE", text))
    return warnings


def evaluation_warnings(candidate: Candidate, left: Verdict, prediction: Array) -> list[Warning]:
    """Return warnings on a caller's own formula."""
    warnings = [*_constants(candidate, ()), *_residual(left)]
    if undefined := int(np.count_nonzero(~np.isfinite(prediction))):
        row = int(np.argmin(np.isfinite(prediction))) + 1
        text = f"The formula is not finite in {undefined} rows, first in row {row}."
        warnings.append(Warning("NOT_FINITE", text))
    return warnings


def dimension_warnings(candidates: Sequence[Candidate], problem: Problem) -> list[Warning]:
    """Warn where the best formula's dimensions are not right, or a formula of other dimensions explains far more."""
    best = candidates[0]
    if problem.dimensions is None or not variables(best.formula):
        return []
    wrongness = problem.dimensions.wrongness(best.formula)
    if wrongness != RIGHT:
        text = "agrees only if its numbers carry dimensions" if wrongness == DOUBTFUL else "does not agree"
        return [Warning("DIMENSIONS_DISAGREE", f"The dimension of {best.text} {text}. {_REMEDY}")]
    rival = min(candidates, key=lambda c: c.scores.description_length)
    if rival.scores.description_length < best.scores.description_length - _TELLING.far_bits:
        text = f"{rival.text} explains far more than the best formula of right dimension."
        return [Warning("DIMENSIONS_DISAGREE", f"{text} {_REMEDY}")]
    return []


def screening_warnings(problem: Problem, searched: Problem) -> list[Warning]:
    """Warn where inputs were left out of the search: say which ones were searched."""
    if searched.names == problem.names:
        return []
    text = (
        f"Of {len(problem.names)} inputs the {len(searched.names)} that explain most of the target one by one were "
        f"searched: {', '.join(searched.names)}. Name inputs to choose others."
    )
    return [Warning("INPUTS_SCREENED", text)]


def gauge_warnings(gauges: Sequence[Gauge]) -> list[Warning]:
    """Return what no data can settle of unknown parts, and how it was settled."""
    return [Warning("GAUGE_FREEDOM", gauge.text) for gauge in gauges]


def simpler_metric_warnings(names: Sequence[str]) -> list[Warning]:
    """Warn of metrics of the target in which a simple law describes it better than anything found."""
    if not names:
        return []
    text = f"A simple law of the {' or '.join(names)} of the target describes it better; search with that metric."
    return [Warning("SIMPLER_IN_METRIC", text)]


def form_not_fitted() -> Warning:
    text = "No functions were found for which the ansatz is finite on all rows; the result is a constant."
    return Warning("FORM_NOT_FITTED", text)


def outlier_warnings(far: Sequence[int], rows: int) -> list[Warning]:
    """Warn of rows, counted from 0, that are far off the caller's formula, where the loss is robust."""
    if not far:
        return []
    shown = ", ".join(str(row + 1) for row in far[: _TELLING.rows]) + (", …" if len(far) > _TELLING.rows else "")
    text = f"{len(far)} of {rows} rows lie more than 5 standard deviations off the ansatz and count little: {shown}."
    return [Warning("OUTLIERS", text)]


def claim_warnings(found: Claim | None, rows: NDArray[np.intp]) -> list[Warning]:
    """Where a law would rest on single rows: which; `rows` are those looked at, among all rows."""
    if found is None or not found.single_rows:
        return []
    shown = ", ".join(str(rows[row] + 1) for row in found.single_rows)
    return [
        Warning("SINGLE_ROWS", f"What looks like a law rests on row {shown}: without it there is no evidence of one.")
    ]


def _baseline(best: Candidate, left: Verdict) -> list[Warning]:
    if left.p_value == 1.0 and left.answer is Answer.NOISE:
        return []  # exact
    if best.parts and not any(map(variables, best.parts.values())):
        return [Warning("NOTHING_BEATS_BASELINE", "No unknown part explains the target better than a constant.")]
    if not variables(best.formula):
        return [Warning("NOTHING_BEATS_BASELINE", "No formula explains the target better than a constant.")]
    return []


def _constants(candidate: Candidate, parameters: Sequence[Parameter]) -> list[Warning]:
    warnings: list[Warning] = []
    bounds = {p.name: (p.lower, p.upper) for p in parameters}
    values = {c.parameter: c.value for c in candidate.constants if c.parameter}
    held = [name for name, value in values.items() if value in bounds.get(name, ())]
    if held:
        shown = ", ".join(f"{name} = {values[name]:g}" for name in held)
        text = f"The fit would go on beyond the bounds of its constants: {shown}."
        warnings.append(Warning("CONSTANT_AT_BOUND", text))
    open_ = [text for c in candidate.constants if c.parameter not in held and (text := _undetermined(c))]
    if open_:
        shown = ", ".join(dict.fromkeys(open_))
        text = f"The data do not determine {shown} in {candidate.text}: other values fit as well."
        warnings.append(Warning("UNIDENTIFIABLE_CONSTANT", text))
    return warnings


def _undetermined(constant: Constant) -> str:
    """Return how a constant is called that the data do not determine, in some groups or at all; empty if they do."""
    called = constant.parameter or f"{constant.value:g}"
    if not constant.per_group:
        return called if constant.std_error is None else ""
    groups = [label for label, found in constant.per_group.items() if found.std_error is None]
    more = ", …" if len(groups) > _TELLING.most_groups else ""
    return f"{called} for {', '.join(groups[: _TELLING.most_groups])}{more}" if groups else ""


def _residual(left: Verdict) -> list[Warning]:
    warnings: list[Warning] = []
    if left.rows_alike < _TELLING.alike:
        text = (
            f"Neighbouring rows are alike ({told(left.rows_alike, _TELLING.alike)}) though their inputs are not: a "
            "group, or the order in time, is missing from the table. The errors of constants are too small."
        )
        warnings.append(Warning("ROWS_ALIKE", text))
    if left.answer is Answer.STRUCTURE:
        where = f"something in {' and '.join(left.missing)}" if left.missing else "something"
        text = f"The residual is not only noise ({told(left.p_value, LEVEL)}): {where} is missing from the formula."
        warnings.append(Warning("RESIDUAL_HAS_STRUCTURE", text))
    return warnings


def extrapolation_warnings(
    candidates: Sequence[Candidate], undecided_bits: float, columns: Mapping[str, Array], y: Array
) -> list[Warning]:
    """Warn where formulas that the data do not tell from the first one disagree outside the data.

    `columns` are the inputs by their names in formulas, each (n,), `y` the target, (n,).
    """

    def values(formula: Node) -> Predict:
        return lambda points: evaluate(formula, points, next(iter(points.values())).size)

    rivals = [candidates[0], *_undecided(candidates, undecided_bits)]
    return beyond_warnings(columns, y, [(c.text, values(c.formula)) for c in rivals])


def _undecided(candidates: Sequence[Candidate], undecided_bits: float) -> list[Candidate]:
    """Return the laws that the data do not tell from the first one."""
    best = candidates[0]
    if not variables(best.formula):
        return []
    limit = best.scores.description_length + undecided_bits
    rivals = (c for c in candidates[1:] if c.scores.description_length <= limit and variables(c.formula))
    return [c for c in rivals if c.dimensions == best.dimensions]


def _rivals(candidates: Sequence[Candidate], undecided_bits: float) -> list[Warning]:
    rivals = _undecided(candidates, undecided_bits)
    if not rivals:
        return []
    named = "; ".join(c.text for c in rivals[:3])
    text = f"The data do not tell rank 1 from {len(rivals)} other formula(s): {named}."
    return [Warning("INDISTINGUISHABLE_HERE", text)]
