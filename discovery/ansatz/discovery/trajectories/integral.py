"""Right-hand sides in integral form: what a formula, integrated along the smoothed states, leaves of those observed.

x(t) - x(t0) = ∫ f dt needs no derivative of noisy samples, and its residual is about as white as the noise (the weak
form with step functions; Schaeffer & McCalla 2017). With order 2 the integral is double and the initial rate is free
as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from ansatz.discovery.evidence.description_length import formula_bits, gaussian_bits, joint_bits
from ansatz.discovery.evidence.spread import Spread
from ansatz.discovery.expression import Array, Node, evaluate, values_and_jacobian
from ansatz.discovery.expression.grammar import has_exponents_within
from ansatz.discovery.expression.numbers import free_positions, numbers, with_numbers
from ansatz.discovery.fit.minpack import Evaluate, Stop, minimise, remembered
from ansatz.discovery.trajectories.record import LEAST_RMS, Record
from ansatz.discovery.trajectories.smoothing import Smooth, smooth


@dataclass(frozen=True)
class _Quadrature:
    """Say how right-hand sides are integrated. Chosen by judgement; `python -m bench.odebench` holds the figures.

    Attributes:
        nodes: Gauss-Legendre points in each interval between samples: exact up to degree 5.
        window: samples, about, after which an integral begins anew, so that errors do not add up.
        interpolated: errors of integrals along a curve through all samples, over its own that was cross-validated.
        undershoot: errors of a curve by which it may fall below zero and the state be positive.
    """

    nodes: int = 3
    window: int = 100
    interpolated: float = 3.0
    undershoot: float = 3.0


@dataclass(frozen=True)
class _Fit:
    """Say how constants are fitted in integral form. Chosen by judgement, but for the rounding of float64.

    Attributes:
        evaluations: of a fit.
        gain: of the sum of squares, relative, at which it ends.
        step: of the constants, relative, at which it ends.
        outside: residual where a formula is not finite.
        most: residual over the scale of the state, of a fit that counts.
    """

    evaluations: int = 25
    gain: float = 1e-10
    step: float = 1e-13
    outside: float = 1e30
    most: float = 1e10


_QUADRATURE: Final = _Quadrature()
_FIT: Final = _Fit()


@dataclass(frozen=True, eq=False)
class Smoothed:
    """A record with smooth curves through every state of every run."""

    record: Record
    curves: tuple[tuple[Smooth, ...], ...]

    @classmethod
    def of(cls, record: Record) -> Smoothed:
        """Draw the curves."""
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
        """Return the noise about the curves, `(runs, d)`."""
        return np.array([[c.noise for c in row] for row in self.curves])

    @cached_property
    def freedom(self) -> Array:
        """Return the curves' effective numbers of constants, `(runs, d)`."""
        return np.array([[c.freedom for c in row] for row in self.curves])

    @cached_property
    def errors(self) -> Array:
        """Return the errors of the curves themselves, `(runs, d)`."""
        seen = np.array([np.isfinite(self.record.x[run]).sum(axis=0) for run in self.record.runs])
        share = self.freedom / seen
        found: Array = self.noise * np.where(share >= 1.0, _QUADRATURE.interpolated, np.sqrt(np.minimum(share, 1.0)))
        return found

    @cached_property
    def node_times(self) -> Array:
        """Return the times at which right-hand sides are evaluated, `(intervals, nodes)`."""
        points = (np.polynomial.legendre.leggauss(_QUADRATURE.nodes)[0] + 1) / 2
        first = self.record.intervals
        t = self.record.t
        return t[first, None] + (t[first + 1] - t[first])[:, None] * points

    @cached_property
    def columns(self) -> dict[str, Array]:
        """Return the variables of right-hand sides at all nodes, each `(intervals·nodes,)`."""
        record = self.record
        points = (np.polynomial.legendre.leggauss(_QUADRATURE.nodes)[0] + 1) / 2
        parts = []
        begin = 0
        for run in record.runs:
            count = run.stop - run.start - 1
            parts.append(self.node_times[begin : begin + count].ravel())
            begin += count
        return self._columns(parts, record.inputs_inside(points).reshape(self.node_times.size, len(record.inputs)))

    @cached_property
    def samples(self) -> dict[str, Array]:
        """Return the variables of right-hand sides at the samples, each `(n,)`."""
        return self._columns([self.record.t[run] for run in self.record.runs], self.record.u)

    def _columns(self, times: list[Array], inputs: Array) -> dict[str, Array]:
        record = self.record
        found: dict[str, Array] = {}
        for k in range(record.order):
            for j in range(len(record.states)):
                name = record.components[k * len(record.states) + j]
                values = np.concatenate([row[j].at(t, k) for row, t in zip(self.curves, times, strict=True)])
                found[name] = np.maximum(values, 0.0) if k == 0 and self._is_positive(j, values) else values
        found |= {name: inputs[:, j] for j, name in enumerate(record.inputs)}
        found[record.time] = np.concatenate(times)
        return found

    def _is_positive(self, state: int, curve: Array) -> bool:
        """Return whether a state is nowhere below zero but for what the noise, or the curve's own error, explains."""
        seen = self.record.x[:, state]
        error = float(np.sqrt(np.mean(self.errors[:, state] ** 2)))
        return bool(np.nanmin(seen) >= 0 or curve.min() >= -_QUADRATURE.undershoot * error)

    @cached_property
    def states(self) -> Array:
        """Return the state vector at the samples, `(n, D)`."""
        return np.column_stack([self.samples[name] for name in self.record.components])

    @cached_property
    def rates(self) -> Array:
        """Return the derivatives that right-hand sides explain, `(n, d)`."""
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
    """A right-hand side fitted in integral form.

    Attributes:
        formula: with its constants.
        rms: of what it leaves, in the state's unit.
        bits: its description length there.
        form_bits: those of the formula and its constants.
    """

    formula: Node
    rms: float
    bits: float
    form_bits: float


class IntegralForm:
    """Fit equations of one state in integral form."""

    def __init__(self, smoothed: Smoothed, state: int) -> None:
        record = smoothed.record
        self._smoothed, self._record = smoothed, record
        self.rows = np.flatnonzero(np.isfinite(record.x[:, state]))
        self._windows = self._window_starts()
        first = record.intervals
        self._h = record.t[first + 1] - record.t[first]
        points, weights = np.polynomial.legendre.leggauss(_QUADRATURE.nodes)
        self._weights, self._left = weights / 2, 1 - (points + 1) / 2
        self.known = self._known()
        self._basis = np.linalg.qr(self.known)[0]
        self.target = record.x[self.rows, state]
        self._projected = self.project(self.target)
        self.scale = float(record.scale[state])
        both = smoothed.noise[:, state] ** 2 + smoothed.errors[:, state] ** 2
        self.noise = max(LEAST_RMS * self.scale, float(np.sqrt(np.mean(both))))
        self.floor = max(LEAST_RMS, float(np.sqrt(np.mean(smoothed.errors[:, state] ** 2))) / self.scale)

    def _window_starts(self) -> list[int]:
        starts = []
        for run in self._record.runs:
            pieces = max(1, round((run.stop - run.start) / _QUADRATURE.window))
            starts += [int(s) for s in np.linspace(run.start, run.stop, pieces, endpoint=False)]
        return starts

    def _known(self) -> Array:
        """Return the columns of what is known of each window: its initial value, and with order 2 its initial rate."""
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
        """Return values at the nodes `(nodes, p)` integrated from the start of each window to each row, `(rows, p)`."""
        at_nodes = values.reshape(self._h.size, _QUADRATURE.nodes, -1)
        rate = np.einsum("iqp,q->ip", at_nodes, self._weights) * self._h[:, None]
        single = self._accumulated(rate)
        if self._record.order == 1:
            return single[self.rows]
        step = np.einsum("iqp,q->ip", at_nodes, self._weights * self._left) * self._h[:, None] ** 2
        step += single[self._record.intervals] * self._h[:, None]
        return self._accumulated(step)[self.rows]

    def _accumulated(self, steps: Array) -> Array:
        """Return sums of what each interval brings, from the start of each window, `(n, p)`."""
        total = np.zeros((self._record.samples, steps.shape[1]))
        total[self._record.intervals + 1] = steps
        total = np.cumsum(total, axis=0)
        base = np.repeat(self._windows, np.diff([*self._windows, self._record.samples]))
        found: Array = total - total[base]
        return found

    def project(self, values: Array) -> Array:
        """Return what the initial values leave."""
        rest: Array = values - self._basis @ (self._basis.T @ values)
        return rest

    def _objective(self, formula: Node) -> Evaluate:
        """Return the residual `(rows,)` and its derivatives `(rows, p)` as a function of the numbers that are free.

        Both are over the scale of the state, and evaluated once a point.
        """
        columns, nodes = self._smoothed.columns, self._smoothed.node_times.size
        free = free_positions(formula)
        values = numbers(formula)

        def evaluate(constants: Array) -> tuple[Array, Array]:
            values[list(free)] = constants
            found, jacobian = values_and_jacobian(formula, columns, nodes, free, values)
            both = self.project(self.integrated(np.column_stack([found, jacobian])))
            both[:, 0] -= self._projected
            outside = _FIT.outside
            rest = np.nan_to_num(both / self.scale, nan=outside, posinf=outside, neginf=-outside)
            return rest[:, 0], rest[:, 1:]

        return remembered(evaluate)

    def linearised(self, formula: Node) -> tuple[Array, Array]:
        """Return what the formula leaves of the state, `(rows,)`, and its derivatives by the constants, `(rows, p)`."""
        residual, slopes = self._objective(formula)(numbers(formula)[list(free_positions(formula))])
        return -residual * self.scale, slopes * self.scale

    def fit(self, formula: Node, evaluations: int = _FIT.evaluations) -> Explained | None:
        """Return the formula with its constants fitted; None where it is not finite on the way.

        None as well where the grammar would refuse an exponent.
        """
        at = self._objective(formula)
        free = free_positions(formula)
        values = numbers(formula)
        found: Array | None = values[list(free)]
        if not np.all(np.isfinite(evaluate(formula, self._smoothed.columns, self._smoothed.node_times.size))):
            return None
        if free and len(free) < self.rows.size:
            found = minimise(at, values[list(free)], Stop(_FIT.gain, _FIT.step, evaluations))
        if found is None or not np.all(np.isfinite(found)):
            return None
        with np.errstate(all="ignore"):
            residual, jacobian = at(found)
            rms = float(np.sqrt(np.mean(residual**2)))
        values[list(free)] = found
        fitted = with_numbers(formula, values)
        if not rms < _FIT.most or not has_exponents_within(fitted):
            return None
        form, left = self._bits(fitted, rms, found, jacobian)
        return Explained(fitted, rms * self.scale, form + left, form)

    def _bits(self, formula: Node, rms: float, constants: Array, jacobian: Array) -> tuple[float, float]:
        """Return the bits of a formula with its constants, and of what it leaves; below the floor all count alike."""
        n = self.rows.size
        degrees = max(n - len(constants) - self.known.shape[1], 1)
        variance = rms * rms * n / degrees
        bits = formula_bits(formula, len(self._record.variables))
        bits += joint_bits(constants, variance * Spread.of(jacobian).covariance)
        return bits, gaussian_bits(variance, n, self.floor)
