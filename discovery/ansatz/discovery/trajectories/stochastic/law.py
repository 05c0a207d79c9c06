"""Mean reversion driven by noise, as an answer to what moves the observed states."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from ansatz.discovery.evidence.accuracy import r_squared
from ansatz.discovery.evidence.description_length import formula_bits, real_bits
from ansatz.discovery.evidence.significance import VERDICT, both_tails, serial_correlation_about_mean, sidak
from ansatz.discovery.expression import Array, Node, Number, Variable
from ansatz.discovery.report.estimate import Estimate
from ansatz.discovery.report.motion import Drift, Motion, Reversion, SlowingDown, StateScores
from ansatz.discovery.report.origin import STOCHASTIC
from ansatz.discovery.report.report import Candidate, Constant, GroupValue, Scores
from ansatz.discovery.search.structured import build
from ansatz.discovery.trajectories.record import LEAST_RMS, Record
from ansatz.discovery.trajectories.stochastic.drift import half_life
from ansatz.discovery.trajectories.stochastic.inference import Inference, Likeliest, Samples
from ansatz.discovery.trajectories.stochastic.process import Kernel
from ansatz.discovery.trajectories.stochastic.slowing import Rates, slowing_down

_POOLED: Final = ""
_CONSTANTS: Final = 3  # rate, mean and diffusion


@dataclass(frozen=True)
class _Limits:
    """Say what is enough to tell of noise. Chosen by judgement.

    Attributes:
        least_steps: between samples of a group.
        most_groups: that get constants of their own; with more, values of the inputs are no groups.
    """

    least_steps: int = 8
    most_groups: int = 20


_LIMITS: Final = _Limits()


@dataclass(frozen=True, eq=False)
class _Group:
    """Runs of the same constant inputs."""

    label: str
    at: Mapping[str, float]
    runs: tuple[slice, ...]


class StochasticLaw:
    """Fit dx = rate·(mean - x)·dt + diffusion·dW to every state by itself.

    Groups of runs that differ in constant inputs have constants of their own where these differ (likelihood ratio).
    """

    def __init__(self, record: Record) -> None:
        self._record = record
        self._groups = self._grouped()
        self._own = len(self._groups) > 1 and self.possible and self._differ()

    @property
    def possible(self) -> bool:
        """Return whether the record is of first order and every group has samples enough."""
        return self._record.order == 1 and all(
            self._samples(g, j).clock.h.size >= _LIMITS.least_steps for g in (*self._groups, self._all)
            for j in range(len(self._record.states))
        )  # fmt: skip

    @cached_property
    def bits(self) -> float:
        """Return the description length, comparable with that of systems."""
        return self._bits(self._used)

    @cached_property
    def walk_bits(self) -> float:
        """Return the description length of random walks."""
        return self._bits(self._used, rate=0.0)

    @cached_property
    def innovations_p(self) -> float:
        """Return how likely as much structure is in what is not foretold one step ahead, if it were noise."""
        p_values = []
        for j in range(len(self._record.states)):
            for group in self._used:
                for z in _innovations(self._samples(group, j)):
                    if z.size >= VERDICT.fewest:
                        p_values.append(both_tails(serial_correlation_about_mean(z)))
        return sidak(min(p_values), len(p_values)) if p_values else 1.0

    def drift(self, gain_bits: float, seed: int, tell: Callable[[], None]) -> Drift:
        """Return what is said of every state; `tell` is called after each."""
        reversions = []
        for j, state in enumerate(self._record.states):
            for group in self._used:
                reversions.append(_reversion(state, group, self._samples(group, j), seed))
                tell()
        return Drift(tuple(reversions), tuple(self._slowing(reversions)), gain_bits, self.innovations_p)

    def candidates(self, drift: Drift) -> list[Candidate]:
        """Return the law, and random walks: the simpler first where the data do not tell them apart."""
        walk = self._walk()
        means = {r.state for r in drift.reversions if r.mean.value is not None}
        if means < set(self._record.states):
            return [walk]
        law = self._candidate(drift, self.bits)
        return [law, walk] if any(r.reverts for r in drift.reversions) else [walk, law]

    @property
    def _used(self) -> list[_Group]:
        return self._groups if self._own else [self._all]

    def _differ(self) -> bool:
        from scipy.stats import chi2

        ratio = 0.0
        for j in range(len(self._record.states)):
            together = Likeliest.of(self._samples(self._all, j).steps).criterion
            ratio += together - sum(Likeliest.of(self._samples(g, j).steps).criterion for g in self._groups)
        freedom = _CONSTANTS * (len(self._groups) - 1) * len(self._record.states)
        return bool(chi2.sf(ratio, freedom) < VERDICT.level)

    @property
    def _all(self) -> _Group:
        return _Group(_POOLED, {}, tuple(self._record.runs))

    def _grouped(self) -> list[_Group]:
        """Return groups by the inputs that are constant in every run and differ between runs."""
        record = self._record
        constant = [
            k for k in range(len(record.inputs))
            if all(np.ptp(record.u[run, k]) == 0 for run in record.runs) and np.ptp(record.u[:, k]) > 0
        ]  # fmt: skip
        found: dict[tuple[float, ...], list[slice]] = {}
        for run in record.runs:
            found.setdefault(tuple(float(record.u[run.start, k]) for k in constant), []).append(run)
        if not constant or len(found) > _LIMITS.most_groups:
            return [self._all]
        names = [record.inputs[k] for k in constant]
        groups = []
        for key, runs in sorted(found.items()):
            label = ", ".join(f"{n} = {v:g}" for n, v in zip(names, key, strict=True))
            groups.append(_Group(label, dict(zip(names, key, strict=True)), tuple(runs)))
        return groups

    def _samples(self, group: _Group, state: int) -> Samples:
        times, values = [], []
        for run in group.runs:
            x = self._record.x[run, state]
            seen = np.isfinite(x)
            if np.count_nonzero(seen) > 1:
                times.append(self._record.t[run][seen])
                values.append(x[seen])
        return Samples(tuple(times), tuple(values))

    def _bits(self, groups: Sequence[_Group], rate: float | None = None) -> float:
        """Return bits of the law with constants for each group, and of what it does not foretell one step ahead."""
        total = 0.0
        for j, state in enumerate(self._record.states):
            law = Number(0.0) if rate == 0.0 else _formula(state, 0.5, 0.5)
            total += formula_bits(law, len(self._record.variables))
            for group in groups:
                total += _group_bits(self._samples(group, j), float(self._record.scale[j]), rate)
        return total

    def _candidate(self, drift: Drift, bits: float) -> Candidate:
        states = self._record.states
        equations, constants, diffusion = {}, [], {}
        for state in states:
            own = [r for r in drift.reversions if r.state == state]
            rate, mean = (_constant(own, what) for what in ("rate", "mean"))
            equations[state] = _formula(state, rate.value, mean.value)
            constants += [rate, mean]
            diffusion[state] = float(np.median([r.diffusion.value or 0.0 for r in own]))
        return self._made(equations, tuple(constants), diffusion, bits)

    def _walk(self) -> Candidate:
        equations: dict[str, Node] = {state: Number(0.0) for state in self._record.states}
        diffusion = {}
        for j, state in enumerate(self._record.states):
            own = [Likeliest.of(self._samples(g, j).steps, 0.0).variance for g in self._used]
            diffusion[state] = math.sqrt(float(np.median(own)))
        return self._made(equations, (), diffusion, self.walk_bits)

    def _made(
        self,
        equations: Mapping[str, Node],
        constants: tuple[Constant, ...],
        diffusion: Mapping[str, float],
        bits: float,
    ) -> Candidate:
        states = {}
        for j, state in enumerate(self._record.states):
            walk = not constants
            errors = [_one_step(self._samples(g, j), 0.0 if walk else None) for g in self._used]
            rmse = math.sqrt(float(np.mean(np.concatenate(errors) ** 2)))
            states[state] = StateScores(rmse, r_squared(rmse, float(self._record.scale[j])), math.nan, math.nan)
        rmse = float(np.sqrt(np.mean([s.rmse**2 for s in states.values()])))
        relative = float(np.mean([s.rmse / w for s, w in zip(states.values(), self._record.scale, strict=True)]))
        return Candidate(
            rank=0,
            formula=next(iter(equations.values())),
            constants=constants,
            scores=Scores(rmse, float(np.mean([s.r2 for s in states.values()])), relative, bits, math.nan),
            on_pareto_front=True,
            origin=STOCHASTIC,
            equations=equations,
            motion=Motion(states, diverges=False, unstable_after=None, diffusion=diffusion),
        )

    def _slowing(self, reversions: Sequence[Reversion]) -> list[SlowingDown]:
        found = []
        for j, state in enumerate(self._record.states):
            own = [r for r in reversions if r.state == state and r.at]
            if len(own) < len(self._groups) or len(own) < 2:
                continue
            times = [float(self._samples(g, j).clock.h.sum()) for g in self._groups]
            for parameter in self._groups[0].at:
                values = np.array([(r.at or {})[parameter] for r in own])
                if np.unique(values).size != values.size:
                    continue  # another parameter differs as well
                rates = Rates(values, np.array([r.rate.value or 0.0 for r in own]), np.array(times))
                trend = slowing_down(rates, state, parameter)
                if trend is not None:
                    found.append(trend)
        return found


def _formula(state: str, rate: float, mean: float) -> Node:
    """Return rate·mean - rate·x, as rate·(mean - x)."""
    return build.scaled(rate, build.linear([mean, -1.0], [build.ONE, Variable(state)]))


def _constant(own: Sequence[Reversion], what: str) -> Constant:
    """Return the rate or the mean, by group where there are groups."""
    estimates: dict[str, Estimate] = {r.group: getattr(r, what) for r in own}
    known = {group: GroupValue(e.value, _std_error(e)) for group, e in estimates.items() if e.value is not None}
    if len(own) > 1:
        return Constant(float(np.median([v.value for v in known.values()])), per_group=known)
    (only,) = estimates.values()
    return Constant(only.value or 0.0, _std_error(only), only.lower, only.upper)


def _std_error(estimate: Estimate) -> float | None:
    if estimate.lower is None or estimate.upper is None:
        return None
    return (estimate.upper - estimate.lower) / (2 * 1.96)


def _reversion(state: str, group: _Group, samples: Samples, seed: int) -> Reversion:
    inference = Inference(samples, seed)
    rate = inference.rate()
    mean, diffusion = inference.mean(rate), inference.diffusion()
    spread = (diffusion.value or 0.0) / math.sqrt(2 * rate.value) if rate.value else math.nan
    return Reversion(
        state, rate, half_life(rate), mean, diffusion, spread, inference.random_walk_p(), group.label, group.at or None
    )


def _one_step(samples: Samples, rate: float | None) -> Array:
    """Return errors one step ahead, in the state's unit."""
    steps = samples.steps
    own = Likeliest.of(steps, rate)
    kernel = Kernel.of(np.array([own.rate]), steps.clock.h)
    drift = 0.0 if rate == 0.0 else own.drift
    found: Array = (steps.b - steps.a * kernel.decay - drift * kernel.reach)[0]
    return found


def _innovations(samples: Samples) -> list[Array]:
    own = Likeliest.of(samples.steps)
    kernel = Kernel.of(np.array([own.rate]), samples.clock.h)
    z = _one_step(samples, None) / np.sqrt(own.variance * kernel.variance[0])
    return np.split(z, samples.clock.firsts[1:])


def _group_bits(samples: Samples, scale: float, rate: float | None) -> float:
    """Count each sample by its own variance as foretold, the first of each run by the spread of all."""
    own, clock = Likeliest.of(samples.steps, rate), samples.clock
    variance = Kernel.of(np.array([own.rate]), clock.h).variance[0] / scale**2
    n = clock.h.size
    spent = 1 if rate == 0.0 else _CONSTANTS
    size = float(np.mean(_one_step(samples, rate) ** 2 / variance / scale**2)) if rate == 0.0 else own.variance
    variance = variance * size * n / max(n - spent, 1)
    bits = 0.5 * float(np.sum(np.log2(1.0 + variance / LEAST_RMS**2)))
    bits += clock.firsts.size * -math.log2(LEAST_RMS)
    time = float(clock.h.sum())
    if rate != 0.0 and own.rate > 0:
        bits += real_bits(own.rate, math.sqrt(2 * own.rate / time))
        bits += real_bits(samples.centre + own.drift / own.rate, math.sqrt(own.variance / time) / own.rate)
    return bits + real_bits(math.sqrt(own.variance), math.sqrt(own.variance / (2 * n)))
