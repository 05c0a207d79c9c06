"""Starts for the fit of a formula: its bent constants near what is stated, and where the data say they may be."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations
from typing import Final

import numpy as np

from ansatz.discovery.expression import Array, Node
from ansatz.discovery.expression.numbers import numbers, set_groups
from ansatz.discovery.fit.constants import values_and_slopes
from ansatz.discovery.fit.interchange import parts
from ansatz.discovery.fit.linear import wave_arguments
from ansatz.discovery.fit.model import Slot
from ansatz.discovery.fit.natural import Range, natural_ranges
from ansatz.discovery.fit.projection import Projection


@dataclass(frozen=True)
class _Effort:
    """Bound the work. Chosen by judgement; `python -m bench.nist` and `python -m bench.oscillators` hold them.

    Attributes:
        starts: that are drawn beside the stated values, and as many again where the data say constants may stand.
        scanned: best starts from which the frequencies of waves are scanned.
        frequencies: that are tried for each, a quarter of a turn over the rows apart.
        taken: of those, the best.
        rebuilt: best starts of which the parts of the formula are drawn anew, one after the other.
        rounds: of that.
        draws: for each part.
        followed: of these, where an optimum is left for another.
        most_paired: parts of a formula of which two are drawn at once.
    """

    starts: int = 96
    scanned: int = 3
    frequencies: int = 240
    taken: int = 2
    rebuilt: int = 4
    rounds: int = 2
    draws: int = 40
    followed: int = 2
    most_paired: int = 4


@dataclass(frozen=True)
class _Draws:
    """Say how starts are drawn. Chosen by judgement; `python -m bench.oscillators` holds them.

    Attributes:
        near: share of the starts near a value that is stated.
        width: standard deviation there, in natural logarithms: mostly within a factor of three.
        decades: spanned by bounds above 0 from which on draws are even in logarithms.
        alike: share by which slopes may differ that are the same.
        size: decades on either side of 1 from which the size of an unbounded constant is drawn.
    """

    near: float = 0.5
    width: float = 0.5
    decades: float = 2.0
    size: float = 4.0
    alike: float = 1e-6


_EFFORT: Final = _Effort()
_DRAWS: Final = _Draws()


class Starts:
    """Draw starts for the bent constants of a projection, by its problem's seed."""

    def __init__(self, projection: Projection) -> None:
        self._projection = projection
        self._rng = np.random.default_rng(projection.problem.seed)
        self._given = projection.bent_values(numbers(projection.formula))
        bent = [projection.slots[i] for i in projection.bent]
        self._slots = [_once_round(s) if _is_phase(projection, s, self._given) else s for s in bent]

    def first(self, most: int) -> list[Array]:
        """Return the stated values, then the best of many starts, at most so many."""
        if not self._slots:
            return [np.empty(0)]
        tried = [self._given, *(self._drawn(self._given) for _ in range(_EFFORT.starts))]
        tried += [self._drawn_within(self._given) for _ in range(_EFFORT.starts if self._ranges else 0)]
        order = self._ranked([self._given, *filter(self._is_slow, tried[1:])])
        order = self._ranked([*order, *self._waves(order[: _EFFORT.scanned])])
        if self._parts:
            order = self._ranked([*map(self._rebuilt, order[: _EFFORT.rebuilt]), *order])
        return [self._given, *order[:most]]

    def moved(self, start: Array) -> list[Array]:
        """Return the start with one or two parts of the formula at the best few of many draws, the others as they are.

        Two, since one that stands for another holds it away from its own place.
        """
        pairs = [(*a, *b) for a, b in combinations(self._parts, 2)] if len(self._parts) <= _EFFORT.most_paired else []
        moved = (self._ranked(list(self._redrawn(start, part)))[: _EFFORT.followed] for part in (*self._parts, *pairs))
        return [found for best in moved for found in best]

    @cached_property
    def _ranges(self) -> dict[int, Range]:
        """The ranges that the data tell of constants of which the caller says nothing, by their places here."""
        projection = self._projection
        found = natural_ranges(projection.formula, projection.slots, projection.bent, projection.problem)
        return {k: found[i] for k, i in enumerate(projection.bent) if i in found and projection.slots[i].is_open}

    @cached_property
    def _parts(self) -> list[tuple[int, ...]]:
        """The constants of each part of the formula, where there are several and something is known of them.

        Peaks and decays find their places one by one: all at once no draw does.
        """
        projection = self._projection
        found = parts(projection.formula, [s.positions for s in projection.slots], projection.bent)
        return found if len(found) > 1 and self._ranges else []

    def _rebuilt(self, start: Array) -> Array:
        for _ in range(_EFFORT.rounds):
            for part in self._parts:
                start = self._ranked([start, *self._redrawn(start, part)])[0]
        return start

    def _redrawn(self, start: Array, part: tuple[int, ...]) -> Iterator[Array]:
        for _ in range(_EFFORT.draws):
            trial, drawn = start.copy(), self._drawn_within(start)
            trial[list(part)] = drawn[list(part)]
            if self._is_slow(trial):
                yield trial

    def _is_slow(self, start: Array) -> bool:
        """Return whether no wave turns by more than half a turn from row to row: on even rows it would be another."""
        projection = self._projection
        values = set_groups(numbers(projection.formula), [s.positions for s in self._slots], start)
        for argument, first in self._open_waves.values():
            angle, _ = values_and_slopes(
                argument, projection.problem, [], values[first : first + numbers(argument).size]
            )
            gaps = np.diff(np.unique(angle))
            if gaps.size and float(np.median(gaps)) > np.pi:
                return False
        return True

    @cached_property
    def _open_waves(self) -> dict[int, tuple[Node, int]]:
        """The arguments of waves with constants of which the caller says nothing, by these constants' places here."""
        projection = self._projection
        found = wave_arguments(projection.formula, [s.positions for s in projection.slots])
        return {k: found[i] for k, i in enumerate(projection.bent) if i in found and projection.slots[i].is_open}

    def _drawn(self, first: Array) -> Array:
        return np.array([_value(slot, at, self._rng) for slot, at in zip(self._slots, first, strict=True)])

    def _drawn_within(self, first: Array) -> Array:
        drawn = self._drawn(first)
        for k, found in self._ranges.items():
            drawn[k] = found.drawn(self._rng)
        return drawn

    def _ranked(self, starts: list[Array]) -> list[Array]:
        """Return the starts, those of least error first."""
        costs = [self._projection.cost(start) for start in starts]
        return [starts[i] for i in np.argsort(costs, kind="stable")]

    def _waves(self, starts: list[Array]) -> Iterator[Array]:
        """Yield starts at the best frequencies, of one constant inside sines and cosines at a time.

        The error has many minima along each.
        """
        projection = self._projection
        arguments = wave_arguments(projection.formula, [s.positions for s in projection.slots])
        for k, i in enumerate(projection.bent):
            if i not in arguments:
                continue
            slot = projection.slots[i]
            for start in starts:
                grid = self._grid(k, *arguments[i], start)
                grid = grid[(grid >= slot.lower) & (grid <= slot.upper)]
                trials = [np.concatenate([start[:k], [w], start[k + 1 :]]) for w in grid]
                yield from self._ranked(trials)[: _EFFORT.taken]

    def _grid(self, k: int, argument: Node, first: int, start: Array) -> Array:
        """Return values of a constant for which a wave turns by quarters over the rows: a frequency, or a period."""
        slot = self._projection.slots[self._projection.bent[k]]
        doubled = start.copy()
        doubled[k] *= 2
        span, twice = (_phase_span(self._projection, slot, argument, first, at) for at in (start, doubled))
        if not (math.isfinite(span) and span > 0):
            return np.empty(0)
        turns: Array = 0.5 * np.pi * np.arange(1, _EFFORT.frequencies + 1, dtype=np.float64)
        # The angle goes with 1/period, its slope with 1/period**2.
        if abs(4 * twice - span) < _DRAWS.alike * span:
            return span * float(start[k]) ** 2 * (1 / turns)
        return turns * (1 / span)


def _value(slot: Slot, start: float, rng: np.random.Generator) -> float:
    """Return a value within the bounds: near the stated one half of the time, else drawn evenly.

    Evenly in logarithms, where the bounds span decades or leave the size open.
    """
    low, high = slot.lower, slot.upper
    if slot.stated and start and rng.random() < _DRAWS.near:
        value = start * float(np.exp(rng.normal(0.0, _DRAWS.width)))
    elif math.isfinite(low) and math.isfinite(high):
        if low > 0 and math.log10(high / low) >= _DRAWS.decades:
            value = float(np.exp(rng.uniform(math.log(low), math.log(high))))
        else:
            value = float(rng.uniform(low, high))
    else:
        size = float(10 ** rng.uniform(-_DRAWS.size, _DRAWS.size))
        if math.isfinite(low) or math.isfinite(high):
            value = low + size if math.isfinite(low) else high - size
        else:
            value = size * float(rng.choice([-1.0, 1.0]))
    return min(max(value, low), high)


def _is_phase(projection: Projection, slot: Slot, start: Array) -> bool:
    """Return whether the constant shifts a sine or cosine, by the same angle in every row."""
    arguments = wave_arguments(projection.formula, [slot.positions])
    return 0 in arguments and _phase_span(projection, slot, *arguments[0], start) == 0.0


def _once_round(slot: Slot) -> Slot:
    """Return the slot of a phase, of which any is one of once round the circle."""
    return replace(slot, lower=max(slot.lower, -math.pi), upper=min(slot.upper, math.pi))


def _phase_span(projection: Projection, slot: Slot, argument: Node, first: int, start: Array) -> float:
    """Return how much further the phase turns in one row than in another for each unit of the constant."""
    own = numbers(argument)
    values = projection.solved(start)[first : first + own.size]
    positions = [p - first for p in slot.positions if first <= p < first + own.size]
    _, slopes = values_and_slopes(argument, projection.problem, [positions], values)
    return float(np.ptp(slopes))


__all__ = ["Starts"]
