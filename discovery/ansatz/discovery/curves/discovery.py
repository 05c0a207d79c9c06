"""From curves to a report: prepare, fit the families, search freely, judge, find."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from ansatz.discovery.budget import Budget
from ansatz.discovery.curves.candidates import candidates
from ansatz.discovery.curves.findings import findings
from ansatz.discovery.curves.free import enter_starts, search_freely
from ansatz.discovery.curves.frontier import frontier_laws
from ansatz.discovery.curves.laws import LAWS, Law
from ansatz.discovery.curves.per_run import Together, laws_of_constants, search_per_run
from ansatz.discovery.curves.prepare import prepare
from ansatz.discovery.curves.question import CurveQuestion
from ansatz.discovery.curves.sample import Sample
from ansatz.discovery.curves.search import Contest
from ansatz.discovery.curves.warm_up import warm_up_end, without
from ansatz.discovery.curves.warnings import curve_warnings, short_runs
from ansatz.discovery.evidence.noise import Answer, NoiseQuestion, Verdict, residual_verdict
from ansatz.discovery.expression import FUNCTIONS, Array, complexity
from ansatz.discovery.listening import Listener
from ansatz.discovery.problem.problem import Problem
from ansatz.discovery.report.curves import CurveFindings
from ansatz.discovery.report.report import Candidate, Findings, Report, ResidualVerdict, Scores
from ansatz.discovery.run import Discovery
from ansatz.discovery.search.outcome import cut


@dataclass(frozen=True)
class _Shares:
    """Say how far a search of curves goes. Chosen by judgement; `python -m bench.curves` holds the figures with them.

    Attributes:
        families: of the time that is left, for the laws of the catalogue.
        free: of the time that is left then, for laws that nobody listed.
        exact: noise, on the scale of errors, below which a law leaves only rounding.
        fewest_rows: a free search needs twice as many.
        clipped: residuals count as at most so many standard deviations when they are tested for structure.
    """

    families: float = 0.5
    free: float = 0.8
    exact: float = 1e-10
    fewest_rows: int = 5
    clipped: float = 4.0


_SHARES: Final = _Shares()


def discover_curves(question: CurveQuestion, listener: Listener, stop_requested: Callable[[], bool]) -> Report:
    """Return ranked laws for the curves' values, with what they show."""
    kind = RunsDiscovery if question.observations.per_run else CurveDiscovery
    return kind(question, listener, stop_requested).run()


class _OfCurves(Discovery):
    """What discoveries of one law for all runs, and of constants for each run, have in common."""

    def __init__(self, question: CurveQuestion, listener: Listener, stop_requested: Callable[[], bool]) -> None:
        super().__init__(question, listener, stop_requested)
        self._options = question.options
        self._prepared = prepare(question.observations, question.inputs)

    def reserve(self) -> float:
        """Return 0: judging asks for what is left of the budget as it goes."""
        return 0.0

    def _laws(self) -> Sequence[Law]:
        """Return the laws of the catalogue that the options allow; all functions, where the caller names none."""
        allowed = set(self._options.functions if "functions" in self._options.given else FUNCTIONS)
        largest = self._options.max_complexity
        return [law for law in LAWS if law.functions <= allowed and complexity(law.formula_tree) <= largest]

    def _findings(
        self,
        ranked: tuple[Candidate, ...],
        sample: Sample,
        found: CurveFindings | None,
        verdict: ResidualVerdict | None = None,
    ) -> Findings:
        spread = float(np.std(sample.y))
        return Findings(
            candidates=ranked,
            residual=verdict,
            noise_relative_std=ranked[0].scores.rmse / spread if ranked and spread > 0 else math.nan,
            warnings=self._prepared.warnings,
            columns=self._prepared.names,
            curves=found,
        )


class CurveDiscovery(_OfCurves):
    """Find one law for all runs of curves."""

    def __init__(self, question: CurveQuestion, listener: Listener, stop_requested: Callable[[], bool]) -> None:
        super().__init__(question, listener, stop_requested)
        self._ansatz, self._start = question.ansatz, question.start
        self._left_out: tuple[int, float | None] = (0, None)

    def search(self, budget: Budget) -> None:
        self.tell.stage("families")
        self._contest = self._families(self._prepared.sample, budget)
        if not _is_noise(self._contest):
            self._without_warm_up(budget)
        if self._searchable(budget):
            self.tell.stage("free")
            search_freely(self._contest, self._options, budget.part(_SHARES.free * budget.remaining))
            self._contest.settle(budget.part())
            if self._contest.cut:
                self.outcome += cut("free")
        if budget.spent and not self.outcome.cut_stages:
            self.outcome += cut(self.tell.at)

    def _families(self, sample: Sample, budget: Budget) -> Contest:
        """Fit the families (and the caller's ansatz) to a sample, and rank them."""
        contest = Contest(sample, self._prepared, self._options.seed, lambda: self._better(contest))
        if self._ansatz is not None:
            contest.enter_ansatz(self._ansatz)
        enter_starts(contest, self._start, self._options)
        contest.enter(self._laws(), budget.part(_SHARES.families * budget.remaining))
        if contest.cut:
            self.outcome += cut("families")
        contest.settle(budget.part())
        self.tell.show(candidates(contest.found, self._prepared.target, intervals=False))
        return contest

    def _without_warm_up(self, budget: Budget) -> None:
        """Leave out the first rows where they are a warm-up: only where no law holds for all rows may they be one."""
        until = warm_up_end(self._prepared, self._options.seed)
        sample, left_out = without(self._prepared.sample, self._prepared.axis, until)
        if until is not None and not budget.spent:
            self._contest, self._left_out = self._families(sample, budget), (left_out, until)

    def _searchable(self, budget: Budget) -> bool:
        """Return whether there is more to search for than rounding, on rows enough."""
        contest = self._contest
        if not contest.found or contest.sample.rows < 2 * _SHARES.fewest_rows or budget.spent:
            return False
        return contest.found[0].fit.noise > _SHARES.exact

    def _better(self, contest: Contest) -> None:
        self.tell.better(lambda: candidates(contest.by_bits, self._prepared.target, intervals=False))

    def judge(self) -> Findings:
        contest, prepared = self._contest, self._prepared
        ranked = candidates(contest.found, prepared.target, intervals=True)
        found = findings(contest, prepared, self._left_out, (), frontier_laws(prepared))
        verdict = residual_verdict(_left(contest))
        self.tell.show(ranked)
        told = self._findings(ranked, contest.sample, found, verdict)
        return replace(told, warnings=(*told.warnings, *curve_warnings(told, contest, prepared)))


class RunsDiscovery(_OfCurves):
    """Find one law for the runs of curves, with constants for each run, and the laws of these constants."""

    def search(self, budget: Budget) -> None:
        self.tell.stage("families")
        self._together = search_per_run(self._prepared, self._laws(), self._options.seed, budget)
        if budget.spent:
            self.outcome += cut("families")

    def judge(self) -> Findings:
        prepared, together = self._prepared, self._together
        ranked = tuple(_per_run_candidate(t, i + 1, prepared.target) for i, t in enumerate(together))
        self.tell.show(ranked)
        if not together:
            return self._findings(ranked, prepared.sample, None)
        laws = laws_of_constants(together[0], prepared)
        contest = Contest(together[0].found.fit.sample, prepared, self._options.seed)
        contest.found = [t.found for t in together]
        found = replace(findings(contest, prepared, (0, None), laws, ()), outliers=(), limit=None, breaks=())
        told = self._findings(ranked, prepared.sample, found)
        warnings = (*short_runs(prepared, together[0].fits), *curve_warnings(told, contest, prepared))
        return replace(told, warnings=(*told.warnings, *warnings))


def _is_noise(contest: Contest) -> bool:
    """Return whether the best law leaves nothing that the rows could show."""
    if not contest.found:
        return True
    return _left(contest).answer is not Answer.STRUCTURE


def _left(contest: Contest) -> Verdict:
    """Return whether what the best law leaves is only noise; residuals of outliers are clipped."""
    fit = contest.found[0].fit
    sample = fit.sample
    X = np.asfortranarray(np.column_stack([_straightened(c) for c in sample.columns.values()]))
    limit = _SHARES.clipped * fit.noise
    residual = np.clip(fit.residuals, -limit, limit)
    prediction = sample.to_scale(fit.values)[0]
    _, slopes = fit.objective.residuals_and_slopes(fit.u[None, :])
    problem = Problem(X, prediction + residual, tuple(sample.columns), frozenset(), 1, 0)
    return NoiseQuestion(problem).of_values(prediction, np.nan_to_num(slopes[0], nan=0.0, posinf=0.0, neginf=0.0))


def _straightened(column: Array) -> Array:
    return np.log(column) if float(column.min()) > 0 else column


def _per_run_candidate(together: Together, rank: int, target: str) -> Candidate:
    (candidate,) = candidates([together.found], target, intervals=False)
    told = together.accuracy
    extrapolation = candidate.scores.extrapolation_rmse
    scores = Scores(told.rmse, told.r2, told.relative_error, together.found.score, extrapolation)
    law = candidate.law
    if law is not None:
        law = replace(law, per_run=together.constants(intervals=rank == 1))
    return replace(candidate, rank=rank, scores=scores, law=law)
