"""From observed trajectories to a report: prepare, search, judge."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from ansatz.discovery.budget import Budget
from ansatz.discovery.evidence.agreement import disagreement_warnings
from ansatz.discovery.expression import Node, Number
from ansatz.discovery.listening import Listener
from ansatz.discovery.report.origin import BASELINE
from ansatz.discovery.report.report import Findings, Report, Warning
from ansatz.discovery.run import Discovery
from ansatz.discovery.search.outcome import cut
from ansatz.discovery.trajectories.assembly import Assembly
from ansatz.discovery.trajectories.by_equation import ByEquation
from ansatz.discovery.trajectories.candidates import Candidates
from ansatz.discovery.trajectories.integral import Smoothed
from ansatz.discovery.trajectories.judge import Judged, MotionJudge, ranked
from ansatz.discovery.trajectories.jumps import laws as jump_laws
from ansatz.discovery.trajectories.likely_terms import LikelyTerms
from ansatz.discovery.trajectories.prepare import prepare, uncut
from ansatz.discovery.trajectories.question import MotionQuestion
from ansatz.discovery.trajectories.refinement import MotionRefinement, RefinedMotion
from ansatz.discovery.trajectories.sampling import sampling_warnings
from ansatz.discovery.trajectories.scored import ScoredSystem, relative_rms
from ansatz.discovery.trajectories.search import MotionSearch
from ansatz.discovery.trajectories.shooting import Shooting
from ansatz.discovery.trajectories.stochastic.answer import Answer, Noise
from ansatz.discovery.trajectories.systems import Systems
from ansatz.discovery.trajectories.warnings import ansatz_warnings, result_warnings

_OF_SMOOTH_MOTION: Final = frozenset({"JUMP", "OUTLIERS", "UNDERSAMPLED"})


@dataclass(frozen=True)
class _Shares:
    """Say how the time is divided. Chosen by judgement; `python -m bench.odebench` holds the figures with them.

    Attributes:
        judging: of the budget, kept for judging.
        ansatz: of the search, for the refinement of the caller's equations.
        told: candidates of a better system that was found on the way.
        listed: candidates of the report.
        always_judged: candidates that do not diverge and are judged however late it is.
    """

    judging: float = 0.15
    ansatz: float = 0.5
    told: int = 5
    listed: int = 8
    always_judged: int = 2


_SHARES: Final = _Shares()


def discover_motion(question: MotionQuestion, listener: Listener, stop_requested: Callable[[], bool]) -> Report:
    """Return ranked systems of differential equations, with the evidence for each."""
    return MotionDiscovery(question, listener, stop_requested).run()


class MotionDiscovery(Discovery):
    """Find the equations of an observed motion."""

    def __init__(self, question: MotionQuestion, listener: Listener, stop_requested: Callable[[], bool]) -> None:
        super().__init__(question, listener, stop_requested)
        trajectories, options = question.observations, question.options
        self._options, self._ansatz = options, question.ansatz
        self._stochastic = trajectories.stochastic
        self._prepared = prepare(trajectories)
        self._record = record = self._prepared.learned
        self._smoothed = smoothed = Smoothed.of(record)
        self._searching: Budget | None = None
        self._shooting = Shooting(record, smoothed.states, smoothed.noise, self._is_late)
        self._proposed = [Candidates(smoothed, j, options) for j in range(len(record.states))]
        self._by_equation = ByEquation([c.form for c in self._proposed], self._shooting)
        held = self._prepared.held_out
        held_states = Smoothed.of(held).states if held else None
        self._judge = MotionJudge(self._shooting, self._by_equation, held, held_states, options.seed)
        self._of_the_data = (*self._prepared.warnings, *sampling_warnings(record, smoothed.states))
        self._refined = RefinedMotion()
        self._noise = Noise(uncut(trajectories), trajectories.stochastic, options.seed)
        positive = frozenset(n for n, v in smoothed.columns.items() if np.all(v > 0))
        self._systems = Systems(
            self._shooting, max_complexity=options.max_complexity, positive=positive, roots="sqrt" in options.functions,
            on_better=self._better,
        )  # fmt: skip
        self._assembly = Assembly(self._systems, [c.form for c in self._proposed])

    def reserve(self) -> float:
        return _SHARES.judging * self._options.budget_seconds

    def _is_late(self) -> bool:
        """Return whether the time of the search is over: a fit of it ends in the middle then."""
        return self._searching is not None and self._searching.remaining <= 0

    def search(self, budget: Budget) -> None:
        """Search until exact, done, or the budget is spent."""
        self._searching = budget
        self._search(budget)
        self._searching = None

    def _search(self, budget: Budget) -> None:
        terms = LikelyTerms(self._smoothed, frozenset(self._options.functions))
        # So that something is always there to be reported.
        self._systems.propose(self._rates(), [BASELINE] * len(self._record.states))
        if self._ansatz is not None and self._refine(terms, budget):
            return
        found = MotionSearch(self._smoothed, self._proposed, self._assembly, terms, self.tell, budget, self._explained)
        if self._stochastic:
            found.polynomial()
        else:
            found.run()
        self.outcome += found.outcome

    def _rates(self) -> list[Node]:
        return [Number(float(r)) for r in np.nanmean(self._smoothed.rates, axis=0)]

    def _refine(self, terms: LikelyTerms, budget: Budget) -> bool:
        """Fit the caller's ansatz and join what it misses; return whether that leaves only noise.

        Rivals could only say the same then.
        """
        assert self._ansatz is not None
        self.tell.stage("ansatz")
        forms = [c.form for c in self._proposed]
        refinement = MotionRefinement(self._ansatz, self._smoothed, forms, self._systems, self._options.seed)
        part = budget.part(_SHARES.ansatz * budget.remaining)
        self._refined = refinement.run(self._rates(), lambda item: terms.beside(item, forms), self._leaves_noise, part)
        if budget.spent:
            self.outcome += cut(self.tell.at)
        return self._refined.is_followed and self._leaves_noise(self._refined.systems[-1])

    def _leaves_noise(self, item: ScoredSystem) -> bool:
        verdict = self._judge.verdict(item)
        return verdict is not None and verdict.is_noise

    def _explained(self) -> bool:
        """Return whether the best system leaves nothing but noise, or noise drives the motion."""
        best = self._systems.best
        return best is not None and (self._leaves_noise(best) or self._noise.drives(best.bits))

    def _better(self) -> None:
        self.tell.better(
            lambda: self._judge.candidates([self._judge.quick(s) for s in self._systems.shortlist(_SHARES.told)])
        )

    def judge(self) -> Findings:
        judged = self._judged()
        candidates = self._judge.candidates(judged)
        self.tell.show(candidates)
        best: ScoredSystem | None = judged[0].item if judged else None
        verdict = self._judge.verdict(best) if best else None
        noise = math.nan
        if best is not None:
            noise = float(np.sqrt(np.nanmean(relative_rms(best, self._shooting)[: len(self._record.states)] ** 2)))
        found = Answer(candidates, verdict, noise, tuple(result_warnings(judged, candidates, verdict)))
        if self._stochastic or not (verdict is not None and verdict.is_noise):
            self.tell.stage("stochastic")
            found = self._noise.beside(found, self.tell.progress)
        agreement = self._judge.agreement(best) if best is not None and found.drift is None else None
        return Findings(
            candidates=found.candidates,
            residual=found.verdict,
            noise_relative_std=found.noise,
            warnings=(*self._warnings(found), *found.warnings, *disagreement_warnings(agreement)),
            columns=self._prepared.columns,
            refinement=self._refined.steps,
            chi_squared=agreement,
            drift=found.drift,
            jumps=() if found.drift else self._prepared.jumps,
            jump_laws=() if found.drift else tuple(jump_laws(self._prepared.jumps)),
        )

    def _warnings(self, found: Answer) -> list[Warning]:
        """Return the warnings on samples and search; steps of noise are neither jumps nor too few."""
        told = (*self._of_the_data, *self.outcome.warnings)
        of_ansatz = ansatz_warnings(self._ansatz, self._refined, found.candidates)
        return [*of_ansatz, *(w for w in told if found.drift is None or w.code not in _OF_SMOOTH_MOTION)]

    def _judged(self) -> list[Judged]:
        """Judge the shortlist and rank it; the first few always, the others while there is time."""
        judged: list[Judged] = []
        systems = self._refined.systems
        own = [systems[i] for i in sorted({0, len(systems) - 1})] if systems else []
        known = {self._systems.form(s) for s in own}
        shortlist = [*own, *(s for s in self._systems.shortlist(_SHARES.listed) if self._systems.form(s) not in known)]
        for item in shortlist[: _SHARES.listed]:
            bounded = [j for j in judged if not j.motion.diverges]
            if len(bounded) >= _SHARES.always_judged and self.overdue():
                self.outcome += cut("judge")
                break
            judged.append(self._judge.judged(item, with_conserved=not bounded))
            self.tell.progress()
        return self._with_the_best_of_each(ranked(judged))

    def _with_the_best_of_each(self, judged: list[Judged]) -> list[Judged]:
        """Return ranked systems with that of the best equation of each state, where no trajectory follows it.

        It is first where its equations by themselves clearly explain more, else last; a law that leaves noise stands
        alone.
        """
        best = judged[0].item if judged else None
        picked = [c.best[0] for c in self._proposed if c.best]
        equations = [p.formula for p in picked]
        if (
            self._stochastic
            or len(picked) < len(self._proposed)
            or (best is not None and self._leaves_noise(best))
            or self._systems.follows(equations)
        ):
            return judged
        item = self._by_equation.system(equations, [p.origin for p in picked])
        one = self._judge.judged(item, with_conserved=False)
        first = best is None or self._by_equation.explains_more(equations, best.equations)
        return [one, *judged] if first else [*judged, one]
