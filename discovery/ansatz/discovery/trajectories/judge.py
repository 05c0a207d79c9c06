"""What the report says of each system, and in which order."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ansatz.discovery.evidence.rank import indistinguishable_bits
from ansatz.discovery.evidence.significance import LEVEL, serial_correlation_about_mean, sidak, upper_tail
from ansatz.discovery.evidence.uncertainty import t_quantile
from ansatz.discovery.expression import Array
from ansatz.discovery.expression.numbers import free_positions, given_numbers, numbers
from ansatz.discovery.report.motion import Conserved, Motion, StateScores
from ansatz.discovery.report.origin import Origin
from ansatz.discovery.report.report import Candidate, Constant, ResidualVerdict, Scores
from ansatz.discovery.trajectories.conserved import conserved
from ansatz.discovery.trajectories.record import Record
from ansatz.discovery.trajectories.rollout import Rollout
from ansatz.discovery.trajectories.scored import LEAST_RMS, ScoredSystem, relative_rms
from ansatz.discovery.trajectories.shooting import Shooting
from ansatz.discovery.trajectories.system import System
from ansatz.discovery.trajectories.terms import shared_terms

_LEARNED = 0.75
_FIRST_FIFTH = 0.2
_LEAST_SAMPLES = 5
_MIN_ROWS = 8
_LEAST_RELATIVE_ERROR = 1e-10


@dataclass(frozen=True, eq=False)
class Judged:
    """A system with the evidence for it."""

    item: ScoredSystem
    motion: Motion

    @property
    def indistinguishable(self) -> float:
        """The bits by which descriptions may differ that the data do not tell apart from this one."""
        return indistinguishable_bits(self.item.rows, self.item.fit.fitted)


class MotionJudge:
    """Follows systems from initial states alone and ranks them."""

    def __init__(self, shooting: Shooting, held_out: Record | None, held_states: Array | None, seed: int) -> None:
        self._shooting, self._record = shooting, shooting.record
        self._held_out, self._held_states, self._seed = held_out, held_states, seed
        states = shooting.states
        low, high = states.min(axis=0), states.max(axis=0)
        self._centre, self._half = (low + high) / 2, np.where(high > low, (high - low) / 2, 1.0)
        self._rollout = Rollout(self._record, self._centre, self._half)

    def judged(self, item: ScoredSystem, with_conserved: bool) -> Judged:
        diverges, after = self._stability(item)
        rmse, r2 = self._fitted_errors(item)
        foretold = self._foretold(item) if not diverges else None
        names = self._record.states
        states = {}
        for j, name in enumerate(names):
            late = (math.nan, math.nan) if foretold is None else foretold[j]
            states[name] = StateScores(float(rmse[j]), float(r2[j]), *late)
        kept = self._conserved(item) if with_conserved else ()
        return Judged(item, Motion(states, diverges, after, self._record.order, kept, shared_terms(item.equations)))

    def _conserved(self, item: ScoredSystem) -> tuple[Conserved, ...]:
        return conserved(item.equations, self._record, item.fit.states, self._shooting.states, self._seed)

    def quick(self, item: ScoredSystem) -> Judged:
        """With the scores of the fit alone."""
        rmse, r2 = self._fitted_errors(item)
        names = self._record.states
        states = {n: StateScores(float(rmse[j]), float(r2[j]), math.nan, math.nan) for j, n in enumerate(names)}
        return Judged(item, Motion(states, False, None, self._record.order))

    def _stability(self, item: ScoredSystem) -> tuple[bool, float | None]:
        """Whether a trajectory leaves within the observed span, and when within twice the span."""
        diverges, after = False, None
        for run in self._record.runs:
            t = self._record.t[run]
            span = float(t[-1] - t[0])
            times = np.concatenate([t, t[-1] + np.linspace(0, span, 50)[1:]])
            z = self._rollout.follow(item.fit.system, run, item.fit.states[run.start], times)
            lost = np.flatnonzero(~np.isfinite(z[:, 0]))
            if lost.size:
                diverges |= bool(lost[0] < t.size)
                gone = float(times[lost[0]] - t[0])
                after = gone if after is None else min(after, gone)
        return diverges, after

    def _fitted_errors(self, item: ScoredSystem) -> tuple[Array, Array]:
        d = len(self._record.states)
        relative = relative_rms(item, self._shooting)[:d]
        scale = self._shooting.scale[:d]
        spread = np.nanstd(self._record.x, axis=0)
        rmse = relative * scale
        with np.errstate(all="ignore"):
            r2: Array = 1.0 - (rmse / spread) ** 2
        return rmse, r2

    def _foretold(self, item: ScoredSystem) -> list[tuple[float, float]] | None:
        """Root mean squared error and R² of each state where nothing was fitted; None where there are too few
        samples."""
        pieces = self._held_runs(item) if self._held_out is not None else self._late_times(item)
        if not pieces:
            return None
        error = np.vstack([found - seen for found, seen in pieces])
        seen = np.isfinite(np.vstack([seen for _, seen in pieces]))
        if not np.all(seen.any(axis=0)):
            return None
        spread = np.nanvar(np.vstack([self._record.x, *(values for _, values in pieces)]), axis=0)
        # Where the trajectory has run away the error is infinite; where the sample is missing there is none.
        square = np.where(seen, np.nan_to_num(error, nan=np.inf) ** 2, 0.0)
        mse = square.sum(axis=0) / seen.sum(axis=0)
        return [(float(np.sqrt(m)), float(1 - m / s) if s > 0 else math.nan) for m, s in zip(mse, spread, strict=True)]

    def _held_runs(self, item: ScoredSystem) -> list[tuple[Array, Array]]:
        record, states = self._held_out, self._held_states
        if record is None or states is None:
            return []
        rollout = Rollout(record, self._centre, self._half)
        pieces = []
        for run in record.runs:
            first = max(_LEAST_SAMPLES, int(_FIRST_FIFTH * (run.stop - run.start)))
            start = self._initial(item, record, slice(run.start, min(run.start + first, run.stop)), states)
            found = rollout.follow(item.fit.system, run, start, record.t[run])
            pieces.append((found[:, : len(record.states)], record.x[run]))
        return pieces

    def _initial(self, item: ScoredSystem, record: Record, rows: slice, states: Array) -> Array:
        """The initial state by which the system, its constants fixed, fits some samples best."""
        part = cut(record, [rows])
        shooting = Shooting(part, states[rows], _typical(item))
        fit = shooting.fit(System(item.equations, {}))
        start: Array = states[rows.start] if fit is None else fit.states[0]
        return start

    def _late_times(self, item: ScoredSystem) -> list[tuple[Array, Array]]:
        """The constants fitted on the first three quarters of each run; the rest foretold."""
        record, fit = self._record, item.fit
        runs = [(run, run.start + int(_LEARNED * (run.stop - run.start))) for run in record.runs]
        if any(last - run.start < _LEAST_SAMPLES or run.stop - last < 2 for run, last in runs):
            return []
        rows = np.concatenate([np.arange(run.start, last) for run, last in runs])
        early = cut(record, [slice(run.start, last) for run, last in runs])
        shooting = Shooting(early, fit.states[rows], np.repeat(_typical(item), len(early.runs), axis=0))
        again = shooting.fit(fit.system)
        if again is None:
            return []
        pieces = []
        for (run, last), part in zip(runs, early.runs, strict=True):
            start = again.states[part.stop - 1]
            found = self._rollout.follow(again.system, run, start, record.t[last - 1 : run.stop])
            pieces.append((found[1:, : len(record.states)], record.x[last : run.stop]))
        return pieces

    def candidates(self, judged: Sequence[Judged]) -> tuple[Candidate, ...]:
        """By rank, from 1."""
        errors = [float(np.nanmean(relative_rms(j.item, self._shooting))) for j in judged]
        sizes = [j.item.complexity for j in judged]
        found = []
        for rank, (one, error, size) in enumerate(zip(judged, errors, sizes, strict=True), start=1):
            beaten = any(s <= size and e < error * (1 - 1e-9) for s, e in zip(sizes, errors, strict=True))
            found.append(self._candidate(rank, one, error, not beaten))
        return tuple(found)

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
        )

    def constants(self, item: ScoredSystem) -> tuple[Constant, ...]:
        """Every number that is no integer, equation by equation, with its 95 % interval about its least-squares
        value."""
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
                    found.append(Constant.given(value, given[k]))
                    continue
                name = item.names[abs(value)].text if abs(value) in item.names else ""
                error = math.nan if slot is None else float(fit.errors[slot.parameter])
                if slot is None or math.isnan(error):
                    found.append(Constant(value, name=name))
                    continue
                centre = slot.sign * float(fit.system.values[slot.parameter])
                error = max(error, _LEAST_RELATIVE_ERROR * abs(value))
                low, high = min(centre - half * error, value), max(centre + half * error, value)
                found.append(Constant(value, error, low, high, f"-{name}" if name and value < 0 else name))
        return tuple(found)

    def verdict(self, item: ScoredSystem) -> ResidualVerdict | None:
        """Whether what the system leaves of the states is only noise: serial correlation of every state in every
        run."""
        if item.exact:
            return ResidualVerdict(True, 1.0)
        p_values = []
        for run in self._record.runs:
            for j in range(len(self._record.states)):
                residual = self._record.x[run, j] - item.fit.states[run, j]
                residual = residual[np.isfinite(residual)]
                small = float(np.sqrt(np.mean(residual**2))) <= 3 * LEAST_RMS * self._shooting.scale[j]
                if residual.size >= _MIN_ROWS and not small:
                    p_values.append(upper_tail(serial_correlation_about_mean(residual / self._shooting.scale[j])))
        if not p_values:
            return None
        p = sidak(min(p_values), len(p_values))
        return ResidualVerdict(p > LEVEL, p)


def ranked(judged: Sequence[Judged]) -> list[Judged]:
    """Systems that diverge where the data do not stand last; of those that the data cannot tell from the shortest
    description the simplest is first, one that stays bounded before one that does not."""
    order = sorted(judged, key=lambda j: (j.motion.diverges, j.item.bits, j.item.complexity))
    if not order:
        return []
    best = order[0]
    limit = best.item.bits + best.indistinguishable
    rivals = [j for j in order if j.motion.diverges == best.motion.diverges and j.item.bits <= limit]
    first = min(rivals, key=lambda j: (j.motion.unstable_after is not None, j.item.complexity, j.item.bits))
    return [first, *(j for j in order if j is not first)]


def cut(record: Record, rows: Sequence[slice]) -> Record:
    """The record with some of its samples, each slice a run."""
    index = np.concatenate([np.arange(r.start, r.stop) for r in rows])
    lengths = [r.stop - r.start for r in rows]
    starts = tuple(int(s) for s in np.concatenate([[0], np.cumsum(lengths)[:-1]]))
    v = None if record.v is None else record.v[index]
    return replace(record, t=record.t[index], x=record.x[index], u=record.u[index], starts=starts, v=v)


def _typical(item: ScoredSystem) -> Array:
    """The noise of each component, (1, D), NaN where it was not observed."""
    rms = item.fit.rms
    seen = np.isfinite(rms)
    total = np.where(seen, rms, 0.0).sum(axis=0, keepdims=True)
    with np.errstate(invalid="ignore"):
        found: Array = total / np.where(seen.any(axis=0), seen.sum(axis=0), np.nan)
    return found
