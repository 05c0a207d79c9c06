"""Discovery on grouped data: structures proposed, fitted to all groups, judged; then the laws of their constants."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from ansatz.discovery.asked.options import Engine, Options
from ansatz.discovery.asked.parameters import Loss
from ansatz.discovery.budget import Budget
from ansatz.discovery.data.table import MIN_ROWS, Groups, Table
from ansatz.discovery.evidence.rank import ranked
from ansatz.discovery.groups.archive import GroupedArchive, GroupedEntry, constant_of_all, freed, verdict
from ansatz.discovery.groups.judge import GroupedJudge
from ansatz.discovery.groups.laws import constant_laws, group_columns
from ansatz.discovery.groups.problem import GroupedProblem
from ansatz.discovery.groups.refinement import GroupedRefinement
from ansatz.discovery.groups.search import GroupedSearch
from ansatz.discovery.listening import Listener, Silent, Teller
from ansatz.discovery.problem.problem import Problem
from ansatz.discovery.report.receipt import options_in_force, versions
from ansatz.discovery.report.report import Candidate, ConstantLaw, Receipt, RefinementStep, Report
from ansatz.discovery.search import evolution
from ansatz.discovery.search.baseline import Baseline
from ansatz.discovery.search.protocol import Searcher
from ansatz.discovery.search.residual.refinement import RefinedFormula
from ansatz.discovery.tables.prepare import data_sha256, prepare
from ansatz.discovery.tables.warnings import dimension_warnings, result_warnings

_SCREEN_ROWS = 10_000
_JUDGING_SHARE = 0.1
_LAWS_SHARE = 0.25
_FITTED = 12
_ALWAYS_PROVED = 3
_LEAST_SECONDS = 0.3

Discover = Callable[[Table, Options, Listener | None, Callable[[], bool]], Report]


class GroupedDiscovery:
    """One discovery on grouped data under way.

    `searchers` makes the searchers for a problem; `discover` finds the laws of the constants.
    """

    def __init__(
        self,
        table: Table,
        options: Options,
        engine: Engine,
        listener: Listener,
        stop_requested: Callable[[], bool],
        *,
        searchers: Callable[[Problem], Sequence[Searcher]],
        discover: Discover,
    ) -> None:
        self._tell = Teller(listener, options.budget_seconds)
        self._table = table
        self._options = options
        self._engine = engine
        self._stop_requested = stop_requested
        self._discover = discover
        self._prepared = prepare(table, options)
        groups = Groups.of(table.column(table.group))
        self._problem = GroupedProblem.of(self._prepared.problem, groups.labels, groups.index)
        weights = self._prepared.caller_weights
        ordered = None if weights is None else weights[np.argsort(groups.index, kind="stable")]
        self._judge = GroupedJudge(self._problem, ordered)
        self._archive = GroupedArchive(self._problem.subsample(_SCREEN_ROWS), self._better)
        # While the search runs, candidates are judged on the rows that the archive fits.
        self._quick_judge = GroupedJudge(self._archive.problem, self._archive.problem.problem.weights)
        in_search = evolution.searcher(engine) if self._prepared.problem.names else None
        self._search = GroupedSearch(searchers, in_search, self._tell.stage)
        self._group_columns = group_columns(table)
        self._cut_stages: list[str] = []

    def run(self) -> Report:
        seconds = self._options.budget_seconds
        laws = _LAWS_SHARE if self._group_columns and self._problem.groups >= MIN_ROWS else 0.0
        budget = Budget(seconds * (1 - _JUDGING_SHARE - laws) - self._tell.elapsed, self._stop_requested)
        # Whatever happens, the constant is there to be reported.
        self._archive.keep(constant_of_all(self._archive.problem), Baseline.name)
        for formula in self._prepared.start:
            if not budget.spent:
                self._archive.propose(freed(formula), "start", budget)
        refined = RefinedFormula((), False)
        if self._prepared.ansatz is not None:
            refinement = GroupedRefinement(self._search, self._archive, self._options.per_group)
            part = budget.part(budget.remaining / 2)
            refined = refinement.run(self._prepared.ansatz, part)
            if part.spent:
                self._cut_stages.append("ansatz")
        # Where the caller's formula explains all there is to explain, rivals could only say the same otherwise.
        if not self._archive.solved and not refined.is_complete:
            self._free_search(budget)
        final = self._proved()
        candidates = self._judge.candidates(final, extrapolate=True)
        self._tell.show(candidates)
        return self._report(final[0], candidates, refined.steps)

    def _free_search(self, budget: Budget) -> None:
        """Structures without an ansatz: half the time to find them, half to fit the most promising to all groups."""
        proposals = self._search.run(self._archive.problem, budget.part(budget.remaining / 2))
        self._tell.stage("groups")
        for proposal in proposals[:_FITTED]:
            if self._archive.solved:
                return
            if budget.spent:
                self._cut_stages.append("groups")
                return
            self._archive.propose(proposal.structure, proposal.found_by, budget)

    def _better(self) -> None:
        self._tell.better(
            lambda: self._quick_judge.candidates(self._quick_judge.shortlist(self._archive.entries), extrapolate=False)
        )

    def _proved(self) -> list[GroupedEntry]:
        """The shortlist fitted on all rows, by rank; the best come first, and a few of them always."""
        self._tell.stage("judge")
        proved: list[GroupedEntry] = []
        for entry in self._judge.shortlist(self._archive.entries):
            if len(proved) >= _ALWAYS_PROVED and self._tell.elapsed > self._options.budget_seconds:
                self._cut_stages.append("judge")
                break
            proved.append(self._judge.on_all_rows(entry))
        return ranked(proved, self._problem.problem.rows)

    def _report(
        self, best: GroupedEntry, candidates: tuple[Candidate, ...], refinement: tuple[RefinementStep, ...]
    ) -> Report:
        problem = self._problem.problem
        left = verdict(best, self._problem)
        warnings = [*self._prepared.warnings, *(w for p in self._search.portfolios for w in p.warnings)]
        warnings += result_warnings(candidates, left, problem.rows, self._engine, self._options)
        warnings += dimension_warnings(candidates, problem)
        laws = self._constant_laws(candidates[0])
        spread = float(np.std(problem.y))
        return Report(
            candidates=candidates,
            residual=left,
            noise_relative_std=candidates[0].scores.rmse / spread if spread > 0 else math.nan,
            warnings=tuple(warnings),
            receipt=self._receipt(),
            columns=self._prepared.columns,
            refinement=refinement,
            elapsed_seconds=self._tell.elapsed,
            first_candidate_seconds=self._tell.first_candidate,
            constant_laws=laws,
        )

    def _constant_laws(self, best: Candidate) -> tuple[ConstantLaw, ...]:
        """Laws of what differs between groups, each in an equal share of the time that is left."""
        if not self._group_columns:
            return ()
        self._tell.stage("constants")
        left = sum(1 for c in best.constants if c.per_group)

        def discover(table: Table) -> Report | None:
            nonlocal left
            share = (self._options.budget_seconds - self._tell.elapsed) / max(left, 1)
            left -= 1
            if share < _LEAST_SECONDS or self._stop_requested():
                self._cut_stages.append("constants")
                return None
            options = replace(
                self._options, engine=Engine.NONE, budget_seconds=share, ansatz="", parameters=(), per_group=(),
                fixed_numbers=False, loss=Loss.SQUARED, start_formulas=(),
            )  # fmt: skip
            report = self._discover(table, options, Silent(), self._stop_requested)
            self._cut_stages.extend(report.receipt.cut_stages)
            return report

        return tuple(constant_laws(best, self._group_columns, discover))

    def _receipt(self) -> Receipt:
        portfolios = self._search.portfolios
        cut = [*(stage for p in portfolios for stage in p.cut_stages), *self._cut_stages]
        return Receipt(
            data_sha256=data_sha256(self._table),
            versions=versions(self._engine),
            options=options_in_force(self._options, self._engine),
            seed=self._options.seed,
            reproducible=not cut and not any(p.engine_took_part for p in portfolios),
            cut_stages=tuple(dict.fromkeys(cut)),
        )
