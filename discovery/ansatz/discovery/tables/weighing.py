"""Row weights to search with, where the noise depends on the law: those about the best law that is found at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from ansatz.discovery.budget import Budget
from ansatz.discovery.data.noise import TargetNoise
from ansatz.discovery.expression import Node, Number
from ansatz.discovery.fit.many_starts import fit_model
from ansatz.discovery.fit.model import AnsatzModel
from ansatz.discovery.fit.noise import weighted
from ansatz.discovery.problem.problem import Problem
from ansatz.discovery.report.origin import BASELINE, START, Origin
from ansatz.discovery.search.archive import SCREEN_ROWS, Archive
from ansatz.discovery.search.baseline import Baseline
from ansatz.discovery.search.linked import Link, LinkedLines
from ansatz.discovery.search.ordinary import Ordinary
from ansatz.discovery.search.protocol import Emit, Searcher
from ansatz.discovery.tables.judge import TableJudge
from ansatz.discovery.tables.prepare import PreparedTable


@dataclass(frozen=True)
class _Effort:
    """Say how weights are found. Chosen by judgement; tests/discovery/test_noise_models.py holds what comes of it.

    Attributes:
        rounds: the second has weights about a law already.
        share: of the budget for each, at most.
    """

    rounds: int = 2
    share: float = 0.1


_EFFORT: Final = _Effort()
_LINKS: Final = {TargetNoise.POISSON: Link.LOG, TargetNoise.BINOMIAL: Link.LOGIT}


def usual_searchers(noise: TargetNoise) -> tuple[Searcher, ...]:
    """Return what searches for the laws that are usual of counts or shares."""
    return (LinkedLines(_LINKS[noise]),) if noise in _LINKS else ()


def weighed(prepared: PreparedTable, noise: TargetNoise, budget: Budget) -> PreparedTable:
    """Return what was prepared with row weights about a law, where the noise depends on it.

    Ordinary laws are near enough; the caller's own, and those to start from, are among them.
    """
    if prepared.noise.is_fixed:
        return prepared
    # Of a form with unknown parts no law is known at once: any of the target will do.
    problem = replace(prepared.problem, form=None)
    rows = problem.sampled(SCREEN_ROWS)
    sampled = prepared.noise.rows_only(rows)
    for _ in range(_EFFORT.rounds):
        small = problem.rows_only(rows)
        archive = _quick(small, prepared, usual_searchers(noise), budget.part(_EFFORT.share * budget.seconds))
        judge = TableJudge(small, None, sampled)
        best = judge.on_all_rows(judge.likeliest(archive.entries))
        problem = weighted(problem, prepared.noise.at(problem, best.formula))
    return replace(prepared, problem=weighted(prepared.problem, prepared.noise.at(problem, best.formula)))


def _quick(problem: Problem, prepared: PreparedTable, usual: Sequence[Searcher], budget: Budget) -> Archive:
    """Return an archive of what costs little to find."""
    archive = Archive(problem)
    archive.propose(Number(float(np.average(problem.y, weights=problem.weights))), BASELINE)
    if prepared.problem.form is None:
        for formula in prepared.start:
            archive.propose(formula, START)
        if prepared.ansatz is not None:
            archive.propose(fit_model(AnsatzModel.of(prepared.ansatz), problem).numeric, START)
    for searcher in (Baseline(), *usual, Ordinary()) if problem.names else ():
        searcher.search(problem, budget, _into(archive, Origin.named(searcher.name)))
    return archive


def _into(archive: Archive, origin: Origin) -> Emit:
    def emit(formula: Node) -> None:
        archive.propose(formula, origin)

    return emit
