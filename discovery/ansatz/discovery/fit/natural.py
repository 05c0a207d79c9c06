"""Where constants of a formula may stand, by the data: positions within the columns, scales by how far these reach.

A constant beside a column, as m in (x - m), is a position on it. One that multiplies or divides what a column makes, as
s in ((x - m)/s)**2 or k in exp(-k*x), brings it to a size of about 1 over the rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Final

import numpy as np

from ansatz.discovery.expression import Apply, Array, Node, Number, evaluate, substitute, variables
from ansatz.discovery.expression.node import INTEGRAL, NEGATION, Variable, rebuild
from ansatz.discovery.fit.model import Slot
from ansatz.discovery.problem.problem import Problem


@dataclass(frozen=True)
class _Reach:
    """Say how far values are drawn. Chosen by judgement; `python -m bench.nist` holds them.

    Attributes:
        beyond: share of a column's range by which a position may lie outside.
        slow: least span over the rows of what a scale makes.
        fast: largest span: fifty widths of a peak, fifty times the time of a decay.
        offset: size of a constant beside others in an argument.
        exponent: size of an exponent.
        rows: on which columns are looked at.
        rounds: in which scales are told, each by those of the constants inside.
    """

    beyond: float = 0.1
    slow: float = 0.2
    fast: float = 50.0
    offset: float = 10.0
    exponent: float = 4.0
    rows: int = 200
    rounds: int = 2


_REACH: Final = _Reach()


@dataclass(frozen=True)
class Range:
    """Where a constant may stand: between two values; `logarithmic`, with either sign, by its size."""

    low: float
    high: float
    logarithmic: bool = False

    @property
    def middle(self) -> float:
        """Return a value in the middle."""
        return float(np.sqrt(self.low * self.high)) if self.logarithmic else 0.5 * (self.low + self.high)

    def drawn(self, rng: np.random.Generator) -> float:
        """Return a value drawn evenly."""
        if not self.logarithmic:
            return float(rng.uniform(self.low, self.high))
        return float(rng.choice([-1.0, 1.0]) * np.exp(rng.uniform(np.log(self.low), np.log(self.high))))


def natural_ranges(formula: Node, slots: Sequence[Slot], bent: Sequence[int], problem: Problem) -> dict[int, Range]:
    """Return the ranges of those bent constants (by their places among the slots) of which the data tell one."""
    tree = _with_slots(formula, {p: i for i, slot in enumerate(slots) for p in slot.positions})
    few = problem.subsample(_REACH.rows)
    found: dict[int, Range] = {}
    for _ in range(_REACH.rounds):
        middles = {_name(i): Number(found[i].middle if i in found else 1.0) for i in range(len(slots))}
        for i in bent:
            told = (_range_at(path, few, middles) for path in _paths(tree, _name(i)))
            if (first := next((r for r in told if r is not None), None)) is not None:
                found[i] = first
    return found


def _name(slot: int) -> str:
    return f"slot {slot}"  # no name of the grammar


def _with_slots(formula: Node, owner: Mapping[int, int]) -> Node:
    """Return the formula with variables in place of the constants."""
    places = count()

    def leaf(node: Number | Variable) -> Node:
        if not isinstance(node, Number):
            return node
        slot = owner.get(next(places))
        return node if slot is None else Variable(_name(slot))

    return rebuild(formula, leaf)


Path = list[tuple[Apply, int]]


def _paths(node: Node, name: str) -> Iterator[Path]:
    """Yield the ways to a variable: what holds it and as which argument, the innermost first."""
    if isinstance(node, Variable) and node.name == name:
        yield []
    elif isinstance(node, Apply) and node.op != INTEGRAL:
        for i, argument in enumerate(node.args):
            for path in _paths(argument, name):
                yield [*path, (node, i)]


def _range_at(path: Path, problem: Problem, middles: Mapping[str, Node]) -> Range | None:
    """Return where a constant may stand by what it meets first of what differs between rows; None where nothing tells.

    On the way there it may be negated, raised to a power, multiplied by numbers: then it stands for factor*c**power.
    """
    power, factor = np.float64(1.0), np.float64(1.0)
    for holder, place in path:
        beside = substitute(holder.args[1 - place], middles) if len(holder.args) == 2 else None
        if holder.op in (NEGATION, "sqrt"):
            factor, power = (-factor, power) if holder.op == NEGATION else (factor, power / 2)
            continue
        if beside is None:
            return None
        values = evaluate(beside, problem.columns, problem.rows)
        values = values[np.isfinite(values)]
        if not values.size:
            return None
        if np.ptp(values) > 0:
            return _met(holder, place, values, _Term(factor, power), len(variables(holder.args[1 - place])) > 1)
        if holder.op == "**" and place == 0:
            power *= values[0]
        elif holder.op == "*":
            factor *= values[0]
        elif holder.op == "/":
            factor, power = (factor / values[0], power) if place == 0 else (values[0] / factor, -power)
        elif holder.op == "**":
            return None
        if not (power and factor and np.isfinite(factor)):
            return None
    return None


@dataclass(frozen=True)
class _Term:
    """What a constant c has become: factor*c**power."""

    factor: float
    power: float

    def size_for(self, product: float) -> float:
        """Return the size of c for which the term has the size of `product`."""
        with np.errstate(all="ignore"):
            return float(np.power(abs(product / self.factor), 1 / self.power))


def _met(holder: Apply, place: int, values: Array, term: _Term, is_mixed: bool) -> Range | None:
    """Return the range of a constant that meets values which differ between rows; `is_mixed` where other constants
    are in these."""
    if holder.op == "**":
        return Range(-_REACH.exponent, _REACH.exponent) if place == 1 and (term.factor, term.power) == (1, 1) else None
    if holder.op in ("+", "-"):
        return _position(holder, values, term, is_mixed)
    if holder.op not in ("*", "/"):
        return None
    with np.errstate(all="ignore"):
        below = holder.op == "/"
        spread = float(np.ptp(values if not below or place == 1 else 1 / values))
    if not (np.isfinite(spread) and spread > 0):
        return None
    turned = _Term(term.factor, -term.power) if below and place == 1 else term
    # The argument of a function is of about this size over the rows; of what is squared, its root.
    reach = abs(term.power)
    ends = [turned.size_for(k**reach / spread) for k in (_REACH.slow, _REACH.fast)]
    return Range(min(ends), max(ends), logarithmic=True) if all(0 < e < np.inf for e in ends) else None


def _position(holder: Apply, values: Array, term: _Term, is_mixed: bool) -> Range | None:
    if is_mixed:
        return Range(-_REACH.offset, _REACH.offset) if abs(term.factor) == term.power == 1 else None
    if term.power != 1:
        return None
    margin = _REACH.beyond * float(np.ptp(values))
    sign = 1.0 if holder.op == "-" else -1.0
    ends = sorted(sign * v / term.factor for v in (float(values.min()) - margin, float(values.max()) + margin))
    return Range(ends[0], ends[1])


__all__ = ["Range", "natural_ranges"]
