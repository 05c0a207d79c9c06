"""Integration of every interval between samples at once, by explicit Runge-Kutta methods of fixed step.

Where a right-hand side switches inside an interval, the steps end there (`crossings.py`).
"""

from __future__ import annotations

from functools import cached_property

import numpy as np

from ansatz.discovery.expression import Array
from ansatz.discovery.trajectories.crossings import Motion, switched
from ansatz.discovery.trajectories.record import Record
from ansatz.discovery.trajectories.runge_kutta import Method, advanced, tableau
from ansatz.discovery.trajectories.system import Compiled


class Intervals:
    """Integrate the intervals of a record together."""

    def __init__(self, record: Record) -> None:
        self.record = record
        self._first = record.intervals
        self._t = record.t[self._first]
        self._h = record.t[self._first + 1] - self._t
        self._inputs: dict[Method, Array] = {}

    @cached_property
    def count(self) -> int:
        return int(self._first.size)

    def ends(self, system: Compiled, starts: Array, parameters: Array, method: Method) -> Array:
        """Return the states at the ends, `(D, N)`, of intervals that start from `starts` `(D, N)`."""
        if self._switches(system):
            return switched(Motion(system, parameters, method), starts, self._t, self._h)

        def rates(z: Array, t: Array, step: int, stage: int) -> Array:
            return system.rates(z, self._inputs_at(method, step, stage), t, parameters)

        return advanced(rates, starts, self._t, self._h, method)

    def ends_and_slopes(
        self, system: Compiled, starts: Array, parameters: Array, method: Method
    ) -> tuple[Array, Array]:
        """Return the ends as above, and their derivatives `(D, D + p, N)` with respect to start and parameters."""
        d, n = starts.shape
        w = np.zeros((d, d + system.parameters, n))
        w[np.arange(d), np.arange(d)] = 1.0
        both = np.concatenate([starts, w.reshape(-1, n)])

        def rates(y: Array, t: Array, step: int, stage: int) -> Array:
            u = self._inputs_at(method, step, stage)
            dz, dw = system.rates_and_slopes(y[:d], u, t, parameters, y[d:].reshape(w.shape))
            return np.concatenate([dz, dw.reshape(-1, n)])

        if self._switches(system):
            both = switched(Motion(system, parameters, method), both, self._t, self._h)
        else:
            both = advanced(rates, both, self._t, self._h, method)
        return both[:d], both[d:].reshape(w.shape)

    def _switches(self, system: Compiled) -> bool:
        """Return whether crossings are to be found; inputs are known at the stages of whole intervals alone."""
        return system.switches.count > 0 and not self.record.inputs

    def _inputs_at(self, method: Method, step: int, stage: int) -> Array:
        """Return the inputs `(m, N)` at one stage."""
        if not self.record.inputs:
            return np.empty((0, self.count))
        if method not in self._inputs:
            c = tableau(method.order)[2]
            fractions = (np.arange(method.steps)[:, None] + c).ravel() / method.steps
            self._inputs[method] = np.ascontiguousarray(self.record.inputs_inside(fractions).transpose(1, 2, 0))
        at_stage: Array = self._inputs[method][step * tableau(method.order)[2].size + stage]
        return at_stage
