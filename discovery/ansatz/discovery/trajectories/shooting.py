"""Constants and initial states of a system by least squares on the observed states.

Multiple shooting in its lifted form (Bock 1981; Albersmeyer & Diehl 2010): the states at all samples are unknowns,
tied by the condition that each interval ends where the next begins. Every interval is integrated on its own, all at
once, and the linearised conditions are eliminated before the least squares (`condensing.py`). At the optimum the states
are one trajectory from the initial state, as in single shooting, but the way there is short also from poor constants.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

import numpy as np

from ansatz.discovery.evidence.spread import Spread
from ansatz.discovery.expression import Array, Node
from ansatz.discovery.trajectories.condensing import Condensing, Point, Step, solve
from ansatz.discovery.trajectories.flow import Intervals
from ansatz.discovery.trajectories.merit import Merit
from ansatz.discovery.trajectories.noise_groups import NoiseGroups
from ansatz.discovery.trajectories.record import Record
from ansatz.discovery.trajectories.runge_kutta import METHODS, Method
from ansatz.discovery.trajectories.system import Compiled, System


@dataclass(frozen=True)
class _Steps:
    """Say how an optimum is approached. Chosen by judgement; `python -m bench.odebench` holds them.

    Attributes:
        most: Gauss-Newton steps.
        shortenings: of a step that is not worth it, before the iteration ends.
        shorter: factor of each shortening.
        small: change of states over their scale, and of constants over their size, that has converged.
        nearly_small: change that has converged where the merit stands still.
        still: relative change of the merit that counts as none.
    """

    most: int = 30
    shortenings: int = 5
    shorter: float = 0.4
    small: float = 1e-9
    nearly_small: float = 1e-4
    still: float = 1e-7


@dataclass(frozen=True)
class _Accuracy:
    """Say how exactly intervals are integrated. Chosen by judgement; `python -m bench.odebench` holds them.

    Attributes:
        nearly_all: share of the intervals that is integrated to `accurate`.
        accurate: error over the noise of nearly all intervals.
        passable: error over the noise of the others, where the motion is fast.
        least_noise: over the scale, that errors are compared with at least.
    """

    nearly_all: float = 0.98
    accurate: float = 0.01
    passable: float = 0.1
    least_noise: float = 1e-9


@dataclass(frozen=True)
class _Result:
    """Say when states are trajectories, and noise has settled. Chosen by judgement.

    Attributes:
        closed: gap over the residual at which intervals meet.
        least_gap: gap over the scale at which they meet in any case.
        open: gap over the scale at which they do not in any case.
        rounds: of estimating the noise from the residual and fitting again.
        changed: factor of the noise below which it has settled.
    """

    closed: float = 1e-3
    least_gap: float = 1e-8
    open: float = 0.05
    rounds: int = 4
    changed: float = 1.5


_STEPS: Final = _Steps()
_ACCURACY: Final = _Accuracy()
_RESULT: Final = _Result()


@dataclass(frozen=True, eq=False)
class SystemFit:
    """A system on trajectories.

    Attributes:
        system: with its constants fitted.
        states: the fitted ones, `(n, D)`.
        rms: the residual of each component in each noise group, `(groups, D)`, NaN where it was not observed.
        errors: standard errors of the parameters, `(p,)`, NaN where the data do not determine one.
        covariance: of the parameters, `(p, p)`, initial states not known; very large where not determined.
        pieces: number of initial states that were fitted.
        converged: whether the states are trajectories.
        method: by which intervals were integrated.
    """

    system: System
    states: Array
    rms: Array
    errors: Array
    covariance: Array
    pieces: int
    converged: bool
    method: Method

    @property
    def fitted(self) -> int:
        """Return how many numbers were fitted: parameters and initial states."""
        return self.system.size + self.pieces * int(self.states.shape[1])


@dataclass(frozen=True, eq=False)
class Linearised:
    """The residual of the observed states around a trajectory, as a linear function of parameters and initial states.

    `residual` `(R,)` and `slopes` `(R, p + pieces·D)` are in units of each component's noise; the first `parameters`
    of the slopes are those of parameters.
    """

    residual: Array
    slopes: Array
    parameters: int


@dataclass(frozen=True, eq=False)
class _Task:
    """What is fitted: the program, the noise of every sample `(n, D)`, how intervals are integrated."""

    compiled: Compiled
    sigma: Array
    method: Method


class Shooting:
    """Fit systems to one record.

    The noise of a component may differ from run to run where every run is long enough to tell.
    """

    def __init__(self, record: Record, states: Array, noise: Array, stop: Callable[[], bool] = lambda: False) -> None:
        """`states` `(n, D)` is a first estimate of the states, `noise` `(runs, D)` of the noise.

        Once `stop` is true, before a step of a fit, there is no result.
        """
        self.stop = stop
        self.record = record
        self.states = states
        self._intervals = Intervals(record)
        self._observed = record.observed
        self._seen = np.isfinite(self._observed)
        scale = np.nanstd(states, axis=0)
        self.scale = np.where(scale > 0, scale, 1.0)
        self._groups = NoiseGroups.of(record, self._seen, self.scale)
        self._noise = self._groups.per_sample(self._groups.of_runs(noise))
        self._condensing = Condensing(record, self._observed, self.scale)

    @property
    def counts(self) -> Array:
        """Return how many values of each component were observed in each group of one noise, `(groups, D)`."""
        return self._groups.counts

    def residual(self, states: Array) -> Array:
        """Return the root mean square of what states `(n, D)` leave of those observed, `(groups, D)`."""
        return self._groups.rms(self._observed - states)

    def fit(self, system: System, near: SystemFit | None = None) -> SystemFit | None:
        """Return the system with its constants at the nearest optimum; None where no trajectory was found.

        Starts from the states of the fit `near`, if given. The noise is estimated anew from the residual until it
        stays.
        """
        if near is not None:
            return self._refined(self._fit(system, near.states, self._groups.per_sample(near.rms)))
        fit = self._fit(system, self.states, self._noise)
        if fit is None or not fit.converged:
            # Where the motion is too fast for its samples, these are nearer to it than any smooth curve.
            fit = self._fit(system, np.where(self._seen, self._observed, self.states), self._noise)
        return self._refined(fit)

    def untied(self, system: System, states: Array, spread: Spread, pieces: int) -> SystemFit:
        """Return a fit whose `states` `(n, D)` are no trajectory, of `pieces` initial states: one in integral form.

        `spread` is that of the parameters for residuals of size 1 over the scale of the states.
        """
        rms = self._groups.rms(self._observed - states)
        size = float(np.sqrt(np.nanmean((rms / self.scale) ** 2)))
        errors, covariance = spread.standard_errors(size), size**2 * spread.covariance
        return SystemFit(system, states, rms, errors, covariance, pieces, False, METHODS[0])

    def _refined(self, fit: SystemFit | None) -> SystemFit | None:
        """Return the fit with the noise estimated anew from its residual until it stays."""
        for _ in range(_RESULT.rounds):
            if fit is None or not fit.converged:
                break
            noise = self._groups.per_sample(fit.rms)
            again = self._fit(fit.system, fit.states, noise)
            if again is None:
                break
            change = np.abs(np.log(self._groups.per_sample(again.rms) / noise))[self._seen]
            fit = again
            if np.all(change < np.log(_RESULT.changed)):
                break
        return fit

    def _fit(self, system: System, states: Array, sigma: Array) -> SystemFit | None:
        task = _Task(system.compiled(self.record), sigma, METHODS[0])
        task = replace(task, method=self._method(task, states, system.values))
        point = self._at(task, np.array(states), np.array(system.values))
        if point is None:
            return None
        converged = False
        for _ in range(_STEPS.most):
            if self.stop():
                return None
            cuts = self._condensing.cuts(point.slopes)
            condensed = self._condensing.condensed(point, cuts)
            solution = solve(*self._condensing.design(condensed, point, sigma))
            step = None if solution is None else self._condensing.step(condensed, solution, point)
            if step is None:
                return None
            moved = self._moved(task, point, step, self._condensing.tied(cuts))
            if moved is None:
                break
            point, change, whole = moved
            small = max(step.states_size(self.scale), step.constants_size(point.constants))
            if whole and (small < _STEPS.small or (change < _STEPS.still and small < _STEPS.nearly_small)):
                converged = True
                break
        return self._result(system, point, task, converged)

    def linearised(self, fit: SystemFit, extra: Sequence[tuple[int, Node]]) -> Linearised | None:
        """Return the residual around a fit; `extra` (equation, term) of coefficient 0 are parameters after its own."""
        task = _Task(fit.system.compiled(self.record, extra), self._groups.per_sample(fit.rms), METHODS[0])
        point = self._at(task, fit.states, np.concatenate([fit.system.values, np.zeros(len(extra))]))
        if point is None:
            return None
        condensed = self._condensing.condensed(point, self._condensing.cuts(point.slopes))
        slopes, residual = self._condensing.design(condensed, point, task.sigma)
        return Linearised(residual, slopes, point.constants.size)

    def _method(self, task: _Task, s: Array, constants: Array) -> Method:
        """Return the cheapest method whose error is far below the noise."""
        starts = s[self.record.intervals].T
        ends = self._intervals.ends(task.compiled, starts, constants, METHODS[0])
        least = np.maximum(task.sigma.min(axis=0), _ACCURACY.least_noise * self.scale)
        for method, finer in pairwise(METHODS):
            better = self._intervals.ends(task.compiled, starts, constants, finer)
            with np.errstate(invalid="ignore"):
                error = np.abs(better - ends)
            # Few intervals may be worse, where the motion is fast, but none so that the noise is felt less.
            typical = np.all(np.quantile(error, _ACCURACY.nearly_all, axis=1) <= _ACCURACY.accurate * least)
            if np.all(np.isfinite(error)) and typical and np.all(error.max(axis=1) <= _ACCURACY.passable * least):
                return method
            ends = better
        return METHODS[-1]

    def _at(self, task: _Task, s: Array, constants: Array) -> Point | None:
        """Return the intervals integrated from states s; None where that leaves float64."""
        starts = np.ascontiguousarray(s[self.record.intervals].T)
        ends, slopes = self._intervals.ends_and_slopes(task.compiled, starts, constants, task.method)
        finite = np.all(np.isfinite(ends)) and np.all(np.isfinite(slopes))
        return Point(s, constants, ends, slopes) if finite else None

    def _merit(self, ends: Array, s: Array, sigma: Array, tied: Array) -> Merit:
        with np.errstate(over="ignore", invalid="ignore"):
            residual = ((self._observed - s) / sigma)[self._seen]
            defect = tied * self._condensing.defects(ends, s) / sigma[self.record.intervals].T
            return Merit(float(residual @ residual), float(np.sum(defect * defect)))

    def _moved(self, task: _Task, point: Point, step: Step, tied: Array) -> tuple[Point, float, bool] | None:
        """Return the point after the longest step of 1, 0.4, … that is worth it; None where none is.

        Beside it stand by how much (relative) the merit changed, and whether the step was whole.
        """
        before = self._merit(point.ends, point.states, task.sigma, tied)
        length = 1.0
        for _ in range(_STEPS.shortenings):
            s, constants = point.states + length * step.states, point.constants + length * step.constants
            ends = self._intervals.ends(task.compiled, s[self.record.intervals].T, constants, task.method)
            if np.all(np.isfinite(ends)):
                after = self._merit(ends, s, task.sigma, tied)
                if after.improves(before) and (new := self._at(task, s, constants)) is not None:
                    return new, abs(after.total - before.total) / max(before.total, 1e-300), length == 1.0
            length *= _STEPS.shorter
        return None

    def _result(self, system: System, point: Point, task: _Task, converged: bool) -> SystemFit:
        s = point.states
        rms = self._groups.rms(self._observed - s)
        cuts = self._condensing.cuts(point.slopes)
        defects = self._condensing.tied(cuts) * self._condensing.defects(point.ends, s)
        gap = float(np.max(np.abs(defects / self.scale[:, None]), initial=0.0))
        condensed = self._condensing.condensed(point, cuts)
        slopes, _ = self._condensing.design(condensed, point, self._groups.per_sample(rms))
        rows, columns = slopes.shape
        size = np.sqrt(rows / max(rows - columns, 1))
        spread, p = Spread.of(slopes), point.constants.size
        errors, covariance = spread.standard_errors(size)[:p], size**2 * spread.covariance[:p, :p]
        closed = gap <= max(_RESULT.closed * float(np.nanmean(rms / self.scale)), _RESULT.least_gap)
        found = system.with_values(point.constants)
        converged = (converged or closed) and gap < _RESULT.open
        return SystemFit(found, s, rms, errors, covariance, len(cuts), converged, task.method)
