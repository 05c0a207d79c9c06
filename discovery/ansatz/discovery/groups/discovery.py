"""From grouped data to a report: prepare, search structures for all groups, judge, find the laws of their constants."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from ansatz.discovery.asked.options import Engine
from ansatz.discovery.asked.parameters import Loss
from ansatz.discovery.budget import Budget
from ansatz.discovery.data.columns import MIN_ROWS
from ansatz.discovery.data.table import Groups, Table
from ansatz.discovery.evidence.agreement import chi_squared, disagreement_warnings
from ansatz.discovery.evidence.noise import residual_verdict
from ansatz.discovery.evidence.ordinary.claim import Claim
from ansatz.discovery.evidence.rank import UNDECIDED_BITS, ranked_by_score
from ansatz.discovery.expression import variables
from ansatz.discovery.groups.archive import (
    GroupedArchive,
    GroupedEntry,
    constant_of_all,
    constant_of_each,
    freed,
    rescored,
)
from ansatz.discovery.groups.claim import Found, claim
from ansatz.discovery.groups.judge import GroupedJudge
from ansatz.discovery.groups.laws import constant_laws, group_columns
from ansatz.discovery.groups.noise import GroupedNoise
from ansatz.discovery.groups.problem import GroupedProblem
from ansatz.discovery.groups.refinement import GroupedRefinement
from ansatz.discovery.groups.search import GroupedSearch, ProposedStructure
from ansatz.discovery.groups.stopping import Patience
from ansatz.discovery.listening import Listener, Silent
from ansatz.discovery.report.chi_squared import ChiSquared
from ansatz.discovery.report.origin import BASELINE, START
from ansatz.discovery.report.report import Candidate, ConstantLaw, Findings, Report
from ansatz.discovery.run import Discovery
from ansatz.discovery.search import evolution
from ansatz.discovery.search.outcome import cut
from ansatz.discovery.search.residual.refinement import RefinedFormula
from ansatz.discovery.tables.discover_table import discover_table
from ansatz.discovery.tables.prepare import prepare
from ansatz.discovery.tables.question import TableQuestion, read_question
from ansatz.discovery.tables.warnings import dimension_warnings, extrapolation_warnings, result_warnings


@dataclass(frozen=True)
class _Shares:
    """Say how the time is divided. Chosen by judgement.

    Attributes:
        judging: of the budget, kept for judging.
        laws: of the budget, kept for the laws of constants where there can be some.
        least_seconds: for one law of a constant; with less it is not begun.
        screen_rows: rows on which structures are fitted while the search runs.
        fitted: proposals that are fitted to all groups.
        fitted_at_once: proposals that are fitted as soon as one group was searched.
        always_proved: candidates that are fitted on all rows however late it is.
        claimed: candidates that may claim a law.
    """

    judging: float = 0.1
    laws: float = 0.25
    least_seconds: float = 0.3
    screen_rows: int = 10_000
    fitted: int = 12
    fitted_at_once: int = 2
    always_proved: int = 3
    claimed: int = 20


_SHARES: Final = _Shares()


def discover_groups(question: TableQuestion, listener: Listener, stop_requested: Callable[[], bool]) -> Report:
    """Return ranked structures for the target of a table with groups, and the laws of their constants."""
    return GroupedDiscovery(question, listener, stop_requested).run()


class GroupedDiscovery(Discovery):
    """Find one structure for all groups of a table."""

    def __init__(self, question: TableQuestion, listener: Listener, stop_requested: Callable[[], bool]) -> None:
        super().__init__(question, listener, stop_requested)
        table = question.observations
        self._options, self._engine = question.options, question.engine
        self._prepared = prepare(question)
        groups = Groups.of(table.column(table.group))
        self._problem = GroupedProblem.of(self._prepared.problem, groups.labels, groups.index)
        weights, self._order = self._prepared.caller_weights, np.argsort(groups.index, kind="stable")
        ordered = None if weights is None else weights[self._order]
        self._judge = GroupedJudge(self._problem, ordered)
        self._archive = GroupedArchive(self._problem.subsample(_SHARES.screen_rows), self._better)
        # While the search runs, candidates are judged on the rows that the archive fits.
        self._quick_judge = GroupedJudge(self._archive.problem, self._archive.problem.problem.weights)
        engine = evolution.searcher(self._engine) if self._prepared.problem.names else None
        self._search = GroupedSearch(engine, self.tell.stage)
        self._group_columns = group_columns(table)
        self._refined = RefinedFormula()
        self._claim: Claim | None = None
        self._noise = GroupedNoise(self._problem, table.group)
        self._screen_noise = (
            self._noise if self._archive.problem is self._problem else GroupedNoise(self._archive.problem, table.group)
        )

    def reserve(self) -> float:
        laws = _SHARES.laws if self._group_columns and self._problem.groups >= MIN_ROWS else 0.0
        return self._options.budget_seconds * (_SHARES.judging + laws)

    def search(self, budget: Budget) -> None:
        # Whatever happens, the constants are there to be reported.
        for constant in (constant_of_all, constant_of_each):
            self._archive.keep(constant(self._archive.problem), BASELINE)
        for formula in self._prepared.start:
            if not budget.spent:
                self._archive.propose(freed(formula), START, budget)
        if self._prepared.ansatz is not None:
            refinement = GroupedRefinement(self._search, self._archive, self._screen_noise, self._options.per_group)
            part = budget.part(budget.remaining / 2)
            self._refined = refinement.run(self._prepared.ansatz, part)
            self.outcome += self._refined.outcome
            if part.spent:
                self.outcome += cut("ansatz")
        # Where the caller's formula explains all there is to explain, rivals could only say the same otherwise.
        if not self._archive.solved and not self._refined.is_complete:
            self._free_search(budget)

    def _free_search(self, budget: Budget) -> None:
        """Search structures without an ansatz: half the time to find them, half to fit the best to all groups.

        The best of each search are fitted at once: where one leaves noise and lasts, the search ends.
        """
        patience = Patience(self._archive, self._screen_noise)
        fitted: set[int] = set()

        def fit(proposals: Sequence[ProposedStructure]) -> Iterator[bool]:
            """Fit the proposals that were not, and yield whether that was all there is to find."""
            for proposal in proposals:
                if id(proposal) not in fitted and not patience.is_needless(proposal.structure):
                    fitted.add(id(proposal))
                    self._archive.propose(proposal.structure, proposal.origin, budget)
                    yield self._archive.solved

        def enough(proposals: Sequence[ProposedStructure]) -> bool:
            return any(fit(proposals[: _SHARES.fitted_at_once])) or patience.worked()

        proposals, outcome = self._search.run(self._archive.problem, budget.part(budget.remaining / 2), enough)
        self.outcome += outcome
        self.tell.stage("groups")
        if self._archive.solved or patience.ended:
            return
        for solved in fit(proposals[: _SHARES.fitted]):
            if solved or patience.worked():
                return
            if budget.spent:
                self.outcome += cut("groups")
                return

    def _better(self) -> None:
        self.tell.better(
            lambda: self._quick_judge.candidates(self._quick_judge.shortlist(self._archive.entries), extrapolate=False)
        )

    def judge(self) -> Findings:
        problem = self._problem.problem
        final = self._proved()
        candidates = self._judge.candidates(final, extrapolate=True)
        self.tell.show(candidates)
        left = self._noise.of(final[0].fit)
        agreement = self._chi_squared(final[0])
        laws = self._constant_laws(candidates[0])
        spread = float(np.std(problem.y))
        return Findings(
            candidates=candidates,
            residual=residual_verdict(left),
            noise_relative_std=candidates[0].scores.rmse / spread if spread > 0 else math.nan,
            warnings=(
                *self._prepared.warnings,
                *self.outcome.warnings,
                *result_warnings(candidates, left, UNDECIDED_BITS, self._engine, self._options),
                *extrapolation_warnings(candidates, UNDECIDED_BITS, problem.columns, problem.y),
                *disagreement_warnings(agreement),
                *dimension_warnings(candidates, problem),
            ),
            columns=self._prepared.columns,
            refinement=self._refined.steps,
            constant_laws=laws,
            chi_squared=agreement,
        )

    def _chi_squared(self, best: GroupedEntry) -> ChiSquared | None:
        """Return how the best agrees with the caller's standard errors, each group with its own constants."""
        problem, errors = self._problem.problem, self._prepared.std_errors
        if errors is None:
            return None
        prediction = best.fit.structure.predict(best.fit.values, self._problem)
        return chi_squared(prediction - problem.y, errors[self._order], best.fitted)

    def _proved(self) -> list[GroupedEntry]:
        """Fit the shortlist on all rows and rank it; the best come first, and a few of them always."""
        proved: list[GroupedEntry] = []
        for entry in self._judge.shortlist(self._archive.entries):
            if len(proved) >= _SHARES.always_proved and self.overdue():
                self.outcome += cut("judge")
                break
            proved.append(self._judge.on_all_rows(entry))
        order = ranked_by_score(rescored(proved, self._problem))
        left = self._noise.of(order[0].fit)
        if left.independent < 1:
            # Rows that belong together say the same again and again.
            worth = max(int(self._problem.problem.rows * left.independent), 2)
            order = ranked_by_score(rescored(order, self._problem, worth))
        return self._claimed(order)

    def _claimed(self, order: list[GroupedEntry]) -> list[GroupedEntry]:
        """Put the constants first where there is no law, else last."""
        constants = [e for e in order if not variables(e.formula)]
        others = [e for e in order if variables(e.formula)]
        if not constants or not others:
            return order
        found = [Found(e.measure.evidence_constants, e.measure.form_bits, e.prediction) for e in others]
        self._claim = claim(self._problem, found[: _SHARES.claimed])
        return [*others, *constants] if self._claim.is_law else [*constants, *others]

    def _constant_laws(self, best: Candidate) -> tuple[ConstantLaw, ...]:
        """Find the laws of what differs between groups, each in an equal share of the time that is left."""
        if not self._group_columns:
            return ()
        self.tell.stage("constants")
        left = sum(1 for c in best.constants if c.per_group)

        def discover(table: Table) -> Report | None:
            nonlocal left
            share = (self._options.budget_seconds - self.tell.elapsed) / max(left, 1)
            left -= 1
            if share < _SHARES.least_seconds or self._stop_requested():
                self.outcome += cut("constants")
                return None
            options = replace(
                self._options, engine=Engine.NONE, budget_seconds=share, ansatz="", parameters=(), per_group=(),
                fixed_numbers=False, free_numbers=False, loss=Loss.SQUARED, start_formulas=(),
            )  # fmt: skip
            report = discover_table(read_question(table, options), Silent(), self._stop_requested)
            self.outcome += cut(*report.receipt.cut_stages)
            return report

        return tuple(constant_laws(best, self._group_columns, discover))
