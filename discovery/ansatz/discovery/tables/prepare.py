"""From a table and options to the problem that searchers see."""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ansatz.discovery.asked.ansatz import Ansatz
from ansatz.discovery.asked.metric import Metric
from ansatz.discovery.asked.options import Options
from ansatz.discovery.data.noise import TargetNoise
from ansatz.discovery.data.table import Table
from ansatz.discovery.expression import Node, Variable, variables
from ansatz.discovery.expression.matching import matched
from ansatz.discovery.fit.counts import BinomialNoise, PoissonNoise
from ansatz.discovery.fit.input_errors import InputNoise
from ansatz.discovery.fit.noise import FIXED_NOISE, NoiseModel
from ansatz.discovery.problem.problem import Problem
from ansatz.discovery.report.report import Warning
from ansatz.discovery.tables.question import TableQuestion
from ansatz.discovery.units.dimensions import Dimensions
from ansatz.discovery.units.text import parse_unit


@dataclass(frozen=True)
class _Spans:
    """Say when a target is fitted by its relative error.

    Attributes:
        decades: that nine tenths of the target must span: squared errors would leave small values untold.
        most: below the largest value, down to which errors count relative; smaller values count as so large. Squares of
            twice as many decades are all that float64 holds: beyond, the largest values would weigh nothing.
    """

    decades: float = 4.0
    most: float = 100.0


_SPANS: Final = _Spans()


_HOLE = " "  # no column has that name in formulas


@dataclass(frozen=True, eq=False)
class PreparedTable:
    """Hold a problem, and what the report must say of how it came from the table.

    Attributes:
        problem: its weights are those of the fit.
        caller_weights: of the reported scores, of mean 1, or None.
        std_errors: of the target, in its unit, (n,), or None.
        noise: how the target scatters about a formula.
        columns: names in formulas to the caller's names, where they differ.
        ansatz: the caller's own formula, or None.
        start: the formulas to try first, as the problem has formulas.
        metric: of which `problem.y` is the target's value, or None.
        target: the target's own column.
        warnings: what a reader must know of it.
    """

    problem: Problem
    caller_weights: NDArray[np.float64] | None
    std_errors: NDArray[np.float64] | None
    noise: NoiseModel
    columns: Mapping[str, str]
    ansatz: Ansatz | None
    start: tuple[Node, ...]
    metric: Metric | None
    target: NDArray[np.float64]
    warnings: tuple[Warning, ...]


def prepare(question: TableQuestion, keep_all: bool = False) -> PreparedTable:
    """Return the problem of explaining a table's target by its inputs.

    Inputs that are constant, or copies of others, are warned of, and left out unless the ansatz uses them or `keep_all`
    says so. A target of one sign over more than four decades is fitted by its relative error, unless the caller gives
    weights or standard errors.
    """
    table, options, ansatz, start = question.observations, question.options, question.ansatz, question.start
    names = table.names.identifiers
    used = set(names.values()) if keep_all else set(ansatz.inputs) if ansatz else set()
    used.update(name for formula in start for name in variables(formula))
    kept, warnings = _useful_inputs(table, names, used)
    X = np.column_stack([table.column(c).values for c in kept]) if kept else np.empty((table.rows, 0))
    metric = question.metric
    target = table.explained
    y = target if metric is None else metric.forward(target)
    warnings += map(_error_column, table.called_errors)
    std_errors = table.column(table.std_errors).values if table.std_errors else None
    noise = _noise(table, names)
    caller_weights = _caller_weights(table)
    # Errors of the target are not those of a metric of it.
    weights = caller_weights if metric is None or std_errors is None else _of_errors(metric.slope(target) * std_errors)
    if metric is None and weights is None and noise.is_fixed and (relative := _relative_weights(y)) is not None:
        weights = relative
        warnings.append(
            Warning("RELATIVE_LOSS", "The target spans more than four decades: the fit weighs errors relative to it.")
        )
    if y.min() == y.max():
        warnings.append(Warning("CONSTANT_TARGET", f"The target {table.target!r} is {target[0]} in every row."))
    dimensions = None if metric else _dimensions(table, {names[c]: c for c in kept}, options)
    problem = Problem(
        np.asfortranarray(X, dtype=np.float64), y, tuple(names[c] for c in kept), frozenset(options.functions),
        options.max_complexity, options.seed, weights, dimensions,
        ansatz.form if ansatz else None,
    )  # fmt: skip
    if not noise.is_fixed:
        problem = replace(problem, weights=noise.first_weights(problem))
    begun = tuple(found for formula in start if (found := _of_problem(formula, problem, metric)) is not None)
    return PreparedTable(
        problem, caller_weights, std_errors, noise, table.names.renamed, ansatz, begun, metric, target, tuple(warnings)
    )


def _noise(table: Table, names: Mapping[str, str]) -> NoiseModel:
    if table.noise is TargetNoise.POISSON:
        return PoissonNoise()
    if table.noise is TargetNoise.BINOMIAL:
        return BinomialNoise(table.trials_of_rows)
    if not table.input_errors:
        return FIXED_NOISE
    errors = {names[of]: table.column(name).values for of, name in table.input_errors.items()}
    return InputNoise(errors, table.column(table.std_errors).values if table.std_errors else None)


def _caller_weights(table: Table) -> NDArray[np.float64] | None:
    """Return the row weights that the caller gave, as such or as standard errors, of mean 1; None where all count
    alike."""
    if table.std_errors:
        return _of_errors(table.column(table.std_errors).values)
    if not table.weights:
        return None
    raw = table.column(table.weights).values
    normalised: NDArray[np.float64] = raw / raw.mean()
    return normalised


def _of_errors(std_errors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return weights 1/variance, of mean 1."""
    weights: NDArray[np.float64] = (float(std_errors.min()) / std_errors) ** 2
    normalised: NDArray[np.float64] = weights / weights.mean()
    return normalised


def _error_column(name: str) -> Warning:
    text = (
        f"The column {name!r} is called like the error of the target, and is no input. If it is its standard error, "
        f"give it as such (--std-errors {shlex.quote(name)}); else name it among the inputs (--inputs)."
    )
    return Warning("ERROR_COLUMN", text)


def _of_problem(formula: Node, problem: Problem, metric: Metric | None) -> Node | None:
    """Return what the problem calls a formula of the target: that of the metric, or the law of the form; None where it
    is of another form."""
    if problem.form is not None:
        return problem.form.law_of(formula)
    if metric is None:
        return formula
    found = matched(metric.restored(Variable(_HOLE)), formula, (_HOLE,))
    return None if found is None else found[_HOLE]


def _dimensions(table: Table, columns: Mapping[str, str], options: Options) -> Dimensions | None:
    """Return dimensions of target and inputs (`columns` maps their names in formulas to the table's); None where no
    column of the table has a unit. A column without one is dimensionless if another has one."""
    if not any(table.column(c).unit.strip() for c in (table.target, *table.inputs)):
        return None
    inputs = {name: parse_unit(table.column(c).unit) for name, c in columns.items()}
    return Dimensions(parse_unit(table.column(table.target).unit), inputs, options.dimensional_constants)


def _relative_weights(y: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Return weights 1/y² of mean 1 where y has one sign and nine tenths of it span more than four decades, else None.

    The tails are left out of the span: a target that only touches zero is no wide one. Values a hundred decades
    and more below the largest weigh alike.
    """
    size = np.abs(y)
    if float(size.min()) == 0 or float(y.min()) < 0 < float(y.max()):
        return None
    low, high = np.quantile(np.log10(size), (0.05, 0.95))
    if high - low < _SPANS.decades:
        return None
    size = np.maximum(size, float(size.max()) * 10.0**-_SPANS.most)
    weights: NDArray[np.float64] = (float(size.min()) / size) ** 2
    normalised: NDArray[np.float64] = weights / weights.mean()
    return normalised


def _useful_inputs(table: Table, names: Mapping[str, str], used: set[str]) -> tuple[list[str], list[Warning]]:
    kept: list[str] = []
    warnings: list[Warning] = []
    seen: dict[bytes, str] = {}
    for name in table.inputs:
        values, is_used = np.ascontiguousarray(table.column(name).values), names[name] in used
        key = hashlib.sha256(values.data).digest()
        if values.min() == values.max():
            warnings.append(Warning("CONSTANT_COLUMN", f"The input {name!r} is {values[0]} in every row."))
        elif key in seen:
            fate = "both were kept" if is_used else "it was left out"
            warnings.append(Warning("DUPLICATE_COLUMN", f"The input {name!r} repeats {seen[key]!r}; {fate}."))
        else:
            seen[key] = name
            kept.append(name)
            continue
        if is_used:
            kept.append(name)
    return kept, warnings
