"""From observed trajectories to a report: smooth, propose, assemble, judge."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from ansatz.discovery.asked.options import Engine, Options
from ansatz.discovery.budget import Budget
from ansatz.discovery.data.trajectories import Trajectories
from ansatz.discovery.errors import InvalidInputError, Violation
from ansatz.discovery.expression import Node, Number, Variable, call, multiply
from ansatz.discovery.listening import Listener, Teller
from ansatz.discovery.report.receipt import options_in_force, versions
from ansatz.discovery.report.report import Receipt, Report, Warning
from ansatz.discovery.trajectories.ansatz import parse_motion_ansatz
from ansatz.discovery.trajectories.assembly import Assembly
from ansatz.discovery.trajectories.candidates import Candidates
from ansatz.discovery.trajectories.conditional import switching_systems, switching_terms
from ansatz.discovery.trajectories.driving import driving_waves
from ansatz.discovery.trajectories.integral import Smoothed
from ansatz.discovery.trajectories.judge import Judged, MotionJudge, ranked
from ansatz.discovery.trajectories.jumps import laws as jump_laws
from ansatz.discovery.trajectories.library import monomials
from ansatz.discovery.trajectories.prepare import data_sha256, prepare, uncut
from ansatz.discovery.trajectories.refinement import MotionRefinement, RefinedMotion
from ansatz.discovery.trajectories.sampling import sampling_warnings
from ansatz.discovery.trajectories.scored import ScoredSystem, relative_rms
from ansatz.discovery.trajectories.shooting import Shooting
from ansatz.discovery.trajectories.stochastic.answer import Answer, Noise
from ansatz.discovery.trajectories.warnings import result_warnings

MAX_CANDIDATES = 8
_JUDGING_SHARE = 0.15
_ALWAYS_JUDGED = 2
_SPARSE_SHARE = 0.4
_ASSEMBLY_SHARE = 0.8
_SWITCH_SHARE = 0.1
_MOST_CUBIC = 3
_OF_SMOOTH_MOTION = frozenset({"JUMP", "OUTLIERS", "UNDERSAMPLED"})


def validate(trajectories: Trajectories, options: Options) -> None:
    """Check what the observations and options cannot check alone. Raises InvalidInputError."""
    if options.per_group:
        text = "is for tables; a system has the same constants in all runs: leave it out"
        raise InvalidInputError([Violation("options.per_group", text)])
    if options.parameters and not options.ansatz:
        text = "are of an ansatz, and none is given; give options.ansatz, or leave them out"
        raise InvalidInputError([Violation("options.parameters", text)])
    ansatz = parse_motion_ansatz(trajectories, options)
    if ansatz is not None and trajectories.stochastic:
        text = "is not offered where noise drives the motion; leave it out, or trajectories.stochastic"
        raise InvalidInputError([Violation("options.ansatz", text)])


def discover_trajectories(
    trajectories: Trajectories, options: Options, listener: Listener, stop_requested: Callable[[], bool]
) -> Report:
    """Ranked systems of differential equations, with the evidence for each. Raises as `validate` does."""
    validate(trajectories, options)
    return _Search(trajectories, options, listener, stop_requested).run()


class _Search:
    """One search under way."""

    def __init__(
        self, trajectories: Trajectories, options: Options, listener: Listener, stop_requested: Callable[[], bool]
    ) -> None:
        self._tell = Teller(listener, options.budget_seconds)
        self._trajectories, self._options = trajectories, options
        seconds = options.budget_seconds
        self._budget = Budget(seconds * (1 - _JUDGING_SHARE), stop_requested)
        self._prepared = prepare(trajectories)
        self._record = record = self._prepared.learned
        self._smoothed = Smoothed.of(record)
        self._shooting = Shooting(record, self._smoothed.states, self._smoothed.noise)
        held = self._prepared.held_out
        self._judge = MotionJudge(self._shooting, held, Smoothed.of(held).states if held else None, options.seed)
        self._names = [n for n in (*record.components, *record.inputs) if np.ptp(self._smoothed.columns[n]) > 0]
        self._warnings: list[Warning] = list(self._prepared.warnings)
        self._warnings += sampling_warnings(record, self._smoothed.states)
        self._cut: list[str] = []
        self._proposed = [Candidates(self._smoothed, j, options) for j in range(len(record.states))]
        self._ansatz = parse_motion_ansatz(trajectories, options)
        self._refined = RefinedMotion()
        self._noise = Noise(uncut(trajectories), trajectories.stochastic, options.seed)
        positive = frozenset(n for n, v in self._smoothed.columns.items() if np.all(v > 0))
        self._assembly = Assembly(
            self._shooting, [c.form for c in self._proposed], max_complexity=options.max_complexity, positive=positive,
            roots="sqrt" in options.functions, on_better=self._better,
        )  # fmt: skip

    def run(self) -> Report:
        """Search until exact, done, or the budget is spent."""
        self._constant_rates()
        if self._refine():
            return self._report()
        self._baseline()
        if self._trajectories.stochastic:
            return self._report()
        if self._record.order == 2:
            # An oscillator that is driven is plain otherwise, and no law of states alone comes near it.
            self._drive()
        if not self._done():
            self._sparse(self._budget.part(self._budget.remaining * _SPARSE_SHARE))
        self._assemble(self._switch())
        if not self._done() and (waves := self._drive()) and not self._done() and not self._explained():
            self._sparse(self._budget.part(self._budget.remaining * _SPARSE_SHARE), waves)
            self._assemble(waves)
        if not self._done() and not self._explained():
            self._portfolio()
            self._assemble(())
        self._tell.stage("constants")
        self._assembly.settle(self._budget)
        self._note_cut()
        return self._report()

    def _constant_rates(self) -> None:
        """So that something is always there to be reported."""
        self._assembly.propose(self._rates(), ["baseline"] * len(self._record.states))

    def _rates(self) -> list[Node]:
        return [Number(float(r)) for r in np.nanmean(self._smoothed.rates, axis=0)]

    def _refine(self) -> bool:
        """The caller's ansatz, joined with what it misses; whether that leaves only noise, so that rivals could only
        say the same otherwise."""
        if self._ansatz is None:
            return False
        self._tell.stage("ansatz")
        forms = [c.form for c in self._proposed]
        refinement = MotionRefinement(self._ansatz, forms, self._record.states, self._assembly, self._options.seed)
        self._refined = refinement.run(
            self._rates(), self._missing, self._leaves_noise, self._budget.part(self._budget.remaining / 2)
        )
        self._note_cut()
        return bool(self._refined.systems) and self._leaves_noise(self._refined.systems[-1])

    def _missing(self, item: ScoredSystem) -> list[Node]:
        """Terms that the equations of an ansatz may miss."""
        functions = self._options.functions
        terms = self._low_powers()
        if "abs" in functions:
            terms += [multiply(Variable(n), call("abs", Variable(n))) for n in self._names]
        if {"sin", "cos"} <= set(functions):
            for candidates, equation in zip(self._proposed, item.equations, strict=True):
                terms += driving_waves(self._smoothed, candidates.form, equation)
        return terms

    def _low_powers(self) -> list[Node]:
        """Monomials and waves of the states."""
        terms = monomials(self._names, 3 if len(self._names) <= _MOST_CUBIC else 2)
        functions = self._options.functions
        return terms + [call(f, Variable(n)) for f in ("sin", "cos") if f in functions for n in self._names]

    def _leaves_noise(self, item: ScoredSystem) -> bool:
        verdict = self._judge.verdict(item)
        return verdict is not None and verdict.is_noise

    def _baseline(self) -> None:
        """Of several states, polynomial laws."""
        self._tell.stage("polynomial")
        if len(self._record.states) > 1:
            self._assembly.polynomial(self._smoothed, monomials(self._names, 3 if len(self._names) == 2 else 2))

    def _sparse(self, budget: Budget, explicit: Sequence[Node] = ()) -> None:
        self._tell.stage("sparse")
        for j, candidates in enumerate(self._proposed):
            share = budget.part(budget.remaining / (len(self._proposed) - j))
            candidates.sparse(share, self._names, explicit)
            candidates.reduce(share)
            if not candidates.exact:
                candidates.extend(share)
                candidates.reduce(share)
            self._tell.progress()
        if not all(c.exact for c in self._proposed):
            self._note_cut()

    def _assemble(self, explicit: Sequence[Node]) -> None:
        self._tell.stage("assemble")
        self._assembly.run(
            [c.best for c in self._proposed],
            [*self._low_powers(), *explicit],
            self._budget.part(_ASSEMBLY_SHARE * self._budget.remaining),
        )
        self._note_cut()

    def _drive(self) -> list[Node]:
        """Waves in time that explain what no function of the states does, after plain laws with them were tried."""
        best = self._assembly.best
        if best is None or self._explained() or not {"sin", "cos"} <= set(self._options.functions):
            return []
        self._tell.stage("driving")
        waves: list[Node] = []
        for candidates, equation in zip(self._proposed, best.equations, strict=True):
            waves += driving_waves(self._smoothed, candidates.form, equation)
        if waves:
            part = self._budget.part(self._budget.remaining * _SPARSE_SHARE)
            for candidates in self._proposed:
                candidates.driven(part, self._names, waves)
                candidates.reduce(part)
            self._assemble(waves)
        return waves

    def _switch(self) -> list[Node]:
        """Terms that switch at a threshold on a state, where they explain as much as smooth laws, after systems with
        them were tried."""
        if self._done() or self._record.inputs or not {"sign", "abs"} & set(self._options.functions):
            return []
        part = self._budget.part(self._budget.remaining * _SWITCH_SHARE)
        terms = switching_terms(self._smoothed, self._proposed, self._names, part)
        if terms:
            self._tell.stage("threshold")
            for picked in switching_systems(self._proposed):
                self._assembly.propose([p.formula for p in picked], [p.found_by for p in picked])
        return terms

    def _portfolio(self) -> None:
        """The structured searchers, for states whose law is not plain yet."""
        for j, candidates in enumerate(self._proposed):
            if candidates.exact or self._budget.spent:
                continue
            share = self._budget.part(self._budget.remaining / (2 * (len(self._proposed) - j)))
            portfolio = candidates.searched(share, self._names, self._tell.stage)
            self._warnings += portfolio.warnings
            candidates.reduce(share)
        self._note_cut()

    def _explained(self) -> bool:
        """Whether the best system leaves nothing but noise, or noise drives the motion."""
        best = self._assembly.best
        return best is not None and (self._leaves_noise(best) or self._noise.drives(best.bits))

    def _done(self) -> bool:
        best = self._assembly.best
        return self._budget.spent or (best is not None and best.exact)

    def _note_cut(self) -> None:
        if self._budget.spent:
            self._cut.append(self._tell.at)

    def _better(self) -> None:
        self._tell.better(lambda: self._judge.candidates([self._judge.quick(s) for s in self._assembly.shortlist(5)]))

    def _report(self) -> Report:
        self._tell.stage("judge")
        judged = self._judged()
        candidates = tuple(
            self._refined.marked(candidate, one.item)
            for candidate, one in zip(self._judge.candidates(judged), judged, strict=True)
        )
        self._tell.show(candidates)
        best: ScoredSystem | None = judged[0].item if judged else None
        verdict = self._judge.verdict(best) if best else None
        noise = math.nan
        if best is not None:
            noise = float(np.sqrt(np.nanmean(relative_rms(best, self._shooting)[: len(self._record.states)] ** 2)))
        found = Answer(candidates, verdict, noise, tuple(result_warnings(judged, candidates, verdict)))
        if self._trajectories.stochastic or not (verdict is not None and verdict.is_noise):
            self._tell.stage("stochastic")
            found = self._noise.beside(found, self._tell.progress)
        return Report(
            candidates=found.candidates,
            residual=found.verdict,
            noise_relative_std=found.noise,
            warnings=(*self._of_the_data(found), *found.warnings),
            receipt=Receipt(
                data_sha256=data_sha256(self._trajectories),
                versions=versions(Engine.NONE),
                options=options_in_force(self._options, Engine.NONE),
                seed=self._options.seed,
                reproducible=not self._cut,
                cut_stages=tuple(dict.fromkeys(self._cut)),
            ),
            columns=self._prepared.columns,
            refinement=self._refined.steps,
            elapsed_seconds=self._tell.elapsed,
            first_candidate_seconds=self._tell.first_candidate,
            drift=found.drift,
            jumps=() if found.drift else self._prepared.jumps,
            jump_laws=() if found.drift else tuple(jump_laws(self._prepared.jumps)),
        )

    def _of_the_data(self, found: Answer) -> list[Warning]:
        """Warnings on the samples; steps of noise are neither jumps nor too few."""
        return [w for w in self._warnings if found.drift is None or w.code not in _OF_SMOOTH_MOTION]

    def _judged(self) -> list[Judged]:
        """The shortlist by rank; the first few always, the others while there is time."""
        judged: list[Judged] = []
        shortlist = self._assembly.shortlist(MAX_CANDIDATES)
        shortlist = [*self._refined.systems[:1], *(s for s in shortlist if s not in self._refined.systems[:1])]
        for item in shortlist[:MAX_CANDIDATES]:
            bounded = [j for j in judged if not j.motion.diverges]
            if len(bounded) >= _ALWAYS_JUDGED and self._tell.elapsed > self._options.budget_seconds:
                self._cut.append("judge")
                break
            judged.append(self._judge.judged(item, with_conserved=not bounded))
            self._tell.progress()
        return ranked(judged)
