"""Constants that may trade places: parts of a sum that are alike, and signs that cancel.

A sum of three decays is the same whichever is called the first. Where the caller says nothing of such constants, slow
waves stand before fast ones, other parts by their first constant; constants whose sign does not matter are positive.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np

from ansatz.discovery.expression import Apply, Array, Node, Number, walk
from ansatz.discovery.expression.node import NEGATION
from ansatz.discovery.fit.projection import Projection


@dataclass(frozen=True)
class _Same:
    """Say when a trade leaves a fit as it is.

    Attributes:
        cost: share by which the mean squared residual may change: rounding.
        exact: mean squared residual over that of the target that counts as none.
    """

    cost: float = 1e-9
    exact: float = 1e-24


_SAME: Final = _Same()


def parts(formula: Node, slots: Sequence[Sequence[int]], bent: Sequence[int]) -> list[tuple[int, ...]]:
    """Return the bent constants of each part of a sum, as places among `bent`, in order of appearance.

    Summands that share a bent constant are one part.
    """
    owner = {p: bent.index(i) for i, positions in enumerate(slots) for p in positions if i in bent}
    found: list[list[int]] = []
    for own in _summands(formula, 0):
        inside = list(dict.fromkeys(owner[p] for p in own if p in owner))
        joined = [part for part in found if set(part) & set(inside)]
        found = [part for part in found if part not in joined]
        if inside:
            found.append(list(dict.fromkeys([*(k for part in joined for k in part), *inside])))
    return [tuple(part) for part in found]


def _summands(node: Node, first: int) -> Iterator[range]:
    """Yield the numbers that stand in each summand of the formula, as a range of positions."""
    if isinstance(node, Apply) and node.op in ("+", "-", NEGATION):
        for argument in node.args:
            yield from _summands(argument, first)
            first += _size(argument)
    else:
        yield range(first, first + _size(node))


def _size(node: Node) -> int:
    return sum(isinstance(n, Number) for n in walk(node))


def in_order(projection: Projection, values: Array, frequencies: Sequence[float]) -> Array:
    """Return bent constants `(k,)` of the same fit in the order that a reader expects.

    `frequencies` are those of waves, NaN for other constants. Constants with a start or bounds stay.
    """
    slots = [projection.slots[i] for i in projection.bent]
    open_ = {k for k, s in enumerate(slots) if s.is_open}
    cost = projection.cost(values)
    for k in sorted(open_):
        if values[k] < 0:
            values = _traded(projection, values, cost, {k: -values[k]})
    groups = parts(projection.formula, [s.positions for s in projection.slots], projection.bent)
    alone = [(k,) for k in sorted(open_) if (k,) not in groups]
    keys = np.where(np.isfinite(frequencies), frequencies, values)
    for kind in (groups, alone):
        free = [g for g in kind if set(g) <= open_]
        for _ in free:
            for a, b in combinations(free, 2):
                if len(a) != len(b) or keys[a[0]] <= keys[b[0]]:
                    continue
                trade = {**dict(zip(a, values[list(b)], strict=True)), **dict(zip(b, values[list(a)], strict=True))}
                after = _traded(projection, values, cost, trade)
                if after is not values:
                    values = after
                    keys[[*a, *b]] = keys[[*b, *a]]
    return values


def _traded(projection: Projection, values: Array, cost: float, trade: dict[int, float]) -> Array:
    """Return the values after a trade; as they were where it changes the fit."""
    after = values.copy()
    for k, value in trade.items():
        after[k] = value
    same = abs(projection.cost(after) - cost) <= _SAME.cost * cost + _SAME.exact
    return after if same else values


__all__ = ["in_order", "parts"]
