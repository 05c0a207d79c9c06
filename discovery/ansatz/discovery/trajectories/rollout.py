"""Trajectories of a system from an initial state alone, by a solver of adaptive step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from ansatz.discovery.expression import Array
from ansatz.discovery.trajectories.record import Record
from ansatz.discovery.trajectories.system import System


@dataclass(frozen=True)
class _Limits:
    """Say how far and how closely systems are followed. Chosen by judgement; `python -m bench.odebench` holds them.

    Attributes:
        far: a trajectory that leaves the observed range by this factor has run away.
        most_evaluations: of the right-hand sides: many times what any motion like the observed one needs.
        relative: tolerance of a step.
        absolute: tolerance of a step as a share of `relative` times the scale.
    """

    far: float = 100.0
    most_evaluations: int = 60_000
    relative: float = 1e-8
    absolute: float = 1e-2


_LIMITS: Final = _Limits()


class _TooLong(Exception):
    """The solver needs more evaluations than any motion like the observed one."""


class Rollout:
    """Follow a system in the place of a record's runs: their inputs, their times."""

    def __init__(self, record: Record, centre: Array, scale: Array) -> None:
        """`centre` and `scale` `(D,)` are the middle and the half width of the range that was observed."""
        self._record, self._centre, self._scale = record, centre, scale
        self._interpolators: dict[int, list[Callable[[Array], Array]]] = {}

    def on(self, record: Record) -> Rollout:
        """Return the same for the runs of another record."""
        return Rollout(record, self._centre, self._scale)

    def follow(self, system: System, run: slice, start: Array, times: Array) -> Array:
        """Return states `(len(times), D)` from `start` at times[0] on.

        They are NaN from where the trajectory leaves the observed range a hundredfold, or ends.
        """
        from scipy.integrate import solve_ivp

        compiled, parameters = system.compiled(self._record), system.values
        own = self._record.t[run]
        evaluations = 0

        def rates(t: float, z: Array) -> Array:
            nonlocal evaluations
            evaluations += 1
            if evaluations > _LIMITS.most_evaluations:
                raise _TooLong
            at = np.array([min(max(t, own[0]), own[-1])])
            u = self._inputs(run, at)
            return compiled.rates(z[:, None], u, np.array([t]), parameters)[:, 0]

        def far(t: float, z: Array) -> float:
            return _LIMITS.far - float(np.max(np.abs(z - self._centre) / self._scale))

        far.terminal = True  # type: ignore[attr-defined]
        found = np.full((times.size, start.size), np.nan)
        with np.errstate(all="ignore"):
            try:
                solved = solve_ivp(
                    rates, (float(times[0]), float(times[-1])), start, method="LSODA", t_eval=times, events=far,
                    rtol=_LIMITS.relative, atol=_LIMITS.relative * self._scale * _LIMITS.absolute,
                )  # fmt: skip
            except (_TooLong, ValueError, FloatingPointError):
                return found
        count = solved.y.shape[1]
        found[:count] = solved.y.T
        found[~np.all(np.isfinite(found), axis=1)] = np.nan
        return found

    def _inputs(self, run: slice, at: Array) -> Array:
        if not self._record.inputs:
            return np.empty((0, 1))
        if run.start not in self._interpolators:
            self._interpolators[run.start] = self._record.interpolators(run)
        return np.array([f(at) for f in self._interpolators[run.start]])
