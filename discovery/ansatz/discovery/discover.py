"""From observations to a report: prepare, search, refine, judge."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from ansatz.discovery.asked.ansatz import parse_ansatz
from ansatz.discovery.asked.metric import AUTO, PLAIN
from ansatz.discovery.asked.options import Engine, Options
from ansatz.discovery.asked.parameters import Loss
from ansatz.discovery.budget import Budget
from ansatz.discovery.curves.ansatz import parse_curve_ansatz
from ansatz.discovery.curves.discovery import discover_curves
from ansatz.discovery.data.curves import Curves
from ansatz.discovery.data.table import Table
from ansatz.discovery.data.trajectories import Trajectories
from ansatz.discovery.evidence.naming import Named
from ansatz.discovery.evidence.rank import ranked
from ansatz.discovery.evidence.residual import residual_verdict
from ansatz.discovery.expression import Number, variables
from ansatz.discovery.expression.numbers import numbers
from ansatz.discovery.fit.constants import fit_constants
from ansatz.discovery.fit.marks import UNMARKED, Marks
from ansatz.discovery.fit.model import AnsatzModel
from ansatz.discovery.fit.robust import robust
from ansatz.discovery.groups.discovery import GroupedDiscovery
from ansatz.discovery.listening import InPart, Listener, Silent, Teller
from ansatz.discovery.problem.problem import Problem
from ansatz.discovery.report.receipt import options_in_force, versions
from ansatz.discovery.report.report import Candidate, Receipt, RefinementStep, Report, ResidualVerdict, Warning
from ansatz.discovery.search import evolution, structured
from ansatz.discovery.search.archive import GIVEN, Archive, Entry
from ansatz.discovery.search.baseline import Baseline
from ansatz.discovery.search.dimensional import with_dimensional
from ansatz.discovery.search.parts.search import PartsSearch
from ansatz.discovery.search.portfolio import Portfolio
from ansatz.discovery.search.protocol import Searcher
from ansatz.discovery.search.residual.refinement import FormulaRefinement
from ansatz.discovery.search.screening import relevant_inputs
from ansatz.discovery.search.sparse import SparseRegression
from ansatz.discovery.tables.extrapolation import Extrapolation
from ansatz.discovery.tables.judge import TableJudge
from ansatz.discovery.tables.metrics import Told, metrics_for, simpler_elsewhere, simplest, weight_bits
from ansatz.discovery.tables.prepare import PreparedTable, data_sha256, parse_metric, prepare
from ansatz.discovery.tables.target_space import TargetSpace
from ansatz.discovery.tables.warnings import (
    dimension_warnings,
    evaluation_warnings,
    form_not_fitted,
    gauge_warnings,
    outlier_warnings,
    result_warnings,
    screening_warnings,
    simpler_metric_warnings,
)
from ansatz.discovery.trajectories.discovery import discover_trajectories
from ansatz.discovery.trajectories.discovery import validate as validate_trajectories

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController

_JUDGING_SHARE = 0.04
_JUDGING_SECONDS_PER_ROW = 2e-5
_MAX_JUDGING_SHARE = 0.3
_ALWAYS_PROVED = 3


@dataclass(frozen=True)
class Evaluation:
    """A caller's formula on a caller's data: its scores and constants (rank 0), what its residual looks like, warnings,
    and name in formulas to the caller's column name, where they differ."""

    candidate: Candidate
    residual: ResidualVerdict | None
    warnings: tuple[Warning, ...]
    columns: Mapping[str, str]


Observations = Table | Trajectories | Curves
"""What a discovery may start from."""


def validate(observations: Observations, options: Options) -> None:
    """Check what `observations` and `options` cannot check alone: formulas and the metric against the columns, the
    engine.

    Takes milliseconds; imports neither scipy nor sympy nor an engine. Raises InvalidInputError, or EngineNotReadyError
    where the engine asked for cannot run here.
    """
    if isinstance(observations, Trajectories):
        validate_trajectories(observations, options)
    elif isinstance(observations, Curves):
        parse_curve_ansatz(observations, options)
    else:
        parse_ansatz(observations, options)
        observations.names.parse_all(options.start_formulas, "options.start_formulas")
        parse_metric(observations, options)
    evolution.resolve(options.engine)


def discover(
    observations: Observations,
    options: Options,
    listener: Listener | None = None,
    stop_requested: Callable[[], bool] = lambda: False,
) -> Report:
    """Ranked formulas for the target of a table or the values of curves, or ranked systems of differential equations
    for trajectories, with the evidence for each.

    Runs on the calling thread and keeps `options.budget_seconds` of wall clock; once `stop_requested()` is true it
    returns what was found until then within a fraction of a second. Raises as `validate` does.
    """
    engine = evolution.resolve(options.engine)
    # The matrices are small: threads of the linear algebra would cost far more than they bring.
    with _thread_pools().limit(limits=1):
        if isinstance(observations, Trajectories):
            return discover_trajectories(observations, options, listener or Silent(), stop_requested)
        if isinstance(observations, Curves):
            return discover_curves(observations, options, listener or Silent(), stop_requested)
        if observations.group:
            return GroupedDiscovery(
                observations,
                options,
                engine,
                listener or Silent(),
                stop_requested,
                searchers=_searchers,
                discover=discover,
            ).run()
        if options.metric == AUTO:
            return _simplest_metric(observations, options, engine, listener or Silent(), stop_requested)
        return _Discovery(observations, options, engine, listener or Silent(), stop_requested).run()


def evaluate_formula(table: Table, formula: str, refit: bool) -> Evaluation:
    """Scores of the caller's own formula; with `refit`, its numbers that are no integers are fitted first.

    Raises InvalidInputError where the formula is not of the grammar or uses what is no input.
    """
    tree = table.names.parse(formula, "formula")
    prepared = prepare(table, Options(ansatz=""), keep_all=True)
    problem = prepared.problem
    fit = fit_constants(tree, problem, None if refit else ())
    judge = TableJudge(problem, prepared.caller_weights)
    entry = judge.on_all_rows(Entry(Named(fit, {}), "ansatz", math.nan, np.empty(0)), refit)
    (candidate,) = judge.candidates([entry], Extrapolation(problem))
    prediction = problem.evaluate(entry.formula)
    given = Marks(fixed=frozenset(range(len(numbers(entry.formula)))))
    verdict = residual_verdict(entry.formula, problem, UNMARKED if refit else given)
    warnings = (*prepared.warnings, *evaluation_warnings(candidate, verdict, prediction))
    warnings += tuple(dimension_warnings([candidate], problem))
    return Evaluation(replace(candidate, rank=0), verdict, warnings, prepared.columns)


def _simplest_metric(
    table: Table, options: Options, engine: Engine, listener: Listener, stop_requested: Callable[[], bool]
) -> Report:
    """A search in each metric that the target allows; the one with the shortest description is reported."""
    started = time.monotonic()
    names = (PLAIN, *(m.name for m in metrics_for(table.column(table.target).values, frozenset(options.functions))))

    def run(name: str, seconds: float, i: int) -> Told:
        part = replace(options, metric=name, budget_seconds=seconds)
        return _Discovery(table, part, engine, InPart(listener, i, len(names)), stop_requested).told()

    report = simplest(names, options.budget_seconds, stop_requested, run)
    listener.front(report.candidates)
    receipt = replace(report.receipt, options=options_in_force(options, engine))
    return replace(report, receipt=receipt, elapsed_seconds=time.monotonic() - started)


def _searchers(problem: Problem) -> list[Searcher]:
    """The built-in searchers for a problem, cheapest first."""
    if not problem.names:
        return [Baseline()]
    first, second, *others = structured.searchers()
    return [Baseline(), *with_dimensional((first, second, SparseRegression(), *others), problem)]


@cache
def _thread_pools() -> ThreadpoolController:
    import scipy.linalg  # noqa: F401 - brings its own linear algebra, which the controller must see
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


def _robust(prepared: PreparedTable) -> tuple[PreparedTable, tuple[int, ...]]:
    """What was prepared with the row weights that the loss of the ansatz asks for, and the rows that are far off it."""
    ansatz, problem = prepared.ansatz, prepared.problem
    if ansatz is None or ansatz.loss is Loss.SQUARED:
        return prepared, ()
    if ansatz.loss is Loss.LOG_HUBER:
        problem = replace(problem, weights=prepared.caller_weights)
    found = robust(AnsatzModel.of(ansatz), problem, ansatz.loss)
    return replace(prepared, problem=found.problem), found.far


class _Discovery:
    """One discovery under way."""

    def __init__(
        self,
        table: Table,
        options: Options,
        engine: Engine,
        listener: Listener,
        stop_requested: Callable[[], bool],
    ) -> None:
        self._tell = Teller(listener, options.budget_seconds)
        self._table = table
        self._options = options
        self._engine = engine
        self._stop_requested = stop_requested
        self._prepared, self._far = _robust(prepare(table, options))
        problem, metric = self._prepared.problem, self._prepared.metric
        target = replace(problem, y=self._prepared.target, weights=self._prepared.caller_weights)
        self._space = None if metric is None else TargetSpace(metric, target, problem)
        self._judge = TableJudge(problem, self._prepared.caller_weights)
        self._archive = Archive(problem, self._better)
        # While the search runs, candidates are judged on the rows that the archive fits.
        self._quick_judge = TableJudge(self._archive.screen, self._archive.screen.weights)

    def run(self) -> Report:
        problem, seconds = self._prepared.problem, self._options.budget_seconds
        reserve = _JUDGING_SHARE * seconds + _JUDGING_SECONDS_PER_ROW * problem.rows
        reserve = min(reserve, _MAX_JUDGING_SHARE * seconds)
        budget = Budget(max(seconds - reserve - self._tell.elapsed, 0.0), self._stop_requested)
        if problem.form is not None:
            return self._run_parts(budget)
        # Whatever happens, the constant is there to be reported.
        self._archive.propose(Number(float(np.average(problem.y, weights=problem.weights))), Baseline.name)
        for formula in self._prepared.start:
            self._archive.propose(formula, "start")
        ansatz = self._prepared.ansatz
        searched = problem.inputs_only(relevant_inputs(problem, always=self._inputs_in_use()))
        searchers = _searchers(searched)
        refinement: tuple[RefinementStep, ...] = ()
        engine = evolution.searcher(self._engine) if problem.names else None
        portfolio = Portfolio(
            searchers, engine, self._tell.stage, structured.followers(), warnings=screening_warnings(problem, searched)
        )
        if ansatz is not None:
            refined = FormulaRefinement(portfolio).run(ansatz, searched, budget.part(seconds / 2), self._archive)
            refinement = refined.steps
            if refined.is_complete:
                # The caller's formula explains all there is to explain: rivals could only say the same otherwise.
                portfolio.searchers, portfolio.engine = [Baseline()], None
        portfolio.run(searched, budget, self._archive)
        self._archive.admit_deferred(budget)
        return self._report(portfolio, refinement)

    def _inputs_in_use(self) -> tuple[str, ...]:
        """Inputs of the caller's own formulas, which are searched however little they explain."""
        ansatz = self._prepared.ansatz
        started = (name for formula in self._prepared.start for name in variables(formula))
        return tuple(dict.fromkeys((*(ansatz.inputs if ansatz else ()), *started)))

    def _run_parts(self, budget: Budget) -> Report:
        """The search for the unknown parts of the ansatz; every formula is of its form."""
        problem = self._prepared.problem
        # Parts are problems of their own, of which no dimensions are known.
        searchers = _searchers(replace(problem, form=None, dimensions=None))
        engine = evolution.searcher(self._engine)
        portfolio = Portfolio(searchers, engine, self._tell.stage, structured.followers())
        for law in self._prepared.start:
            self._archive.propose(law, "start")
        search = PartsSearch(portfolio, problem, self._archive)
        search.run(budget)
        self._archive.admit_deferred(budget)
        portfolio.warnings += gauge_warnings(search.gauges)
        if not self._archive.entries:
            portfolio.warnings.append(form_not_fitted())
            self._forget_form()
        return self._report(portfolio, ())

    def _forget_form(self) -> None:
        """Fall back to the constant, which is there to be reported whatever happens."""
        problem = replace(self._prepared.problem, form=None)
        self._prepared = replace(self._prepared, problem=problem)
        self._judge = TableJudge(problem, self._prepared.caller_weights)
        self._archive = Archive(problem)
        self._archive.propose(Number(float(np.average(problem.y, weights=problem.weights))), Baseline.name)

    def _better(self) -> None:
        self._tell.better(self._front)

    def _front(self) -> tuple[Candidate, ...]:
        shortlist = self._quick_judge.shortlist(self._archive.entries)
        return self._in_target_space(self._quick_judge.candidates(shortlist, None))

    def _in_target_space(self, candidates: tuple[Candidate, ...]) -> tuple[Candidate, ...]:
        return candidates if self._space is None else self._space.candidates(candidates)

    def told(self) -> Told:
        """The report, with what compares it to that of another metric."""
        report = self.run()
        exact = report.residual is not None and report.residual.p_value == 1.0
        bits = report.candidates[0].scores.description_length
        return Told(report, bits if exact else bits + weight_bits(self._prepared.problem), exact)

    def _simpler_metrics(self, candidates: tuple[Candidate, ...], verdict: ResidualVerdict | None) -> list[Warning]:
        """Metrics in which the law looks simpler, where that is cheap to know and was not asked."""
        problem = self._prepared.problem
        exact = verdict is None or verdict.p_value == 1.0
        if exact or self._space is not None or self._prepared.ansatz is not None or self._stop_requested():
            return []
        bits = candidates[0].scores.description_length + weight_bits(problem)
        return simpler_metric_warnings(list(simpler_elsewhere(problem, bits)))

    def _report(self, portfolio: Portfolio, refinement: tuple[RefinementStep, ...]) -> Report:
        self._tell.stage("judge")
        problem = self._prepared.problem
        final = self._proved(portfolio)
        measure = None if self._space is None else self._space.outer_rmse
        candidates = self._in_target_space(self._judge.candidates(final, Extrapolation(problem, measure)))
        self._tell.show(candidates)
        best = final[0]
        verdict = residual_verdict(best.formula, problem, best.named.fit.marks)
        warnings = [*self._prepared.warnings, *portfolio.warnings, *outlier_warnings(self._far, problem.rows)]
        warnings += result_warnings(candidates, verdict, problem.rows, self._engine, self._options)
        warnings += dimension_warnings(candidates, problem)
        warnings += self._simpler_metrics(candidates, verdict)
        spread = float(np.std(self._prepared.target))
        return Report(
            candidates=candidates,
            residual=verdict,
            noise_relative_std=candidates[0].scores.rmse / spread if spread > 0 else math.nan,
            warnings=tuple(warnings),
            receipt=self._receipt(portfolio),
            columns=self._prepared.columns,
            refinement=refinement,
            elapsed_seconds=self._tell.elapsed,
            first_candidate_seconds=self._tell.first_candidate,
            metric=self._options.metric,
        )

    def _proved(self, portfolio: Portfolio) -> list[Entry]:
        """The shortlist fitted on all rows, by rank; the caller's own and the best come first, and a few always."""
        proved: list[Entry] = []
        for entry in sorted(self._judge.shortlist(self._archive.entries), key=lambda e: e.found_by != GIVEN):
            if len(proved) >= _ALWAYS_PROVED and self._tell.elapsed > self._options.budget_seconds:
                portfolio.cut_stages.append("judge")
                break
            proved.append(self._judge.on_all_rows(entry))
        return ranked(proved, self._prepared.problem.rows)

    def _receipt(self, portfolio: Portfolio) -> Receipt:
        return Receipt(
            data_sha256=data_sha256(self._table),
            versions=versions(self._engine),
            options=options_in_force(self._options, self._engine),
            seed=self._options.seed,
            reproducible=not portfolio.cut_stages and not portfolio.engine_took_part,
            cut_stages=tuple(dict.fromkeys(portfolio.cut_stages)),
        )


__all__ = ["Evaluation", "Listener", "discover", "evaluate_formula", "validate"]
