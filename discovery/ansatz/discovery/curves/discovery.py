"""From curves to a report: prepare, fit the families, search freely, judge, find."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from ansatz.discovery.asked.options import Engine, Options
from ansatz.discovery.budget import Budget
from ansatz.discovery.curves.ansatz import parse_curve_ansatz
from ansatz.discovery.curves.candidates import candidates
from ansatz.discovery.curves.findings import findings
from ansatz.discovery.curves.free import enter_starts, search_freely
from ansatz.discovery.curves.frontier import frontier_laws
from ansatz.discovery.curves.laws import LAWS
from ansatz.discovery.curves.per_run import Together, laws_of_constants, search_per_run
from ansatz.discovery.curves.prepare import prepare
from ansatz.discovery.curves.sample import Sample
from ansatz.discovery.curves.search import Contest
from ansatz.discovery.curves.warm_up import warm_up_end, without
from ansatz.discovery.curves.warnings import curve_warnings, short_runs
from ansatz.discovery.data.curves import Curves
from ansatz.discovery.evidence.residual import structure
from ansatz.discovery.expression import Array
from ansatz.discovery.listening import Listener, Teller
from ansatz.discovery.problem.problem import Problem
from ansatz.discovery.report.receipt import options_in_force, versions
from ansatz.discovery.report.report import Candidate, Receipt, Report, ResidualVerdict, Scores

_FAMILIES_SHARE = 0.5
_FREE_SHARE = 0.8
_EXACT = 1e-10
_FEWEST_ROWS = 5
_CLIPPED = 4.0


def discover_curves(curves: Curves, options: Options, listener: Listener, stop_requested: Callable[[], bool]) -> Report:
    """Ranked laws for the curves' values, with what they show."""
    return _CurveDiscovery(curves, options, listener, stop_requested).run()


class _CurveDiscovery:
    def __init__(
        self, curves: Curves, options: Options, listener: Listener, stop_requested: Callable[[], bool]
    ) -> None:
        self._tell = Teller(listener, options.budget_seconds)
        self._curves, self._options = curves, options
        self._budget = Budget(options.budget_seconds, stop_requested)
        self._prepared = prepare(curves)
        self._ansatz = parse_curve_ansatz(curves, options)
        self._cut: list[str] = []

    def run(self) -> Report:
        if self._curves.per_run:
            return self._run_per_run()
        self._tell.stage("families")
        contest, until, left_out = self._contest(self._prepared.sample), None, 0
        if not _is_noise(contest):
            # Only where no law holds for all rows may the first of them be a warm-up.
            until = warm_up_end(self._prepared, self._options.seed)
            sample, left_out = without(self._prepared.sample, self._prepared.axis, until)
            again = self._contest(sample) if until is not None and not self._budget.spent else contest
            contest, until, left_out = (again, until, left_out) if again is not contest else (contest, None, 0)
        if self._searchable(contest):
            self._tell.stage("free")
            search_freely(contest, self._options, self._budget.part(_FREE_SHARE * self._budget.remaining))
            contest.settle(self._budget.part())
            if contest.cut:
                self._cut.append("free")
        self._tell.stage("judge")
        ranked = candidates(contest.found, self._prepared.target, intervals=True)
        found = findings(contest, self._prepared, (left_out, until), (), frontier_laws(self._prepared))
        verdict = _verdict(contest)
        report = self._report(ranked, verdict, contest.sample)
        report = replace(report, curves=found)
        return replace(report, warnings=(*report.warnings, *curve_warnings(report, contest, self._prepared)))

    def _contest(self, sample: Sample) -> Contest:
        """The families (and the caller's ansatz) fitted to a sample and ranked."""
        contest = Contest(sample, self._prepared, self._options.seed, lambda: self._better(contest))
        if self._ansatz is not None:
            contest.enter_ansatz(self._ansatz)
        enter_starts(contest, self._options)
        contest.enter(LAWS, self._budget.part(_FAMILIES_SHARE * self._budget.remaining))
        if contest.cut:
            self._cut.append("families")
        contest.settle(self._budget.part())
        self._tell.show(candidates(contest.found, self._prepared.target, intervals=False))
        return contest

    def _searchable(self, contest: Contest) -> bool:
        """Whether there is anything to search for beside the families: more than rounding, on rows enough."""
        if not contest.found or contest.sample.rows < 2 * _FEWEST_ROWS or self._budget.spent:
            return False
        return contest.found[0].fit.noise > _EXACT

    def _run_per_run(self) -> Report:
        self._tell.stage("families")
        together = search_per_run(self._prepared, self._options.seed, self._budget)
        self._tell.stage("judge")
        ranked = tuple(_per_run_candidate(t, i + 1, self._prepared.target) for i, t in enumerate(together))
        report = self._report(ranked, None, self._prepared.sample)
        if not together:
            return report
        laws = laws_of_constants(together[0], self._prepared)
        contest = Contest(together[0].found.fit.sample, self._prepared, self._options.seed)
        contest.found = [t.found for t in together]
        found = findings(contest, self._prepared, (0, None), laws, ())
        report = replace(report, curves=replace(found, outliers=(), limit=None, breaks=()))
        told = (*short_runs(self._prepared, together[0].fits), *curve_warnings(report, contest, self._prepared))
        return replace(report, warnings=(*report.warnings, *told))

    def _better(self, contest: Contest) -> None:
        self._tell.better(lambda: candidates(contest.by_bits, self._prepared.target, intervals=False))

    def _report(self, ranked: tuple[Candidate, ...], verdict: ResidualVerdict | None, sample: Sample) -> Report:
        self._tell.show(ranked)
        spread = float(np.std(sample.y))
        return Report(
            candidates=ranked,
            residual=verdict,
            noise_relative_std=ranked[0].scores.rmse / spread if ranked and spread > 0 else math.nan,
            warnings=self._prepared.warnings,
            receipt=Receipt(
                data_sha256=curves_sha256(self._curves),
                versions=versions(Engine.NONE),
                options=options_in_force(self._options, Engine.NONE),
                seed=self._options.seed,
                reproducible=not self._cut and not self._budget.spent,
                cut_stages=tuple(dict.fromkeys(self._cut)),
            ),
            columns=self._prepared.names,
            refinement=(),
            elapsed_seconds=self._tell.elapsed,
            first_candidate_seconds=self._tell.first_candidate,
        )


def _is_noise(contest: Contest) -> bool:
    """Whether the best law leaves nothing that the rows could show."""
    if not contest.found:
        return True
    verdict = _verdict(contest)
    return verdict is None or verdict.is_noise


def _verdict(contest: Contest) -> ResidualVerdict | None:
    """Is what the best law leaves only noise? Residuals beyond four standard deviations count as four."""
    fit = contest.found[0].fit
    sample = fit.sample
    X = np.asfortranarray(np.column_stack([_straightened(c) for c in sample.columns.values()]))
    limit = _CLIPPED * fit.noise
    residual = np.clip(fit.residuals, -limit, limit)
    prediction = sample.to_scale(fit.values)[0]
    problem = Problem(X, prediction + residual, tuple(sample.columns), frozenset(), 1, 0)
    _, slopes = fit.objective.residuals_and_slopes(fit.u[None, :])
    found = structure(prediction, np.nan_to_num(slopes[0], nan=0.0, posinf=0.0, neginf=0.0), problem)
    return None if found is None else ResidualVerdict(found.is_noise, found.p_value, found.missing)


def _straightened(column: Array) -> Array:
    return np.log(column) if float(column.min()) > 0 else column


def _per_run_candidate(together: Together, rank: int, target: str) -> Candidate:
    (candidate,) = candidates([together.found], target, intervals=False)
    scores = Scores(
        together.rmse, together.r2, together.relative_error, together.found.score, candidate.scores.extrapolation_rmse
    )
    law = candidate.law
    if law is not None:
        law = replace(law, per_run=together.constants(intervals=rank == 1))
    return replace(candidate, rank=rank, scores=scores, law=law)


def curves_sha256(curves: Curves) -> str:
    """SHA-256, hexadecimal, of names, roles, values, runs."""
    digest = hashlib.sha256()
    for name in (curves.target, *curves.inputs, curves.std_errors, curves.trials):
        if name:
            values = np.ascontiguousarray(curves.column(name).values, dtype="<f8")
            digest.update(f"{len(name)}:{name}:{values.size}:".encode())
            digest.update(values.data)
    for run in curves.runs:
        digest.update(f"{len(run)}:{run}".encode())
    digest.update(repr((sorted(curves.roles.items()), str(curves.scale), curves.per_run)).encode())
    return digest.hexdigest()
