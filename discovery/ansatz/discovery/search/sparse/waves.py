"""Waves of unknown frequency in an input, alone or times another input: a fine scan, then Gauss-Newton steps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import numpy as np

from ansatz.discovery.expression import Array, Node, Number, Variable, call, multiply
from ansatz.discovery.problem.problem import Problem
from ansatz.discovery.search.sparse.library import Term, carriers

_STEPS_PER_PERIOD: Final = 2
"""Of the frequency, in units of one period more over the input's range: its peak is two such periods wide."""
_MOST_REGULAR: Final = 500
_MOST_IRREGULAR: Final = 80
_SLOWEST: Final = 0.5
_REGULAR: Final = 0.8
"""Spread of the steps over their mean: below 1, that of points thrown at random."""
_FEWEST: Final = 20
_INDEPENDENT: Final = 1e-6


@dataclass(frozen=True, eq=False)
class Wave:
    """`carrier` · (cos or sin)(`frequency` · `clock`), either or both, as `phases` says; the carrier None is 1."""

    clock: Term
    carrier: Term | None
    frequency: float
    phases: tuple[str, ...] = ("cos", "sin")

    def columns(self) -> list[Array]:
        """Values of its phases, each of shape (n,)."""
        angle = self.frequency * self.clock.values
        return [self._carried(np.cos(angle) if phase == "cos" else np.sin(angle)) for phase in self.phases]

    def slope(self, coefficients: Array) -> Array:
        """Derivative of the wave with these coefficients with respect to its frequency, shape (n,)."""
        angle, z = self.frequency * self.clock.values, self.clock.values
        total = np.zeros_like(z)
        for c, phase in zip(coefficients, self.phases, strict=True):
            total += c * z * (-np.sin(angle) if phase == "cos" else np.cos(angle))
        return self._carried(total)

    def nodes(self) -> list[Node]:
        """Formulas of its phases."""
        angle = multiply(Number(self.frequency), self.clock.node)
        waves = [call(phase, angle) for phase in self.phases]
        return waves if self.carrier is None else [multiply(self.carrier.node, wave) for wave in waves]

    def moved(self, by: float) -> Wave:
        return replace(self, frequency=self.frequency + by)

    def _carried(self, values: Array) -> Array:
        return values if self.carrier is None else values * self.carrier.values


@dataclass(frozen=True, eq=False)
class Scan:
    """All frequencies of one clock: `cosines` and `sines`, shape (n, k), both times the row roots, shape (n,)."""

    clock: Term
    carriers: Sequence[Term | None]
    frequencies: Array
    cosines: Array
    sines: Array

    @cached_property
    def _sizes(self) -> tuple[Array, Array, Array]:
        """Products of cosines with themselves, of sines, and of both, for each carrier; shape (carriers, k)."""
        squares = np.column_stack([s * s for s in self._scales]).T
        c, s = self.cosines, self.sines
        return squares @ (c * c), squares @ (s * s), squares @ (c * s)

    @cached_property
    def _scales(self) -> list[Array]:
        ones = np.ones(self.clock.values.size)
        return [ones if c is None else c.values for c in self.carriers]

    def best(self, basis: Array, residual: Array) -> Iterator[tuple[float, Wave]]:
        """For each carrier, by how much its best wave would lower the squared error beside an orthonormal basis, and
        that wave. The residual is orthogonal to the basis."""
        columns = np.column_stack([basis, residual])
        stacked = np.column_stack([columns * s[:, None] for s in self._scales]).T
        shape = (len(self.carriers), columns.shape[1], -1)
        c, s = (stacked @ self.cosines).reshape(shape), (stacked @ self.sines).reshape(shape)
        inside_c, inside_s, rc, rs = c[:, :-1], s[:, :-1], c[:, -1], s[:, -1]
        size_c, size_s, size_cs = self._sizes
        cc = size_c - np.einsum("ijk,ijk->ik", inside_c, inside_c)
        ss = size_s - np.einsum("ijk,ijk->ik", inside_s, inside_s)
        cs = size_cs - np.einsum("ijk,ijk->ik", inside_c, inside_s)
        with np.errstate(all="ignore"):
            single = np.maximum(
                np.where(cc > _INDEPENDENT * size_c, rc * rc / cc, 0.0),
                np.where(ss > _INDEPENDENT * size_s, rs * rs / ss, 0.0),
            )
            determinant = cc * ss - cs * cs
            both = (ss * rc * rc + cc * rs * rs - 2 * cs * rc * rs) / determinant
        gains = np.where(determinant > _INDEPENDENT * size_c * size_s, both, single)
        for carrier, gain, k in zip(self.carriers, gains.max(axis=1), gains.argmax(axis=1), strict=True):
            yield float(gain), Wave(self.clock, carrier, float(self.frequencies[k]))


def clocks(problem: Problem) -> list[str]:
    """The inputs whose values are evenly spread: times and places on a grid. None where waves are not allowed."""
    return [n for n, z in problem.columns.items() if _is_regular(_steps(z))] if _allowed(problem) else []


def others(problem: Problem) -> list[str]:
    """The inputs that are no clocks. None where waves are not allowed."""
    return [n for n in problem.names if n not in clocks(problem)] if _allowed(problem) else []


def _allowed(problem: Problem) -> bool:
    return {"sin", "cos"} <= problem.functions


def scans(problem: Problem, roots: Array, inputs: Sequence[str]) -> list[Scan]:
    """One scan for each of the inputs that has values enough."""
    found: list[Scan] = []
    for name in inputs:
        z = problem.columns[name]
        frequencies = _frequencies(z)
        if not frequencies.size:
            continue
        turns = np.exp(1j * np.outer(z, frequencies)) * roots[:, None]
        clock = Term(Variable(name), z)
        found.append(Scan(clock, carriers(problem, name), frequencies, turns.real.copy(), turns.imag.copy()))
    return found


def _frequencies(z: Array) -> Array:
    """From half a period over the range of the input up to what its spacing resolves."""
    steps = _steps(z)
    if steps.size < _FEWEST:
        return np.empty(0)
    unit = 2 * np.pi / float(np.ptp(z))
    fastest = np.pi / float(np.mean(steps))
    most = _MOST_REGULAR if _is_regular(steps) else _MOST_IRREGULAR
    count = int(min(_STEPS_PER_PERIOD * fastest / unit, most))
    return unit * (_SLOWEST + np.arange(count) / _STEPS_PER_PERIOD)


def _steps(z: Array) -> Array:
    return np.diff(np.unique(z))


def _is_regular(steps: Array) -> bool:
    return steps.size >= _FEWEST and float(np.std(steps)) < _REGULAR * float(np.mean(steps))
