"""What the report says of each system, and in which order."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from ansatz.discovery.evidence.accuracy import r_squared
from ansatz.discovery.evidence.agreement import chi_squared
from ansatz.discovery.evidence.rank import indistinguishable_bits, pareto_front_by
from ansatz.discovery.evidence.significance import VERDICT, serial_correlation_about_mean, sidak, upper_tail
from ansatz.discovery.evidence.uncertainty import t_quantile
from ansatz.discovery.expression import Array
from ansatz.discovery.expression.node import is_integer
from ansatz.discovery.expression.numbers import free_positions, given_numbers, numbers
from ansatz.discovery.report.chi_squared import ChiSquared
from ansatz.discovery.report.motion import Conserved, Motion, StateScores
from ansatz.discovery.report.origin import Origin
from ansatz.discovery.report.report import Candidate, Constant, ResidualVerdict, Scores
from ansatz.discovery.trajectories.by_equation import ByEquation
from ansatz.discovery.trajectories.conserved import conserved
from ansatz.discovery.trajectories.foretelling import Foretelling
from ansatz.discovery.trajectories.named_constants import correlations, named_constants
from ansatz.discovery.trajectories.record import LEAST_RMS, Record
from ansatz.discovery.trajectories.rollout import Rollout
from ansatz.discovery.trajectories.scored import LIMITS, ScoredSystem, relative_rms
from ansatz.discovery.trajectories.shooting import Shooting
from ansatz.discovery.trajectories.system import System
from ansatz.discovery.trajectories.terms import shared_terms


@dataclass(frozen=True)
class _Limits:
    """Say what counts in a verdict. Chosen by judgement.

    Attributes:
        least_error: relative, that a constant is told to have at least.
        beyond: times at which a trajectory is followed beyond the data, as long as they are.
    """

    least_error: float = 1e-10
    beyond: int = 49


_LIMITS: Final = _Limits()


@dataclass(frozen=True, eq=False)
class Judged:
    """A system with the evidence for it."""

    item: ScoredSystem
    motion: Motion

    @property
    def indistinguishable(self) -> float:
        """Return the bits by which descriptions may differ that the data do not tell apart from this one."""
        return indistinguishable_bits(self.item.rows, self.item.fit.fitted)


class MotionJudge:
    """Follow systems from initial states alone and rank them."""

    def __init__(
        self, shooting: Shooting, by_equation: ByEquation, held_out: Record | None, held_states: Array | None, seed: int
    ) -> None:
        self._by_equation = by_equation
        self._shooting, self._record, self._seed = shooting, shooting.record, seed
        states = shooting.states
        low, high = states.min(axis=0), states.max(axis=0)
        half = np.where(high > low, (high - low) / 2, 1.0)
        self._rollout = Rollout(self._record, (low + high) / 2, half)
        self._foretelling = Foretelling(self._record, self._rollout, held_out, held_states)

    def judged(self, item: ScoredSystem, with_conserved: bool) -> Judged:
        """Return the system with all the evidence for it."""
        if not item.fit.converged:
            shared, states = shared_terms(item.equations), self._scores(item, None)
            return Judged(item, Motion(states, False, None, self._record.order, (), shared, followed=False))
        diverges, after = self._stability(item)
        foretold = self._foretelling.errors(item) if not diverges else None
        states = self._scores(item, foretold)
        kept = self._conserved(item) if with_conserved else ()
        return Judged(item, Motion(states, diverges, after, self._record.order, kept, shared_terms(item.equations)))

    def _conserved(self, item: ScoredSystem) -> tuple[Conserved, ...]:
        return conserved(item.equations, self._record, item.fit.states, self._shooting.states, self._seed)

    def quick(self, item: ScoredSystem) -> Judged:
        """Return the system with the scores of the fit alone."""
        return Judged(item, Motion(self._scores(item, None), False, None, self._record.order))

    def _stability(self, item: ScoredSystem) -> tuple[bool, float | None]:
        """Return whether a trajectory leaves within the observed span, and when within twice the span."""
        diverges, after = False, None
        for run in self._record.runs:
            t = self._record.t[run]
            span = float(t[-1] - t[0])
            times = np.concatenate([t, t[-1] + np.linspace(0, span, _LIMITS.beyond + 1)[1:]])
            z = self._rollout.follow(item.fit.system, run, item.fit.states[run.start], times)
            lost = np.flatnonzero(~np.isfinite(z[:, 0]))
            if lost.size:
                diverges |= bool(lost[0] < t.size)
                gone = float(times[lost[0]] - t[0])
                after = gone if after is None else min(after, gone)
        return diverges, after

    def _scores(self, item: ScoredSystem, foretold: list[tuple[float, float]] | None) -> dict[str, StateScores]:
        """Return the errors of each state where it was fitted, and where it was foretold."""
        names = self._record.states
        relative, scale = relative_rms(item, self._shooting), self._shooting.scale
        spread = np.nanstd(self._record.x, axis=0)
        late = foretold or [(math.nan, math.nan)] * len(names)
        own = self._by_equation.own(item.equations)
        states = {}
        for j, name in enumerate(names):
            rmse = float(relative[j] * scale[j])
            states[name] = StateScores(rmse, r_squared(rmse, float(spread[j])), *late[j], own[j].rmse, own[j].told)
        return states

    def candidates(self, judged: Sequence[Judged]) -> tuple[Candidate, ...]:
        """Return candidates by rank, from 1."""
        errors = {id(j): float(np.nanmean(relative_rms(j.item, self._shooting))) for j in judged}
        front = {id(j) for j in pareto_front_by(judged, lambda j: (j.item.complexity, errors[id(j)]))}
        return tuple(self._candidate(rank, j, errors[id(j)], id(j) in front) for rank, j in enumerate(judged, start=1))

    def _candidate(self, rank: int, one: Judged, error: float, on_front: bool) -> Candidate:
        item = one.item
        states = one.motion.states.values()
        r2 = float(np.mean([s.r2 for s in states]))
        scores = Scores(
            rmse=float(np.sqrt(np.mean([s.rmse**2 for s in states]))),
            r2=r2,
            relative_error=error,
            description_length=item.bits,
            extrapolation_rmse=float(np.sqrt(np.mean([s.rollout_rmse**2 for s in states]))),
        )
        return Candidate(
            rank=rank,
            formula=item.equations[0],
            constants=self.constants(item),
            scores=scores,
            on_pareto_front=on_front,
            origin=Origin.joined(item.origins),
            equations=dict(zip(self._record.states, item.equations, strict=True)),
            motion=one.motion,
            correlations=correlations(item) if item.own is not None else (),
        )

    def constants(self, item: ScoredSystem) -> tuple[Constant, ...]:
        """Return every number that is no integer, equation by equation, with its 95 % interval.

        The interval is about its least-squares value.
        """
        if item.own is not None:
            return named_constants(item, samples=int(self._shooting.counts.sum()))
        fit = item.fit
        if item.names:
            fit = self._shooting.fit(System.of(item.equations), fit) or fit
        samples = int(self._shooting.counts.sum())
        half = t_quantile(samples - fit.fitted)
        found = []
        for i, equation in enumerate(item.equations):
            values, given = numbers(equation), given_numbers(equation)
            for k in sorted({*free_positions(equation), *given}):
                value, slot = float(values[k]), fit.system.slots.get((i, k))
                if k in given:
                    found += [] if is_integer(value) else [Constant.given(value, given[k])]
                    continue
                name = item.names[abs(value)].text if abs(value) in item.names else ""
                error = math.nan if slot is None else float(fit.errors[slot.parameter])
                if slot is None or math.isnan(error):
                    found.append(Constant(value, name=name))
                    continue
                centre = slot.sign * float(fit.system.values[slot.parameter])
                error = max(error, _LIMITS.least_error * abs(value))
                low, high = min(centre - half * error, value), max(centre + half * error, value)
                found.append(Constant(value, error, low, high, f"-{name}" if name and value < 0 else name))
        return tuple(found)

    def agreement(self, item: ScoredSystem) -> ChiSquared | None:
        """Return how a system agrees with the standard errors of the states; None where they are not known."""
        errors = self._record.errors
        if errors is None:
            return None
        residual = self._record.x - item.fit.states[:, : len(self._record.states)]
        seen = np.isfinite(residual)
        return chi_squared(residual[seen], errors[seen], item.fit.fitted)

    def verdict(self, item: ScoredSystem) -> ResidualVerdict | None:
        """Return whether what the system leaves is only noise, by serial correlation of every state in every run."""
        if not item.fit.converged:
            return None
        if item.exact:
            return ResidualVerdict(True, 1.0)
        p_values = []
        for run in self._record.runs:
            for j in range(len(self._record.states)):
                residual = (self._record.x[run, j] - item.fit.states[run, j]) / self._record.relative_errors[run, j]
                residual = residual[np.isfinite(residual)]
                small = float(np.sqrt(np.mean(residual**2))) <= LIMITS.nothing * LEAST_RMS * self._shooting.scale[j]
                if residual.size >= VERDICT.fewest and not small:
                    p_values.append(upper_tail(serial_correlation_about_mean(residual / self._shooting.scale[j])))
        if not p_values:
            return None
        p = sidak(min(p_values), len(p_values))
        return ResidualVerdict(p > VERDICT.level, p)


def ranked(judged: Sequence[Judged]) -> list[Judged]:
    """Return systems by rank; those that diverge where the data do not stand last.

    Of those that the data cannot tell from the shortest description the simplest is first. One that stays bounded
    comes before one that does not. What was not followed along the data comes after all that was.
    """
    order = sorted(judged, key=lambda j: (not j.item.fit.converged, j.motion.diverges, j.item.bits, j.item.complexity))
    if not order:
        return []
    best = order[0]
    limit = best.item.bits + best.indistinguishable
    alike = [j for j in order if j.item.fit.converged == best.item.fit.converged]
    rivals = [j for j in alike if j.motion.diverges == best.motion.diverges and j.item.bits <= limit]
    first = min(rivals, key=lambda j: (j.motion.unstable_after is not None, j.item.complexity, j.item.bits))
    return [first, *(j for j in order if j is not first)]
