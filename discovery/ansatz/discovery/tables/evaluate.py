"""A caller's own formula on a caller's own table: scores, constants, residual."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from ansatz.discovery.asked.options import Options
from ansatz.discovery.data.table import Table
from ansatz.discovery.evidence.agreement import disagreement_warnings
from ansatz.discovery.evidence.measure import given as measure_of_given
from ansatz.discovery.evidence.naming import Named
from ansatz.discovery.evidence.noise import NoiseQuestion, residual_verdict
from ansatz.discovery.expression.numbers import numbers
from ansatz.discovery.fit.constants import fit_constants
from ansatz.discovery.fit.marks import UNMARKED, Marks
from ansatz.discovery.report.chi_squared import ChiSquared
from ansatz.discovery.report.origin import GIVEN
from ansatz.discovery.report.report import Candidate, ResidualVerdict, Warning
from ansatz.discovery.search.archive import Entry
from ansatz.discovery.tables.errors import chi_squared_of
from ansatz.discovery.tables.extrapolation import Extrapolation
from ansatz.discovery.tables.judge import TableJudge
from ansatz.discovery.tables.prepare import prepare
from ansatz.discovery.tables.question import TableQuestion
from ansatz.discovery.tables.warnings import dimension_warnings, evaluation_warnings


@dataclass(frozen=True)
class Evaluation:
    """Tell how a caller's formula does on a caller's data.

    Attributes:
        candidate: its scores and constants; rank 0.
        residual: whether it leaves only noise; None where too few rows can tell.
        warnings: what a reader must know.
        columns: name in formulas to the caller's column name, where they differ.
        chi_squared: whether it agrees with the standard errors of the target; None where they are not known.
    """

    candidate: Candidate
    residual: ResidualVerdict | None
    warnings: tuple[Warning, ...]
    columns: Mapping[str, str]
    chi_squared: ChiSquared | None = None


@np.errstate(all="ignore")
def evaluate_formula(table: Table, formula: str, refit: bool) -> Evaluation:
    """Score the caller's own formula; with `refit`, its numbers that are no integers are fitted first.

    Raises InvalidInputError where the formula is not of the grammar or uses what is no input.
    """
    tree = table.names.parse(formula, "formula")
    prepared = prepare(TableQuestion(table, Options()), keep_all=True)
    problem = prepared.problem
    fit = fit_constants(tree, problem, None if refit else ())
    noise = prepared.noise
    judge = TableJudge(problem, prepared.caller_weights, noise)
    named = Named(fit, {})
    measure = measure_of_given(named, problem)
    entry = judge.on_all_rows(Entry(named, GIVEN, measure, math.nan, np.empty(0)), refit)
    (candidate,) = judge.candidates([entry], Extrapolation(problem))
    given = Marks(fixed=frozenset(range(len(numbers(entry.formula)))))
    marks = UNMARKED if refit else given
    left = NoiseQuestion(noise.at(problem, entry.formula).problem).of(entry.formula, marks)
    verdict = residual_verdict(left)
    agreement = chi_squared_of(prepared, entry.formula, marks)
    warnings = (
        *prepared.warnings,
        *evaluation_warnings(candidate, left, problem.evaluate(entry.formula)),
        *disagreement_warnings(agreement, table.noise),
        *dimension_warnings([candidate], problem),
    )
    return Evaluation(replace(candidate, rank=0), verdict, warnings, prepared.columns, agreement)
