"""Integration of every interval between samples at once, by explicit Runge-Kutta methods of fixed step.

The tableaux are those of Dormand and Prince, orders 5 and 8, as scipy's solvers have them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np

from ansatz.discovery.expression import Array
from ansatz.discovery.trajectories.record import Record
from ansatz.discovery.trajectories.system import Compiled


@dataclass(frozen=True)
class Method:
    """`steps` equal steps of a method of the given order (5 or 8) in each interval."""

    order: int
    steps: int


METHODS = (Method(5, 1), Method(8, 1), Method(8, 2), Method(8, 4), Method(8, 8), Method(8, 16))
"""Each more accurate than the one before."""


@cache
def _tableau(order: int) -> tuple[Array, Array, Array]:
    from scipy.integrate import DOP853, RK45

    solver = RK45 if order == 5 else DOP853
    stages = solver.n_stages
    return solver.A[:stages, :stages], solver.B, solver.C[:stages]


class Intervals:
    """The intervals of a record, to be integrated together."""

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
        """The states at the ends, shape (D, N), of intervals that start from `starts` (D, N)."""
        a, b, c = _tableau(method.order)
        z, h = starts, self._h / method.steps
        with np.errstate(all="ignore"):
            for step in range(method.steps):
                k = np.empty((c.size, *z.shape))
                for s in range(c.size):
                    stage = z + h * np.tensordot(a[s, :s], k[:s], 1) if s else z
                    t = self._t + (step + c[s]) * h
                    k[s] = system.rates(stage, self._inputs_at(method, step, s), t, parameters)
                z = z + h * np.tensordot(b, k, 1)
        return z

    def ends_and_slopes(
        self, system: Compiled, starts: Array, parameters: Array, method: Method
    ) -> tuple[Array, Array]:
        """The ends as above, and their derivatives (D, D + p, N) with respect to start and parameters."""
        a, b, c = _tableau(method.order)
        z, h = starts, self._h / method.steps
        d, n = z.shape
        w = np.zeros((d, d + system.parameters, n))
        w[np.arange(d), np.arange(d)] = 1.0
        size = d * n
        with np.errstate(all="ignore"):
            for step in range(method.steps):
                k = np.empty((c.size, size + w.size))
                both = np.concatenate([z.ravel(), w.ravel()])
                hh = np.concatenate([np.tile(h, d), np.tile(h, d * w.shape[1])])
                for s in range(c.size):
                    stage = both + hh * (a[s, :s] @ k[:s]) if s else both
                    t = self._t + (step + c[s]) * h
                    dz, dw = system.rates_and_slopes(
                        stage[:size].reshape(d, n), self._inputs_at(method, step, s), t, parameters,
                        stage[size:].reshape(w.shape),
                    )  # fmt: skip
                    k[s, :size], k[s, size:] = dz.ravel(), dw.ravel()
                both = both + hh * (b @ k)
                z, w = both[:size].reshape(d, n), both[size:].reshape(w.shape)
        return z, w

    def _inputs_at(self, method: Method, step: int, stage: int) -> Array:
        """Inputs (m, N) at one stage."""
        if not self.record.inputs:
            return np.empty((0, self.count))
        if method not in self._inputs:
            c = _tableau(method.order)[2]
            fractions = (np.arange(method.steps)[:, None] + c).ravel() / method.steps
            self._inputs[method] = np.ascontiguousarray(self.record.inputs_inside(fractions).transpose(1, 2, 0))
        at_stage: Array = self._inputs[method][step * _tableau(method.order)[2].size + stage]
        return at_stage
