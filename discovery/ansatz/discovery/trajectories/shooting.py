"""Constants and initial states of a system by least squares on the observed states.

Multiple shooting in its lifted form (Bock 1981; Albersmeyer & Diehl 2010): the states at all samples are unknowns,
tied by the condition that each interval ends where the next begins. Every interval is integrated on its own, all at
once, and the linearised conditions are eliminated before the least squares. At the optimum the states are one
trajectory from the initial state, as in single shooting, but the way there is short also from poor constants. Where
the sensitivity to the initial state outgrows what float64 can carry, as in chaos, the run is cut and starts anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from ansatz.discovery.evidence.spread import Spread
from ansatz.discovery.expression import Array, Node
from ansatz.discovery.trajectories.flow import Intervals
from ansatz.discovery.trajectories.record import Record
from ansatz.discovery.trajectories.runge_kutta import METHODS, Method
from ansatz.discovery.trajectories.system import Compiled, System

_ITERATIONS = 30
_SHORTENINGS = 5
_SHORTER = 0.4
_CONVERGED = 1e-9
_PENALTY = 1e3
_DEARER = 100.0
_GROWTH = 1e4
_ACCURATE = 0.01
_PASSABLE = 0.1
LEAST_ERROR = 1e-11
"""Residuals below this share of a state's spread are rounding, of the data or of the integration."""
_MANY = 30
_CLOSED = 1e-3
_LEAST_GAP = 1e-8
_OPEN = 0.05
_ROUNDS = 4
_CHANGED = 1.5


@dataclass(frozen=True)
class Merit:
    """Squares of the residual and of the gaps between intervals, in units of the noise."""

    residual: float
    gap: float

    @property
    def total(self) -> float:
        return self.residual + _PENALTY * self.gap

    def improves(self, before: Merit) -> bool:
        """Whether a step to here is worth it: closing the gaps may cost residual."""
        closes = self.gap < 0.5 * before.gap and self.residual < _DEARER * before.total
        return closes or self.total <= before.total * (1 + 1e-9) + 1e-12


@dataclass(frozen=True, eq=False)
class SystemFit:
    """A system on trajectories.

    `states` (n, D) are the fitted ones; `rms` (groups, D) the residual of each component in each noise group, NaN
    where it was not observed; `errors` (p,) standard errors of the parameters, NaN where the data do not determine
    one; `pieces` is the number of initial states that were fitted; `converged` says whether the states are
    trajectories.
    """

    system: System
    states: Array
    rms: Array
    errors: Array
    pieces: int
    converged: bool
    method: Method


@dataclass(frozen=True, eq=False)
class Linearised:
    """The residual of the observed states around a trajectory, as a linear function of parameters and initial states.

    `residual` (R,), and `slopes` (R, p + pieces·D) in units of each component's noise; `rows` (R, 2) are sample and
    component.
    """

    residual: Array
    slopes: Array
    parameters: int


@dataclass(frozen=True, eq=False)
class _Task:
    """What is fitted: the program, the noise of every sample (n, D), how intervals are integrated."""

    compiled: Compiled
    sigma: Array
    method: Method


@dataclass(frozen=True, eq=False)
class _Point:
    """States (n, D) and constants on the way, with the ends (D, N) of the intervals and their slopes (D, D + p, N)."""

    states: Array
    constants: Array
    ends: Array
    slopes: Array


@dataclass(frozen=True, eq=False)
class _Condensed:
    """`change` (n, D, 1 + p + D): of each state, by closing the gaps, by the constants, by the piece's initial state;
    `cuts` are the pieces."""

    change: Array
    cuts: list[slice]


@dataclass(frozen=True, eq=False)
class _Step:
    """A change of states (n, D) and constants (p,)."""

    states: Array
    constants: Array

    def states_size(self, scale: Array) -> float:
        return float(np.max(np.abs(self.states) / scale))

    def constants_size(self, constants: Array) -> float:
        return float(np.max(np.abs(self.constants) / (np.abs(constants) + 1e-6), initial=0.0))


class Shooting:
    """Fits systems to one record. `states` (n, D) is a first estimate of the states, `noise` (runs, D) of the noise.

    The noise of a component may differ from run to run where every run is long enough to tell; `groups` are the
    slices of samples that share one.
    """

    def __init__(self, record: Record, states: Array, noise: Array) -> None:
        self.record = record
        self.states = states
        self._intervals = Intervals(record)
        self._observed = record.observed
        self.seen = np.isfinite(self._observed)
        scale = np.nanstd(states, axis=0)
        self.scale = np.where(scale > 0, scale, 1.0)
        apart = min(run.stop - run.start for run in record.runs) >= _MANY
        self.groups = record.runs if apart else [slice(0, record.samples)]
        self.noise = self._per_sample(noise if apart else noise.mean(axis=0, keepdims=True))
        counts = np.array([self.seen[g].sum(axis=0) for g in self.groups])
        self.counts = counts

    def _per_sample(self, noise: Array) -> Array:
        """(groups, D) to (n, D), never below rounding."""
        found = np.empty_like(self.states)
        for g, sigma in zip(self.groups, self._completed(noise), strict=True):
            found[g] = np.maximum(sigma, LEAST_ERROR * self.scale)
        return found

    def _completed(self, noise: Array) -> Array:
        """(groups, D), with the others' relative noise for components that were never seen."""
        whole = np.full((noise.shape[0], self.scale.size), np.nan)
        whole[:, : noise.shape[1]] = noise
        with np.errstate(invalid="ignore"):
            relative = whole / self.scale
        known = relative[np.isfinite(relative)]
        typical = float(np.mean(known)) if known.size else 0.0
        completed: Array = np.where(np.isfinite(whole), whole, typical * self.scale)
        return completed

    def fit(self, system: System, near: SystemFit | None = None) -> SystemFit | None:
        """The system with its constants at the nearest optimum; None where no trajectory was found.

        Starts from the states of the fit `near`, if given. The noise is estimated anew from the residual until it
        stays.
        """
        if near is not None:
            return self._refined(self._fit(system, near.states, self._per_sample(near.rms)))
        fit = self._fit(system, self.states, self.noise)
        if fit is None or not fit.converged:
            # Where the motion is too fast for its samples, these are nearer to it than any smooth curve.
            fit = self._fit(system, np.where(self.seen, self._observed, self.states), self.noise)
        return self._refined(fit)

    def _refined(self, fit: SystemFit | None) -> SystemFit | None:
        """The fit with the noise estimated anew from its residual until it stays."""
        for _ in range(_ROUNDS):
            if fit is None or not fit.converged:
                break
            noise = self._per_sample(fit.rms)
            again = self._fit(fit.system, fit.states, noise)
            if again is None:
                break
            change = np.abs(np.log(self._per_sample(again.rms) / noise))[self.seen]
            fit = again
            if np.all(change < np.log(_CHANGED)):
                break
        return fit

    def _fit(self, system: System, states: Array, sigma: Array) -> SystemFit | None:
        task = _Task(system.compiled(self.record), sigma, METHODS[0])
        task = replace(task, method=self._method(task, states, system.values))
        point = self._at(task, np.array(states), np.array(system.values))
        if point is None:
            return None
        converged = False
        for _ in range(_ITERATIONS):
            cuts = self._cuts(point.slopes)
            condensed = self._condensed(point, cuts)
            solution = solve(*self._design(condensed, point, sigma))
            step = None if solution is None else self._step(condensed, solution, point)
            if step is None:
                return None
            moved = self._moved(task, point, step, self._tied(cuts))
            if moved is None:
                break
            point, change, whole = moved
            small = max(step.states_size(self.scale), step.constants_size(point.constants))
            if whole and (small < _CONVERGED or (change < 1e-7 and small < 1e-4)):
                converged = True
                break
        return self._result(system, point, task, converged)

    def linearised(self, fit: SystemFit, extra: Sequence[tuple[int, Node]]) -> Linearised | None:
        """The residual around a fit, with extra terms (equation, term) of coefficient 0 as parameters after its own."""
        task = _Task(fit.system.compiled(self.record, extra), self._per_sample(fit.rms), METHODS[0])
        point = self._at(task, fit.states, np.concatenate([fit.system.values, np.zeros(len(extra))]))
        if point is None:
            return None
        condensed = self._condensed(point, self._cuts(point.slopes))
        slopes, residual = self._design(condensed, point, task.sigma)
        return Linearised(residual, slopes, point.constants.size)

    def _method(self, task: _Task, s: Array, constants: Array) -> Method:
        """The cheapest method whose error is far below the noise."""
        starts = s[self.record.intervals].T
        ends = self._intervals.ends(task.compiled, starts, constants, METHODS[0])
        least = np.maximum(task.sigma.min(axis=0), 1e-9 * self.scale)
        for method, finer in pairwise(METHODS):
            better = self._intervals.ends(task.compiled, starts, constants, finer)
            with np.errstate(invalid="ignore"):
                error = np.abs(better - ends)
            # Few intervals may be worse, where the motion is fast, but none so that the noise is felt less.
            typical = np.all(np.quantile(error, 0.98, axis=1) <= _ACCURATE * least)
            if np.all(np.isfinite(error)) and typical and np.all(error.max(axis=1) <= _PASSABLE * least):
                return method
            ends = better
        return METHODS[-1]

    def _at(self, task: _Task, s: Array, constants: Array) -> _Point | None:
        """The intervals integrated from states s; None where that leaves float64."""
        starts = np.ascontiguousarray(s[self.record.intervals].T)
        ends, slopes = self._intervals.ends_and_slopes(task.compiled, starts, constants, task.method)
        finite = np.all(np.isfinite(ends)) and np.all(np.isfinite(slopes))
        return _Point(s, constants, ends, slopes) if finite else None

    def _defects(self, ends: Array, s: Array) -> Array:
        return ends - s[self.record.intervals + 1].T

    def _tied(self, cuts: list[slice]) -> Array:
        """Which intervals must end where the next begins, as 1 and 0: all but the last of a piece that ends inside a
        run."""
        tied = np.ones(self.record.intervals.size)
        tied[np.isin(self.record.intervals, [cut.stop - 1 for cut in cuts])] = 0.0
        return tied

    def _merit(self, ends: Array, s: Array, sigma: Array, tied: Array) -> Merit:
        with np.errstate(over="ignore", invalid="ignore"):
            residual = ((self._observed - s) / sigma)[self.seen]
            defect = tied * self._defects(ends, s) / sigma[self.record.intervals].T
            return Merit(float(residual @ residual), float(np.sum(defect * defect)))

    def _cuts(self, slopes: Array) -> list[slice]:
        """Pieces of the runs within which the sensitivity to the initial state stays within bounds."""
        pieces = []
        d = slopes.shape[0]
        interval = 0
        for run in self.record.runs:
            start = run.start
            growth = np.eye(d)
            for i in range(run.start, run.stop - 1):
                growth = slopes[:, :d, interval] @ growth
                interval += 1
                if np.max(np.abs(growth) / self.scale[:, None] * self.scale) > _GROWTH and i + 1 < run.stop - 1:
                    pieces.append(slice(start, i + 1))
                    start, growth = i + 1, np.eye(d)
            pieces.append(slice(start, run.stop))
        return pieces

    def _condensed(self, point: _Point, cuts: list[slice]) -> _Condensed:
        """How each state changes with the parameters and with the initial state of its piece, once the gaps close."""
        d, columns, _ = point.slopes.shape
        p, n = columns - d, self.record.samples
        change = np.zeros((n, d, 1 + p + d))
        defects = self._defects(point.ends, point.states)
        position = np.full(n, -1)
        position[self.record.intervals] = np.arange(self.record.intervals.size)
        for cut in cuts:
            current = np.zeros((d, 1 + p + d))
            current[:, 1 + p :] = np.eye(d)
            change[cut.start] = current
            for i in range(cut.start, cut.stop - 1):
                k = position[i]
                following = point.slopes[:, :d, k] @ current
                following[:, 0] += defects[:, k]
                following[:, 1 : 1 + p] += point.slopes[:, d:, k]
                change[i + 1] = current = following
        return _Condensed(change, cuts)

    def _design(self, condensed: _Condensed, point: _Point, sigma: Array) -> tuple[Array, Array]:
        """Slopes (R, p + pieces·D) and residual (R,) of the observed states, in units of the noise."""
        rows, components = np.nonzero(self.seen)
        d, p = self.scale.size, point.constants.size
        weight = 1.0 / sigma[rows, components]
        own = condensed.change[rows, components] * weight[:, None]
        residual = (self._observed - point.states)[rows, components] * weight - own[:, 0]
        design = np.zeros((rows.size, p + len(condensed.cuts) * d))
        design[:, :p] = own[:, 1 : 1 + p]
        piece = np.zeros(self.record.samples, dtype=int)
        for q, cut in enumerate(condensed.cuts):
            piece[cut] = q
        for j in range(d):
            design[np.arange(rows.size), p + piece[rows] * d + j] = own[:, 1 + p + j]
        return design, residual

    def _step(self, condensed: _Condensed, solution: Array, point: _Point) -> _Step | None:
        p, d = point.constants.size, self.scale.size
        ds = np.empty_like(point.states)
        for q, cut in enumerate(condensed.cuts):
            own = np.concatenate([[1.0], solution[:p], solution[p + q * d : p + (q + 1) * d]])
            ds[cut] = condensed.change[cut] @ own
        return _Step(ds, solution[:p]) if np.all(np.isfinite(ds)) else None

    def _moved(self, task: _Task, point: _Point, step: _Step, tied: Array) -> tuple[_Point, float, bool] | None:
        """The point after the longest step of 1, 0.4, … that is worth it, by how much (relative) the merit changed, and
        whether the step was whole."""
        before = self._merit(point.ends, point.states, task.sigma, tied)
        length = 1.0
        for _ in range(_SHORTENINGS):
            s, constants = point.states + length * step.states, point.constants + length * step.constants
            ends = self._intervals.ends(task.compiled, s[self.record.intervals].T, constants, task.method)
            if np.all(np.isfinite(ends)):
                after = self._merit(ends, s, task.sigma, tied)
                if after.improves(before) and (new := self._at(task, s, constants)) is not None:
                    return new, abs(after.total - before.total) / max(before.total, 1e-300), length == 1.0
            length *= _SHORTER
        return None

    def _result(self, system: System, point: _Point, task: _Task, converged: bool) -> SystemFit:
        s = point.states
        residual = self._observed - s
        with np.errstate(invalid="ignore"):
            rms = np.array([np.sqrt(np.nansum(residual[g] ** 2, axis=0)) for g in self.groups])
            rms = rms / np.sqrt(np.where(self.counts > 0, self.counts, np.nan))
        cuts = self._cuts(point.slopes)
        gap = float(np.max(np.abs(self._tied(cuts) * self._defects(point.ends, s) / self.scale[:, None]), initial=0.0))
        slopes, _ = self._design(self._condensed(point, cuts), point, self._per_sample(rms))
        rows, columns = slopes.shape
        size = np.sqrt(rows / max(rows - columns, 1))
        errors = Spread.of(slopes).standard_errors(size)[: point.constants.size]
        closed = gap <= max(_CLOSED * float(np.nanmean(rms / self.scale)), _LEAST_GAP)
        found = system.with_values(point.constants)
        return SystemFit(found, s, rms, errors, len(cuts), (converged or closed) and gap < _OPEN, task.method)


def solve(design: Array, target: Array) -> Array | None:
    """Least squares with columns brought to unit length; directions that the data do not determine stay put."""
    norms = np.linalg.norm(design, axis=0)
    if not np.all(np.isfinite(norms)):
        return None
    norms = np.where(norms > 0, norms, 1.0)
    try:
        solution: Array = np.linalg.lstsq(design / norms, target, rcond=1e-11)[0] / norms
    except np.linalg.LinAlgError:
        return None
    return solution
