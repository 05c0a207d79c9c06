"""Constants and initial values by least squares on the solution of a system, where intervals cannot be followed.

Single shooting: each run is integrated from its initial values by LSODA (Petzold 1983), which changes between Adams'
method and backward differences and so follows stiff motion, together with its sensitivities. It needs no curve through
the samples, so that states may be unobserved, and holds initial values that are known.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ansatz.discovery.evidence.spread import Spread
from ansatz.discovery.expression import Array
from ansatz.discovery.trajectories.named import NamedSystem
from ansatz.discovery.trajectories.record import Record
from ansatz.discovery.trajectories.system import Compiled
from ansatz.discovery.trajectories.whole import Range


@dataclass(frozen=True)
class _Steps:
    """Say how closely solutions are followed and fitted. Chosen by judgement on epidemics and stiff chemistry.

    Attributes:
        relative: tolerance of a step of the solution.
        absolute: tolerance over the scale of a state.
        evaluations: solutions of a fit, at most.
        calls: of the right-hand sides for one run, at most: many times what a motion like the observed one needs.
        rough: tolerance of a step where starts are compared.
        rough_calls: of the right-hand sides for one run there.
        rounds: of estimating the noise from the residual and fitting again.
        settled: share by which the noise changes when it has settled.
        alike: p-value of Bartlett's test from which on the noise of all states is one.
        least: noise over the scale of a state that counts at least: the errors of integration.
        outside: residual where a solution ends.
    """

    relative: float = 1e-8
    absolute: float = 1e-10
    evaluations: int = 60
    calls: int = 20_000
    rough: float = 1e-4
    rough_calls: int = 1_000
    rounds: int = 6
    settled: float = 0.01
    alike: float = 0.05
    least: float = 1e-7
    outside: float = 1e6


_STEPS: Final = _Steps()


class _TooLong(Exception):
    """A solution needs more evaluations than any motion like the observed one."""


class _Late(Exception):
    """There is no time for more."""


@dataclass(frozen=True, eq=False)
class Known:
    """What is known of initial values `(runs, D)`: where each starts, and which are not fitted.

    Bounds hold for those that are.
    """

    values: Array
    fixed: NDArray[np.bool_]
    lower: Array
    upper: Array

    @classmethod
    def free(cls, values: Array) -> Known:
        """Return initial values that start at these and may have any."""
        wide = np.full(values.shape, np.inf)
        return cls(values, np.zeros(values.shape, dtype=bool), -wide, wide)


@dataclass(frozen=True, eq=False)
class Solved:
    """A system on its solutions.

    Attributes:
        own: the system with its constants fitted.
        initial: values `(runs, D)`.
        states: along the solutions, `(n, D)`.
        sigma: the noise that samples were weighed by, `(n, D)`.
        spread: of the free constants and then the free initial values, for residuals of the size sigma.
        size: the root mean square of the residual over sigma, per degree of freedom.
        cost: the sum of squares of the residual over sigma.
    """

    own: NamedSystem
    initial: Array
    states: Array
    sigma: Array
    spread: Spread
    size: float
    cost: float


class Solutions:
    """Fit systems to a record by their solutions; `known` is what is known of the initial values.

    A fit ends where it is when `is_late`.
    """

    def __init__(
        self, record: Record, ranges: Mapping[str, Range], known: Known, is_late: Callable[[], bool] = lambda: False
    ) -> None:
        self._record, self._ranges, self._known, self._is_late = record, ranges, known, is_late
        self._observed = record.observed
        self._seen = np.isfinite(self._observed)
        columns = zip(self._observed.T, self._seen.T, strict=True)
        scale = np.array([np.std(c[s]) if np.any(s) else 0.0 for c, s in columns])
        self.scale = np.where(scale > 0, scale, 1.0)
        self._inputs = [record.interpolators(run) for run in record.runs]
        self._free = ~known.fixed

    def cost(self, own: NamedSystem, initial: Array) -> float:
        """Return the mean square of the residual over the scales of the states, infinite where a solution ends."""
        states = self._solved(own, initial, slopes=False, rough=True)
        if states is None:
            return math.inf
        return float(np.mean(((states[0] - self._observed) / self.scale)[self._seen] ** 2))

    def fit(self, own: NamedSystem, initial: Array) -> Solved | None:
        """Return the system at the nearest optimum, its noise estimated from what it leaves until that has settled.

        None where no solution reaches the end of the data.
        """
        sigma = np.broadcast_to(self.scale, self._observed.shape)
        found = self._fit(own, initial, sigma)
        for _ in range(_STEPS.rounds):
            if found is None:
                return None
            sigma = self._noise(found)
            # What counts is how samples weigh beside each other.
            change = float(np.ptp(np.log(sigma / found.sigma)[self._seen]))
            if change < _STEPS.settled or self._is_late():
                break
            found = self._fit(found.own, found.initial, sigma) or found
        return found

    def _noise(self, found: Solved) -> Array:
        """Return the noise of every sample: one for all states where Bartlett's test does not tell them apart."""
        from scipy.stats import chi2

        rest = (found.states - self._observed) / self._record.relative_errors
        seen = self._seen.any(axis=0)
        counts = self._seen.sum(axis=0)[seen].astype(float)
        variance = np.array([np.mean(r[s] ** 2) for r, s in zip(rest.T, self._seen.T, strict=True) if np.any(s)])
        variance = np.maximum(variance, (_STEPS.least * self.scale[seen]) ** 2)
        pooled = float(counts @ variance / counts.sum())
        statistic = counts.sum() * math.log(pooled) - counts @ np.log(variance)
        correction = 1 + (np.sum(1 / counts) - 1 / counts.sum()) / (3 * max(counts.size - 1, 1))
        one = counts.size > 1 and chi2.sf(statistic / correction, counts.size - 1) > _STEPS.alike
        noise = np.ones(self.scale.size)
        noise[seen] = math.sqrt(pooled) if one else np.sqrt(variance)
        found_noise: Array = noise * self._record.relative_errors
        return found_noise

    def _fit(self, own: NamedSystem, initial: Array, sigma: Array) -> Solved | None:
        from scipy.optimize import least_squares

        start = np.concatenate([np.fromiter(own.values.values(), float), initial[self._free]])
        lower, upper = self._limits(own)
        start = np.clip(start, lower, upper)
        last: dict[bytes, tuple[Array, Array] | None] = {}

        def at(theta: Array) -> tuple[Array, Array] | None:
            key = theta.tobytes()
            if key not in last:
                last.clear()
                last[key] = self._residual(own, theta, sigma)
            return last[key]

        if at(start) is None:
            return None
        rows = int(np.count_nonzero(self._seen))

        def residual(theta: Array) -> Array:
            found = at(theta)
            return np.full(rows, _STEPS.outside) if found is None else found[0]

        best = start

        def slopes(theta: Array) -> Array:
            # It is asked for where a step was worth it.
            nonlocal best
            best = theta.copy()
            if self._is_late():
                raise _Late
            found = at(theta)
            return np.zeros((rows, theta.size)) if found is None else found[1]

        if start.size:
            try:
                with np.errstate(all="ignore"):
                    if not np.all(self._seen.any(axis=0)):  # else integral forms gave a near start
                        start = self._along_sizes(residual, slopes, start, (lower, upper))
                    start = least_squares(
                        residual, start, slopes, bounds=(lower, upper), x_scale="jac", ftol=1e-12, xtol=1e-10,
                        gtol=None, max_nfev=_STEPS.evaluations,
                    ).x  # fmt: skip
            except _Late:
                start = best
            except (ValueError, np.linalg.LinAlgError):
                return None
        ended = at(start)
        if ended is None:
            return None
        mine, first = self._split(own, start)
        solved = self._solved(mine, first, slopes=False)
        if solved is None:
            return None
        cost, spread = float(ended[0] @ ended[0]), Spread.of(ended[1])
        size = math.sqrt(cost / max(rows - start.size, 1))
        return Solved(mine, first, solved[0], np.array(sigma), spread, size, cost)

    @staticmethod
    def _along_sizes(
        residual: Callable[[Array], Array], slopes: Callable[[Array], Array], start: Array, within: tuple[Array, Array]
    ) -> Array:
        """Return numbers of the same signs nearer to an optimum, by steps of their logarithms.

        Where a product of numbers is what the data determine, the way there is straight in logarithms.
        """
        from scipy.optimize import least_squares

        if not np.all(start) or np.any(np.isfinite(within)):
            return start
        sign = np.sign(start)
        found = least_squares(
            lambda logs: residual(sign * np.exp(logs)), np.log(np.abs(start)),
            lambda logs: slopes(sign * np.exp(logs)) * (sign * np.exp(logs)), ftol=1e-9, xtol=1e-9, gtol=None,
            max_nfev=_STEPS.evaluations // 2,
        )  # fmt: skip
        moved: Array = sign * np.exp(found.x)
        return moved

    def _limits(self, own: NamedSystem) -> tuple[Array, Array]:
        within = [self._ranges.get(name, Range()) for name in own.names]
        lower = np.concatenate([[r.lower for r in within], self._known.lower[self._free]])
        upper = np.concatenate([[r.upper for r in within], self._known.upper[self._free]])
        return lower, upper

    def _split(self, own: NamedSystem, theta: Array) -> tuple[NamedSystem, Array]:
        """Return the system with its constants, and the initial values, of all numbers that are fitted."""
        p = len(own.values)
        initial = np.array(self._known.values, dtype=float)
        initial[self._free] = theta[p:]
        return own.at(dict(zip(own.names, map(float, theta[:p]), strict=True))), initial

    def _residual(self, own: NamedSystem, theta: Array, sigma: Array) -> tuple[Array, Array] | None:
        """Return what the solution leaves, and its derivatives by all numbers that are fitted, over sigma."""
        mine, initial = self._split(own, theta)
        found = self._solved(mine, initial, slopes=True)
        if found is None:
            return None
        states, w = found
        d, p = initial.shape[1], len(own.values)
        slopes = np.zeros((*states.shape, theta.size))
        slopes[:, :, :p] = w[:, :, d:]
        place = np.cumsum(self._free.ravel()).reshape(self._free.shape) - 1 + p
        for r, run in enumerate(self._record.runs):
            for j in np.flatnonzero(self._free[r]):
                slopes[run, :, place[r, j]] = w[run, :, j]
        residual = ((states - self._observed) / sigma)[self._seen]
        return residual, (slopes / sigma[:, :, None])[self._seen]

    def _solved(
        self, own: NamedSystem, initial: Array, *, slopes: bool, rough: bool = False
    ) -> tuple[Array, Array] | None:
        """Return states `(n, D)` along the solutions, and their derivatives `(n, D, D + p)`; None where one ends."""
        system = own.system()
        compiled, constants = system.compiled(self._record), np.fromiter(own.values.values(), float)
        d, p = initial.shape[1], constants.size
        states, w = [], []
        for r, run in enumerate(self._record.runs):
            start = np.concatenate([initial[r], np.eye(d, d + p).ravel() if slopes else []])
            found = self._run(compiled, constants, r, run, start, rough=rough)
            if found is None:
                return None
            states.append(found[:, :d])
            w.append(found[:, d:].reshape(-1, d, d + p) if slopes else np.empty((found.shape[0], d, 0)))
        return np.concatenate(states), np.concatenate(w)

    def _run(
        self, compiled: Compiled, constants: Array, r: int, run: slice, start: Array, *, rough: bool
    ) -> Array | None:
        from scipy.integrate import solve_ivp

        d, t = self.scale.size, self._record.t[run]
        p, calls = constants.size, 0
        inputs = self._inputs[r]

        def rates(now: float, z: Array) -> Array:
            nonlocal calls
            calls += 1
            if calls > (_STEPS.rough_calls if rough else _STEPS.calls):
                raise _TooLong
            at = np.array([now])
            u = np.array([f(np.clip(at, t[0], t[-1])) for f in inputs]) if inputs else np.empty((0, 1))
            if z.size == d:
                return compiled.rates(z[:, None], u, at, constants)[:, 0]
            dz, dw = compiled.rates_and_slopes(z[:d, None], u, at, constants, z[d:].reshape(d, d + p, 1))
            return np.concatenate([dz[:, 0], dw.ravel()])

        size = self.scale * _STEPS.absolute
        sizes = np.concatenate([[1.0] * d, 1.0 / np.maximum(np.abs(constants), 1e-300)])
        tolerance = (
            size if start.size == d else np.concatenate([size, np.outer(size, np.minimum(sizes, 1e300)).ravel()])
        )
        with np.errstate(all="ignore"):
            try:
                solved = solve_ivp(
                    rates,
                    (float(t[0]), float(t[-1])),
                    start,
                    method="LSODA",
                    t_eval=t,
                    rtol=_STEPS.rough if rough else _STEPS.relative,
                    atol=tolerance,
                )
            except (_TooLong, ValueError, FloatingPointError):
                return None
        found: Array = solved.y.T
        return found if found.shape[0] == t.size and np.all(np.isfinite(found)) else None
