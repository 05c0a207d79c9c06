"""Right-hand sides in integral form: what a formula, integrated along the smoothed states, leaves of the observed
ones.

x(t) - x(t0) = ∫ f dt needs no derivative of noisy samples, and its residual is about as white as the noise (the weak
form with step functions; Schaeffer & McCalla 2017). With order 2 the integral is double and the initial rate is free
as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ansatz.discovery.evidence.description_length import formula_bits, real_bits
from ansatz.discovery.expression import Array, Node, evaluate, values_and_jacobian
from ansatz.discovery.expression.grammar import has_exponents_within
from ansatz.discovery.expression.numbers import free_positions, numbers, with_numbers
from ansatz.discovery.fit.minpack import Evaluate, Stop, minimise, remembered
from ansatz.discovery.trajectories.record import Record
from ansatz.discovery.trajectories.smoothing import Smooth, smooth

NODES = 3
"""Gauss-Legendre points in each interval between samples."""
_WINDOW = 100
_EVALUATIONS = 25
_FTOL, _XTOL = 1e-10, 1e-13
LEAST_RMS = 1e-7
"""Residuals below this share of a state's spread count alike."""


@dataclass(frozen=True, eq=False)
class Smoothed:
    """A record with smooth curves through every state of every run.

    `columns` are the variables of right-hand sides at all nodes, each (intervals·NODES,); `samples` the same at the
    samples (n,); `rates` (n, d) the derivatives that right-hand sides explain; `noise` (runs, d); `freedom` (runs, d)
    effective numbers of constants.
    """

    record: Record
    curves: tuple[tuple[Smooth, ...], ...]

    @classmethod
    def of(cls, record: Record) -> Smoothed:
        curves = []
        for run in record.runs:
            row = []
            for j in range(len(record.states)):
                seen = np.isfinite(record.x[run, j])
                row.append(smooth(record.t[run][seen], record.x[run, j][seen]))
            curves.append(tuple(row))
        return cls(record, tuple(curves))

    @cached_property
    def noise(self) -> Array:
        return np.array([[c.noise for c in row] for row in self.curves])

    @cached_property
    def freedom(self) -> Array:
        return np.array([[c.freedom for c in row] for row in self.curves])

    @cached_property
    def node_times(self) -> Array:
        points = (np.polynomial.legendre.leggauss(NODES)[0] + 1) / 2
        first = self.record.intervals
        t = self.record.t
        return t[first, None] + (t[first + 1] - t[first])[:, None] * points

    @cached_property
    def columns(self) -> dict[str, Array]:
        record = self.record
        points = (np.polynomial.legendre.leggauss(NODES)[0] + 1) / 2
        parts = []
        begin = 0
        for run in record.runs:
            count = run.stop - run.start - 1
            parts.append(self.node_times[begin : begin + count].ravel())
            begin += count
        return self._columns(parts, record.inputs_inside(points).reshape(self.node_times.size, len(record.inputs)))

    @cached_property
    def samples(self) -> dict[str, Array]:
        return self._columns([self.record.t[run] for run in self.record.runs], self.record.u)

    def _columns(self, times: list[Array], inputs: Array) -> dict[str, Array]:
        record = self.record
        found: dict[str, Array] = {}
        for k in range(record.order):
            for j in range(len(record.states)):
                name = record.components[k * len(record.states) + j]
                found[name] = np.concatenate([row[j].at(t, k) for row, t in zip(self.curves, times, strict=True)])
        found |= {name: inputs[:, j] for j, name in enumerate(record.inputs)}
        found[record.time] = np.concatenate(times)
        return found

    @cached_property
    def states(self) -> Array:
        """The state vector at the samples, (n, D)."""
        return np.column_stack([self.samples[name] for name in self.record.components])

    @cached_property
    def rates(self) -> Array:
        record = self.record
        if record.order == 1 and record.v is not None:
            return record.v
        times = [record.t[run] for run in record.runs]
        return np.column_stack(
            [
                np.concatenate([row[j].at(t, record.order) for row, t in zip(self.curves, times, strict=True)])
                for j in range(len(record.states))
            ]
        )


@dataclass(frozen=True, eq=False)
class Explained:
    """A right-hand side fitted in integral form; `bits` is its description length there."""

    formula: Node
    rms: float
    bits: float


class IntegralForm:
    """The integral form of one state's equation."""

    def __init__(self, smoothed: Smoothed, state: int) -> None:
        record = smoothed.record
        self._smoothed, self._record = smoothed, record
        self.rows = np.flatnonzero(np.isfinite(record.x[:, state]))
        self._windows = self._window_starts()
        first = record.intervals
        self._h = record.t[first + 1] - record.t[first]
        points, weights = np.polynomial.legendre.leggauss(NODES)
        self._weights, self._left = weights / 2, 1 - (points + 1) / 2
        self.known = self._known()
        self._basis = np.linalg.qr(self.known)[0]
        self.target = record.x[self.rows, state]
        self._projected = self.project(self.target)
        self.scale = float(record.scale[state])

    def _window_starts(self) -> list[int]:
        starts = []
        for run in self._record.runs:
            pieces = max(1, round((run.stop - run.start) / _WINDOW))
            starts += [int(s) for s in np.linspace(run.start, run.stop, pieces, endpoint=False)]
        return starts

    def _known(self) -> Array:
        """The initial value of each window, and with order 2 its initial rate."""
        n, record = self._record.samples, self._record
        ends = [*self._windows[1:], n]
        columns = []
        for start, end in zip(self._windows, ends, strict=True):
            inside = np.zeros(n)
            inside[start:end] = 1.0
            columns.append(inside)
            if record.order == 2:
                columns.append(inside * (record.t - record.t[start]))
        known = np.column_stack(columns)[self.rows]
        return known[:, np.any(known != 0, axis=0)]

    def integrated(self, values: Array) -> Array:
        """Values at the nodes (nodes, p) integrated from the start of each window to each row (rows, p)."""
        at_nodes = values.reshape(self._h.size, NODES, -1)
        rate = np.einsum("iqp,q->ip", at_nodes, self._weights) * self._h[:, None]
        single = self._accumulated(rate)
        if self._record.order == 1:
            return single[self.rows]
        step = np.einsum("iqp,q->ip", at_nodes, self._weights * self._left) * self._h[:, None] ** 2
        step += single[self._record.intervals] * self._h[:, None]
        return self._accumulated(step)[self.rows]

    def _accumulated(self, steps: Array) -> Array:
        """Sums of what each interval brings, from the start of each window; (n, p)."""
        total = np.zeros((self._record.samples, steps.shape[1]))
        total[self._record.intervals + 1] = steps
        total = np.cumsum(total, axis=0)
        base = np.repeat(self._windows, np.diff([*self._windows, self._record.samples]))
        found: Array = total - total[base]
        return found

    def project(self, values: Array) -> Array:
        """What the initial values leave."""
        rest: Array = values - self._basis @ (self._basis.T @ values)
        return rest

    def _objective(self, formula: Node) -> Evaluate:
        """Residual (rows,) and its derivatives (rows, p) with respect to the numbers that are no integers, over the
        scale of the state; one evaluation a point."""
        columns, nodes = self._smoothed.columns, self._smoothed.node_times.size
        free = free_positions(formula)
        values = numbers(formula)

        def evaluate(constants: Array) -> tuple[Array, Array]:
            values[list(free)] = constants
            found, jacobian = values_and_jacobian(formula, columns, nodes, free, values)
            both = self.project(self.integrated(np.column_stack([found, jacobian])))
            both[:, 0] -= self._projected
            rest = np.nan_to_num(both / self.scale, nan=1e30, posinf=1e30, neginf=-1e30)
            return rest[:, 0], rest[:, 1:]

        return remembered(evaluate)

    def linearised(self, formula: Node) -> tuple[Array, Array]:
        """What the formula leaves of the state, shape (rows,), and how that changes with its constants (rows, p)."""
        residual, slopes = self._objective(formula)(numbers(formula)[list(free_positions(formula))])
        return -residual * self.scale, slopes * self.scale

    def fit(self, formula: Node, evaluations: int = _EVALUATIONS) -> Explained | None:
        """Return the formula with its constants fitted; None where it is not finite on the way, or the grammar would
        refuse an exponent."""
        at = self._objective(formula)
        free = free_positions(formula)
        values = numbers(formula)
        found: Array | None = values[list(free)]
        if not np.all(np.isfinite(evaluate(formula, self._smoothed.columns, self._smoothed.node_times.size))):
            return None
        if free and len(free) < self.rows.size:
            found = minimise(at, values[list(free)], Stop(_FTOL, _XTOL, evaluations))
        if found is None or not np.all(np.isfinite(found)):
            return None
        with np.errstate(all="ignore"):
            residual, jacobian = at(found)
            rms = float(np.sqrt(np.mean(residual**2)))
        values[list(free)] = found
        fitted = with_numbers(formula, values)
        if not rms < 1e10 or not has_exponents_within(fitted):
            return None
        return Explained(fitted, rms * self.scale, self._bits(fitted, rms, found, jacobian))

    def _bits(self, formula: Node, rms: float, constants: Array, jacobian: Array) -> float:
        n = self.rows.size
        degrees = max(n - len(constants) - self.known.shape[1], 1)
        variance = rms * rms * n / degrees
        bits = formula_bits(formula, len(self._record.variables))
        bits += 0.5 * n * float(np.log2(1.0 + variance / LEAST_RMS**2))
        norms = np.linalg.norm(jacobian, axis=0)
        for value, norm in zip(constants, norms, strict=True):
            bits += real_bits(float(value), float(np.sqrt(variance) / norm) if norm > 0 else abs(float(value)))
        return bits
