"""The equations of an ansatz in one piece: all of them in integral form, what they share shared.

Residuals of all states stand together, so that a constant of several equations is one. Groups of constants in which the
residual is affine are solved for by linear least squares in turn (as in variable projection: Golub & Pereyra 2003);
Levenberg-Marquardt does the rest, from many starts of the sizes that a rate, a state or a pure number has.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from ansatz.discovery.budget import Budget
from ansatz.discovery.expression import Array, Node, evaluate, variables
from ansatz.discovery.expression.derivative import ZERO, derivative
from ansatz.discovery.expression.node import calls
from ansatz.discovery.fit.minpack import Stop, minimise
from ansatz.discovery.trajectories.integral import IntegralForm, Smoothed
from ansatz.discovery.trajectories.tape import Tape


@dataclass(frozen=True)
class _Starts:
    """Say where fits begin. Chosen by judgement on kinetics, epidemics and a reactor with an Arrhenius rate.

    Attributes:
        count: starts.
        least: starts that are tried however late it is.
        decades: constants are drawn within so many of their size, either way.
        negative: share of constants that are drawn below zero, after the first half of the starts.
        exponent: an argument of exp is drawn between 1 and 10 to the power of this: an Arrhenius rate has 5 to 40.
        rounds: of solving for the groups of affine constants.
        agreeing: starts that end at the best optimum, after which no more are needed.
        same: share by which residuals differ that are the same optimum.
    """

    count: int = 32
    least: int = 4
    decades: float = 1.5
    negative: float = 0.3
    exponent: float = 1.6
    rounds: int = 3
    agreeing: int = 3
    same: float = 1e-4


_STARTS: Final = _Starts()
_STOP: Final = Stop(ftol=1e-12, xtol=1e-12, evaluations=200)
_FURTHER: Final = Stop(ftol=1e-12, xtol=1e-12, evaluations=2000)
_OUTSIDE: Final = 1e12
"""Residual over the noise where a formula is not finite."""


@dataclass(frozen=True)
class Range:
    """Where a constant starts (None: anywhere) and how it is bounded."""

    start: float | None = None
    lower: float = -math.inf
    upper: float = math.inf


_ANYWHERE: Final = Range()


class WholeForm:
    """Fit the constants of several equations together in integral form.

    `formulas` are right-hand sides by the place of their state, in which the constants `names` are variables.
    """

    def __init__(
        self, smoothed: Smoothed, forms: Sequence[IntegralForm], formulas: Mapping[int, Node], names: Sequence[str]
    ) -> None:
        self._places = list(formulas)
        self._forms = [forms[i] for i in formulas]
        self._targets = [form.project(form.target) for form in self._forms]
        self._nodes = smoothed.node_times.size
        self._columns = list(smoothed.columns.values())
        self._names = list(names)
        trees = list(formulas.values())
        slopes = [[derivative(tree, name) for name in names] for tree in trees]
        self._moves = [[slope != ZERO for slope in row] for row in slopes]
        self._tape = Tape([*trees, *(s for row in slopes for s in row if s != ZERO)], [*smoothed.columns, *names])
        self._groups = _affine_groups(slopes, names)
        self._sizes = _sizes(smoothed)
        self._inside = _inside_exponentials(trees, names, smoothed)

    def residual_and_slopes(self, constants: Array) -> tuple[Array, Array]:
        """Return what the equations leave of all states, `(n,)`, and its derivatives `(n, p)`.

        Both are over the errors of the states' curves.
        """
        with np.errstate(all="ignore"):
            found = self._tape([*self._columns, *map(float, constants)])
        values, slopes = found[: len(self._forms)], iter(found[len(self._forms) :])
        parts = []
        for form, target, value, moves in zip(self._forms, self._targets, values, self._moves, strict=True):
            columns = [value, *(next(slopes) if moved else 0.0 for moved in moves)]
            both = np.column_stack([np.broadcast_to(c, self._nodes) for c in columns])
            with np.errstate(all="ignore"):
                left = form.project(form.integrated(both))
            left[:, 0] -= target
            parts.append(np.nan_to_num(left / form.noise, nan=_OUTSIDE, posinf=_OUTSIDE, neginf=-_OUTSIDE))
        stacked = np.clip(np.vstack(parts), -_OUTSIDE, _OUTSIDE)
        return stacked[:, 0], stacked[:, 1:]

    def rms(self, constants: Array) -> float:
        """Return the root mean square of the residual over the errors of the states' curves."""
        return float(np.sqrt(np.mean(self.residual_and_slopes(constants)[0] ** 2)))

    def followed(self, constants: Array, states: Array) -> Array:
        """Return states `(n, D)` in which those of the equations are what their integral form foretells."""
        residual, found, begin = self.residual_and_slopes(constants)[0], np.array(states), 0
        for place, form in zip(self._places, self._forms, strict=True):
            end = begin + form.rows.size
            found[form.rows, place] = form.target + residual[begin:end] * form.noise
            begin = end
        return found

    @property
    def pieces(self) -> int:
        """Return of how many pieces, each with an initial state, the integral forms are."""
        return max(int(form.known.shape[1]) for form in self._forms)

    def fits(self, ranges: Mapping[str, Range], seed: int, budget: Budget) -> list[tuple[float, Array]]:
        """Return the different optima that starts led to, as (residual, constants), the best first.

        The first start has the given values; no more are tried where several ended at the best optimum.
        """
        within = [ranges.get(name, _ANYWHERE) for name in self._names]
        rng = np.random.default_rng(seed)
        found: list[tuple[float, Array]] = []
        for k in range(_STARTS.count if self._names else 1):
            if k >= _STARTS.least and budget.spent:
                break
            constants = self._fit(self._start(within, rng, k), within)
            if constants is not None:
                found.append((self.rms(constants), constants))
            if self._agree(found):
                break
        bounded = any(math.isfinite(r.lower) or math.isfinite(r.upper) for r in within)
        if found and self._names and not bounded:
            # The best may still have been on its way along a narrow valley.
            best = min(found, key=lambda item: item[0])[1]
            further = minimise(self.residual_and_slopes, best, _FURTHER)
            found += [] if further is None else [(self.rms(further), further)]
        return list(_different(found))

    def _agree(self, found: list[tuple[float, Array]]) -> bool:
        least = min((rms for rms, _ in found), default=math.inf)
        return sum(rms <= least * (1 + _STARTS.same) for rms, _ in found) >= _STARTS.agreeing

    def _start(self, within: Sequence[Range], rng: np.random.Generator, k: int) -> Array:
        """Return constants drawn at the sizes of rates, states and pure numbers, given ones as they are given."""
        drawn = rng.choice(self._sizes, len(within)) * 10 ** rng.uniform(-_STARTS.decades, _STARTS.decades, len(within))
        for i, size in self._inside.items():
            drawn[i] = size * 10 ** rng.uniform(0.0, _STARTS.exponent)
        if k >= _STARTS.count // 2:
            drawn *= np.where(rng.random(len(within)) < _STARTS.negative, -1.0, 1.0)
        pairs = zip(drawn, within, strict=True)
        return np.array([_inside(value, r, rng.random()) if r.start is None else r.start for value, r in pairs])

    def _fit(self, start: Array, within: Sequence[Range]) -> Array | None:
        """Return the constants at the optimum next to a start; None where none is finite."""
        constants = start
        for _ in range(_STARTS.rounds):
            for group in self._groups:
                own = [i for i in group if within[i].start is None]
                constants = self._solved(constants, own, within)
        if any(math.isfinite(r.lower) or math.isfinite(r.upper) for r in within):
            return self._bounded(constants, within)
        return minimise(self.residual_and_slopes, constants, _STOP) if constants.size else constants

    def _solved(self, constants: Array, group: Sequence[int], within: Sequence[Range]) -> Array:
        """Return constants with those of an affine group at their least squares."""
        residual, slopes = self.residual_and_slopes(constants)
        own = slopes[:, group]
        norms = np.linalg.norm(own, axis=0)
        if not group or np.any(np.abs(residual) >= _OUTSIDE) or not np.all(np.isfinite(norms)):
            return constants
        norms = np.where(norms > 0, norms, 1.0)
        step = np.linalg.lstsq(own / norms, -residual, rcond=1e-10)[0] / norms
        moved = constants.copy()
        moved[list(group)] += step
        moved = _clipped(moved, within)
        return moved if self.rms(moved) <= float(np.sqrt(np.mean(residual**2))) else constants

    def _bounded(self, constants: Array, within: Sequence[Range]) -> Array | None:
        from scipy.optimize import least_squares

        lower, upper = np.array([r.lower for r in within]), np.array([r.upper for r in within])
        try:
            found = least_squares(
                lambda c: self.residual_and_slopes(c)[0], constants, lambda c: self.residual_and_slopes(c)[1],
                bounds=(lower, upper), x_scale="jac", ftol=_STOP.ftol, xtol=_STOP.xtol, max_nfev=_STOP.evaluations,
            )  # fmt: skip
        except (ValueError, np.linalg.LinAlgError):
            return None
        return np.asarray(found.x)


def _inside(drawn: float, within: Range, share: float) -> float:
    """Return what was drawn where bounds allow it, else something as far within them: a share of what they leave."""
    low, high = within.lower, within.upper
    if low < drawn < high:
        return drawn
    if math.isfinite(low) and math.isfinite(high):
        return low + share * (high - low)
    return low + abs(drawn) if math.isfinite(low) else high - abs(drawn)


def _clipped(constants: Array, within: Sequence[Range]) -> Array:
    return np.clip(constants, [r.lower for r in within], [r.upper for r in within])


def _sizes(smoothed: Smoothed) -> Array:
    """Return the sizes that a constant may have: of a number, a rate, a state or an input, a rate over or times it."""
    record = smoothed.record
    span = float(np.median([record.t[run.stop - 1] - record.t[run.start] for run in record.runs]))
    seen = {name: float(np.max(np.abs(smoothed.columns[name]))) for name in (*record.components, *record.inputs)}
    return sizes_of(span, [size for size in seen.values() if size > 0])


def sizes_of(span: float, sizes: Sequence[float]) -> Array:
    """Return the sizes that a constant may have, by the span of time and the sizes of states and inputs."""
    return np.array([1.0, 1 / span, *sizes, *(size / span for size in sizes), *(1 / (size * span) for size in sizes)])


def _inside_exponentials(trees: Sequence[Node], names: Sequence[str], smoothed: Smoothed) -> dict[int, float]:
    """Return, by the place of a constant that alone scales the argument of an exp, where that argument is 1."""
    found: dict[int, float] = {}
    for argument in (call.args[0] for tree in trees for call in calls(tree, "exp")):
        inside = [name for name in names if name in variables(argument)]
        if len(inside) != 1:
            continue
        slope = derivative(argument, inside[0])
        if inside[0] not in variables(slope):
            with np.errstate(all="ignore"):
                values = evaluate(slope, smoothed.columns, smoothed.node_times.size)
            size = float(np.median(np.abs(values)))
            if math.isfinite(size) and size > 0:
                found[names.index(inside[0])] = 1 / size
    return found


def _affine_groups(slopes: Sequence[Sequence[Node]], names: Sequence[str]) -> list[list[int]]:
    """Return groups of constants in which all equations are affine together, each as large as can be; those of no
    group bend the residual by themselves."""

    def apart(i: int, j: int) -> bool:
        return all(names[j] not in variables(row[i]) for row in slopes)

    affine = [i for i in range(len(names)) if apart(i, i)]
    groups: list[list[int]] = []
    for first in affine:
        if any(first in group for group in groups):
            continue
        group = [first]
        for i in affine:
            if i != first and all(apart(i, j) and apart(j, i) for j in group):
                group.append(i)
        groups.append(sorted(group))
    return groups


def _different(found: list[tuple[float, Array]]) -> Iterator[tuple[float, Array]]:
    """Yield the best of each optimum, the best optimum first."""
    last = -math.inf
    for rms, constants in sorted(found, key=lambda item: item[0]):
        if rms > last * (1 + _STARTS.same) or last < 0:
            last = rms
            yield rms, constants
