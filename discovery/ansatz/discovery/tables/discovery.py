"""From a table to a report, in one metric: prepare, search, judge."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from ansatz.discovery.budget import Budget
from ansatz.discovery.evidence.agreement import disagreement_warnings
from ansatz.discovery.evidence.noise import NoiseQuestion, Verdict, residual_verdict
from ansatz.discovery.evidence.ordinary.claim import Claim, Tree, claim
from ansatz.discovery.evidence.ordinary.recognise import recognised
from ansatz.discovery.evidence.rank import UNDECIDED_BITS, ranked_by_score
from ansatz.discovery.expression import Number, variables
from ansatz.discovery.listening import Listener
from ansatz.discovery.report.origin import BASELINE, START
from ansatz.discovery.report.report import Candidate, Findings, RefinementStep, ResidualVerdict, Warning
from ansatz.discovery.run import Discovery
from ansatz.discovery.search import evolution, structured
from ansatz.discovery.search.archive import Archive, Entry, rescored
from ansatz.discovery.search.baseline import Baseline
from ansatz.discovery.search.outcome import Outcome, cut, told
from ansatz.discovery.search.parts.search import PartsSearch
from ansatz.discovery.search.portfolio import Portfolio, leaves_noise
from ansatz.discovery.search.residual.refinement import FormulaRefinement
from ansatz.discovery.search.screening import relevant_inputs
from ansatz.discovery.search.searchers import searchers_for
from ansatz.discovery.tables.apart import Rows, with_robust_weights
from ansatz.discovery.tables.errors import chi_squared_of
from ansatz.discovery.tables.extrapolation import Extrapolation
from ansatz.discovery.tables.judge import TableJudge
from ansatz.discovery.tables.metrics import Told, simpler_elsewhere, weight_bits
from ansatz.discovery.tables.prepare import prepare
from ansatz.discovery.tables.question import TableQuestion
from ansatz.discovery.tables.target_space import TargetSpace
from ansatz.discovery.tables.warnings import (
    claim_warnings,
    dimension_warnings,
    extrapolation_warnings,
    form_not_fitted,
    gauge_warnings,
    outlier_warnings,
    result_warnings,
    screening_warnings,
    simpler_metric_warnings,
)
from ansatz.discovery.tables.weighing import usual_searchers, weighed


@dataclass(frozen=True)
class _Shares:
    """Say how the time is divided. Chosen by judgement; `python -m bench.big_table` holds the budget with them.

    Attributes:
        judging: of the budget, kept for judging.
        judging_noise: the same, where the noise depends on the law and each is fitted in rounds.
        judging_seconds_a_row: kept beside that for each row.
        most_judging: of the budget, at most.
        ansatz: of the budget, for the refinement of the caller's formula.
        always_proved: candidates that are fitted on all rows however late it is.
        searches: at most, each without the rows that the one before could not explain.
    """

    judging: float = 0.04
    judging_noise: float = 0.15
    judging_seconds_a_row: float = 2e-5
    most_judging: float = 0.3
    ansatz: float = 0.5
    always_proved: int = 4
    searches: int = 3


_SHARES: Final = _Shares()
_TREES: Final = 20


class TableDiscovery(Discovery):
    """Find formulas for the target of a table, in one metric."""

    def __init__(
        self,
        question: TableQuestion,
        listener: Listener,
        stop_requested: Callable[[], bool],
        apart: tuple[int, ...] | None = None,
    ) -> None:
        """Prepare; `apart` are rows that are set apart whatever the search finds, None where it is to find them."""
        super().__init__(question, listener, stop_requested)
        self._table, self._options, self._engine = question.observations, question.options, question.engine
        prepared, self._far = with_robust_weights(prepare(question))
        self._steps: tuple[RefinementStep, ...] = ()
        self._claim: Claim | None = None
        self._settle(Rows(prepared, apart or (), is_settled=apart is not None))

    def _settle(self, rows: Rows) -> None:
        """Take these rows as those that are searched and judged."""
        self._rows, self._prepared = rows, rows.prepared()
        problem, metric, noise = self._prepared.problem, self._prepared.metric, self._prepared.noise
        target = replace(problem, y=self._prepared.target, weights=self._prepared.caller_weights)
        self._space = None if metric is None else TargetSpace(metric, target, problem)
        self._judge = TableJudge(problem, self._prepared.caller_weights, noise)
        self._archive = Archive(problem, self._better)
        # While the search runs, candidates are judged on the rows that the archive fits.
        self._quick_judge = TableJudge(self._archive.screen, self._archive.screen.weights)
        self._noise = NoiseQuestion(problem)

    @property
    def apart(self) -> tuple[int, ...]:
        """The rows that are set apart, counted from 0."""
        return self._rows.apart

    def reserve(self) -> float:
        seconds = self._options.budget_seconds
        share = _SHARES.judging if self._prepared.noise.is_fixed else _SHARES.judging_noise
        wanted = share * seconds + _SHARES.judging_seconds_a_row * self._prepared.problem.rows
        return min(wanted, _SHARES.most_judging * seconds)

    def search(self, budget: Budget) -> None:
        if not self._prepared.noise.is_fixed:
            self._settle(replace(self._rows, whole=weighed(self._prepared, self._table.noise, budget)))
        if self._prepared.problem.form is not None:
            self._search_parts(budget)
            return
        if (rows := self._rows.before_search()).apart != self._rows.apart:
            self._settle(rows)
        self._search_formulas(budget)
        for _ in range(_SHARES.searches - 1):
            rows = self._rows.after_search(self._archive.entries, leaves_noise(self._archive))
            if not self._search_without(rows, budget):
                break

    def _search_without(self, rows: Rows, budget: Budget) -> bool:
        """Search again where other rows are to be set apart, beginning with what was found; say whether they were."""
        if rows.apart == self._rows.apart:
            return False
        known = self._archive.entries
        self._settle(rows)
        self.outcome = Outcome()
        for entry in known:
            self._archive.propose(entry.formula, entry.origin)
        self._search_formulas(budget)
        return True

    def told(self) -> Told:
        """Return the report, with what compares it to that of another metric."""
        report = self.run()
        exact = report.residual is not None and report.residual.p_value == 1.0
        bits = report.candidates[0].scores.description_length
        return Told(report, bits if exact else bits + weight_bits(self._prepared.problem), exact)

    def _search_formulas(self, budget: Budget) -> None:
        problem, ansatz = self._prepared.problem, self._prepared.ansatz
        self._propose_constant()
        for formula in self._prepared.start:
            self._archive.propose(formula, START)
        searched = problem.inputs_only(relevant_inputs(problem, always=self._inputs_in_use()))
        self.outcome += told(*screening_warnings(problem, searched))
        engine = evolution.searcher(self._engine) if problem.names else None
        first, *others = searchers_for(searched)
        searchers = [first, *usual_searchers(self._table.noise), *others]
        portfolio = Portfolio(searchers, engine, self.tell.stage, structured.followers())
        if ansatz is not None:
            part = budget.part(_SHARES.ansatz * self._options.budget_seconds)
            refined = FormulaRefinement(portfolio).run(ansatz, searched, part, self._archive)
            self._steps = refined.steps
            self.outcome += refined.outcome
            if refined.is_complete:
                # The caller's formula explains all there is to explain: rivals could only say the same otherwise.
                portfolio = replace(portfolio, searchers=[Baseline()], engine=None)
        self.outcome += portfolio.run(searched, budget, self._archive)
        self._archive.admit_deferred(budget)

    def _propose_constant(self) -> None:
        """Whatever happens, the constant is there to be reported."""
        problem = self._prepared.problem
        self._archive.propose(Number(float(np.average(problem.y, weights=problem.weights))), BASELINE)

    def _inputs_in_use(self) -> tuple[str, ...]:
        """Return the inputs of the caller's own formulas, which are searched however little they explain."""
        ansatz = self._prepared.ansatz
        started = (name for formula in self._prepared.start for name in variables(formula))
        return tuple(dict.fromkeys((*(ansatz.inputs if ansatz else ()), *started)))

    def _search_parts(self, budget: Budget) -> None:
        """Search for the unknown parts of the ansatz; every formula is of its form."""
        problem = self._prepared.problem
        # Parts are problems of their own, of which no dimensions are known.
        searchers = searchers_for(replace(problem, form=None, dimensions=None))
        portfolio = Portfolio(searchers, evolution.searcher(self._engine), self.tell.stage, structured.followers())
        for law in self._prepared.start:
            self._archive.propose(law, START)
        search = PartsSearch(portfolio, problem, self._archive)
        self.outcome += search.run(budget)
        self._archive.admit_deferred(budget)
        self.outcome += told(*gauge_warnings(search.gauges))
        if not self._archive.entries:
            self.outcome += told(form_not_fitted())
            self._forget_form()

    def _forget_form(self) -> None:
        """Fall back to the constant, which is there to be reported whatever happens."""
        whole = self._rows.whole
        self._settle(replace(self._rows, whole=replace(whole, problem=replace(whole.problem, form=None))))
        self._propose_constant()

    def _better(self) -> None:
        self.tell.better(self._front)

    def _front(self) -> tuple[Candidate, ...]:
        shortlist = self._quick_judge.shortlist(self._archive.entries)
        return self._in_target_space(self._quick_judge.candidates(shortlist, None))

    def _in_target_space(self, candidates: tuple[Candidate, ...]) -> tuple[Candidate, ...]:
        return candidates if self._space is None else self._space.candidates(candidates)

    def judge(self) -> Findings:
        problem = self._prepared.problem
        final = self._proved()
        measure = None if self._space is None else self._space.outer_rmse
        candidates = self._in_target_space(self._judge.candidates(final, Extrapolation(problem, measure)))
        self.tell.show(candidates)
        best = final[0]
        left = self._left(best)
        verdict = residual_verdict(left)
        agreement = chi_squared_of(self._prepared, best.formula, best.named.fit.marks)
        spread = float(np.std(self._prepared.target))
        return Findings(
            candidates=candidates,
            residual=verdict,
            noise_relative_std=candidates[0].scores.rmse / spread if spread > 0 else math.nan,
            warnings=(*self._warnings(candidates, best, left), *disagreement_warnings(agreement, self._table.noise)),
            columns=self._prepared.columns,
            refinement=self._steps,
            metric=self._options.metric,
            chi_squared=agreement,
        )

    def _warnings(self, candidates: tuple[Candidate, ...], best: Entry, left: Verdict) -> tuple[Warning, ...]:
        problem = self._prepared.problem
        return (
            *self._prepared.warnings,
            *self.outcome.warnings,
            *outlier_warnings(self._far, problem.rows),
            *self._rows.warnings(best),
            *claim_warnings(self._claim, self._rows.kept),
            *result_warnings(candidates, left, UNDECIDED_BITS, self._engine, self._options),
            *extrapolation_warnings(candidates, UNDECIDED_BITS, problem.columns, self._prepared.target),
            *dimension_warnings(candidates, problem),
            *self._simpler_metrics(candidates, residual_verdict(left)),
        )

    def _simpler_metrics(self, candidates: tuple[Candidate, ...], verdict: ResidualVerdict | None) -> list[Warning]:
        """Tell metrics in which the law looks simpler, where that is cheap to know and was not asked."""
        problem = self._prepared.problem
        exact = verdict is None or verdict.p_value == 1.0 or not self._prepared.noise.is_fixed
        if exact or self._space is not None or self._prepared.ansatz is not None or self._stop_requested():
            return []
        bits = candidates[0].scores.description_length + weight_bits(problem)
        return simpler_metric_warnings(list(simpler_elsewhere(problem, bits)))

    def _proved(self) -> list[Entry]:
        """Fit the shortlist on all rows and rank it; the caller's own, the constant and the best come first, and a few
        always."""
        proved: list[Entry] = []
        shortlist = self._judge.shortlist(self._archive.entries)
        for entry in sorted(shortlist, key=lambda e: not (e.origin.is_given or not variables(e.formula))):
            if len(proved) >= _SHARES.always_proved and self.overdue():
                self.outcome += cut("judge")
                break
            proved.append(self._judge.on_all_rows(entry))
        problem, of_mean = self._prepared.problem, self._judge.of_mean()
        order = ranked_by_score(rescored(proved, problem, of_mean=of_mean))
        left = self._left(order[0])
        if left.independent < 1:
            # Rows that belong together say the same again and again.
            worth = max(int(problem.rows * left.independent), 2)
            order = ranked_by_score(rescored(order, problem, worth, of_mean))
        return self._claimed(order)

    def _left(self, entry: Entry) -> Verdict:
        question, noise = self._noise, self._prepared.noise
        if not noise.is_fixed:
            question = NoiseQuestion(noise.at(self._prepared.problem, entry.formula).problem)
        return question.of(entry.formula, entry.named.fit.marks)

    def _claimed(self, order: list[Entry]) -> list[Entry]:
        """Put the constant first where there is no law, else last; the caller's own formula may be a law by itself."""
        constants = [e for e in order if not variables(e.formula)]
        others = [e for e in order if variables(e.formula)]
        if not constants or not others or self._prepared.problem.form is not None:
            return order  # a form has a law, whatever its parts
        screen = self._archive.screen
        trees = [
            Tree(
                e.measure.evidence_constants, e.measure.form_bits, screen.evaluate(e.formula),
                recognised(e.formula) is not None,
            )
            for e in others[:_TREES]
        ]  # fmt: skip
        self._claim = claim(screen, trees)
        return [*others, *constants] if self._claim.is_law else [*constants, *others]
