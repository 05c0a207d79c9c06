"""An ansatz with states that nobody observed: constants and initial values by least squares on the solution.

No curve goes through a state without samples, so that nothing can be searched for: the caller's equations are all there
is. Starts are drawn at the sizes of rates and states, compared by what their solutions leave, and the best followed.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from ansatz.discovery.budget import Budget
from ansatz.discovery.evidence.accuracy import r_squared
from ansatz.discovery.evidence.description_length import gaussian_bits, joint_bits
from ansatz.discovery.evidence.significance import VERDICT, serial_correlation_about_mean, sidak, upper_tail
from ansatz.discovery.evidence.uncertainty import t_quantile
from ansatz.discovery.expression import Array
from ansatz.discovery.listening import Listener
from ansatz.discovery.report.motion import Motion, StateScores
from ansatz.discovery.report.origin import GIVEN
from ansatz.discovery.report.report import Candidate, Constant, Findings, ResidualVerdict, Scores, Warning
from ansatz.discovery.run import Discovery
from ansatz.discovery.trajectories.named import NamedSystem, is_named
from ansatz.discovery.trajectories.named_constants import correlation_warnings
from ansatz.discovery.trajectories.prepare import uncut
from ansatz.discovery.trajectories.question import MotionQuestion
from ansatz.discovery.trajectories.record import LEAST_RMS
from ansatz.discovery.trajectories.solution import Known, Solutions, Solved
from ansatz.discovery.trajectories.whole import Range, sizes_of


@dataclass(frozen=True)
class _Starts:
    """Say where fits begin. Chosen by judgement on epidemics.

    Attributes:
        drawn: starts that are compared.
        followed: of these that are followed to their optimum, the best first.
        agreeing: that end at the best optimum, after which no more are needed.
        same: share by which sums of squares differ that are the same optimum.
        decades: numbers are drawn within so many of their size, either way.
    """

    drawn: int = 300
    followed: int = 4
    agreeing: int = 2
    same: float = 1e-4
    decades: float = 1.5


_STARTS: Final = _Starts()


class HiddenMotion(Discovery):
    """Fit the caller's equations of an observed motion, some states of which nobody observed."""

    def __init__(self, question: MotionQuestion, listener: Listener, stop_requested: Callable[[], bool]) -> None:
        super().__init__(question, listener, stop_requested)
        assert question.ansatz is not None
        self._trajectories, self._ansatz = question.observations, question.ansatz
        self._record = uncut(question.observations)
        self._seen = np.isfinite(self._record.x)
        self._hidden = ~self._seen.any(axis=0)
        self._ranges = {p.name: Range(p.start, p.lower, p.upper) for p in self._ansatz.parameters}
        self._rng = np.random.default_rng(question.options.seed)
        self._best: Solved | None = None

    def reserve(self) -> float:
        return 0.0

    def search(self, budget: Budget) -> None:
        """Fit from the best of many starts until some agree, or the budget is spent."""
        self.tell.stage("ansatz")
        formulas = [self._ansatz.equations[i] for i in range(len(self._record.states))]
        starts = {name: r.start or 0.0 for name, r in self._ranges.items()}
        own = NamedSystem.of(formulas, starts, range(len(formulas)))
        solutions = Solutions(self._record, self._ranges, Known.free(self._first()), lambda: budget.spent)
        drawn = []
        for _ in range(_STARTS.drawn):
            start, initial = self._drawn(own), self._first()
            drawn.append((solutions.cost(start, initial), start, initial))
            if budget.spent:
                break
        found: list[Solved] = []
        for cost, start, initial in sorted(drawn, key=lambda item: item[0])[: _STARTS.followed]:
            solved = solutions.fit(start, initial) if math.isfinite(cost) else None
            found += [] if solved is None else [solved]
            self._best = min(found, key=self._left, default=None)
            least = math.inf if self._best is None else self._left(self._best)
            if budget.spent or sum(self._left(f) <= least * (1 + _STARTS.same) for f in found) >= _STARTS.agreeing:
                break

    def _left(self, solved: Solved) -> float:
        """Return the sum of squares that a solution leaves, over the spread of the states."""
        spread = np.nanstd(self._record.x[:, ~self._hidden], axis=0)
        rest = (solved.states - self._record.x)[:, ~self._hidden] / np.where(spread > 0, spread, 1.0)
        return float(np.nansum(rest**2))

    def _sizes(self) -> Array:
        record = self._record
        span = float(np.median([record.t[run.stop - 1] - record.t[run.start] for run in record.runs]))
        seen = [float(np.nanmax(np.abs(c))) for c in record.x[:, ~self._hidden].T]
        return sizes_of(span, [size for size in seen if size > 0])

    def _drawn(self, own: NamedSystem) -> NamedSystem:
        sizes = self._sizes()
        drawn = {}
        for name, value in own.values.items():
            within = self._ranges.get(name, Range(value))
            size = float(self._rng.choice(sizes) * 10 ** self._rng.uniform(-_STARTS.decades, _STARTS.decades))
            drawn[name] = min(max(size, within.lower), within.upper) if within.start is None else within.start
        return own.at(drawn)

    def _first(self) -> Array:
        """Return initial values `(runs, d)`: the first samples, and for what nobody saw the sizes of what was seen."""
        record, seen = self._record, ~self._hidden
        size = float(np.nanmax(np.abs(record.x[:, seen])))
        found = np.empty((len(record.runs), seen.size))
        for r, run in enumerate(record.runs):
            for j in range(seen.size):
                values = record.x[run, j][self._seen[run, j]]
                decades = self._rng.uniform(-_STARTS.decades, _STARTS.decades)
                found[r, j] = values[0] if values.size else size * 10**decades
        return found

    def judge(self) -> Findings:
        best = self._best
        columns = self._trajectories.names.renamed
        if best is None:
            text = "No solution of the ansatz reaches the end of the data: give starts (--start) and bounds (--bounds)."
            return Findings(
                candidates=(), residual=None, noise_relative_std=math.nan,
                warnings=(Warning("ANSATZ_NOT_FOLLOWED", text),), columns=columns,
            )  # fmt: skip
        candidate, verdict = self._candidate(best), self._verdict(best)
        self.tell.show((candidate,))
        warnings = correlation_warnings((candidate,))
        loose = [c.parameter for c in candidate.constants if c.std_error is None]
        if loose:
            text = f"The data do not determine {', '.join(loose)} of rank 1: other values fit as well."
            warnings.append(Warning("UNIDENTIFIABLE_CONSTANT", text))
        if verdict is not None and not verdict.is_noise:
            text = "The residual is not only noise: something is missing from the equations."
            warnings.append(Warning("RESIDUAL_HAS_STRUCTURE", text))
        return Findings(
            candidates=(candidate,), residual=verdict, noise_relative_std=candidate.scores.relative_error,
            warnings=tuple(warnings), columns=columns,
        )  # fmt: skip

    def _verdict(self, best: Solved) -> ResidualVerdict | None:
        p_values = []
        for run in self._record.runs:
            for j in np.flatnonzero(~self._hidden):
                rest = (self._record.x[run, j] - best.states[run, j])[self._seen[run, j]]
                if rest.size >= VERDICT.fewest:
                    p_values.append(upper_tail(serial_correlation_about_mean(rest)))
        if not p_values:
            return None
        p = sidak(min(p_values), len(p_values))
        return ResidualVerdict(p > VERDICT.level, p)

    def _candidate(self, best: Solved) -> Candidate:
        record, seen = self._record, ~self._hidden
        rmse = np.sqrt(np.nanmean((best.states - record.x)[:, seen] ** 2, axis=0))
        spread, names = np.nanstd(record.x[:, seen], axis=0), np.array(record.states)[seen]
        scores = {n: StateScores(math.nan, math.nan, math.nan, math.nan) for n in record.states}
        for name, error, size in zip(names, rmse, spread, strict=True):
            scores[str(name)] = StateScores(float(error), r_squared(float(error), float(size)), math.nan, math.nan)
        values = np.concatenate([np.fromiter(best.own.values.values(), float), best.initial.ravel()])
        bits = joint_bits(values, best.size**2 * best.spread.covariance)
        counts = self._seen[:, seen].sum(axis=0)
        bits += sum(
            gaussian_bits(float((e / s) ** 2), int(n), LEAST_RMS) for e, s, n in zip(rmse, spread, counts, strict=True)
        )
        equations = best.own.system().equations
        told = Scores(
            rmse=float(np.sqrt(np.mean(rmse**2))),
            r2=float(np.mean([scores[str(n)].r2 for n in names])),
            relative_error=float(np.mean(rmse / spread)),
            description_length=bits,
            extrapolation_rmse=math.nan,
        )
        return Candidate(
            rank=1, formula=equations[0], constants=self._constants(best), scores=told, on_pareto_front=True,
            origin=GIVEN, correlations=tuple(tuple(map(float, row)) for row in best.spread.correlations),
            equations=dict(zip(record.states, equations, strict=True)),
            motion=Motion(scores, False, None, record.order),
        )  # fmt: skip

    def _constants(self, best: Solved) -> tuple[Constant, ...]:
        """Return the constants of the ansatz, and then the initial values of every run, called S(0)."""
        named = [(name if is_named(name) else "", value) for name, value in best.own.values.items()]
        many = len(self._record.runs) > 1
        for run, row in zip(self._trajectories.slices, best.initial, strict=False):
            of = f" of {run}" if many else ""
            named += [(f"{s}(0){of}", float(v)) for s, v in zip(self._record.states, row, strict=True)]
        errors = best.spread.standard_errors(best.size)
        half = t_quantile(int(self._seen.sum()) - len(named))
        return tuple(
            Constant(value, parameter=name)
            if math.isnan(error)
            else Constant(value, float(error), value - half * float(error), value + half * float(error), parameter=name)
            for (name, value), error in zip(named, errors, strict=True)
        )
