"""What a system foretells: held-out runs from their beginning, or the end of each run from what came before."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from ansatz.discovery.evidence.accuracy import r_squared
from ansatz.discovery.expression import Array
from ansatz.discovery.trajectories.record import Record
from ansatz.discovery.trajectories.rollout import Rollout
from ansatz.discovery.trajectories.scored import ScoredSystem
from ansatz.discovery.trajectories.shooting import Shooting
from ansatz.discovery.trajectories.system import System


@dataclass(frozen=True)
class _Shares:
    """Say what is foretold from what. Chosen by judgement.

    Attributes:
        learned: share of each run from which its rest is foretold, where no runs are held out.
        first: share of a held-out run to which its initial state is fitted.
        least_samples: of a run from which anything is foretold.
        least_late: samples of a run that are foretold.
    """

    learned: float = 0.75
    first: float = 0.2
    least_samples: int = 5
    least_late: int = 2


_SHARES: Final = _Shares()


class Foretelling:
    """Follow systems where they were not fitted: in runs that are held out, else in the last part of every run."""

    def __init__(self, record: Record, rollout: Rollout, held_out: Record | None, held_states: Array | None) -> None:
        """`held_states` `(n, D)` are a first estimate of the states of the runs `held_out`."""
        self._record, self._rollout = record, rollout
        self._held_out, self._held_states = held_out, held_states

    def errors(self, item: ScoredSystem) -> list[tuple[float, float]] | None:
        """Return root mean squared error and R² of each state where nothing was fitted; None on too few samples."""
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
        pairs = zip(map(math.sqrt, mse), map(math.sqrt, spread), strict=True)
        return [(rmse, r_squared(rmse, size)) for rmse, size in pairs]

    def _held_runs(self, item: ScoredSystem) -> list[tuple[Array, Array]]:
        record, states = self._held_out, self._held_states
        if record is None or states is None:
            return []
        rollout = self._rollout.on(record)
        pieces = []
        for run in record.runs:
            first = max(_SHARES.least_samples, int(_SHARES.first * (run.stop - run.start)))
            start = self._initial(item, record, slice(run.start, min(run.start + first, run.stop)), states)
            found = rollout.follow(item.fit.system, run, start, record.t[run])
            pieces.append((found[:, : len(record.states)], record.x[run]))
        return pieces

    def _initial(self, item: ScoredSystem, record: Record, rows: slice, states: Array) -> Array:
        """Return the initial state by which the system, its constants fixed, fits some samples best."""
        part = cut(record, [rows])
        shooting = Shooting(part, states[rows], _typical(item))
        fit = shooting.fit(System(item.equations, {}))
        start: Array = states[rows.start] if fit is None else fit.states[0]
        return start

    def _late_times(self, item: ScoredSystem) -> list[tuple[Array, Array]]:
        """Fit the constants on the first part of each run; return the rest as foretold and as it was."""
        record, fit = self._record, item.fit
        runs = [(run, run.start + int(_SHARES.learned * (run.stop - run.start))) for run in record.runs]
        least, late = _SHARES.least_samples, _SHARES.least_late
        if any(last - run.start < least or run.stop - last < late for run, last in runs):
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


def cut(record: Record, rows: Sequence[slice]) -> Record:
    """Return the record with some of its samples, each slice a run."""
    index = np.concatenate([np.arange(r.start, r.stop) for r in rows])
    lengths = [r.stop - r.start for r in rows]
    starts = tuple(int(s) for s in np.concatenate([[0], np.cumsum(lengths)[:-1]]))
    v = None if record.v is None else record.v[index]
    errors = None if record.errors is None else record.errors[index]
    return replace(record, t=record.t[index], x=record.x[index], u=record.u[index], starts=starts, v=v, errors=errors)


def _typical(item: ScoredSystem) -> Array:
    """Return the noise of each component, `(1, D)`, NaN where it was not observed."""
    rms = item.fit.rms
    seen = np.isfinite(rms)
    total = np.where(seen, rms, 0.0).sum(axis=0, keepdims=True)
    with np.errstate(invalid="ignore"):
        found: Array = total / np.where(seen.any(axis=0), seen.sum(axis=0), np.nan)
    return found
