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


@dataclass(frozen=True)
class _Scanning:
    """Say how inputs are scanned for waves. Chosen by judgement; `python -m bench.recovery` holds them.

    A frequency is counted in periods over the range of the input.

    Attributes:
        steps: of the scan for each period more: the peak of a wave is two periods wide.
        slowest: frequency.
        regular: frequencies of an input that is evenly spread, at most.
        irregular: frequencies of any other input, at most.
        evenness: spread of the steps between values, over their mean; points thrown at random have 1.
        fewest: steps between values that an input must have.
        independent: least squared length of a wave outside the columns that are there, over its whole.
    """

    steps: int = 2
    slowest: float = 0.5
    regular: int = 500
    irregular: int = 80
    evenness: float = 0.8
    fewest: int = 20
    independent: float = 1e-6


_SCANNING: Final = _Scanning()


@dataclass(frozen=True, eq=False)
class Wave:
    """Hold `carrier` · (cos or sin)(`frequency` · `clock`).

    Attributes:
        clock: the input in which it is a wave.
        carrier: another input that it is multiplied with; None for 1.
        frequency: in radians a unit of the clock.
        phases: cos, sin or both.
    """

    clock: Term
    carrier: Term | None
    frequency: float
    phases: tuple[str, ...] = ("cos", "sin")

    def columns(self) -> list[Array]:
        """Return the values of its phases, each of shape `(n,)`."""
        angle = self.frequency * self.clock.values
        return [self._carried(np.cos(angle) if phase == "cos" else np.sin(angle)) for phase in self.phases]

    def slope(self, coefficients: Array) -> Array:
        """Return the derivative of the wave with these coefficients by its frequency, of shape `(n,)`."""
        angle, z = self.frequency * self.clock.values, self.clock.values
        total = np.zeros_like(z)
        for c, phase in zip(coefficients, self.phases, strict=True):
            total += c * z * (-np.sin(angle) if phase == "cos" else np.cos(angle))
        return self._carried(total)

    def nodes(self) -> list[Node]:
        """Return the formulas of its phases."""
        angle = multiply(Number(self.frequency), self.clock.node)
        waves = [call(phase, angle) for phase in self.phases]
        return waves if self.carrier is None else [multiply(self.carrier.node, wave) for wave in waves]

    def moved(self, by: float) -> Wave:
        """Return the wave with its frequency changed by so much."""
        return replace(self, frequency=self.frequency + by)

    def _carried(self, values: Array) -> Array:
        return values if self.carrier is None else values * self.carrier.values


@dataclass(frozen=True, eq=False)
class Scan:
    """Hold all frequencies of one clock.

    Attributes:
        clock: the input.
        carriers: what waves may be multiplied with.
        frequencies: of shape `(k,)`.
        cosines: times the square roots of the row weights, of shape `(n, k)`.
        sines: likewise.
    """

    clock: Term
    carriers: Sequence[Term | None]
    frequencies: Array
    cosines: Array
    sines: Array

    @cached_property
    def _sizes(self) -> tuple[Array, Array, Array]:
        """Return products of cosines with themselves, of sines, and of both, each of shape `(carriers, k)`."""
        squares = np.column_stack([s * s for s in self._scales]).T
        c, s = self.cosines, self.sines
        return squares @ (c * c), squares @ (s * s), squares @ (c * s)

    @cached_property
    def _scales(self) -> list[Array]:
        ones = np.ones(self.clock.values.size)
        return [ones if c is None else c.values for c in self.carriers]

    def best(self, basis: Array, residual: Array) -> Iterator[tuple[float, Wave]]:
        """Yield the best wave of each carrier, and by how much it would lower the squared error beside a basis.

        The basis is orthonormal, and the residual orthogonal to it.
        """
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
                np.where(cc > _SCANNING.independent * size_c, rc * rc / cc, 0.0),
                np.where(ss > _SCANNING.independent * size_s, rs * rs / ss, 0.0),
            )
            determinant = cc * ss - cs * cs
            both = (ss * rc * rc + cc * rs * rs - 2 * cs * rc * rs) / determinant
        gains = np.where(determinant > _SCANNING.independent * size_c * size_s, both, single)
        for carrier, gain, k in zip(self.carriers, gains.max(axis=1), gains.argmax(axis=1), strict=True):
            yield float(gain), Wave(self.clock, carrier, float(self.frequencies[k]))


def clocks(problem: Problem) -> list[str]:
    """Return the inputs whose values are evenly spread, as times are; none where waves are not allowed."""
    return [n for n, z in problem.columns.items() if _is_regular(_steps(z))] if _allowed(problem) else []


def others(problem: Problem) -> list[str]:
    """Return the inputs that are no clocks; none where waves are not allowed."""
    return [n for n in problem.names if n not in clocks(problem)] if _allowed(problem) else []


def _allowed(problem: Problem) -> bool:
    return {"sin", "cos"} <= problem.functions


def scans(problem: Problem, roots: Array, inputs: Sequence[str]) -> list[Scan]:
    """Return one scan for each of the inputs that has values enough."""
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
    """Return frequencies from half a period over the range of the input up to what its spacing resolves."""
    steps = _steps(z)
    if steps.size < _SCANNING.fewest:
        return np.empty(0)
    unit = 2 * np.pi / float(np.ptp(z))
    fastest = np.pi / float(np.mean(steps))
    most = _SCANNING.regular if _is_regular(steps) else _SCANNING.irregular
    count = int(min(_SCANNING.steps * fastest / unit, most))
    return unit * (_SCANNING.slowest + np.arange(count) / _SCANNING.steps)


def _steps(z: Array) -> Array:
    return np.diff(np.unique(z))


def _is_regular(steps: Array) -> bool:
    return steps.size >= _SCANNING.fewest and float(np.std(steps)) < _SCANNING.evenness * float(np.mean(steps))
